//! The allowed content of a schema, without circular references.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names::{camel_case, is_camel_case};
use super::structure::{self, kind};
use super::{Findings, entries, text, texts};
use crate::codegen::entity_model::{pascal_case, snake_case};
use crate::codegen::lower::schemas_of_operations;
use crate::codegen::problem::{child, choose, nearest};

/// The second stage: no component refers to itself, also not through others.
pub(super) fn check_references(findings: &mut Findings<'_>) {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (folder, components) in findings.entries("/components") {
        for (name, component) in entries(Some(components)) {
            let mut targets = BTreeSet::new();
            references(component, &mut targets);
            edges.insert(format!("/components/{folder}/{name}"), targets);
        }
    }
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        let mut path = Vec::new();
        if let Some(circle) = circle(start, &edges, &mut path, &mut done) {
            let names: Vec<&str> = circle
                .iter()
                .map(|pointer| pointer.rsplit('/').next().unwrap_or_default())
                .collect();
            findings.add(
                &circle[0],
                format!("the references run in a circle: {}", names.join(" -> ")),
                "break it, for instance with a property that takes any value: `{}`",
            );
        }
    }
}

/// The targets of all references below the node, without `#`.
fn references(node: &Value, found: &mut BTreeSet<String>) {
    if let Some(target) = node.get("$ref").and_then(Value::as_str) {
        found.insert(target.trim_start_matches('#').to_owned());
    }
    for (key, value) in entries(Some(node)) {
        if !matches!(key.as_str(), "example" | "examples" | "default") && !key.starts_with("x-") {
            references(value, found);
        }
    }
    for element in node.as_array().into_iter().flatten() {
        references(element, found);
    }
}

/// The first circle that can be reached from a component and was not looked at before.
fn circle(
    at: &str,
    edges: &BTreeMap<String, BTreeSet<String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|pointer| pointer == at) {
        let mut circle = path.split_off(start);
        circle.push(at.to_owned());
        done.extend(circle.iter().cloned());
        return Some(circle);
    }
    if done.contains(at) {
        return None;
    }
    path.push(at.to_owned());
    for target in edges.get(at).into_iter().flatten() {
        if let Some(found) = circle(target, edges, path, done) {
            return Some(found);
        }
    }
    path.pop();
    done.insert(at.to_owned());
    None
}

/// Checks every schema of the document.
pub(super) fn check(findings: &mut Findings<'_>) {
    component_names(findings);
    let sent = schemas_of_operations(findings.document);
    for (pointer, schema) in structure::schemas(findings.document) {
        combinators(findings, &pointer, schema, &sent);
        properties(findings, &pointer, schema);
        words(findings, &pointer, schema);
        format(findings, &pointer, schema);
        default(findings, &pointer, schema);
        bounds(findings, &pointer, schema);
        patterns(findings, &pointer, schema);
        let kind = text(schema, "type");
        if kind == "array" && schema.get("items").is_none() {
            findings.add(
                &pointer,
                "an array needs `items`",
                "add `items` with the schema of an element",
            );
        }
        if kind != "array" && schema.get("items").is_some() {
            findings.add(
                &child(&pointer, "items"),
                "`items` belongs to an array",
                "add `type: array`, or remove `items`",
            );
        }
    }
}

/// Bounds that leave room for a value, and a default within them.
fn bounds(findings: &mut Findings<'_>, pointer: &str, schema: &Value) {
    for (low, high) in [
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
        ("minimum", "maximum"),
    ] {
        let number = |key: &str| schema.get(key).and_then(Value::as_f64);
        let (least, most) = (number(low), number(high));
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            findings.add(
                &child(pointer, low),
                format!("no value has `{low}: {least}` and `{high}: {most}`"),
                "correct one of them",
            );
        }
        let default = schema.get("default").and_then(Value::as_f64);
        if low == "minimum"
            && let Some(default) = default
            && (least.is_some_and(|least| default < least)
                || most.is_some_and(|most| default > most))
        {
            findings.add(
                &child(pointer, "default"),
                format!("the default {default} is not within the bounds of the value"),
                "correct the default or the bounds",
            );
        }
    }
}

/// A pattern that no validator can read is a rule without effect.
fn patterns(findings: &mut Findings<'_>, pointer: &str, schema: &Value) {
    for key in ["pattern", "x-strict-pattern"] {
        let Some(pattern) = schema.get(key).and_then(Value::as_str) else {
            continue;
        };
        if let Err(error) = regex_syntax::parse(pattern) {
            let message = error.to_string();
            let reason = message.lines().last().unwrap_or_default();
            findings.add(
                &child(pointer, key),
                format!(
                    "`{pattern}` is not a regular expression: {}",
                    reason.trim_start_matches("error: ")
                ),
                "correct it; it must mean the same in JavaScript and in Rust",
            );
        }
    }
}

/// The last stage: a component that nothing refers to is a mistake in a name somewhere, or left over.
pub(super) fn check_unused(findings: &mut Findings<'_>) {
    let mut used = BTreeSet::new();
    every_reference(findings.document, &mut used);
    for (folder, components) in findings.entries("/components") {
        if folder == "securitySchemes" {
            continue;
        }
        for (name, component) in entries(Some(components)) {
            let at = child(&child("/components", folder), name);
            if !used.contains(&at) && component.get("x-object-type").is_none() {
                findings.add(
                    &at,
                    format!("nothing refers to `{name}`"),
                    "refer to it, or remove it",
                );
            }
        }
    }
}

/// The targets of all references, those of extensions included.
fn every_reference(node: &Value, found: &mut BTreeSet<String>) {
    if let Some(target) = node.get("$ref").and_then(Value::as_str) {
        found.insert(target.trim_start_matches('#').to_owned());
    }
    for (_, value) in entries(Some(node)) {
        every_reference(value, found);
    }
    for element in node.as_array().into_iter().flatten() {
        every_reference(element, found);
    }
}

fn component_names(findings: &mut Findings<'_>) {
    for (name, _) in findings.entries("/components/schemas") {
        if !is_camel_case(name, true) {
            findings.add(
                &child("/components/schemas", name),
                format!("`{name}` can't be the name of a schema, because it becomes a type"),
                format!(
                    "rename it to `{}`, and its references",
                    camel_case(name, true)
                ),
            );
        }
    }
}

/// `allOf` with one reference is the only way to combine schemas that everything below supports.
fn combinators(
    findings: &mut Findings<'_>,
    pointer: &str,
    schema: &Value,
    sent: &BTreeSet<String>,
) {
    let component = pointer
        .strip_prefix("/components/schemas/")
        .map(|rest| rest.split('/').next().unwrap_or(rest));
    let is_generated = component.is_none_or(|name| {
        let line = findings
            .document
            .pointer(&format!("/components/schemas/{name}/x-object-type"));
        sent.contains(name) || line.is_some()
    });
    for key in ["anyOf", "oneOf", "not"] {
        if is_generated && schema.get(key).is_some() {
            findings.add(
                &child(pointer, key),
                format!("`{key}` is not supported where a type is generated"),
                "write one schema with all properties optional, or `{}` for any value",
            );
        }
    }
    let Some(parts) = schema.get("allOf").and_then(Value::as_array) else {
        return;
    };
    let at = child(pointer, "allOf");
    match parts.as_slice() {
        [only] if only.get("$ref").is_some() => {
            for key in ["type", "properties", "items", "enum"] {
                if schema.get(key).is_some() {
                    findings.add(
                        &child(pointer, key),
                        format!("`{key}` beside `allOf` is not supported"),
                        "write it in the schema that `allOf` refers to",
                    );
                }
            }
        }
        _ => findings.add(
            &at,
            "`allOf` must hold one reference and nothing else",
            "write the properties of all parts into one schema",
        ),
    }
}

fn properties(findings: &mut Findings<'_>, pointer: &str, schema: &Value) {
    let names: Vec<&str> = entries(schema.get("properties"))
        .map(|(name, _)| name.as_str())
        .collect();
    let at = child(pointer, "properties");
    if schema.get("properties").is_some() && text(schema, "type") != "object" {
        findings.add(
            pointer,
            "a schema with `properties` needs `type: object`",
            "add `type: object`",
        );
    }
    let mut rust: BTreeMap<String, &str> = BTreeMap::new();
    for name in &names {
        if !name.contains(|character: char| character.is_ascii_alphabetic()) {
            findings.add(
                &child(&at, name),
                format!("`{name}` can't be the name of a property: it has no letter"),
                "rename it",
            );
        } else if let Some(other) = rust.insert(rust_name(name), name) {
            findings.add(
                &child(&at, name),
                format!("`{other}` and `{name}` become the same name in Rust"),
                "rename one of them",
            );
        }
    }
    let mut seen = BTreeSet::new();
    for (index, name) in texts(schema, "required").into_iter().enumerate() {
        let at = child(&child(pointer, "required"), &index.to_string());
        if !names.contains(&name) {
            let fix = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "add the property, or remove the name here".to_owned(),
            };
            findings.add(
                &at,
                format!("there is no property `{name}` to require"),
                fix,
            );
        } else if !seen.insert(name) {
            findings.add(&at, format!("`{name}` is required twice"), "remove one");
        }
    }
}

/// The name as every generator below writes it, more or less.
fn rust_name(name: &str) -> String {
    let words: Vec<String> = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| snake_case(&camel_case(word, false)))
        .collect();
    words.join("_").trim_start_matches('_').to_owned()
}

fn words(findings: &mut Findings<'_>, pointer: &str, schema: &Value) {
    let Some(words) = schema.get("enum").and_then(Value::as_array) else {
        return;
    };
    let at = child(pointer, "enum");
    if words.is_empty() {
        findings.add(
            &at,
            "an empty `enum` allows no value",
            "list the allowed words, or remove `enum`",
        );
    }
    if text(schema, "type") != "string" {
        findings.add(
            &at,
            "only an `enum` of texts is supported",
            "add `type: string`, or say the allowed values in the description",
        );
        return;
    }
    let mut variants: BTreeMap<String, &str> = BTreeMap::new();
    for (index, word) in words.iter().enumerate() {
        let at = child(&at, &index.to_string());
        let Some(word) = word.as_str() else {
            findings.add(
                &at,
                format!(
                    "a word of an `enum` of texts must be a text, found {}",
                    kind(word)
                ),
                format!("put quotes around {word}"),
            );
            continue;
        };
        let variant = pascal_case(word);
        if !is_camel_case(&variant, true) {
            findings.add(
                &at,
                format!(
                    "`{word}` can't become a variant: `{variant}` is not an identifier of Rust"
                ),
                "use a word of letters, digits and `_` that begins with a letter",
            );
        } else if let Some(other) = variants.insert(variant, word) {
            let message = if other == word {
                format!("`{word}` is listed twice")
            } else {
                format!("`{other}` and `{word}` become the same variant in Rust")
            };
            findings.add(&at, message, "remove one of them");
        }
    }
}

/// The formats that mean something to a generator or to a reader, by type.
const FORMATS: [(&str, &[&str]); 3] = [
    (
        "string",
        &[
            "date",
            "date-time",
            "uri",
            "email",
            "binary",
            "byte",
            "password",
            "uuid",
        ],
    ),
    ("integer", &["int32", "int64"]),
    ("number", &["float", "double"]),
];

fn format(findings: &mut Findings<'_>, pointer: &str, schema: &Value) {
    let Some(format) = schema.get("format").and_then(Value::as_str) else {
        return;
    };
    let kind = text(schema, "type");
    let at = child(pointer, "format");
    match FORMATS.iter().find(|(of, _)| *of == kind) {
        Some((_, formats)) if formats.contains(&format) => {}
        Some((_, formats)) => findings.add(
            &at,
            format!("`{format}` is not a format of {kind} that codegen knows"),
            choose(format, formats.iter().copied()),
        ),
        None => findings.add(
            &at,
            "a `format` needs the type string, integer or number",
            "add the type, or remove the format",
        ),
    }
}

fn default<'d>(findings: &mut Findings<'d>, pointer: &str, schema: &'d Value) {
    let Some(default) = schema.get("default") else {
        return;
    };
    let shared = findings.target(
        schema
            .get("allOf")
            .and_then(|parts| parts.get(0))
            .unwrap_or(schema),
    );
    let at = child(pointer, "default");
    let fits = match text(shared, "type") {
        "string" => default.is_string(),
        "boolean" => default.is_boolean(),
        "integer" => default.is_i64() || default.is_u64(),
        "number" => default.is_number(),
        "array" => default.is_array(),
        "object" => default.is_object(),
        _ => true,
    };
    let words = texts(shared, "enum");
    if shared.get("enum").is_some() && words.is_empty() {
        // The enum itself is reported.
    } else if !fits {
        findings.add(
            &at,
            format!(
                "the default must be of type {}, found {}",
                text(shared, "type"),
                kind(default)
            ),
            "correct the default",
        );
    } else if let Some(word) = default.as_str()
        && shared.get("enum").is_some()
        && !words.contains(&word)
    {
        findings.add(
            &at,
            format!("the default `{word}` is not in the `enum`"),
            choose(word, words),
        );
    }
}
