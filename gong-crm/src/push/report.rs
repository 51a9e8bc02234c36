//! What became of a push: for each file and in total.

use std::path::PathBuf;

use crate::entity::ObjectType;
use crate::error::Error;
use crate::id::ClientRequestId;

/// The outcome of a push.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// The outcome in one word.
    pub verdict: Verdict,
    /// What became of each file, in the order in which they went.
    pub files: Vec<FileReport>,
}

/// The outcome in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Gong took every record.
    Done,
    /// Gong refused some records.
    Partial,
    /// At least one file failed whole.
    Failed,
    /// Gong had not finished when the time was up.
    TimedOut,
    /// Whether Gong took a file is not known.
    Unknown,
}

/// What became of one file.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// What its records are.
    pub object_type: ObjectType,
    /// The id of the upload; none if the file could not be read.
    pub client_request_id: Option<ClientRequestId>,
    /// The outcome.
    pub status: FileStatus,
    /// Whether this push sent the file; otherwise Gong had the same content before.
    pub sent: bool,
    /// The records in the file.
    pub records: u64,
    /// The records that Gong took.
    pub succeeded: u64,
    /// The records that Gong refused.
    pub failed: u64,
    /// Errors that Gong counted and did not list: it lists 20.
    pub hidden_errors: u64,
    /// The errors that Gong listed.
    pub errors: Vec<RecordError>,
    /// What went wrong outside the file.
    #[serde(skip)]
    pub cause: Option<Error>,
    /// The same, in words.
    #[serde(rename = "error", skip_serializing_if = "Option::is_none")]
    pub(super) cause_text: Option<String>,
}

/// The outcome of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FileStatus {
    /// Gong took every record.
    Done,
    /// Gong took some records and refused others.
    Partial,
    /// Gong took nothing.
    Failed,
    /// Gong had not finished when the time was up.
    TimedOut,
    /// Whether Gong took the file is not known.
    Unknown,
    /// The file was not sent, because no call could succeed any more.
    NotSent,
}

/// A line that Gong refused, with its record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RecordError {
    /// The line of the uploaded file, from 1; 0 concerns the whole file.
    pub line: u64,
    /// The line of the file that was named.
    pub source_line: u64,
    /// The record's id, where the line has one.
    pub object_id: Option<String>,
    /// Gong's words.
    pub description: String,
}

impl FileReport {
    pub(super) fn new(path: PathBuf, object_type: ObjectType, status: FileStatus) -> Self {
        Self {
            path,
            object_type,
            client_request_id: None,
            status,
            sent: false,
            records: 0,
            succeeded: 0,
            failed: 0,
            hidden_errors: 0,
            errors: Vec::new(),
            cause: None,
            cause_text: None,
        }
    }

    pub(super) fn with_cause(mut self, cause: Error) -> Self {
        self.cause_text = Some(cause.to_string());
        self.cause = Some(cause);
        self
    }
}

impl Report {
    pub(super) fn new(files: Vec<FileReport>) -> Self {
        let worst = files.iter().map(|file| verdict(file.status)).max();
        let partial = files.iter().any(|file| file.succeeded > 0);
        let verdict = match worst {
            // Some records arrived and some did not, whichever files they stood in.
            Some(Verdict::Failed) if partial => Verdict::Partial,
            Some(verdict) => verdict,
            None => Verdict::Done,
        };
        Self { verdict, files }
    }

    /// The records in all files.
    pub fn records(&self) -> u64 {
        self.files.iter().map(|file| file.records).sum()
    }

    /// The records that Gong took.
    pub fn succeeded(&self) -> u64 {
        self.files.iter().map(|file| file.succeeded).sum()
    }

    /// The records that Gong refused.
    pub fn failed(&self) -> u64 {
        self.files.iter().map(|file| file.failed).sum()
    }

    /// The first failure that no file is to blame for, such as wrong credentials.
    pub fn cause(&self) -> Option<&Error> {
        self.files.iter().find_map(|file| file.cause.as_ref())
    }
}

fn verdict(status: FileStatus) -> Verdict {
    match status {
        FileStatus::Done => Verdict::Done,
        FileStatus::Partial => Verdict::Partial,
        FileStatus::Failed | FileStatus::NotSent => Verdict::Failed,
        FileStatus::TimedOut => Verdict::TimedOut,
        FileStatus::Unknown => Verdict::Unknown,
    }
}
