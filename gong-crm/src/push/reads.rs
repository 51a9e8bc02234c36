//! The reads that the records of a sync come from, and what a sync plans in addition to uploads.
//!
//! Without a [`Round`], a push plans its input and does not delete absent records.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::plan::InFlight;
use crate::ObjectType;
use crate::ledger::{
    Action, Current, Doubted, LastRead, LastTry, Milliseconds, RecordHash, RecordState,
    RefusedClaims, Upload,
};

/// The round that the records belong to.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    /// The scope's number; 0 while a plan only looks and the scope was never used.
    pub(crate) scope: u32,
    pub(crate) reads: BTreeMap<ObjectType, TypeRead>,
    /// All types that have a source, also if it was not read.
    pub(crate) sources: Vec<ObjectType>,
    pub(crate) max_deletions: Limit,
    pub(crate) max_changes: Limit,
    /// In how many complete reads a record must be absent before it is deleted.
    pub(crate) delete_after: u8,
    /// Delete records that others in the read still refer to.
    pub(crate) delete_referenced: bool,
    /// Deletions that an earlier round held back.
    pub(crate) held_before: Vec<Held>,
    /// Records whose deletion the user confirmed.
    pub(crate) confirmed: HashSet<(ObjectType, String)>,
    /// Where a type is named, only these of its records.
    pub(crate) only: BTreeMap<ObjectType, HashSet<String>>,
    /// The actions of a plan file, and no others.
    pub(crate) agreed: Option<Arc<Agreed>>,
}

impl Round {
    /// Whether the user confirmed the deletion of a record.
    pub(in crate::push) fn is_confirmed(&self, object_type: ObjectType, object_id: &str) -> bool {
        let key = (object_type, object_id.to_owned());
        self.confirmed.contains(&key)
    }
}

/// The facts about the read of one type.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct TypeRead {
    pub(crate) as_of: Milliseconds,
    /// Whether a record that is not in it should not be in Gong.
    pub(crate) is_complete: bool,
    /// Whether it should have been complete and is not.
    pub(crate) is_cut: bool,
    /// Whether it is another read than the last one, and not the same unchanged file.
    pub(crate) is_new: bool,
    /// Whether no complete read of it was before.
    pub(crate) is_first: bool,
    /// Whether its source gives now all records, now changes alone.
    pub(crate) alternates: bool,
    pub(crate) deletions: Deletions,
    /// Whether the source or its mapping changed since the last complete read, or since the last read of
    /// a source that only gives changes.
    pub(crate) is_redefined: bool,
    /// How many records the last complete read had, if it ended with a line break.
    pub(crate) ended_with_line: Option<u64>,
    /// The facts that are stored if the read is complete.
    pub(crate) last: LastRead,
}

impl TypeRead {
    /// Whether it has changes alone.
    pub(crate) fn gives_changes(&self) -> bool {
        !self.is_complete && !self.is_cut
    }

    /// Whether no read of its source is complete.
    pub(crate) fn is_of_changes(&self) -> bool {
        self.gives_changes() && !self.alternates
    }

    /// Whether it has changes alone, of a source that was read completely before and will be again:
    /// what is gone from the source was found then, and this read does not say whether it still is.
    pub(crate) fn follows_complete(&self) -> bool {
        self.gives_changes() && self.alternates && !self.is_first
    }

    /// Whether the scope owns what is sent of it: also a read that broke off is one of a source that
    /// holds all records of the scope, so that a later complete one says what is gone of them.
    pub(crate) fn owns(&self) -> bool {
        self.is_complete || self.is_cut
    }
}

/// What becomes of records that vanish from a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deletions {
    /// They are deleted, unless a limit is reached.
    #[default]
    WithinLimits,
    /// Each deletion is held back until the user confirms it.
    Ask,
    /// They stay in Gong.
    Never,
}

impl std::str::FromStr for Deletions {
    type Err = String;

    /// Reads `within-limits`, `ask` or `never`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "within-limits" => Ok(Self::WithinLimits),
            "ask" => Ok(Self::Ask),
            "never" => Ok(Self::Never),
            _ => Err(format!("`{text}` must be within-limits, ask or never")),
        }
    }
}

/// How many records of a type may be deleted, or changed, within 24 hours.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// For deletions the larger of 5 % of the type and 20; for changes none.
    #[default]
    Default,
    /// So many.
    Records(u64),
    /// So many of a hundred.
    Percent(f64),
    /// Any number; for deletions, this also lifts the limits that always hold.
    Unlimited,
}

impl std::str::FromStr for Limit {
    type Err = String;

    /// Reads a number, a number with `%`, or `unlimited`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` must be a number, a percentage such as 5%, or unlimited");
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        if let Some(percent) = text.strip_suffix('%') {
            let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
            return if (0.0..=100.0).contains(&percent) {
                Ok(Self::Percent(percent))
            } else {
                Err(wrong())
            };
        }
        text.parse().map(Self::Records).map_err(|_| wrong())
    }
}

/// Why the deletion of a record, or a change, is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HoldReason {
    /// By a limit: until the day is over, or the user confirms it.
    Limit(String),
    /// Something in the source speaks against it, or Gong rejected it.
    Finding(String),
    /// Its upload failed as a whole, and it is not time to try again.
    Waiting(String),
}

impl HoldReason {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Limit(text) | Self::Finding(text) | Self::Waiting(text) => text,
        }
    }
}

/// A deletion, or a change, that is held back.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) object_type: ObjectType,
    pub(crate) object_id: String,
    pub(crate) action: Action,
    pub(crate) reason: HoldReason,
}

/// One action of a plan, with all that a plan file keeps of it.
#[derive(Debug, Clone)]
pub(crate) struct PlannedAction {
    pub(crate) object_type: ObjectType,
    pub(crate) object_id: String,
    pub(crate) action: Action,
    /// The names of the fields that differ from the current version.
    pub(crate) fields: Vec<String>,
    pub(crate) reason: &'static str,
    pub(crate) basis: Basis,
}

/// What a plan file keeps of an action, so that it is done only as it was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    /// The hash of the compared form.
    pub(crate) hash: RecordHash,
    /// A hash of what the ledger knew of the record.
    pub(crate) row: u64,
}

/// An action that a plan file does not name as it is now, or that it names and that is not possible.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Skipped {
    pub(crate) object_type: ObjectType,
    pub(crate) object_id: String,
    /// Whether the plan file names the record.
    pub(crate) is_planned: bool,
}

/// The actions of a plan file: exactly these are done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agreed {
    pub(crate) actions: HashMap<(ObjectType, String), (Action, Basis)>,
    /// The deletions of which the user told the plan that they are confirmed.
    pub(crate) confirmed: HashSet<(ObjectType, String)>,
}

/// The additional plan of a sync.
#[derive(Debug, Default)]
pub(crate) struct RoundPlan {
    pub(crate) actions: Vec<PlannedAction>,
    /// How many uploads of earlier rounds have some of the actions.
    pub(crate) unsent: usize,
    pub(crate) held: Vec<Held>,
    pub(crate) types: BTreeMap<ObjectType, TypeCounts>,
    /// Types whose files can't be used, and why.
    pub(crate) unusable: Vec<(ObjectType, String)>,
    /// Actions that a plan file does not name as they are now.
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) writes: RoundWrites,
    /// Users who are deleted before they come with another address, or were deleted for that and
    /// are not back yet.
    pub(crate) returning_users: Vec<String>,
}

impl RoundPlan {
    /// Holds an action back.
    pub(in crate::push) fn hold(
        &mut self,
        object_type: ObjectType,
        object_id: String,
        action: Action,
        reason: HoldReason,
    ) {
        self.held.push(Held {
            object_type,
            object_id,
            action,
            reason,
        });
    }
}

/// The counts of one type.
#[derive(Debug, Default, Clone)]
pub(crate) struct TypeCounts {
    /// How many records the scope owned before.
    pub(crate) tracked: u64,
    /// How many records Gong has from a later read.
    pub(crate) newer: u64,
    /// Records of the read that were deleted in Gong after it.
    pub(crate) deleted_later: Vec<String>,
    /// Records that another scope owns.
    pub(crate) foreign: u64,
    /// How many versions of these Gong has as they are.
    pub(crate) foreign_unchanged: u64,
    /// The ids of some of these.
    pub(crate) foreign_named: String,
    /// Records that vanished and stay in Gong, as the source is set.
    pub(crate) kept: Vec<String>,
    /// Why the read does not count as complete although it should be.
    pub(crate) incomplete: Option<String>,
    /// Whether deletions are held back because the source changed.
    pub(crate) awaits_definition: bool,
    /// How many deletions the day's limit allows.
    pub(crate) allowed: Option<u64>,
    /// How many records there were a day ago, of which the limit is a part; 0 without deletions.
    pub(crate) limit_base: u64,
    /// How many deletions are of records that the ledger never had, which the limit does not count.
    pub(crate) never_sent: u64,
    /// Whether the files that were converted end with a line break.
    pub(crate) ends_with_line: bool,
}

/// The additional changes that a sync makes in the ledger.
#[derive(Debug, Default)]
pub(crate) struct RoundWrites {
    /// Records that the scope becomes the owner of.
    pub(crate) claims: Vec<(ObjectType, Vec<String>)>,
    /// Records that were absent once more.
    pub(crate) absent: Vec<(ObjectType, Vec<String>)>,
    /// Records that get another owner, and the scope that owns them then; 0 for none.
    pub(crate) handed: Vec<(ObjectType, u32, Vec<String>)>,
    /// What the read has of another scope's records.
    pub(crate) refused: Vec<(ObjectType, RefusedClaims)>,
    /// Records that Gong has only under the id of another one.
    pub(crate) released: Vec<(ObjectType, Vec<String>)>,
    /// Records that a confirmed deletion may delete, so that they are sent again after it.
    pub(crate) doubted: Vec<Doubted>,
    /// Uploads of earlier rounds that are planned again.
    pub(crate) dropped: Vec<Upload>,
}

/// A record that its scope owned and that the read does not hold.
#[derive(Debug, Clone)]
pub(crate) struct Absent {
    pub(crate) object_id: String,
    /// In how many complete reads before this one it was absent.
    pub(crate) times: u8,
    /// How many uploads with its versions must have their verdict first.
    pub(crate) step: u16,
    /// The last try to send something of it that failed, which may have been its deletion.
    pub(crate) last_try: Option<LastTry>,
}

/// The findings about the records of one type during the decisions.
#[derive(Debug, Default)]
pub(crate) struct RoundType {
    pub(crate) absent: Vec<Absent>,
    /// Vanished records that it is not time to delete.
    pub(crate) not_due: Vec<String>,
    pub(crate) claims: Vec<String>,
    /// Records that another scope owns, and whether the read marks them as deleted.
    pub(crate) refused: Vec<(String, bool)>,
    /// Vanished records that the source of another scope has, of which most is not its own; with the name
    /// of that scope.
    pub(crate) doubted: HashMap<String, String>,
    /// Stages of another scope that this one brings back without owning them.
    pub(crate) released: Vec<String>,
    /// Records that Gong never took and that are not in the source any more.
    pub(crate) dropped: Vec<String>,
    /// Records that Gong has from a push, and that no complete read has had.
    pub(crate) unclaimed: Vec<Absent>,
    /// Whether another scope owns records of the type.
    pub(crate) has_other_owner: bool,
    /// Records under way that were looked at.
    seen_in_flight: HashSet<String>,
    pub(crate) counts: TypeCounts,
}

impl RoundType {
    /// Looks at a record of the ledger that the read does not hold.
    pub(in crate::push) fn visit_absent(
        &mut self,
        round: &Round,
        read: &TypeRead,
        object_id: &str,
        state: &RecordState,
        under_way: Option<&InFlight>,
        is_held_back: bool,
    ) {
        let is_ours = round.scope != 0 && state.scope == round.scope;
        if !is_ours {
            // A version that is not known for sure may be there, too.
            let is_in_gong = !state.is_absent_from_gong();
            self.has_other_owner |= is_in_gong && state.scope != 0;
            if state.scope != 0 || is_held_back {
                return;
            }
            self.seen_in_flight
                .extend(under_way.map(|_| object_id.to_owned()));
            let is_coming = under_way.is_some_and(|under_way| !under_way.is_deletion);
            let is_going = under_way.is_some_and(|under_way| under_way.is_deletion);
            let is_later = state.as_of > read.as_of
                || under_way.is_some_and(|under_way| under_way.as_of > read.as_of);
            if (is_in_gong || is_coming) && !is_going && !is_later {
                self.unclaimed.push(Absent {
                    object_id: object_id.to_owned(),
                    times: 0,
                    step: under_way.map_or(0, |under_way| under_way.step.saturating_add(1)),
                    last_try: None,
                });
            }
            return;
        }
        if state.is_absent_from_gong() {
            let is_over = under_way.is_none() && !is_held_back && state.as_of <= read.as_of;
            if is_over && state.last_try.is_some() {
                self.dropped.push(object_id.to_owned());
            }
            return;
        }
        self.counts.tracked += 1;
        self.seen_in_flight
            .extend(under_way.map(|_| object_id.to_owned()));
        if is_held_back || under_way.is_some_and(|under_way| under_way.is_deletion) {
            return;
        }
        let is_newer = state.as_of > read.as_of
            || under_way.is_some_and(|under_way| under_way.as_of > read.as_of);
        if is_newer {
            self.counts.newer += 1;
            return;
        }
        self.absent.push(Absent {
            object_id: object_id.to_owned(),
            times: state.absent,
            step: under_way.map_or(0, |under_way| under_way.step.saturating_add(1)),
            last_try: state.last_try.clone().filter(|_| under_way.is_none()),
        });
    }

    /// Visits a record for which the ledger only knows that its first version is in flight.
    pub(in crate::push) fn visit_first_in_flight(
        &mut self,
        round: &Round,
        read: &TypeRead,
        object_id: &str,
        under_way: &InFlight,
    ) {
        let is_ours = round.scope != 0 && under_way.scope == round.scope;
        let is_seen = self.seen_in_flight.contains(object_id);
        let is_gone = !is_seen && !under_way.is_deletion && under_way.as_of <= read.as_of;
        if !is_gone || !(is_ours || under_way.scope == 0) {
            return;
        }
        let absent = Absent {
            object_id: object_id.to_owned(),
            times: 0,
            step: under_way.step.saturating_add(1),
            last_try: None,
        };
        if is_ours {
            self.counts.tracked += 1;
            self.absent.push(absent);
        } else {
            self.unclaimed.push(absent);
        }
    }

    /// Looks at a record that both the ledger and the read hold. Gives whether another scope owns
    /// it, so that this one leaves it alone. `is_retired` says that the other one has no use for it.
    pub(crate) fn visit_present(
        &mut self,
        round: &Round,
        read: &TypeRead,
        object_id: &str,
        state: &RecordState,
        is_retired: bool,
        is_deletion: bool,
    ) -> bool {
        // Whoever deleted a record no longer owns it.
        let has_owner = state.scope != 0 && state.scope != round.scope;
        if has_owner && !state.is_absent_from_gong() && !is_retired {
            self.counts.foreign += 1;
            self.has_other_owner = true;
            self.refused.push((object_id.to_owned(), is_deletion));
            return true;
        }
        if has_owner && is_retired && !read.is_complete {
            self.released.push(object_id.to_owned());
        }
        if !read.owns() {
            return false;
        }
        if matches!(state.current, Current::Version | Current::Unknown) && state.scope != 0 {
            self.counts.tracked += 1;
        }
        if read.is_complete && (state.scope != round.scope || state.absent > 0) {
            self.claims.push(object_id.to_owned());
        }
        false
    }
}

/// Vanished records that are deleted.
pub(crate) type Gone = Vec<Absent>;
