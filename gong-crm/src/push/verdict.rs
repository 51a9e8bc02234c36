//! From Gong's status of an upload to what it means for the file's records.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::delivery::{Delivered, Ending};
use super::lines::{Facts, each_line};
use super::report::{FileReport, FileStatus, RecordError, UploadReport, status_of};
use super::split::LineMap;
use gong_client::{Error, RequestState, RequestStatus};

/// What the ledger keeps of a status.
pub(super) fn status_as_json(status: &RequestStatus) -> String {
    serde_json::to_string(status).unwrap_or_default()
}

/// A status that the ledger kept, as far as it can be read.
pub(super) fn status_from_json(text: &str, state: RequestState) -> RequestStatus {
    let kept = serde_json::from_str(text);
    let mut status = kept.unwrap_or_else(|_| RequestStatus::new(state.clone()));
    status.status = state;
    status
}

/// What became of one upload, in terms of its file's lines.
#[derive(Debug)]
pub(super) struct PieceOutcome {
    pub(super) upload: UploadReport,
    pub(super) errors: Vec<RecordError>,
    pub(super) hidden_errors: u64,
    pub(super) sent: bool,
    pub(super) done_at: Option<jiff::Timestamp>,
    /// When Gong was known to have finished with it, in this push or before.
    pub(super) finished_at: Option<jiff::Timestamp>,
    pub(super) cause: Option<Arc<Error>>,
    pub(super) not_sent_because: Option<String>,
    /// An upload that looked for errors which Gong had not listed, and did not come to its end.
    pub(super) open_search: Option<UploadReport>,
    pub(super) search_stopped_because: Option<String>,
}

impl PieceOutcome {
    /// Of an upload that came to an end, or to none.
    pub(super) fn of(delivered: Delivered, lines: &LineMap) -> Self {
        let Delivered { job, ending, sent } = delivered;
        let is_unfinished = job.is_unfinished();
        let mut outcome = Self {
            upload: UploadReport {
                is_unfinished,
                client_request_id: job.client_request_id,
                piece: job.piece,
                status: FileStatus::Done,
                records: job.records,
                succeeded: 0,
                failed: 0,
            },
            errors: Vec::new(),
            hidden_errors: 0,
            sent,
            done_at: job.finished_at.filter(|_| !sent),
            finished_at: job.finished_at,
            cause: None,
            not_sent_because: None,
            open_search: None,
            search_stopped_because: None,
        };
        outcome.upload.status = match ending {
            Ending::Finished(status) => outcome.finished(&status, lines),
            Ending::Accepted => FileStatus::Accepted,
            Ending::TimedOut => FileStatus::TimedOut,
            Ending::Unknown(error) => {
                outcome.cause = Some(error);
                FileStatus::Unknown
            }
            Ending::Refused(error) => {
                outcome.cause = Some(error);
                FileStatus::Failed
            }
            Ending::NotSent(reason) => {
                outcome.not_sent_because = Some(reason);
                FileStatus::NotSent
            }
        };
        outcome
    }

    /// The statuses of the upload, and of one that searched it for errors.
    pub(super) fn statuses(&self) -> impl Iterator<Item = FileStatus> + use<> {
        let search = self.open_search.as_ref().map(|search| search.status);
        std::iter::once(self.upload.status).chain(search)
    }

    fn finished(&mut self, status: &RequestStatus, lines: &LineMap) -> FileStatus {
        let records = self.upload.records;
        let failed = status.status == RequestState::Failed;
        let whole = status.general_error().is_some();
        let errors = status
            .total_error_count
            .unwrap_or(status.errors.len() as u64);
        self.upload.succeeded = match status.total_success_count {
            Some(count) => count,
            None if failed => 0,
            None => records,
        };
        self.upload.failed = if failed && whole { records } else { errors };
        self.hidden_errors = status.unlisted_errors();
        let piece = self.upload.piece;
        self.errors = status
            .errors
            .iter()
            .map(|error| RecordError {
                line: error.line,
                piece,
                source_line: lines.source_line(error.line),
                object_id: None,
                description: error.description.clone(),
            })
            .collect();
        match (failed, whole || self.upload.succeeded == 0) {
            (false, _) => FileStatus::Done,
            (true, true) => FileStatus::Failed,
            (true, false) => FileStatus::Partial,
        }
    }
}

/// Puts the outcomes of a file's uploads into its report.
pub(super) fn summarize(report: &mut FileReport, outcomes: Vec<PieceOutcome>) {
    let statuses: Vec<FileStatus> = outcomes.iter().flat_map(PieceOutcome::statuses).collect();
    report.status = status_of(&statuses);
    report.done_at = outcomes.iter().filter_map(|outcome| outcome.done_at).max();
    for outcome in outcomes {
        report.sent |= outcome.sent;
        report.succeeded += outcome.upload.succeeded;
        report.failed += outcome.upload.failed;
        report.hidden_errors += outcome.hidden_errors;
        report.errors.extend(outcome.errors);
        report.not_sent_because = report.not_sent_because.take().or(outcome.not_sent_because);
        if let (None, Some(cause)) = (&report.cause, outcome.cause) {
            report.cause_text = Some(cause.to_string());
            report.cause = Some(cause);
        }
        report.search_stopped_because = report
            .search_stopped_because
            .take()
            .or(outcome.search_stopped_because);
        report.uploads.push(outcome.upload);
        report.uploads.extend(outcome.open_search);
    }
    if report.sent {
        report.done_at = None;
    }
    report.uploads.sort_by_key(|upload| upload.piece);
    report.client_request_id = report
        .uploads
        .first()
        .map(|upload| upload.client_request_id.clone());
    report
        .errors
        .sort_by_key(|error| (error.source_line, error.piece));
}

/// Looks up the ids of the records with errors.
pub(super) fn name_records(path: &Path, errors: &mut [RecordError]) -> io::Result<()> {
    let wanted: BTreeSet<u64> = errors.iter().map(|error| error.source_line).collect();
    let Some(last) = wanted.last().copied().filter(|last| *last > 0) else {
        return Ok(());
    };
    let mut ids = BTreeMap::new();
    each_line(path, |line| {
        if line.number <= last
            && wanted.contains(&line.number)
            && let Some(object_id) = Facts::of(line.bytes).object_id()
        {
            ids.insert(line.number, object_id);
        }
        Ok(())
    })?;
    for error in errors {
        error.object_id = ids.get(&error.source_line).cloned();
    }
    Ok(())
}
