//! The plan of a push, before anything is written or sent.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::level::Level;
use super::plan::Share;
use super::reads::{Gone, RoundPlan, RoundType};
use super::report::{FileReport, RecordError, Status};
use super::survey::Entry;
use super::without_parents::{Orphan, WithoutParents};
use crate::ObjectType;
use crate::ledger::{
    Action, Content, GivenAgain, Names, NewUpload, Pending, Seconds, SentField, Upload,
};

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

/// The decisions about the records of one type.
#[derive(Debug)]
pub(super) struct TypePlan {
    pub(super) object_type: ObjectType,
    pub(super) chosen: Vec<Chosen>,
    /// Unchanged records that were sent without what they refer to.
    pub(super) orphans: Vec<Orphan>,
    /// Those for which it has not come.
    pub(super) without_parents: WithoutParents,
    /// How many versions the files hold.
    pub(super) records: u64,
    /// Whether the files hold no record at all.
    pub(super) is_empty: bool,
    /// Whether the ledger knows no record of the type: it is new, or an earlier one was lost.
    pub(super) is_first: bool,
    /// What a sync looks at besides.
    pub(super) round: RoundType,
    /// Vanished records that are deleted.
    pub(super) gone: Gone,
    pub(super) earlier: Earlier,
    /// The addresses of business users that come.
    pub(super) addresses: HashSet<u64>,
    pub(super) generations: HashMap<String, u32>,
    pub(super) names: Names,
}

impl TypePlan {
    /// A plan that sends nothing yet.
    pub(super) fn new(object_type: ObjectType, records: u64) -> Self {
        Self {
            object_type,
            records,
            chosen: Vec::new(),
            orphans: Vec::new(),
            without_parents: WithoutParents::default(),
            is_empty: false,
            is_first: false,
            round: RoundType::default(),
            gone: Gone::new(),
            earlier: Earlier::default(),
            addresses: HashSet::new(),
            generations: HashMap::new(),
            names: Names::default(),
        }
    }
}

/// The records that are sent and not deleted, by the hashes of their ids.
pub(super) fn upserted(types: &[TypePlan]) -> impl Iterator<Item = (ObjectType, u64)> {
    types.iter().flat_map(|of_type| {
        let chosen = of_type.chosen.iter();
        let upserted = chosen.filter(|chosen| chosen.action != Action::Delete);
        upserted.map(|chosen| (of_type.object_type, chosen.entry.id))
    })
}

/// What Gong will have been sent of records before the versions that are planned now.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// The fields of versions that are under way, by the hash of the id.
    pub(super) fields: HashMap<u64, Vec<SentField>>,
    /// The addresses of users before a version that follows another, by the hash of the id and the
    /// step of the version.
    pub(super) addresses: HashMap<(u64, u16), Option<u64>>,
}

/// The plan of a push.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Uploads of earlier pushes that are brought to their end with it, and before what they hold
    /// earlier versions of.
    pub(super) older: Vec<Upload>,
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
    /// Whether it names records of an upload that was given up, and that Gong may still process.
    pub(super) names_late: bool,
    pub(super) dates: Dates,
    /// The changes in the ledger before anything is sent.
    pub(super) writes: Writes,
    /// The additional actions of a sync.
    pub(super) round: RoundPlan,
}

/// Changed records whose `modifiedDate` is not later than one that Gong was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dates {
    /// How many dates were raised.
    pub(super) raised: u64,
    /// How many could not be raised, because they are the last date that there is.
    pub(super) last: u64,
    /// How many were not to be raised, although Gong may ignore versions that are not later.
    pub(super) kept: u64,
}

/// A record that is held back, with the reason.
pub(super) type HeldBack = (Pending, String, Content);

/// The changes that a plan makes in the ledger.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// The new uploads with their records.
    pub(super) new: Vec<NewUpload>,
    /// Names of fields, with those that are new.
    pub(super) names: Vec<Names>,
    /// Records that are held back, with the reasons.
    pub(super) held: BTreeMap<ObjectType, Vec<HeldBack>>,
    /// Records that Gong has as they are, after a version that it rejected.
    pub(super) settled: Vec<(ObjectType, String)>,
    /// Records that Gong has as they are, and that are given otherwise than before.
    pub(super) given: Vec<(ObjectType, BTreeMap<String, GivenAgain>)>,
    /// Uploads of earlier pushes that were not sent, with their records and the places of those that
    /// this push does not name.
    pub(super) overtaken: Vec<(Upload, Vec<Pending>, Vec<usize>)>,
}

/// An upload that is to be run.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) upload: Upload,
    /// Whether an earlier push planned it, so that it may be overtaken.
    pub(super) is_older: bool,
}

impl Planned {
    pub(super) fn older(upload: Upload) -> Self {
        Self {
            upload,
            is_older: true,
        }
    }

    pub(super) fn level(&self) -> Level {
        Level::of(&self.upload)
    }
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
    /// Whether it was sent without what it refers to, and Gong gets that with this push or has it by now.
    pub(super) parents_come: bool,
    /// The place of its source in that upload.
    pub(super) source: u32,
}

impl Plan {
    /// How many records of each type an older upload has as they are.
    pub(super) fn under_way(&self) -> BTreeMap<ObjectType, u64> {
        let mut under_way = BTreeMap::new();
        for record in &self.in_flight {
            *under_way.entry(record.object_type).or_default() += 1;
        }
        under_way
    }

    /// A plan that sends nothing yet.
    pub(super) fn new(files: Vec<FileReport>) -> Self {
        Self {
            files,
            ..Self::default()
        }
    }

    /// The uploads that this push makes.
    pub(super) fn new_uploads(&self) -> impl Iterator<Item = &Upload> {
        self.writes.new.iter().map(|new| &new.upload)
    }

    /// Holds a record of a file back, because one that it refers to is not in Gong.
    pub(super) fn hold_back(&mut self, file: usize, object_type: ObjectType, held: HeldBack) {
        let (pending, reason, _) = &held;
        let id = Some(pending.object_id.clone());
        let report = &mut self.files[file];
        report.held_back += 1;
        report
            .errors
            .push(RecordError::unsent(pending.line, id, reason.clone()));
        self.holds_dependents = true;
        self.keep_held(object_type, held);
    }

    /// Keeps the content of a record that is not sent.
    pub(super) fn keep_held(&mut self, object_type: ObjectType, held: HeldBack) {
        self.writes.held.entry(object_type).or_default().push(held);
    }

    /// Adds reports of what earlier rounds left. Lines without an id that are there once more are counted
    /// with their file.
    pub(super) fn leave(&mut self, mut left: Vec<FileReport>) {
        let held = self.writes.held.iter();
        let held: HashSet<(ObjectType, &str)> = held
            .flat_map(|(of, held)| {
                held.iter()
                    .map(|(of_held, ..)| (*of, of_held.object_id.as_str()))
            })
            .collect();
        for file in &mut left {
            let object_type = file.object_type;
            let count = file.errors.len();
            file.errors.retain(|error| {
                let id = error.object_id.as_deref();
                id.is_none_or(|id| !held.contains(&(object_type, id)))
            });
            let again = (count - file.errors.len()) as u64;
            file.records -= again.min(file.records);
            file.held_back -= again.min(file.held_back);
            file.settle();
        }
        left.retain(|file| file.records > 0);
        // Newer than what Gong has and was given again.
        let mut named = HashSet::new();
        for file in &left {
            let ids = file.errors.iter().filter_map(|of| of.object_id.clone());
            named.extend(ids.map(|id| (file.object_type, id)));
        }
        self.writes.settled.retain(|record| !named.contains(record));
        self.files.extend(left);
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
