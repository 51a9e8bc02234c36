//! Opening the file for writing: its tables are created, migrated or checked.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use super::schema::{self, FORMAT, Object};
use super::{BUSY, file, migrate, storage_error};
use crate::ledger::LedgerError;

/// Bytes per page, of a new file. Measured with 110-byte values: 4096 and 16384 write no faster,
/// and contents of records that are larger than a quarter of a page need their own pages.
const PAGE_SIZE: i64 = 8192;

/// How long to wait for another process that migrates the same file.
const MIGRATION_WAIT: Duration = Duration::from_secs(10);

/// Creates the tables, or migrates or checks those that are there.
pub(super) fn prepare(path: &Path, connection: &mut Connection) -> Result<(), LedgerError> {
    let storage = |error| storage_error(path, error);
    let (version_at_first, objects_at_first) = version_and_objects(connection).map_err(storage)?;
    match version_at_first {
        0 => {
            if let Some(object) = objects_at_first.first() {
                let reason = format!(
                    "it is a database of another program, with {}: name another ledger",
                    object.name()
                );
                return Err(file::untrusted(path, reason));
            }
            connection
                .pragma_update(None, "page_size", PAGE_SIZE)
                .map_err(storage)?;
            use_log(connection).map_err(storage)?;
            create_all(connection).map_err(storage)?;
        }
        1 | 2 => migrate::migrate(path, connection, MIGRATION_WAIT)?,
        FORMAT => {}
        version => return Err(unreadable(path, version)),
    }
    // Another process can have been first, with another version of this crate.
    match schema::version(connection).map_err(storage)? {
        FORMAT => {}
        version => return Err(unreadable(path, version)),
    }
    schema::check(path, connection)?;
    use_log(connection).map_err(storage)
}

fn unreadable(path: &Path, version: i64) -> LedgerError {
    if version > FORMAT {
        LedgerError::Newer {
            path: path.to_path_buf(),
            version,
        }
    } else {
        let reason = format!("its format {version} is unknown: name another ledger");
        file::untrusted(path, reason)
    }
}

/// Both as of one moment: another process can be creating the tables.
fn version_and_objects(connection: &mut Connection) -> rusqlite::Result<(i64, Vec<Object>)> {
    let transaction = connection.transaction()?;
    Ok((
        schema::version(&transaction)?,
        schema::objects(&transaction)?,
    ))
}

/// A write-ahead log lets readers in during a commit. The change to it is one that SQLite does not
/// wait for itself while others open the file.
fn use_log(connection: &Connection) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(5);
    let started = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && started.elapsed() < BUSY =>
            {
                std::thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

fn create_all(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if schema::version(&transaction)? == 0 {
        schema::create_tables(&transaction)?;
        transaction.commit()?;
    }
    Ok(())
}
