//! A store in a SQLite file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior};

use super::{Batch, Change, Entry, Store, StoreFuture, Table, Update};
use crate::ledger::{LedgerError, LedgerLock};

mod file;
mod lock;
mod migrate;
mod prepare;
mod schema;

#[cfg(test)]
mod tests;

/// How long to wait for another process that is writing: longer than the largest commit takes.
const BUSY: Duration = Duration::from_mins(1);

/// The page cache of the connection that writes, in KiB: a commit of any size needs no more memory.
const WRITER_CACHE: i64 = 16 * 1024;

/// The page cache of the connection that reads, in KiB: enough for all inner pages of the B-tree of
/// some million records.
const READER_CACHE: i64 = 8 * 1024;

/// At how many pages SQLite copies the write-ahead log into the file, 64 MiB. Between the plan of a large
/// push and its verdict, most pages change again, and are copied once.
const LOG_PAGES: i64 = 8 * 1024;

/// To this size SQLite truncates the write-ahead log after a large commit, in bytes.
const LOG_LIMIT: i64 = 16 * 1024 * 1024;

/// A store in a SQLite file, for ledgers that outlive the process.
///
/// A committed batch is on disk before the next step starts. Several processes can use one file:
/// readers never wait, writers wait for each other. A second file, with the suffix `.lock`,
/// prevents two pushes with the same ledger. A third, with the suffix `.mark`, has the ledger's
/// progress, so that an older ledger in its place is noticed. Bodies of uploads are in a directory
/// with the suffix `.spool`.
///
/// The ids of records are personal data: the file, SQLite's files beside it, and every directory
/// that is created for it are accessible only to their owner (modes 0600 and 0700). A symbolic
/// link, a file of another user and one that others can write to are not opened, and neither is a
/// database with a table, trigger or view of another program.
///
/// Its methods need a tokio runtime, because SQLite runs on a blocking thread.
///
/// ```
/// use gong_crm::ledger::store::{Batch, SqliteStore, Store, Table};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("state/ledger.sqlite");
/// let mut batch = Batch::new();
/// batch.put(Table::Meta, b"counter", b"7");
/// SqliteStore::open(&path)?.commit(batch).await?;
///
/// let values = SqliteStore::open(&path)?.get(Table::Meta, vec![b"counter".to_vec()]).await?;
/// assert_eq!(values, [Some(b"7".to_vec())]);
/// # Ok(())
/// # }
/// ```
pub struct SqliteStore {
    inner: Arc<Inner>,
    /// Updates of one process wait here for each other instead of failing the comparison.
    update_turn: tokio::sync::Mutex<()>,
}

struct Inner {
    path: PathBuf,
    /// Which file was opened.
    file: Option<(u64, u64)>,
    /// Two connections, so that a listing does not wait for a commit, nor a commit for a listing.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens the file; creates it and its directory if they do not exist.
    ///
    /// A file of format 1 or 2 is copied, then changed into the present format; its open uploads are
    /// in [`legacy::uploads`](super::legacy::uploads). This method blocks: usually for a few
    /// milliseconds, for such a file until it is copied.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Newer`] when a later version wrote it, [`LedgerError::Untrusted`] when it is a
    /// link, belongs to another user, can be written by others or has content that is not ours,
    /// [`LedgerError::Held`] when an earlier version is at work with a file that must be changed,
    /// and [`LedgerError::Storage`] when it can't be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LedgerError> {
        let path = file::prepare(path.as_ref())?;
        let storage = |error| storage_error(&path, error);
        let mut writer = connect(&path, WRITER_CACHE).map_err(storage)?;
        prepare::prepare(&path, &mut writer)?;
        let reader = connect(&path, READER_CACHE).map_err(storage)?;
        reader
            .pragma_update(None, "query_only", true)
            .map_err(storage)?;
        let file = file::identity(&path);
        Ok(Self {
            inner: Arc::new(Inner {
                path,
                file,
                reader: Mutex::new(reader),
                writer: Mutex::new(writer),
            }),
            update_turn: tokio::sync::Mutex::new(()),
        })
    }

    /// The file's absolute path.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `work` with a connection on a blocking thread.
    async fn run<T: Send + 'static>(
        &self,
        connection: fn(&Inner) -> &Mutex<Connection>,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let inner = Arc::clone(&self.inner);
        let task = tokio::task::spawn_blocking(move || {
            work(&mut locked(connection(&inner))).map_err(|error| storage_error(&inner.path, error))
        });
        match task.await {
            Ok(result) => result,
            Err(error) => Err(LedgerError::storage(&self.inner.path, error)),
        }
    }
}

impl SqliteStore {
    /// Does something with the file of the mark, on a blocking thread.
    fn with_mark<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        let path = file::beside(&self.inner.path, "mark");
        Box::pin(async move {
            let of_task = path.clone();
            match tokio::task::spawn_blocking(move || work(&of_task)).await {
                Ok(result) => result.map_err(|error| LedgerError::storage(&path, error)),
                Err(error) => Err(LedgerError::storage(&path, error)),
            }
        })
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqliteStore")
            .field("path", &self.inner.path)
            .finish_non_exhaustive()
    }
}

fn reader(inner: &Inner) -> &Mutex<Connection> {
    &inner.reader
}

fn writer(inner: &Inner) -> &Mutex<Connection> {
    &inner.writer
}

/// An open transaction is rolled back when it is dropped, so a panic while it was locked is
/// harmless.
fn locked(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a file that exists, with everything switched off that a planted file could use.
fn connect(path: &Path, cache: i64) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // Deleted contents of records are overwritten with zeros where the page is written anyway.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    Ok(connection)
}

/// An error of SQLite, with what to do where that is known.
fn storage_error(path: &Path, error: rusqlite::Error) -> LedgerError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => LedgerError::storage(
            path,
            format!(
                "another process kept it locked for {} s: wait for that process, or stop it",
                BUSY.as_secs()
            ),
        ),
        Some(rusqlite::ErrorCode::NotADatabase) => LedgerError::storage(
            path,
            "it is not a SQLite file: restore it from a backup, or name another ledger",
        ),
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly) => {
            let kind = std::io::ErrorKind::PermissionDenied;
            let reason = format!("it, or the folder that it is in, can't be written ({error})");
            LedgerError::storage(path, std::io::Error::new(kind, reason))
        }
        Some(rusqlite::ErrorCode::DiskFull) => {
            let kind = std::io::ErrorKind::StorageFull;
            LedgerError::storage(path, std::io::Error::new(kind, error))
        }
        _ => LedgerError::storage(path, error),
    }
}

impl Store for SqliteStore {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        Box::pin(self.run(reader, move |connection| get(connection, table, &keys)))
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>> {
        Box::pin(self.run(reader, move |connection| {
            scan(connection, table, &from, before.as_deref(), limit)
        }))
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(self.run(writer, move |connection| {
            write(connection, Durability::PowerLoss, |transaction| {
                apply(transaction, &batch)
            })
        }))
    }

    fn update<'a>(
        &'a self,
        table: Table,
        key: Vec<u8>,
        mut update: Update<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let _turn = self.update_turn.lock().await;
            // `update` can't go to another thread, since it may borrow. So the new value is made
            // here, and written only if the old one is still the same.
            let wanted = vec![key.clone()];
            let read = move |connection: &mut Connection| get(connection, table, &wanted);
            let mut old = self.run(writer, read).await?.into_iter().next().flatten();
            while let Some(new) = update(old.as_deref()) {
                let key = key.clone();
                let swap = move |connection: &mut Connection| {
                    write(connection, Durability::of_update(table), |transaction| {
                        swap(transaction, table, &key, old.as_deref(), &new)
                    })
                };
                match self.run(writer, swap).await? {
                    Swap::Done => break,
                    Swap::Changed(current) => old = current,
                }
            }
            Ok(())
        })
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        Box::pin(async move {
            let inner = Arc::clone(&self.inner);
            let locking = move || {
                let lock = lock::try_lock(&inner.path)?;
                // A process that runs for long would go on in a file that nobody else sees.
                if file::identity(&inner.path) != inner.file {
                    let path = inner.path.clone();
                    return Err(LedgerError::Replaced { path });
                }
                Ok(lock)
            };
            match tokio::task::spawn_blocking(locking).await {
                Ok(result) => result.map(LedgerLock::new),
                Err(error) => Err(LedgerError::storage(&self.inner.path, error)),
            }
        })
    }

    fn spool_dir(&self) -> Option<PathBuf> {
        Some(file::beside(&self.inner.path, "spool"))
    }

    fn set_mark(&self, mark: Vec<u8>) -> StoreFuture<'_, ()> {
        self.with_mark(move |path| file::replace(path, &mark))
    }

    fn mark(&self) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.with_mark(file::read_small)
    }
}

fn get(
    connection: &mut Connection,
    table: Table,
    keys: &[Vec<u8>],
) -> rusqlite::Result<Vec<Option<Vec<u8>>>> {
    // In the order of keys, neighbors are on the same page.
    let mut order: Vec<usize> = (0..keys.len()).collect();
    if !keys.is_sorted() {
        order.sort_unstable_by(|one, other| keys[*one].cmp(&keys[*other]));
    }
    let mut values = vec![None; keys.len()];
    // All values are of one moment.
    let transaction = connection.transaction()?;
    let mut statement =
        transaction.prepare(&format!("SELECT v FROM {} WHERE k = ?1", table.as_str()))?;
    for index in order {
        values[index] = statement
            .query_row([keys[index].as_slice()], |row| {
                Ok(bytes(row.get_ref(0)?)?.to_vec())
            })
            .optional()?;
    }
    Ok(values)
}

fn scan(
    connection: &Connection,
    table: Table,
    from: &[u8],
    before: Option<&[u8]>,
    limit: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let end = if before.is_some() { "AND k < ?3" } else { "" };
    let query = format!(
        "SELECT k, v FROM {} WHERE k >= ?1 {end} ORDER BY k LIMIT ?2",
        table.as_str()
    );
    let mut statement = connection.prepare(&query)?;
    let mut rows = match before {
        Some(before) => statement.query((from, limit, before))?,
        None => statement.query((from, limit))?,
    };
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let key = bytes(row.get_ref(0)?)?.to_vec();
        entries.push((key, bytes(row.get_ref(1)?)?.to_vec()));
    }
    Ok(entries)
}

fn bytes(value: ValueRef<'_>) -> rusqlite::Result<&[u8]> {
    value.as_blob().map_err(Into::into)
}

/// The failures that a committed change survives.
#[derive(Clone, Copy)]
enum Durability {
    /// A loss of power: the write-ahead log is synced at the commit.
    PowerLoss,
    /// The end of the process. The log is synced by the next commit that is, or when it is copied
    /// into the file.
    ProcessEnd,
}

impl Durability {
    /// Counting a call must not cost a sync per call, which takes some milliseconds on a disk. A
    /// power failure can lose a count that Gong keeps as well (429), but never changes the order of
    /// changes: a later synced commit syncs everything before it in the log.
    fn of_update(table: Table) -> Self {
        if table == Table::Calls {
            Self::ProcessEnd
        } else {
            Self::PowerLoss
        }
    }
}

/// Runs `changes` in a transaction that has the write lock from its beginning, and commits it.
fn write<T>(
    connection: &mut Connection,
    durability: Durability,
    changes: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let synchronous = match durability {
        Durability::PowerLoss => "FULL",
        Durability::ProcessEnd => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = changes(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// In the order of keys, each page of the B-tree is written once, instead of once per key.
fn apply(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    // Most keys differ in their first bytes, which are compared without going to where the key is.
    let mut changes: Vec<(u128, Change<'_>)> = batch
        .changes()
        .map(|change| (first_bytes(change.key), change))
        .collect();
    let order = |(first, change): &(u128, Change<'_>)| (change.table, *first);
    // Stable: the last change of a key stays the last.
    changes.sort_by(|one, other| {
        let by_first = order(one).cmp(&order(other));
        by_first.then_with(|| one.1.key.cmp(other.1.key))
    });
    for changes in changes.chunk_by(|one, other| one.1.table == other.1.table) {
        let Some(table) = changes.first().map(|(_, change)| change.table.as_str()) else {
            continue;
        };
        let mut put =
            transaction.prepare(&format!("REPLACE INTO {table} (k, v) VALUES (?1, ?2)"))?;
        let mut delete = transaction.prepare(&format!("DELETE FROM {table} WHERE k = ?1"))?;
        let is_same = |one: &(u128, Change<'_>), other: &(u128, Change<'_>)| {
            one.0 == other.0 && one.1.key == other.1.key
        };
        for same_key in changes.chunk_by(is_same) {
            match same_key.last().map(|(_, change)| change) {
                Some(Change {
                    key,
                    value: Some(value),
                    ..
                }) => put.execute((*key, *value))?,
                Some(Change {
                    key, value: None, ..
                }) => delete.execute([*key])?,
                None => 0,
            };
        }
    }
    Ok(())
}

/// The first 16 bytes of a key, with zeros after a shorter one: in the order of keys.
fn first_bytes(key: &[u8]) -> u128 {
    let mut first = [0; 16];
    let length = key.len().min(first.len());
    first[..length].copy_from_slice(&key[..length]);
    u128::from_be_bytes(first)
}

enum Swap {
    Done,
    /// Another process changed the value; this is the current one.
    Changed(Option<Vec<u8>>),
}

fn swap(
    transaction: &Transaction<'_>,
    table: Table,
    key: &[u8],
    old: Option<&[u8]>,
    new: &[u8],
) -> rusqlite::Result<Swap> {
    let table = table.as_str();
    let current = transaction
        .prepare(&format!("SELECT v FROM {table} WHERE k = ?1"))?
        .query_row([key], |row| Ok(bytes(row.get_ref(0)?)?.to_vec()))
        .optional()?;
    if current.as_deref() != old {
        return Ok(Swap::Changed(current));
    }
    transaction
        .prepare(&format!("REPLACE INTO {table} (k, v) VALUES (?1, ?2)"))?
        .execute((key, new))?;
    Ok(Swap::Done)
}
