//! Reading `openapi.yaml`, walking through it, and converting it to JSON Schema.

use std::error::Error;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value};

/// The contract as it is on disk.
pub(super) const SOURCE: &str = include_str!("../../../openapi.yaml");

pub(super) type Fallible<T> = Result<T, Box<dyn Error>>;

/// A value that the document claims to fit a schema.
#[derive(Debug)]
pub(super) struct Sample {
    /// Which kind of place it is in.
    pub(super) kind: Kind,
    /// JSON pointer of the value.
    pub(super) pointer: String,
    pub(super) value: Value,
    pub(super) schema: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// On a media type, a parameter or a header.
    Payload,
    /// On a schema.
    Schema,
    /// A default.
    Default,
}

/// Reads the contract. A duplicate key is an error.
pub(super) fn document() -> Fallible<Value> {
    let yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(SOURCE)?;
    Ok(serde_json::to_value(yaml)?)
}

/// Follows `$ref` until something else is found.
pub(super) fn resolve<'d>(document: &'d Value, node: &'d Value) -> Fallible<&'d Value> {
    let mut current = node;
    while let Some(reference) = current.get("$ref").and_then(Value::as_str) {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        current = target.ok_or_else(|| format!("nothing at {reference}"))?;
    }
    Ok(current)
}

/// Compiles a schema of the document, as JSON Schema draft 4 with formats asserted.
///
/// OpenAPI 3.0 schemas are draft 4 schemas with `nullable` and a few other keywords.
pub(super) fn validator(document: &Value, schema: &Value) -> Fallible<Validator> {
    let lowered = lower(document, schema)?;
    let validator = jsonschema::options()
        .with_draft(Draft::Draft4)
        .should_validate_formats(true)
        .build(&lowered)?;
    Ok(validator)
}

/// Everything that is wrong with a value, one line each, with the place inside the value.
pub(super) fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{} at {:?}", error, error.instance_path().as_str()))
        .collect()
}

/// Copies a schema with every reference replaced by its target and `nullable` by a null type.
fn lower(document: &Value, schema: &Value) -> Fallible<Value> {
    let schema = resolve(document, schema)?;
    let Some(source) = schema.as_object() else {
        return Ok(schema.clone());
    };
    let mut target = Map::new();
    for (key, value) in source {
        let lowered = match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                let mut lowered = Map::new();
                for (name, property) in properties {
                    lowered.insert(name.clone(), lower(document, property)?);
                }
                Value::Object(lowered)
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas
                .iter()
                .map(|schema| lower(document, schema))
                .collect::<Fallible<_>>()?,
            ("items" | "not" | "additionalProperties", value) => lower(document, value)?,
            ("type", value) if source.get("nullable") == Some(&Value::Bool(true)) => {
                Value::Array(vec![value.clone(), Value::from("null")])
            }
            ("nullable" | "title" | "description" | "example" | "default", _) => continue,
            (extension, _) if extension.starts_with("x-") => continue,
            (_, value) => value.clone(),
        };
        target.insert(key.clone(), lowered);
    }
    Ok(Value::Object(target))
}

/// Every example and default of the document, wherever it is.
pub(super) fn samples(document: &Value) -> Vec<Sample> {
    let mut samples = Vec::new();
    walk(document, "", &mut samples);
    samples
}

fn walk(node: &Value, pointer: &str, samples: &mut Vec<Sample>) {
    if let Some(schema) = node.get("schema") {
        let mut add = |pointer: String, value: &Value| {
            samples.push(Sample {
                kind: Kind::Payload,
                pointer,
                value: value.clone(),
                schema: schema.clone(),
            });
        };
        if let Some(value) = node.get("example") {
            add(format!("{pointer}/example"), value);
        }
        for (name, example) in entries(node.get("examples")) {
            if let Some(value) = example.get("value") {
                add(format!("{pointer}/examples/{}/value", escape(name)), value);
            }
        }
        walk_schema(schema, &format!("{pointer}/schema"), samples);
    }
    for (index, element) in node.as_array().into_iter().flatten().enumerate() {
        walk(element, &format!("{pointer}/{index}"), samples);
    }
    for (key, value) in entries(Some(node)) {
        let child = format!("{pointer}/{}", escape(key));
        match key.as_str() {
            "schema" | "example" | "examples" => {}
            _ if pointer == "/components/schemas" => walk_schema(value, &child, samples),
            _ if key.starts_with("x-") && !pointer.ends_with("/headers") => {}
            _ => walk(value, &child, samples),
        }
    }
}

fn walk_schema(schema: &Value, pointer: &str, samples: &mut Vec<Sample>) {
    for (kind, key) in [(Kind::Schema, "example"), (Kind::Default, "default")] {
        if let Some(value) = schema.get(key) {
            samples.push(Sample {
                kind,
                pointer: format!("{pointer}/{key}"),
                value: value.clone(),
                schema: schema.clone(),
            });
        }
    }
    for (name, property) in entries(schema.get("properties")) {
        walk_schema(
            property,
            &format!("{pointer}/properties/{}", escape(name)),
            samples,
        );
    }
    for key in ["items", "additionalProperties", "not"] {
        if let Some(child) = schema.get(key) {
            walk_schema(child, &format!("{pointer}/{key}"), samples);
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        let children = schema.get(key).and_then(Value::as_array);
        for (index, child) in children.into_iter().flatten().enumerate() {
            walk_schema(child, &format!("{pointer}/{key}/{index}"), samples);
        }
    }
}

/// The entries of an object; none for anything else.
pub(super) fn entries(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flatten()
}

/// Writes a key as one step of a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Every key and scalar of the document with its pointer, omitting what is inside examples.
pub(super) fn keys(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), document)];
    while let Some((pointer, node)) = open.pop() {
        for (index, element) in node.as_array().into_iter().flatten().enumerate() {
            open.push((format!("{pointer}/{index}"), element));
        }
        for (key, value) in entries(Some(node)) {
            found.push((pointer.clone(), key.clone(), value));
            let is_property_name = pointer.ends_with("/properties");
            if is_property_name || !matches!(key.as_str(), "example" | "examples" | "default") {
                open.push((format!("{pointer}/{}", escape(key)), value));
            }
        }
    }
    found
}

/// Every operation as (method, path, operation).
pub(super) fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in entries(document.get("paths")) {
        for (method, operation) in entries(Some(item)) {
            if method != "parameters" {
                operations.push((method.as_str(), path.as_str(), operation));
            }
        }
    }
    operations
}

/// Every entity, the schema of one line of a file, as (component name, schema).
pub(super) fn entities(document: &Value) -> Vec<(&str, &Value)> {
    entries(document.pointer("/components/schemas"))
        .filter(|(_, schema)| schema.get("x-object-type").is_some())
        .map(|(name, schema)| (name.as_str(), schema))
        .collect()
}

/// The text at a key, or nothing at all.
pub(super) fn text<'d>(node: &'d Value, key: &str) -> &'d str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}
