//! Prints a plan and its results.

use std::collections::HashSet;

use gong_crm::coverage::{Coverage, Seat, UnseenOwner};
use gong_crm::push::RecordError;
use gong_crm::sync::{PlanAction, SyncPlan, SyncReport};

use crate::output::table::{Align, count, counted};
use crate::output::{Output, records};
use crate::shell::shell_word;

/// How many records of each kind a person is shown; JSON has all of them.
const SHOWN: usize = 20;

/// Prints a plan: a table of the types, the records, and one sentence. `again` is the sync of the
/// same sources.
pub(crate) fn plan(plan: &SyncPlan, calls_left: Option<u64>, again: &str, output: Output) {
    let columns = [
        ("type", Align::Left),
        ("source", Align::Right),
        ("+ new", Align::Right),
        ("~ changed", Align::Right),
        ("- gone", Align::Right),
        ("= same", Align::Right),
        ("! held back", Align::Right),
    ];
    let rows: Vec<Vec<String>> = plan
        .types
        .iter()
        .map(|of| {
            let numbers = [
                of.source,
                of.new,
                of.changed,
                of.deleted,
                of.unchanged,
                of.held_back,
            ];
            let mut row = vec![of.object_type.to_string()];
            row.extend(numbers.map(count));
            row
        })
        .collect();
    output.table(&columns, &rows);
    changes(plan, output);
    for problem in &plan.problems {
        let (object_type, source) = (problem.object_type, &problem.source);
        output.status(&format!("{object_type} ({source}): {}", problem.message));
    }
    for left in &plan.skipped {
        let (object_type, id) = (left.object_type, &left.object_id);
        output.stdout(&format!("! {object_type} {id}: skipped: {}", left.reason));
    }
    for note in &plan.notes {
        output.status(&format!("note: {note}"));
    }
    if let Some(coverage) = &plan.coverage {
        for line in owners(coverage, NOT_SENT) {
            output.status(&line);
        }
    }
    output.status(&sentence(plan, calls_left));
    if let Some(list) = &plan.held_deletions {
        let word = shell_word(&list.to_string_lossy());
        output.status(&format!(
            "held-back deletions: {}; to delete them: {again} --confirm-deletions {word}",
            list.display()
        ));
    }
}

/// Prints what became of a sync: its plan, and what is not in Gong after it.
pub(crate) fn results(report: &SyncReport, calls_left: Option<u64>, again: &str, output: Output) {
    if report.is_unplanned() {
        output.status("stopped while the sources were read; nothing was sent");
        return;
    }
    plan(&report.plan, calls_left, again, output);
    let of_sync = report.notes.iter();
    for note in of_sync.filter(|note| !report.plan.notes.contains(note)) {
        output.status(&format!("note: {note}"));
    }
    let held = report.plan.changes.iter();
    let held = held.filter(|change| change.action == PlanAction::HoldBack);
    let held = held.filter_map(|change| Some((change.object_type, change.object_id.as_deref()?)));
    let skipped = report.plan.skipped.iter();
    let skipped = skipped.map(|skipped| (skipped.object_type, skipped.object_id.as_str()));
    let shown: HashSet<_> = held.chain(skipped).collect();
    for file in &report.files {
        let is_new = |error: &&RecordError| {
            let id = error.object_id.as_deref();
            id.is_none_or(|id| !shown.contains(&(file.object_type, id)))
        };
        let errors: Vec<&RecordError> = file.errors.iter().filter(is_new).collect();
        records::records(file, &errors, output);
        if let Some(reason) = &file.reason {
            output.status(&format!("{}: {reason}", file.path.display()));
        }
    }
    output.status(&format!("verdict: {}", report.verdict));
    let uncertain = report.files.iter().map(|file| file.uncertain).sum();
    if uncertain > 0 {
        let records = counted(uncertain, "record");
        output.status(&format!(
            "no verdict says whether Gong has {records}; to send what is in doubt once more: {again}"
        ));
    }
}

/// Whose deals nobody sees, if that is so: a sentence, and the owners with the most deals. `unknown`
/// says what is the case if there is no business user with an address.
pub(crate) fn owners(coverage: &Coverage, unknown: &str) -> Vec<String> {
    if coverage.unseen.is_empty() && coverage.without_owner == 0 {
        return Vec::new();
    }
    let mut lines = vec![coverage.to_string()];
    for owner in coverage.unseen.iter().take(SHOWN) {
        let (who, why) = unseen(owner, unknown);
        lines.push(format!("  {who}: {}, {why}", counted(owner.deals, "deal")));
    }
    let more = coverage.unseen.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!("  {} more", counted(more as u64, "owner")));
    }
    lines
}

/// What is the case if the ledger knows no address of an owner.
pub(crate) const NOT_SENT: &str = "no business user of this id with an address was sent to Gong";

/// An owner whose deals are on nobody's board, and why.
pub(crate) fn unseen(owner: &UnseenOwner, unknown: &str) -> (String, String) {
    let who = match &owner.owner_id {
        Some(id) => id.clone(),
        None => counted(owner.owners, "other owner"),
    };
    let why = match owner.seat {
        Seat::Inactive => "a Gong user who is not active",
        Seat::NotAUser => "no Gong user has the address",
        _ if owner.owner_id.is_none() => {
            "no business user was sent; gong-crm plan names those of the sources"
        }
        _ => unknown,
    };
    (who, why.to_owned())
}

/// The records that change, the first of each kind.
fn changes(plan: &SyncPlan, output: Output) {
    for (action, sign) in [
        (PlanAction::Create, "+"),
        (PlanAction::Update, "~"),
        (PlanAction::Delete, "-"),
        (PlanAction::HoldBack, "!"),
    ] {
        let of_kind = || plan.changes.iter().filter(|change| change.action == action);
        for change in of_kind().take(SHOWN) {
            let id = change.object_id.as_deref().unwrap_or("(no id)");
            let mut line = format!("{sign} {:<13} {id}", change.object_type.to_string());
            let fields = change.fields.join(", ");
            for part in [
                fields.as_str(),
                change.reason.as_deref().unwrap_or_default(),
            ] {
                if !part.is_empty() {
                    line.push_str("   ");
                    line.push_str(part);
                }
            }
            output.stdout(&line);
        }
        let more = of_kind().count().saturating_sub(SHOWN);
        if more > 0 {
            let more = count(more as u64);
            output.stdout(&format!("{sign} {more} more; -o json lists all of them"));
        }
    }
}

fn sentence(plan: &SyncPlan, calls_left: Option<u64>) -> String {
    let sum = |number: fn(&gong_crm::sync::TypeSummary) -> u64| {
        plan.types.iter().map(number).sum::<u64>()
    };
    let deleted = sum(|of| of.deleted);
    let limits: Vec<String> = plan
        .types
        .iter()
        .filter(|of| of.deleted > 0)
        .filter_map(|of| {
            let allowed = of.allowed_deletions?;
            let (owned, object_type) = (count(of.owned), of.object_type);
            Some(format!(
                "{} of {owned} {object_type} records",
                count(allowed)
            ))
        })
        .collect();
    let mut limit = Vec::new();
    if !limits.is_empty() {
        limit.push(format!("limit: {}", limits.join(", ")));
    }
    let never_sent = sum(|of| of.never_sent_deletions);
    if never_sent > 0 {
        let number = count(never_sent);
        limit.push(format!(
            "not counted: {number} of records that this ledger never sent"
        ));
    }
    let limit = match limit.join("; ") {
        empty if empty.is_empty() => empty,
        limit => format!(" ({limit})"),
    };
    let left = calls_left.map_or_else(String::new, |left| format!("; {} left today", count(left)));
    format!(
        "Plan: {} new, {} changed, {}{limit}, {} held back. {}, about {}{left}.",
        count(sum(|of| of.new)),
        count(sum(|of| of.changed)),
        counted(deleted, "deletion"),
        count(sum(|of| of.held_back)),
        counted(plan.uploads, "upload"),
        counted(plan.calls, "call"),
    )
}

/// One line about a round.
pub(crate) fn round(report: &SyncReport, output: Output) {
    let sum = |number: fn(&gong_crm::sync::TypeSummary) -> u64| {
        report.plan.types.iter().map(number).sum::<u64>()
    };
    let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
    output.stdout(&format!(
        "{now} {}: {} new, {} changed, {} deleted, {} same, {} held back, {}",
        report.verdict,
        count(sum(|of| of.new)),
        count(sum(|of| of.changed)),
        count(sum(|of| of.deleted)),
        count(sum(|of| of.unchanged)),
        count(sum(|of| of.held_back)),
        counted(report.calls, "call"),
    ));
    for problem in &report.plan.problems {
        let (object_type, source) = (problem.object_type, &problem.source);
        output.status(&format!("{object_type} ({source}): {}", problem.message));
    }
}
