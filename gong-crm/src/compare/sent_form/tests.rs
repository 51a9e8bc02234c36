//! Examples of lines as they are sent.

use crate::ObjectType;
use crate::compare::tests::hash;
use crate::compare::{Edits, deletion_line, sent_form, stage_line};

fn sent(object_type: ObjectType, line: &[u8], edits: &Edits<'_>) -> String {
    let mut out = b"before\n".to_vec();
    sent_form(object_type, line, edits, &mut out).unwrap();
    String::from_utf8(out.split_off(7)).unwrap()
}

#[test]
fn sent_form_is_the_given_line() {
    let none = Edits::default();
    for (given, expected) in [
        (
            "{ \"objectId\":\"\\u0041\" ,\"n\":1.0}",
            "{ \"objectId\":\"\\u0041\" ,\"n\":1.0}\n",
        ),
        (
            "\u{feff} {\"objectId\":\"A\"} \r\n",
            " {\"objectId\":\"A\"} \n",
        ),
        ("{\"objectId\":\"A\"}\n\n", "{\"objectId\":\"A\"}\n"),
    ] {
        assert_eq!(sent(ObjectType::Account, given.as_bytes(), &none), expected);
    }
}

#[test]
fn sent_form_has_the_edits_and_is_otherwise_the_given_line() {
    let edits = Edits {
        nulls: &["fax", "r\"g", "region"],
        defaults: &["status", "name", "amount", "stage", "isDeleted", "unknown"],
        modified: Some("2026-03-01T09:30:01Z"),
    };
    assert_eq!(
        sent(
            ObjectType::Deal,
            br#"{"objectId" : "D\u002d1","r\u0065gion":"x","amount":1.50,"modifiedDate" : "2026-03-01T09:30:00Z" }"#,
            &edits
        ),
        r#"{"objectId" : "D\u002d1","r\u0065gion":"x","amount":1.50,"modifiedDate" : "2026-03-01T09:30:01Z","fax":null,"r\"g":null,"status":"OPEN","name":"Deal_#D-1","isDeleted":false }"#.to_owned() + "\n"
    );
    assert_eq!(
        sent(
            ObjectType::Stage,
            br#"{"objectId":"S-1"}"#,
            &Edits {
                nulls: &["x", "x"],
                defaults: &["sortOrder"],
                modified: Some("2026-03-01T09:30:01Z"),
            }
        ),
        "{\"objectId\":\"S-1\",\"x\":null,\"sortOrder\":1,\"modifiedDate\":\"2026-03-01T09:30:01Z\"}\n"
    );
}

#[test]
fn sent_form_of_a_bad_line_is_an_error_and_appends_nothing() {
    let edits = Edits {
        modified: Some("2026-03-01T09:30:01Z"),
        ..Edits::default()
    };
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"modifiedDate":"x","objectId":"D-1""#,
        r#"{"a":1}"#,
    ] {
        let mut out = b"before\n".to_vec();
        assert!(
            sent_form(ObjectType::Deal, bad.as_bytes(), &edits, &mut out).is_err(),
            "{bad}"
        );
        assert_eq!(out, b"before\n", "{bad}");
    }
}

#[test]
fn stage_is_deactivated_and_reactivated() {
    let mut out = Vec::new();
    let line = br#"{"objectId":"S-1","name":"Won","isActive":true}"#;
    stage_line(line, false, None, &mut out).unwrap();
    stage_line(
        br#"{"objectId":"S-1","name":"Won"}"#,
        false,
        Some("2026-03-01T09:30:00Z"),
        &mut out,
    )
    .unwrap();
    stage_line(
        br#"{"objectId":"S-1","isActive":false}"#,
        true,
        None,
        &mut out,
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"objectId\":\"S-1\",\"name\":\"Won\",\"isActive\":false}\n\
         {\"objectId\":\"S-1\",\"name\":\"Won\",\"isActive\":false,\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n\
         {\"objectId\":\"S-1\",\"isActive\":true}\n"
    );
}

#[test]
fn deletion_line_equals_every_deletion_of_the_record() {
    let mut out = Vec::new();
    deletion_line("a\"b", "2026-03-01T09:30:00Z", &mut out);
    let line = String::from_utf8(out).unwrap();
    assert_eq!(
        line,
        "{\"objectId\":\"a\\\"b\",\"isDeleted\":true,\"modifiedDate\":\"2026-03-01T09:30:00Z\"}\n"
    );
    let other = r#"{"objectId":"a\u0022b","name":"gone","isDeleted":true}"#;
    assert_eq!(hash(ObjectType::Lead, &line), hash(ObjectType::Lead, other));
}
