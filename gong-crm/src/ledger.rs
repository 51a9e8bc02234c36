//! Where is it written down what was sent, so that nothing is sent twice and nothing forgotten?
//!
//! A [`Ledger`] keeps one [`Job`] an upload, written before the upload's first byte leaves. A push
//! looks there before it sends, and a resumed one finishes what stands there unfinished.
//! [`MemoryLedger`] lasts as long as the process; `SqliteLedger` (feature `sqlite`) is a file. An
//! app that has a database of its own can bring its own.

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use gong_records::ObjectType;
use gong_records::ids::{ClientRequestId, IntegrationId};

mod content;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use content::JobContent;
pub use memory::MemoryLedger;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteLedger;

/// One upload, as the ledger knows it. It holds neither records nor credentials; answers and reasons
/// can quote a value of a record.
///
/// A ledger of your own keeps it as one JSON document: what is read back is the same job, and later
/// versions of this crate read what earlier ones wrote. A path that is no Unicode can't be written.
///
/// ```
/// let document = r#"{
///     "clientRequestId": "account-5f1c0d2e4b6a798081923344-1", "integrationId": "5517027188234205706",
///     "objectType": "ACCOUNT", "sourcePath": "exports/accounts.ldjson", "piece": 1,
///     "contentHash": "5f1c0d2e", "bytes": 1000, "records": 10, "attempt": 1, "state": "processing",
///     "plannedAt": "2026-03-01T09:30:00Z", "updatedAt": "2026-03-01T09:30:02Z"
/// }"#;
/// let job: gong_crm::ledger::Job = serde_json::from_str(document)?;
/// assert!(job.is_unfinished());
/// let written = serde_json::to_string(&job)?;
/// assert_eq!(serde_json::from_str::<gong_crm::ledger::Job>(&written)?, job);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Job {
    /// The id under which Gong keeps the upload.
    pub client_request_id: ClientRequestId,
    /// The integration it belongs to.
    pub integration_id: IntegrationId,
    /// What its records are.
    pub object_type: ObjectType,
    /// The file that the records come from; `-` is the standard input.
    pub source_path: PathBuf,
    /// Which upload of that file it is, from 1.
    pub piece: u32,
    /// The SHA-256 of the bytes that are sent, in hexadecimal digits.
    pub content_hash: String,
    /// How many bytes are sent.
    pub bytes: u64,
    /// How many records are sent.
    pub records: u64,
    /// How often this content has been given an id: once more than Gong called it failed.
    pub attempt: u32,
    /// How far it has come.
    pub state: JobState,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When the state changed last.
    pub updated_at: Timestamp,
    /// When it was known that Gong has finished with it.
    pub finished_at: Option<Timestamp>,
    /// What Gong said last, as JSON, or what went wrong, in words.
    pub answer: Option<String>,
    /// Where its bytes can be read again; none once its file has been reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<JobContent>,
}

impl Job {
    /// Whether something is still to be done or to be found out.
    pub fn is_unfinished(&self) -> bool {
        !matches!(self.state, JobState::Done | JobState::Failed)
    }

    /// Whether both are uploads of the same bytes: what is copied once, such as the standard input, is
    /// another file the next time.
    pub(crate) fn is_of_file_of(&self, other: &Self) -> bool {
        let place = |job: &Self| {
            let content = job.content.as_ref()?;
            Some((content.path.clone(), content.is_spooled))
        };
        self.integration_id == other.integration_id
            && self.object_type == other.object_type
            && self.source_path == other.source_path
            && place(self) == place(other)
    }

    /// Whether a push ended, or was killed, before it could report what became of the job's file.
    pub fn is_unreported(&self) -> bool {
        self.content.is_some()
    }
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// It will be sent; nothing of it has left.
    Planned,
    /// It is being sent; Gong may have it or not.
    Sending,
    /// Gong has it.
    Accepted,
    /// Gong works on it.
    Processing,
    /// Gong took every record.
    Done,
    /// Gong refused some records, or all.
    Failed,
    /// The tries are used up, and whether Gong has it is not known.
    Unknown,
}

impl JobState {
    /// Every state, in the order in which they come.
    pub const ALL: [Self; 7] = [
        Self::Planned,
        Self::Sending,
        Self::Accepted,
        Self::Processing,
        Self::Done,
        Self::Failed,
        Self::Unknown,
    ];

    /// The state in one word, such as `processing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The state that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl serde::Serialize for JobState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for JobState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_word(&word).ok_or_else(|| {
            serde::de::Error::custom(format!("{word:?} is not a state that a job can be in"))
        })
    }
}

/// Keeps jobs, as an app's own database can: a row for each, with the integration's id and the
/// request's as its key, a number that counts rows, and the [`Job`] as a JSON document. The example
/// `own_ledger` does that.
///
/// Every method may block for a moment; pushes call them where that does no harm.
pub trait Ledger: fmt::Debug + Send + Sync {
    /// Keeps other pushes away until the lock is dropped, if nobody else holds it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Held`] while another push holds it.
    fn try_lock(&self) -> Result<LedgerLock, LedgerError>;

    /// Writes jobs, new or changed, by integration and id: all or none. On return they would
    /// outlive a loss of power, if this ledger outlives anything.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when nothing could be written.
    fn record(&self, jobs: &[Job]) -> Result<(), LedgerError>;

    /// The job with this id.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when it can't be read.
    fn job(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Job>, LedgerError>;

    /// Every job, in the order in which they were planned.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when they can't be read.
    fn jobs(&self) -> Result<Vec<Job>, LedgerError>;

    /// The jobs of which something is still to be done or to be reported, in the order in which they
    /// were planned.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when they can't be read.
    fn open_jobs(&self) -> Result<Vec<Job>, LedgerError> {
        let mut jobs = self.jobs()?;
        jobs.retain(|job| job.is_unfinished() || job.is_unreported());
        Ok(jobs)
    }

    /// A folder of the ledger's own for what no file on disk holds as it is sent: the standard input
    /// and unpacked files. Pushes remove from it what no open job needs. Without one, such uploads
    /// can't be sent again by another process.
    fn spool_folder(&self) -> Option<PathBuf> {
        None
    }

    /// Takes a job out that was planned and never sent.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when nothing could be written.
    fn forget(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<(), LedgerError>;

    /// Notes that one call was made, for the day's budget.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when nothing could be written.
    fn count_call(&self, at: Timestamp) -> Result<(), LedgerError>;

    /// How many calls were made since then, give or take those of a minute.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when they can't be read.
    fn calls_since(&self, since: Timestamp) -> Result<u64, LedgerError>;
}

/// Keeps other pushes away from a ledger until it is dropped.
pub struct LedgerLock(
    #[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>,
);

impl LedgerLock {
    /// A lock that ends when this value is dropped.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for LedgerLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LedgerLock")
    }
}

/// Who holds a ledger, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process.
    pub pid: Option<u32>,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(formatter, "process {pid}")?,
            None => formatter.write_str("another process")?,
        }
        match self.since {
            Some(since) => write!(formatter, ", since {since}"),
            None => Ok(()),
        }
    }
}

/// Why a ledger can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// It can't be read or written.
    #[error("the ledger {} can't be used: {source}", path.display())]
    Storage {
        /// Where it is.
        path: PathBuf,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A later version of this crate wrote it.
    #[error(
        "the ledger {} was written by a later version (format {version}): update, or name another \
         ledger",
        path.display()
    )]
    Newer {
        /// Where it is.
        path: PathBuf,
        /// Its format.
        version: i64,
    },
    /// Another push is under way.
    #[error("another push is under way with this ledger ({0}): wait for its end, or stop it")]
    Held(Holder),
}

impl LedgerError {
    /// The error for a ledger that can't be read or written.
    pub fn storage(
        path: impl AsRef<Path>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Storage {
            path: path.as_ref().to_path_buf(),
            source: source.into(),
        }
    }
}

#[cfg(test)]
mod tests;
