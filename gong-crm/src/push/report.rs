//! What became of a push: for each file and in total.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use gong_client::Error;
use gong_records::ObjectType;
use gong_records::check::Finding;
use gong_records::ids::ClientRequestId;

/// The outcome of a push.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// The outcome in one word.
    pub verdict: Verdict,
    /// Whether the push was stopped before its end.
    pub is_canceled: bool,
    /// What became of each file, in the order in which they were to go.
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
    /// At least one file failed whole, or was not sent.
    Failed,
    /// The check found errors, and nothing was sent.
    Invalid,
    /// Gong had not finished when the waiting ended.
    TimedOut,
    /// Whether Gong took a file is not known.
    Unknown,
}

/// What became of one file.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// What its records are.
    pub object_type: ObjectType,
    /// The id of the upload, or of the first of several; none if the file could not be read.
    pub client_request_id: Option<ClientRequestId>,
    /// The outcome.
    pub status: FileStatus,
    /// Whether this push sent anything of the file; otherwise Gong had the same content before.
    pub sent: bool,
    /// When Gong was known to have finished with it, if that was before this push.
    pub done_at: Option<Timestamp>,
    /// The records in the file.
    pub records: u64,
    /// The records that Gong took.
    pub succeeded: u64,
    /// The records that Gong refused, and those that the check left out.
    pub failed: u64,
    /// Errors that Gong counted and did not list: it lists 20 an upload.
    pub hidden_errors: u64,
    /// Why the search for hidden errors ended before all were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_stopped_because: Option<String>,
    /// The errors that Gong listed, or that the check found if nothing was sent for them, by line of
    /// the file.
    pub errors: Vec<RecordError>,
    /// The uploads that the file made.
    pub uploads: Vec<UploadReport>,
    /// The file with the refused records, if one was written.
    pub rejects: Option<PathBuf>,
    /// Why the file was not sent, or not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_sent_because: Option<String>,
    /// What went wrong outside the file.
    #[serde(skip)]
    pub cause: Option<Arc<Error>>,
    /// The same, in words.
    #[serde(rename = "error", skip_serializing_if = "Option::is_none")]
    pub(super) cause_text: Option<String>,
}

/// What became of one upload.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UploadReport {
    /// Its id.
    pub client_request_id: ClientRequestId,
    /// Which upload of the file it is, from 1.
    pub piece: u32,
    /// The outcome.
    pub status: FileStatus,
    /// The records that it holds.
    pub records: u64,
    /// The records of it that Gong took.
    pub succeeded: u64,
    /// The records of it that Gong refused.
    pub failed: u64,
    /// Whether resuming would do more about it.
    #[serde(skip)]
    pub(super) is_unfinished: bool,
}

/// The outcome of one file, or of one upload.
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
    /// The check found errors, and nothing was sent.
    Invalid,
    /// Gong has it; nobody waited for the end.
    Accepted,
    /// Gong had not finished when the time was up.
    TimedOut,
    /// Whether Gong took it is not known.
    Unknown,
    /// It was not sent.
    NotSent,
}

/// A line that Gong refused, or that the check found bad before, with its record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RecordError {
    /// The line of the upload, from 1; 0 concerns the whole upload. Where the check found it, nothing
    /// was uploaded, and it is the line of the file.
    pub line: u64,
    /// Which upload of the file it stood in, from 1; 0 where the check found it.
    pub piece: u32,
    /// The line of the file that was named; of what was unpacked, if it is compressed.
    pub source_line: u64,
    /// The record's id, where the line has one.
    pub object_id: Option<String>,
    /// Gong's words, or the check's.
    pub description: String,
}

impl RecordError {
    /// What the check found, before anything was sent.
    pub(super) fn found(finding: &Finding) -> Self {
        Self {
            line: finding.line,
            piece: 0,
            source_line: finding.line,
            object_id: finding.object_id.clone(),
            description: finding.message.clone(),
        }
    }
}

impl FileReport {
    pub(super) fn new(path: PathBuf, object_type: ObjectType, status: FileStatus) -> Self {
        Self {
            path,
            object_type,
            client_request_id: None,
            status,
            sent: false,
            done_at: None,
            records: 0,
            succeeded: 0,
            failed: 0,
            hidden_errors: 0,
            search_stopped_because: None,
            errors: Vec::new(),
            uploads: Vec::new(),
            rejects: None,
            not_sent_because: None,
            cause: None,
            cause_text: None,
        }
    }

    pub(super) fn with_cause(mut self, cause: Arc<Error>) -> Self {
        self.cause_text = Some(cause.to_string());
        self.cause = Some(cause);
        self
    }
}

impl Report {
    pub(super) fn new(files: Vec<FileReport>, is_canceled: bool) -> Self {
        let worst = files.iter().map(|file| verdict(file.status)).max();
        let partial = files.iter().any(|file| file.succeeded > 0);
        let verdict = match worst {
            // Some records arrived and some did not, whichever files they stood in.
            Some(Verdict::Failed) if partial => Verdict::Partial,
            Some(verdict) => verdict,
            None => Verdict::Done,
        };
        Self {
            verdict,
            is_canceled,
            files,
        }
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
        self.files.iter().find_map(|file| file.cause.as_deref())
    }

    /// The uploads of which something is still to be done or to be found out: resuming does it.
    pub fn unfinished(&self) -> Vec<&ClientRequestId> {
        let uploads = self.files.iter().flat_map(|file| &file.uploads);
        uploads
            .filter(|upload| upload.is_unfinished)
            .map(|upload| &upload.client_request_id)
            .collect()
    }
}

fn verdict(status: FileStatus) -> Verdict {
    match status {
        FileStatus::Done => Verdict::Done,
        FileStatus::Partial => Verdict::Partial,
        FileStatus::Failed | FileStatus::NotSent => Verdict::Failed,
        FileStatus::Invalid => Verdict::Invalid,
        FileStatus::Accepted | FileStatus::TimedOut => Verdict::TimedOut,
        FileStatus::Unknown => Verdict::Unknown,
    }
}

/// The outcome of a file by those of its uploads.
pub(super) fn status_of(uploads: &[FileStatus]) -> FileStatus {
    let any = |status| uploads.contains(&status);
    for open in [
        FileStatus::Unknown,
        FileStatus::TimedOut,
        FileStatus::Accepted,
    ] {
        if any(open) {
            return open;
        }
    }
    if uploads.iter().all(|status| *status == FileStatus::Done) {
        return FileStatus::Done;
    }
    if any(FileStatus::Partial) || any(FileStatus::Done) {
        return FileStatus::Partial;
    }
    if any(FileStatus::Failed) {
        FileStatus::Failed
    } else {
        FileStatus::NotSent
    }
}
