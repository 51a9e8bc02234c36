//! A plan and its results, as a page.

use gong_crm::push::Verdict;
use gong_crm::sync::{PlanAction, SyncPlan, SyncReport, TypeSummary};

use super::push::{files, meaning};
use super::{Chart, Fill, Kind, Page, Section, Table};
use crate::output::sync_report::NOT_SENT;
use crate::output::table::count;

const KINDS: [Kind; 5] = [
    ("new", Fill::New),
    ("changed", Fill::Changed),
    ("deleted", Fill::Gone),
    ("held back", Fill::Held),
    ("unchanged", Fill::Same),
];

/// The calls that Gong allows a company within 24 hours.
const CALLS_PER_DAY: u64 = 10_000;

pub(crate) fn plan(plan: &SyncPlan, calls_left: Option<u64>) -> Page {
    described(Page::new("Plan: what a sync would do"), plan, calls_left)
}

pub(crate) fn sync(report: &SyncReport, calls_left: Option<u64>) -> Page {
    let (explained, tone) = meaning(report.verdict);
    let title = if report.verdict == Verdict::Done {
        "Sync: Gong is in sync with the sources"
    } else {
        "Sync"
    };
    let page = Page::new(title).verdict(report.verdict.to_string(), explained, tone);
    files(described(page, &report.plan, calls_left), &report.files)
}

fn described(page: Page, plan: &SyncPlan, calls_left: Option<u64>) -> Page {
    let sum = |number: fn(&TypeSummary) -> u64| plan.types.iter().map(number).sum::<u64>();
    let numbers =
        |of: &TypeSummary| vec![of.new, of.changed, of.deleted, of.held_back, of.unchanged];
    let mut page = page
        .fact("new", sum(|of| of.new))
        .fact("changed", sum(|of| of.changed))
        .fact("deleted", sum(|of| of.deleted))
        .fact("held back", sum(|of| of.held_back))
        .fact("unchanged", sum(|of| of.unchanged))
        .fact("uploads", plan.uploads);
    let problems = plan.problems.iter().map(|problem| {
        format!(
            "{} ({}): {}",
            problem.object_type, problem.source, problem.message
        )
    });
    page = page.section(Section::new("Problems of the sources").lines(problems));
    let rows = plan
        .types
        .iter()
        .map(|of| (of.object_type.to_string(), numbers(of)));
    let chart = Chart::new("Records of each type", &KINDS, rows);
    let columns = [
        ("type", false),
        ("in the source", true),
        ("new", true),
        ("changed", true),
        ("deleted", true),
        ("held back", true),
        ("unchanged", true),
        ("deletions allowed", true),
    ];
    let rows = plan.types.iter().map(|of| {
        let mut row = vec![of.object_type.to_string(), count(of.source)];
        row.extend(numbers(of).into_iter().map(count));
        row.push(of.allowed_deletions.map_or_else(|| "–".to_owned(), count));
        row
    });
    let table = Table::new("The types", &columns, rows, plan.types.len() as u64);
    page = page.section(
        Section::new("Types")
            .chart(chart)
            .table(table)
            .lines(plan.notes.clone()),
    );
    for (action, heading) in [
        (PlanAction::HoldBack, "Held back"),
        (PlanAction::Delete, "Deleted"),
        (PlanAction::Update, "Changed"),
        (PlanAction::Create, "New"),
    ] {
        let of_kind = || plan.changes.iter().filter(|change| change.action == action);
        let rows = of_kind().map(|change| {
            vec![
                change.object_type.to_string(),
                change
                    .object_id
                    .clone()
                    .unwrap_or_else(|| "(no id)".to_owned()),
                change.fields.join(", "),
                change.reason.clone().unwrap_or_default(),
            ]
        });
        let columns = [
            ("type", false),
            ("id", false),
            ("fields", false),
            ("reason", false),
        ];
        let table = Table::new(heading, &columns, rows, of_kind().count() as u64);
        page = page.section(Section::new(heading).table(table));
    }
    let skipped = plan
        .skipped
        .iter()
        .map(|left| format!("{} {}: {}", left.object_type, left.object_id, left.reason));
    page = page.section(Section::new("Skipped from the plan file").lines(skipped));
    if let Some(coverage) = &plan.coverage {
        page = page.section(super::owners::section(coverage, NOT_SENT));
    }
    page.section(calls(plan.calls, calls_left))
}

/// What the round takes of the day's calls.
pub(super) fn calls(planned: u64, left: Option<u64>) -> Section {
    let Some(left) = left else {
        return Section::new("Calls");
    };
    let used = CALLS_PER_DAY.saturating_sub(left);
    let planned = planned.min(left);
    let kinds = [
        ("made in the last 24 hours", Fill::Changed),
        ("for this round", Fill::Held),
        ("left", Fill::Same),
    ];
    let row = (
        "calls of the day".to_owned(),
        vec![used, planned, left - planned],
    );
    let caption = "Calls against the 10,000 that Gong allows within 24 hours";
    Section::new("Calls").chart(Chart::new(caption, &kinds, [row]))
}
