//! What became of one upload, and what it means for the files that its records came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gong_client::error::Error;

use super::report::{FileReport, RecordError, Status, UploadReport};
use super::verdict::{Judgement, Rest};
use crate::ObjectType;
use crate::ledger::{Pending, RecordOutcome, Upload, UploadState};

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
    pub(super) counts: BTreeMap<u32, Counts>,
    pub(super) errors: Vec<(u32, RecordError)>,
    /// Uploads that were made to find out which of its records Gong rejects.
    pub(super) searches: Vec<Upload>,
    /// Whether more of them are needed than calls are left for today.
    pub(super) waits_for_search: bool,
}

/// Records of one file in one upload.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) records: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) held_back: u64,
    pub(super) uncertain: u64,
    pub(super) unconfirmed: u64,
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
    cause: Option<Arc<Error>>,
    pending: &[Pending],
) -> Ended {
    let mut counts: BTreeMap<u32, Counts> = BTreeMap::new();
    for pending in pending.iter().filter(|pending| !pending.is_replacement()) {
        counts.entry(pending.source).or_default().records += 1;
    }
    if pending.is_empty() {
        let is_only = upload.sources.len() == 1;
        for source in 0..u32::try_from(upload.sources.len()).unwrap_or(u32::MAX) {
            let records = if is_only { upload.records } else { 0 };
            let of_source = Counts {
                records,
                ..Counts::default()
            };
            counts.insert(source, of_source);
        }
    }
    Ended {
        reason,
        cause,
        counts,
        ..Ended::without_records(upload, status)
    }
}

impl Ended {
    /// The end of an upload that has its verdict, from what became of each record.
    pub(super) fn of_verdict(
        upload: &Upload,
        pending: &[Pending],
        judgement: &Judgement,
        outcomes: &[Outcome],
        searches: Vec<Upload>,
    ) -> Self {
        let mut counts: BTreeMap<u32, Counts> = BTreeMap::new();
        let mut errors = Vec::new();
        let (mut taken, mut open, mut not_accepted) = (0_u64, 0_u64, 0_u64);
        for (pending, outcome) in pending.iter().zip(outcomes) {
            // What becomes of the user, the upload with the new address says: Gong also rejects the
            // deletion of a user that it does not have.
            let is_judged = outcome.outcome != RecordOutcome::NotAccepted;
            if pending.is_replacement() && is_judged {
                taken += 1;
                continue;
            }
            let of_file = counts.entry(pending.source).or_default();
            of_file.records += 1;
            match outcome.outcome {
                RecordOutcome::Accepted => {
                    of_file.accepted += 1;
                    taken += 1;
                    continue;
                }
                RecordOutcome::Rejected => {
                    of_file.rejected += 1;
                    taken += 1;
                }
                RecordOutcome::Uncertain if outcome.is_unconfirmed => {
                    of_file.unconfirmed += 1;
                    taken += 1;
                }
                RecordOutcome::Uncertain => {
                    of_file.uncertain += 1;
                    open += 1;
                }
                RecordOutcome::NotAccepted => not_accepted += 1,
            }
            let by = searches
                .iter()
                .find(|search| search.number == outcome.upload);
            let error = RecordError {
                client_request_id: Some(by.unwrap_or(upload).client_request_id.clone()),
                line: outcome.line as u64,
                source_line: pending.line,
                object_id: Some(pending.object_id.clone()),
                description: outcome.reason.clone(),
            };
            if outcome.outcome != RecordOutcome::NotAccepted {
                errors.push((pending.source, error));
            }
        }
        let of_records = counts.values();
        let rejected: u64 = of_records.map(|of| of.rejected + of.unconfirmed).sum();
        let status = match judgement.rest {
            _ if open > 0 => Status::Unknown,
            Rest::NotAccepted if taken < pending.len() as u64 => Status::Failed,
            _ if not_accepted > 0 => Status::Failed,
            _ if rejected > 0 => Status::Partial,
            _ => Status::Done,
        };
        let reason = match status {
            Status::Failed | Status::Unknown => judgement.reason.clone(),
            _ => String::new(),
        };
        Self {
            number: upload.number,
            upload: upload.clone(),
            status,
            reason,
            cause: None,
            counts,
            errors,
            searches,
            waits_for_search: false,
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
        let mut counts = BTreeMap::new();
        if upload.sources.len() == 1 {
            let of_source = Counts {
                records: upload.records,
                accepted: upload.accepted,
                rejected: upload.rejected,
                ..Counts::default()
            };
            counts.insert(0, of_source);
        }
        Self {
            counts,
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
            counts: BTreeMap::new(),
            errors: Vec::new(),
            searches: Vec::new(),
            waits_for_search: false,
        }
    }

    pub(super) fn add_held(&mut self, held: &[(Pending, String)]) {
        for (pending, reason) in held {
            let counts = self.counts.entry(pending.source).or_default();
            counts.held_back += 1;
            let id = Some(pending.object_id.clone());
            let error = RecordError::unsent(pending.line, id, reason.clone());
            self.errors.push((pending.source, error));
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
    fn is_short_of(&self, counts: &Counts) -> bool {
        let Counts {
            records, accepted, ..
        } = *counts;
        self.is_open() || accepted < records || counts.held_back > 0
    }
}

/// Adds reports of sources that are none of a round's files: of uploads of earlier rounds and of pushes,
/// of which something is not in Gong.
pub(super) fn add_sources(files: &mut Vec<FileReport>, ended: &[Ended]) {
    let places = Places::new(files);
    let mut added: BTreeSet<(ObjectType, &String)> = BTreeSet::new();
    for ended in ended {
        let object_type = ended.upload.object_type;
        for (source, counts) in &ended.counts {
            let Some(path) = ended.upload.sources.get(*source as usize) else {
                continue;
            };
            let is_known = places.of(object_type, path).is_some();
            if !is_known && ended.is_short_of(counts) && added.insert((object_type, path)) {
                files.push(FileReport::new(path.into(), object_type));
            }
        }
    }
}

/// Adds what became of an upload to the reports of the files its records came from.
pub(super) fn add(files: &mut [FileReport], places: &Places, ended: &Ended) {
    let place_of = |source: u32| {
        let source = ended.upload.sources.get(source as usize)?;
        places.of(ended.upload.object_type, source)
    };
    for (source, counts) in &ended.counts {
        let Some(place) = place_of(*source) else {
            continue;
        };
        let file = &mut files[place];
        file.accepted += counts.accepted;
        file.rejected += counts.rejected;
        file.held_back += counts.held_back;
        file.uncertain += counts.uncertain;
        file.unconfirmed += counts.unconfirmed;
        file.waits_for_search |= counts.uncertain > 0 && ended.waits_for_search;
        // Also where the ledger could not say which records it holds.
        if counts.records > 0 || ended.is_open() {
            file.uploads.push(UploadReport {
                client_request_id: ended.upload.client_request_id.clone(),
                status: ended.status,
                records: counts.records,
                accepted: counts.accepted,
                rejected: counts.rejected,
            });
        }
        if !ended.reason.is_empty() {
            file.reason.get_or_insert_with(|| ended.reason.clone());
        }
    }
    // A search that has no verdict yet is resumed as every other upload.
    for search in ended
        .searches
        .iter()
        .filter(|search| search.state.is_open())
    {
        let places = search
            .sources
            .iter()
            .filter_map(|source| places.of(search.object_type, source));
        for place in places {
            files[place].uploads.push(UploadReport {
                client_request_id: search.client_request_id.clone(),
                status: Status::TimedOut,
                records: search.records,
                accepted: 0,
                rejected: 0,
            });
        }
    }
    for (source, error) in &ended.errors {
        if let Some(place) = place_of(*source) {
            files[place].errors.push(error.clone());
        }
    }
}
