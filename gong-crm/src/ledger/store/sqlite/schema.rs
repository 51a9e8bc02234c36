//! The format of the file: its tables, and nothing but them.

use std::path::Path;

use rusqlite::{Connection, Transaction};

use super::{file, storage_error};
use crate::ledger::LedgerError;
use crate::ledger::store::Table;

/// The format that this version reads and writes, in `PRAGMA user_version`.
pub(super) const FORMAT: i64 = 3;

/// How a table was created; SQLite keeps this text, so that it can be compared.
fn definition(table: Table) -> String {
    // The key is the B-tree: no row ids, and no second copy of the key in an index.
    format!(
        "CREATE TABLE {} (k BLOB NOT NULL PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
        table.as_str()
    )
}

/// The format of the file; 0 of an empty one and of most other databases.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
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
pub(super) fn check(path: &Path, connection: &Connection) -> Result<(), LedgerError> {
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
