//! What is fixed, and what is not.

use std::fs;

use super::*;

/// The fixed text, and the fixes as `line field rule`.
fn fix(object_type: ObjectType, options: &Options, given: &[u8]) -> (String, Vec<String>) {
    let mut fixed = Vec::new();
    let mut fixes = Vec::new();
    let summary = fix_reader(given, &mut fixed, object_type, options, &mut |fix| {
        fixes.push(format!(
            "{} {} {}",
            fix.line,
            fix.field.as_deref().unwrap_or("-"),
            fix.rule.map_or("-", Rule::name)
        ));
    })
    .unwrap();
    assert_eq!(summary.fixes, fixes.len() as u64);
    (String::from_utf8_lossy(&fixed).into_owned(), fixes)
}

#[test]
fn each_line_is_fixed_where_there_is_one_reading() {
    use ObjectType::{Account, BusinessUser, Deal, Stage};
    for (object_type, given, fixed, fixes) in [
        // Names.
        (
            Account,
            r#"{"lastModified":"2026-03-01T09:30:00Z"}"#,
            r#"{"modifiedDate":"2026-03-01T09:30:00Z"}"#,
            "1 modifiedDate retired-name",
        ),
        (
            Account,
            r#"{"modific\u0061tionDate" :"2026-03-01T09:30:00Z"}"#,
            r#"{"modifiedDate" :"2026-03-01T09:30:00Z"}"#,
            "1 modifiedDate retired-name",
        ),
        (
            Deal,
            r#"{"a":1, "estimatedAmount" : "12.50"}"#,
            r#"{"a":1, "amount" : 12.50}"#,
            "1 amount retired-name, 1 amount wrong-type",
        ),
        (
            Stage,
            r#"{"internalName":"won"}"#,
            r#"{"objectId":"won"}"#,
            "1 objectId retired-name",
        ),
        (
            BusinessUser,
            r#"{"crmUserId":17}"#,
            r#"{"objectId":"17"}"#,
            "1 objectId retired-name, 1 objectId wrong-type",
        ),
        // Values.
        (
            Deal,
            r#"{"status":"won"}"#,
            r#"{"status":"WON"}"#,
            "1 status unknown-word",
        ),
        (
            Deal,
            r#"{"amount":"1e3","isDeleted":"True","ownerId":5486951}"#,
            r#"{"amount":1e3,"isDeleted":true,"ownerId":"5486951"}"#,
            "1 amount wrong-type, 1 isDeleted wrong-type, 1 ownerId wrong-type",
        ),
        (
            Deal,
            r#"{"closeDate":"2026-09-30T00:00:00.000Z"}"#,
            r#"{"closeDate":"2026-09-30T00:00:00Z"}"#,
            "1 closeDate timestamp-fraction",
        ),
        (
            Stage,
            r#"{"sortOrder":"3"}"#,
            r#"{"sortOrder":3}"#,
            "1 sortOrder wrong-type",
        ),
        // Questions of old.
        (
            Deal,
            r#"{"isOpen":true}"#,
            r#"{"status":"OPEN"}"#,
            "1 status retired-name",
        ),
        (
            Deal,
            r#"{"isWon":true, "isOpen":false, "b":1}"#,
            r#"{"status":"WON", "b":1}"#,
            "1 status retired-name, 1 status retired-name",
        ),
        (
            Deal,
            r#"{"a":1, "isOpen":false, "b":2, "isWon":false}"#,
            r#"{"a":1, "status":"LOST", "b":2}"#,
            "1 status retired-name, 1 status retired-name",
        ),
        (
            Deal,
            r#"{"isWon":true}"#,
            r#"{"status":"WON"}"#,
            "1 status retired-name",
        ),
        // Comments.
        (
            Account,
            r#"{"name":"// x"} // y"#,
            r#"{"name":"// x"}"#,
            "1 - comment-line",
        ),
    ] {
        let (found, done) = fix(object_type, &Options::default(), given.as_bytes());
        assert_eq!(found, fixed, "{given}");
        assert_eq!(done.join(", "), fixes, "{given}");
        assert!(
            serde_json::from_str::<serde_json::Value>(&found).is_ok(),
            "{found}"
        );
    }
}

#[test]
fn what_needs_a_guess_stays_byte_for_byte() {
    use ObjectType::{Account, Deal, Stage};
    for (object_type, given) in [
        (
            Account,
            r#"{ "name" : "caf\u00e9" , "n":1.10,"big":1e400, "x":"2026-03-01 09:30:00.000Z" }"#,
        ),
        (Account, r#"{"modifiedDate":"2026-03-01T09:30:00"}"#),
        (
            Account,
            r#"{"lastModified":"2026-03-01T09:30:00Z","modifiedDate":"2026-03-01T09:30:00Z"}"#,
        ),
        (Account, r#"{"lastModified":"yesterday"}"#),
        (
            Account,
            r#"{"modificationDate":"2026-03-01T09:30:00Z","lastModified":"2026-03-01T09:30:00Z"}"#,
        ),
        (Account, r#"{"modifedDate":"2026-03-01T09:30:00Z"}"#),
        (Account, r#"{"name":null,"url":"acme.example"}"#),
        (Account, r#"{"objectId":-5}"#),
        (Account, r#"{"objectId":5.0}"#),
        (Deal, r#"{"estimatedAmount":1,"actualAmount":2}"#),
        (Deal, r#"{"isOpen":true,"isWon":true}"#),
        (Deal, r#"{"isOpen":false}"#),
        (Deal, r#"{"isWon":false}"#),
        (Deal, r#"{"isOpen":"yes","isWon":true}"#),
        (Deal, r#"{"isOpen":true,"status":"OPEN"}"#),
        (Deal, r#"{"isOpen":true,"isOpen":true}"#),
        (Deal, r#"{"status":"Closed Won"}"#),
        (Deal, r#"{"amount":"1,250.10"}"#),
        (Deal, r#"{"amount":""}"#),
        (Deal, r#"{"status": OPEN}"#),
        (Deal, r#"{"a":1} {"a":2}"#),
        (Deal, r#"{"status":"won"},"#),
        (Deal, "[1]"),
        (Stage, r#"{"sortOrder":"1.5"}"#),
    ] {
        let (found, done) = fix(object_type, &Options::default(), given.as_bytes());
        assert_eq!(found, given);
        assert_eq!(done, [""; 0], "{given}");
    }
}

#[test]
fn byte_order_mark_blank_lines_and_comments_are_removed() {
    let given = "\u{feff}\r\n  // comment\r\n\r\n{\"a\":1}\r\n \t\n{\"b\":2}\r\n\n";
    let (found, done) = fix(ObjectType::Account, &Options::default(), given.as_bytes());
    assert_eq!(found, "{\"a\":1}\n{\"b\":2}\n");
    assert_eq!(
        done,
        [
            "1 - byte-order-mark",
            "1 - -",
            "1 - blank-line",
            "2 - comment-line",
            "3 - blank-line",
            "5 - blank-line",
            "7 - blank-line",
        ]
    );
}

#[test]
fn custom_fields_are_fixed_by_the_entity_schema_alone() {
    let schema = EntitySchema::from_json(
        r#"{"ACCOUNT": [
            {"uniqueName":"seen","type":"DATETIME"}, {"uniqueName":"tier","type":"PICKLIST","orderedValueList":["Gold","IT","it"]},
            {"uniqueName":"score","type":"PERCENT"}, {"uniqueName":"parent","type":"REFERENCE"}, {"uniqueName":"note","type":"STRING"}
        ]}"#,
    );
    let options = Options {
        entity_schema: Some(schema.unwrap()),
    };
    let given = r#"{"seen":"2026-03-01 09:30:00.5Z","tier":"gold","score":"12","parent":17,"note":"12","more":"2026-03-01 09:30:00Z"}"#;
    let (found, done) = fix(ObjectType::Account, &options, given.as_bytes());
    assert_eq!(
        found,
        r#"{"seen":"2026-03-01T09:30:00Z","tier":"Gold","score":12,"parent":"17","note":"12","more":"2026-03-01 09:30:00Z"}"#
    );
    assert_eq!(done.len(), 5);
    let (found, _) = fix(ObjectType::Account, &options, br#"{"tier":"It"}"#);
    assert_eq!(found, r#"{"tier":"It"}"#, "two values differ by case alone");
    let (found, _) = fix(ObjectType::Contact, &options, br#"{"score":"12"}"#);
    assert_eq!(found, r#"{"score":"12"}"#);
}

#[test]
fn bytes_that_are_not_utf_8_and_endless_lines_pass_through() {
    let long = vec![b'x'; 2 * crate::io::lines::MAX_BYTES + 5];
    let mut given = b"{\"a\":\"\xff\"}\n".to_vec();
    given.extend_from_slice(&long);
    given.extend_from_slice(b"\n// end");
    let mut fixed = Vec::new();
    let summary = fix_reader(
        given.as_slice(),
        &mut fixed,
        ObjectType::Account,
        &Options::default(),
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(
        (summary.lines, summary.lines_written, summary.fixes),
        (3, 2, 1)
    );
    assert!(fixed == given[..given.len() - 6]);
}

#[test]
fn what_was_fixed_once_needs_no_more() {
    let given = "{\"isOpen\":false,\"isWon\":true,\"lastModified\":\"2026-03-01 09:30:00.1+01\",\"amount\":\"1\"} //\r\n";
    let (once, done) = fix(ObjectType::Deal, &Options::default(), given.as_bytes());
    assert!(!done.is_empty());
    let (twice, done) = fix(ObjectType::Deal, &Options::default(), once.as_bytes());
    assert_eq!((twice, done.len()), (once, 0));
}

#[test]
fn a_file_is_fixed_into_another_or_into_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (
        folder.path().join("in.ldjson"),
        folder.path().join("out.ldjson"),
    );
    fs::write(&source, "// x\n{\"status\":\"won\"}\n").unwrap();
    let options = Options::default();
    for path in [&target, &source] {
        let fixed = fix_file(&source, path, ObjectType::Deal, &options, &mut |_| {}).unwrap();
        assert_eq!((fixed.lines, fixed.lines_written, fixed.fixes), (2, 1, 2));
        assert_eq!(fs::read_to_string(path).unwrap(), "{\"status\":\"WON\"}\n");
    }
    let missing = folder.path().join("missing.ldjson");
    let error = fix_file(&missing, &target, ObjectType::Deal, &options, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("missing.ldjson"), "{error}");
}
