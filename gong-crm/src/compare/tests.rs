//! Tables of lines that are equal, that differ, and that are not records.

use std::borrow::Cow;

use super::error::NotARecord;
use super::reader::{Facts, FieldHash, Reference};
use super::{HashKey, Reader};
use crate::schema::{EntitySchema, SchemaField};
use crate::{ObjectType, Rule};

const KEY: HashKey = HashKey::from_bytes([7; 16]);

pub(super) fn no_generations(_: &str) -> u32 {
    0
}

pub(super) fn facts(object_type: ObjectType, line: &str) -> Facts<'_> {
    let facts = Reader::new(KEY, object_type, &no_generations).read(line.as_bytes());
    facts.unwrap_or_else(|error| panic!("{line}: {error}"))
}

pub(super) fn hash(object_type: ObjectType, line: &str) -> u128 {
    facts(object_type, line).hash
}

fn error(line: &str) -> NotARecord {
    Reader::new(KEY, ObjectType::Deal, &no_generations)
        .read(line.as_bytes())
        .unwrap_err()
}

#[test]
fn lines_of_one_version_are_equal() {
    use ObjectType::{Account, BusinessUser, Contact, Deal, Lead, Stage};
    for (object_type, lines) in [
        (
            Deal,
            vec![
                r#"{"objectId":"D-1","name":"Rüstung","amount":7000}"#,
                r#"{"amount":7000,"name":"Rüstung","objectId":"D-1"}"#,
                "\u{feff} {\t\"objectId\" : \"D-1\" , \"name\":\"R\\u00fcstung\",\"amount\":7e3 } \r\n",
                r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","name":"Rüstung","amount":7000.00}"#,
                r#"{"object\u0049d":"\u0044-1","n\u0061me":"Rüstung","amount":0.7E+4,"status":"OPEN"}"#,
                r#"{"objectId":"D-1","name":"Rüstung","amount":7000,"status":"OPEN","isDeleted":false,"region":null}"#,
            ],
        ),
        (
            Deal,
            vec![
                r#"{"objectId":"D-1"}"#,
                r#"{"objectId":"D-1","name":"Deal_#D-1","amount":-0.0,"status":"\u004fPEN"}"#,
                r#"{"objectId":"D-1","amount":0e5}"#,
            ],
        ),
        (
            Deal,
            vec![
                r#"{"objectId":"D-1","createdDate":"2026-03-01T09:30:00+01:00"}"#,
                r#"{"objectId":"D-1","createdDate":"2026-03-01T08:30:00Z"}"#,
                r#"{"objectId":"D-1","createdDate":"2026-02-28T23:00:00-09:30"}"#,
                r#"{"objectId":"D-1","createdDate":"2026-03-01T08:30:00.000\u005a"}"#,
            ],
        ),
        (
            Account,
            vec![
                r#"{"objectId":"A-1","domains":["a.example","b.example"]}"#,
                r#"{"objectId":"A-1","domains":["b.example", "a.example"],"name":"Account_#A-1"}"#,
                r#"{"objectId":"A-1","domains":["b.example","\u0061.example","b.example"]}"#,
            ],
        ),
        (
            Account,
            vec![
                r#"{"objectId":"A-1","profile":{"a":[1,null,{"x":"é","y":2}],"b":true}}"#,
                r#"{"objectId":"A-1","profile":{"b":true,"\u0061":[1.0,null,{"y":2e0,"x":"\u00E9"}] } }"#,
            ],
        ),
        (
            Stage,
            vec![
                r#"{"objectId":"S-1","name":"Won"}"#,
                r#"{"objectId":"S-1","name":"Won","isActive":true,"sortOrder":1.0}"#,
            ],
        ),
        (
            Contact,
            vec![
                r#"{"objectId":"C-1","isDeleted":true}"#,
                r#"{"objectId":"C-1","isDeleted":true,"firstName":"Ada","modifiedDate":"2026-03-01T09:30:00Z"}"#,
            ],
        ),
        (
            BusinessUser,
            vec![
                r#"{"objectId":"U-1","emailAddress":"a@b.example"}"#,
                r#"{"objectId":"U-1","emailAddress":"a\u0040b.example","isDeleted":false}"#,
            ],
        ),
        (
            Lead,
            vec![
                r#"{"objectId":"L-1","phoneNumber":"+1\/2"}"#,
                r#"{"objectId":"L-1","phoneNumber":"+1/2","modifiedDate":"2026-03-01T09:30:00Z"}"#,
            ],
        ),
    ] {
        for line in &lines {
            assert_eq!(
                hash(object_type, line),
                hash(object_type, lines[0]),
                "{line}"
            );
        }
    }
}

#[test]
fn lines_of_different_versions_differ() {
    use ObjectType::{Account, Deal, Stage};
    for (object_type, lines) in [
        (
            Deal,
            vec![
                r#"{"objectId":"D-1"}"#,
                r#"{"objectId":"D-2"}"#,
                r#"{"objectId":"D-1","isDeleted":true}"#,
                r#"{"objectId":"D-2","isDeleted":true}"#,
                r#"{"objectId":"D-1","isDeleted":"true"}"#,
                r#"{"objectId":"D-1","isDeleted":null}"#,
                r#"{"objectId":"D-1","status":"WON"}"#,
                r#"{"objectId":"D-1","status":"open"}"#,
                r#"{"objectId":"D-1","status":null}"#,
                r#"{"objectId":"D-1","stage":"WON"}"#,
                r#"{"objectId":"D-1","amount":"0"}"#,
                r#"{"objectId":"D-1","amount":9007199254740993}"#,
                r#"{"objectId":"D-1","amount":9007199254740992}"#,
                r#"{"objectId":"D-1","amount":1e-400}"#,
                r#"{"objectId":"D-1","closeDate":"2026-03-01"}"#,
                r#"{"objectId":"D-1","closeDate":"2026-03-01T00:00:00Z"}"#,
                r#"{"objectId":"D-1","closeDate":"2026-03-01T01:00:00+01:00"}"#,
                r#"{"objectId":"D-1","createdDate":"2026-03-01T09:30:00Z"}"#,
                r#"{"objectId":"D-1","createdDate":"2026-03-01T09:30:00"}"#,
                r#"{"objectId":"D-1","createdDate":"2026-03-01T09:30:00.5Z"}"#,
            ],
        ),
        (
            Account,
            vec![
                r#"{"objectId":"A-1"}"#,
                r#"{"objectId":"A-1","name":""}"#,
                r#"{"objectId":"A-1","domains":[]}"#,
                r#"{"objectId":"A-1","domains":"a.example"}"#,
                r#"{"objectId":"A-1","domains":["a.example"]}"#,
                r#"{"objectId":"A-1","domains":["A.example"]}"#,
                r#"{"objectId":"A-1","domains":["a.example",null]}"#,
                r#"{"objectId":"A-1","domains":[null,"a.example"]}"#,
                r#"{"objectId":"A-1","x":""}"#,
                r#"{"objectId":"A-1","y":""}"#,
                r#"{"objectId":"A-1","x":"1"}"#,
                r#"{"objectId":"A-1","x":1}"#,
                r#"{"objectId":"A-1","x":true}"#,
                r#"{"objectId":"A-1","x":"true"}"#,
                r#"{"objectId":"A-1","x":[]}"#,
                r#"{"objectId":"A-1","x":{}}"#,
                r#"{"objectId":"A-1","x":[[]]}"#,
                r#"{"objectId":"A-1","x":[null]}"#,
                r#"{"objectId":"A-1","x":[1,2]}"#,
                r#"{"objectId":"A-1","x":[2,1]}"#,
                r#"{"objectId":"A-1","x":[1,1]}"#,
                r#"{"objectId":"A-1","x":[12]}"#,
                r#"{"objectId":"A-1","x":{"a":null}}"#,
                r#"{"objectId":"A-1","x":{"a":1,"b":2}}"#,
                r#"{"objectId":"A-1","x":{"a":2,"b":1}}"#,
                r#"{"objectId":"A-1","x":"\ud83d"}"#,
                r#"{"objectId":"A-1","x":"\ude00"}"#,
                r#"{"objectId":"A-1","x":"\ufffd"}"#,
                r#"{"objectId":"A-1","x":"2026-03-01T09:30:00Z"}"#,
                r#"{"objectId":"A-1","x":"2026-03-01T10:30:00+01:00"}"#,
                r#"{"objectId":"A-1","x":"\u0000"}"#,
                r#"{"objectId":"A-1","x\u0000":""}"#,
            ],
        ),
        (
            Stage,
            vec![
                r#"{"objectId":"S-1","name":"Won"}"#,
                r#"{"objectId":"S-1","name":"Won","isActive":false}"#,
                r#"{"objectId":"S-1","name":"Won","sortOrder":2}"#,
            ],
        ),
    ] {
        for (index, one) in lines.iter().enumerate() {
            for other in &lines[index + 1..] {
                assert_ne!(
                    hash(object_type, one),
                    hash(object_type, other),
                    "{one} {other}"
                );
            }
        }
    }
}

#[test]
fn facts_of_a_line() {
    let line = r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00+01:00","isDeleted":false}"#;
    let found = facts(ObjectType::Deal, line);
    assert!(matches!(found.object_id, Cow::Borrowed("D-1")));
    assert_eq!(found.modified, Some(1_772_353_800));
    assert!(matches!(
        found.modified_text,
        Some(Cow::Borrowed("2026-03-01T09:30:00+01:00"))
    ));
    assert!(!found.is_deleted);
    assert_eq!(found.address, None);

    let escaped =
        r#"{"isDeleted":true,"modifiedDate":"2026-03-01T09\u003a30:00Z","objectId":"a\u00e9"}"#;
    let found = facts(ObjectType::Deal, escaped);
    assert_eq!(found.object_id, "aé");
    assert_eq!(found.modified, Some(1_772_357_400));
    assert!(found.is_deleted);

    let odd = facts(
        ObjectType::Stage,
        r#"{"objectId":"S-1","modifiedDate":"yesterday"}"#,
    );
    assert_eq!(odd.modified, None);
    assert_eq!(odd.modified_text.as_deref(), Some("yesterday"));
    let none = facts(
        ObjectType::Stage,
        r#"{"objectId":"S-1","modifiedDate":null}"#,
    );
    assert_eq!((none.modified, none.modified_text), (None, None));
}

#[test]
fn address_of_a_user_is_folded() {
    let address = |value: &str| {
        let line = format!(r#"{{"objectId":"U-1","emailAddress":{value}}}"#);
        facts(ObjectType::BusinessUser, &line).address
    };
    let plain = address(r#""ada@b.example""#);
    assert!(plain.is_some());
    for same in [
        r#""Ada@B.example""#,
        r#"" ada@b.example\t""#,
        r#""\u0041da@b.example""#,
    ] {
        assert_eq!(address(same), plain, "{same}");
    }
    assert_eq!(address(r#""Ädä@b.example""#), address(r#""äDÄ@b.example""#));
    assert_ne!(address(r#""adah@b.example""#), plain);
    for none in ["null", r#""""#, r#""  ""#, "1"] {
        assert_eq!(address(none), None, "{none}");
    }
    let contact = r#"{"objectId":"C-1","emailAddress":"ada@b.example"}"#;
    assert_eq!(facts(ObjectType::Contact, contact).address, None);
    let user = |line: &str| hash(ObjectType::BusinessUser, line);
    assert_ne!(
        user(r#"{"objectId":"U-1","emailAddress":"ada@b.example"}"#),
        user(r#"{"objectId":"U-1","emailAddress":"Ada@b.example"}"#),
        "a change of case is sent"
    );
}

#[test]
fn hashes_depend_on_the_key_and_on_the_generations() {
    let line = r#"{"objectId":"A-1","region":"EMEA"}"#.as_bytes();
    let other_line = r#"{"objectId":"A-1","segment":"EMEA","region":null,"name":"x"}"#.as_bytes();
    let hash = |key, generations: &(dyn Fn(&str) -> u32 + Sync), line| {
        Reader::new(key, ObjectType::Account, generations)
            .read(line)
            .unwrap()
            .hash
    };
    let next = |name: &str| u32::from(name == "region" || name == "name");
    let base = hash(KEY, &no_generations, line);
    assert_ne!(
        base,
        hash(HashKey::from_bytes([8; 16]), &no_generations, line)
    );
    assert_ne!(base, hash(KEY, &next, line), "Gong never showed its values");
    assert_eq!(
        hash(KEY, &no_generations, other_line),
        hash(KEY, &next, other_line),
        "a record without the field, and a standard field, are as before"
    );
}

#[test]
fn line_that_is_not_a_record_is_an_error() {
    for (line, rule, column, id) in [
        ("", Rule::JsonSyntax, 1, None),
        ("[]", Rule::NotAnObject, 1, None),
        (r#""D-1""#, Rule::NotAnObject, 1, None),
        ("nonsense", Rule::JsonSyntax, 1, None),
        ("{}", Rule::MissingField, 3, None),
        (r#"{"name":"x"}"#, Rule::MissingField, 13, None),
        (r#"{"objectId":""}"#, Rule::MissingField, 13, None),
        (r#"{"objectId":7}"#, Rule::WrongType, 13, None),
        (r#"{"objectId":null}"#, Rule::WrongType, 13, None),
        (r#"{"objectId":"\ud800"}"#, Rule::ObjectIdCharset, 13, None),
        (
            r#"{"objectId":"D-1","\ud800":1}"#,
            Rule::Encoding,
            19,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","é":1,"\u00e9":1}"#,
            Rule::DuplicateKey,
            25,
            Some("D-1"),
        ),
        (
            r#"{"stage":"a","stage":"a","objectId":"D-1"}"#,
            Rule::DuplicateKey,
            14,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","x":{"a":1,"\u0061":1}}"#,
            Rule::DuplicateKey,
            30,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","objectId":"D-2"}"#,
            Rule::DuplicateKey,
            19,
            None,
        ),
        (
            r#"{"objectId":"D-1"}{"objectId":"D-2"}"#,
            Rule::TwoObjects,
            19,
            Some("D-1"),
        ),
        (r#"{"objectId":"D-1"} x"#, Rule::JsonSyntax, 20, Some("D-1")),
        (r#"{"objectId":"D-1""#, Rule::JsonSyntax, 18, Some("D-1")),
        (r#"{"objectId":"D-1",}"#, Rule::JsonSyntax, 19, Some("D-1")),
        (
            r#"{"objectId":"D-1" "a":1}"#,
            Rule::JsonSyntax,
            19,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","a":OPEN}"#,
            Rule::JsonSyntax,
            23,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","a":01}"#,
            Rule::JsonSyntax,
            23,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","a":1.}"#,
            Rule::JsonSyntax,
            23,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","a":-}"#,
            Rule::JsonSyntax,
            23,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","a":truth}"#,
            Rule::JsonSyntax,
            23,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","a":[1,]}"#,
            Rule::JsonSyntax,
            26,
            Some("D-1"),
        ),
        (
            r#"{"objectId":"D-1","a":{b:1}}"#,
            Rule::JsonSyntax,
            24,
            Some("D-1"),
        ),
        (
            "{\"objectId\":\"D-1\",\n\"a\":1}",
            Rule::JsonSyntax,
            19,
            Some("D-1"),
        ),
        ("{\"objectId\":\"D\t1\"}", Rule::JsonSyntax, 15, None),
    ] {
        let found = error(line);
        assert_eq!(
            (found.rule, found.column),
            (rule, column),
            "{line}: {found}"
        );
        assert_eq!(found.object_id.as_deref(), id, "{line}");
        assert!(found.to_string().starts_with(&format!("column {column}: ")));
    }
    let mut reader = Reader::new(KEY, ObjectType::Deal, &no_generations);
    let latin_1 = reader.read(b"{\"objectId\":\"D\xfc1\"}").unwrap_err();
    assert_eq!((latin_1.rule, latin_1.column), (Rule::Encoding, 15));
    let long = format!(
        r#"{{"objectId":"D-1","x":"{}"}}"#,
        "x".repeat(4 * 1024 * 1024)
    );
    assert_eq!(error(&long).rule, Rule::LineSize);
}

#[test]
fn error_names_the_key_and_no_value() {
    let found = error(r#"{"objectId":"D-1","phone":"+49 1","phone":"+49 2"}"#).to_string();
    assert!(
        found.contains("\"phone\"") && !found.contains("+49"),
        "{found}"
    );
}

#[test]
fn deeply_nested_value_is_an_error_and_not_a_crash() {
    let nested = |depth: usize| {
        let line = format!(
            r#"{{"objectId":"D-1","x":{}{}}}"#,
            r#"[{"a":"#.repeat(depth) + "1",
            "}]".repeat(depth)
        );
        Reader::new(KEY, ObjectType::Deal, &no_generations)
            .read(line.as_bytes())
            .is_ok()
    };
    assert!(nested(60));
    assert!(!nested(70));
    assert!(!nested(200_000));
}

#[test]
fn reader_forgets_custom_fields_when_there_are_too_many() {
    let mut reader = Reader::new(KEY, ObjectType::Account, &no_generations);
    let line = |first: usize| {
        let fields: Vec<String> = (first..first + 3_000)
            .map(|field| format!(",\"field{field}\":{field}"))
            .collect();
        let fields = fields.concat();
        format!(r#"{{"objectId":"A-1"{fields}}}"#)
    };
    let first = reader.read(line(0).as_bytes()).unwrap().hash;
    for start in 1..20 {
        assert_ne!(
            reader.read(line(start * 3_000).as_bytes()).unwrap().hash,
            first
        );
        let repeated = format!(r#"{{"objectId":"A-1","x{start}":1,"y":2,"x{start}":1}}"#);
        let error = reader.read(repeated.as_bytes()).unwrap_err();
        assert_eq!(error.rule, Rule::DuplicateKey);
    }
    assert_eq!(reader.read(line(0).as_bytes()).unwrap().hash, first);
}

#[test]
fn fields_are_listed_with_the_defaults_of_absent_ones() {
    let mut reader = Reader::new(KEY, ObjectType::Deal, &no_generations);
    let mut list = |line: &str| -> Vec<(String, u32, bool, bool, bool)> {
        let fields: Vec<FieldHash<'_>> = reader.fields(line.as_bytes()).unwrap();
        fields
            .into_iter()
            .map(|field| {
                let name = field.name.into_owned();
                (
                    name,
                    field.hash,
                    field.is_custom,
                    field.is_null,
                    field.is_given,
                )
            })
            .collect()
    };
    let given = list(
        r#"{"objectId":"D-1","region":"EMEA","f\u0061x":null,"modifiedDate":"2026-03-01T09:30:00Z","status":"OPEN","stage":null}"#,
    );
    let names: Vec<_> = given
        .iter()
        .map(|(name, _, is_custom, is_null, is_given)| (&**name, *is_custom, *is_null, *is_given))
        .collect();
    assert_eq!(
        names,
        [
            ("region", true, false, true),
            ("fax", true, true, true),
            ("status", false, false, true),
            ("stage", false, true, true),
            ("isDeleted", false, false, false),
            ("name", false, false, false),
            ("amount", false, false, false),
        ]
    );
    let absent = list(r#"{"objectId":"D-1","name":"Deal_#D-1"}"#);
    let hash_of = |list: &[(String, u32, bool, bool, bool)], name: &str| {
        list.iter()
            .find(|field| field.0 == name)
            .map(|field| field.1)
    };
    for name in ["status", "isDeleted", "name", "amount"] {
        assert_eq!(hash_of(&given, name), hash_of(&absent, name), "{name}");
    }
    let deleted = list(r#"{"objectId":"D-1","stage":"s","isDeleted":true}"#);
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].0, "isDeleted");
}

#[test]
fn references_are_those_of_gong_and_those_declared() {
    let schema = EntitySchema::new().with_fields(
        ObjectType::Deal,
        [
            SchemaField::new("partner", "Partner", "REFERENCE").with_reference_to("ACCOUNT"),
            SchemaField::new("seller", "Seller", "REFERENCE").with_reference_to("USER"),
            SchemaField::new("region", "Region", "STRING"),
        ],
    );
    let mut reader = Reader::new(KEY, ObjectType::Deal, &no_generations).with_schema(&schema);
    let mut list = |line: &str| -> Vec<(ObjectType, String)> {
        let references: Vec<Reference<'_>> = reader.references(line.as_bytes()).unwrap();
        references
            .into_iter()
            .map(|reference| (reference.object_type, reference.object_id.into_owned()))
            .collect()
    };
    let pair = |object_type, id: &str| (object_type, id.to_owned());
    assert_eq!(
        list(
            r#"{"objectId":"D-1","accountId":"A-1","ownerId":"U-\u0031","stage":"s","region":"x","partner":"A-2","seller":"U-2"}"#
        ),
        [
            pair(ObjectType::Account, "A-1"),
            pair(ObjectType::BusinessUser, "U-1"),
            pair(ObjectType::Stage, "s"),
            pair(ObjectType::Account, "A-2"),
            pair(ObjectType::BusinessUser, "U-2"),
        ]
    );
    assert_eq!(
        list(r#"{"objectId":"D-1","accountId":"","ownerId":null,"stage":3}"#),
        []
    );
    assert_eq!(
        list(r#"{"objectId":"D-1","accountId":"A-1","isDeleted":true}"#),
        []
    );
}

#[test]
fn declared_reference_does_not_change_the_hash() {
    let schema = EntitySchema::new().with_fields(
        ObjectType::Lead,
        [SchemaField::new("partner", "Partner", "REFERENCE").with_reference_to("ACCOUNT")],
    );
    let line = r#"{"objectId":"L-1","partner":"A-1"}"#;
    let mut reader = Reader::new(KEY, ObjectType::Lead, &no_generations).with_schema(&schema);
    assert_eq!(
        reader.read(line.as_bytes()).unwrap().hash,
        hash(ObjectType::Lead, line)
    );
}
