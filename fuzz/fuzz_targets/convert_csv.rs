//! A conversion finishes with every CSV and every mapping, its lines are JSON, and each problem has an
//! existing position.
//!
//! The text before the first NUL is a mapping, if it can be read as one.

#![no_main]

use gong_crm::check::{self, check_reader};
use gong_crm::mapping::{Mapping, Options, convert_reader};
use gong_crm::{ObjectType, Rule};
use libfuzzer_sys::fuzz_target;

const MAPPING: &str = "[DEAL]\ndelimiter = ';'\nzone = 'Europe/Berlin'\ndates = '%d.%m.%Y'\n\
    date-times = '%d.%m.%Y %H:%M'\ndecimal = ','\nthousands = '.'\nheader = false\n\
    [DEAL.fields]\nobjectId = '1'\nmodifiedDate = '2'\namount = '3'\ncloseDate = '4'\n\
    labels = { from = '5', type = 'STRINGARRAY' }\n";

fuzz_target!(|bytes: &[u8]| {
    let mut halves = bytes.splitn(2, |byte| *byte == 0);
    let (first, second) = (halves.next().unwrap_or_default(), halves.next());
    let own = str::from_utf8(first)
        .ok()
        .filter(|_| second.is_some())
        .and_then(|text| Mapping::from_toml(text).ok());
    let mapping = own.or_else(|| Mapping::from_toml(MAPPING).ok());
    let (Some(mapping), csv) = (mapping, second.unwrap_or(first)) else {
        return;
    };
    let Ok(now) = "2026-03-01T09:30:00Z".parse() else {
        return;
    };
    let mut options = Options::new(now);
    // One type at a time is several times as fast as all in a row.
    let object_type = ObjectType::ALL[bytes.len() % 6];
    options.keep_rows = bytes.len() / 6 % 2 == 0;
    let mut lines = Vec::new();
    let converted = convert_reader(
        csv,
        &mapping,
        object_type,
        &options,
        &mut lines,
        &mut |problem| {
            assert!(problem.place.line >= 1, "{problem:?}");
            assert!(problem.place.row <= problem.place.line, "{problem:?}");
        },
    );
    let Ok(converted) = converted else { return };
    assert!(converted.records <= converted.rows);
    let settings = check::Options::default();
    let summary = check_reader(
        &lines[..],
        "lines",
        object_type,
        &settings,
        &mut |finding| {
            assert!(finding.rule != Rule::JsonSyntax, "{finding:?}");
            assert!(converted.source_map.place(finding.line).is_some() || finding.line == 0);
        },
    );
    assert!(summary.is_ok_and(|summary| summary.records == converted.records));
});
