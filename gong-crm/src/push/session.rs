//! What every part of a push needs: the client, the locked ledger, the spool, and what was found out
//! so far.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use gong_client::error::{Error, ErrorKind};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::event::{Event, Events};
use super::input::OpenFile;
use super::lines::id_reader;
use super::options::{CheckMode, Rejects, Resend};
use super::reads::Round;
use super::spool::Spool;
use super::{Options, PushError};
use crate::client::Client;
use crate::compare::{Reader, RecordId};
use crate::ledger::store::StoreFuture;
use crate::ledger::{
    Facts, Identity, LedgerError, LockedLedger, Milliseconds, RecordState, Space, SpentOn,
};
use crate::{IntegrationId, ObjectType};

/// How many uploads are written down as sent: one goes, and the next one waits to follow at once.
const READY_AT_ONCE: usize = 2;

/// How many bodies go at the same time. The first that is complete has the first verdict, which is written
/// down while the others go.
const SENDING_AT_ONCE: usize = 1;

/// What pushes of all integrations of a client share: the ledger, which they lock or look at, and the
/// spool beside it.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) ledger: LockedLedger,
    pub(super) spool: Spool,
    pub(super) events: Arc<Events>,
    /// When its records were given, before it waited for the ledger.
    began: Timestamp,
}

impl Context {
    /// Locks the ledger, and cleans up what an earlier push left. A dry one only reads the ledger,
    /// which nothing keeps from it.
    pub(super) async fn begin(
        client: Client,
        options: Options,
        events: Arc<Events>,
        is_dry: bool,
    ) -> Result<Self, PushError> {
        let began = client.clock.now();
        let (ledger, spool);
        if is_dry {
            ledger = client.ledger().unlocked().await?;
            spool = Spool::temporary().map_err(PushError::Spool)?;
        } else {
            let waiting = Arc::clone(&events);
            let on_wait = move |owner| waiting.emit(Event::Waiting { owner });
            let locking = client
                .ledger()
                .lock(options.wait_for_ledger, &*client.clock, &on_wait);
            ledger = locking.await?;
            spool = Spool::new(ledger.ledger().spool_dir().map_err(PushError::Spool)?);
            sweep(&ledger, &spool).await?;
        }
        Ok(Self {
            client,
            options,
            ledger,
            spool,
            events,
            began,
        })
    }

    /// The number by which the ledger knows an integration.
    pub(super) async fn space(&self, integration_id: IntegrationId) -> Result<Space, LedgerError> {
        let ledger = self.ledger.ledger();
        ledger.space(self.client.base_url(), integration_id).await
    }
}

async fn sweep(ledger: &LockedLedger, spool: &Spool) -> Result<(), LedgerError> {
    let open = ledger.open_uploads().await?;
    let needed = open.into_iter().filter_map(|upload| upload.body).collect();
    spool.sweep(&needed);
    Ok(())
}

/// Records that others may refer to, each as often as it was added.
#[derive(Debug, Default)]
pub(super) struct RecordSet(Mutex<HashMap<RecordId, u32>>);

impl RecordSet {
    fn records(&self) -> MutexGuard<'_, HashMap<RecordId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, object_type: ObjectType, object_id: &str) {
        let mut records = self.records();
        let count = records.entry((object_type, object_id.to_owned()));
        *count.or_default() += 1;
    }

    /// Takes a record out that was added once.
    pub(super) fn remove(&self, record: &RecordId) {
        let mut records = self.records();
        match records.get_mut(record) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(records.remove(record)),
        }
    }

    /// Takes a record out, however often it was added.
    pub(super) fn forget(&self, object_type: ObjectType, object_id: &str) {
        let mut records = self.records();
        if !records.is_empty() {
            records.remove(&(object_type, object_id.to_owned()));
        }
    }

    pub(super) fn contains(&self, object_type: ObjectType, object_id: &str) -> bool {
        let record = (object_type, object_id.to_owned());
        self.records().contains_key(&record)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records().is_empty()
    }

    pub(super) fn all(&self) -> HashSet<RecordId> {
        self.records().keys().cloned().collect()
    }
}

/// One push under way.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) integration_id: IntegrationId,
    pub(super) space: Space,
    pub(super) identity: Identity,
    /// The key of the ledger's hashes.
    pub(super) key: [u8; 16],
    /// The as-of of the records of this push.
    pub(super) as_of: Milliseconds,
    /// The moment by which it is ordered among all pushes.
    pub(super) push: Milliseconds,
    pub(super) options: Options,
    pub(super) ledger: LockedLedger,
    pub(super) spool: Spool,
    pub(super) events: Arc<Events>,
    /// The round, if this is a sync.
    pub(super) round: Option<Round>,
    /// The files of the push; none when it resumes.
    pub(super) files: Arc<Vec<OpenFile>>,
    /// Permits to be the next upload that is sent, and to send its body.
    pub(super) ready_permit: Semaphore,
    pub(super) send_permit: Semaphore,
    /// Those that Gong turned out not to have.
    pub(super) missing: RecordSet,
    /// Those that Gong may not have: their verdict does not say.
    pub(super) unsure: RecordSet,
    /// New ones in uploads without a verdict, once for each of these uploads.
    pub(super) under_way: RecordSet,
    /// Those that no scope owns, and that a complete read of this round does not have any more.
    pub(super) vanished: RecordSet,
    /// Why nothing more is sent.
    fatal: OnceLock<Fatal>,
    /// How many calls this push spent on searches.
    search_calls: AtomicU32,
    /// Why records may have been sent before Gong showed the new accounts that they refer to.
    pub(super) unseen_accounts: OnceLock<String>,
}

/// Why nothing more is sent.
#[derive(Debug, Clone)]
pub(super) struct Fatal {
    pub(super) reason: String,
    pub(super) error: Option<Arc<Error>>,
}

impl Session {
    pub(super) async fn new(
        context: Context,
        integration_id: IntegrationId,
        files: Vec<OpenFile>,
    ) -> Result<Self, LedgerError> {
        let space = context.space(integration_id).await?;
        let identity = context.ledger.ledger().identity().await?;
        let Context {
            client,
            options,
            ledger,
            spool,
            events,
            began,
        } = context;
        let (as_of, push) = ledger.next_push(began, client.clock.now());
        Ok(Self {
            as_of,
            push,
            client,
            integration_id,
            space,
            key: identity.key(),
            identity,
            options,
            ledger,
            spool,
            events,
            round: None,
            files: Arc::new(files),
            ready_permit: Semaphore::new(READY_AT_ONCE),
            send_permit: Semaphore::new(SENDING_AT_ONCE),
            missing: RecordSet::default(),
            unsure: RecordSet::default(),
            under_way: RecordSet::default(),
            vanished: RecordSet::default(),
            fatal: OnceLock::new(),
            search_calls: AtomicU32::new(0),
            unseen_accounts: OnceLock::new(),
        })
    }

    /// Another push of the same records, as old as this one. It belongs to no round.
    pub(super) async fn again(&self) -> Result<Self, LedgerError> {
        let now = self.client.clock.now();
        let context = Context {
            client: self.client.clone(),
            options: Options {
                // They were checked, and their files have their rejects already.
                check: CheckMode::Off,
                rejects: Rejects::None,
                resend: Resend::None,
                touch: false,
                request_id: None,
                ..self.options.clone()
            },
            ledger: self.ledger.clone(),
            spool: self.spool.clone(),
            events: Arc::clone(&self.events),
            began: Timestamp::from_millisecond(self.as_of).unwrap_or(now),
        };
        let again = Self::new(context, self.integration_id, Vec::new()).await?;
        Ok(Self {
            files: Arc::clone(&self.files),
            ..again
        })
    }

    /// What the ledger knows of some records of a type.
    #[expect(single_use_lifetimes, reason = "an `impl Trait` needs the name")]
    pub(super) fn states<'i>(
        &self,
        object_type: ObjectType,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> StoreFuture<'_, Vec<Option<RecordState>>> {
        self.ledger.ledger().records(self.space, object_type, ids)
    }

    /// The as-of of the records of a type.
    pub(super) fn as_of_type(&self, object_type: ObjectType) -> Milliseconds {
        let read = self.read_of(object_type);
        read.map_or(self.as_of, |(_, read)| read.as_of)
    }

    /// What a probe found out about this Gong.
    pub(super) async fn facts(&self) -> Result<Facts, LedgerError> {
        self.ledger.ledger().facts(self.space).await
    }

    /// A reader of the ids of records of a type and of what they refer to.
    pub(super) fn reader(&self, object_type: ObjectType) -> Reader<'static> {
        let reader = id_reader(self.key, object_type);
        let check = self.options.check.options();
        match check.and_then(|check| check.entity_schema.as_ref()) {
            Some(schema) => reader.with_schema(schema),
            None => reader,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
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

    /// Cleans up.
    pub(super) async fn end(&self) {
        drop(self.save_search_calls().await);
        // The next push deletes the files that remain.
        drop(sweep(&self.ledger, &self.spool).await);
    }
}
