//! The plan of a push, before anything is written or sent.

use std::collections::BTreeMap;

use super::level::Level;
use super::plan::Share;
use super::reads::RoundPlan;
use super::report::{FileReport, Status};
use super::survey::Entry;
use crate::ObjectType;
use crate::ledger::{Action, Content, MissingParents, Names, NewUpload, Pending, Seconds, Upload};

/// A version of a record that is to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) entry: Entry,
    pub(super) action: Action,
    pub(super) step: u16,
    /// Whether a later version of the record is sent too.
    pub(super) is_followed: bool,
    pub(super) share: Share,
    /// Whether the ledger has an entry of it.
    pub(super) is_known: bool,
    /// The date of a version that is under way.
    pub(super) date_under_way: Option<Seconds>,
}

/// A record that is unchanged, and that Gong was sent without what it refers to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Orphan {
    pub(super) entry: Entry,
    pub(super) missing: MissingParents,
    /// When it was sent.
    pub(super) since: Seconds,
}

/// The plan of a push.
#[derive(Debug)]
pub(super) struct Plan {
    /// The uploads, each with its level; older ones that hold some of the records come along.
    pub(super) uploads: Vec<Planned>,
    /// The reports of the files, before anything is sent.
    pub(super) files: Vec<FileReport>,
    /// Records whose verdict is that of an older upload.
    pub(super) in_flight: Vec<InFlightRecord>,
    /// Sentences about the plan as a whole.
    pub(super) notes: Vec<String>,
    /// Whether the plan has errors that stop the push.
    pub(super) is_invalid: bool,
    /// Whether records are held back because others are not in Gong.
    pub(super) holds_dependents: bool,
    /// The changes in the ledger before anything is sent.
    pub(super) writes: Writes,
    /// The additional actions of a sync.
    pub(super) round: RoundPlan,
}

/// The changes that a plan makes in the ledger.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// The new uploads with their records.
    pub(super) new: Vec<NewUpload>,
    /// Names of fields, with those that are new.
    pub(super) names: Vec<Names>,
    /// Records that are held back, with the reasons.
    pub(super) held: BTreeMap<ObjectType, Vec<(Pending, String, Content)>>,
    /// Records that Gong has as they are, after a version that it rejected.
    pub(super) settled: Vec<(ObjectType, String)>,
    /// Uploads of earlier pushes that were not sent, with their records and the places of those that
    /// this push does not name.
    pub(super) overtaken: Vec<(Upload, Vec<Pending>, Vec<usize>)>,
}

/// An upload of a plan.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) upload: Upload,
    pub(super) level: Level,
    /// Whether an earlier push planned it, so that it may be overtaken.
    pub(super) is_older: bool,
}

/// A record that an older upload has as it is.
#[derive(Debug)]
pub(super) struct InFlightRecord {
    pub(super) file: usize,
    pub(super) object_type: ObjectType,
    pub(super) object_id: String,
    pub(super) hash: u64,
    pub(super) line: u64,
    pub(super) upload: u64,
    /// The place of its source in that upload.
    pub(super) source: u32,
}

impl Plan {
    /// How many records are sent.
    pub(super) fn records(&self) -> u64 {
        let new = self.uploads.iter().filter(|planned| !planned.is_older);
        new.map(|planned| planned.upload.records).sum()
    }

    /// How many bytes are sent.
    pub(super) fn bytes(&self) -> u64 {
        let new = self.uploads.iter().filter(|planned| !planned.is_older);
        new.map(|planned| planned.upload.bytes).sum()
    }

    /// The files of a push that sends nothing, because the check found errors.
    pub(super) fn invalid_files(mut self) -> Vec<FileReport> {
        for file in &mut self.files {
            file.status = if file.errors.is_empty() {
                Status::NotSent
            } else {
                Status::Invalid
            };
            file.reason = Some("the check found errors, and nothing was sent".to_owned());
        }
        self.files
    }
}
