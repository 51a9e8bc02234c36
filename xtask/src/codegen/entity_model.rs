//! The six line formats of openapi.yaml as the generators need them: entities and their fields.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::spec::{Spec, referenced};

/// The shared schemas whose Rust type, of the same name, is written by hand in `gong-records`.
pub(super) const SCALARS: [&str; 6] = [
    "Amount",
    "CloseDate",
    "EmailAddress",
    "ObjectId",
    "Timestamp",
    "Url",
];

/// One line format.
pub(super) struct Entity {
    /// The schema's name, and the Rust type's: `BusinessUser`.
    pub(super) name: String,
    /// The Rust module's and the JSON Schema's: `business_user`.
    pub(super) module: String,
    /// The `objectType` query parameter's value: `BUSINESS_USER`.
    pub(super) object_type: String,
    /// How the names of its files begin: `business_users`.
    pub(super) file_stem: String,
    pub(super) description: String,
    /// Whether its custom fields can be declared, and so be shown.
    pub(super) has_schema: bool,
    /// Its place in the order in which types are loaded.
    pub(super) load_order: u64,
    /// Names that Gong's interface had once, each with today's.
    pub(super) retired_names: Vec<(String, String)>,
    pub(super) fields: Vec<Field>,
    /// A record as it is in a file.
    pub(super) example: Value,
}

/// One standard field of a line.
pub(super) struct Field {
    /// On the wire: `modifiedDate`.
    pub(super) name: String,
    /// In Rust: `modified_date`.
    pub(super) rust_name: String,
    pub(super) description: String,
    pub(super) kind: Kind,
    pub(super) presence: Presence,
    pub(super) references: Option<String>,
    pub(super) when_missing: Option<String>,
    pub(super) discouraged: Option<String>,
    pub(super) undocumented: bool,
    pub(super) max_length: Option<u64>,
    pub(super) derived_default: Option<String>,
    pub(super) default: Option<Value>,
    pub(super) example: Option<Value>,
    /// The property as it is in openapi.yaml.
    pub(super) schema: Value,
}

/// When a line must have the field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    UnlessDeleted,
    Optional,
}

/// The kind of the field's values.
pub(super) enum Kind {
    /// A shared component whose Rust type, of the same name, is written by hand.
    Scalar(String),
    Text,
    Boolean,
    Integer {
        minimum: Option<i64>,
        /// Whether the number has at most 32 bits.
        is_int32: bool,
    },
    TextList,
    /// One of these values; the Rust enum is generated under the given name.
    Choice {
        name: String,
        words: Vec<String>,
    },
}

/// The entities in the order in which they are loaded.
pub(super) fn entities(spec: &Spec) -> Result<Vec<Entity>> {
    let schemas = spec
        .document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .context("openapi.yaml has no components/schemas")?;
    let mut entities = schemas
        .iter()
        .filter(|(_, schema)| schema.get("x-object-type").is_some())
        .map(|(name, schema)| {
            entity(spec, name, schema)
                .with_context(|| format!("openapi.yaml: components/schemas/{name}"))
        })
        .collect::<Result<Vec<_>>>()?;
    entities.sort_by_key(|entity| entity.load_order);
    Ok(entities)
}

fn entity(spec: &Spec, name: &str, schema: &Value) -> Result<Entity> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .context("it has no properties")?;
    let fields = properties
        .iter()
        .map(|(wire, property)| {
            field(
                spec,
                name,
                wire,
                property,
                required.contains(&wire.as_str()),
            )
            .with_context(|| format!("property {wire}"))
        })
        .collect::<Result<_>>()?;
    let retired_names = schema
        .get("x-retired-names")
        .and_then(Value::as_object)
        .map(|names| {
            names
                .iter()
                .filter_map(|(old, new)| Some((old.clone(), new.as_str()?.to_owned())))
                .collect()
        })
        .unwrap_or_default();
    Ok(Entity {
        name: name.to_owned(),
        module: snake_case(name),
        object_type: text(schema, "x-object-type")?,
        file_stem: text(schema, "x-file-stem")?,
        description: text(schema, "description")?,
        has_schema: schema
            .get("x-entity-schema")
            .and_then(Value::as_bool)
            .context("x-entity-schema must be true or false")?,
        load_order: schema
            .get("x-load-order")
            .and_then(Value::as_u64)
            .context("x-load-order must be a number")?,
        retired_names,
        fields,
        example: schema
            .get("example")
            .cloned()
            .context("it has no example")?,
    })
}

fn field(spec: &Spec, entity: &str, name: &str, property: &Value, required: bool) -> Result<Field> {
    let unless_deleted = property.get("x-required-unless-deleted") == Some(&Value::Bool(true));
    let presence = match (required, unless_deleted) {
        (true, _) => Presence::Required,
        (false, true) => Presence::UnlessDeleted,
        (false, false) => Presence::Optional,
    };
    let optional_text = |key: &str| property.get(key).and_then(Value::as_str).map(str::to_owned);
    let shared = referenced(property)
        .map(|name| spec.schema(name))
        .transpose()?;
    let inherited = |key: &str| {
        property
            .get(key)
            .or_else(|| shared.and_then(|shared| shared.get(key)))
            .cloned()
    };
    Ok(Field {
        name: name.to_owned(),
        rust_name: optional_text("x-rust-name").unwrap_or_else(|| snake_case(name)),
        description: text(property, "description")?,
        kind: kind(spec, entity, name, property)?,
        presence,
        references: optional_text("x-references"),
        when_missing: optional_text("x-when-missing"),
        discouraged: optional_text("x-discouraged"),
        undocumented: property.get("x-undocumented") == Some(&Value::Bool(true)),
        max_length: property.get("maxLength").and_then(Value::as_u64),
        derived_default: optional_text("x-derived-default"),
        default: inherited("default"),
        example: inherited("example"),
        schema: property.clone(),
    })
}

fn kind(spec: &Spec, entity: &str, name: &str, property: &Value) -> Result<Kind> {
    if property.get("pattern").is_some() {
        bail!("a pattern belongs on a shared schema, whose Rust type holds the rule");
    }
    if let Some(component) = referenced(property) {
        let schema = spec.schema(component)?;
        return match words(schema) {
            Some(words) => Ok(Kind::Choice {
                name: component.to_owned(),
                words,
            }),
            None if SCALARS.contains(&component) => Ok(Kind::Scalar(component.to_owned())),
            None => bail!(
                "shared schema {component} has no Rust type; write one in gong-records/src/value and \
                 name it in SCALARS of xtask/src/codegen/entity_model.rs"
            ),
        };
    }
    if let Some(words) = words(property) {
        return Ok(Kind::Choice {
            name: format!("{entity}{}", pascal_case(name)),
            words,
        });
    }
    match property.get("type").and_then(Value::as_str) {
        Some("string") => Ok(match property.get("format").and_then(Value::as_str) {
            Some("date-time") => Kind::Scalar("Timestamp".to_owned()),
            Some("date") => Kind::Scalar("CloseDate".to_owned()),
            Some("uri") => Kind::Scalar("Url".to_owned()),
            Some("email") => Kind::Scalar("EmailAddress".to_owned()),
            _ => Kind::Text,
        }),
        Some("boolean") => Ok(Kind::Boolean),
        Some("integer") => Ok(Kind::Integer {
            minimum: property.get("minimum").and_then(Value::as_i64),
            is_int32: property.get("format").and_then(Value::as_str) == Some("int32"),
        }),
        Some("number") => Ok(Kind::Scalar("Amount".to_owned())),
        Some("array") => {
            let items = property.get("items").and_then(|items| items.get("type"));
            if items.and_then(Value::as_str) != Some("string") {
                bail!("only arrays of strings are known");
            }
            Ok(Kind::TextList)
        }
        other => bail!(
            "type {other:?} is not known; use string, boolean, integer, number, array or a shared schema"
        ),
    }
}

fn words(schema: &Value) -> Option<Vec<String>> {
    let words = schema.get("enum")?.as_array()?;
    Some(
        words
            .iter()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect(),
    )
}

fn text(value: &Value, key: &str) -> Result<String> {
    let text = value
        .get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("it has no {key}"))?;
    Ok(text.trim().to_owned())
}

/// `modifiedDate` and `ModifiedDate` to `modified_date`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, character) in name.chars().enumerate() {
        if character.is_uppercase() {
            if index > 0 {
                snake.push('_');
            }
            snake.extend(character.to_lowercase());
        } else {
            snake.push(character);
        }
    }
    snake
}

/// `status`, `closeDate` and `BUSINESS_USER` to `Status`, `CloseDate` and `BusinessUser`.
pub(super) fn pascal_case(name: &str) -> String {
    let shouting = name.chars().all(|character| !character.is_lowercase());
    name.split('_')
        .map(|word| {
            let mut characters = word.chars();
            let first = characters
                .next()
                .map(|first| first.to_uppercase().to_string());
            let rest = characters.as_str();
            let rest = if shouting {
                rest.to_lowercase()
            } else {
                rest.to_owned()
            };
            first.unwrap_or_default() + &rest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_become_rust_names() {
        assert_eq!(snake_case("convertedToDealId"), "converted_to_deal_id");
        assert_eq!(snake_case("BusinessUser"), "business_user");
        assert_eq!(pascal_case("BUSINESS_USER"), "BusinessUser");
        assert_eq!(pascal_case("closeDate"), "CloseDate");
    }
}
