//! The format of the file: its tables, and nothing but them.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{BUSY, file, migrate, storage_error};
use crate::ledger::LedgerError;
use crate::ledger::store::Table;

/// The format that this version reads and writes, in `PRAGMA user_version`.
pub(super) const FORMAT: i64 = 3;

/// Bytes per page, of a new file. Measured with 110-byte values: 4096 and 16384 write no faster, and
/// contents of records that are larger than a quarter of a page need pages of their own.
const PAGE_SIZE: i64 = 8192;

/// How long to wait for another process that migrates the same file.
const MIGRATION_WAIT: Duration = Duration::from_secs(10);

/// How a table was created; SQLite keeps this text, so that it can be compared.
fn definition(table: Table) -> String {
    // The key is the B-tree: no row ids, and no second copy of the key in an index.
    format!(
        "CREATE TABLE {} (k BLOB NOT NULL PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
        table.as_str()
    )
}

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
    match version(connection).map_err(storage)? {
        FORMAT => {}
        version => return Err(unreadable(path, version)),
    }
    check(path, connection)?;
    use_log(connection).map_err(storage)
}

fn unreadable(path: &Path, version: i64) -> LedgerError {
    if version > FORMAT {
        LedgerError::Newer {
            path: path.to_path_buf(),
            version,
        }
    } else {
        let reason = format!("its format is {version}, which is none of ours: name another ledger");
        file::untrusted(path, reason)
    }
}

/// Both as of one moment: another process can be creating the tables.
fn version_and_objects(connection: &mut Connection) -> rusqlite::Result<(i64, Vec<Object>)> {
    let transaction = connection.transaction()?;
    Ok((version(&transaction)?, objects(&transaction)?))
}

/// The format of the file; 0 of an empty one and of most other databases.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
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
    if version(&transaction)? == 0 {
        create_tables(&transaction)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Creates the tables of the present format in a file without tables.
pub(super) fn create_tables(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    for table in Table::ALL {
        transaction.execute_batch(&definition(table))?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)
}

/// Something that a database defines.
pub(super) struct Object {
    /// `table`, `index`, `trigger` or `view`.
    kind: String,
    name: String,
    definition: Option<String>,
}

impl Object {
    /// Its kind and its name, for a message; the name can be anything.
    pub(super) fn name(&self) -> String {
        format!("the {} {:?}", self.kind, self.name)
    }

    pub(super) fn is(&self, kind: &str, name: &str) -> bool {
        self.kind == kind && self.name == name
    }

    /// Whether SQLite made it itself, for a `UNIQUE` of a table.
    pub(super) fn is_automatic(&self) -> bool {
        self.definition.is_none()
    }
}

/// Everything that the database defines.
pub(super) fn objects(connection: &Connection) -> rusqlite::Result<Vec<Object>> {
    connection
        .prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid")?
        .query_map([], |row| {
            Ok(Object {
                kind: row.get(0)?,
                name: row.get(1)?,
                definition: row.get(2)?,
            })
        })?
        .collect()
}

/// The error of a file with something in it that this crate did not create.
pub(super) fn foreign(path: &Path, object: &Object) -> LedgerError {
    let reason = format!(
        "it contains {}, which gong-crm did not create: somebody else has changed the file; restore \
         it from a backup, or name another ledger",
        object.name()
    );
    file::untrusted(path, reason)
}

/// Refuses a file that defines more or less than the tables of the present format.
fn check(path: &Path, connection: &Connection) -> Result<(), LedgerError> {
    let objects = objects(connection).map_err(|error| storage_error(path, error))?;
    let is_ours = |object: &Object, table: Table| {
        object.is("table", table.as_str()) && object.definition == Some(definition(table))
    };
    for object in &objects {
        if !Table::ALL.iter().any(|table| is_ours(object, *table)) {
            return Err(foreign(path, object));
        }
    }
    for table in Table::ALL {
        if !objects.iter().any(|object| is_ours(object, table)) {
            let reason = format!(
                "the table {:?} is missing: restore the file from a backup, or name another ledger",
                table.as_str()
            );
            return Err(file::untrusted(path, reason));
        }
    }
    Ok(())
}
