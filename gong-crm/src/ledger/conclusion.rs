//! The result of an upload, as it is written into the ledger.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::upload::RecordOutcome;

/// The content of a record that is kept because it can't be read again from its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The line as it was sent or was to be sent.
    pub(crate) line: Vec<u8>,
    /// The row of the CSV; empty if there is none.
    pub(crate) row: String,
    /// The header row of that CSV.
    pub(crate) head: String,
    /// The scope whose sync kept it; 0 if a push did.
    pub(crate) scope: u32,
}

/// The same as ledgers kept it before they told scopes apart.
#[derive(Deserialize)]
struct WithoutScope {
    line: Vec<u8>,
    row: String,
    head: String,
}

impl Content {
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let content = postcard::from_bytes(bytes).ok();
        content.or_else(|| {
            let WithoutScope { line, row, head } = postcard::from_bytes(bytes).ok()?;
            let scope = 0;
            Some(Self {
                line,
                row,
                head,
                scope,
            })
        })
    }
}

/// The result of an upload and of each of its records.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Conclusion {
    /// The outcome of the records that `exceptions` does not name.
    pub(crate) rest: Option<RecordOutcome>,
    /// Outcomes by the place of the record in the upload, from 0, with the reason.
    pub(crate) exceptions: BTreeMap<usize, (RecordOutcome, String)>,
    /// The reason of the rest, if it was not accepted.
    pub(crate) reason: String,
    /// Lines of records whose content is kept: those that are not accepted, and stages.
    pub(crate) contents: BTreeMap<usize, Content>,
    /// Whether records that were not accepted may still be in Gong.
    pub(crate) may_be_in_gong: bool,
    /// Whether Gong may still process the upload, although nothing waits for it any more.
    pub(crate) may_come_late: bool,
    /// Whether Gong counted more errors than it listed, so that only a search decides the uncertain
    /// records.
    pub(crate) needs_search: bool,
    /// Whether the upload failed as a whole, and not because of records that Gong named.
    pub(crate) failed_whole: bool,
    /// Whether Gong knew the id of the upload before it was sent: another copy of the ledger was
    /// used.
    pub(crate) proves_copy: bool,
}

impl Conclusion {
    pub(crate) fn outcome(&self, place: usize) -> (RecordOutcome, &str) {
        match self.exceptions.get(&place) {
            Some((outcome, reason)) => (*outcome, reason),
            None => (
                self.rest.unwrap_or(RecordOutcome::Accepted),
                self.reason.as_str(),
            ),
        }
    }
}

/// How long Gong is asked about an upload that was given up. Gong names no time after which it does
/// not process one any more; its longest documented wait, for a deleted integration, is a day.
const CHECKED_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Until when Gong is asked about an upload that is given up now.
pub(super) fn checked_until(now: Timestamp) -> Timestamp {
    now.saturating_add(CHECKED_FOR).unwrap_or(Timestamp::MAX)
}
