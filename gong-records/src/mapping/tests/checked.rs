//! CSVs among the files of a check.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use crate::ObjectType;
use crate::check::{CheckError, Finding, Options, Summary, check_paths};
use crate::mapping::{Conversion, Mapping};
use crate::rule::Rule;

const MAPPING: &str = "\
[ACCOUNT]
[ACCOUNT.fields]
objectId = 'Id'
modifiedDate = 'Changed'
name = 'Name'

[DEAL]
delimiter = ';'
decimal = ','
thousands = '.'
[DEAL.fields]
objectId = 'Nr'
modifiedDate = { constant = '2026-03-01T09:30:00Z' }
accountId = 'Kunde'
ownerId = { constant = 'u-1' }
stage = { constant = 's-1' }
name = 'Name'
closeDate = { from = 'Ende' }
amount = 'Wert'
";

fn options() -> Options {
    let mapping = Mapping::from_toml(MAPPING).unwrap();
    let mut options = Options {
        converter: Some(Arc::new(Conversion::new(mapping))),
        ..Options::default()
    };
    options.severities.allow.insert(Rule::MissingType);
    options
}

fn check(
    files: &[(&str, &[u8])],
    options: &Options,
) -> (Result<Summary, CheckError>, Vec<Finding>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let mut findings = Vec::new();
    let summary = check_paths(&[folder.path()], options, &mut |finding| {
        findings.push(finding);
    });
    (summary, findings)
}

/// File, line, column, rule and field of each finding.
fn places(findings: &[Finding]) -> Vec<(&str, u64, u64, Rule, Option<&str>)> {
    findings
        .iter()
        .map(|finding| {
            (
                finding.path.file_name().unwrap().to_str().unwrap(),
                finding.line,
                finding.column,
                finding.rule,
                finding.field.as_deref(),
            )
        })
        .collect()
}

#[test]
fn findings_are_in_the_order_of_rows_and_columns() {
    let accounts =
        "Id,Name,Changed\na-1,One,2026-03-01T09:30:00Z\na/2,\"Tw\no\",2026-03-01\n\na-3,,x\n";
    let deals = "Nr;Name;Kunde;Ende;Wert\nd-1;x;a-1;2026-09-30;1,5\nd-2;y;a-3;morgen;2.5\n\
        d-1;\"z;z\";a-9;2026-09-30;\nd-4;short\n";
    let (summary, findings) = check(
        &[
            ("accounts.csv", accounts.as_bytes()),
            ("deals.csv", deals.as_bytes()),
        ],
        &options(),
    );
    assert_eq!(
        places(&findings),
        [
            ("accounts.csv", 3, 3, Rule::Cell, Some("modifiedDate")),
            (
                "accounts.csv",
                3,
                1,
                Rule::ObjectIdCharset,
                Some("objectId")
            ),
            ("accounts.csv", 6, 3, Rule::Cell, Some("modifiedDate")),
            (
                "deals.csv",
                2,
                1,
                Rule::ConflictingVersions,
                Some("objectId")
            ),
            ("deals.csv", 3, 4, Rule::Cell, Some("closeDate")),
            ("deals.csv", 3, 5, Rule::Cell, Some("amount")),
            (
                "deals.csv",
                4,
                1,
                Rule::ConflictingVersions,
                Some("objectId")
            ),
            (
                "deals.csv",
                4,
                3,
                Rule::UnresolvedReference,
                Some("accountId")
            ),
            ("deals.csv", 5, 0, Rule::Row, None),
        ]
    );
    // The row of a spreadsheet, where a cell above has two lines.
    assert_eq!((findings[2].line, findings[2].row), (6, Some(5)));
    assert!(
        findings[2].message.ends_with("(column \"Changed\", row 5)"),
        "{}",
        findings[2].message
    );
    assert!(
        findings[6].message.contains("line 2 has"),
        "{}",
        findings[6].message
    );
    let excerpt = findings[7].excerpt.as_ref().unwrap();
    assert_eq!(excerpt.text, "d-1;\"z;z\";a-9;2026-09-30;");
    assert_eq!((excerpt.start, excerpt.length), (10, 3));
    let summary = summary.unwrap();
    assert_eq!(
        (summary.records(), summary.errors(), summary.warnings()),
        (7, 8, 1)
    );
    assert_eq!(summary.by_rule()[&Rule::Cell], 4);
    assert_eq!(summary.by_rule().get(&Rule::MissingField), None);
}

#[test]
fn what_concerns_many_rows_is_said_once() {
    let mapping = "[DEAL]\ndates = '%d/%m/%Y'\n[DEAL.fields]\nobjectId = 'Id'\n\
        modifiedDate = { constant = '2026-03-01T09:30:00Z' }\ncloseDate = 'End'\n";
    let mut options = options();
    let conversion = Conversion::new(Mapping::from_toml(mapping).unwrap());
    options.converter = Some(Arc::new(conversion));
    options.severities.allow.insert(Rule::NotVisible);
    let deals = "Id,End\n1,01/13/2026\n2,02/14/2026\n3,03/04/2026\n4,x\n";
    let (summary, findings) = check(&[("deals.csv", deals.as_bytes())], &options);
    let end = Some("closeDate");
    assert_eq!(
        places(&findings),
        [
            ("deals.csv", 5, 2, Rule::Cell, end),
            ("deals.csv", 0, 2, Rule::Notation, end)
        ]
    );
    assert_eq!(summary.unwrap().errors(), 2);
    // Where the column is allowed, each of its cells counts.
    options.severities.allow.insert(Rule::Notation);
    let (summary, findings) = check(&[("deals.csv", deals.as_bytes())], &options);
    let lines: Vec<u64> = findings.iter().map(|finding| finding.line).collect();
    assert_eq!((lines, summary.unwrap().errors()), (vec![2, 3, 5], 3));
    // A second block in another order.
    let deals = "Id,End\n1,01/02/2026\nEnd,Id\n03/04/2026,2\n03/04/2026,3\n";
    let (summary, findings) = check(&[("deals.csv", deals.as_bytes())], &options);
    assert_eq!(places(&findings), [("deals.csv", 3, 0, Rule::Row, None)]);
    assert_eq!(summary.unwrap().errors(), 1);
    options.repeats = true;
    let (_, findings) = check(&[("deals.csv", deals.as_bytes())], &options);
    assert_eq!(findings.len(), 3);
}

#[test]
fn csvs_and_lines_refer_to_each_other() {
    let deals = "Nr;Name;Kunde;Ende;Wert\nd-1;x;a-1;2026-09-30;1\nd-2;y;a-2;2026-09-30;2\n";
    let accounts = "{\"objectId\":\"a-1\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n";
    let files = [
        ("deals.csv", deals.as_bytes()),
        ("accounts.ldjson", accounts.as_bytes()),
    ];
    let (_, findings) = check(&files, &options());
    let expected = (
        "deals.csv",
        3,
        3,
        Rule::UnresolvedReference,
        Some("accountId"),
    );
    assert_eq!(places(&findings), [expected]);
    // Without a mapping, only the lines are checked.
    let (summary, findings) = check(&files, &Options::default());
    assert_eq!((summary.unwrap().files.len(), findings.len()), (1, 0));
}

#[test]
fn rules_of_csvs_can_be_allowed() {
    let deals = "Nr;Name;Kunde;Ende;Wert\nd-1;x;a-1;2026-09-30;viel\nd-2\n";
    let mut options = options();
    options.severities.allow.extend([Rule::Cell, Rule::Row]);
    let (summary, findings) = check(&[("deals.csv", deals.as_bytes())], &options);
    assert_eq!(places(&findings), []);
    assert!(summary.unwrap().is_clean());
    // Then it is the lack of the field that counts.
    let accounts = "Id,Name,Changed\na-1,One,gestern\n";
    let (_, findings) = check(&[("accounts.csv", accounts.as_bytes())], &options);
    let expected = (
        "accounts.csv",
        2,
        3,
        Rule::MissingField,
        Some("modifiedDate"),
    );
    assert_eq!(places(&findings), [expected]);
}

#[test]
fn a_csv_without_rows_is_a_finding_and_one_that_does_not_fit_an_error() {
    let (summary, findings) = check(&[("deals.csv", b"Nr;Name;Kunde;Ende;Wert\n")], &options());
    assert_eq!(
        places(&findings),
        [("deals.csv", 0, 0, Rule::NoRecords, None)]
    );
    assert_eq!(summary.unwrap().warnings(), 1);
    for (content, told) in [
        // An export that came out empty is not one without records.
        ("", "it has no row that names its columns"),
        ("\n\n", "it has no row that names its columns"),
        ("\u{feff}", "it has no row that names its columns"),
        (
            "Nr;Name;Kunde;Ende\n",
            "field amount: the file has no column \"Wert\"",
        ),
        ("Nr,Name,Kunde,Ende,Wert\n", "is the delimiter ','?"),
        (
            "Nr;Name;Kunde;Ende;Gr\u{fffd}\u{df};\n",
            "is the encoding \"windows-1252\"?",
        ),
        (
            "Nr;Name;Name;Kunde;Ende;Wert\n",
            "2 columns called \"Name\"",
        ),
    ] {
        let (summary, _) = check(&[("deals.csv", content.as_bytes())], &options());
        let error = summary.unwrap_err();
        assert!(
            matches!(&error, CheckError::Convert { path, .. } if path.ends_with("deals.csv")),
            "{error}"
        );
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn a_mapping_for_one_type_makes_a_type_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.txt");
    fs::write(&path, "Id\nl-1\n").unwrap();
    let mapping =
        Mapping::from_toml("[LEAD.fields]\nobjectId = 'Id'\nmodifiedDate = { constant = 'now' }\n")
            .unwrap();
    let options = Options {
        converter: Some(Arc::new(Conversion::new(mapping))),
        ..Options::default()
    };
    let summary = check_paths(&[PathBuf::from(&path)], &options, &mut |_| {}).unwrap();
    assert_eq!(summary.files[0].object_type, ObjectType::Lead);
    assert_eq!(summary.records(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_csv_brings_a_check_down_and_all_findings_are_of_its_rows(
        bytes: Vec<u8>,
        cells in "(Nr;Name;Kunde;Ende;Wert\n)?([\"a-e0-3;,.\n\r €ä-]{0,20}[;\n\"]){0,12}",
    ) {
        for content in [bytes.as_slice(), cells.as_bytes()] {
            let (summary, findings) = check(&[("deals.csv", content)], &options());
            let Ok(summary) = summary else { continue };
            let errors = findings.iter().filter(|found| found.severity == crate::check::Severity::Error);
            prop_assert_eq!(errors.count() as u64, summary.errors());
            let breaks = content.iter().filter(|byte| b"\r\n".contains(byte)).count() as u64;
            for found in &findings {
                prop_assert!(found.line <= breaks + 1 && found.column <= 5, "{:?}", found);
                prop_assert!(found.row.is_some() == (found.line > 0), "{:?}", found);
            }
        }
    }
}
