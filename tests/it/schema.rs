//! Tests that the JSON Schemas of the six line formats accept good lines and reject bad ones.

use std::fs;

use gong_crm::{Account, BusinessUser, Contact, Deal, Lead, Stage};
use jsonschema::Validator;
use schemars::{Schema, schema_for};
use serde_json::{Value, json};

use crate::support::snapshot::snapshot;
use crate::support::workspace;

/// A line format: how its Rust type, its files and its schema are called.
pub(crate) struct Format {
    pub(crate) component: &'static str,
    /// As in `schemas/deal.schema.json`.
    pub(crate) file: &'static str,
    /// As in `deals.ldjson`.
    pub(crate) stem: &'static str,
    schema: Schema,
}

impl Format {
    pub(crate) fn schema(&self) -> Value {
        serde_json::to_value(&self.schema).unwrap()
    }

    fn validator(&self) -> Validator {
        jsonschema::options()
            .should_validate_formats(true)
            .build(&self.schema())
            .unwrap()
    }
}

/// The six, by the schemas of their Rust types.
pub(crate) fn formats() -> [Format; 6] {
    let format = |component, file, stem, schema| Format {
        component,
        file,
        stem,
        schema,
    };
    [
        format("Stage", "stage", "stages", schema_for!(Stage)),
        format(
            "BusinessUser",
            "business_user",
            "business_users",
            schema_for!(BusinessUser),
        ),
        format("Account", "account", "accounts", schema_for!(Account)),
        format("Contact", "contact", "contacts", schema_for!(Contact)),
        format("Deal", "deal", "deals", schema_for!(Deal)),
        format("Lead", "lead", "leads", schema_for!(Lead)),
    ]
}

#[test]
fn the_schema_of_each_type_is_reviewed() {
    for format in formats() {
        let text = serde_json::to_string_pretty(&format.schema()).unwrap();
        let description = format!("The JSON Schema of one line of a file of {}.", format.stem);
        snapshot(&format!("schema__{}", format.file), &description, &text);
    }
}

#[test]
fn the_schema_files_are_those_of_the_types() {
    for format in formats() {
        let path = workspace(&format!("schemas/{}.schema.json", format.file));
        let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        file.as_object_mut()
            .unwrap()
            .shift_remove("$comment")
            .unwrap();
        assert_eq!(file, format.schema(), "{}", path.display());
        // The order of the fields counts too, for those who read them.
        let names = |schema: &Value| -> Vec<String> {
            let properties = schema["properties"].as_object().unwrap();
            properties.keys().cloned().collect()
        };
        assert_eq!(names(&file), names(&format.schema()), "{}", path.display());
    }
    let files = fs::read_dir(workspace("schemas")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let count = names.filter(|name| name.ends_with(".schema.json")).count();
    assert_eq!(count, formats().len(), "files in schemas/");
}

#[test]
fn gongs_examples_and_the_whole_example_crm_fit() {
    for format in formats() {
        let validator = format.validator();
        for folder in ["tests/fixtures/gong-examples", "examples/acme"] {
            let path = workspace(&format!("{folder}/{}.ldjson", format.stem));
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.is_empty(), "{}", path.display());
            for (index, line) in text.lines().enumerate() {
                let record: Value = serde_json::from_str(line).unwrap();
                let faults: Vec<String> = validator
                    .iter_errors(&record)
                    .map(|error| error.to_string())
                    .collect();
                assert!(
                    faults.is_empty(),
                    "{}:{}: {faults:?}",
                    path.display(),
                    index + 1
                );
            }
        }
    }
}

/// A good line of each type, to be spoiled in one place.
fn good(component: &str) -> Value {
    let mut line = json!({"objectId": "x-1", "modifiedDate": "2026-01-15T09:30:00+01:00"});
    let more = match component {
        "Stage" => json!({"name": "Discovery", "sortOrder": 1, "isActive": true}),
        "BusinessUser" => json!({"emailAddress": "ada@acme.com"}),
        "Account" => json!({"name": "Acme", "domains": ["acme.com"], "url": "https://acme.com"}),
        "Contact" => json!({"emailAddress": "ada@acme.com", "accountId": "a-1"}),
        "Deal" => json!({
            "name": "Renewal", "accountId": "a-1", "ownerId": "u-1", "status": "WON",
            "stage": "won", "amount": 7000.5, "closeDate": "2026-06-30",
            "createdDate": "2026-01-15T09:30:00Z",
        }),
        "Lead" => json!({"emailAddress": "ada@acme.com", "convertedToDealId": "d-1"}),
        other => unreachable!("{other}"),
    };
    line.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    line
}

#[test]
fn bad_lines_are_rejected_with_their_reasons() {
    let long_id = "a".repeat(65);
    // The problem, the type and the field; without a value the field is removed.
    let cases: [(&str, &str, &str, Option<Value>); 29] = [
        ("no id", "Account", "objectId", None),
        ("an empty id", "Account", "objectId", Some(json!(""))),
        (
            "an id of 65 characters",
            "Account",
            "objectId",
            Some(json!(long_id)),
        ),
        (
            "an id with a blank",
            "Account",
            "objectId",
            Some(json!("a 1")),
        ),
        ("an id with a slash", "Deal", "objectId", Some(json!("a/1"))),
        (
            "an id with an umlaut",
            "Lead",
            "objectId",
            Some(json!("zü-1")),
        ),
        (
            "an id that is a number",
            "Contact",
            "objectId",
            Some(json!(1)),
        ),
        ("no time of change", "Account", "modifiedDate", None),
        (
            "milliseconds",
            "Account",
            "modifiedDate",
            Some(json!("2026-01-15T09:30:00.000Z")),
        ),
        (
            "no offset",
            "Contact",
            "modifiedDate",
            Some(json!("2026-01-15T09:30:00")),
        ),
        (
            "a day alone",
            "Lead",
            "modifiedDate",
            Some(json!("2026-01-15")),
        ),
        (
            "a blank for the T",
            "Deal",
            "modifiedDate",
            Some(json!("2026-01-15 09:30:00Z")),
        ),
        (
            "a day that is none",
            "Deal",
            "modifiedDate",
            Some(json!("2026-02-30T09:30:00Z")),
        ),
        (
            "a time in seconds",
            "Deal",
            "modifiedDate",
            Some(json!(1_768_469_400)),
        ),
        ("a null time", "Deal", "modifiedDate", Some(Value::Null)),
        (
            "a deletion in words",
            "Account",
            "isDeleted",
            Some(json!("true")),
        ),
        (
            "a link without scheme",
            "Account",
            "url",
            Some(json!("acme.com/1")),
        ),
        (
            "one domain, no list",
            "Account",
            "domains",
            Some(json!("acme.com")),
        ),
        (
            "a domain that is a number",
            "Account",
            "domains",
            Some(json!([7])),
        ),
        (
            "a user without address",
            "BusinessUser",
            "emailAddress",
            None,
        ),
        (
            "half an address",
            "BusinessUser",
            "emailAddress",
            Some(json!("ada")),
        ),
        (
            "half an address",
            "Contact",
            "emailAddress",
            Some(json!("ada@")),
        ),
        (
            "a reference that is no id",
            "Contact",
            "accountId",
            Some(json!("a#1")),
        ),
        (
            "a status in small letters",
            "Deal",
            "status",
            Some(json!("open")),
        ),
        ("an amount in words", "Deal", "amount", Some(json!("7000"))),
        (
            "a day in another order",
            "Deal",
            "closeDate",
            Some(json!("30.06.2026")),
        ),
        ("a stage without name", "Stage", "name", None),
        (
            "a stage before the first",
            "Stage",
            "sortOrder",
            Some(json!(0)),
        ),
        ("a stage in between", "Stage", "sortOrder", Some(json!(1.5))),
    ];
    for format in formats() {
        let validator = format.validator();
        let line = good(format.component);
        assert!(validator.is_valid(&line), "{}: {line}", format.component);
        let with_custom = json!({"custom": {"any": ["thing", null]}});
        let mut line = line.as_object().unwrap().clone();
        line.extend(with_custom.as_object().unwrap().clone());
        assert!(
            validator.is_valid(&line.into()),
            "{} with a custom field",
            format.component
        );
        for (what, component, field, value) in &cases {
            if *component != format.component {
                continue;
            }
            let mut line = good(component);
            let fields = line.as_object_mut().unwrap();
            match value {
                Some(value) => drop(fields.insert((*field).to_owned(), value.clone())),
                None => drop(fields.shift_remove(*field)),
            }
            let errors: Vec<String> = validator
                .iter_errors(&line)
                .map(|error| format!("{} {error}", error.instance_path().as_str()))
                .collect();
            assert!(
                !errors.is_empty(),
                "{component}: {what} must be refused: {line}"
            );
            assert!(
                errors.iter().all(|error| error.contains(field)),
                "{component}: {what} must be refused for {field}: {errors:?}"
            );
        }
    }
}

#[test]
fn a_deletion_needs_less_than_a_record() {
    for format in formats() {
        let validator = format.validator();
        let mut line = json!({"objectId": "x-1", "isDeleted": true});
        match format.component {
            "Stage" => line["name"] = json!("Discovery"),
            _ => line["modifiedDate"] = json!("2026-01-15T09:30:00Z"),
        }
        let errors: Vec<String> = validator
            .iter_errors(&line)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", format.component);
    }
}
