//! The results of reading records back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::ObjectType;
use crate::push::Verdict;
use crate::sync::SourceProblem;

/// The results of reading records back.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use = "a report is not a success: see `is_equal`"]
pub struct DriftReport {
    /// The differences, in the order of types and ids.
    pub differences: Vec<Difference>,
    /// How many records were read back.
    pub read: u64,
    /// The number of records that are in Gong as sent, including those in Gong's own form.
    pub same: u64,
    /// The number of records that Gong stores in its own form, according to an earlier drift.
    pub in_own_form: u64,
    /// Records that were not read back, and why.
    pub not_read: NotRead,
    /// Custom fields that were sent and that Gong's entity schema does not have, by type: Gong does not
    /// show them.
    pub undeclared: BTreeMap<ObjectType, BTreeSet<String>>,
    /// Custom fields that Gong's entity schema has, or has with this type, only since they were sent, by
    /// type: Gong does not show the values that were sent before.
    pub declared_later: BTreeMap<ObjectType, BTreeSet<String>>,
    /// How many calls were made.
    pub calls: u64,
    /// The result of the repair, if it was requested and there was something to repair.
    pub repair: Option<Repair>,
    /// Sources that could not be compared: no record of their types was read back.
    pub problems: Vec<SourceProblem>,
    /// Notes about the drift as a whole.
    pub notes: Vec<String>,
}

impl DriftReport {
    /// Whether every record that was read back is in Gong as sent, possibly in its own form; a
    /// record that was sent once more and accepted counts as equal.
    pub fn is_equal(&self) -> bool {
        !self.differences.iter().any(Difference::is_open)
    }

    /// The types whose source could not be compared.
    pub(super) fn unread_sources(&self) -> BTreeSet<ObjectType> {
        let types = self.problems.iter().map(|problem| problem.object_type);
        types.collect()
    }

    pub(super) fn sort(&mut self) {
        self.differences.sort_by(|one, other| {
            let key = |of: &Difference| (of.object_type, of.object_id.clone(), of.kind);
            key(one).cmp(&key(other))
        });
    }
}

/// Records that were not read back, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotRead {
    /// Gong accepted them too recently.
    pub too_new: u64,
    /// Their source has another version, which the next sync sends.
    pub changed_in_source: u64,
    /// They are in an upload that has no verdict yet.
    pub under_way: u64,
    /// It is not known which version Gong has; the next push or sync sends them.
    pub unknown_version: u64,
    /// Their ids are none that Gong documents, so that they can't be asked for.
    pub unreadable_id: u64,
    /// Gong's response did not name them.
    pub unanswered: u64,
    /// Business users, which Gong can't show.
    pub users: u64,
    /// Stages, which Gong can't show.
    pub stages: u64,
    /// They wait for a later drift, since calls are limited.
    pub waiting: u64,
    /// When the waiting record that was read back longest ago was read back; `None` if one of them
    /// never was.
    pub oldest_waiting: Option<Timestamp>,
}

/// A record that differs in Gong from what was sent, or whose unknown state was resolved.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Difference {
    /// The type of the record.
    pub object_type: ObjectType,
    /// Its id.
    pub object_id: String,
    /// The difference.
    pub kind: DifferenceKind,
    /// The fields that differ.
    pub fields: Vec<FieldDifference>,
    /// What was done about it.
    pub handled: Handled,
    /// The `modifiedDate` that Gong shows for it.
    #[serde(skip)]
    pub(super) shown: Option<i64>,
}

impl Difference {
    /// Whether the record differs in Gong and was not sent once more.
    pub fn is_open(&self) -> bool {
        !matches!(
            self.kind,
            DifferenceKind::OwnForm | DifferenceKind::Confirmed
        ) && self.handled != Handled::SentAgain
    }
}

/// The kinds of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// Gong does not have it.
    Missing,
    /// Gong accepted its deletion, and still has it.
    NotDeleted,
    /// Fields have other values than were sent.
    Different,
    /// Gong's verdicts did not say whether it was accepted, and Gong does not have it as it was sent.
    Unconfirmed,
    /// Gong's verdicts did not say whether it was accepted, but it is in Gong as sent.
    Confirmed,
    /// Gong returned the same values after the record was sent once more, with the date that it was
    /// sent with: it stores them in its own form. It is reported once.
    OwnForm,
}

impl DifferenceKind {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotDeleted => "not-deleted",
            Self::Different => "different",
            Self::Unconfirmed => "unconfirmed",
            Self::Confirmed => "confirmed",
            Self::OwnForm => "own-form",
        }
    }
}

impl fmt::Display for DifferenceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A field that differs. The ledger keeps no values, so only Gong's is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FieldDifference {
    /// The field.
    pub field: String,
    /// Gong's value; `null` if it returned none.
    pub found: Value,
    /// Whether nothing was sent for it: Gong kept an earlier value, or has one from elsewhere.
    pub is_extra: bool,
}

/// What was done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Handled {
    /// Nothing.
    Nothing,
    /// The record was sent once more, and Gong accepted it; a later drift reads it back.
    SentAgain,
    /// An earlier drift sent the record once more, without success. It is not sent again until it
    /// changes.
    SentBefore,
    /// An earlier drift sent the record once more, and Gong accepted it, but shows another
    /// `modifiedDate`: it kept what it had, or somebody changed it since. It is not sent again until it
    /// changes.
    NotTaken,
    /// The record could not be sent once more: no source has it, or Gong did not accept it.
    NotSent,
}

/// The result of a repair.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Repair {
    /// How many records Gong accepted.
    pub accepted: u64,
    /// How many were to be sent and were not accepted.
    pub not_accepted: u64,
    /// The verdicts of the sync and of the push of deletions that did it.
    pub verdicts: Vec<Verdict>,
}
