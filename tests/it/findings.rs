//! The exact messages of the check.

use std::fmt::Write as _;

use gong_crm::check::{Example, Finding, Options, Sample, check_paths};
use gong_crm::schema::EntitySchema;
use gong_crm::{ObjectType, Rule};

use crate::support::snapshot::snapshot;

/// The findings in a file.
fn findings(example: &Example) -> Vec<Finding> {
    let mut found = Vec::new();
    let folder = tempfile::tempdir().unwrap();
    let name = |object_type: ObjectType| format!("{}.ldjson", object_type.file_stem());
    let path = folder.path().join(name(example.object_type));
    std::fs::write(&path, example.content).unwrap();
    for (object_type, lines) in example.beside {
        std::fs::write(folder.path().join(name(*object_type)), lines).unwrap();
    }
    let schema = example.entity_schema.map(EntitySchema::from_json);
    let mut options = Options::default();
    options.entity_schema = schema.transpose().unwrap();
    check_paths(&[folder.path()], &options, &mut |finding| {
        found.push(finding);
    })
    .unwrap();
    found
}

fn reported(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (severity, rule) = (finding.severity, finding.rule);
        let place = format!("{}:{}", finding.line, finding.column);
        let _ = writeln!(text, "{place:>5}  {severity}[{rule}] {}", finding.message);
        if let Some(hint) = &finding.hint {
            let _ = writeln!(text, "       → {hint}");
        }
    }
    text
}

#[test]
fn of_each_rules_own_example() {
    let mut text = String::new();
    for rule in Rule::ALL {
        if let Sample::File(example) = &rule.explain().bad {
            let _ = writeln!(text, "{}", reported(&findings(example)).trim_end());
        }
    }
    snapshot(
        "findings_of_rules",
        "each bad example of the reference, and what is said of it",
        &text,
    );
}

#[test]
fn of_other_ways_to_go_wrong() {
    let good = r#"{"objectId":"d-1","modifiedDate":"2026-03-01T09:30:00Z"#;
    let mut text = String::new();
    for (what, content) in [
        ("UTF-16", b"\xFF\xFE{\0}\0".to_vec()),
        ("UTF-16, the other way", b"\xFE\xFF\0{\0}".to_vec()),
        ("UTF-16 without a mark", b"{\0\"\0o\0".to_vec()),
        ("gzip by another name", b"\x1F\x8B\x08\0\0\0".to_vec()),
        ("a spreadsheet", b"PK\x03\x04\0\0".to_vec()),
        (
            "Windows-1252",
            format!("{good}\",\"name\":\"M")
                .into_bytes()
                .into_iter()
                .chain(*b"\xFCller\"}")
                .collect(),
        ),
        ("nothing but blank lines", b"\n \n".to_vec()),
        (
            "an array of records",
            b"[{\"objectId\":\"d-1\"}]\n".to_vec(),
        ),
        ("a text", b"\"d-1\"\n".to_vec()),
        ("a comment", b"// deals\n".to_vec()),
        (
            "a record over several lines",
            b"{\n  \"objectId\": \"d-1\"\n}\n".to_vec(),
        ),
        ("single quotes", b"{'objectId': 'd-1'}\n".to_vec()),
        (
            "a word without quotes",
            format!("{good}\",\"status\":OPEN}}").into_bytes(),
        ),
        (
            "Python's words",
            format!("{good}\",\"isDeleted\":True}}").into_bytes(),
        ),
        ("a comma at the end", format!("{good}\",}}").into_bytes()),
        (
            "two records in a line",
            format!("{good}\"}}{good}\"}}").into_bytes(),
        ),
        (
            "half a line",
            format!("{good}\",\"name\":\"Ren").into_bytes(),
        ),
        (
            "a number in quotes",
            format!("{good}\",\"amount\":\"7000.10\"}}").into_bytes(),
        ),
        (
            "a number with a comma",
            format!("{good}\",\"amount\":\"7.000,10\"}}").into_bytes(),
        ),
        (
            "a number beyond all",
            format!("{good}\",\"amount\":1e400,\"x\":[-1e999]}}").into_bytes(),
        ),
        (
            "half a character",
            format!("{good}\",\"name\":\"\\ud83d\"}}").into_bytes(),
        ),
        (
            "a status in small letters",
            format!("{good}\",\"status\":\"won\"}}").into_bytes(),
        ),
        (
            "a date with a time",
            format!("{good}\",\"closeDate\":\"2026-03-01T00:00:00Z\"}}").into_bytes(),
        ),
        (
            "a German date",
            format!("{good}\",\"closeDate\":\"01.03.2026\"}}").into_bytes(),
        ),
        (
            "a day that is none",
            format!("{good}\",\"closeDate\":\"2026-02-30\"}}").into_bytes(),
        ),
        (
            "a deletion in words",
            format!("{good}\",\"isDeleted\":\"yes\"}}").into_bytes(),
        ),
        (
            "an address without scheme",
            format!("{good}\",\"url\":\"crm.example/d/1\"}}").into_bytes(),
        ),
        (
            "a list within a list",
            format!("{good}\",\"tags\":[[1]]}}").into_bytes(),
        ),
        (
            "an object in a field",
            format!("{good}\",\"owner\":{{\"id\":1}}}}").into_bytes(),
        ),
        (
            "too many brackets",
            format!("{good}\",\"x\":{}1{}}}", "[".repeat(200), "]".repeat(200)).into_bytes(),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deals.ldjson");
        std::fs::write(&path, content).unwrap();
        let mut found = Vec::new();
        let mut options = Options::default();
        // Found in each of these files, and of no interest.
        let ignored = [Rule::NotVisible, Rule::MissingType];
        options.severities.allow.extend(ignored);
        check_paths(&[&path], &options, &mut |finding| found.push(finding)).unwrap();
        assert!(!found.is_empty(), "{what} is found");
        let _ = writeln!(text, "# {what}\n{}", reported(&found));
    }
    snapshot(
        "findings_of_mistakes",
        "files of deals with mistakes that people make",
        &text,
    );
}
