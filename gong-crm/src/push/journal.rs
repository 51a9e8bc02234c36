//! How does a push write into its ledger without holding up everything else?

use std::sync::Arc;
use std::time::Duration;

use super::context::Events;
use super::event::Event;
use super::spool::{self, Spool};
use crate::client::Client;
use crate::ledger::{Job, Ledger, LedgerError, LedgerLock};
use gong_client::{Error, ErrorKind};
use gong_records::ids::{ClientRequestId, IntegrationId};

/// How often to look whether another push has ended.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The ledger, locked for this push.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    ledger: Arc<dyn Ledger>,
    /// Held also by writes that are under way when the push is dropped.
    lock: Arc<LedgerLock>,
}

impl Journal {
    /// Locks the client's ledger, waiting for another push to end if that is wanted.
    pub(super) async fn open(
        client: &Client,
        waits: bool,
        events: &Events,
    ) -> Result<Self, LedgerError> {
        let mut told = false;
        loop {
            let ledger = Arc::clone(&client.ledger);
            match blocking(move || ledger.try_lock()).await {
                Ok(lock) => {
                    return Ok(Self {
                        ledger: Arc::clone(&client.ledger),
                        lock: Arc::new(lock),
                    });
                }
                Err(LedgerError::Held(holder)) if waits => {
                    if !told {
                        events.emit(Event::Waiting { holder });
                        told = true;
                    }
                    client.clock.sleep(LOOK_EVERY).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let Self { ledger, lock } = self.clone();
        blocking(move || {
            let outcome = call(&*ledger);
            drop(lock);
            outcome
        })
        .await
    }

    pub(super) async fn record(&self, jobs: Vec<Job>) -> Result<(), LedgerError> {
        self.call(move |ledger| ledger.record(&jobs)).await
    }

    pub(super) async fn job(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Job>, LedgerError> {
        let client_request_id = client_request_id.clone();
        self.call(move |ledger| ledger.job(integration_id, &client_request_id))
            .await
    }

    /// The last of these ids that has a job, with the job, unless that counts as settled; then the
    /// id after it.
    pub(super) async fn last_attempt(
        &self,
        integration_id: IntegrationId,
        ids: impl Iterator<Item = (u32, ClientRequestId)> + Send + 'static,
        is_settled: fn(&Job) -> bool,
    ) -> Result<Option<(u32, ClientRequestId, Option<Job>)>, LedgerError> {
        self.call(move |ledger| {
            let mut last = None;
            for (attempt, id) in ids {
                let Some(job) = ledger.job(integration_id, &id)? else {
                    let open = last.filter(|(_, _, job)| !is_settled(job));
                    return Ok(Some(match open {
                        Some((attempt, id, job)) => (attempt, id, Some(job)),
                        None => (attempt, id, None),
                    }));
                };
                last = Some((attempt, id, job));
            }
            Ok(None)
        })
        .await
    }

    pub(super) async fn open_jobs(&self) -> Result<Vec<Job>, LedgerError> {
        self.call(|ledger| ledger.open_jobs()).await
    }

    /// Notes that nobody has to be told any more what became of the job, if it has come to its end.
    pub(super) async fn reported(&self, job: &Job) {
        let (integration_id, id) = (job.integration_id, job.client_request_id.clone());
        let noting = self.call(move |ledger| match ledger.job(integration_id, &id)? {
            Some(mut job) if !job.is_unfinished() && job.is_unreported() => {
                job.content = None;
                ledger.record(&[job])
            }
            _ => Ok(()),
        });
        // Else it is told once more.
        drop(noting.await);
    }

    /// Writes jobs down, and at the same moment notes of others that they need not be told any more:
    /// a kill in between would lose the verdict that is to come from the first, or that of the
    /// others.
    pub(super) async fn record_instead_of(
        &self,
        mut jobs: Vec<Job>,
        others: Vec<Job>,
    ) -> Result<(), LedgerError> {
        self.call(move |ledger| {
            for other in others {
                // What was dropped is not there any more.
                let known = ledger.job(other.integration_id, &other.client_request_id)?;
                if let Some(mut job) = known
                    && !job.is_unfinished()
                {
                    job.content = None;
                    jobs.push(job);
                }
            }
            if jobs.is_empty() {
                return Ok(());
            }
            ledger.record(&jobs)
        })
        .await
    }

    /// Notes the same of all jobs of a file, if every one has come to its end.
    pub(super) async fn reported_all(&self, of: &Job) -> Result<(), LedgerError> {
        let of = of.clone();
        self.call(move |ledger| {
            let mut jobs = ledger.open_jobs()?;
            jobs.retain(|job| job.is_of_file_of(&of));
            if jobs.iter().any(Job::is_unfinished) || jobs.is_empty() {
                return Ok(());
            }
            for job in &mut jobs {
                job.content = None;
            }
            ledger.record(&jobs)
        })
        .await
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::of(self.ledger.spool_folder())
    }

    /// Removes copies that no open job needs. Only the holder of the lock makes any.
    pub(super) async fn sweep(&self) {
        let sweeping = self.call(|ledger| {
            if let Some(folder) = ledger.spool_folder() {
                let jobs = ledger.open_jobs()?;
                let contents = jobs.iter().filter_map(|job| job.content.as_ref());
                let needed = contents.filter(|content| content.is_spooled);
                spool::sweep(
                    &folder,
                    &needed.map(|content| content.path.as_path()).collect(),
                );
            }
            Ok(())
        });
        // What is left over is removed by the next push.
        drop(sweeping.await);
    }

    pub(super) async fn forget(&self, job: &Job) -> Result<(), LedgerError> {
        let (integration_id, id) = (job.integration_id, job.client_request_id.clone());
        self.call(move |ledger| ledger.forget(integration_id, &id))
            .await
    }
}

async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(outcome) => outcome,
        Err(error) => Err(LedgerError::storage("", error)),
    }
}

/// A ledger's failure among those of calls.
pub(super) fn as_error(error: LedgerError) -> Error {
    Error::new(ErrorKind::File, error.to_string()).with_source(error)
}
