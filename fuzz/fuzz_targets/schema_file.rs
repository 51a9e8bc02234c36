//! A schema file survives a round trip, and a plan produces the wanted fields.
//!
//! What stands before the first NUL is the file, what follows is what Gong has. Each is read as JSON
//! and as YAML; a bare list is one of deal fields.

#![no_main]

use std::collections::BTreeSet;

use gong_crm::schema::{Change, EntitySchema, SchemaField, SchemaPlan};
use gong_crm::ObjectType;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

const VALUES: [&str; 6] = ["null", "true", "-1e400", "\"\\ud800\"", "[\"a\"]", "\"2026-02-30\""];

fn read(text: &str) -> Option<EntitySchema> {
    let json = EntitySchema::from_json_of(ObjectType::Deal, text);
    if let Err(error) = &json {
        assert!(!error.to_string().is_empty());
        let line = error.line().unwrap_or(1);
        assert!(line >= 1 && line <= text.lines().count() + 1, "{error}");
    }
    json.ok().or_else(|| serde_yaml_ng::from_str(text).ok())
}

fn is_live(field: &&SchemaField) -> bool {
    field.is_deleted != Some(true)
}

fn has_one_of_each(fields: &[SchemaField]) -> bool {
    let mut names = BTreeSet::new();
    fields.iter().filter(is_live).all(|field| names.insert(&field.unique_name))
}

fn read_back(schema: &EntitySchema) {
    let json = serde_json::to_string(schema).expect("JSON can be made");
    let back = EntitySchema::from_json(&json).expect("JSON can be read back");
    assert_eq!(&back, schema);
    let yaml = serde_yaml_ng::to_string(schema).expect("YAML can be made");
    let back: EntitySchema = serde_yaml_ng::from_str(&yaml).expect("YAML can be read back");
    assert_eq!(&back, schema, "{yaml}");
}

fn plan(object_type: ObjectType, current: &[SchemaField], wanted: &[SchemaField]) {
    let plan = match SchemaPlan::new(object_type, current, wanted) {
        Ok(plan) => plan,
        Err(error) => {
            assert!(error.findings().iter().all(|finding| !finding.message.is_empty()));
            return assert!(error.to_string().contains(object_type.as_str()));
        }
    };
    let upload = plan.to_upload();
    assert!(upload.iter().all(|field| !field.unique_name.is_empty() && !field.label.is_empty()));
    // Gong refuses a list that leaves a field out.
    let sent = |name: &str| upload.iter().any(|field| field.unique_name == name);
    for field in current.iter().filter(is_live) {
        let is_standard = object_type.line_format().field(&field.unique_name).is_some();
        assert!(is_standard || sent(&field.unique_name), "{field:?} is left out");
    }
    let removes = upload.iter().any(|field| !is_live(&field));
    let retypes = plan.of(Change::Retyped).next().is_some();
    assert_eq!(plan.is_lossy(), removes || retypes);
    // Once applied, nothing is left to do.
    let reached: Vec<SchemaField> = upload.into_iter().filter(|field| is_live(&field)).collect();
    let again = SchemaPlan::new(object_type, &reached, wanted).expect("the plan goes on");
    assert!(!again.needs_upload(), "{again:?}");
}

fuzz_target!(|text: &str| {
    let (file, answer) = text.split_once('\0').unwrap_or((text, ""));
    let wanted = read(file);
    let current = read(answer).unwrap_or_default();
    let Some(wanted) = wanted else { return };
    // Only Gong's answer may name a field twice; what is pulled from it does not.
    if wanted.iter().all(|(_, fields)| has_one_of_each(fields)) {
        read_back(&wanted);
    }
    read_back(&wanted.custom_only());
    for (object_type, fields) in wanted.iter() {
        for field in fields {
            for value in VALUES {
                let value = RawValue::from_string(value.to_owned()).expect("JSON");
                drop(field.check(&value));
            }
        }
        plan(object_type, current.fields(object_type).unwrap_or_default(), fields);
        plan(object_type, fields, fields);
    }
});
