//! The result of a push as a page.

use gong_crm::push::{FileReport, Report, Verdict};

use super::{Chart, Fill, Kind, Page, Section, Table, Tone};
use crate::output::table::count;

const KINDS: [Kind; 5] = [
    ("accepted", Fill::New),
    ("rejected", Fill::Gone),
    ("held back", Fill::Held),
    ("uncertain", Fill::Changed),
    ("unchanged", Fill::Same),
];

pub(crate) fn push(report: &Report) -> Page {
    let (explained, tone) = meaning(report.verdict);
    let page = Page::new("Push to Gong")
        .verdict(report.verdict.to_string(), explained, tone)
        .fact("records", report.records())
        .fact("accepted", report.accepted())
        .fact("unchanged", report.unchanged())
        .fact("rejected", report.rejected());
    files(page, &report.files).section(Section::new("Notes").lines(report.notes.clone()))
}

/// The meaning of a verdict, for readers who do not know the names.
pub(super) fn meaning(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Done => ("Every record is in Gong as given.", Tone::Good),
        Verdict::Partial => (
            "Some records are rejected or held back; all others are in Gong.",
            Tone::Warn,
        ),
        Verdict::HeldBack => (
            "A limit holds back some records; all others are accepted or rejected.",
            Tone::Warn,
        ),
        Verdict::TimedOut => (
            "Gong has not finished; gong-crm resume continues.",
            Tone::Warn,
        ),
        Verdict::Unknown => (
            "The outcome is unknown; gong-crm resume asks Gong.",
            Tone::Bad,
        ),
        Verdict::Invalid => ("The check found errors, and nothing was sent.", Tone::Bad),
        Verdict::Failed => ("Something was not sent, or failed as a whole.", Tone::Bad),
        Verdict::Canceled => ("It was stopped; gong-crm resume continues.", Tone::Bad),
        _ => ("Each file has its own result.", Tone::Bad),
    }
}

pub(super) fn files(page: Page, files: &[FileReport]) -> Page {
    let numbers = |file: &FileReport| {
        vec![
            file.accepted,
            file.rejected,
            file.held_back,
            file.uncertain,
            file.unconfirmed,
            file.unchanged,
        ]
    };
    // The chart has no color of its own for what stays open for good.
    let parts = |file: &FileReport| {
        vec![
            file.accepted,
            file.rejected,
            file.held_back,
            file.uncertain + file.unconfirmed,
            file.unchanged,
        ]
    };
    let name = |file: &FileReport| format!("{} {}", file.object_type, file.path.display());
    let rows = files.iter().map(|file| (name(file), parts(file)));
    let chart = Chart::new("Results of the records of each file", &KINDS, rows);
    let columns = [
        ("type", false),
        ("file", false),
        ("records", true),
        ("accepted", true),
        ("rejected", true),
        ("held back", true),
        ("uncertain", true),
        ("unconfirmed", true),
        ("unchanged", true),
        ("status", false),
        ("reason", false),
    ];
    let rows = files.iter().map(|file| {
        let mut row = vec![
            file.object_type.to_string(),
            file.path.display().to_string(),
            count(file.records),
        ];
        row.extend(numbers(file).into_iter().map(count));
        row.push(file.status.to_string());
        row.push(file.reason.clone().unwrap_or_default());
        row
    });
    let table = Table::new("The files", &columns, rows, files.len() as u64);
    let all = || {
        files
            .iter()
            .flat_map(|file| file.errors.iter().map(move |error| (file, error)))
    };
    let rows = all().map(|(file, error)| {
        let line = match error.source_line {
            0 => String::new(),
            line => count(line),
        };
        vec![
            file.object_type.to_string(),
            error.object_id.clone().unwrap_or_default(),
            file.path.display().to_string(),
            line,
            error.description.clone(),
        ]
    });
    let columns = [
        ("type", false),
        ("id", false),
        ("file", false),
        ("line", true),
        ("why it is not in Gong as given", false),
    ];
    let errors = Table::new(
        "Records with an error",
        &columns,
        rows,
        all().count() as u64,
    );
    page.section(Section::new("Files").chart(chart).table(table))
        .section(Section::new("Records with an error").table(errors))
}
