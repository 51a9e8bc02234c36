//! Findings of whole files, and of several files together.

use std::fs;
use std::io::Write as _;

use super::{findings_of, places};
use crate::check::{CheckError, Finding, Options, Summary, check_paths};
use crate::io::discover::FilesError;
use crate::object_type::ObjectType;
use crate::rule::{Rule, Severity};
use crate::schema::EntitySchema;

fn account(id: &str) -> String {
    format!(r#"{{"objectId":"{id}","modifiedDate":"2026-03-01T09:30:00Z"}}"#)
}

fn lines_and_rules(content: &str) -> Vec<(u64, Rule)> {
    places(ObjectType::Account, content)
        .into_iter()
        .map(|(line, _, rule, _)| (line, rule))
        .collect()
}

fn check_folder(files: &[(&str, &[u8])]) -> (Summary, Vec<Finding>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let mut findings = Vec::new();
    let summary = check_paths(&[folder.path()], &Options::default(), &mut |finding| {
        findings.push(finding);
    })
    .unwrap();
    (summary, findings)
}

#[test]
fn lines_without_records_are_named_and_the_rest_is_checked() {
    let (a, b) = (account("a"), account("b"));
    let bad = r#"{"objectId":"c"}"#;
    for (content, expected) in [
        (format!("{a}\n\n{b}\n"), vec![(2, Rule::BlankLine)]),
        (format!("{a}\n  \n{b}"), vec![(2, Rule::BlankLine)]),
        (
            format!("// x\n{a}\n// y\n{bad}"),
            vec![
                (1, Rule::CommentLine),
                (3, Rule::CommentLine),
                (4, Rule::MissingField),
            ],
        ),
        (format!("[\n{a},\n{b}\n]\n"), vec![(1, Rule::JsonArray)]),
        (
            format!("{a}\n{{\n  \"objectId\": \"c\"\n}}\n{bad}"),
            vec![(2, Rule::PrettyPrinted), (5, Rule::MissingField)],
        ),
        (
            "{\n \"a\": {\n  \"b\": 1\n }\n}\n{\n \"c\": 1\n}\n".to_owned(),
            vec![(1, Rule::PrettyPrinted), (6, Rule::PrettyPrinted)],
        ),
        (format!("{a},\n{b}\n"), vec![(1, Rule::TrailingComma)]),
        (
            format!("\u{feff}{a}\n{bad}"),
            vec![(1, Rule::ByteOrderMark), (2, Rule::MissingField)],
        ),
        (format!("{a}\r\n{b}\r\n"), vec![]),
        (
            format!("{a}\n{b}\n{a}\n"),
            vec![(3, Rule::DuplicateObjectId)],
        ),
        ("// nothing\n".to_owned(), vec![(1, Rule::CommentLine)]),
        (
            "\n".to_owned(),
            vec![(1, Rule::BlankLine), (0, Rule::NoRecords)],
        ),
        (String::new(), vec![(0, Rule::NoRecords)]),
    ] {
        assert_eq!(lines_and_rules(&content), expected, "{content}");
    }
}

#[test]
fn two_users_of_one_email_address_are_named() {
    let user = |id: &str, more: &str| {
        format!(r#"{{"objectId":"{id}","modifiedDate":"2026-03-01T09:30:00Z",{more}}}"#)
    };
    let email = |address: &str| format!(r#""emailAddress":"{address}""#);
    let lines = [
        user("u1", &email("jane@acme.example")),
        user("u2", &email("joe@acme.example")),
        user("u3", &email("JANE@Acme.example")),
        // Deleted; the same user again; another case of a letter beyond ASCII.
        user(
            "u4",
            &format!(r#"{},"isDeleted":true"#, email("joe@acme.example")),
        ),
        user("u5", &email("j\u{d6}rg@acme.example")),
        user("u6", &email("j\u{f6}rg@acme.example")),
        // By the exact way: an escape, an unknown field, a mistake before it.
        user("u7", &email("\\u006aoe@acme.example")),
        user("u8", &format!(r#""x":1,{}"#, email("joe@acme.example"))),
        format!(
            r#"{{"title":Boss,{}"#,
            &user("u9", &email("joe@acme.example"))[1..]
        ),
        user("u1", &email("Jane@acme.example")),
    ];
    let content = lines.join("\n");
    let expected = [
        (3, Some("u3"), 1),
        (6, Some("u6"), 5),
        (7, Some("u7"), 2),
        (8, Some("u8"), 2),
        (9, Some("u9"), 2),
    ];
    let options = Options::default();
    let by_stream = findings_of(ObjectType::BusinessUser, content.as_bytes(), &options);
    let (_, by_file) = check_folder(&[("business_users.ldjson", content.as_bytes())]);
    for (found, is_file) in [(by_stream, false), (by_file, true)] {
        let reported: Vec<_> = found
            .iter()
            .filter(|finding| finding.rule == Rule::DuplicateEmail)
            .collect();
        assert_eq!(reported.len(), expected.len(), "{reported:#?}");
        for (finding, (line, id, first)) in reported.iter().zip(expected) {
            assert_eq!((finding.line, finding.object_id.as_deref()), (line, id));
            let message = format!("emailAddress: the user in line {first} has it already");
            assert_eq!(finding.message, message);
            assert!(!is_file || finding.column > 50, "{finding:?}");
        }
    }
    // Only users are tied to people by it.
    let contact = |id: &str| user(id, &format!(r#""accountId":"a",{}"#, email("a@b.example")));
    let contacts = [contact("c1"), contact("c2")].join("\n");
    assert!(findings_of(ObjectType::Contact, contacts.as_bytes(), &options).is_empty());
}

#[test]
fn a_repeated_id_is_seen_behind_a_mistake_in_its_line() {
    let wrong = r#"{"name":Acme,"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z"}"#;
    let content = [account("a"), wrong.to_owned(), wrong.to_owned()].join("\n");
    let (_, found) = check_folder(&[("accounts.ldjson", content.as_bytes())]);
    let reported: Vec<_> = found
        .iter()
        .filter(|finding| finding.rule == Rule::DuplicateObjectId)
        .map(|finding| (finding.line, finding.column, finding.object_id.as_deref()))
        .collect();
    assert_eq!(reported, [(2, 25, Some("a")), (3, 25, Some("a"))]);
}

#[test]
fn other_encodings_are_named() {
    let text = account("a");
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for content in [utf_16.clone(), [&[0xff, 0xfe][..], &utf_16].concat()] {
        let found = findings_of(ObjectType::Account, &content, &Options::default());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule, found[0].line), (Rule::Encoding, 1));
        assert!(found[0].message.contains("UTF-16"), "{}", found[0].message);
    }
    let latin_1 = b"{\"objectId\":\"a\",\"name\":\"Caf\xe9\"}\n{\"objectId\":\"b/\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}";
    let found = findings_of(ObjectType::Account, latin_1, &Options::default());
    let reported: Vec<_> = found
        .iter()
        .map(|finding| (finding.line, finding.column, finding.rule))
        .collect();
    assert_eq!(
        reported,
        [(1, 28, Rule::Encoding), (2, 13, Rule::ObjectIdCharset)]
    );
}

#[test]
fn a_repeated_id_names_the_line_where_it_stood_first() {
    let content = [
        account("a"),
        account("b"),
        account("a"),
        account("a"),
        account("A"),
    ]
    .join("\n");
    for found in [
        findings_of(ObjectType::Account, content.as_bytes(), &Options::default()),
        check_folder(&[("accounts.ldjson", content.as_bytes())]).1,
    ] {
        let reported: Vec<_> = found
            .iter()
            .map(|finding| (finding.line, finding.message.as_str()))
            .collect();
        let duplicate = "objectId: it is in line 1 already";
        let other = "objectId: it differs from \"a\" in line 1 only in case";
        assert_eq!(reported, [(3, duplicate), (4, duplicate), (5, other)]);
        assert_eq!(found[1].object_id.as_deref(), Some("a"));
    }
}

#[test]
fn references_are_followed_from_file_to_file() {
    let (_, found) = check_folder(&[
        ("accounts-1.ldjson", format!("{}\n{{\"objectId\":\"gone\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"isDeleted\":true}}", account("a")).as_bytes()),
        ("accounts-2.ldjson", account("b").as_bytes()),
        ("contacts.ldjson", br#"{"objectId":"c1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"b"}
{"objectId":"c2","modifiedDate":"2026-03-01T09:30:00Z","accountId":"gone"}
{"objectId":"c3","modifiedDate":"2026-03-01T09:30:00Z","accountId":"x"}"#),
        ("leads.ldjson", br#"{"objectId":"l","modifiedDate":"2026-03-01T09:30:00Z","convertedToContactId":"c9","convertedToDealId":"d"}"#),
    ]);
    let reported: Vec<_> = found
        .iter()
        .map(|finding| {
            (
                finding.rule,
                finding.object_id.as_deref().unwrap(),
                finding.field.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        reported,
        [
            (Rule::DeletedReference, "c2", "accountId"),
            (Rule::UnresolvedReference, "c3", "accountId"),
            (Rule::UnresolvedReference, "l", "convertedToContactId"),
        ]
    );
}

#[test]
fn column_of_unresolved_references_is_said_once_with_the_nearest_reason() {
    let accounts = account("1001") + "\n" + &account("1002");
    let contacts = |ids: &[&str]| {
        let lines = ids.iter().enumerate().map(|(at, id)| {
            format!(
                r#"{{"objectId":"c{at}","modifiedDate":"2026-03-01T09:30:00Z","accountId":"{id}"}}"#
            ) + "\n"
        });
        lines.collect::<String>()
    };
    let check = |ids: &[&str]| {
        let (summary, found) = check_folder(&[
            ("accounts.ldjson", accounts.as_bytes()),
            ("contacts.ldjson", contacts(ids).as_bytes()),
        ]);
        let of_rule = summary.by_rule().get(&Rule::UnresolvedReference).copied();
        let texts: Vec<_> = found.iter().map(Finding::text).collect();
        (texts, of_rule)
    };
    let (texts, count) = check(&["A-1001", "A-1002", "A-9"]);
    assert_eq!(
        texts,
        [
            "accountId: no ACCOUNT of these files has one of these objectIds: \"A-1001\" is not one, and \
             \"1001\" is (3 records, the first in line 1)"
        ]
    );
    assert_eq!(count, Some(1));
    for (ids, reason) in [
        (["x1", "x2"], ", such as \"x1\" (2"),
        (["01001", "01002"], "\"01001\" is not one, and \"1001\" is"),
    ] {
        let (texts, _) = check(&ids);
        assert!(texts.len() == 1 && texts[0].contains(reason), "{texts:?}");
    }
    // One that leads to a record, wherever it is, and one alone.
    assert_eq!(check(&["x1", "x2", "1001"]).1, Some(2));
    assert_eq!(check(&["1001", "x1", "x2"]).0.len(), 2);
    let (texts, count) = check(&["x1"]);
    assert!(
        texts[0].ends_with("has this objectId") && count == Some(1),
        "{texts:?}"
    );
}

#[test]
fn declared_references_to_same_and_later_types_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let account = |id: &str, parent: &str, deal: &str| {
        format!(
            r#"{{"objectId":"{id}","modifiedDate":"2026-03-01T09:30:00Z","parent":"{parent}","lastDeal":"{deal}"}}"#
        ) + "\n"
    };
    let accounts = account("a", "b", "d") + &account("b", "x", "y");
    fs::write(folder.path().join("accounts.ldjson"), accounts).unwrap();
    let deal = r#"{"objectId":"d","modifiedDate":"2026-03-01T09:30:00Z"}"#;
    fs::write(folder.path().join("deals.ldjson"), deal).unwrap();
    let schema = r#"{"ACCOUNT":[
        {"uniqueName":"parent","label":"Parent","type":"REFERENCE","referenceTo":"ACCOUNT"},
        {"uniqueName":"lastDeal","label":"Last deal","type":"REFERENCE","referenceTo":"DEAL"}]}"#;
    let mut options = Options {
        entity_schema: Some(EntitySchema::from_json(schema).unwrap()),
        ..Options::default()
    };
    let ignored = [Rule::NotVisible, Rule::MissingType];
    options.severities.allow.extend(ignored);
    let mut reported = Vec::new();
    check_paths(&[folder.path()], &options, &mut |finding| {
        reported.push((finding.line, finding.rule, finding.field.unwrap()));
    })
    .unwrap();
    assert_eq!(
        reported,
        [
            (2, Rule::UnresolvedReference, "parent".to_owned()),
            (2, Rule::UnresolvedReference, "lastDeal".to_owned()),
        ]
    );
}

#[test]
fn folder_is_counted_by_file_with_compressed_files() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(format!("{}\n{}\n", account("a"), account("a")).as_bytes())
        .unwrap();
    let (summary, found) = check_folder(&[
        ("accounts.ldjson.gz", &packed.finish().unwrap()),
        ("stages.ldjson", br#"{"objectId":"won","name":"Won"}"#),
        ("notes.txt", b"x"),
    ]);
    let counted: Vec<_> = summary
        .files
        .iter()
        .map(|file| (file.object_type, file.records, file.lines, file.errors))
        .collect();
    assert_eq!(
        counted,
        [(ObjectType::Stage, 1, 1, 0), (ObjectType::Account, 2, 2, 0)]
    );
    assert_eq!((summary.records(), summary.warnings()), (3, 1));
    assert_eq!(summary.by_rule()[&Rule::DuplicateObjectId], 1);
    assert_eq!(found[0].line, 2);
}

#[test]
fn line_of_megabytes_is_not_checked() {
    let long = format!("{{\"objectId\":\"{}\"}}", "x".repeat(5 << 20));
    let content = format!("{}\n{long}\n{}\n", account("a"), account("b"));
    assert_eq!(lines_and_rules(&content), [(2, Rule::LineSize)]);
}

#[test]
fn findings_are_in_the_order_of_the_files() {
    let lines = |from: usize| {
        let line = |id| format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"now\"}}\n");
        (from..from + 2_000).map(line).collect::<Vec<_>>().concat()
    };
    let (first, second, third) = (lines(0), lines(2_000), lines(4_000));
    let (summary, found) = check_folder(&[
        ("accounts-1.ldjson", first.as_bytes()),
        ("accounts-2.ldjson", second.as_bytes()),
        ("accounts-3.ldjson", third.as_bytes()),
    ]);
    let ids: Vec<usize> = found
        .iter()
        .map(|finding| finding.object_id.as_ref().unwrap().parse().unwrap())
        .collect();
    assert!(ids.is_sorted());
    assert_eq!((ids.len(), summary.errors()), (6_000, 6_000));
}

#[test]
fn an_unsorted_file_is_named_once() {
    let line = |id: u32, day: u32| {
        format!(r#"{{"objectId":"{id}","modifiedDate":"2026-03-0{day}T09:30:00Z"}}"#)
    };
    let content = [line(1, 2), line(2, 3), line(3, 1), line(4, 1)].join("\n");
    assert_eq!(lines_and_rules(&content), [(3, Rule::Unsorted)]);
}

#[test]
fn the_standard_input_needs_a_type() {
    let outcome = check_paths(&["-"], &Options::default(), &mut |_| {});
    assert!(matches!(
        outcome,
        Err(CheckError::Files(FilesError::TypeNeeded))
    ));
}

#[test]
fn the_example_crm_has_no_mistakes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/acme");
    let schema = fs::read_to_string(format!("{folder}/entity-schema.json")).unwrap();
    let options = Options {
        entity_schema: Some(EntitySchema::from_json(&schema).unwrap()),
        ..Options::default()
    };
    let mut findings = Vec::new();
    let summary = check_paths(&[folder], &options, &mut |finding| findings.push(finding)).unwrap();
    assert!(summary.records() > 4_000);
    assert_eq!(findings, []);
}

#[test]
fn ids_that_differ_only_in_case_are_reported() {
    let line =
        |id: &str| format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\"}}\n");
    let of = |ids: &[&str]| ids.iter().map(|id| line(id)).collect::<String>();
    let two = of(&["a-1", "b-1", "A-1", "A-1"]);
    let mut options = Options::default();
    options.severities.allow.insert(Rule::DuplicateObjectId);
    let found = findings_of(ObjectType::Account, two.as_bytes(), &options);
    let found: Vec<_> = found
        .iter()
        .map(|of| (of.line, of.rule, of.count))
        .collect();
    assert_eq!(found, [(3, Rule::ObjectIdCase, 1)]);
    // Many are one finding with a count.
    let many = of(&["a-1", "A-1", "b-1", "B-1", "c-1", "a-2"]);
    let found = findings_of(ObjectType::Account, many.as_bytes(), &options);
    let first = &found[0];
    assert_eq!(
        (found.len(), first.line, first.count),
        (1, 0, 4),
        "{found:?}"
    );
    assert!(
        first.message.contains("\"A-1\" in line 2"),
        "{}",
        first.message
    );
    // The deletion of an old spelling leaves nothing open.
    let deletion = line("A-1").replace('}', ",\"isDeleted\":true}");
    let found = findings_of(
        ObjectType::Account,
        (line("a-1") + &deletion).as_bytes(),
        &options,
    );
    assert_eq!(found, []);
    // As an error it keeps both from being sent, so each is named.
    options.severities.deny.insert(Rule::ObjectIdCase);
    let found = findings_of(ObjectType::Account, many.as_bytes(), &options);
    let lines: Vec<u64> = found.iter().map(|of| of.line).collect();
    assert_eq!(lines, [1, 2, 3, 4]);
    assert!(found.iter().all(|of| of.severity == Severity::Error));
}
