//! What became of one upload, and what it means for the files that its records came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gong_client::error::Error;

use super::report::{FileReport, RecordError, Status, UploadReport};
use crate::ObjectType;
use crate::ledger::{Pending, RecordOutcome, Upload, UploadState};
use crate::named::some_of;

/// What became of an upload.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) upload: Upload,
    /// The number of the upload that was to be brought to its end: another than that of `upload` if
    /// that one was lost and its content was sent again.
    pub(super) number: u64,
    pub(super) status: Status,
    pub(super) reason: String,
    pub(super) cause: Option<Arc<Error>>,
    /// What became of its records, by the place of the source in the upload.
    pub(super) sources: BTreeMap<u32, OfSource>,
    /// Uploads that were made to find out which of its records Gong rejects.
    pub(super) searches: Vec<Upload>,
    /// Whether more of them are needed than calls are left for today.
    pub(super) waits_for_search: bool,
    /// Whether it is not sent because another upload has no verdict.
    pub(super) waits: bool,
}

/// What became of the records of one source in one upload.
#[derive(Debug, Default)]
pub(super) struct OfSource {
    pub(super) records: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) held_back: u64,
    pub(super) uncertain: u64,
    pub(super) unconfirmed: u64,
    errors: Vec<RecordError>,
}

/// What became of a record: the outcome, Gong's reason, and the upload and line that say so.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_field_names,
    reason = "the type is what became of a record, the field its kind"
)]
pub(super) struct Outcome {
    pub(super) outcome: RecordOutcome,
    pub(super) reason: String,
    pub(super) upload: u64,
    pub(super) line: usize,
    /// Whether it is uncertain and not tried any more.
    pub(super) is_unconfirmed: bool,
}

/// An upload without a verdict: all of its records are open. Where they could not be read from the
/// ledger, each of its sources is open all the same.
pub(super) fn unfinished(
    upload: Upload,
    status: Status,
    reason: String,
    pending: &[Pending],
) -> Ended {
    let mut sources: BTreeMap<u32, OfSource> = BTreeMap::new();
    for pending in pending.iter().filter(|pending| !pending.is_replacement()) {
        sources.entry(pending.source).or_default().records += 1;
    }
    if pending.is_empty() {
        let is_only = upload.sources.len() == 1;
        for source in 0..u32::try_from(upload.sources.len()).unwrap_or(u32::MAX) {
            let of_source = sources.entry(source).or_default();
            of_source.records = if is_only { upload.records } else { 0 };
        }
    }
    Ended {
        reason,
        sources,
        ..Ended::without_records(upload, status)
    }
}

/// How many records the reason names why an upload is not sent.
const NAMED: usize = 3;

/// An upload that waits for another one.
pub(super) fn unsent(upload: Upload, reason: &str, pending: &[Pending]) -> Ended {
    let names = some_of(pending.iter().map(|pending| &pending.object_id), NAMED);
    let reason = format!("not sent: {names}: {reason}");
    Ended {
        waits: true,
        ..unfinished(upload, Status::NotSent, reason, pending)
    }
}

impl Ended {
    /// The end of an upload that has its verdict, from what became of each record. The reason is that
    /// of the upload as a whole.
    pub(super) fn of_verdict(
        upload: &Upload,
        pending: &[Pending],
        reason: &str,
        outcomes: &[Outcome],
        searches: Vec<Upload>,
    ) -> Self {
        let mut sources: BTreeMap<u32, OfSource> = BTreeMap::new();
        let (mut open, mut not_accepted, mut rejected) = (0_u64, 0_u64, 0_u64);
        for (pending, outcome) in pending.iter().zip(outcomes) {
            // What becomes of the user, the upload with the new address says: Gong also rejects the
            // deletion of a user that it does not have.
            let is_judged = outcome.outcome != RecordOutcome::NotAccepted;
            if pending.is_replacement() && is_judged {
                continue;
            }
            let of_source = sources.entry(pending.source).or_default();
            of_source.records += 1;
            let (count, sum) = match outcome.outcome {
                RecordOutcome::Accepted => {
                    of_source.accepted += 1;
                    continue;
                }
                RecordOutcome::NotAccepted => {
                    not_accepted += 1;
                    continue;
                }
                RecordOutcome::Rejected => (&mut of_source.rejected, &mut rejected),
                RecordOutcome::Uncertain if outcome.is_unconfirmed => {
                    (&mut of_source.unconfirmed, &mut rejected)
                }
                RecordOutcome::Uncertain => (&mut of_source.uncertain, &mut open),
            };
            *count += 1;
            *sum += 1;
            let by = searches
                .iter()
                .find(|search| search.number == outcome.upload);
            of_source.errors.push(RecordError {
                client_request_id: Some(by.unwrap_or(upload).client_request_id.clone()),
                line: outcome.line as u64,
                source_line: pending.line,
                object_id: Some(pending.object_id.clone()),
                description: outcome.reason.clone(),
            });
        }
        let (status, reason) = if open > 0 {
            (Status::Unknown, reason)
        } else if not_accepted > 0 {
            (Status::Failed, reason)
        } else if rejected > 0 {
            (Status::Partial, "")
        } else {
            (Status::Done, "")
        };
        Self {
            reason: reason.to_owned(),
            sources,
            searches,
            ..Self::without_records(upload.clone(), status)
        }
    }

    /// Whether its records have no verdict.
    pub(super) fn is_open(&self) -> bool {
        matches!(
            self.status,
            Status::NotSent | Status::TimedOut | Status::Unknown | Status::Canceled
        )
    }

    /// The end of an upload that had its verdict before the push was stopped, from the counts of the
    /// ledger.
    pub(super) fn concluded(upload: Upload) -> Self {
        let status = match upload.state {
            UploadState::Failed => Status::Failed,
            _ if upload.accepted == upload.records => Status::Done,
            _ if upload.accepted + upload.rejected == upload.records => Status::Partial,
            _ => Status::Unknown,
        };
        let mut sources = BTreeMap::new();
        if upload.sources.len() == 1 {
            let of_source = OfSource {
                records: upload.records,
                accepted: upload.accepted,
                rejected: upload.rejected,
                ..OfSource::default()
            };
            sources.insert(0, of_source);
        }
        Self {
            sources,
            ..Self::without_records(upload, status)
        }
    }

    /// The end of an upload of whose records nothing is to be said.
    pub(super) fn without_records(upload: Upload, status: Status) -> Self {
        Self {
            number: upload.number,
            upload,
            status,
            reason: String::new(),
            cause: None,
            sources: BTreeMap::new(),
            searches: Vec::new(),
            waits_for_search: false,
            waits: false,
        }
    }

    pub(super) fn add_held(&mut self, held: &[(Pending, String)]) {
        for (pending, reason) in held {
            let of_source = self.sources.entry(pending.source).or_default();
            of_source.held_back += 1;
            let id = Some(pending.object_id.clone());
            let error = RecordError::unsent(pending.line, id, reason.clone());
            of_source.errors.push(error);
        }
    }
}

/// Where the records of each type and path are among the reports: one export may hold records of
/// several types.
#[derive(Debug)]
pub(super) struct Places(HashMap<(ObjectType, String), usize>);

impl Places {
    pub(super) fn new(files: &[FileReport]) -> Self {
        let files = files.iter().enumerate();
        let named = |(place, file): (usize, &FileReport)| {
            let path = file.path.to_string_lossy().into_owned();
            ((file.object_type, path), place)
        };
        Self(files.map(named).collect())
    }

    fn of(&self, object_type: ObjectType, path: &str) -> Option<usize> {
        self.0.get(&(object_type, path.to_owned())).copied()
    }
}

impl Ended {
    /// Whether something of a source is not in Gong as it was given, or nobody knows.
    fn is_short_of(&self, of_source: &OfSource) -> bool {
        self.is_open() || of_source.accepted < of_source.records || of_source.held_back > 0
    }
}

/// Adds reports of sources that are none of a round's files: of uploads of earlier rounds and of pushes,
/// of which something is not in Gong.
pub(super) fn add_sources(files: &mut Vec<FileReport>, ended: &[Ended]) {
    let places = Places::new(files);
    let mut added: BTreeSet<(ObjectType, &String)> = BTreeSet::new();
    for ended in ended {
        let object_type = ended.upload.object_type;
        for (source, of_source) in &ended.sources {
            let Some(path) = ended.upload.sources.get(*source as usize) else {
                continue;
            };
            let is_known = places.of(object_type, path).is_some();
            if !is_known && ended.is_short_of(of_source) && added.insert((object_type, path)) {
                files.push(FileReport::new(path.into(), object_type));
            }
        }
    }
}

/// Adds what became of an upload to the reports of the files its records came from.
pub(super) fn add(files: &mut [FileReport], places: &Places, ended: &Ended) {
    let upload = &ended.upload;
    for (source, of_source) in &ended.sources {
        let path = upload.sources.get(*source as usize);
        let Some(place) = path.and_then(|path| places.of(upload.object_type, path)) else {
            continue;
        };
        let file = &mut files[place];
        file.accepted += of_source.accepted;
        file.rejected += of_source.rejected;
        file.held_back += of_source.held_back;
        file.uncertain += of_source.uncertain;
        file.unconfirmed += of_source.unconfirmed;
        file.waits_for_search |= of_source.uncertain > 0 && ended.waits_for_search;
        file.errors.extend(of_source.errors.iter().cloned());
        // Also where the ledger could not say which records it holds.
        if of_source.records > 0 || ended.is_open() {
            file.uploads.push(UploadReport {
                records: of_source.records,
                accepted: of_source.accepted,
                rejected: of_source.rejected,
                ..UploadReport::new(upload, ended.status)
            });
        }
        if !ended.reason.is_empty() {
            file.reason.get_or_insert_with(|| ended.reason.clone());
        }
    }
    // A search that has no verdict yet is resumed as every other upload.
    let searches = ended.searches.iter();
    for search in searches.filter(|search| search.state.is_open()) {
        let sources = search.sources.iter();
        for place in sources.filter_map(|source| places.of(search.object_type, source)) {
            files[place].uploads.push(UploadReport {
                records: search.records,
                ..UploadReport::new(search, Status::TimedOut)
            });
        }
    }
}
