//! How many calls may be made, and when is the next one due?

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Inner};
use crate::ledger::Ledger;

const SECOND: Duration = Duration::from_secs(1);
pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How many calls a client makes in a second and in a day.
///
/// Gong counts 3 calls a second and 10,000 a day for a company, all its integrations and tools
/// together; more has to be asked for. When its day begins is not documented, so the last 24 hours
/// count here. Clones of a client share one budget, and every call spends from it, questions about
/// an upload's status too. With a ledger that is a file, the day is kept across processes.
///
/// ```
/// use gong_crm::RateBudget;
///
/// // Half of what Gong allows, because another tool needs the rest.
/// let budget = RateBudget::new(Some(1), Some(5_000));
/// ```
#[derive(Debug, Clone)]
pub struct RateBudget {
    per_second: Option<u32>,
    per_day: Option<u32>,
    /// When the last calls were due, as many as a second takes. A token bucket, as libraries have
    /// it, lets nearly twice as many through in the second after a pause.
    due: Arc<Mutex<VecDeque<Duration>>>,
}

impl RateBudget {
    /// So many calls in any second, and so many in any 24 hours; `None` is no limit.
    ///
    /// ```
    /// use gong_crm::RateBudget;
    ///
    /// // Half of what Gong allows: another integration needs the rest.
    /// let budget = RateBudget::new(Some(1), Some(5_000));
    /// # let _ = budget;
    /// ```
    pub fn new(per_second: Option<u32>, per_day: Option<u32>) -> Self {
        Self {
            per_second,
            per_day,
            due: Arc::default(),
        }
    }

    /// What Gong allows: 3 a second, 10,000 a day.
    pub fn gong() -> Self {
        Self::new(Some(3), Some(10_000))
    }

    /// No limit, for a local Gong.
    pub fn unlimited() -> Self {
        Self::new(None, None)
    }

    /// How long to wait before the next call, which is thereby taken.
    fn take(&self, now: Duration) -> Duration {
        let Some(most) = self.per_second else {
            return Duration::ZERO;
        };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let at = if due.len() < most.max(1) as usize {
            now
        } else {
            let oldest = due.pop_front().unwrap_or_default();
            now.max(oldest + SECOND)
        };
        due.push_back(at);
        at.saturating_sub(now)
    }

    /// How many calls a day may have.
    pub(crate) fn per_day(&self) -> Option<u32> {
        self.per_day
    }

    /// How many calls the day has left; none if there is no limit, or the ledger does not tell.
    pub(crate) fn left_today(&self, now: Timestamp, ledger: &dyn Ledger) -> Option<u64> {
        let most = u64::from(self.per_day?);
        let spent = ledger.calls_since(now.checked_sub(DAY).ok()?).ok()?;
        Some(most.saturating_sub(spent))
    }

    /// Waits until a call may be made, and spends it.
    pub(crate) async fn spend(
        &self,
        clock: &dyn Clock,
        ledger: &Arc<dyn Ledger>,
    ) -> Result<(), Error> {
        if self.per_day.is_some() {
            let (budget, now, ledger) = (self.clone(), clock.now(), Arc::clone(ledger));
            let spending = tokio::task::spawn_blocking(move || budget.spend_of_day(now, &*ledger));
            spending.await.unwrap_or(Ok(()))?;
        }
        let wait = self.take(clock.monotonic());
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
        Ok(())
    }

    fn spend_of_day(&self, now: Timestamp, ledger: &dyn Ledger) -> Result<(), Error> {
        if self.left_today(now, ledger) == Some(0) {
            let most = self.per_day.unwrap_or_default();
            return Err(Error::from_inner(Inner {
                kind: Some(ErrorKind::RateLimited),
                message: format!("all {most} calls of the last 24 hours are spent"),
                // The first of them is a day old at some time within the next: look once an hour.
                retry_after: Some(Duration::from_hours(1)),
                ..Inner::default()
            }));
        }
        // A call that could not be counted is no reason to fail it: Gong counts too.
        drop(ledger.count_call(now));
        Ok(())
    }
}

impl Default for RateBudget {
    fn default() -> Self {
        Self::gong()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MemoryLedger;

    #[test]
    fn no_second_has_more_calls_than_allowed() {
        let budget = RateBudget::new(Some(3), None);
        let mut now = Duration::from_secs(100);
        let mut made = Vec::new();
        for call in 0..40 {
            // A pause now and then, after which calls come in a row.
            now += Duration::from_millis(if call % 7 == 0 { 1_500 } else { 10 });
            now += budget.take(now);
            made.push(now);
        }
        for window in made.windows(4) {
            assert!(window[3] >= window[0] + SECOND, "{window:?}");
        }
    }

    #[test]
    fn clones_share_a_budget_and_the_day_is_kept_in_the_ledger() {
        let budget = RateBudget::new(Some(1), Some(2));
        let clone = budget.clone();
        assert_eq!(budget.take(Duration::ZERO), Duration::ZERO);
        assert_eq!(clone.take(Duration::ZERO), SECOND);

        let ledger = MemoryLedger::new();
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        budget.spend_of_day(now, &ledger).unwrap();
        clone.spend_of_day(now, &ledger).unwrap();
        let error = budget.spend_of_day(now, &ledger).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        let tomorrow = now + SignedDuration::from_hours(25);
        budget.spend_of_day(tomorrow, &ledger).unwrap();
    }
}
