//! The first stage: every key is known, every value is of its type, and every reference leads somewhere.

use serde_json::Value;

use super::objects::{Object, ROOT, SCHEMA, Shape};
use super::{Findings, entries};
use crate::codegen::problem::{child, choose, nearest};

/// Walks the document along the table of objects.
pub(super) fn check(findings: &mut Findings<'_>) {
    let document = findings.document;
    if !document.is_object() {
        findings.add(
            "",
            format!(
                "an OpenAPI document must be a mapping, found {}",
                kind(document)
            ),
            "begin with `openapi: 3.0.3`",
        );
        return;
    }
    if is_supported_version(findings, document) {
        object(findings, "", document, &ROOT);
    }
}

/// Everything else depends on the version, so a wrong one is the only finding.
fn is_supported_version(findings: &mut Findings<'_>, document: &Value) -> bool {
    if document.get("swagger").is_some() {
        findings.add(
            "/swagger",
            "this is OpenAPI 2.0 (Swagger); codegen reads OpenAPI 3.0",
            "convert the document and begin it with `openapi: 3.0.3`",
        );
        return false;
    }
    match document.get("openapi") {
        Some(Value::String(version)) if version.starts_with("3.0.") => true,
        Some(Value::String(version)) => {
            findings.add(
                "/openapi",
                format!("this is OpenAPI {version}; codegen reads OpenAPI 3.0"),
                "write `openapi: 3.0.3`, `nullable: true` instead of a type `null`, \
                 `example` instead of `examples` in a schema",
            );
            false
        }
        _ => true,
    }
}

fn object(findings: &mut Findings<'_>, pointer: &str, node: &Value, expected: &'static Object) {
    let Some(map) = node.as_object() else {
        findings.add(
            pointer,
            format!("{} must be a mapping, found {}", expected.name, kind(node)),
            format!("write {} here", listed(expected)),
        );
        return;
    };
    if let (Some(reference), Some(folder)) = (map.get("$ref"), expected.folder) {
        self::reference(findings, pointer, reference, folder);
        for key in map.keys().filter(|key| *key != "$ref") {
            let fix = if folder == "schemas" {
                "put the reference into `allOf: [{$ref: …}]` beside it"
            } else {
                "change the component, or remove the key"
            };
            findings.add(
                &child(pointer, key),
                format!("`{key}` beside `$ref` has no effect in OpenAPI 3.0"),
                fix,
            );
        }
        return;
    }
    let is_known = |name: &str| expected.keys.iter().any(|key| key.name == name);
    for key in expected.keys.iter().filter(|key| key.is_required) {
        // A misspelt one is found below.
        let is_misspelt = map
            .keys()
            .any(|name| !is_known(name) && nearest(name, [key.name]).is_some());
        if !map.contains_key(key.name) && !is_misspelt && !map.contains_key("$ref") {
            findings.add(
                pointer,
                format!("{} needs `{}`", expected.name, key.name),
                format!("add `{}`: {}", key.name, wanted(key.shape)),
            );
        }
    }
    for (name, value) in map {
        let pointer = child(pointer, name);
        match expected.keys.iter().find(|key| key.name == name) {
            Some(key) => shape(findings, &pointer, name, value, key.shape),
            None => unknown_key(findings, &pointer, name, expected),
        }
    }
}

fn unknown_key(findings: &mut Findings<'_>, pointer: &str, name: &str, expected: &Object) {
    if name == "$ref" {
        findings.add(
            pointer,
            format!("{} can't be a reference", expected.name),
            "write it out here",
        );
        return;
    }
    let is_extension = name.starts_with("x-");
    let candidates = expected
        .keys
        .iter()
        .filter(|key| !matches!(key.shape, Shape::Unsupported(_)))
        .map(|key| key.name)
        .filter(|key| key.starts_with("x-") == is_extension);
    let message = if is_extension {
        format!(
            "`{name}` is not an extension of {} that codegen knows",
            expected.name
        )
    } else {
        format!("`{name}` is not a key of {}", expected.name)
    };
    let fix = match nearest(name, candidates) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if is_extension => {
            "use one of those that the top of openapi.yaml explains, or explain it there and add \
             it to xtask/src/codegen/validate/objects.rs"
                .to_owned()
        }
        None => "remove it, or correct its indentation".to_owned(),
    };
    findings.add(pointer, message, fix);
}

/// Checks one value; `name` is its key.
fn shape(findings: &mut Findings<'_>, pointer: &str, name: &str, value: &Value, expected: Shape) {
    let fits = match expected {
        Shape::Any => true,
        Shape::Text => value.is_string(),
        Shape::Boolean => value.is_boolean(),
        Shape::Count => value.is_u64(),
        Shape::Number => value.is_number(),
        Shape::Object(of) => return object(findings, pointer, value, of),
        Shape::List(of) => {
            if let Some(elements) = value.as_array() {
                for (index, element) in elements.iter().enumerate() {
                    let pointer = child(pointer, &index.to_string());
                    shape(findings, &pointer, name, element, *of);
                }
                return;
            }
            false
        }
        Shape::Map(of) => {
            if value.is_object() {
                for (key, element) in entries(Some(value)) {
                    shape(findings, &child(pointer, key), key, element, *of);
                }
                return;
            }
            false
        }
        Shape::BooleanOrSchema => {
            if !value.is_boolean() {
                object(findings, pointer, value, &SCHEMA);
            }
            return;
        }
        Shape::SchemaType => return schema_type(findings, pointer, value),
        Shape::Unsupported(instead) => {
            findings.add(pointer, format!("`{name}` is not supported"), instead);
            return;
        }
    };
    if !fits {
        let fix = match (expected, value) {
            (Shape::Text, Value::Number(_) | Value::Bool(_)) => {
                format!("put quotes around {value}")
            }
            (Shape::Boolean, Value::String(text)) if text == "true" || text == "false" => {
                format!("write {text} without quotes")
            }
            _ => format!("write {}", wanted(expected)),
        };
        findings.add(
            pointer,
            format!(
                "`{name}` must be {}, found {}",
                wanted(expected),
                kind(value)
            ),
            fix,
        );
    }
}

const TYPES: [&str; 6] = ["string", "boolean", "integer", "number", "array", "object"];

fn schema_type(findings: &mut Findings<'_>, pointer: &str, value: &Value) {
    match value {
        Value::String(word) if TYPES.contains(&word.as_str()) => {}
        Value::String(word) => {
            findings.add(
                pointer,
                format!("`{word}` is not a type"),
                choose(word, TYPES),
            );
        }
        Value::Array(types) => {
            let first = types
                .iter()
                .filter_map(Value::as_str)
                .find(|word| *word != "null")
                .unwrap_or("string");
            findings.add(
                pointer,
                "a list of types is OpenAPI 3.1; codegen reads OpenAPI 3.0",
                format!("write `type: {first}`, and `nullable: true` if the value can be null"),
            );
        }
        other => findings.add(
            pointer,
            format!("`type` must be a word, found {}", kind(other)),
            choose("", TYPES),
        ),
    }
}

/// A reference must lead to a component of the right kind.
fn reference(findings: &mut Findings<'_>, pointer: &str, value: &Value, folder: &str) {
    let at = child(pointer, "$ref");
    let Some(reference) = value.as_str() else {
        findings.add(
            &at,
            format!("`$ref` must be a text, found {}", kind(value)),
            format!("write '#/components/{folder}/NAME'"),
        );
        return;
    };
    let prefix = format!("#/components/{folder}/");
    let Some(name) = reference
        .strip_prefix(&prefix)
        .filter(|name| !name.contains('/'))
    else {
        findings.add(
            &at,
            format!("`{reference}` does not refer to one of components/{folder}"),
            format!("write '{prefix}NAME', the name of a component of this file"),
        );
        return;
    };
    let folder_at = format!("/components/{folder}");
    let names: Vec<&str> = findings
        .entries(&folder_at)
        .map(|(name, _)| name.as_str())
        .collect();
    if !names.contains(&name) {
        let fix = match nearest(name, names.iter().copied()) {
            Some(meant) => format!(
                "did you mean '{prefix}{meant}'? Otherwise add it under components/{folder}"
            ),
            None => format!("add it under components/{folder}, or correct the name"),
        };
        findings.add(&at, format!("there is no components/{folder}/{name}"), fix);
    }
}

fn wanted(shape: Shape) -> String {
    match shape {
        Shape::Text => "a text".to_owned(),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Count => "a whole number from 0".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Object(object) => format!("a mapping of {}", listed(object)),
        Shape::Map(_) => "a mapping".to_owned(),
        Shape::Any | Shape::BooleanOrSchema | Shape::SchemaType | Shape::Unsupported(_) => {
            "a value".to_owned()
        }
    }
}

/// The keys that an object must have, or some that it can have.
fn listed(object: &Object) -> String {
    let mut keys: Vec<&str> = object
        .keys
        .iter()
        .filter(|key| key.is_required)
        .map(|key| key.name)
        .collect();
    if keys.is_empty() {
        keys = object.keys.iter().take(3).map(|key| key.name).collect();
    }
    keys.iter()
        .map(|key| format!("`{key}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The kind of a value, for people.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// Every schema of the document that is not a mere reference, with its pointer.
pub(super) fn schemas(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    collect(&mut found, String::new(), document, Shape::Object(&ROOT));
    found
}

fn collect<'d>(
    found: &mut Vec<(String, &'d Value)>,
    pointer: String,
    node: &'d Value,
    shape: Shape,
) {
    match shape {
        Shape::Object(_) if node.get("$ref").is_some() => {}
        Shape::Object(object) => {
            for (name, value) in entries(Some(node)) {
                if let Some(key) = object.keys.iter().find(|key| key.name == name) {
                    collect(found, child(&pointer, name), value, key.shape);
                }
            }
            if std::ptr::eq(object, &raw const SCHEMA) {
                found.push((pointer, node));
            }
        }
        Shape::Map(of) => {
            for (name, value) in entries(Some(node)) {
                collect(found, child(&pointer, name), value, *of);
            }
        }
        Shape::List(of) => {
            for (index, value) in node.as_array().into_iter().flatten().enumerate() {
                collect(found, child(&pointer, &index.to_string()), value, *of);
            }
        }
        Shape::BooleanOrSchema => collect(found, pointer, node, Shape::Object(&SCHEMA)),
        _ => {}
    }
}
