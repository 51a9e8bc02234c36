//! The plan of a sync, before or after it was carried out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;

use gong_records::check::Finding;
use serde::Serialize;

use super::held::HeldDeletion;
use crate::ObjectType;
use crate::coverage::Coverage;
use crate::ledger::Action;
use crate::named::some_of;
use crate::push::FileReport;
use crate::push::reads::{Basis, HoldReason};
use crate::push::round::Preview;

/// The number of calls per upload: the upload, and two status checks.
const CALLS_PER_UPLOAD: u64 = 3;

/// The number of calls per upload of an earlier round, which needs only a status check.
const CALLS_PER_OLDER_UPLOAD: u64 = 1;

/// How many records a note names.
const NAMED: usize = 5;

/// What a sync is going to do.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SyncPlan {
    /// The types that have a source, in the order in which they are sent.
    pub types: Vec<TypeSummary>,
    /// Every record that is sent, deleted or held back.
    pub changes: Vec<PlannedChange>,
    /// The path of the list of held-back deletions.
    pub held_deletions: Option<PathBuf>,
    /// How many uploads there are.
    pub uploads: u64,
    /// The approximate number of calls for the uploads.
    pub calls: u64,
    /// Sources that could not be read, or were not complete although they should be.
    pub problems: Vec<SourceProblem>,
    /// Actions of a plan file that are not possible as planned any more, and records that it does not
    /// name.
    pub skipped: Vec<HeldDeletion>,
    /// Notes about the plan as a whole.
    pub notes: Vec<String>,
    /// The deals of the sources by their owners, and which of these are not active users of Gong; `None`
    /// before Gong's users were listed, which each first sync of a day and `gong-crm doctor` do.
    pub coverage: Option<Coverage>,
    /// How many errors the check of the sources found; 0 for the plan of a sync that was carried out.
    #[serde(skip)]
    pub errors: u64,
    /// The first of them, at most 50.
    #[serde(skip)]
    pub findings: Vec<Finding>,
    #[serde(skip)]
    pub(super) held: Vec<HeldDeletion>,
    /// The deletions that the user confirmed to the plan.
    #[serde(skip)]
    pub(super) confirmed: HashSet<(ObjectType, String)>,
    /// Whether a limit holds something back.
    #[serde(skip)]
    pub(super) is_limited: bool,
    /// Whether a finding about vanished records, or another owner, holds something back.
    #[serde(skip)]
    pub(super) has_findings: bool,
    /// Whether a deletion whose upload failed as a whole waits for its next try.
    #[serde(skip)]
    pub(super) is_waiting: bool,
    /// How many of the skipped actions a plan file names.
    #[serde(skip)]
    pub(super) outdated: usize,
    #[serde(skip)]
    pub(super) made_for: MadeFor,
}

/// What a plan was made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MadeFor {
    pub(super) ledger: String,
    pub(super) integration: String,
    pub(super) scope: String,
}

/// The numbers of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TypeSummary {
    /// The type.
    pub object_type: ObjectType,
    /// The number of records in the source.
    pub source: u64,
    /// The number of records that Gong does not have yet.
    pub new: u64,
    /// How many Gong has in another version.
    pub changed: u64,
    /// How many records vanished and are deleted, with those that the source marks as deleted.
    pub deleted: u64,
    /// How many Gong has as they are, or from a later read.
    pub unchanged: u64,
    /// How many are held back or rejected: findings, limits, rejections of earlier rounds.
    pub held_back: u64,
    /// How many wait for the verdict of an earlier upload, which has them as they are.
    pub under_way: u64,
    /// How many of the unchanged ones Gong has from a later read than this one.
    pub newer_in_gong: u64,
    /// How many records of the source were deleted in Gong after this read; they do not count as
    /// unchanged.
    pub deleted_in_gong: u64,
    /// How many records of the source another scope owns: they are skipped, and do not count as
    /// unchanged.
    pub of_other_scope: u64,
    /// How many vanished records stay in Gong because the source says that none is deleted.
    pub kept: u64,
    /// How many records the scope owned before, with those that were deleted within 24 hours if
    /// something is deleted now: the limit of deletions is a part of them.
    pub owned: u64,
    /// How many deletions the limit of the day allows; `null` for any number.
    pub allowed_deletions: Option<u64>,
    /// How many of the deletions the limit does not count: the source marks records as deleted that
    /// this ledger never sent.
    pub never_sent_deletions: u64,
    /// The name of the source.
    pub source_name: String,
}

/// What happens to one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedChange {
    /// The type of the record.
    pub object_type: ObjectType,
    /// Its id; `None` if it could not be read.
    pub object_id: Option<String>,
    /// What happens to it.
    pub action: PlanAction,
    /// The names of the fields that differ from the version in Gong.
    pub fields: Vec<String>,
    /// Why it is deleted or held back.
    pub reason: Option<String>,
    /// What a plan file keeps of it; `None` if it is held back.
    #[serde(skip)]
    pub(super) basis: Option<Basis>,
}

/// What happens to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlanAction {
    /// Gong does not have it yet.
    Create,
    /// Gong has another version.
    Update,
    /// It is deleted; a stage is deactivated.
    Delete,
    /// It is not sent or deleted now.
    HoldBack,
}

impl PlanAction {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::HoldBack => "hold-back",
        }
    }
}

impl fmt::Display for PlanAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A source that could not be read, or was not complete although it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SourceProblem {
    /// The type of its records.
    pub object_type: ObjectType,
    /// Its name.
    pub source: String,
    /// The problem and its effect.
    pub message: String,
    /// Whether a finding of the check is the reason, such as an open question of the mapping.
    #[serde(skip)]
    pub is_finding: bool,
}

impl SyncPlan {
    /// Whether anything would be sent or deleted.
    pub fn has_changes(&self) -> bool {
        self.changes.iter().any(|change| change.basis.is_some())
    }

    /// Whether Gong has another state than the sources, also where nothing would be sent because the
    /// difference is held back.
    pub fn has_differences(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether findings of the check make every source unusable, such as open questions of a mapping.
    pub fn is_unusable(&self) -> bool {
        let is_unusable = |of: &TypeSummary| {
            let mut problems = self.problems.iter();
            problems.any(|problem| problem.is_finding && problem.object_type == of.object_type)
        };
        self.calls == 0 && !self.types.is_empty() && self.types.iter().all(is_unusable)
    }

    /// The deletions that are held back.
    pub fn held_back_deletions(&self) -> &[HeldDeletion] {
        &self.held
    }

    /// Whether a limit holds something back that needs a confirmation.
    pub fn is_limited(&self) -> bool {
        self.is_limited
    }

    pub(super) fn new(
        preview: Preview<'_>,
        names: &BTreeMap<ObjectType, String>,
        problems: Vec<SourceProblem>,
        made_for: MadeFor,
    ) -> Self {
        let round = preview.round;
        let mut types: BTreeMap<ObjectType, TypeSummary> = names
            .iter()
            .map(|(object_type, name)| (*object_type, summary(*object_type, name)))
            .collect();
        let mut plan = Self {
            uploads: preview.uploads as u64,
            calls: CALLS_PER_UPLOAD * preview.uploads as u64
                + CALLS_PER_OLDER_UPLOAD * preview.older as u64,
            problems,
            notes: preview.notes.to_vec(),
            made_for,
            ..Self::default()
        };
        for action in std::mem::take(&mut round.actions) {
            if let Some(of_type) = types.get_mut(&action.object_type) {
                match action.action {
                    Action::Create => of_type.new += 1,
                    Action::Update => of_type.changed += 1,
                    Action::Delete => of_type.deleted += 1,
                }
            }
            plan.changes.push(PlannedChange {
                object_type: action.object_type,
                object_id: Some(action.object_id),
                action: match action.action {
                    Action::Create => PlanAction::Create,
                    Action::Update => PlanAction::Update,
                    Action::Delete => PlanAction::Delete,
                },
                fields: action.fields,
                reason: Some(action.reason.to_owned()).filter(|reason| !reason.is_empty()),
                basis: Some(action.basis),
            });
        }
        for held in &round.held {
            if let Some(of_type) = types.get_mut(&held.object_type) {
                of_type.held_back += 1;
            }
            match held.reason {
                HoldReason::Limit(_) => plan.is_limited = true,
                HoldReason::Finding(_) => plan.has_findings = true,
                HoldReason::Waiting(_) => plan.is_waiting = true,
            }
            plan.changes.push(PlannedChange {
                object_type: held.object_type,
                object_id: Some(held.object_id.clone()),
                action: PlanAction::HoldBack,
                fields: Vec::new(),
                reason: Some(held.reason.text().to_owned()),
                basis: None,
            });
            if held.action == Action::Delete {
                plan.held.push(HeldDeletion {
                    object_type: held.object_type,
                    object_id: held.object_id.clone(),
                    reason: held.reason.text().to_owned(),
                    by_limit: matches!(held.reason, HoldReason::Limit(_)),
                });
            }
        }
        for file in preview.files {
            let Some(of_type) = types.get_mut(&file.object_type) else {
                continue;
            };
            of_type.source += file.records;
            of_type.unchanged += file.unchanged;
            of_type.held_back += file.not_sent();
            plan.hold_back_by_findings(file);
        }
        for (object_type, records) in &preview.under_way {
            if let Some(of_type) = types.get_mut(object_type) {
                of_type.under_way = *records;
                let (which, wait) = match records {
                    1 => ("1 record".to_owned(), "waits"),
                    records => (format!("{records} records"), "wait"),
                };
                plan.notes.push(format!(
                    "{object_type}: {which} {wait} for the verdict of an earlier upload, which is asked \
                     for first"
                ));
            }
        }
        for (object_type, counts) in &round.types {
            let Some(of_type) = types.get_mut(object_type) else {
                continue;
            };
            of_type.newer_in_gong = counts.newer;
            of_type.deleted_in_gong = counts.deleted_later.len() as u64;
            of_type.unchanged = of_type.unchanged.saturating_sub(of_type.deleted_in_gong);
            of_type.of_other_scope = counts.foreign;
            of_type.unchanged = of_type.unchanged.saturating_sub(counts.foreign_unchanged);
            of_type.kept = counts.kept.len() as u64;
            of_type.owned = counts.tracked.max(counts.limit_base);
            of_type.never_sent_deletions = counts.never_sent;
            of_type.allowed_deletions = counts.allowed;
            if let Some(reason) = &counts.incomplete {
                plan.problems.push(SourceProblem {
                    object_type: *object_type,
                    source: of_type.source_name.clone(),
                    message: format!("not a complete read: {reason}; nothing is deleted"),
                    is_finding: false,
                });
            }
            if counts.newer > 0 {
                plan.notes.push(format!(
                    "{object_type}: newer in Gong than this read: {}",
                    counts.newer
                ));
            }
            if !counts.deleted_later.is_empty() {
                let ids = some_of(counts.deleted_later.iter(), 1);
                plan.notes.push(format!(
                    "{object_type}: deleted in Gong after this read: {ids}"
                ));
            }
            if counts.foreign > 0 {
                let (records, are) = records_are(counts.foreign);
                let skipped = format!(
                    "{records} of the source {are} owned by another scope and {are} skipped: {}",
                    counts.foreign_named
                );
                // Two scopes can share some records. If half of them are another's, nobody watches over
                // what vanishes from this source.
                let is_renamed = counts.foreign * 2 >= of_type.source;
                let hint = if is_renamed {
                    ". These are at least half of it, and are not deleted when they are gone from it, so \
                     the sync is partial: if this scope was renamed, see gong-crm ledger rename-scope"
                } else {
                    ""
                };
                plan.has_findings |= is_renamed;
                plan.notes.push(format!("{object_type}: {skipped}{hint}"));
            }
            if !counts.kept.is_empty() {
                let (records, are) = records_are(of_type.kept);
                let stay = if of_type.kept == 1 { "stays" } else { "stay" };
                let named = some_of(counts.kept.iter(), NAMED);
                plan.notes.push(format!(
                    "{object_type}: {records} {are} gone from the source and {stay} in Gong (deletions = \
                     \"never\"): {named}"
                ));
            }
        }
        for (object_type, message) in &round.unusable {
            plan.problems.push(SourceProblem {
                object_type: *object_type,
                source: names.get(object_type).cloned().unwrap_or_default(),
                message: message.clone(),
                is_finding: true,
            });
        }
        plan.skipped = round
            .skipped
            .iter()
            .map(|skipped| HeldDeletion {
                object_type: skipped.object_type,
                object_id: skipped.object_id.clone(),
                reason: if skipped.is_planned {
                    "the record, or its version in Gong, changed after the plan".to_owned()
                } else {
                    "not in the plan".to_owned()
                },
                by_limit: false,
            })
            .collect();
        let skipped = round.skipped.iter();
        plan.outdated = skipped.filter(|skipped| skipped.is_planned).count();
        // The sort is stable: within a type and kind, the order is that of the plan.
        plan.changes
            .sort_by_key(|change| (change.action == PlanAction::HoldBack, change.object_type));
        plan.types = types.into_values().collect();
        plan
    }
}

impl SyncPlan {
    /// Adds the records of a file that findings hold back, each once with all its reasons.
    fn hold_back_by_findings(&mut self, file: &FileReport) {
        let mut places: HashMap<&str, usize> = HashMap::new();
        for error in &file.errors {
            let place = error.object_id.as_deref().and_then(|id| places.get(id));
            if let Some(change) = place.and_then(|place| self.changes.get_mut(*place)) {
                if let Some(reason) = &mut change.reason {
                    reason.push_str("; ");
                    reason.push_str(&error.description);
                }
                continue;
            }
            if let Some(id) = &error.object_id {
                places.insert(id, self.changes.len());
            }
            self.changes.push(PlannedChange {
                object_type: file.object_type,
                object_id: error.object_id.clone(),
                action: PlanAction::HoldBack,
                fields: Vec::new(),
                reason: Some(error.description.clone()),
                basis: None,
            });
        }
    }
}

/// A number of records, and the verb that fits.
fn records_are(number: u64) -> (String, &'static str) {
    match number {
        1 => ("1 record".to_owned(), "is"),
        number => (format!("{number} records"), "are"),
    }
}

fn summary(object_type: ObjectType, name: &str) -> TypeSummary {
    TypeSummary {
        object_type,
        source: 0,
        new: 0,
        changed: 0,
        deleted: 0,
        unchanged: 0,
        held_back: 0,
        under_way: 0,
        newer_in_gong: 0,
        deleted_in_gong: 0,
        of_other_scope: 0,
        kept: 0,
        owned: 0,
        allowed_deletions: None,
        never_sent_deletions: 0,
        source_name: name.to_owned(),
    }
}
