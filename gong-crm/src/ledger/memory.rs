//! A ledger that lasts as long as the process: what is it good for, and what not?

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Job, Ledger, LedgerError, LedgerLock};
use gong_records::ids::{ClientRequestId, IntegrationId};

/// A ledger in memory: nothing is sent twice by this process, and nothing can be resumed by another.
///
/// Pushes with it run side by side: Gong takes an id once, whoever sends it first.
///
/// ```
/// use gong_crm::ledger::Ledger;
/// use gong_crm::MemoryLedger;
///
/// assert!(MemoryLedger::new().jobs()?.is_empty());
/// # Ok::<(), gong_crm::ledger::LedgerError>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    jobs: Vec<Option<Job>>,
    places: HashMap<(IntegrationId, ClientRequestId), usize>,
    /// Calls by the minute, counted from 1970.
    calls: BTreeMap<i64, u64>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl Ledger for MemoryLedger {
    fn try_lock(&self) -> Result<LedgerLock, LedgerError> {
        Ok(LedgerLock::new(()))
    }

    fn record(&self, jobs: &[Job]) -> Result<(), LedgerError> {
        let mut inner = self.inner();
        for job in jobs {
            let key = (job.integration_id, job.client_request_id.clone());
            if let Some(place) = inner.places.get(&key).copied() {
                inner.jobs[place] = Some(job.clone());
            } else {
                let place = inner.jobs.len();
                inner.places.insert(key, place);
                inner.jobs.push(Some(job.clone()));
            }
        }
        Ok(())
    }

    fn job(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Job>, LedgerError> {
        let inner = self.inner();
        let place = inner
            .places
            .get(&(integration_id, client_request_id.clone()));
        Ok(place.and_then(|place| inner.jobs[*place].clone()))
    }

    fn jobs(&self) -> Result<Vec<Job>, LedgerError> {
        Ok(self.inner().jobs.iter().flatten().cloned().collect())
    }

    fn forget(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<(), LedgerError> {
        let mut inner = self.inner();
        if let Some(place) = inner
            .places
            .remove(&(integration_id, client_request_id.clone()))
        {
            inner.jobs[place] = None;
        }
        Ok(())
    }

    fn count_call(&self, at: Timestamp) -> Result<(), LedgerError> {
        const KEPT_MINUTES: i64 = 48 * 60;
        let mut inner = self.inner();
        let now = minute(at);
        *inner.calls.entry(now).or_default() += 1;
        while let Some(first) = inner.calls.first_entry()
            && *first.key() < now - KEPT_MINUTES
        {
            first.remove();
        }
        Ok(())
    }

    fn calls_since(&self, since: Timestamp) -> Result<u64, LedgerError> {
        Ok(self
            .inner()
            .calls
            .range(minute(since)..)
            .map(|(_, calls)| calls)
            .sum())
    }
}
