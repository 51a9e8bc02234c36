//! One upload in a ledger: written before its first byte leaves, kept until it is pruned.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::missing_parents::MissingParents;
use super::record::{LineHash, Milliseconds, RecordHash, Seconds, SentField, Space};
use crate::{ClientRequestId, IntegrationId, ObjectType};

/// The state of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UploadState {
    /// Written down; nothing of it has left.
    Planned,
    /// Bytes may have left; whether Gong has them is not known.
    Sending,
    /// Gong has it and has not finished with it.
    Accepted,
    /// Gong's verdict is known and is in the records.
    Done,
    /// It failed in Gong as a whole, or Gong rejected the request.
    Failed,
    /// Gong did not finish it in time, or knows nothing of it any more. Its records are sent again.
    Lost,
    /// It was planned and will not be sent: all of it was overtaken or held back.
    Dropped,
}

impl UploadState {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Dropped => "dropped",
        }
    }

    /// Whether Gong may have the upload and has not said what became of it.
    pub(crate) fn may_be_in_gong(self) -> bool {
        matches!(self, Self::Sending | Self::Accepted)
    }

    /// Whether the upload still waits for something.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Sending | Self::Accepted)
    }
}

impl fmt::Display for UploadState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Whether the records of an upload are upserted or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Direction {
    /// New and changed records, in the order in which records refer to each other.
    Upsert,
    /// Deletions, in the reverse order.
    Delete,
}

/// Why an upload was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Purpose {
    /// To send records for the first time.
    Records,
    /// To find out which records of an earlier upload Gong rejects.
    ErrorSearch,
    /// Written by a version of this tool that did not know records.
    Legacy,
}

/// One upload: what was sent to Gong, under which id, and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Upload {
    /// Its number in the ledger.
    pub number: u64,
    /// The id under which Gong knows it.
    pub client_request_id: ClientRequestId,
    /// The integration that it is sent to.
    pub integration_id: IntegrationId,
    /// The type of its records.
    pub object_type: ObjectType,
    /// Whether its records are upserted or deleted.
    pub direction: Direction,
    /// Why it was made.
    pub purpose: Purpose,
    /// Its state.
    pub state: UploadState,
    /// The number of records in it.
    pub records: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many of its records Gong accepted; 0 until the verdict.
    pub accepted: u64,
    /// How many of its records Gong rejected; 0 until the verdict.
    pub rejected: u64,
    /// The files or sources of its records.
    pub sources: Vec<String>,
    /// When it was written down.
    pub planned_at: Timestamp,
    /// When Gong accepted it.
    pub accepted_at: Option<Timestamp>,
    /// When its verdict was known.
    pub completed_at: Option<Timestamp>,
    /// How often Gong did not know its id after it had accepted it.
    #[serde(default)]
    pub(crate) not_found: u32,
    /// Until when Gong is asked about it, if it was given up and Gong may still process it.
    #[serde(default)]
    pub(crate) checked_until: Option<Timestamp>,
    /// When Gong was last asked about it after it was given up.
    #[serde(default)]
    pub(crate) checked_at: Option<Timestamp>,
    /// Whether sending it ended with an error before, as far as that was Gong's: something in between may
    /// have answered in its place.
    #[serde(default)]
    pub(crate) was_tried: bool,
    /// Gong's last status of it, as JSON.
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) space: u16,
    /// The as-of of the read that its records came from.
    #[serde(default)]
    pub(crate) as_of: Milliseconds,
    /// When the push that planned it began. No two pushes have the same time, and the plan of a
    /// later push for a record replaces that of an earlier one.
    #[serde(default)]
    pub(crate) push: Milliseconds,
    /// The name of the file in the spool with its body.
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// A hash of that file, so that a body that was cut by a crash is never sent.
    #[serde(default)]
    pub(crate) body_hash: String,
    /// Whether the user chose its id.
    #[serde(default)]
    pub(crate) has_own_id: bool,
    /// Whether it is sent with the upserts or with the deletions.
    #[serde(default)]
    pub(crate) order: Option<Direction>,
    /// The scope that owns its records, if a complete read had them; 0 otherwise.
    #[serde(default)]
    pub(crate) scope: u32,
    /// The scope whose sync planned it; 0 if a push did.
    #[serde(default)]
    pub(crate) sync: u32,
    /// How many uploads with earlier versions of its records must have their verdict before it.
    #[serde(default)]
    pub(crate) step: u16,
}

impl Upload {
    /// Until when Gong is asked about it, if it was given up and Gong may still process it: that would
    /// put its versions of records over later ones. `None` for every other upload.
    pub fn checked_until(&self) -> Option<Timestamp> {
        self.checked_until
    }

    /// Whether a sync planned it and did not send it: a resume leaves it alone, and the next sync of the
    /// same scope plans its records again, as their source then has them.
    pub fn waits_for_sync(&self) -> bool {
        self.state == UploadState::Planned && self.scope != 0
    }

    pub(crate) fn space(&self) -> Space {
        Space(self.space)
    }
}

/// What a push does with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// Gong has no version of it, as far as the ledger knows.
    Create,
    /// Gong has another version.
    Update,
    /// It is deleted.
    Delete,
}

impl Action {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A record of an open upload: all that its verdict needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) object_id: String,
    pub(crate) action: Action,
    pub(crate) hash: RecordHash,
    /// The hash of the line that it was given as.
    pub(crate) given_as: LineHash,
    pub(crate) fields: Vec<SentField>,
    /// Names of the fields that differ from the current version.
    pub(crate) changed: Vec<u16>,
    pub(crate) sent_date: Option<Seconds>,
    pub(crate) address: Option<u64>,
    /// The place of its source in the upload's `sources`.
    pub(crate) source: u32,
    /// Its line or row there, 1-based.
    pub(crate) line: u64,
    /// Whether the ledger had an entry of the record when the upload was planned.
    pub(crate) is_known: bool,
    /// Whether it was not known then which version Gong has, if any.
    pub(crate) is_unsure: bool,
    /// The records that it refers to and that Gong may not have had then.
    pub(crate) missing_parents: MissingParents,
    /// Whether it leaves a field out that has a default and that Gong was sent before.
    pub(crate) leaves_default: bool,
}

impl Pending {
    /// A record of which nothing else is known.
    pub(crate) fn new(object_id: String, action: Action, hash: RecordHash) -> Self {
        Self {
            object_id,
            action,
            hash,
            given_as: LineHash::default(),
            fields: Vec::new(),
            changed: Vec::new(),
            sent_date: None,
            address: None,
            source: 0,
            line: 0,
            is_known: true,
            is_unsure: false,
            missing_parents: MissingParents::default(),
            leaves_default: false,
        }
    }

    /// Whether Gong may have no version of the record but this one.
    pub(crate) fn may_be_first(&self) -> bool {
        self.action == Action::Create || self.is_unsure
    }

    /// Whether it is the deletion of a user whose address changes: the user is created again at
    /// once.
    pub(crate) fn is_replacement(&self) -> bool {
        self.action == Action::Delete && self.hash == [0; 16]
    }
}

/// A record that is given once more as Gong has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenAgain {
    /// The hash of its line, if that is another one.
    pub(crate) line: Option<LineHash>,
    /// Its date, if that is later than all before.
    pub(crate) later: Option<Seconds>,
    /// The as-of of the read that it comes from.
    pub(crate) as_of: Milliseconds,
}

/// The result for a record of a finished upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RecordOutcome {
    /// Gong has it.
    Accepted,
    /// Gong rejected it.
    Rejected,
    /// Gong's verdict does not say.
    Uncertain,
    /// It was not sent, or not accepted because its whole upload failed.
    NotAccepted,
}

impl RecordOutcome {
    /// The name in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Uncertain => "uncertain",
            Self::NotAccepted => "not-accepted",
        }
    }
}

/// A line of the history of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Past {
    pub(crate) object_id: String,
    pub(crate) action: Action,
    pub(crate) outcome: RecordOutcome,
    pub(crate) changed: Vec<u16>,
    pub(crate) reason: String,
}
