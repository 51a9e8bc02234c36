//! What is worth knowing about a plan as a whole: dates that were raised, fields that stay.

use super::bodies::Bodies;
use super::planned::{Dates, Plan};
use crate::ledger::Clearing;

impl Bodies<'_> {
    /// The fields that Gong may keep although the records do not have them any more.
    pub(super) fn notes(&self) -> Vec<String> {
        let object_type = self.files.object_type;
        let mut notes = Vec::new();
        for (name, count) in &self.not_cleared {
            let is_own = object_type.line_format().field(name).is_some();
            let clearing = if is_own {
                self.clears.standard
            } else {
                self.clears.custom
            };
            let is_kept = clearing == Clearing::Impossible;
            let plural = |count: u64| if count == 1 { "" } else { "s" };
            if count.accepted > 0 {
                let why = if is_kept {
                    "this Gong keeps the old value (doctor --probe)"
                } else {
                    "Gong's own fields cannot be cleared for sure"
                };
                notes.push(format!(
                    "{object_type}: {name} is absent from {} record{} that had it; {why}",
                    count.accepted,
                    plural(count.accepted)
                ));
            }
            if count.sent > 0 {
                let keeps = if is_kept {
                    "this Gong keeps the value (doctor --probe)"
                } else {
                    "it may keep the value"
                };
                notes.push(format!(
                    "{object_type}: {name} is absent from {} record{} that had it in an earlier version of \
                     this push; where Gong accepts that version, {keeps}",
                    count.sent,
                    plural(count.sent)
                ));
            }
        }
        if self.unknown_bases > 0 && self.clears.custom != Clearing::LeaveOut {
            let count = self.unknown_bases;
            let plural = if count == 1 {
                "record goes"
            } else {
                "records go"
            };
            notes.push(format!(
                "{object_type}: {count} {plural} to Gong from a recovered ledger, which may not know \
                 every custom field that Gong was sent: of those that are absent now, only the fields \
                 that the ledger knows or --schema declares are cleared"
            ));
        }
        notes
    }
}

/// Says how many dates were raised, and how many could not be.
pub(super) fn note_dates(plan: &mut Plan) {
    let Dates { raised, last, kept } = plan.dates;
    if kept > 0 {
        let (record, them) = if kept == 1 {
            ("record has", "it")
        } else {
            ("records have", "them")
        };
        plan.notes.push(format!(
            "{kept} changed {record} a modifiedDate that is not later than one that Gong was sent before: \
             Gong may ignore {them} (--keep-dates keeps it from being raised)"
        ));
    }
    if raised > 0 {
        let plural = if raised == 1 { "" } else { "s" };
        plan.notes.push(format!(
            "modifiedDate was raised in {raised} changed record{plural}: Gong was sent the same or a later \
             date before, or may have been, and may ignore older versions (--keep-dates sends them as they are)"
        ));
    }
    if last > 0 {
        let (records, they_are, them) = if last == 1 {
            ("record", "it is", "it")
        } else {
            ("records", "they are", "them")
        };
        plan.notes.push(format!(
            "Gong was sent the last possible modifiedDate of {last} changed {records} before, which cannot be \
             raised: {they_are} sent with the same one, 9999-12-31T23:59:59Z, and Gong may ignore {them}"
        ));
    }
}
