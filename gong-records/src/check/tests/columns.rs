//! Findings of whole columns, of several versions, and of parts of large files.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;

use super::findings_of;
use crate::check::{Finding, Options, Severity, Summary, check_paths};
use crate::object_type::ObjectType;
use crate::rule::Rule;
use crate::schema::EntitySchema;

/// The place, rule, field and count of each finding.
fn facts(findings: &[Finding]) -> Vec<(u64, Rule, &str, u64, Option<u64>)> {
    findings
        .iter()
        .map(|finding| {
            let field = finding.field.as_deref().unwrap_or_default();
            (
                finding.line,
                finding.rule,
                field,
                finding.count,
                finding.first_line,
            )
        })
        .collect()
}

fn check(files: &[(&str, &str)], options: &Options) -> (Summary, Vec<Finding>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let mut findings = Vec::new();
    let summary = check_paths(&[folder.path()], options, &mut |finding| {
        findings.push(finding);
    });
    (summary.unwrap(), findings)
}

fn contact(id: &str, more: &str) -> String {
    format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"{more}}}\n")
}

#[test]
fn field_that_no_record_has_is_one_finding() {
    let options = Options::default();
    let all: String = (0..5_000)
        .map(|number| contact(&number.to_string(), ""))
        .collect();
    let found = findings_of(ObjectType::Contact, all.as_bytes(), &options);
    assert_eq!(
        facts(&found),
        [(0, Rule::NotVisible, "accountId", 5_000, Some(1))]
    );
    let json = serde_json::to_value(&found[0]).unwrap();
    assert_eq!(json["line"], serde_json::Value::Null);
    assert_eq!(json["objectId"], serde_json::Value::Null);
    assert_eq!(json["count"], 5_000);
    let message = json["message"].as_str().unwrap();
    assert!(
        message.starts_with("accountId: no record has it."),
        "{message}"
    );
    assert!(
        message.ends_with("(5000 records, the first in line 1)"),
        "{message}"
    );
    // Of one record it is the record's own finding.
    let one = findings_of(ObjectType::Contact, contact("a", "").as_bytes(), &options);
    assert_eq!(facts(&one), [(1, Rule::NotVisible, "accountId", 1, None)]);
    assert_eq!(one[0].object_id.as_deref(), Some("a"));
}

#[test]
fn field_that_some_records_lack_is_a_finding_of_each() {
    let with = contact("with", ",\"accountId\":\"a\"");
    let without = |number: usize| contact(&number.to_string(), "");
    // The record with the field is the first, an early one, or after several blocks of a file.
    for before in [0, 3, 9_000] {
        let content: String = (0..before)
            .map(without)
            .chain([with.clone()])
            .chain((before..before + 3).map(without))
            .collect();
        let (summary, found) = check(&[("contacts.ldjson", &content)], &Options::default());
        let lines: Vec<u64> = found.iter().map(|finding| finding.line).collect();
        let line = before as u64 + 1;
        let expected: Vec<u64> = (1..line).chain(line + 1..=line + 3).collect();
        let mut sorted = lines.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "{before}");
        assert_eq!(summary.warnings(), expected.len() as u64);
        assert!(found.iter().all(|finding| finding.count == 1));
    }
    // A stream that cannot be read again has one finding for the records before.
    let content: String = (0..9_000).map(without).chain([with]).collect();
    let found = findings_of(ObjectType::Contact, content.as_bytes(), &Options::default());
    let counted: u64 = found.iter().map(|finding| finding.count).sum();
    assert_eq!(counted, 9_000);
    let column = found.iter().find(|finding| finding.is_of_column()).unwrap();
    assert!(
        column.message.contains("no record up to line"),
        "{}",
        column.message
    );
}

#[test]
fn deletions_do_not_lack_what_deletions_need_not_have() {
    let deleted = contact("gone", ",\"isDeleted\":true");
    let content = [deleted.clone(), contact("a", ""), contact("b", ""), deleted].concat();
    let mut options = Options::default();
    options.severities.allow.insert(Rule::DuplicateObjectId);
    let found = findings_of(ObjectType::Contact, content.as_bytes(), &options);
    assert_eq!(
        facts(&found),
        [(0, Rule::NotVisible, "accountId", 2, Some(2))]
    );
}

#[test]
fn required_field_that_no_record_has_is_one_error() {
    let content = "{\"objectId\":\"a\"}\n{\"objectId\":\"b\"}\n";
    let found = findings_of(ObjectType::Account, content.as_bytes(), &Options::default());
    assert_eq!(
        facts(&found),
        [(0, Rule::MissingField, "modifiedDate", 2, Some(1))]
    );
    assert_eq!(found[0].severity, Severity::Error);
}

#[test]
fn name_that_breaks_a_rule_is_one_finding_per_file() {
    let schema = r#"{"ACCOUNT":[{"uniqueName":"known","label":"K","type":"STRING"}]}"#;
    let options = Options {
        entity_schema: Some(EntitySchema::from_json(schema).unwrap()),
        ..Options::default()
    };
    let line = |id: usize, more: &str| {
        format!(
            "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"gr\\u00f6\\u00dfe\":1{more}}}\n"
        )
    };
    let mut content: String = (0..2_000).map(|id| line(id, "")).collect();
    content.push_str(&line(2_000, ",\"once\":2,\"known\":\"x\""));
    let found = findings_of(ObjectType::Account, content.as_bytes(), &options);
    assert_eq!(
        facts(&found),
        [
            (2_001, Rule::CustomUnknown, "once", 1, None),
            (0, Rule::CustomUnknown, "größe", 2_001, Some(1)),
        ]
    );
    // An error is of the single record, which can then be omitted.
    let mut strict = options;
    strict.severities.deny.insert(Rule::CustomUnknown);
    let found = findings_of(ObjectType::Account, content.as_bytes(), &strict);
    assert_eq!(found.len(), 2_002);
    assert_eq!(found[0].object_id.as_deref(), Some("0"));
}

#[test]
fn names_without_end_are_counted_and_not_listed() {
    let content: String = (0..10_000)
        .map(|id| {
            contact(
                &id.to_string(),
                &format!(",\"accountId\":\"a\",\"n{id}x\":1"),
            )
        })
        .collect();
    let schema = r#"{"CONTACT":[{"uniqueName":"known","label":"K","type":"STRING"}]}"#;
    let options = Options {
        entity_schema: Some(EntitySchema::from_json(schema).unwrap()),
        ..Options::default()
    };
    let found = findings_of(ObjectType::Contact, content.as_bytes(), &options);
    assert!(found.len() < 4_100, "{}", found.len());
    let total: u64 = found.iter().map(|finding| finding.count).sum();
    assert_eq!(total, 10_000);
}

#[test]
fn findings_beyond_the_maximum_are_counted() {
    let content: String = (0..3_000)
        .map(|id| contact(&id.to_string(), ",\"accountId\":\"a b\",\"url\":\"x\""))
        .collect();
    let mut options = Options::default();
    let (all, _) = check(&[("contacts.ldjson", &content)], &options);
    options.max_findings = Some(5);
    let (summary, found) = check(
        &[("contacts.ldjson", &content), ("leads.ldjson", &content)],
        &options,
    );
    let lines: Vec<u64> = found.iter().map(|finding| finding.line).collect();
    assert_eq!(lines, [1, 1, 2, 2, 3]);
    assert_eq!(summary.files[0].by_rule, all.files[0].by_rule);
    assert_eq!(summary.files[0].errors, 6_000);
}

#[test]
fn versions_with_equal_date_conflict_across_files() {
    let version = |id: &str, day: u32, name: &str| {
        format!(
            "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-0{day}T09:30:00Z\",\"name\":\"{name}\"}}\n"
        )
    };
    let one = [
        version("a", 1, "A"),
        version("b", 1, "B"),
        version("c", 1, "C"),
    ]
    .concat();
    // Equal except for the notation; another date; another name.
    let two = [
        version("c", 1, "X"),
        "{\"name\":\"\\u0041\", \"modifiedDate\":\"2026-03-01T10:30:00+01:00\", \"objectId\":\"a\"}\n".to_owned(),
        version("b", 2, "X"),
    ]
    .concat();
    let (summary, found) = check(
        &[("accounts-1.ldjson", &one), ("accounts-2.ldjson", &two)],
        &Options::default(),
    );
    let places: Vec<_> = found
        .iter()
        .map(|finding| {
            let name = finding.path.file_name().unwrap().to_str().unwrap();
            (
                name,
                finding.line,
                finding.rule,
                finding.object_id.as_deref(),
            )
        })
        .collect();
    let rule = Rule::ConflictingVersions;
    assert_eq!(
        places,
        [
            ("accounts-1.ldjson", 3, rule, Some("c")),
            ("accounts-2.ldjson", 1, rule, Some("c")),
        ]
    );
    assert!(
        found[0].message.contains("line 1 of"),
        "{}",
        found[0].message
    );
    assert_eq!((summary.errors(), summary.files[0].errors), (2, 1));
}

#[test]
fn ids_of_several_files_that_differ_only_in_case_are_reported() {
    let line =
        |id: &str| format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}}\n");
    let of = |ids: &[&str]| ids.iter().map(|id| line(id)).collect::<String>();
    let deletion = line("F-1").replace('}', ",\"isDeleted\":true}");
    let one = of(&["a-1", "b-1", "same", "c-1", "f-1"]);
    let two = of(&["x-1", "B-1", "same"]) + &deletion;
    let three = of(&["b-1", "C-1", "C-1", "d-1"]);
    let files = [
        ("accounts-1.ldjson", &*one),
        ("accounts-2.ldjson", &*two),
        ("accounts-3.ldjson", &*three),
    ];
    let mut options = Options::default();
    options.severities.allow.insert(Rule::DuplicateObjectId);
    let places = |found: &[Finding]| -> Vec<(String, u64)> {
        let place = |found: &Finding| {
            assert_eq!(found.rule, Rule::ObjectIdCase, "{found:?}");
            let name = found.path.file_stem().unwrap().to_str().unwrap();
            (name.replace("accounts-", ""), found.line)
        };
        found.iter().map(place).collect()
    };
    // As a warning, they are one finding.
    let (summary, found) = check(&files, &options);
    assert_eq!(places(&found), [("3".to_owned(), 2)]);
    assert_eq!((summary.warnings(), summary.files[2].warnings), (1, 1));
    let message = &found[0].message;
    let (first, name) = (
        "objectId: it differs only in case from that in line 4 of ",
        "accounts-1.ldjson",
    );
    assert!(
        message.starts_with(first) && message.contains(name),
        "{message}"
    );
    let end = "; 3 more objectIds of these files differ in case alone";
    assert!(message.ends_with(end), "{message}");
    // As an error it keeps both from being sent, so each is named.
    options.severities.deny.insert(Rule::ObjectIdCase);
    let (_, found) = check(&files, &options);
    let expected = [("1", 2), ("1", 4), ("2", 2), ("3", 1), ("3", 2)];
    assert_eq!(
        places(&found),
        expected.map(|(file, line)| (file.to_owned(), line))
    );
}

#[test]
fn deals_without_stages_and_users_are_one_finding() {
    let deal = "{\"objectId\":\"d\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"accountId\":\"a\",\"ownerId\":\"u\",\"stage\":\"s\",\"closeDate\":\"2026-09-30\"}\n";
    let stage = "{\"objectId\":\"s\",\"name\":\"Won\"}\n";
    let options = Options::default();
    let (_, found) = check(&[("deals.ldjson", deal)], &options);
    assert_eq!(facts(&found), [(0, Rule::MissingType, "", 1, None)]);
    assert!(
        found[0].message.contains("STAGE and no BUSINESS_USER"),
        "{}",
        found[0].message
    );
    let (_, found) = check(
        &[("deals.ldjson", deal), ("stages.ldjson", stage)],
        &options,
    );
    assert!(!found[0].message.contains("STAGE"), "{}", found[0].message);
    let mut known = options;
    known
        .known_types
        .extend([ObjectType::Stage, ObjectType::BusinessUser]);
    let (summary, _) = check(&[("deals.ldjson", deal)], &known);
    assert_eq!(summary.warnings(), 0);
}

/// A large file of good lines and of every kind of bad ones, at changing distances.
fn large_file() -> String {
    let mut random = fastrand::Rng::with_seed(5);
    let mut content = String::new();
    let bytes = 5 * 1024 * 1024;
    let mut number = 0;
    while content.len() < bytes {
        number += 1;
        let id = if number % 1_500 == 0 { 7 } else { number };
        let text = "x".repeat(random.usize(100..2_000));
        let _ = match random.u32(0..400) {
            0 => writeln!(content, "// {number}"),
            1 => writeln!(content),
            2 => writeln!(content, "{{\n \"objectId\": \"{id}\"\n}}"),
            3 => writeln!(content, "{{\"objectId\":\"{id}\",\"name\":Acme}}"),
            4 => writeln!(
                content,
                "{{\"objectId\":\"{id}/\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}}"
            ),
            _ => writeln!(
                content,
                "{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"c{}\":\"{text}\",\"internalName\":1{}}}",
                random.u32(0..20),
                if number > 3_000 {
                    ",\"accountId\":\"a\""
                } else {
                    ""
                }
            ),
        };
    }
    content
}

#[test]
fn large_file_has_the_same_findings_with_several_threads() {
    let content = large_file();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contacts.ldjson");
    fs::write(&path, &content).unwrap();
    let found = |threads: usize, max_findings: Option<u64>| {
        let mut options = Options {
            threads: NonZero::new(threads),
            max_findings,
            ..Options::default()
        };
        options.severities.deny.insert(Rule::Unsorted);
        let mut findings = Vec::new();
        let summary = check_paths(&[&path], &options, &mut |finding| findings.push(finding));
        (summary.unwrap(), findings)
    };
    for max in [None, Some(20)] {
        let (one, several) = (found(1, max), found(3, max));
        assert_eq!(one.0, several.0);
        assert_eq!(one.1.len(), several.1.len());
        for (one, several) in one.1.iter().zip(&several.1) {
            assert_eq!(one, several);
        }
        assert!(one.1.len() >= 20, "{}", one.1.len());
    }
}
