//! `schemas/*.schema.json`: each line format as a JSON Schema that is on its own.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Artifact;
use super::entity_model::{Entity, Presence};
use super::spec::{Spec, referenced};

/// The page of the lines that a schema accepts and the check or the simulator does not, or the other way.
const DIFFERENCES: &str =
    "https://github.com/gong-crm/gong-crm/blob/main/schemas/README.md#differences";

/// Writes one schema an entity, for editors and other languages.
pub(super) fn artifacts(spec: &Spec, entities: &[Entity]) -> Result<Vec<Artifact>> {
    entities
        .iter()
        .map(|entity| {
            let mut schema = Map::new();
            let comment = format!(
                "{}. Where the check and the simulator differ: {DIFFERENCES}",
                spec.banner().join(" ")
            );
            schema.insert("$comment".to_owned(), comment.into());
            schema.extend(self::schema(spec, entity)?);
            let mut text = serde_json::to_string_pretty(&schema)?;
            text.push('\n');
            Ok(Artifact {
                path: format!("schemas/{}.schema.json", entity.module).into(),
                contents: text,
            })
        })
        .collect()
}

/// The line format in JSON Schema 2020-12, references resolved in place.
pub(super) fn schema(spec: &Spec, entity: &Entity) -> Result<Map<String, Value>> {
    let mut properties = Map::new();
    for field in &entity.fields {
        properties.insert(field.name.clone(), lowered(spec, &field.schema)?);
    }
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    schema.insert("title".to_owned(), entity.name.clone().into());
    schema.insert("description".to_owned(), entity.description.clone().into());
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    schema.insert(
        "required".to_owned(),
        entity
            .fields
            .iter()
            .filter(|field| field.presence == Presence::Required)
            .map(|field| Value::from(field.name.clone()))
            .collect(),
    );
    schema.insert("additionalProperties".to_owned(), true.into());
    let unless_deleted: Vec<&str> = entity
        .fields
        .iter()
        .filter(|field| field.presence == Presence::UnlessDeleted)
        .map(|field| field.name.as_str())
        .collect();
    if !unless_deleted.is_empty() {
        schema.insert(
            "if".to_owned(),
            json!({"properties": {"isDeleted": {"const": true}}, "required": ["isDeleted"]}),
        );
        // Named again, so that validators that look at a part alone know the properties.
        let named: Map<String, Value> = unless_deleted
            .iter()
            .map(|name| ((*name).to_owned(), Value::Bool(true)))
            .collect();
        schema.insert(
            "else".to_owned(),
            json!({"properties": named, "required": unless_deleted}),
        );
    }
    Ok(schema)
}

/// A property's schema in JSON Schema terms: references resolved, vendor extensions omitted.
fn lowered(spec: &Spec, property: &Value) -> Result<Value> {
    let mut lowered = Map::new();
    if let Some(name) = referenced(property)
        && let Value::Object(shared) = self::lowered(spec, spec.schema(name)?)?
    {
        lowered = shared;
    }
    for (key, value) in property.as_object().into_iter().flatten() {
        match key.as_str() {
            "allOf" | "$ref" => {}
            "example" => {
                lowered.insert("examples".to_owned(), json!([value]));
            }
            // A format of OpenAPI, unknown to JSON Schema; what it bounds is said as a bound.
            "format" if value == "int32" => {
                lowered.insert("maximum".to_owned(), i32::MAX.into());
            }
            "format" if value == "int64" => {}
            // It means RFC 3986, which has no letters beyond ASCII, and links of a CRM have them. The
            // pattern says what a link is.
            "format" if value == "uri" => {}
            "items" => {
                lowered.insert("items".to_owned(), self::lowered(spec, value)?);
            }
            extension if extension.starts_with("x-") => {}
            _ => {
                lowered.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(Value::Object(lowered))
}
