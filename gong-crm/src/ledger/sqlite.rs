//! A ledger in a file that any SQLite tool opens: how is it written, and who may write?

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{
    Connection, OptionalExtension as _, Row, TransactionBehavior, named_params, params,
};

use super::memory::minute;
use super::{Holder, Job, JobContent, JobState, Ledger, LedgerError, LedgerLock};
use gong_records::ids::{ClientRequestId, IntegrationId};

/// The format that this version reads and writes, in `PRAGMA user_version`.
const FORMAT: i64 = 2;

const TABLES: &str = "
CREATE TABLE uploads (
    number            INTEGER PRIMARY KEY,
    client_request_id TEXT    NOT NULL,
    integration_id    INTEGER NOT NULL,
    object_type       TEXT    NOT NULL,
    source_path       TEXT    NOT NULL,
    piece             INTEGER NOT NULL,
    content_hash      TEXT    NOT NULL,
    bytes             INTEGER NOT NULL,
    records           INTEGER NOT NULL,
    attempt           INTEGER NOT NULL,
    state             TEXT    NOT NULL,
    planned_at        TEXT    NOT NULL,
    updated_at        TEXT    NOT NULL,
    finished_at       TEXT,
    answer            TEXT,
    content           TEXT,     -- where the bytes are, until the file has been reported
    UNIQUE (integration_id, client_request_id)
);
CREATE INDEX open_uploads ON uploads (number)
    WHERE state NOT IN ('done', 'failed') OR content IS NOT NULL;
CREATE TABLE calls (
    minute INTEGER PRIMARY KEY,  -- minutes since 1970-01-01T00:00Z
    number INTEGER NOT NULL
);
";

/// From format 1, which did not know where the bytes are.
const FROM_1: &str = "
ALTER TABLE uploads ADD COLUMN content TEXT;
DROP INDEX unfinished_uploads;
CREATE INDEX open_uploads ON uploads (number)
    WHERE state NOT IN ('done', 'failed') OR content IS NOT NULL;
";

const COLUMNS: &str = "client_request_id, integration_id, object_type, source_path, piece, \
    content_hash, bytes, records, attempt, state, planned_at, updated_at, finished_at, answer, content";

/// How long to wait for another process that writes at this very moment.
const BUSY: Duration = Duration::from_secs(10);

/// A ledger in a SQLite file, for pushes that outlive the process.
///
/// Each change is on disk before the next step is taken. A second file, with `.lock` at the end of
/// its name, keeps two pushes with one ledger apart; reading needs no lock. What was read from the
/// standard input or unpacked lies in a folder with `.spool` at the end, until it is reported.
///
/// ```
/// use gong_crm::ledger::Ledger;
/// use gong_crm::SqliteLedger;
///
/// let folder = tempfile::tempdir()?;
/// let ledger = SqliteLedger::open(folder.path().join("ledger.sqlite"))?;
/// assert!(ledger.jobs()?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl SqliteLedger {
    /// Opens the file, and makes it and its folder if they are not there.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when it can't be opened, [`LedgerError::Newer`] when a later
    /// version wrote it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LedgerError> {
        let path = path.as_ref().to_path_buf();
        let storage =
            |error: Box<dyn std::error::Error + Send + Sync>| LedgerError::storage(&path, error);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| storage(error.into()))?;
        }
        let mut connection = Connection::open(&path).map_err(|error| storage(error.into()))?;
        let version =
            patiently(|| prepare(&mut connection)).map_err(|error| storage(error.into()))?;
        if version > FORMAT {
            return Err(LedgerError::Newer { path, version });
        }
        Ok(Self {
            path,
            connection: Mutex::new(connection),
        })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // An open transaction rolls back when it is dropped, so a poisoned lock does no harm.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn storage(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LedgerError {
        LedgerError::storage(&self.path, error)
    }

    fn select(&self, condition: &str) -> Result<Vec<Job>, LedgerError> {
        let connection = self.connection();
        let read = || -> rusqlite::Result<Vec<Job>> {
            let query = format!("SELECT {COLUMNS} FROM uploads {condition} ORDER BY number");
            let mut statement = connection.prepare(&query)?;
            statement.query_map([], job_of_row)?.collect()
        };
        read().map_err(|error| self.storage(error))
    }

    /// The path of the file with another ending at the end of its name.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".");
        path.push(ending);
        path.into()
    }
}

/// Tries again while another process sets up the same file: the change to a write-ahead log is one
/// that SQLite itself does not wait for.
fn patiently<T>(mut attempt: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    const PAUSE: Duration = Duration::from_millis(5);
    let started = std::time::Instant::now();
    loop {
        let outcome = attempt();
        let is_busy = outcome
            .as_ref()
            .err()
            .and_then(rusqlite::Error::sqlite_error_code)
            == Some(rusqlite::ErrorCode::DatabaseBusy);
        if !is_busy || started.elapsed() > BUSY {
            return outcome;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Sets the connection up and makes the tables; gives the file's format.
fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    connection.busy_timeout(BUSY)?;
    // A write-ahead log lets a reader in while a push writes; FULL syncs it at every commit.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => transaction.execute_batch(TABLES)?,
        1 => transaction.execute_batch(FROM_1)?,
        _ => return Ok(version),
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(FORMAT)
}

impl Ledger for SqliteLedger {
    fn try_lock(&self) -> Result<LedgerLock, LedgerError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.beside("lock"))
            .map_err(|error| self.storage(error))?;
        match file.try_lock() {
            Ok(()) => {
                // Only for people who meet the lock; that it is held is the system's to know.
                drop(write_holder(&mut file));
                Ok(LedgerLock::new(file))
            }
            Err(TryLockError::WouldBlock) => Err(LedgerError::Held(read_holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(self.storage(error)),
        }
    }

    fn record(&self, jobs: &[Job]) -> Result<(), LedgerError> {
        let mut connection = self.connection();
        let mut write = || -> rusqlite::Result<()> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for job in jobs {
                write_job(&transaction, job)?;
            }
            transaction.commit()
        };
        write().map_err(|error| self.storage(error))
    }

    fn job(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Job>, LedgerError> {
        let connection = self.connection();
        let query = format!(
            "SELECT {COLUMNS} FROM uploads WHERE integration_id = ?1 AND client_request_id = ?2"
        );
        connection
            .query_row(
                &query,
                params![integration_id.get(), client_request_id.as_str()],
                job_of_row,
            )
            .optional()
            .map_err(|error| self.storage(error))
    }

    fn jobs(&self) -> Result<Vec<Job>, LedgerError> {
        self.select("")
    }

    fn open_jobs(&self) -> Result<Vec<Job>, LedgerError> {
        self.select("WHERE state NOT IN ('done', 'failed') OR content IS NOT NULL")
    }

    fn spool_folder(&self) -> Option<PathBuf> {
        Some(self.beside("spool"))
    }

    fn forget(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<(), LedgerError> {
        self.connection()
            .execute(
                "DELETE FROM uploads WHERE integration_id = ?1 AND client_request_id = ?2",
                params![integration_id.get(), client_request_id.as_str()],
            )
            .map(drop)
            .map_err(|error| self.storage(error))
    }

    fn count_call(&self, at: Timestamp) -> Result<(), LedgerError> {
        self.connection()
            .execute(
                "INSERT INTO calls (minute, number) VALUES (?1, 1)
                 ON CONFLICT (minute) DO UPDATE SET number = number + 1",
                [minute(at)],
            )
            .map(drop)
            .map_err(|error| self.storage(error))
    }

    fn calls_since(&self, since: Timestamp) -> Result<u64, LedgerError> {
        let sum: rusqlite::Result<i64> = self.connection().query_row(
            "SELECT coalesce(sum(number), 0) FROM calls WHERE minute >= ?1",
            [minute(since)],
            |row| row.get(0),
        );
        sum.map(|sum| u64::try_from(sum).unwrap_or_default())
            .map_err(|error| self.storage(error))
    }
}

fn write_job(connection: &Connection, job: &Job) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "INSERT INTO uploads (client_request_id, integration_id, object_type, source_path, piece,
             content_hash, bytes, records, attempt, state, planned_at, updated_at, finished_at, answer,
             content)
         VALUES (:client_request_id, :integration_id, :object_type, :source_path, :piece,
             :content_hash, :bytes, :records, :attempt, :state, :planned_at, :updated_at,
             :finished_at, :answer, :content)
         ON CONFLICT (integration_id, client_request_id) DO UPDATE SET
             source_path = excluded.source_path, piece = excluded.piece,
             content_hash = excluded.content_hash, bytes = excluded.bytes,
             records = excluded.records, attempt = excluded.attempt, state = excluded.state,
             updated_at = excluded.updated_at, finished_at = excluded.finished_at,
             answer = excluded.answer, content = excluded.content",
    )?;
    statement.execute(named_params! {
        ":client_request_id": job.client_request_id.as_str(),
        ":integration_id": job.integration_id.get(),
        ":object_type": job.object_type.as_str(),
        ":source_path": job.source_path.to_string_lossy(),
        ":piece": job.piece,
        ":content_hash": job.content_hash,
        ":bytes": i64::try_from(job.bytes).unwrap_or(i64::MAX),
        ":records": i64::try_from(job.records).unwrap_or(i64::MAX),
        ":attempt": job.attempt,
        ":state": job.state.as_str(),
        ":planned_at": job.planned_at.to_string(),
        ":updated_at": job.updated_at.to_string(),
        ":finished_at": job.finished_at.map(|at| at.to_string()),
        ":answer": job.answer,
        ":content": job.content.as_ref().and_then(JobContent::to_json),
    })?;
    Ok(())
}

fn job_of_row(row: &Row<'_>) -> rusqlite::Result<Job> {
    fn word<T>(
        row: &Row<'_>,
        column: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> rusqlite::Result<T> {
        let text: String = row.get(column)?;
        read(&text).ok_or_else(|| {
            let index = row.as_ref().column_index(column).unwrap_or_default();
            let reason = format!("{column} holds {text:?}");
            rusqlite::Error::FromSqlConversionFailure(
                index,
                rusqlite::types::Type::Text,
                reason.into(),
            )
        })
    }
    let number = |column: &str| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
    };
    let finished_at: Option<String> = row.get("finished_at")?;
    let content: Option<String> = row.get("content")?;
    Ok(Job {
        client_request_id: word(row, "client_request_id", |text| text.parse().ok())?,
        integration_id: IntegrationId::from(row.get::<_, i64>("integration_id")?),
        object_type: word(row, "object_type", |text| text.parse().ok())?,
        source_path: PathBuf::from(row.get::<_, String>("source_path")?),
        piece: row.get("piece")?,
        content_hash: row.get("content_hash")?,
        bytes: number("bytes")?,
        records: number("records")?,
        attempt: row.get("attempt")?,
        state: word(row, "state", JobState::from_word)?,
        planned_at: word(row, "planned_at", |text| text.parse().ok())?,
        updated_at: word(row, "updated_at", |text| text.parse().ok())?,
        finished_at: finished_at.and_then(|text| text.parse().ok()),
        answer: row.get("answer")?,
        content: content.as_deref().and_then(JobContent::from_json),
    })
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{} {}", std::process::id(), Timestamp::now())?;
    file.flush()
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    // Some systems keep a locked file from being read: then the holder is not known.
    drop(file.read_to_string(&mut text));
    let (pid, since) = text.split_once(' ').unwrap_or_default();
    Holder {
        pid: pid.parse().ok(),
        since: since.trim().parse().ok(),
    }
}
