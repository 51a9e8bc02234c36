//! What Gong holds against what was sent, as a page.

use std::collections::BTreeMap;

use gong_crm::drift::{Difference, DriftReport};

use super::plan::calls;
use super::{Chart, Fill, Page, Section, Table, Tone};

/// A page about the report; each difference with its sentence.
pub(crate) fn drift(
    report: &DriftReport,
    sentence: impl Fn(&Difference) -> String,
    notes: Vec<String>,
    calls_left: Option<u64>,
) -> Page {
    let different = report.read.saturating_sub(report.same);
    let page = Page::new("Drift: what Gong holds against what was sent");
    let page = if !report.problems.is_empty() {
        let meaning = "A source cannot be read, so its records were not read back.";
        page.verdict("incomplete", meaning, Tone::Bad)
    } else if report.is_equal() {
        let meaning = "Every record that was read back is as it was sent.";
        page.verdict("equal", meaning, Tone::Good)
    } else {
        let meaning = "Gong does not hold some records as they were sent.";
        page.verdict("different", meaning, Tone::Warn)
    };
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    for difference in &report.differences {
        *types.entry(difference.object_type.to_string()).or_default() += 1;
        *kinds.entry(difference.kind.to_string()).or_default() += 1;
    }
    let one = [("records", Fill::Gone)];
    let bars = |counted: BTreeMap<String, u64>| {
        let rows = counted.into_iter();
        rows.map(|(name, number)| (name, vec![number]))
            .collect::<Vec<_>>()
    };
    let rows = report.differences.iter().map(|difference| {
        vec![
            difference.object_type.to_string(),
            difference.object_id.clone(),
            difference.kind.to_string(),
            sentence(difference),
        ]
    });
    let columns = [
        ("type", false),
        ("id", false),
        ("kind", false),
        ("what Gong has", false),
    ];
    let total = report.differences.len() as u64;
    let read = vec![report.same, different, report.not_read.waiting];
    let of_read = [
        ("as sent", Fill::New),
        ("not as sent", Fill::Gone),
        ("not read back yet", Fill::Same),
    ];
    let problems = report.problems.iter().map(|problem| {
        let (object_type, source) = (problem.object_type, &problem.source);
        format!("{object_type} ({source}): {}", problem.message)
    });
    page.fact("read back", report.read)
        .fact("as sent", report.same)
        .fact("not as sent", different)
        .fact("calls", report.calls)
        .section(Section::new("Problems of the sources").lines(problems))
        .section(Section::new("Records").chart(Chart::new(
            "Records of this ledger",
            &of_read,
            [("records".to_owned(), read)],
        )))
        .section(
            Section::new("Differences")
                .chart(Chart::new("Differences by kind", &one, bars(kinds)))
                .table(Table::new("Differences", &columns, rows, total)),
        )
        .section(Section::new("Types").chart(Chart::new("Differences by type", &one, bars(types))))
        .section(Section::new("Notes").lines(notes))
        .section(calls(0, calls_left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::table::count;

    #[test]
    fn page_of_an_equal_gong_has_the_calls_of_the_day() {
        let page = drift(
            &DriftReport::default(),
            |_| String::new(),
            Vec::new(),
            Some(9_000),
        );
        let html = page.html();
        assert!(html.contains("Every record that was read back"), "{html}");
        assert!(html.contains(&format!("{} left", count(9_000))), "{html}");
    }
}
