//! Examples: each is a value of its schema, because documentation and doctests are made of them.

use serde_json::Value;

use super::structure::{self, kind};
use super::{Findings, entries, text, texts};
use crate::codegen::problem::{child, choose};

/// Checks the examples of all schemas, and the lines of the upload's example files.
pub(super) fn check(findings: &mut Findings<'_>) {
    for (pointer, schema) in structure::schemas(findings.document) {
        if let Some(example) = schema.get("example") {
            value(findings, &child(&pointer, "example"), schema, example);
        }
    }
    lines(findings);
}

/// Each line of an example file is a record of the type whose file stem the example has.
fn lines(findings: &mut Findings<'_>) {
    for (at, media) in uploads(findings) {
        for (name, example) in entries(media.get("examples")) {
            let at = child(&child(&at, "examples"), name);
            let stem = |schema: &Value| text(schema, "x-file-stem") == name;
            let format = findings
                .entries("/components/schemas")
                .map(|(_, schema)| schema)
                .find(|schema| stem(schema));
            let Some(format) = format else {
                let stems: Vec<&str> = findings
                    .entries("/components/schemas")
                    .map(|(_, schema)| text(schema, "x-file-stem"))
                    .filter(|stem| !stem.is_empty())
                    .collect();
                findings.add(
                    &at,
                    format!("no line format has the file stem `{name}`"),
                    choose(name, stems),
                );
                continue;
            };
            for (part, file) in entries(findings.target(example).get("value")) {
                let at = child(&child(&at, "value"), part);
                for (index, line) in file.as_str().unwrap_or_default().lines().enumerate() {
                    match serde_json::from_str(line) {
                        Ok(record) => value(findings, &at, format, &record),
                        Err(error) => findings.add(
                            &at,
                            format!(
                                "line {} of the example file is not JSON: {error}",
                                index + 1
                            ),
                            "write one record as JSON per line",
                        ),
                    }
                }
            }
        }
    }
}

/// The bodies `multipart/form-data`, with their places.
pub(super) fn uploads<'d>(findings: &Findings<'d>) -> Vec<(String, &'d Value)> {
    let mut found = Vec::new();
    for (path, item) in findings.entries("/paths") {
        for (method, operation) in entries(Some(item)) {
            let at = child(&child("/paths", path), method);
            let media = operation.pointer("/requestBody/content/multipart~1form-data");
            if let Some(media) = media {
                found.push((
                    format!("{at}/requestBody/content/multipart~1form-data"),
                    media,
                ));
            }
        }
    }
    found
}

/// Type, words and required properties; the rest is held by the tests of the generated schemas.
fn value<'d>(findings: &mut Findings<'d>, at: &str, schema: &'d Value, example: &Value) {
    let part = schema.get("allOf").and_then(|parts| parts.get(0));
    let schema = findings.target(part.unwrap_or(schema));
    if example.is_null() && schema.get("nullable") == Some(&Value::Bool(true)) {
        return;
    }
    let expected = text(schema, "type");
    let fits = match expected {
        "string" => example.is_string(),
        "boolean" => example.is_boolean(),
        "integer" => example.is_i64() || example.is_u64(),
        "number" => example.is_number(),
        "array" => example.is_array(),
        "object" => example.is_object(),
        _ => return,
    };
    if !fits {
        findings.add(
            at,
            format!(
                "the example must be of type {expected}, found {}",
                kind(example)
            ),
            "correct the example",
        );
        return;
    }
    if let Some(word) = example.as_str()
        && schema.get("enum").is_some()
    {
        let words = texts(schema, "enum");
        if !words.contains(&word) {
            findings.add(
                at,
                format!("the example `{word}` is not in the `enum`"),
                choose(word, words),
            );
        }
    }
    if let (Some(items), Some(elements)) = (schema.get("items"), example.as_array()) {
        for (index, element) in elements.iter().enumerate() {
            value(findings, &child(at, &index.to_string()), items, element);
        }
    }
    if example.is_object() {
        properties(findings, at, schema, example);
    }
}

fn properties<'d>(findings: &mut Findings<'d>, at: &str, schema: &'d Value, example: &Value) {
    let is_deletion = example.get("isDeleted") == Some(&Value::Bool(true));
    let known = schema.get("properties");
    let unless_deleted = entries(known)
        .filter(|(_, property)| property.get("x-required-unless-deleted").is_some())
        .map(|(name, _)| name.as_str());
    let mut required = texts(schema, "required");
    if !is_deletion {
        required.extend(unless_deleted);
    }
    for name in required {
        if example.get(name).is_none() {
            findings.add(
                at,
                format!("the example needs `{name}`, which is required"),
                format!("add `{name}`"),
            );
        }
    }
    for (name, element) in entries(Some(example)) {
        if let Some(property) = known.and_then(|known| known.get(name)) {
            value(findings, &child(at, name), property, element);
        }
    }
}
