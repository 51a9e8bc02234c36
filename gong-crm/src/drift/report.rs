//! What reading records back found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::ObjectType;
use crate::push::Verdict;
use crate::sync::SourceProblem;

/// What reading records back found.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use = "a report is no success: see `is_equal`"]
pub struct DriftReport {
    /// What Gong holds otherwise than it was sent, in the order of types and ids.
    pub differences: Vec<Difference>,
    /// How many records were read back.
    pub read: u64,
    /// How many of them Gong holds as they were sent, those in Gong's own form included.
    pub same: u64,
    /// How many of them Gong keeps in a form of its own, as an earlier drift said.
    pub in_own_form: u64,
    /// Records that were not read back, and why.
    pub not_read: NotRead,
    /// Custom fields that were sent and that Gong's entity schema does not have, by type: Gong does not
    /// show them.
    pub undeclared: BTreeMap<ObjectType, BTreeSet<String>>,
    /// How many calls were made.
    pub calls: u64,
    /// What sending records once more came to, if that was asked for and there were any.
    pub repair: Option<Repair>,
    /// Sources that could not be compared: no record of their types was read back.
    pub problems: Vec<SourceProblem>,
    /// What is worth knowing about the drift as a whole.
    pub notes: Vec<String>,
}

impl DriftReport {
    /// Whether Gong holds every record that was read back as it was sent, in its own form or not; a
    /// record that was sent once more, and accepted, counts as held.
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
    /// Their source holds another version, which the next sync sends.
    pub changed_in_source: u64,
    /// An upload that holds them has no verdict yet.
    pub under_way: u64,
    /// It is not known which version Gong holds; the next push or sync sends them.
    pub unknown_version: u64,
    /// Their ids are none that Gong documents, so that they can't be asked for.
    pub unreadable_id: u64,
    /// Business users, which Gong can't show.
    pub users: u64,
    /// Stages, which Gong can't show.
    pub stages: u64,
    /// They wait for a later drift, since calls are limited.
    pub waiting: u64,
    /// When the one of those that wait was read back that was read back longest ago; `None` if one of
    /// them never was.
    pub oldest_waiting: Option<Timestamp>,
}

/// A record that Gong holds otherwise than it was sent, or about which something became known.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Difference {
    /// The type of the record.
    pub object_type: ObjectType,
    /// Its id.
    pub object_id: String,
    /// What was found.
    pub kind: DifferenceKind,
    /// The fields that differ.
    pub fields: Vec<FieldDifference>,
    /// What was done about it.
    pub handled: Handled,
}

impl Difference {
    /// Whether the record is not in Gong as it was sent, and was not sent once more.
    pub fn is_open(&self) -> bool {
        !matches!(
            self.kind,
            DifferenceKind::OwnForm | DifferenceKind::Confirmed
        ) && self.handled != Handled::SentAgain
    }
}

/// What was found about a record.
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
    /// Gong's verdicts did not say whether it was accepted, and Gong does not hold it as it was sent.
    Unconfirmed,
    /// Gong's verdicts did not say whether it was accepted, and Gong holds it as it was sent.
    Confirmed,
    /// Gong gave the same back after the record was sent once more: that is how Gong keeps it. It is
    /// said once.
    OwnForm,
}

impl DifferenceKind {
    /// The word in tables and JSON.
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
    /// What Gong gave back; `null` where it gave nothing.
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
    /// The record was sent once more by an earlier drift, and that did not help. It is not sent again
    /// before it changes.
    SentBefore,
    /// The record was to be sent once more, and was not: no source holds it, or Gong did not accept it.
    NotSent,
}

/// What sending records once more came to.
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
