//! The calls that were made, counted over all processes that share a ledger.

use std::time::Duration;

use jiff::Timestamp;

use super::store::{Batch, Table};
use super::{Ledger, LedgerError};

/// The key of the moments at which the last calls were or will be due.
const DUE: &[u8] = b"due";

/// What calls are counted for besides the limit of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpentOn {
    /// Finding records that Gong rejected and did not list.
    Searches,
    /// Reading records back.
    ReadBacks,
}

impl SpentOn {
    fn key(self) -> &'static [u8] {
        match self {
            Self::Searches => b"searches",
            Self::ReadBacks => b"read-backs",
        }
    }
}

impl Ledger {
    /// Takes the place of one call among at most `per_second` in any second, and says how long to
    /// wait for it. Clocks that jumped back, so that earlier calls lie in the future, count as now.
    pub(crate) async fn reserve_call(
        &self,
        now: Timestamp,
        per_second: u32,
    ) -> Result<Duration, LedgerError> {
        // A tenth more than a second: a call can be longer on its way than the one after it.
        const WINDOW: i64 = 1_100_000;
        let now = now.as_microsecond();
        let limit = per_second.max(1) as usize;
        // No queue of processes is long enough to reserve further ahead.
        let horizon = now + 60 * WINDOW;
        let wait = std::sync::Mutex::new(0_i64);
        let reserve = Box::new(|old: Option<&[u8]>| {
            let mut due: Vec<i64> = old
                .and_then(|bytes| serde_json::from_slice(bytes).ok())
                .unwrap_or_default();
            for moment in &mut due {
                if *moment > horizon {
                    *moment = now;
                }
            }
            due.sort_unstable();
            let at = match due.len().checked_sub(limit) {
                Some(place) => now.max(due[place] + WINDOW),
                None => now,
            };
            due.push(at);
            let kept = due.len().saturating_sub(limit);
            due.drain(..kept);
            *wait
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = at - now;
            serde_json::to_vec(&due).ok()
        });
        self.store()
            .update(Table::Calls, DUE.to_vec(), reserve)
            .await?;
        let wait = wait
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Duration::from_micros(wait.unsigned_abs()))
    }

    /// Counts a call.
    pub(crate) async fn count_call(&self, at: Timestamp) -> Result<(), LedgerError> {
        let add = Box::new(|old: Option<&[u8]>| {
            let count = old.map_or(0, number).saturating_add(1);
            Some(count.to_be_bytes().to_vec())
        });
        self.store()
            .update(Table::Calls, minute(at).to_vec(), add)
            .await
    }

    /// How many calls were made since a moment; calls in the future count too.
    pub(crate) async fn calls_since(&self, since: Timestamp) -> Result<u64, LedgerError> {
        // A day has 1,440 minutes; the keys of minutes sort before those that are words.
        let end = vec![b'a'];
        let entries = self
            .store()
            .scan(Table::Calls, minute(since).to_vec(), Some(end), 100_000)
            .await?;
        Ok(entries
            .iter()
            .map(|(_, value)| u64::from(number(value)))
            .sum())
    }

    /// Deletes the counts of calls before a moment.
    pub(crate) async fn forget_calls_before(&self, moment: Timestamp) -> Result<(), LedgerError> {
        let entries = self
            .store()
            .scan(
                Table::Calls,
                vec![0],
                Some(minute(moment).to_vec()),
                100_000,
            )
            .await?;
        let mut batch = Batch::new();
        for (key, _) in &entries {
            batch.delete(Table::Calls, key);
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.store().commit(batch).await
    }

    /// How many calls were spent on something since a moment.
    pub(crate) async fn spent_since(
        &self,
        on: SpentOn,
        since: Timestamp,
    ) -> Result<u32, LedgerError> {
        let spent = self.spent(on).await?;
        let since = since.as_second();
        Ok(spent
            .iter()
            .filter(|(at, _)| *at >= since)
            .map(|(_, calls)| calls)
            .sum())
    }

    /// Counts calls that were spent on something.
    pub(crate) async fn count_spent(
        &self,
        on: SpentOn,
        at: Timestamp,
        calls: u32,
    ) -> Result<(), LedgerError> {
        let mut spent = self.spent(on).await?;
        let day = at.as_second() - 24 * 3_600;
        spent.retain(|(at, _)| *at >= day);
        spent.push((at.as_second(), calls));
        let spent = serde_json::to_vec(&spent).map_err(|error| LedgerError::storage("", error))?;
        let mut batch = Batch::new();
        batch.put(Table::Calls, on.key(), &spent);
        self.store().commit(batch).await
    }

    async fn spent(&self, on: SpentOn) -> Result<Vec<(i64, u32)>, LedgerError> {
        let values = self
            .store()
            .get(Table::Calls, vec![on.key().to_vec()])
            .await?;
        let bytes = values.into_iter().flatten().next().unwrap_or_default();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

fn minute(at: Timestamp) -> [u8; 8] {
    at.as_second().div_euclid(60).unsigned_abs().to_be_bytes()
}

fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_be_bytes)
}
