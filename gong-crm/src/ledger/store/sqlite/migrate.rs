//! From formats 1 and 2, which knew uploads by their content and no records, to the present one.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

use super::schema::{self, Object};
use super::{apply, file, lock, storage_error};
use crate::ledger::LedgerError;
use crate::ledger::store::legacy::LegacyUpload;
use crate::ledger::store::{Batch, Table};

/// Copies the file, then changes it into the present format. Waits `patience` for the ledger's lock.
pub(super) fn migrate(
    path: &Path,
    connection: &mut Connection,
    patience: Duration,
) -> Result<(), LedgerError> {
    let storage = |error| storage_error(path, error);
    // An earlier version that is at work would write to tables that are gone.
    let Some((_lock, version)) = lock_unless_migrated(path, connection, patience)? else {
        return Ok(());
    };
    for object in schema::objects(connection).map_err(storage)? {
        if !is_legacy(&object) {
            return Err(schema::foreign(path, &object));
        }
    }
    copy(path, connection, version)?;
    let mut change = || -> rusqlite::Result<()> {
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut batch = Batch::new();
        open_uploads(&transaction, version, &mut batch)?;
        calls(&transaction, &mut batch)?;
        transaction.execute_batch("DROP TABLE uploads; DROP TABLE calls;")?;
        schema::create_tables(&transaction)?;
        apply(&transaction, &batch)?;
        transaction.commit()
    };
    change().map_err(storage)
}

/// Waits for the lock a while: another process can be migrating the same file.
fn lock_unless_migrated(
    path: &Path,
    connection: &Connection,
    patience: Duration,
) -> Result<Option<(File, i64)>, LedgerError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let started = Instant::now();
    let is_legacy = |version| matches!(version, 1 | 2);
    loop {
        let lock = lock::try_lock(path);
        let version = schema::version(connection).map_err(|error| storage_error(path, error))?;
        match lock {
            _ if !is_legacy(version) => return Ok(None),
            Err(LedgerError::Held(_)) if started.elapsed() < patience => std::thread::sleep(PAUSE),
            result => return result.map(|lock| Some((lock, version))),
        }
    }
}

fn is_legacy(object: &Object) -> bool {
    let tables = ["uploads", "calls"];
    let indexes = ["open_uploads", "unfinished_uploads"];
    tables.iter().any(|name| object.is("table", name))
        || indexes.iter().any(|name| object.is("index", name))
        || object.is("index", "sqlite_autoindex_uploads_1") && object.is_automatic()
}

/// Copies the file to one with `.format-N.bak` at the end of its name, or with `.format-N.2.bak` and
/// so on where such a copy is there already. SQLite copies, since a part of the content can be in
/// the write-ahead log, and closing the file here would release SQLite's locks.
fn copy(path: &Path, connection: &Connection, version: i64) -> Result<(), LedgerError> {
    let storage = |error: io::Error| LedgerError::storage(path, error);
    let dir = path.parent().unwrap_or(path);
    let mut copy = tempfile::NamedTempFile::new_in(dir).map_err(storage)?;
    connection
        .execute("VACUUM INTO ?1", [as_text(copy.path())])
        .map_err(|error| storage_error(path, error))?;
    copy.as_file().sync_all().map_err(storage)?;
    for number in 1_u32.. {
        let ending = match number {
            1 => format!("format-{version}.bak"),
            number => format!("format-{version}.{number}.bak"),
        };
        match copy.persist_noclobber(file::beside(path, &ending)) {
            Ok(_) => break,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => copy = error.file,
            Err(error) => return Err(LedgerError::storage(path, error.error)),
        }
    }
    sync_dir(dir).map_err(storage)
}

/// A path need not be valid UTF-8, and SQLite does not mind.
#[cfg(unix)]
fn as_text(path: &Path) -> ToSqlOutput<'_> {
    use std::os::unix::ffi::OsStrExt as _;

    ToSqlOutput::Borrowed(ValueRef::Text(path.as_os_str().as_bytes()))
}

#[cfg(not(unix))]
fn as_text(path: &Path) -> ToSqlOutput<'_> {
    ToSqlOutput::Owned(path.to_string_lossy().into_owned().into())
}

/// Makes the new name of the copy outlive a loss of power.
#[cfg(unix)]
fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
fn sync_dir(_dir: &Path) -> io::Result<()> {
    Ok(())
}

fn open_uploads(
    transaction: &Transaction<'_>,
    version: i64,
    batch: &mut Batch,
) -> rusqlite::Result<()> {
    // Format 1 did not know where the bytes are.
    let content = if version == 1 { "NULL" } else { "content" };
    let mut statement = transaction.prepare(&format!(
        "SELECT number, client_request_id, integration_id, object_type, source_path, piece, \
         content_hash, bytes, records, attempt, state, planned_at, updated_at, answer, \
         {content} AS content FROM uploads WHERE state NOT IN ('done', 'failed')"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (key, value) = upload(row)?
            .to_entry()
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        batch.put(Table::Meta, &key, &value);
    }
    Ok(())
}

fn upload(row: &Row<'_>) -> rusqlite::Result<LegacyUpload> {
    let count = |column: &str| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
    };
    Ok(LegacyUpload {
        number: count("number")?,
        client_request_id: row.get("client_request_id")?,
        integration_id: row.get("integration_id")?,
        object_type: row.get("object_type")?,
        source_path: PathBuf::from(row.get::<_, String>("source_path")?),
        part: row.get("piece")?,
        content_hash: row.get("content_hash")?,
        bytes: count("bytes")?,
        records: count("records")?,
        attempt: row.get("attempt")?,
        state: row.get("state")?,
        planned_at: time(row, "planned_at")?,
        updated_at: time(row, "updated_at")?,
        answer: row.get("answer")?,
        content: row.get("content")?,
    })
}

fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_: jiff::Error| {
        let index = row.as_ref().column_index(column).unwrap_or_default();
        let reason = format!(
            "{column} of an upload is {text:?}, which is not a time: restore the file from a backup, or \
             name another ledger"
        );
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, reason.into())
    })
}

/// The key is the minute since 1970 in 8 bytes, the value the number of calls in 4, both big endian.
fn calls(transaction: &Transaction<'_>, batch: &mut Batch) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare("SELECT minute, number FROM calls")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (minute, number): (i64, i64) = (row.get(0)?, row.get(1)?);
        let Ok(minute) = u64::try_from(minute) else {
            continue;
        };
        let number = u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        batch.put(Table::Calls, &minute.to_be_bytes(), &number.to_be_bytes());
    }
    Ok(())
}
