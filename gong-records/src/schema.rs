//! The entity schema: which custom fields Gong shows, and what their values must be.

use std::collections::{BTreeMap, HashMap};
use std::io;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::value::RawValue;

use crate::record::{InvalidRecord, ObjectType, Record, Violation};
use crate::rule::Rule;
use crate::value::InvalidValue;

mod document;
mod field;
mod field_type;
mod plan;
mod rules;
#[cfg(feature = "yaml")]
mod yaml;

pub use document::EntitySchemaError;
pub use field::SchemaField;
pub use field_type::FieldType;
pub use plan::{Change, PlannedField, SchemaPlan, SchemaPlanError};
pub use rules::{SchemaFinding, SchemaRule};

/// The declared custom fields, by object type.
///
/// Gong accepts values of undeclared fields and does not display them; values of declared fields must
/// have the declared type. A schema says nothing about types that it does not list: their custom
/// fields are not checked.
///
/// It is read from the response of `GET /v2/crm/entity-schema`, an object with one list of fields per
/// type, or (with [`EntitySchema::from_json_of`]) the bare list that Gong's `POST` accepts. With the
/// feature `yaml`, `EntitySchema::from_yaml` reads the same as YAML.
///
/// ```
/// use gong_records::{Deal, EntitySchema, Rule};
///
/// let schema = EntitySchema::from_json(r#"{"DEAL": [
///     {"uniqueName": "region", "label": "Region", "type": "PICKLIST", "orderedValueList": ["EMEA", "APAC"]},
///     {"uniqueName": "discount", "label": "Discount", "type": "PERCENT"}
/// ]}"#)?;
/// let deal = Deal::builder()
///     .object_id("8608553")
///     .modified_date("2026-03-01T09:30:00+01:00")
///     .custom("region", "Europe")
///     .custom("discount", 12.5)
///     .build()?;
/// let invalid = schema.check(&deal).unwrap_err();
/// assert_eq!(invalid.violations()[0].field(), "region");
/// assert_eq!(invalid.violations()[0].rule(), Rule::CustomPicklist);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntitySchema(BTreeMap<ObjectType, Declared>);

/// The fields of one type, and the index of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Declared {
    fields: Vec<SchemaField>,
    by_name: HashMap<String, usize>,
}

impl Declared {
    fn push(&mut self, field: SchemaField) {
        let index = self.fields.len();
        let name = field.unique_name.clone();
        // A changed type creates a new field with the same name, beside the removed one.
        let shadowed = field.is_deleted == Some(true) && self.by_name.contains_key(&name);
        if !shadowed {
            self.by_name.insert(name, index);
        }
        self.fields.push(field);
    }
}

impl EntitySchema {
    /// A schema without types.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the response of `GET /v2/crm/entity-schema`, or an object with a list of fields per type.
    ///
    /// A field may have `name` instead of `uniqueName`, as in Gong's example; `null` counts as missing.
    ///
    /// # Errors
    ///
    /// [`EntitySchemaError`], with line and column, for text that is not JSON or not of these
    /// shapes, for a field without name, and for two fields with one name.
    ///
    /// ```
    /// use gong_records::{EntitySchema, FieldType, ObjectType};
    ///
    /// let schema = EntitySchema::from_json(r#"{"requestId": "4al018gzaztcr8nbukw",
    ///     "objectTypeToSelectedFields": {"DEAL": [
    ///         {"name": "region", "label": "Region", "type": "STRING", "orderedValueList": null}
    ///     ]}}"#)?;
    /// let field = schema.field(ObjectType::Deal, "region").unwrap();
    /// assert_eq!(field.field_type, FieldType::String);
    /// # Ok::<(), gong_records::EntitySchemaError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, EntitySchemaError> {
        document::read(text, None)
    }

    /// The same; a bare list contains the fields of this type.
    ///
    /// # Errors
    ///
    /// As [`EntitySchema::from_json`].
    ///
    /// ```
    /// use gong_records::{EntitySchema, ObjectType};
    ///
    /// let list = r#"[{"uniqueName": "region", "label": "Region", "type": "STRING"}]"#;
    /// let schema = EntitySchema::from_json_of(ObjectType::Lead, list)?;
    /// assert!(schema.field(ObjectType::Lead, "region").is_some());
    /// assert!(EntitySchema::from_json(list).is_err());
    /// # Ok::<(), gong_records::EntitySchemaError>(())
    /// ```
    pub fn from_json_of(object_type: ObjectType, text: &str) -> Result<Self, EntitySchemaError> {
        document::read(text, Some(object_type))
    }

    /// Reads what [`EntitySchema::from_json`] reads, from a file or a stream.
    ///
    /// # Errors
    ///
    /// As [`EntitySchema::from_json`], and if the reader fails or is not UTF-8.
    pub fn from_reader(mut reader: impl io::Read) -> Result<Self, EntitySchemaError> {
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .map_err(EntitySchemaError::unreadable)?;
        Self::from_json(&text)
    }

    /// The same schema with these fields of a type, after those that it has.
    ///
    /// ```
    /// use gong_records::{EntitySchema, ObjectType, SchemaField};
    ///
    /// let region = SchemaField::new("region", "Region", "STRING");
    /// let schema = EntitySchema::new().with_fields(ObjectType::Lead, [region]);
    /// assert!(schema.field(ObjectType::Lead, "region").is_some());
    /// assert!(schema.fields(ObjectType::Deal).is_none());
    /// ```
    #[must_use]
    pub fn with_fields(
        mut self,
        object_type: ObjectType,
        fields: impl IntoIterator<Item = SchemaField>,
    ) -> Self {
        let declared = self.0.entry(object_type).or_default();
        for field in fields {
            declared.push(field);
        }
        self
    }

    /// The fields of a type in order; `None` if the schema does not list the type.
    pub fn fields(&self, object_type: ObjectType) -> Option<&[SchemaField]> {
        self.0
            .get(&object_type)
            .map(|declared| declared.fields.as_slice())
    }

    /// The field with this name; if one was removed and declared again, the current one.
    pub fn field(&self, object_type: ObjectType, name: &str) -> Option<&SchemaField> {
        let declared = self.0.get(&object_type)?;
        declared.fields.get(*declared.by_name.get(name)?)
    }

    /// The types that the schema lists, each with its fields.
    pub fn iter(&self) -> impl Iterator<Item = (ObjectType, &[SchemaField])> {
        self.0
            .iter()
            .map(|(object_type, declared)| (*object_type, declared.fields.as_slice()))
    }

    /// Whether it lists no type.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks whether a record of this type can have a custom field with this name and value.
    ///
    /// # Errors
    ///
    /// A [`InvalidValue`] with [`Rule::CustomUnknown`] for a name that is not declared, else as
    /// [`SchemaField::check`].
    pub fn check_value(
        &self,
        object_type: ObjectType,
        name: &str,
        value: &RawValue,
    ) -> Result<(), InvalidValue> {
        if !self.0.contains_key(&object_type) {
            return Ok(());
        }
        match self.field(object_type, name) {
            Some(field) => field.check(value),
            None => Err(InvalidValue::new(
                Rule::CustomUnknown,
                "the entity schema does not declare it, so Gong accepts it and does not display it",
            )),
        }
    }

    /// Checks whether every custom field of a record matches the schema.
    ///
    /// # Errors
    ///
    /// [`InvalidRecord`] with every custom field that does not match, including those for which Gong is
    /// not known to reject the record, such as an undeclared name.
    pub fn check<T: Record>(&self, record: &T) -> Result<(), InvalidRecord> {
        let violations: Vec<Violation> = record
            .custom_fields()
            .raw()
            .filter_map(|(name, value)| {
                let invalid = self.check_value(T::OBJECT_TYPE, name, value).err()?;
                Some(Violation::new(name, invalid))
            })
            .collect();
        if violations.is_empty() {
            return Ok(());
        }
        Err(InvalidRecord::new(
            T::LINE_FORMAT,
            record.object_id(),
            violations,
        ))
    }
}

/// An object with one list of fields per type, which [`EntitySchema::from_json`] reads back.
impl Serialize for EntitySchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut types = serializer.serialize_map(Some(self.0.len()))?;
        for (object_type, fields) in self.iter() {
            types.serialize_entry(object_type.as_str(), fields)?;
        }
        types.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Account;

    fn account_schema() -> EntitySchema {
        EntitySchema::new().with_fields(
            ObjectType::Account,
            [
                SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA"]),
                SchemaField::new("score", "Score", "STRING").with_deletion(),
                SchemaField::new("score", "Score", "NUMBER"),
                SchemaField::new("gone", "Gone", "NUMBER").with_deletion(),
            ],
        )
    }

    fn account(custom: &[(&str, serde_json::Value)]) -> Account {
        let mut builder = Account::builder()
            .object_id("a-1")
            .modified_date("2026-03-01T09:30:00Z");
        for (name, value) in custom {
            builder = builder.custom(*name, value);
        }
        builder.build().unwrap()
    }

    #[test]
    fn every_custom_field_of_a_record_that_does_not_fit_is_named() {
        let record = account(&[
            ("region", json!("APAC")),
            ("score", json!(4)),
            ("gone", json!(1)),
            ("color", json!("red")),
        ]);
        let invalid = account_schema().check(&record).unwrap_err();
        let found: Vec<_> = invalid
            .violations()
            .iter()
            .map(|violation| (violation.field(), violation.rule()))
            .collect();
        assert_eq!(
            found,
            [
                ("region", Rule::CustomPicklist),
                ("gone", Rule::CustomDeleted),
                ("color", Rule::CustomUnknown),
            ]
        );
        assert_eq!(invalid.object_id(), Some("a-1"));
    }

    #[test]
    fn types_without_a_schema_have_no_findings() {
        let record = account(&[("color", json!("red"))]);
        let other = EntitySchema::new().with_fields(ObjectType::Deal, []);
        assert!(other.check(&record).is_ok());
        let none_declared = EntitySchema::new().with_fields(ObjectType::Account, []);
        assert!(none_declared.check(&record).is_err());
    }

    #[test]
    fn a_null_is_fine_in_every_declared_field() {
        let record = account(&[
            ("region", json!(null)),
            ("score", json!(null)),
            ("gone", json!(null)),
        ]);
        assert!(account_schema().check(&record).is_ok());
    }

    #[test]
    fn schema_survives_a_round_trip() {
        let schema = account_schema();
        let text = serde_json::to_string(&schema).unwrap();
        assert_eq!(EntitySchema::from_json(&text).unwrap(), schema);
    }
}
