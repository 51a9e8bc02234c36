//! Tests that the example CRM is as the documents describe it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use gong_crm::ObjectType;
use gong_crm::schema::EntitySchema;
use gong_crm::value::Timestamp;
use serde_json::{Map, Value};

use crate::support::workspace;

type Records = BTreeMap<ObjectType, Vec<Map<String, Value>>>;

fn records() -> Records {
    let read = |object_type: ObjectType| {
        let name = format!("examples/acme/{}.ldjson", object_type.file_stem());
        let text = fs::read_to_string(workspace(&name)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (object_type, lines.collect())
    };
    ObjectType::ALL.into_iter().map(read).collect()
}

fn is_deleted(record: &Map<String, Value>) -> bool {
    record.get("isDeleted") == Some(&Value::Bool(true))
}

fn text<'r>(record: &'r Map<String, Value>, field: &str) -> Option<&'r str> {
    record.get(field).and_then(Value::as_str)
}

#[test]
fn example_has_the_sizes_that_its_readme_names() {
    let sizes: Vec<usize> = records().values().map(Vec::len).collect();
    let expected: BTreeMap<ObjectType, usize> = [
        (ObjectType::BusinessUser, 20),
        (ObjectType::Stage, 8),
        (ObjectType::Account, 500),
        (ObjectType::Contact, 2_000),
        (ObjectType::Deal, 1_500),
        (ObjectType::Lead, 800),
    ]
    .into();
    assert_eq!(sizes, expected.into_values().collect::<Vec<_>>());
}

#[test]
fn example_references_lead_to_records_that_are_not_deleted() {
    let records = records();
    let live: BTreeMap<ObjectType, BTreeSet<&str>> = records
        .iter()
        .map(|(object_type, records)| {
            let live = records.iter().filter(|record| !is_deleted(record));
            let ids = live.filter_map(|record| text(record, "objectId"));
            (*object_type, ids.collect())
        })
        .collect();
    for (object_type, records) in &records {
        for field in object_type.line_format().fields {
            let Some(target) = field.references else {
                continue;
            };
            for record in records.iter().filter(|record| !is_deleted(record)) {
                if let Some(id) = text(record, field.name) {
                    assert!(
                        live[&target].contains(id),
                        "{object_type}.{}: {id}",
                        field.name
                    );
                }
            }
        }
    }
}

#[test]
fn example_ids_are_unique_and_dates_ascend() {
    for (object_type, records) in records() {
        let ids: BTreeSet<&str> = records
            .iter()
            .map(|record| text(record, "objectId").unwrap())
            .collect();
        assert_eq!(ids.len(), records.len(), "{object_type}");
        let dates: Vec<Timestamp> = records
            .iter()
            .filter_map(|record| text(record, "modifiedDate"))
            .map(|date| date.parse().unwrap())
            .collect();
        let instants = dates.iter().map(Timestamp::instant);
        assert!(instants.is_sorted(), "{object_type}");
        let deleted = records.iter().filter(|record| is_deleted(record)).count();
        assert_eq!(
            deleted == 0,
            object_type == ObjectType::Stage,
            "{object_type}"
        );
    }
}

#[test]
fn example_addresses_cannot_reach_anyone() {
    let mut people: BTreeSet<String> = BTreeSet::new();
    for (object_type, records) in records() {
        for record in records {
            let domains = record.get("domains").and_then(Value::as_array);
            let domains = domains.into_iter().flatten().filter_map(Value::as_str);
            let address = text(&record, "emailAddress");
            let of_address = address.and_then(|address| address.rsplit_once('@'));
            for domain in domains.chain(of_address.map(|(_, domain)| domain)) {
                let is_reserved = [".example", ".test"]
                    .iter()
                    .any(|end| domain.ends_with(end));
                assert!(is_reserved, "{object_type}: {domain}");
            }
            if let Some(address) = address {
                let is_new = people.insert(format!("{object_type} {address}"));
                assert!(is_new, "{object_type}: {address} belongs to two people");
            }
        }
    }
}

#[test]
fn example_fields_are_standard_or_declared() {
    let schema = fs::read_to_string(workspace("examples/acme/entity-schema.json")).unwrap();
    let schema = EntitySchema::from_json(&schema).unwrap();
    for (object_type, records) in records() {
        let format = object_type.line_format();
        for record in records {
            for name in record.keys() {
                let is_known =
                    format.field(name).is_some() || schema.field(object_type, name).is_some();
                assert!(is_known, "{object_type}: {name}");
            }
        }
    }
}
