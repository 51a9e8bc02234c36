//! Where a ledger keeps its entries: tables of keys and values, changed in transactions.
//!
//! A [`Ledger`](crate::ledger::Ledger) knows uploads and records; a [`Store`] only knows bytes. Two
//! stores are here, [`MemoryStore`] and, with the feature `sqlite`, [`SqliteStore`]. An app with
//! its own database implements [`Store`] for it and runs [`conformance::check`] in its tests.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use super::LedgerError;

pub mod conformance;
pub mod legacy;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// A boxed future of a store's method.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'a>>;

/// The tables of a ledger. Keys are ordered as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Table {
    /// The format, the ledger's id and key, the counter, names of fields, scopes: few and small.
    Meta,
    /// One entry per upload, as JSON, by number.
    Uploads,
    /// The records of each open upload; by upload and chunk.
    Manifests,
    /// The version of each record in Gong; by integration, type and object id.
    Records,
    /// The result of each record of a finished upload; by upload and chunk.
    History,
    /// The content of records that are rejected, uncertain or held back, and of stages.
    Contents,
    /// The calls that were made, by minute.
    Calls,
    /// The results of reading records back from Gong; by integration, type and object id.
    ReadBacks,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 8] = [
        Self::Meta,
        Self::Uploads,
        Self::Manifests,
        Self::Records,
        Self::History,
        Self::Contents,
        Self::Calls,
        Self::ReadBacks,
    ];

    /// The table's name, such as `records`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Uploads => "uploads",
            Self::Manifests => "manifests",
            Self::Records => "records",
            Self::History => "history",
            Self::Contents => "contents",
            Self::Calls => "calls",
            Self::ReadBacks => "read_backs",
        }
    }
}

/// Changes that are made together.
///
/// Keys and values lie in one buffer, so that a batch of some hundred thousand records is small.
/// Later changes of a key win over earlier ones of the same batch.
#[derive(Clone, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    changes: Vec<(Table, u32, Option<u32>)>,
}

/// One change of a [`Batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// The table.
    pub table: Table,
    /// The key.
    pub key: &'a [u8],
    /// The new value; `None` deletes the entry.
    pub value: Option<&'a [u8]>,
}

impl Batch {
    /// A batch without changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of a key.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        let (key_length, value_length) = (length(key), length(value));
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.changes.push((table, key_length, Some(value_length)));
    }

    /// Deletes the entry of a key, if there is one.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.changes.push((table, length(key), None));
    }

    /// Adds the changes of another batch after those of this one.
    pub fn append(&mut self, other: &Self) {
        self.bytes.extend_from_slice(&other.bytes);
        self.changes.extend_from_slice(&other.changes);
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The number of changes.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// The changes, in the order in which they were added.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let mut rest = self.bytes.as_slice();
        self.changes.iter().map(move |(table, key, value)| {
            let (key, after) = rest.split_at(*key as usize);
            let (value, after) = match value {
                Some(value) => {
                    let (value, after) = after.split_at(*value as usize);
                    (Some(value), after)
                }
                None => (None, after),
            };
            rest = after;
            Change {
                table: *table,
                key,
                value,
            }
        })
    }
}

/// Keys and values are far smaller than 4 GB: the largest is the content of one record.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values can be contents of records.
        formatter
            .debug_struct("Batch")
            .field("changes", &self.changes.len())
            .finish_non_exhaustive()
    }
}

/// An entry that was read: its key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// A function that makes the new value of an entry out of the old one.
pub type Update<'a> = Box<dyn FnMut(Option<&[u8]>) -> Option<Vec<u8>> + Send + 'a>;

/// A database for a ledger.
///
/// All methods are asynchronous; a store that blocks runs on a blocking thread.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Reads the values of some keys, in the order of `keys`; `None` for a key without an entry.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the database can't be read.
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>>;

    /// Reads the entries whose key is at least `from` and less than `before` (without it, to the end
    /// of the table), in ascending order of keys, at most `limit` of them.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the database can't be read.
    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>>;

    /// Makes all changes or none. When it returns, they outlive a crash of the machine.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the database can't be written.
    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()>;

    /// Replaces the value of one key by what `update` makes of the old one, atomically, also against
    /// other processes. `update` may be called several times; `None` leaves the entry as it is.
    ///
    /// An update outlives a crash of the machine as a commit does, except one of [`Table::Calls`],
    /// which need only outlive the process: it counts calls, and Gong counts them too.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the database can't be written.
    fn update<'a>(&'a self, table: Table, key: Vec<u8>, update: Update<'a>) -> StoreFuture<'a, ()>;

    /// Takes the lock that keeps two pushes apart, without waiting.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Held`] if another process has it, [`LedgerError::Storage`] if it can't be
    /// acquired.
    fn try_lock(&self) -> StoreFuture<'_, super::LedgerLock>;

    /// A directory for the bodies of uploads that are under way; without one, they are kept in
    /// temporary files that end with the process.
    fn spool_dir(&self) -> Option<PathBuf> {
        None
    }

    /// Keeps a few bytes beside the database and not in it, so that a database that is restored
    /// from a backup is noticed. By default nothing is kept.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when they can't be written.
    fn set_mark(&self, mark: Vec<u8>) -> StoreFuture<'_, ()> {
        drop(mark);
        Box::pin(std::future::ready(Ok(())))
    }

    /// The bytes that were kept last; `None` if none were, or the store keeps none.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when they can't be read.
    fn mark(&self) -> StoreFuture<'_, Option<Vec<u8>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

/// Puts a value as JSON.
pub(in crate::ledger) fn put_json<T: serde::Serialize>(
    batch: &mut Batch,
    table: Table,
    key: &[u8],
    value: &T,
) -> Result<(), LedgerError> {
    let bytes = serde_json::to_vec(value).map_err(|error| LedgerError::storage("", error))?;
    batch.put(table, key, &bytes);
    Ok(())
}
