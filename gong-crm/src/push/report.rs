//! The result of a push: for each file and in total.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_client::error::Error;
use serde::{Serialize, Serializer};

use crate::ledger::Upload;
use crate::{ClientRequestId, ObjectType};

/// The result of a push.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use = "a push that ended is not a push that succeeded: look at the verdict"]
pub struct Report {
    /// The verdict in one word.
    pub verdict: Verdict,
    /// The files, in the order of their types.
    pub files: Vec<FileReport>,
    /// Notes about the push as a whole.
    pub notes: Vec<String>,
    /// A failure that stopped everything: credentials, quota, no connection.
    #[serde(skip)]
    pub cause: Option<Arc<Error>>,
    /// Whether it was stopped before anything was planned.
    #[serde(skip)]
    is_unplanned: bool,
    /// Whether it ended before it was through.
    #[serde(skip)]
    is_stopped: bool,
}

/// The result of a push in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Every record is in Gong as given, or was waived.
    Done,
    /// Some records are rejected or held back; all others are in Gong.
    Partial,
    /// Something is held back by a limit; all else is in Gong or rejected.
    HeldBack,
    /// Something was not sent, or failed as a whole.
    Failed,
    /// The check found errors; nothing was sent.
    Invalid,
    /// Gong had not finished in time.
    TimedOut,
    /// Whether Gong has some records is not known.
    Unknown,
    /// The push was stopped before its end.
    Canceled,
}

impl Verdict {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::HeldBack => "held-back",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::TimedOut => "timed-out",
            Self::Unknown => "unknown",
            Self::Canceled => "canceled",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The result of one file or one upload. What matters more to people is later in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Gong had all of it before; nothing was sent.
    Unchanged,
    /// Gong has all of it.
    Done,
    /// Some records are rejected or held back.
    Partial,
    /// It failed as a whole, or all of it is rejected.
    Failed,
    /// The check found errors in it.
    Invalid,
    /// It was not sent.
    NotSent,
    /// Gong has it and had not finished in time.
    TimedOut,
    /// Whether Gong has some of it is not known.
    Unknown,
    /// The push was stopped before its verdict.
    Canceled,
}

impl Status {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::NotSent => "not-sent",
            Self::TimedOut => "timed-out",
            Self::Unknown => "unknown",
            Self::Canceled => "canceled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The result of one file.
///
/// `records` is the sum of `unchanged`, `accepted`, `rejected`, `unconfirmed`, `held_back`,
/// `superseded`, `waived`, and of records whose verdict is not known.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileReport {
    /// Its path, as it was named.
    #[serde(serialize_with = "path_text")]
    pub path: PathBuf,
    /// The type of its records.
    pub object_type: ObjectType,
    /// The status in one word.
    pub status: Status,
    /// The number of records in it.
    pub records: u64,
    /// The number of records that Gong had already, possibly in a newer version.
    pub unchanged: u64,
    /// How many Gong accepted.
    pub accepted: u64,
    /// How many Gong rejected, in this push or before.
    pub rejected: u64,
    /// How many were not sent: they are invalid, or refer to a record that is not in Gong.
    pub held_back: u64,
    /// How many are older versions of records that the push has in a newer one.
    pub superseded: u64,
    /// How many were rejected before and waived: they are not sent again until they change.
    pub waived: u64,
    /// How many the verdict does not cover. They are sent again.
    pub uncertain: u64,
    /// How many no verdict covered in three tries. They are not sent again until they change.
    pub unconfirmed: u64,
    /// How many wait for their next try, because their upload failed as a whole.
    #[serde(skip)]
    pub(super) waiting: u64,
    /// Whether uncertain records wait for calls for a search.
    #[serde(skip)]
    pub(super) waits_for_search: bool,
    /// The uploads that hold its records.
    pub uploads: Vec<UploadReport>,
    /// Its records that are not in Gong as they are.
    pub errors: Vec<RecordError>,
    /// Where its rejected records were written.
    #[serde(serialize_with = "optional_path_text")]
    pub rejects: Option<PathBuf>,
    /// Why something of it was not sent, or its verdict is not known.
    pub reason: Option<String>,
}

/// The part of an upload with the records of one file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UploadReport {
    /// Its id.
    pub client_request_id: ClientRequestId,
    /// The status of the whole upload in one word.
    pub status: Status,
    /// The number of records of the file in it.
    pub records: u64,
    /// The number of accepted records.
    pub accepted: u64,
    /// The number of rejected records.
    pub rejected: u64,
}

impl UploadReport {
    /// The report of an upload with none of its records.
    pub(super) fn new(upload: &Upload, status: Status) -> Self {
        Self {
            client_request_id: upload.client_request_id.clone(),
            status,
            records: 0,
            accepted: 0,
            rejected: 0,
        }
    }
}

/// A record that is not in Gong as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RecordError {
    /// The upload of the record; `None` if it was not sent.
    pub client_request_id: Option<ClientRequestId>,
    /// Its line in the upload, 1-based; 0 if it was not sent, which is `null` in JSON.
    #[serde(serialize_with = "known_line")]
    pub line: u64,
    /// Its line or row in the file, 1-based; 0 if it is not known, which is `null` in JSON.
    #[serde(serialize_with = "known_line")]
    pub source_line: u64,
    /// Its id, if it could be read.
    pub object_id: Option<String>,
    /// Gong's reason, or ours.
    pub description: String,
}

impl RecordError {
    /// Of a record that was not sent.
    pub(super) fn unsent(source_line: u64, object_id: Option<String>, description: String) -> Self {
        Self {
            client_request_id: None,
            line: 0,
            source_line,
            object_id,
            description,
        }
    }
}

// A path need not be Unicode, and its JSON must be there anyway.
fn path_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn optional_path_text<S: Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let text = path.as_ref().map(|path| path.to_string_lossy());
    text.serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn known_line<S: Serializer>(line: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    Some(*line).filter(|line| *line > 0).serialize(serializer)
}

/// A report whose verdict is [`Verdict::Done`], of a push or of a sync. It can be read like the report,
/// and unlike it can be dropped without a warning, since its success was looked at.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Done<R = Report>(pub(crate) R);

impl<R> Done<R> {
    /// The report itself.
    pub fn into_report(self) -> R {
        self.0
    }
}

impl<R> Deref for Done<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

/// A push that did not make Gong hold every record as it was given.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the push ended as {}: {} of {} records are in Gong", .0.verdict, .0.in_gong(), .0.records())]
pub struct NotDone(pub Box<Report>);

impl FileReport {
    pub(super) fn new(path: PathBuf, object_type: ObjectType) -> Self {
        Self {
            path,
            object_type,
            status: Status::Unchanged,
            records: 0,
            unchanged: 0,
            accepted: 0,
            rejected: 0,
            held_back: 0,
            superseded: 0,
            waived: 0,
            uncertain: 0,
            unconfirmed: 0,
            waiting: 0,
            waits_for_search: false,
            uploads: Vec::new(),
            errors: Vec::new(),
            rejects: None,
            reason: None,
        }
    }

    /// How many of its records a plan does not send, although Gong does not have them.
    pub(crate) fn not_sent(&self) -> u64 {
        self.held_back + self.rejected + self.unconfirmed + self.uncertain + self.waiting
    }

    /// Sets the status from the counts, unless it is already more severe.
    pub(super) fn settle(&mut self) {
        if self.waits_for_search {
            let reason = self.reason.get_or_insert_default();
            if !reason.contains(SEARCH_WAITS) {
                let separator = if reason.is_empty() { "" } else { "; " };
                *reason = format!("{reason}{separator}{SEARCH_WAITS}");
            }
        }
        let worst = self.uploads.iter().map(|upload| upload.status).max();
        let has_rejected = self.rejected + self.unconfirmed + self.held_back > 0;
        self.status = match worst.filter(|status| *status > Status::Partial) {
            Some(status) => status,
            None if self.uncertain > 0 => Status::Unknown,
            None if self.waiting > 0 => Status::NotSent,
            None if has_rejected && self.accepted + self.unchanged == 0 => Status::Failed,
            None if has_rejected => Status::Partial,
            None if self.accepted > 0 => Status::Done,
            None => Status::Unchanged,
        };
    }
}

/// Why uncertain records are not sent now.
const SEARCH_WAITS: &str = "the search for rejected records that Gong did not list has used its calls \
                            of the day: it goes on tomorrow, or now with --find-all-errors";

impl Report {
    pub(super) fn new(
        files: Vec<FileReport>,
        notes: Vec<String>,
        is_canceled: bool,
        cause: Option<Arc<Error>>,
    ) -> Self {
        let any = |status| files.iter().any(|file| file.status == status);
        let mut uploads = files.iter().flat_map(|file| &file.uploads);
        let has_whole_failure = uploads.any(|upload| upload.status == Status::Failed);
        let verdict = if is_canceled {
            Verdict::Canceled
        } else if any(Status::Unknown) {
            Verdict::Unknown
        } else if any(Status::TimedOut) {
            Verdict::TimedOut
        } else if any(Status::Invalid) {
            Verdict::Invalid
        } else if any(Status::NotSent) || has_whole_failure {
            Verdict::Failed
        } else if any(Status::Partial) || any(Status::Failed) {
            Verdict::Partial
        } else {
            Verdict::Done
        };
        Self {
            verdict,
            files,
            notes,
            is_stopped: is_canceled || cause.is_some(),
            cause,
            is_unplanned: false,
        }
    }

    /// One report of several pushes, in the order of their types.
    pub(super) fn joined(reports: Vec<Self>) -> Self {
        let mut joined = Self::new(Vec::new(), Vec::new(), false, None);
        for report in reports {
            joined.verdict = joined.verdict.max(report.verdict);
            joined.files.extend(report.files);
            joined.notes.extend(report.notes);
            joined.cause = joined.cause.or(report.cause);
            joined.is_stopped |= report.is_stopped;
        }
        joined.files.sort_by_key(|file| file.object_type);
        joined
    }

    /// The same for a push that something stopped. Where that is not an upload's own failure, no file
    /// says it: a ledger that can't be written any more.
    pub(super) fn stopped_by(mut self, failure: Option<&str>) -> Self {
        let Some(failure) = failure else {
            return self;
        };
        self.is_stopped = true;
        if matches!(self.verdict, Verdict::Done | Verdict::Partial) {
            self.verdict = Verdict::Failed;
        }
        let is_said = |file: &FileReport| {
            let reason = file.reason.as_deref();
            reason.is_some_and(|reason| reason.contains(failure))
        };
        if !self.files.iter().any(is_said) {
            self.notes.push(failure.to_owned());
        }
        self
    }

    /// Notes that Gong may not have a record any more.
    pub(super) fn doubt(&mut self, note: String) {
        if matches!(self.verdict, Verdict::Done | Verdict::Partial) {
            self.verdict = Verdict::Unknown;
        }
        self.notes.push(note);
    }

    /// Notes that Gong may have older versions of some records than it accepted.
    pub(crate) fn note_overwritten(&mut self) {
        self.verdict = self.verdict.max(Verdict::Unknown);
    }

    /// Notes uploads that somebody else finishes.
    pub(super) fn leave_out(&mut self, verdict: Verdict, notes: Vec<String>) {
        self.verdict = self.verdict.max(verdict);
        self.notes.extend(notes);
    }

    /// The report of a push that was stopped before anything is known.
    pub(super) fn canceled() -> Self {
        Self::new(Vec::new(), Vec::new(), true, None)
    }

    /// The report of a push that was stopped while its records were read or compared.
    pub(super) fn canceled_before_its_plan() -> Self {
        Self {
            is_unplanned: true,
            ..Self::canceled()
        }
    }

    /// Whether the push was stopped before anything was planned or sent: there is nothing to resume.
    pub fn is_unplanned(&self) -> bool {
        self.is_unplanned
    }

    /// Whether it ended before it was through, so that what would come after it is not begun.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    fn sum(&self, of: fn(&FileReport) -> u64) -> u64 {
        self.files.iter().map(of).sum()
    }

    /// How many records the files hold.
    pub fn records(&self) -> u64 {
        self.sum(|file| file.records)
    }

    /// How many records Gong accepted in this push.
    pub fn accepted(&self) -> u64 {
        self.sum(|file| file.accepted)
    }

    /// How many records Gong had already.
    pub fn unchanged(&self) -> u64 {
        self.sum(|file| file.unchanged)
    }

    /// How many records Gong rejected, in this push or before.
    pub fn rejected(&self) -> u64 {
        self.sum(|file| file.rejected)
    }

    /// How many records no verdict covered in three tries.
    pub fn unconfirmed(&self) -> u64 {
        self.sum(|file| file.unconfirmed)
    }

    /// Whether uncertain records wait until calls are free to search for those that Gong rejects, by
    /// [`Options::search_calls`](super::Options::search_calls).
    pub fn waits_for_search(&self) -> bool {
        self.files.iter().any(|file| file.waits_for_search)
    }

    /// How many records Gong has as they were given, or newer.
    pub fn in_gong(&self) -> u64 {
        self.accepted() + self.unchanged()
    }

    /// The uploads that [`resume`](crate::Client::resume) continues with: they have no verdict yet, or
    /// it leaves records open, or they failed as a whole.
    pub fn unfinished(&self) -> Vec<&ClientRequestId> {
        let open = |status| {
            matches!(
                status,
                Status::TimedOut
                    | Status::Unknown
                    | Status::NotSent
                    | Status::Canceled
                    | Status::Failed
            )
        };
        let uploads = self.files.iter().flat_map(|file| &file.uploads);
        let mut ids: Vec<&ClientRequestId> = uploads
            .filter(|upload| open(upload.status))
            .map(|upload| &upload.client_request_id)
            .collect();
        ids.sort_by_key(|id| id.as_str());
        ids.dedup();
        ids
    }

    /// The report, if every record is in Gong as given.
    ///
    /// # Errors
    ///
    /// [`NotDone`] with the report, for every verdict but [`Verdict::Done`].
    pub fn into_result(self) -> Result<Done<Self>, NotDone> {
        match self.verdict {
            Verdict::Done => Ok(Done(self)),
            _ => Err(NotDone(Box::new(self))),
        }
    }
}
