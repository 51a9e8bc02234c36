//! How does a push write into its ledger without holding up everything else?

use std::sync::Arc;
use std::time::Duration;

use super::context::Events;
use super::event::Event;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::id::{ClientRequestId, IntegrationId};
use crate::ledger::{Job, Ledger, LedgerError, LedgerLock};

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

    /// The first of these ids of which the ledger does not say that it failed, and its job if it has
    /// one.
    pub(super) async fn first_not_failed(
        &self,
        integration_id: IntegrationId,
        ids: impl Iterator<Item = (u32, ClientRequestId)> + Send + 'static,
    ) -> Result<Option<(u32, ClientRequestId, Option<Job>)>, LedgerError> {
        self.call(move |ledger| {
            for (attempt, id) in ids {
                let job = ledger.job(integration_id, &id)?;
                let failed = |job: &Job| job.state == crate::ledger::JobState::Failed;
                if !job.as_ref().is_some_and(failed) {
                    return Ok(Some((attempt, id, job)));
                }
            }
            Ok(None)
        })
        .await
    }

    pub(super) async fn unfinished(&self) -> Result<Vec<Job>, LedgerError> {
        self.call(|ledger| ledger.unfinished()).await
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
