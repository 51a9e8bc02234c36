//! Tests that the entities of `openapi.yaml` accept Gong's lines and have their extensions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::document::{Fallible, document, entities, entries, faults, resolve, text, validator};

/// Gong's own example lines by file stem, made valid JSON.
const GONG_EXAMPLES: [(&str, &str); 6] = [
    (
        "stages",
        include_str!("../../fixtures/gong-examples/stages.ldjson"),
    ),
    (
        "business_users",
        include_str!("../../fixtures/gong-examples/business_users.ldjson"),
    ),
    (
        "accounts",
        include_str!("../../fixtures/gong-examples/accounts.ldjson"),
    ),
    (
        "contacts",
        include_str!("../../fixtures/gong-examples/contacts.ldjson"),
    ),
    (
        "deals",
        include_str!("../../fixtures/gong-examples/deals.ldjson"),
    ),
    (
        "leads",
        include_str!("../../fixtures/gong-examples/leads.ldjson"),
    ),
];

#[test]
fn every_entity_carries_what_the_generator_reads() -> Fallible<()> {
    let document = document()?;
    let entities = entities(&document);
    let types: BTreeSet<&str> = entities
        .iter()
        .map(|(_, entity)| text(entity, "x-object-type"))
        .collect();
    let listed = document
        .pointer("/components/schemas/ObjectType/enum")
        .and_then(Value::as_array);
    assert_eq!(
        types,
        listed
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
        "the x-object-type of all entities, and /components/schemas/ObjectType/enum"
    );

    let with_schema = document
        .pointer("/components/schemas/SchemaObjectType/enum")
        .and_then(Value::as_array);
    let mut orders = BTreeSet::new();
    for (name, entity) in &entities {
        let at = format!("/components/schemas/{name}");
        orders.insert(entity["x-load-order"].as_u64());
        let object_type = &entity["x-object-type"];
        let has_schema = with_schema.is_some_and(|types| types.contains(object_type));
        assert_eq!(
            entity["x-entity-schema"],
            json!(has_schema),
            "{at}/x-entity-schema"
        );
        assert_eq!(
            entity["additionalProperties"],
            json!({}),
            "{at}/additionalProperties"
        );
        assert!(entity["example"].is_object(), "{at}/example");

        let properties = &entity["properties"];
        for required in entity["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            assert!(
                properties.get(required).is_some(),
                "{at}/required names {required}"
            );
        }
        assert!(
            entity["x-retired-names"].is_object(),
            "{at}/x-retired-names"
        );
        for (old, new) in entries(entity.get("x-retired-names")) {
            let leads_on = new
                .as_str()
                .is_some_and(|new| properties.get(new).is_some());
            assert!(
                leads_on && properties.get(old).is_none(),
                "{at}/x-retired-names/{old}"
            );
        }
        for (field, property) in entries(Some(properties)) {
            let at = format!("{at}/properties/{field}");
            if let Some(target) = property.get("x-references") {
                assert!(
                    target.as_str().is_some_and(|target| types.contains(target)),
                    "{at}/x-references"
                );
            }
            let conditional = property.get("x-required-unless-deleted").is_some();
            let required = entity["required"]
                .as_array()
                .is_some_and(|names| names.contains(&json!(field)));
            assert!(!(conditional && required), "{at} is required twice over");
        }
    }
    assert_eq!(
        orders,
        (1..=6).map(Some).collect(),
        "/components/schemas/*/x-load-order"
    );
    Ok(())
}

#[test]
fn upload_is_a_plain_binary_that_names_the_schema_of_its_lines() -> Fallible<()> {
    let document = document()?;
    let pointer = "/paths/~1v2~1crm~1entities/post/requestBody/content/multipart~1form-data\
                   /schema/properties/dataFile";
    let mut file = document.pointer(pointer).ok_or(pointer)?.clone();
    let keys = file.as_object_mut().ok_or(pointer)?;
    let line = keys.remove("x-line-schema").unwrap_or_default();
    keys.remove("description");
    // With any other keyword beside these, generated clients send no file or do not compile.
    assert_eq!(
        file,
        json!({"type": "string", "format": "binary"}),
        "{pointer}"
    );

    let line = resolve(&document, &line)?;
    let listed: BTreeSet<&str> = line["anyOf"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|schema| text(schema, "$ref"))
        .collect();
    let entities: Vec<String> = entities(&document)
        .iter()
        .map(|(name, _)| format!("#/components/schemas/{name}"))
        .collect();
    let expected: BTreeSet<&str> = entities.iter().map(String::as_str).collect();
    assert_eq!(listed, expected, "{pointer}/x-line-schema");
    Ok(())
}

#[test]
fn the_lines_of_every_upload_example_fit_their_entity() -> Fallible<()> {
    let document = document()?;
    let media = "/paths/~1v2~1crm~1entities/post/requestBody/content/multipart~1form-data";
    let mut stems = BTreeSet::new();
    for (stem, example) in entries(document.pointer(&format!("{media}/examples"))) {
        let file = example
            .pointer("/value/dataFile")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let faults = line_faults(&document, stem, file)?;
        assert!(
            faults.is_empty(),
            "{media}/examples/{stem}:\n{}",
            faults.join("\n")
        );
        stems.insert(stem.as_str());
    }
    assert_eq!(
        stems,
        entities(&document)
            .iter()
            .map(|(_, entity)| text(entity, "x-file-stem"))
            .collect()
    );
    Ok(())
}

#[test]
fn the_example_lines_of_gong_fit_their_entity() -> Fallible<()> {
    let document = document()?;
    for (stem, file) in GONG_EXAMPLES {
        let faults = line_faults(&document, stem, file)?;
        assert!(
            faults.is_empty(),
            "gong-examples/{stem}.ldjson:\n{}",
            faults.join("\n")
        );
    }
    Ok(())
}

/// The problem with the lines of a file, by the entity whose file stem is given.
fn line_faults(document: &Value, stem: &str, file: &str) -> Fallible<Vec<String>> {
    let entities = entities(document);
    let found = entities
        .iter()
        .find(|(_, entity)| text(entity, "x-file-stem") == stem);
    let (name, entity) = found.ok_or_else(|| format!("no entity has the file stem {stem}"))?;
    let validator = validator(document, entity)?;
    let mut wrong = Vec::new();
    for (index, line) in file.lines().enumerate() {
        let record: Value = serde_json::from_str(line)?;
        for fault in faults(&validator, &record) {
            wrong.push(format!(
                "line {} against /components/schemas/{name}: {fault}",
                index + 1
            ));
        }
    }
    if file.lines().next().is_none() {
        wrong.push(String::from("no lines"));
    }
    Ok(wrong)
}

#[test]
fn entity_schemas_agree_with_the_check() -> Fallible<()> {
    let document = document()?;
    let long_id = "a".repeat(65);
    let with = |field: &str, value: Value| {
        let mut record =
            json!({"objectId": "a-1", "name": "A", "modifiedDate": "2026-01-15T09:30:00Z"});
        record[field] = value;
        record
    };
    let good = [
        ("Account", with("objectId", json!("a_1"))),
        ("Account", with("objectId", json!("ada.king+crm@acme.com"))),
        ("Account", with("objectId", json!(&long_id[1..]))),
        (
            "Account",
            with("modifiedDate", json!("2024-02-29T23:59:59-05:30")),
        ),
        ("Account", with("custom", Value::Null)),
        ("Deal", with("closeDate", json!("2026-01-15T09:30:00Z"))),
        ("Stage", json!({"objectId": "won", "name": "Won"})),
        ("BusinessUser", with("isDeleted", json!(true))),
    ];
    let bad = [
        ("Account", json!({"modifiedDate": "2026-01-15T09:30:00Z"})),
        ("Account", json!({"objectId": "a-1"})),
        ("Account", with("objectId", json!(""))),
        ("Account", with("objectId", json!(long_id))),
        ("Account", with("objectId", json!("a 1"))),
        ("Account", with("objectId", json!("a/1"))),
        ("Account", with("objectId", json!(1))),
        (
            "Account",
            with("modifiedDate", json!("2026-01-15T09:30:00.000Z")),
        ),
        (
            "Account",
            with("modifiedDate", json!("2026-01-15T09:30:00")),
        ),
        ("Account", with("modifiedDate", json!("2026-01-15"))),
        (
            "Account",
            with("modifiedDate", json!("2026-02-30T09:30:00Z")),
        ),
        ("Account", with("isDeleted", json!("true"))),
        ("Account", with("url", json!("crm.acme.com/accounts/1"))),
        ("Account", with("domains", json!("acme.com"))),
        ("Contact", with("emailAddress", json!("ada.king"))),
        ("Contact", with("accountId", json!("a#1"))),
        ("Deal", with("status", json!("open"))),
        ("Deal", with("amount", json!("7000"))),
        ("Deal", with("closeDate", json!("30.06.2026"))),
        ("Lead", with("convertedToDealId", Value::Null)),
        ("Stage", with("name", json!(""))),
        ("Stage", with("sortOrder", json!(0))),
        ("Stage", with("sortOrder", json!(1.5))),
    ];
    let cases = good
        .into_iter()
        .map(|case| (true, case))
        .chain(bad.into_iter().map(|case| (false, case)));
    for (fits, (name, record)) in cases {
        let pointer = format!("/components/schemas/{name}");
        let validator = validator(&document, &json!({ "$ref": format!("#{pointer}") }))?;
        assert_eq!(
            faults(&validator, &record).is_empty(),
            fits,
            "{pointer}: {record}"
        );
    }
    Ok(())
}

#[test]
fn the_strict_pattern_of_an_object_id_is_the_documented_rule() -> Fallible<()> {
    let document = document()?;
    let pointer = "/components/schemas/ObjectId/x-strict-pattern";
    let strict = validator(&document, &json!({ "pattern": document.pointer(pointer) }))?;
    for (id, fits) in [
        ("a-1", true),
        ("a@b.com", true),
        ("a_b@c.com", true),
        ("a_1", false),
        ("a.1", false),
    ] {
        assert_eq!(strict.is_valid(&json!(id)), fits, "{pointer}: {id}");
    }
    Ok(())
}
