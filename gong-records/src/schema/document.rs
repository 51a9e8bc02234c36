//! Parsing an entity schema from its different shapes.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr as _;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{EntitySchema, FieldType, SchemaField};
use crate::record::ObjectType;

/// Why a text is not an entity schema: what is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("this is not an entity schema: {0}")]
pub struct EntitySchemaError(#[source] Cause);

#[derive(Debug, thiserror::Error)]
enum Cause {
    /// It is not JSON or YAML of a schema: the reason, and line and column if they are known.
    #[error("{0}")]
    Text(String, Option<(usize, usize)>),
    #[error("it can't be read")]
    Read(#[source] io::Error),
}

impl EntitySchemaError {
    pub(super) fn unreadable(error: io::Error) -> Self {
        Self(Cause::Read(error))
    }

    /// A mistake at this line and column, from 1; the reason names them.
    pub(super) fn at(reason: impl fmt::Display, place: Option<(usize, usize)>) -> Self {
        Self(Cause::Text(reason.to_string(), place))
    }

    /// The line of the mistake, from 1.
    pub fn line(&self) -> Option<usize> {
        self.place().map(|(line, _)| line)
    }

    /// The column of the mistake, from 1: in bytes for JSON, in characters for YAML.
    pub fn column(&self) -> Option<usize> {
        self.place().map(|(_, column)| column)
    }

    fn place(&self) -> Option<(usize, usize)> {
        match &self.0 {
            Cause::Text(_, place) => *place,
            Cause::Read(_) => None,
        }
    }
}

/// Reads any of the shapes; a bare list is one of fields of `object_type`.
pub(super) fn read(
    text: &str,
    object_type: Option<ObjectType>,
) -> Result<EntitySchema, EntitySchemaError> {
    // Editors on Windows add a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let schema = Document { object_type }
        .deserialize(&mut deserializer)
        .and_then(|schema| deserializer.end().map(|()| schema));
    schema.map_err(|error| {
        let place = Some((error.line(), error.column())).filter(|(line, _)| *line > 0);
        EntitySchemaError::at(error, place)
    })
}

/// For other notations than JSON and YAML: an object with a list of fields per type, or Gong's
/// response.
///
/// ```
/// use gong_records::{EntitySchema, ObjectType};
///
/// let schema: EntitySchema = serde_json::from_value(serde_json::json!({
///     "DEAL": [{"uniqueName": "region", "label": "Region", "type": "STRING"}]
/// }))?;
/// assert!(schema.field(ObjectType::Deal, "region").is_some());
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de> Deserialize<'de> for EntitySchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Document { object_type: None }.deserialize(deserializer)
    }
}

/// The whole text; a bare list is one of fields of `object_type`.
pub(super) struct Document {
    pub(super) object_type: Option<ObjectType>,
}

/// The property of Gong's response that contains the types.
const WRAPPER: &str = "objectTypeToSelectedFields";

impl<'de> DeserializeSeed<'de> for Document {
    type Value = EntitySchema;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<EntitySchema, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document {
    type Value = EntitySchema;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "an object with a list of fields for each type, such as {{\"DEAL\": [...]}}, or the \
             response of GET /v2/crm/entity-schema"
        )
    }

    /// YAML without a value, such as an empty file.
    fn visit_none<E: serde::de::Error>(self) -> Result<EntitySchema, E> {
        Err(E::custom("it is empty"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EntitySchema, A::Error> {
        let mut types = BTreeMap::new();
        let mut answered = false;
        let mut strange = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == WRAPPER {
                answered = true;
                let selected: Option<BTreeMap<String, Option<Vec<FieldDocument>>>> =
                    map.next_value()?;
                types.extend(known_types(selected.unwrap_or_default()));
            } else if let Ok(object_type) = ObjectType::from_str(&name) {
                if !object_type.has_entity_schema() {
                    let message = format!(
                        "{name} has no entity schema in Gong; its files take standard fields only"
                    );
                    return Err(A::Error::custom(message));
                }
                types.insert(object_type, map.next_value_seed(FieldList)?);
            } else {
                map.next_value::<IgnoredAny>()?;
                strange.get_or_insert(name);
            }
        }
        match strange {
            // Gong may add properties to its response at any time.
            Some(name) if !answered => Err(A::Error::custom(format!(
                "{name:?} is neither {WRAPPER} nor one of ACCOUNT, CONTACT, DEAL and LEAD"
            ))),
            _ => Ok(schema(types)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<EntitySchema, A::Error> {
        let Some(object_type) = self.object_type else {
            return Err(A::Error::custom(
                "a list of fields does not say to which object type they belong; write {\"DEAL\": \
                 [...]}, or name the type",
            ));
        };
        let fields = FieldList.visit_seq(seq)?;
        Ok(schema(BTreeMap::from([(object_type, fields)])))
    }
}

fn schema(types: BTreeMap<ObjectType, Vec<SchemaField>>) -> EntitySchema {
    types
        .into_iter()
        .fold(EntitySchema::new(), |schema, (object_type, fields)| {
            schema.with_fields(object_type, fields)
        })
}

/// The relevant parts of Gong's response: types with custom fields, fields with a name.
fn known_types(
    selected: BTreeMap<String, Option<Vec<FieldDocument>>>,
) -> impl Iterator<Item = (ObjectType, Vec<SchemaField>)> {
    selected.into_iter().filter_map(|(name, documents)| {
        let object_type = ObjectType::from_str(&name).ok();
        let object_type = object_type.filter(|known| known.has_entity_schema())?;
        let documents = documents.unwrap_or_default();
        let fields = documents.into_iter().filter_map(FieldDocument::into_field);
        Some((object_type, fields.collect()))
    })
}

/// A list of fields from a file: each has a unique name.
struct FieldList;

impl<'de> DeserializeSeed<'de> for FieldList {
    type Value = Vec<SchemaField>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for FieldList {
    type Value = Vec<SchemaField>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of fields, such as [{\"uniqueName\": \"region\", ...}]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<SchemaField> = Vec::new();
        while let Some(document) = seq.next_element::<FieldDocument>()? {
            let Some(field) = document.into_field() else {
                return Err(A::Error::custom("a field has no uniqueName"));
            };
            let is_live = |field: &SchemaField| field.is_deleted != Some(true);
            let same = |known: &&SchemaField| known.unique_name == field.unique_name;
            if is_live(&field) && fields.iter().filter(same).any(is_live) {
                let message = format!("{:?} is declared twice", field.unique_name);
                return Err(A::Error::custom(message));
            }
            fields.push(field);
        }
        Ok(fields)
    }
}

/// A field whose properties may all be missing or null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldDocument {
    unique_name: Option<String>,
    // Gong's schema says `uniqueName`, its example `name`.
    name: Option<String>,
    label: Option<String>,
    #[serde(rename = "type")]
    field_type: Option<String>,
    reference_to: Option<String>,
    ordered_value_list: Option<Vec<String>>,
    is_deleted: Option<bool>,
    last_modified: Option<String>,
}

impl FieldDocument {
    fn into_field(self) -> Option<SchemaField> {
        let unique_name = self.unique_name.or(self.name)?;
        if unique_name.is_empty() {
            return None;
        }
        Some(SchemaField {
            unique_name,
            label: self.label.unwrap_or_default(),
            field_type: FieldType::from(self.field_type.unwrap_or_default()),
            reference_to: self.reference_to,
            ordered_value_list: self.ordered_value_list.unwrap_or_default(),
            is_deleted: self.is_deleted,
            last_modified: self.last_modified,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_people_have_is_read() {
        let field = r#"{"uniqueName":"region","label":"Region","type":"STRING"}"#;
        for text in [
            format!(r#"{{"DEAL":[{field}]}}"#),
            format!("\u{feff}{{\"DEAL\":[{field}]}}\n"),
            format!(r#"{{"objectTypeToSelectedFields":{{"DEAL":[{field}]}}}}"#),
            format!(
                r#"{{"requestId":null,"more":[1],"objectTypeToSelectedFields":{{"DEAL":[{field},{{"label":"x"}}],"NEW":null,"STAGE":[{field}]}}}}"#
            ),
            format!("[{field}]"),
        ] {
            let schema = read(&text, Some(ObjectType::Deal)).unwrap();
            let fields = schema.fields(ObjectType::Deal).unwrap();
            assert_eq!(
                fields,
                [SchemaField::new("region", "Region", "STRING")],
                "{text}"
            );
            assert_eq!(schema.iter().count(), 1, "{text}");
        }
    }

    #[test]
    fn response_with_nulls_and_with_name_is_read() {
        let text = r#"{"objectTypeToSelectedFields":{"ACCOUNT":[{"name":"tier","uniqueName":null,
            "label":null,"type":"PICKLIST","lastModified":null,"isDeleted":null,"referenceTo":null,
            "orderedValueList":null}]}}"#;
        let schema = EntitySchema::from_json(text).unwrap();
        let field = schema.field(ObjectType::Account, "tier").unwrap();
        assert_eq!(field.field_type, FieldType::Picklist);
        assert!(field.ordered_value_list.is_empty());
    }

    #[test]
    fn nothing_declared_is_a_schema_too() {
        for text in ["{}", r#"{"objectTypeToSelectedFields":null}"#] {
            assert!(EntitySchema::from_json(text).unwrap().is_empty(), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        for (text, line, message) in [
            (
                "{\n \"DEAL\": [{\"label\": \"x\"}]}",
                2,
                "has no uniqueName",
            ),
            ("{\"DEAL\": 1}", 1, "a list of fields"),
            ("{\"STAGE\": []}", 1, "has no entity schema"),
            ("{\"cases\": []}", 1, "\"cases\" is neither"),
            ("[]", 1, "does not say to which object type"),
            ("\"x\"", 1, "expected an object"),
            ("{\n\n\"DEAL\": [,]}", 3, "expected value"),
            ("", 1, "EOF"),
            ("{} {}", 1, "trailing"),
            (
                "{\"DEAL\": [{\"uniqueName\":\"a\"},\n{\"uniqueName\":\"a\"}]}",
                2,
                "\"a\" is declared twice",
            ),
            ("{\"DEAL\":\n[{\"uniqueName\":7}]}", 2, "expected a string"),
        ] {
            let error = EntitySchema::from_json(text).expect_err(text);
            assert_eq!(error.line(), Some(line), "{text}: {error}");
            assert!(error.column().is_some(), "{text}: {error}");
            assert!(error.to_string().contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn failing_reader_is_reported() {
        let error = EntitySchema::from_reader(&b"{\"DEAL\": \xff}"[..]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "this is not an entity schema: it can't be read"
        );
        assert_eq!(error.line(), None);
    }
}
