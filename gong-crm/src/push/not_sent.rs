//! Versions that are not sent: where a report counts them, and the reasons that name their records.

use std::collections::BTreeSet;

use super::plan::Decision;
use super::report::FileReport;
use crate::ObjectType;
use crate::ledger::LastTry;

/// Where a file's report counts a version, if that is known before anything is sent.
pub(super) fn count_of(
    decision: Decision,
    is_rejects: bool,
    report: &mut FileReport,
) -> Option<&mut u64> {
    Some(match decision {
        Decision::NewerInGong if is_rejects => &mut report.held_back,
        Decision::Unchanged | Decision::NewerInGong => &mut report.unchanged,
        Decision::Foreign | Decision::Contradictory => &mut report.held_back,
        Decision::Superseded => &mut report.superseded,
        Decision::Waived => &mut report.waived,
        Decision::Rejected => &mut report.rejected,
        Decision::Unconfirmed => &mut report.unconfirmed,
        Decision::SearchWaits => &mut report.uncertain,
        Decision::NotAccepted => &mut report.waiting,
        Decision::InFlight { .. } | Decision::Send { .. } => return None,
    })
}

/// Why a version is not sent, where its record is named for that.
pub(super) fn reason_against(
    decision: Decision,
    is_rejects: bool,
    (object_type, object_id): (ObjectType, &str),
    is_given_again: bool,
    last_try: Option<&LastTry>,
) -> Option<String> {
    let reason = match decision {
        Decision::NewerInGong if is_rejects => {
            "not sent: Gong has a newer version of this record; remove it from this file"
        }
        Decision::Foreign => {
            let then = if is_given_again {
                "this one sends it"
            } else {
                // What a source of changes gave is not kept: its owner has a version of its own.
                "give it again"
            };
            return Some(format!(
                "not sent: another scope owns this record; {then} once it is gone from the other's source, or \
                 after gong-crm ledger forget {object_type} {object_id}"
            ));
        }
        Decision::Contradictory => {
            "another version of this record has the same modifiedDate and different content: only \
             one can be right"
        }
        Decision::Rejected | Decision::Unconfirmed | Decision::SearchWaits => {
            return last_try.map(LastTry::as_text);
        }
        _ => return None,
    };
    Some(reason.to_owned())
}

/// Says which fields a push did not compare: a sync has them in its settings, but whoever pushes a line may
/// not think of them.
pub(super) fn ignored_note(
    object_type: ObjectType,
    ignored: &BTreeSet<String>,
    unchanged: u64,
) -> Option<String> {
    let records = match unchanged {
        _ if ignored.is_empty() => return None,
        0 => return None,
        1 => "1 record is".to_owned(),
        count => format!("{count} records are"),
    };
    let ignored: Vec<&str> = ignored.iter().map(String::as_str).collect();
    Some(format!(
        "{object_type}: {records} unchanged without {}, which ignore-fields leaves out of the comparison; \
         --resend sends them",
        ignored.join(", ")
    ))
}
