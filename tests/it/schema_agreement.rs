//! Tests that the schemas of the Rust types agree with the components of openapi.yaml.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::schema::formats;
use crate::support::contract::{document, flattened, target};

/// The keywords that a schema and its component must have in common.
const KEYS: [&str; 9] = [
    "type",
    "pattern",
    "enum",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "default",
    "maxItems",
];

#[test]
fn the_six_types_are_the_entities_of_the_contract() {
    let document = document();
    let components = document["components"]["schemas"].as_object().unwrap();
    let promised: BTreeSet<&str> = components
        .iter()
        .filter(|(_, schema)| schema.get("x-object-type").is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    let ours: BTreeSet<&str> = formats().iter().map(|format| format.component).collect();
    assert_eq!(ours, promised);
}

#[test]
fn each_type_has_the_fields_of_its_component() {
    let document = document();
    for format in formats() {
        let (schema, component) = (format.schema(), component(&document, format.component));
        let names = |schema: &Value| -> Vec<String> {
            schema["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect()
        };
        assert_eq!(names(&schema), names(component), "{}", format.component);
        assert_eq!(schema["title"], format.component);
        assert_eq!(schema["type"], component["type"], "{}", format.component);
        // `{}` and `true` both say: any further field, of any kind.
        assert_eq!(schema["additionalProperties"], true, "{}", format.component);
        assert_eq!(component["additionalProperties"], Value::Object(Map::new()));
    }
}

#[test]
fn each_type_requires_what_its_component_requires() {
    let document = document();
    for format in formats() {
        let (schema, component) = (format.schema(), component(&document, format.component));
        assert_eq!(
            texts(&schema["required"]),
            texts(&component["required"]),
            "{}",
            format.component
        );
        let unless_deleted: BTreeSet<String> = component["properties"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, property)| property["x-required-unless-deleted"] == true)
            .map(|(name, _)| name.clone())
            .collect();
        assert_eq!(
            texts(&schema["else"]["required"]),
            unless_deleted,
            "{} unless deleted",
            format.component
        );
        assert_eq!(schema.get("if").is_some(), !unless_deleted.is_empty());
    }
}

#[test]
fn each_field_has_the_constraints_of_its_component() {
    let document = document();
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    for format in formats() {
        let (schema, component) = (format.schema(), component(&document, format.component));
        for (name, promised) in component["properties"].as_object().unwrap() {
            let promised = flattened(&document, promised);
            let ours = schema["properties"][name].as_object().unwrap();
            let at = format!("{}.{name}", format.component);
            let is_int32 = promised.get("format") == Some(&json!("int32"));
            let largest = is_int32.then(|| json!(i32::MAX));
            for key in KEYS {
                let promised = match key {
                    "maximum" => promised.get(key).or(largest.as_ref()),
                    _ => promised.get(key),
                };
                assert_eq!(ours.get(key), promised, "{at}: {key}");
                if ours.contains_key(key) {
                    *compared.entry(key).or_default() += 1;
                }
            }
            assert_eq!(ours["description"], promised["description"], "{at}");
            assert_eq!(ours["examples"][0], promised["example"], "{at}");
            // `int32` is OpenAPI's own, and means a maximum. `uri` has no letters beyond ASCII.
            let format_name = promised
                .get("format")
                .filter(|format| *format != "int32" && *format != "uri");
            assert_eq!(ours.get("format"), format_name, "{at}: format");
            if let Some(items) = promised.get("items") {
                let items = flattened(&document, items);
                assert_eq!(ours["items"]["type"], items["type"], "{at}: items");
            }
        }
    }
    for key in [
        "pattern",
        "enum",
        "minLength",
        "maxLength",
        "minimum",
        "default",
    ] {
        assert!(
            compared.contains_key(key),
            "no {key} was compared: {compared:?}"
        );
    }
}

fn component<'d>(document: &'d Value, name: &str) -> &'d Value {
    target(document, &document["components"]["schemas"][name])
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}
