//! A page of what was sent since a time.

use std::collections::BTreeMap;

use gong_crm::ledger::{RecordHistory, RecordOutcome};

use super::{Chart, Fill, Kind, Page, Section, Table};
use crate::output::table::seconds;

const KINDS: [Kind; 3] = [
    ("accepted", Fill::New),
    ("rejected", Fill::Gone),
    ("no verdict yet, or unknown", Fill::Held),
];

/// A page of the entries, in the order of the ledger.
pub(crate) fn changes(title: &str, past: &[RecordHistory]) -> Page {
    let kind = |entry: &RecordHistory| match entry.outcome {
        Some(RecordOutcome::Accepted) => 0,
        Some(RecordOutcome::Rejected) => 1,
        _ => 2,
    };
    let of = |wanted: usize| past.iter().filter(|entry| kind(entry) == wanted).count() as u64;
    let mut hours: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for entry in past {
        let hour = entry.at.strftime("%Y-%m-%d %H:00 UTC").to_string();
        let numbers = hours.entry(hour).or_insert_with(|| vec![0; KINDS.len()]);
        numbers[kind(entry)] += 1;
        if let Some(reason) = &entry.reason {
            *reasons.entry(reason.clone()).or_default() += 1;
        }
    }
    let mut reasons: Vec<(String, Vec<u64>)> = reasons
        .into_iter()
        .map(|(reason, times)| (reason, vec![times]))
        .collect();
    reasons.sort_by(|(_, left), (_, right)| right.cmp(left));
    // The latest hours are those that are looked at.
    let hours: Vec<_> = hours.into_iter().rev().collect();
    let columns = [
        ("time", false),
        ("type", false),
        ("id", false),
        ("action", false),
        ("outcome", false),
        ("fields", false),
        ("upload", false),
        ("reason", false),
    ];
    let rows = past.iter().map(|entry| {
        vec![
            seconds(entry.at),
            entry.object_type.to_string(),
            entry.object_id.clone(),
            entry.action.as_str().to_owned(),
            entry
                .outcome
                .map_or("pending", RecordOutcome::as_str)
                .to_owned(),
            entry.fields.join(", "),
            entry.client_request_id.to_string(),
            entry.reason.clone().unwrap_or_default(),
        ]
    });
    let table = Table::new(
        "What was sent, record by record",
        &columns,
        rows,
        past.len() as u64,
    );
    Page::new(title)
        .fact("records sent", past.len() as u64)
        .fact("accepted", of(0))
        .fact("rejected", of(1))
        .fact("no verdict or unknown", of(2))
        .section(Section::new("Hours").chart(Chart::new(
            "Records sent in each hour",
            &KINDS,
            hours,
        )))
        .section(Section::new("Reasons").chart(Chart::new(
            "Gong's reasons",
            &[("records", Fill::Gone)],
            reasons,
        )))
        .section(Section::new("Records").table(table))
}
