//! What was sent to Gong, and the version of each record in Gong.
//!
//! A [`Ledger`] has one [`Upload`] per request, written before its first byte is sent, and one
//! [`RecordState`] per record: the version that Gong accepted last, and the last try that it did
//! not accept. A push sends only the difference between a record and that version. The ledger
//! stores no values of records, only keyed hashes of them, with two exceptions: stages, which must
//! be sent completely when they are deactivated and can't be read back from Gong, and the content
//! of records that were rejected or held back.
//!
//! [`Ledger::memory`] lasts as long as the process; [`Ledger::open`] (feature `sqlite`) is a file.
//! An app with its own database implements [`store::Store`].

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ClientRequestId, IntegrationId, ObjectType};

mod accounts;
mod calls;
mod concluded;
mod conclusion;
mod confirm;
mod confirmed_deletions;
mod copies;
mod doubt;
mod error;
mod facts;
mod late;
mod legacy;
mod locked;
mod manifest;
mod missing_parents;
mod names;
mod newer_held;
mod prune;
mod read_backs;
mod reading;
mod record;
mod record_changes;
mod recover;
mod refused_claims;
mod rejects;
mod scopes;
pub mod store;
#[cfg(test)]
mod tests;
mod unknown;
mod upload;
mod verdict;
mod versions;

pub use error::{LedgerError, LedgerLock, LockOwner};
pub use facts::{Facts, Question};
pub use missing_parents::MissingParents;
pub use reading::RecordHistory;
pub(crate) use record::Head;
pub use record::{
    Before, Current, LastTry, LineHash, Milliseconds, RecordHash, RecordState, Seconds, SentField,
    Space, TryOutcome,
};
pub use recover::Recovered;
pub use rejects::RejectedRecord;
pub use scopes::RenamedScope;
pub use upload::{Action, Direction, Purpose, RecordOutcome, Upload, UploadState};
pub use versions::{InGong, VersionState};

pub(crate) use calls::SpentOn;
pub(crate) use conclusion::{Conclusion, Content};
pub(crate) use confirm::Confirmed;
pub(crate) use doubt::Doubted;
pub(crate) use facts::Clearing;
pub(crate) use locked::{LockedLedger, NewUpload};
pub(crate) use manifest::Manifest;
pub(crate) use missing_parents::REFERS;
pub(crate) use names::Names;
pub(crate) use read_backs::{Differing, Handling, KnownDifference, ReadBack};
pub(crate) use record::{NO_ID, low_64};
pub(crate) use refused_claims::RefusedClaims;
pub(crate) use scopes::LastRead;
pub(crate) use unknown::UnknownVersions;
pub(crate) use upload::{GivenAgain, Pending};

use store::{Batch, MemoryStore, Store, StoreFuture, Table};

/// The key of the ledger's identity in the table of small things.
const IDENTITY: &[u8] = b"identity";
const COUNTER: &[u8] = b"counter";
const OPEN: &[u8] = b"open";
const LATE: &[u8] = b"late";
const AS_OF: &[u8] = b"as-of";
const RECOVERED: &[u8] = b"recovered";
/// The id that proves that another copy of the ledger was used.
const ANOTHER_COPY: &[u8] = b"another copy";

/// Stores what was sent to Gong, and the version of each record in Gong.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_crm::ledger::Ledger;
///
/// let ledger = Ledger::memory();
/// assert!(ledger.uploads(10).await?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    identity: Arc<Mutex<Option<Identity>>>,
    /// Where bodies lie if the store has no directory for them; deleted with the ledger.
    temporary: Arc<OnceLock<tempfile::TempDir>>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ledger")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Who a ledger is: copies of it have the same.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    /// 32 hexadecimal digits.
    pub(crate) ledger_id: String,
    /// The key of all hashes, in hexadecimal digits.
    key: String,
    created_at: Timestamp,
    /// When it was exported: the export is the one that counts.
    #[serde(default)]
    pub(crate) sealed_at: Option<Timestamp>,
}

// Without its key.
impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.ledger_id)
    }
}

impl Identity {
    fn new() -> Result<Self, LedgerError> {
        let random = || -> Result<String, LedgerError> {
            let mut bytes = [0_u8; 16];
            getrandom::fill(&mut bytes)
                .map_err(|error| LedgerError::storage("", error.to_string()))?;
            Ok(hexadecimal(&bytes))
        };
        Ok(Self {
            ledger_id: random()?,
            key: random()?,
            created_at: Timestamp::now(),
            sealed_at: None,
        })
    }

    /// The key of all hashes of the ledger.
    pub(crate) fn key(&self) -> [u8; 16] {
        let mut key = [0; 16];
        for (byte, digits) in key.iter_mut().zip(self.key.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
        }
        key
    }

    /// The id of an upload: it follows from the ledger's id and a number that is used once.
    ///
    /// Nothing else is in it, the type neither: the next number of another copy of this ledger is
    /// the same one, and Gong then answers 409 whatever that copy sends.
    pub(crate) fn request_id(&self, number: u64) -> Result<ClientRequestId, LedgerError> {
        let ledger = self.ledger_id.get(..8).unwrap_or(&self.ledger_id);
        format!("upload-{ledger}-{number}")
            .parse()
            .map_err(|error| LedgerError::storage("", format!("{error}")))
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// How many records are read at once.
const PAGE: usize = 4_096;

impl Ledger {
    /// A ledger that lasts as long as the process.
    pub fn memory() -> Self {
        Self::with_store(MemoryStore::new())
    }

    /// A ledger in an app's own database.
    pub fn with_store(store: impl Store) -> Self {
        Self {
            store: Arc::new(store),
            identity: Arc::default(),
            temporary: Arc::default(),
        }
    }

    /// The directory for the bodies of uploads that are under way.
    pub(crate) fn spool_dir(&self) -> std::io::Result<PathBuf> {
        if let Some(directory) = self.store.spool_dir() {
            return Ok(directory);
        }
        if let Some(temporary) = self.temporary.get() {
            return Ok(temporary.path().to_path_buf());
        }
        let mut named = tempfile::Builder::new();
        named.prefix("gong-crm-");
        #[cfg(unix)]
        {
            // For its owner alone, whatever the umask is.
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            named.permissions(mode);
        }
        let fresh = named.tempdir()?;
        Ok(self.temporary.get_or_init(|| fresh).path().to_path_buf())
    }

    /// The store beneath.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Who the ledger is; made when it is used for the first time.
    pub(crate) async fn identity(&self) -> Result<Identity, LedgerError> {
        if let Some(known) = &*self.known_identity() {
            return Ok(known.clone());
        }
        let fresh = Identity::new()?;
        let fresh = serde_json::to_vec(&fresh).map_err(|error| LedgerError::storage("", error))?;
        let create = Box::new(move |old: Option<&[u8]>| old.is_none().then(|| fresh.clone()));
        self.store
            .update(Table::Meta, IDENTITY.to_vec(), create)
            .await?;
        let stored: Option<Identity> = self.meta_json(IDENTITY).await?;
        let identity = stored.ok_or_else(|| LedgerError::unreadable("its identity"))?;
        *self.known_identity() = Some(identity.clone());
        Ok(identity)
    }

    fn known_identity(&self) -> MutexGuard<'_, Option<Identity>> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the identity; `None` leaves it as it is.
    async fn change_identity(
        &self,
        change: impl Fn(&mut Identity) + Send + Sync,
    ) -> Result<(), LedgerError> {
        self.identity().await?;
        let update = Box::new(|old: Option<&[u8]>| {
            let mut identity: Identity = serde_json::from_slice(old?).ok()?;
            change(&mut identity);
            serde_json::to_vec(&identity).ok()
        });
        self.store
            .update(Table::Meta, IDENTITY.to_vec(), update)
            .await?;
        *self.known_identity() = None;
        Ok(())
    }

    async fn meta(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        let values = self.store.get(Table::Meta, vec![key.to_vec()]).await?;
        Ok(values.into_iter().next().flatten())
    }

    async fn meta_json<T: for<'de> Deserialize<'de>>(
        &self,
        key: &[u8],
    ) -> Result<Option<T>, LedgerError> {
        let Some(bytes) = self.meta(key).await? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| LedgerError::unreadable(&String::from_utf8_lossy(key)))
    }

    /// The small number for an integration in keys; made on first use.
    pub(crate) async fn space(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
    ) -> Result<Space, LedgerError> {
        let name = format!("{base_url} {integration_id}");
        let wanted = name.clone();
        let add = Box::new(move |old: Option<&[u8]>| {
            let mut names: Vec<String> = old
                .and_then(|bytes| serde_json::from_slice(bytes).ok())
                .unwrap_or_default();
            if names.contains(&wanted) {
                return None;
            }
            names.push(wanted.clone());
            serde_json::to_vec(&names).ok()
        });
        self.store
            .update(Table::Meta, b"spaces".to_vec(), add)
            .await?;
        let names: Vec<String> = self.meta_json(b"spaces").await?.unwrap_or_default();
        let place = names.iter().position(|known| *known == name);
        place
            .and_then(|place| u16::try_from(place + 1).ok())
            .map(Space)
            .ok_or_else(|| LedgerError::unreadable("its list of integrations"))
    }

    async fn counter(&self) -> Result<u64, LedgerError> {
        Ok(self.meta_json(COUNTER).await?.unwrap_or_default())
    }

    async fn open_numbers(&self) -> Result<BTreeSet<u64>, LedgerError> {
        Ok(self.meta_json(OPEN).await?.unwrap_or_default())
    }

    pub(crate) async fn upload_numbered(&self, number: u64) -> Result<Option<Upload>, LedgerError> {
        let keys = vec![number.to_be_bytes().to_vec()];
        let values = self.store.get(Table::Uploads, keys).await?;
        values
            .into_iter()
            .flatten()
            .next()
            .map_or(Ok(None), |bytes| {
                serde_json::from_slice(&bytes)
                    .map(Some)
                    .map_err(|_| LedgerError::unreadable(&format!("upload {number}")))
            })
    }

    /// The states of some records, in the order of `ids`; `None` where the ledger knows nothing.
    #[expect(
        single_use_lifetimes,
        reason = "anonymous lifetimes in `impl Trait` are unstable"
    )]
    pub(crate) fn records<'i>(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: impl IntoIterator<Item = &'i str>,
    ) -> StoreFuture<'_, Vec<Option<RecordState>>> {
        let ids = ids.into_iter();
        let keys: Vec<Vec<u8>> = ids.map(|id| space.key(object_type, id)).collect();
        Box::pin(async move {
            let values = self.store.get(Table::Records, keys).await?;
            values
                .into_iter()
                .map(|value| match value {
                    None => Ok(None),
                    Some(bytes) => RecordState::decode(&bytes)
                        .map(Some)
                        .ok_or_else(|| LedgerError::unreadable("a record's state")),
                })
                .collect()
        })
    }

    /// A page of the records of a type, in the order of their ids, after the given key.
    pub(crate) async fn page_of_records(
        &self,
        space: Space,
        object_type: ObjectType,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, RecordState)>, LedgerError> {
        let page = self.page(space, object_type, after, limit).await?;
        let decoded = page.into_iter().map(|(key, value)| {
            let state = RecordState::decode(&value);
            let state = state.ok_or_else(|| LedgerError::unreadable("a record's state"))?;
            Ok((key, state))
        });
        decoded.collect()
    }

    /// Whether it knows a record of an integration.
    pub(crate) async fn has_records(&self, space: Space) -> Result<bool, LedgerError> {
        for object_type in ObjectType::ALL {
            if !self.page(space, object_type, None, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Visits the records of a type, in the order of their ids, as long as `visit` wants more. Of
    /// each, only the beginning of its state is read.
    pub(crate) async fn each_head(
        &self,
        space: Space,
        object_type: ObjectType,
        mut visit: impl FnMut(&str, &Head) -> bool,
    ) -> Result<(), LedgerError> {
        let mut after = None;
        loop {
            let page = self.page(space, object_type, after, PAGE).await?;
            for (key, value) in &page {
                let head = Head::decode(value);
                let head = head.ok_or_else(|| LedgerError::unreadable("a record's state"))?;
                if Space::object_id(key).is_some_and(|object_id| !visit(object_id, &head)) {
                    return Ok(());
                }
            }
            if page.len() < PAGE {
                return Ok(());
            }
            after = page.into_iter().next_back().map(|(key, _)| key);
        }
    }

    async fn page(
        &self,
        space: Space,
        object_type: ObjectType,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<store::Entry>, LedgerError> {
        let from = match after {
            Some(mut key) => {
                // The next possible key.
                key.push(0);
                key
            }
            None => space.prefix(object_type),
        };
        let before = Some(space.end(object_type));
        self.store.scan(Table::Records, from, before, limit).await
    }

    /// Makes a small change that is not part of a push.
    async fn commit(&self, batch: Batch) -> Result<(), LedgerError> {
        self.store.commit(batch).await
    }
}

#[cfg(feature = "sqlite")]
impl Ledger {
    /// Opens the ledger in a file, and makes the file and its directory if they are not there.
    ///
    /// Each change is on disk before the next step starts. A second file, with the suffix `.lock`,
    /// prevents two pushes with the same ledger; the bodies of unfinished uploads are in a
    /// directory with the suffix `.spool`. Only their owner can read them.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when it can't be opened, [`LedgerError::Newer`] when a later
    /// version wrote it.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, LedgerError> {
        let path = path.into();
        let opening = tokio::task::spawn_blocking(move || store::SqliteStore::open(path));
        let store = opening
            .await
            .map_err(|error| LedgerError::storage("", error))??;
        Ok(Self::with_store(store))
    }
}
