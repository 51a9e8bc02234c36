//! What every part of a push needs: the client, the locked ledger, the spool, and the errors so
//! far.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gong_client::error::{Error, ErrorKind};
use jiff::SignedDuration;
use tokio::sync::Semaphore;

use super::Options;
use super::event::Events;
use super::input::OpenFile;
use super::reads::Round;
use super::spool::Spool;
use crate::client::Client;
use crate::ledger::{LedgerError, LockedLedger, Milliseconds, Space, SpentOn};
use crate::{IntegrationId, ObjectType};

/// How many uploads are sent at the same time: a server may need seconds for each.
const SENDING_AT_ONCE: usize = 2;

/// One push under way.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) integration_id: IntegrationId,
    pub(super) space: Space,
    /// The as-of of the records of this push.
    pub(super) as_of: Milliseconds,
    pub(super) options: Options,
    pub(super) ledger: LockedLedger,
    pub(super) spool: Spool,
    pub(super) events: Arc<Events>,
    /// The round, if this is a sync.
    pub(super) round: Option<Round>,
    /// The files of the push; none when it resumes.
    pub(super) files: Arc<Vec<OpenFile>>,
    /// Permits to send an upload.
    pub(super) send_permit: Semaphore,
    /// Records that others may refer to and that Gong turned out not to have.
    missing: Mutex<HashSet<(ObjectType, String)>>,
    /// Records that others may refer to and that Gong may not have: their verdict does not say.
    unsure: Mutex<HashSet<(ObjectType, String)>>,
    /// New records in uploads without a verdict, with the number of these uploads.
    under_way: Mutex<HashMap<(ObjectType, String), u32>>,
    /// Why nothing more is sent.
    fatal: OnceLock<Fatal>,
    /// How many calls this push spent on searches.
    search_calls: AtomicU32,
}

/// Why nothing more is sent.
#[derive(Debug, Clone)]
pub(super) struct Fatal {
    pub(super) reason: String,
    pub(super) error: Option<Arc<Error>>,
}

impl Session {
    #[expect(
        clippy::too_many_arguments,
        reason = "it is where everything comes together"
    )]
    pub(super) fn new(
        client: Client,
        integration_id: IntegrationId,
        space: Space,
        options: Options,
        ledger: LockedLedger,
        spool: Spool,
        events: Arc<Events>,
        files: Arc<Vec<OpenFile>>,
    ) -> Self {
        let as_of = ledger.next_as_of(client.clock.now());
        Self {
            client,
            integration_id,
            space,
            as_of,
            options,
            ledger,
            spool,
            events,
            round: None,
            files,
            send_permit: Semaphore::new(SENDING_AT_ONCE),
            missing: Mutex::default(),
            unsure: Mutex::default(),
            under_way: Mutex::default(),
            fatal: OnceLock::new(),
            search_calls: AtomicU32::new(0),
        }
    }

    pub(super) fn now(&self) -> jiff::Timestamp {
        self.client.clock.now()
    }

    /// Why nothing more is sent, if that is so.
    pub(super) fn fatal(&self) -> Option<&Fatal> {
        self.fatal.get()
    }

    /// Why nothing more is sent, if it is not a failed call: no upload has that as its own failure.
    pub(super) fn own_failure(&self) -> Option<&str> {
        let fatal = self.fatal().filter(|fatal| fatal.error.is_none())?;
        Some(&fatal.reason)
    }

    /// Notes an error after which no later call can succeed either, if it is one.
    pub(super) fn note(&self, error: &Arc<Error>) {
        let is_fatal = matches!(
            error.kind(),
            ErrorKind::Unauthorized
                | ErrorKind::MissingScope
                | ErrorKind::Forbidden
                | ErrorKind::Redirected
                | ErrorKind::RateLimited
                | ErrorKind::Transport
                | ErrorKind::Timeout
                | ErrorKind::UnexpectedResponse
                | ErrorKind::Configuration
        );
        if is_fatal {
            self.stop(
                format!("stopping, because further requests would fail too: {error}"),
                Some(Arc::clone(error)),
            );
        }
    }

    /// Notes that the ledger can't be written: what is not written down is not sent.
    pub(super) fn note_ledger(&self, error: &LedgerError) {
        self.stop(error.to_string(), None);
    }

    pub(super) fn stop(&self, reason: String, error: Option<Arc<Error>>) {
        let _ = self.fatal.get_or_init(|| Fatal { reason, error });
    }

    /// Notes that Gong does not have a record that others may refer to.
    pub(super) fn note_missing(&self, object_type: ObjectType, object_id: &str) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.insert((object_type, object_id.to_owned()));
    }

    /// The records that Gong turned out not to have.
    pub(super) fn missing(&self) -> HashSet<(ObjectType, String)> {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.clone()
    }

    /// Whether there are any.
    pub(super) fn has_missing(&self) -> bool {
        let missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        !missing.is_empty()
    }

    /// Notes that Gong may not have a record that others may refer to.
    pub(super) fn note_unsure(&self, object_type: ObjectType, object_id: &str) {
        let mut unsure = self.unsure.lock().unwrap_or_else(PoisonError::into_inner);
        unsure.insert((object_type, object_id.to_owned()));
    }

    /// Notes that Gong has such a record now.
    pub(super) fn note_sure(&self, object_type: ObjectType, object_id: &str) {
        let mut unsure = self.unsure.lock().unwrap_or_else(PoisonError::into_inner);
        if !unsure.is_empty() {
            unsure.remove(&(object_type, object_id.to_owned()));
        }
    }

    /// The records that Gong may not have.
    pub(super) fn unsure(&self) -> HashSet<(ObjectType, String)> {
        let unsure = self.unsure.lock().unwrap_or_else(PoisonError::into_inner);
        unsure.clone()
    }

    /// Whether there are any.
    pub(super) fn has_unsure(&self) -> bool {
        let unsure = self.unsure.lock().unwrap_or_else(PoisonError::into_inner);
        !unsure.is_empty()
    }

    /// Notes new records that others may refer to, whose upload has no verdict.
    pub(super) fn add_under_way(&self, records: impl Iterator<Item = (ObjectType, String)>) {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for record in records {
            *under_way.entry(record).or_default() += 1;
        }
    }

    /// Notes that the upload of new records has its verdict.
    pub(super) fn remove_under_way(&self, records: &[(ObjectType, String)]) {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for record in records {
            if let Some(uploads) = under_way.get_mut(record) {
                *uploads -= 1;
                if *uploads == 0 {
                    under_way.remove(record);
                }
            }
        }
    }

    /// Whether there are new records whose upload has no verdict.
    pub(super) fn has_under_way(&self) -> bool {
        let under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        !under_way.is_empty()
    }

    /// Whether a record is new and its upload has no verdict.
    pub(super) fn is_under_way(&self, object_type: ObjectType, object_id: &str) -> bool {
        let under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.contains_key(&(object_type, object_id.to_owned()))
    }

    /// Whether calls are left of those that may be spent on searches per day.
    pub(super) async fn may_search(&self) -> Result<bool, LedgerError> {
        if self.options.find_all_errors {
            return Ok(true);
        }
        let day = self.now().checked_sub(SignedDuration::from_hours(24));
        let ledger = self.ledger.ledger();
        let spent = ledger
            .spent_since(SpentOn::Searches, day.unwrap_or_default())
            .await?;
        let spent = spent + self.search_calls.load(Ordering::Relaxed);
        Ok(spent < self.options.search_calls)
    }

    /// Counts calls that a search took.
    pub(super) fn count_search_calls(&self, calls: u32) {
        self.search_calls.fetch_add(calls, Ordering::Relaxed);
    }

    /// Writes down how many calls the searches of this push took.
    pub(super) async fn save_search_calls(&self) -> Result<(), LedgerError> {
        match self.search_calls.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            calls => {
                let ledger = self.ledger.ledger();
                let on = SpentOn::Searches;
                ledger.count_spent(on, self.now(), calls).await
            }
        }
    }
}
