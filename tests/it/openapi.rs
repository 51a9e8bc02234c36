//! Tests that `openapi.yaml` is valid and complete OpenAPI and agrees with its own examples.

mod document;
mod entities;
mod operations;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use document::{
    Fallible, Kind, SOURCE, document, escape, faults, keys, resolve, samples, validator,
};

#[test]
fn the_document_is_valid_openapi() -> Fallible<()> {
    let document = document()?;
    let schema = serde_json::from_str(include_str!("../fixtures/openapi-3.0.schema.json"))?;
    let faults = faults(&jsonschema::draft4::new(&schema)?, &document);
    assert!(
        faults.is_empty(),
        "openapi.yaml is not OpenAPI 3.0:\n{}",
        faults.join("\n")
    );
    Ok(())
}

#[test]
fn every_reference_resolves() -> Fallible<()> {
    let document = document()?;
    let mut faults = Vec::new();
    let mut count = 0;
    for (pointer, key, value) in keys(&document) {
        if key == "$ref" {
            count += 1;
            if let Err(error) = resolve(&document, &json!({ "$ref": value })) {
                faults.push(format!("{pointer}: {error}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        count > 200,
        "only {count} references were found, so most were not looked at"
    );
    Ok(())
}

#[test]
fn every_example_and_default_fits_its_schema() -> Fallible<()> {
    let document = document()?;
    let mut wrong = Vec::new();
    let mut counts = BTreeMap::new();
    for sample in samples(&document) {
        let validator = validator(&document, &sample.schema)
            .map_err(|error| format!("the schema of {}: {error}", sample.pointer))?;
        for fault in faults(&validator, &sample.value) {
            wrong.push(format!("{}: {fault}", sample.pointer));
        }
        *counts.entry(format!("{:?}", sample.kind)).or_insert(0) += 1;
        assert_ne!(
            (sample.kind, &sample.value),
            (Kind::Default, &Value::Null),
            "{}",
            sample.pointer
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let enough = [("Payload", 50), ("Schema", 120), ("Default", 8)];
    for (kind, least) in enough {
        assert!(
            counts.get(kind) >= Some(&least),
            "too few of {kind} were found: {counts:?}"
        );
    }
    Ok(())
}

#[test]
fn every_property_has_a_description_and_an_example() -> Fallible<()> {
    let document = document()?;
    let mut faults = Vec::new();
    for (pointer, name, property) in keys(&document) {
        let is_property = pointer.starts_with("/components/schemas/")
            && pointer.ends_with("/properties")
            && property.is_object();
        if is_property {
            for key in ["description", "example"] {
                if property.get(key).is_none() {
                    faults.push(format!("{pointer}/{}: no {key}", escape(&name)));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// For a field whose name is a keyword of Rust, which none is today.
const UNUSED: &str = "x-rust-name";

#[test]
fn every_vendor_extension_is_explained_at_the_top_of_the_file() -> Fallible<()> {
    let document = document()?;
    let top: Vec<&str> = SOURCE
        .lines()
        .take_while(|line| line.starts_with('#'))
        .collect();
    let explained: BTreeSet<&str> = top
        .iter()
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|word| word.starts_with("x-"))
        .collect();
    let mut used = BTreeSet::new();
    for (pointer, key, _) in keys(&document) {
        if key.starts_with("x-") && !pointer.ends_with("/headers") {
            assert!(
                explained.contains(key.as_str()),
                "{pointer}/{key} is not explained"
            );
            used.insert(key);
        }
    }
    let unused: Vec<_> = explained
        .iter()
        .filter(|key| !used.contains(**key) && **key != UNUSED)
        .collect();
    assert!(
        unused.is_empty(),
        "explained at the top, but used nowhere: {unused:?}"
    );
    Ok(())
}
