//! The six line formats: what the generators of types, tables and schemas rely on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::{camel_case, is_camel_case, misfit};
use super::structure;
use super::{Findings, entries, text, texts};
use crate::codegen::entity_model::{SCALARS, snake_case};
use crate::codegen::problem::{child, choose};
use crate::codegen::spec::referenced;

const FOLDER: &str = "/components/schemas";

/// Extensions on a line format itself; a line format has all but the last.
const OF_LINE_FORMATS: [&str; 5] = [
    "x-object-type",
    "x-load-order",
    "x-entity-schema",
    "x-file-stem",
    "x-retired-names",
];

/// Extensions on a field of a line format.
const OF_FIELDS: [&str; 7] = [
    "x-required-unless-deleted",
    "x-references",
    "x-when-missing",
    "x-derived-default",
    "x-discouraged",
    "x-undocumented",
    "x-rust-name",
];

/// What a field may say besides its extensions: what the types, the check and the JSON Schemas all follow.
const KEYS_OF_FIELDS: [&str; 11] = [
    "$ref",
    "allOf",
    "default",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxLength",
    "pattern",
    "type",
];

/// Names in the generated code that a field's name would hide.
const RESERVED: [&str; 8] = [
    "build",
    "builder",
    "custom",
    "custom_fields",
    "deletion",
    "draft",
    "intake",
    "line",
];

/// Checks the line formats, and that their extensions are on nothing else.
pub(super) fn check(findings: &mut Findings<'_>) {
    let formats: Vec<(&String, &Value)> = findings
        .entries(FOLDER)
        .filter(|(_, schema)| schema.get("x-object-type").is_some())
        .collect();
    object_types(findings, &formats);
    let mut orders = BTreeMap::new();
    let mut stems = BTreeMap::new();
    for (name, schema) in &formats {
        let pointer = child(FOLDER, name);
        line_format(findings, &pointer, schema);
        if let Some(order) = schema.get("x-load-order").and_then(Value::as_u64)
            && let Some(other) = orders.insert(order, *name)
        {
            findings.add(
                &child(&pointer, "x-load-order"),
                format!("{other} has the load order {order} as well"),
                "give each line format its own",
            );
        }
        if let Some(other) = stems.insert(text(schema, "x-file-stem"), *name) {
            findings.add(
                &child(&pointer, "x-file-stem"),
                format!("{other} has the same file stem"),
                "give each line format its own",
            );
        }
    }
    misplaced(findings, &formats);
}

/// Each object type of an upload has one line format.
fn object_types(findings: &mut Findings<'_>, formats: &[(&String, &Value)]) {
    let at = child(FOLDER, "ObjectType");
    let Some(list) = findings.document.pointer(&at) else {
        findings.add(
            FOLDER,
            "there is no schema ObjectType",
            "add it, an `enum` of the object types of an upload",
        );
        return;
    };
    let words = texts(list, "enum");
    let mut seen = BTreeMap::new();
    for (name, schema) in formats {
        let word = text(schema, "x-object-type");
        let pointer = child(&child(FOLDER, name), "x-object-type");
        if !words.contains(&word) {
            findings.add(
                &pointer,
                format!("`{word}` is not in the enum ObjectType"),
                choose(word, words.iter().copied()),
            );
        } else if let Some(other) = seen.insert(word, *name) {
            findings.add(
                &pointer,
                format!("{other} is the line format of `{word}` already"),
                "give each object type one line format",
            );
        }
    }
    let is_complete = seen.len() == formats.len();
    for (index, word) in words.iter().enumerate() {
        // A line format with a misspelt type is reported already.
        if is_complete && !seen.contains_key(word) {
            findings.add(
                &child(&child(&at, "enum"), &index.to_string()),
                format!("no schema is the line format of `{word}`"),
                format!("add `x-object-type: {word}` to the schema of its lines"),
            );
        }
    }
}

fn line_format<'d>(findings: &mut Findings<'d>, pointer: &str, schema: &'d Value) {
    let required = OF_LINE_FORMATS[..4].iter().copied();
    for key in required.chain(["type", "description", "example", "properties", "required"]) {
        if schema.get(key).is_none() {
            findings.add(
                pointer,
                format!("a line format needs `{key}`"),
                format!("add `{key}`, as the other line formats have it"),
            );
        }
    }
    let order = schema.get("x-load-order").and_then(Value::as_u64);
    if order.is_some_and(|order| !(1..=255).contains(&order)) {
        findings.add(
            &child(pointer, "x-load-order"),
            "the load order must be from 1 to 255",
            "number the line formats in the order in which they are uploaded",
        );
    }
    let stem = text(schema, "x-file-stem");
    if !stem
        .chars()
        .all(|character| character.is_ascii_lowercase() || character == '_')
    {
        findings.add(
            &child(pointer, "x-file-stem"),
            format!("`{stem}` can't begin the name of a file"),
            "use lower-case letters and `_`",
        );
    }
    if schema
        .get("example")
        .is_some_and(|example| !example.is_object())
    {
        findings.add(
            &child(pointer, "example"),
            "the example of a line format must be a mapping",
            "write one record, a field per line",
        );
    }
    if schema.get("additionalProperties") != Some(&serde_json::json!({})) {
        findings.add(
            pointer,
            "a line format is open: a record may have custom fields",
            "write `additionalProperties: {}`",
        );
    }
    if schema.get("x-entity-schema") == Some(&Value::Bool(true)) {
        declarable(findings, pointer, text(schema, "x-object-type"));
    }
    let names: Vec<&str> = entries(schema.get("properties"))
        .map(|(name, _)| name.as_str())
        .collect();
    for (old, new) in entries(schema.get("x-retired-names")) {
        let at = child(&child(pointer, "x-retired-names"), old);
        let new = new.as_str().unwrap_or_default();
        if old.is_empty() {
            findings.add(
                &at,
                "a retired name can't be empty",
                "remove it, or write the name",
            );
        }
        if !names.contains(&new) {
            findings.add(
                &at,
                format!("there is no field `{new}`"),
                choose(new, names.iter().copied()),
            );
        }
        if names.contains(&old.as_str()) {
            findings.add(
                &at,
                format!("`{old}` is a field, so it is not retired"),
                "remove it from x-retired-names",
            );
        }
    }
    fields(findings, pointer, schema);
}

fn fields<'d>(findings: &mut Findings<'d>, pointer: &str, schema: &'d Value) {
    let required = texts(schema, "required");
    let at = child(pointer, "properties");
    if let Some((first, _)) = entries(schema.get("properties")).next()
        && first != "objectId"
        && !required.contains(&first.as_str())
    {
        findings.add(
            &child(&at, first),
            "the first field must be a required one: it is written without a comma before it",
            "move `objectId` to the front",
        );
    }
    let object_id = schema.pointer("/properties/objectId");
    if object_id.and_then(referenced) != Some("ObjectId") || !required.contains(&"objectId") {
        findings.add(
            &at,
            "a line format needs a required field `objectId` that refers to ObjectId",
            "add it as the other line formats have it",
        );
    }
    let deleted = schema.pointer("/properties/isDeleted");
    if deleted.is_none_or(|deleted| text(deleted, "type") != "boolean")
        || required.contains(&"isDeleted")
    {
        findings.add(
            &at,
            "a line format needs an optional field `isDeleted` of type boolean",
            "add it as the other line formats have it",
        );
    }
    let mut setters: BTreeMap<String, &str> = BTreeMap::new();
    for (name, property) in entries(schema.get("properties")) {
        let at = child(&at, name);
        field(findings, &at, name, property);
        let setter = setter(name, property);
        if let Some(other) = setters.insert(setter.clone(), name) {
            findings.add(
                &at,
                format!("`{other}` and `{name}` have the same setter, `{setter}`"),
                "give one of them another name with `x-rust-name`",
            );
        }
        let is_required = required.contains(&name.as_str())
            || property.get("x-required-unless-deleted") == Some(&Value::Bool(true));
        let shared = findings.target(first_part(property));
        if is_required && property.get("x-when-missing").is_some() {
            findings.add(
                &child(&at, "x-when-missing"),
                format!("`{name}` is required, so it is never missing"),
                "remove `x-when-missing`, or make the field optional",
            );
        }
        if is_required && property.get("example").is_none() && shared.get("example").is_none() {
            findings.add(
                &at,
                format!("the required field `{name}` needs an example, for the documentation"),
                "add `example`",
            );
        }
    }
}

/// Custom fields can be declared of the types that the entity schema takes.
fn declarable(findings: &mut Findings<'_>, pointer: &str, object_type: &str) {
    let list = findings
        .document
        .pointer("/components/schemas/SchemaObjectType");
    let Some(list) = list else { return };
    let words = texts(list, "enum");
    if !words.contains(&object_type) {
        findings.add(
            &child(pointer, "x-entity-schema"),
            format!("the enum SchemaObjectType has no `{object_type}`"),
            format!("write `x-entity-schema: false`, or add `{object_type}` to the enum"),
        );
    }
}

/// The name of the field in Rust.
fn setter(name: &str, property: &Value) -> String {
    let chosen = property.get("x-rust-name").and_then(Value::as_str);
    chosen.map_or_else(|| snake_case(name), str::to_owned)
}

fn field<'d>(findings: &mut Findings<'d>, at: &str, name: &str, property: &'d Value) {
    let chosen = property.get("x-rust-name").and_then(Value::as_str);
    let name_at = match chosen {
        Some(_) => child(at, "x-rust-name"),
        None => at.to_owned(),
    };
    let rust = setter(name, property);
    let reserved = RESERVED
        .contains(&rust.as_str())
        .then(|| format!("`{rust}` is a name of the generated code"));
    let misfit = misfit(&rust).or(reserved);
    let is_odd = misfit.is_none() && !is_camel_case(name, false);
    if let Some(reason) = misfit {
        findings.add(
            &name_at,
            format!("the field `{name}` can't have a setter of this name: {reason}"),
            "give the setter another name with `x-rust-name`, such as `record_type`",
        );
    }
    if is_odd {
        findings.add(
            at,
            format!("`{name}` is not a name that Gong's fields have: a lower-case letter, then letters and digits"),
            format!("write `{}`", camel_case(name, false)),
        );
    }
    if text(property, "description").is_empty() {
        findings.add(
            at,
            format!("the field `{name}` needs a description"),
            "add `description`",
        );
    }
    let references = property.get("x-references").and_then(Value::as_str);
    let types: Vec<&str> = findings
        .document
        .pointer("/components/schemas/ObjectType")
        .map(|list| texts(list, "enum"))
        .unwrap_or_default();
    if let Some(target) = references
        && !types.contains(&target)
    {
        findings.add(
            &child(at, "x-references"),
            format!("`{target}` is not an object type"),
            choose(target, types),
        );
    }
    field_keys(findings, at, property);
    field_kind(findings, at, property);
}

/// A rule that only the JSON Schemas would have is a rule that the check does not hold.
fn field_keys(findings: &mut Findings<'_>, at: &str, property: &Value) {
    for (key, value) in entries(Some(property)) {
        let is_known = key.starts_with("x-")
            || KEYS_OF_FIELDS.contains(&key.as_str())
            || key == "minLength" && value == &Value::from(1)
            || key == "minimum" && value.is_i64() && text(property, "type") == "integer"
            || ["anyOf", "oneOf", "not"].contains(&key.as_str());
        if !is_known {
            findings.add(
                &child(at, key),
                format!("the check does not know `{key}: {value}` of a field"),
                "say the rule in the description; or teach it to gong-records/src/check and allow \
                 it in KEYS_OF_FIELDS of xtask/src/codegen/validate/line_formats.rs",
            );
        }
    }
}

/// A field is a shared scalar, a shared or own enum, a text, a boolean, a number, or a list of texts.
fn field_kind<'d>(findings: &mut Findings<'d>, at: &str, property: &'d Value) {
    if ["allOf", "anyOf", "oneOf", "not"]
        .iter()
        .any(|key| property.get(key).is_some())
        && referenced(property).is_none()
    {
        // What can't be combined is reported with the schemas.
        return;
    }
    if property.get("pattern").is_some() {
        findings.add(
            &child(at, "pattern"),
            "a pattern belongs on a shared schema, whose Rust type holds the rule",
            "move it to a schema under components/schemas, and refer to that",
        );
    }
    if let Some(component) = referenced(property) {
        let shared = findings.target(first_part(property));
        if shared.get("enum").is_none() && !SCALARS.contains(&component) {
            findings.add(
                at,
                format!("the shared schema {component} has no Rust type that a field can have"),
                format!(
                    "use one of {}; or write a type and name it in SCALARS of \
                     xtask/src/codegen/entity_model.rs",
                    SCALARS.join(", ")
                ),
            );
        }
        return;
    }
    match text(property, "type") {
        "string" | "boolean" | "integer" | "number" => {}
        "array" => {
            let items = property.get("items").map(|items| findings.target(items));
            if items
                .is_some_and(|items| text(items, "type") != "string" || items.get("enum").is_some())
                || property.pointer("/items/$ref").is_some()
            {
                findings.add(
                    &child(at, "items"),
                    "only lists of plain texts are supported in a line",
                    "write `items: {type: string}`",
                );
            }
        }
        "" => findings.add(
            at,
            "a field needs a type",
            "add `type`: string, boolean, integer, number or array; or refer to a shared schema",
        ),
        _ => findings.add(
            &child(at, "type"),
            "a field of a line can't be an object",
            "use string, boolean, integer, number or array",
        ),
    }
}

/// The reference of a lone `allOf`, or the schema itself.
fn first_part(schema: &Value) -> &Value {
    schema
        .get("allOf")
        .and_then(|parts| parts.get(0))
        .unwrap_or(schema)
}

/// An extension in a place where nothing reads it would silently lose its rule.
fn misplaced(findings: &mut Findings<'_>, formats: &[(&String, &Value)]) {
    let lines: BTreeSet<String> = formats
        .iter()
        .map(|(name, _)| child(FOLDER, name))
        .collect();
    for (pointer, schema) in structure::schemas(findings.document) {
        let parent = pointer
            .rsplit_once("/properties/")
            .filter(|(_, name)| !name.contains('/'))
            .map(|(parent, _)| parent);
        let is_field = parent.is_some_and(|parent| lines.contains(parent));
        let is_component = pointer
            .strip_prefix("/components/schemas/")
            .is_some_and(|name| !name.contains('/'));
        for (key, _) in entries(Some(schema)) {
            let place = match key.as_str() {
                key if OF_LINE_FORMATS.contains(&key) && !lines.contains(&pointer) => {
                    "a schema that has `x-object-type`"
                }
                key if OF_FIELDS.contains(&key) && !is_field => "a field of a line format",
                "x-strict-pattern" if !is_component || schema.get("pattern").is_none() => {
                    "a shared schema that has `pattern`"
                }
                "x-line-schema" if text(schema, "format") != "binary" => {
                    "the binary property of an upload"
                }
                _ => continue,
            };
            findings.add(
                &child(&pointer, key),
                format!("nothing reads `{key}` here"),
                format!("put it on {place}"),
            );
        }
    }
}
