//! Findings of single lines.

use super::{findings_of, places};
use crate::check::{Options, Severity};
use crate::object_type::ObjectType;
use crate::rule::Rule;
use crate::schema::EntitySchema;

const GOOD_DEAL: &str = r#"{"objectId":"D-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A-1","ownerId":"U-1","stage":"won","closeDate":"2026-09-30"}"#;

fn rules(object_type: ObjectType, line: &str) -> Vec<(Rule, Option<String>)> {
    places(object_type, line)
        .into_iter()
        .map(|(_, _, rule, field)| (rule, field))
        .collect()
}

#[test]
fn good_lines_of_each_type_are_good() {
    for (object_type, line) in [
        (ObjectType::Deal, GOOD_DEAL),
        (
            ObjectType::Account,
            r#"{ "objectId" : "5ybyh6n6n65", "modifiedDate" : "2019-01-03T23:45:57+01:00", "url": "https://crm.com/accounts/5ybyh6n6n65", "name": "PBR", "domains": ["pbr.com", "pbr.gov"], "type": "Investor"} "#,
        ),
        (
            ObjectType::Account,
            r#"{"objectId":"a","modifiedDate":"2019-01-03T22:45:57Z","isDeleted":true}"#,
        ),
        (
            ObjectType::BusinessUser,
            r#"{"objectId":"u","modifiedDate":"2019-01-03T22:45:57Z","isDeleted":true}"#,
        ),
        (
            ObjectType::Contact,
            r#"{"objectId":"jane@acme.example","modifiedDate":"2019-01-03T22:45:57Z","accountId":"a"}"#,
        ),
        (
            ObjectType::Lead,
            r#"{"objectId":"l","modifiedDate":"2019-01-03T22:45:57Z","convertedToDealId":"d_1"}"#,
        ),
        (
            ObjectType::Stage,
            r#"{"objectId":"won","modifiedDate":"2019-01-03T23:45:57+01:00","name":"Closed Won","isActive":true,"sortOrder":5,"isDeleted":false}"#,
        ),
        (
            ObjectType::Account,
            "{\"objectId\":\"a\",\"modifiedDate\":\"2019-01-03T22:45:57Z\",\"name\":\"\\u00e9\\ud83d\\ude00\"}\r",
        ),
    ] {
        assert_eq!(places(object_type, line), [], "{line}");
    }
}

#[test]
fn all_mistakes_of_a_line_are_reported_with_positions() {
    let line = r#"{"objectId":"A/9","modifiedDate":"2026-03-01 09:30:00","name":"é","url":"crm.example","status":"Won","amount":"7"}"#;
    let found = places(ObjectType::Deal, line);
    let column = |text: &str| line[..line.find(text).unwrap()].chars().count() as u64 + 1;
    let field = |name: &str| Some(name.to_owned());
    assert_eq!(
        found,
        [
            (1, 1, Rule::NotVisible, field("accountId")),
            (1, 1, Rule::NotVisible, field("ownerId")),
            (1, 1, Rule::NotVisible, field("closeDate")),
            (1, 1, Rule::NotVisible, field("stage")),
            (
                1,
                column("\"A/9\""),
                Rule::ObjectIdCharset,
                field("objectId")
            ),
            (
                1,
                column("\"2026"),
                Rule::TimestampFormat,
                field("modifiedDate")
            ),
            (1, column("\"crm."), Rule::UrlFormat, field("url")),
            (1, column("\"Won\""), Rule::UnknownWord, field("status")),
            (1, column("\"7\""), Rule::WrongType, field("amount")),
        ]
    );
}

#[test]
fn gongs_own_example_of_a_deal_gets_helpful_errors() {
    let line = r#"{"objectId": "8608553", "modifiedDate": "2022-02-04T18:24:59Z", "url": "http://crm.com/deals/8608553", "accountId": "5ybyh6n6n65", "ownerId": "5486951", "name": "Deal name", "createdDate": "2022-02-04T17:57:23Z", "closeDate": "2022-09-04", "status": OPEN, "stage": "discovery", "amount": 7000, "custom_field_1": "2022-02-04T17:57:23.000Z", "custom_field_2": null}"#;
    let found = findings_of(ObjectType::Deal, line.as_bytes(), &Options::default());
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].rule, Rule::UnquotedWord);
    assert_eq!(found[0].field.as_deref(), Some("status"));
    assert_eq!(found[0].object_id.as_deref(), Some("8608553"));
    assert_eq!(found[0].hint.as_deref(), Some("write \"OPEN\""));
    let excerpt = found[0].excerpt.as_ref().unwrap();
    let marked: String = excerpt
        .text
        .chars()
        .skip(excerpt.start)
        .take(excerpt.length)
        .collect();
    assert_eq!(marked, "OPEN");
    assert_eq!(found[1].rule, Rule::CustomTimestampFraction);
    assert_eq!(found[1].severity, Severity::Warning);
}

#[test]
fn unknown_names_are_classified() {
    let start = &GOOD_DEAL[..GOOD_DEAL.len() - 1];
    for (name, rule) in [
        ("lastModified", Some(Rule::RetiredName)),
        ("isWon", Some(Rule::RetiredName)),
        ("objectID", Some(Rule::MisspelledName)),
        ("amout", Some(Rule::MisspelledName)),
        ("owner", None),
        ("region", None),
        ("custom_field_2", None),
    ] {
        let line = format!("{start},\"{name}\":1}}");
        let found: Vec<Rule> = rules(ObjectType::Deal, &line)
            .into_iter()
            .map(|(rule, _)| rule)
            .collect();
        assert_eq!(found, Vec::from_iter(rule), "{name}");
    }
}

#[test]
fn custom_name_is_judged_by_its_neighbors() {
    let account = r#"{"objectId":"C-1","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A","emailAddress":"a@b.example","email":"x"}"#;
    let second = r#"{"objectId":"C-2","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A","emailAddress":"a@b.example","email":"x"}"#;
    let third =
        r#"{"objectId":"C-3","modifiedDate":"2026-03-01T09:30:00Z","accountId":"A","email":"x"}"#;
    let content = [account, second, third].join("\n");
    let found = places(ObjectType::Contact, &content);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].2), (3, Rule::MisspelledName));
}

#[test]
fn switches_silence_and_harden_rules() {
    let line = r#"{"objectId":"a_b","modifiedDate":"2026-03-01T09:30:00Z"}"#.as_bytes();
    let severities = |options: &Options| -> Vec<Severity> {
        let found = findings_of(ObjectType::Account, line, options);
        found.iter().map(|finding| finding.severity).collect()
    };
    let mut options = Options::default();
    assert_eq!(severities(&options), [Severity::Warning]);
    options.severities.strict = true;
    assert_eq!(severities(&options), [Severity::Error]);
    options.severities.allow.insert(Rule::ObjectIdUnderscore);
    assert_eq!(severities(&options), []);
    let mut options = Options::default();
    options.severities.deny.insert(Rule::ObjectIdUnderscore);
    assert_eq!(severities(&options), [Severity::Error]);
}

#[test]
fn custom_values_are_checked_against_the_schema() {
    let schema = r#"{"ACCOUNT":[{"uniqueName":"score","label":"S","type":"PERCENT"},
        {"uniqueName":"since","label":"S","type":"DATE"},
        {"uniqueName":"tier","label":"T","type":"PICKLIST","orderedValueList":["Gold"]}]}"#;
    let options = Options {
        entity_schema: Some(EntitySchema::from_json(schema).unwrap()),
        ..Options::default()
    };
    for (fields, expected) in [
        (r#""score":67.3,"since":"2020-05-31","tier":"Gold""#, vec![]),
        (r#""score":null,"tier":null"#, vec![]),
        (r#""score":"67.3""#, vec![Rule::CustomType]),
        (
            r#""score":100.5,"tier":"gold""#,
            vec![Rule::CustomPercent, Rule::CustomPicklist],
        ),
        (
            r#""since":"31.05.2020","color":"red""#,
            vec![Rule::DateFormat, Rule::CustomUnknown],
        ),
        (r#""nmae":"x""#, vec![Rule::MisspelledName]),
    ] {
        let line = format!(r#"{{"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z",{fields}}}"#);
        let found = findings_of(ObjectType::Account, line.as_bytes(), &options);
        let found: Vec<Rule> = found.iter().map(|finding| finding.rule).collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn a_finding_as_json_has_the_documented_keys() {
    let found = findings_of(
        ObjectType::Account,
        b"{\"objectId\":\"A/9\"}",
        &Options::default(),
    );
    let json: Vec<String> = found
        .iter()
        .map(|finding| serde_json::to_string(finding).unwrap())
        .collect();
    assert_eq!(
        json,
        [
            r#"{"path":"records.ldjson","line":1,"column":1,"rule":"missing-field","severity":"error","field":"modifiedDate","objectId":"A/9","count":1,"message":"modifiedDate: it is missing, and it is required","hint":null}"#,
            r#"{"path":"records.ldjson","line":1,"column":13,"rule":"object-id-charset","severity":"error","field":"objectId","objectId":"A/9","count":1,"message":"objectId: character '/' is not allowed; use letters, digits and hyphens, or an email address","hint":null}"#,
        ]
    );
}

#[test]
fn names_beyond_those_remembered_are_judged_like_others() {
    let head = r#"{"objectId":"a","modifiedDate":"2026-03-01T09:30:00Z","name":"n""#;
    let mut content = String::new();
    // More names than the scanner keeps, so that those of the last lines have no place.
    for line in 0..100 {
        let names = (0..60).map(|name| format!(r#","key_{line}_{name}":{name}"#));
        content.push_str(&format!("{head}{}}}\n", names.collect::<String>()));
    }
    let last = [
        (r#""new":1,"other":null,"third":["a"]"#, vec![]),
        (r#""new":1,"new":2"#, vec![Rule::DuplicateKey]),
        (r#""new":1,"n\u0065w":2"#, vec![Rule::DuplicateKey]),
        (r#""key_3_7":1,"key_3\u005f7":2"#, vec![Rule::DuplicateKey]),
        (
            r#""at":"2022-02-04T17:57:23.5Z""#,
            vec![Rule::CustomTimestampFraction],
        ),
        (r#""part":{"a":1}"#, vec![Rule::CustomShape]),
        (r#""part":tru"#, vec![Rule::UnquotedWord]),
    ];
    for (fields, _) in &last {
        content.push_str(&format!("{head},{fields}}}\n"));
    }
    let mut options = Options::default();
    options.severities.allow.extend([
        Rule::DuplicateObjectId,
        Rule::ConflictingVersions,
        Rule::NotVisible,
    ]);
    let found = findings_of(ObjectType::Account, content.as_bytes(), &options);
    let of_line = |line| {
        let of_line = found.iter().filter(move |finding| finding.line == line);
        of_line.map(|finding| finding.rule).collect::<Vec<Rule>>()
    };
    for (line, (fields, expected)) in (101..).zip(last) {
        assert_eq!(of_line(line), expected, "{fields}");
    }
    assert!(found.iter().all(|finding| finding.line > 100), "{found:?}");
}
