//! An entity schema as YAML, the notation of the files that people keep.

use serde::de::DeserializeSeed as _;

use super::document::{Document, read};
use super::{EntitySchema, EntitySchemaError};
use crate::record::ObjectType;

/// The most levels of a text; a schema has four.
const MAX_DEPTH: usize = 64;

impl EntitySchema {
    /// Reads a schema file, YAML or JSON: what [`EntitySchema::from_json`] reads, such as the files of
    /// `gong-crm schema pull`.
    ///
    /// # Errors
    ///
    /// As [`EntitySchema::from_json`]; a mistake that concerns the whole text has no line.
    ///
    /// ```
    /// use gong_records::{EntitySchema, ObjectType};
    ///
    /// let schema = EntitySchema::from_yaml("
    /// DEAL:
    /// - uniqueName: region
    ///   label: Region
    ///   type: PICKLIST
    ///   orderedValueList: [EMEA, APAC]
    /// ")?;
    /// let field = schema.field(ObjectType::Deal, "region").unwrap();
    /// assert_eq!(field.ordered_value_list, ["EMEA", "APAC"]);
    ///
    /// let error = EntitySchema::from_yaml("DEAL:\n- label: Region").unwrap_err();
    /// assert_eq!(error.line(), Some(2));
    /// # Ok::<(), gong_records::EntitySchemaError>(())
    /// ```
    pub fn from_yaml(text: &str) -> Result<Self, EntitySchemaError> {
        read_yaml(text, None)
    }

    /// The same; a bare list contains the fields of this type.
    ///
    /// # Errors
    ///
    /// As [`EntitySchema::from_yaml`].
    ///
    /// ```
    /// use gong_records::{EntitySchema, ObjectType};
    ///
    /// let list = "- {uniqueName: region, label: Region, type: STRING}";
    /// let schema = EntitySchema::from_yaml_of(ObjectType::Lead, list)?;
    /// assert!(schema.field(ObjectType::Lead, "region").is_some());
    /// # Ok::<(), gong_records::EntitySchemaError>(())
    /// ```
    pub fn from_yaml_of(object_type: ObjectType, text: &str) -> Result<Self, EntitySchemaError> {
        read_yaml(text, Some(object_type))
    }

    /// The schema as YAML, which [`EntitySchema::from_yaml`] reads back.
    ///
    /// # Errors
    ///
    /// [`EntitySchemaError`] if the writer of YAML fails.
    ///
    /// ```
    /// use gong_records::{EntitySchema, ObjectType, SchemaField};
    ///
    /// let region = SchemaField::new("region", "Region", "STRING");
    /// let schema = EntitySchema::new().with_fields(ObjectType::Deal, [region]);
    /// assert_eq!(EntitySchema::from_yaml(&schema.to_yaml()?)?, schema);
    /// # Ok::<(), gong_records::EntitySchemaError>(())
    /// ```
    pub fn to_yaml(&self) -> Result<String, EntitySchemaError> {
        serde_yaml_ng::to_string(self).map_err(|error| EntitySchemaError::at(error, None))
    }
}

fn read_yaml(
    text: &str,
    object_type: Option<ObjectType>,
) -> Result<EntitySchema, EntitySchemaError> {
    // Editors on Windows add a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A parser of YAML does not accept all JSON, such as tabs before a name, and takes minutes for
    // deep nesting.
    if text.trim_start().starts_with(['{', '[']) {
        return read(text, object_type);
    }
    if let Some(line) = deep_line(text) {
        let message = format!("line {line} is nested deeper than {MAX_DEPTH} levels");
        return Err(EntitySchemaError::at(message, Some((line, 1))));
    }
    let deserializer = serde_yaml_ng::Deserializer::from_str(text);
    let schema = Document { object_type }.deserialize(deserializer);
    schema.map_err(|error| {
        // The start stands for the whole text, and its message does not name it.
        let place = error.location().filter(|place| place.index() > 0);
        let place = place.map(|place| (place.line(), place.column()));
        EntitySchemaError::at(error, place)
    })
}

/// The first line that opens more levels than a schema has, from 1.
fn deep_line(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (number, line) in text.lines().enumerate() {
        let start = line.len() - line.trim_start_matches(['-', ' ', '?', ':', '\t']).len();
        let (indent, _) = line.split_at_checked(start).unwrap_or_default();
        let mut deepest = indent.matches(['-', '?', ':']).count().max(start / 8);
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        if deepest > MAX_DEPTH {
            return Some(number + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SchemaField;

    #[test]
    fn every_shape_is_read_as_yaml_and_as_json() {
        for text in [
            "DEAL:\n- uniqueName: region\n  label: Region\n  type: STRING\n",
            "\u{feff}# Ours\r\nDEAL:\r\n- {uniqueName: region, label: Region, type: STRING}\r\n",
            "objectTypeToSelectedFields:\n  DEAL:\n  - {name: region, label: Region, type: STRING}\n",
            "- {uniqueName: region, label: Region, type: STRING}\n",
            "{\"DEAL\": [{\"uniqueName\":\"region\",\n\t\"label\":\"Region\",\"type\":\"STRING\"}]}",
        ] {
            let schema = EntitySchema::from_yaml_of(ObjectType::Deal, text).expect(text);
            let fields = schema.fields(ObjectType::Deal).expect(text);
            assert_eq!(fields, [SchemaField::new("region", "Region", "STRING")]);
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, line, message) in [
            ("DEAL:\n- label: x\n", Some(2), "has no uniqueName"),
            ("DEAL: 1\n", Some(1), "a list of fields"),
            ("DEAL:\n- uniqueName: [a\n", Some(2), "expected a string"),
            (
                "CONTACT: []\nSTAGE: []\n",
                None,
                "STAGE has no entity schema",
            ),
            (
                "DEAL:\n- uniqueName: a\n- uniqueName: a\n",
                Some(2),
                "\"a\" is declared twice",
            ),
            (
                "- uniqueName: a\n",
                None,
                "does not say to which object type",
            ),
            ("{\"DEAL\":\n1}", Some(2), "a list of fields"),
            ("", None, "it is empty"),
            ("# to do\n", Some(2), "it is empty"),
        ] {
            let error = EntitySchema::from_yaml(text).expect_err(text);
            assert!(error.to_string().contains(message), "{text}: {error}");
            assert_eq!(error.line(), line, "{text}: {error}");
        }
    }

    /// Each took minutes, or would.
    #[test]
    fn deep_nesting_is_rejected_at_once() {
        let many = 250_000;
        for text in [
            "[".repeat(many),
            "{\"a\":".repeat(many),
            format!("a: {}", "[".repeat(many)),
            format!("a:\n{}x", "- ".repeat(many)),
            format!("{}x", "? ".repeat(many)),
        ] {
            let begun = std::time::Instant::now();
            assert!(EntitySchema::from_yaml(&text).is_err());
            let beginning = &text[..8];
            assert!(begun.elapsed().as_secs() < 5, "{beginning}");
        }
    }
}
