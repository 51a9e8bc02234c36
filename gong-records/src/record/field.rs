//! The metadata of a line format and its fields, as tables generated from openapi.yaml.

use crate::object_type::ObjectType;

/// The line format of one object type: its fields and their metadata.
///
/// ```
/// use gong_records::ObjectType;
///
/// let deal = ObjectType::Deal.line_format();
/// assert_eq!(deal.field("stage").and_then(|field| field.references), Some(ObjectType::Stage));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct LineFormat {
    /// The Rust type's name, such as `BusinessUser`.
    pub name: &'static str,
    /// The value of the upload's `objectType`.
    pub object_type: ObjectType,
    /// How the names of its files begin, such as `business_users`.
    pub file_stem: &'static str,
    /// The type of the record.
    pub description: &'static str,
    /// Whether its custom fields can be declared, and so be shown in Gong.
    pub entity_schema: bool,
    /// Its position in the order in which types are loaded.
    pub load_order: u8,
    /// Retired field names, each with the current name.
    pub retired_names: &'static [(&'static str, &'static str)],
    /// The standard fields.
    pub fields: &'static [Field],
    pub(crate) json_schema: &'static str,
}

impl LineFormat {
    /// The standard field with this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The line format as JSON Schema 2020-12, in one line of JSON.
    pub fn json_schema_text(&self) -> &'static str {
        self.json_schema
    }

    /// The line format as JSON Schema 2020-12.
    #[cfg(feature = "schemars")]
    pub(crate) fn json_schema(&self) -> schemars::Schema {
        // Generated from openapi.yaml and covered by a test; an empty schema admits everything.
        serde_json::from_str(self.json_schema).unwrap_or_default()
    }
}

/// One standard field of a line.
#[derive(Debug)]
#[non_exhaustive]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// Its meaning for Gong.
    pub description: &'static str,
    /// The kind of its values.
    pub kind: FieldKind,
    /// When a line must have it.
    pub presence: Presence,
    /// The type of the record whose `objectId` it has.
    pub references: Option<ObjectType>,
    /// What Gong does if it is missing.
    pub when_missing: Option<&'static str>,
    /// Why it should not be used, and what to use instead.
    pub discouraged: Option<&'static str>,
    /// Whether it occurs only in an example of Gong's, not in its table of fields.
    pub undocumented: bool,
    /// The maximum number of characters that Gong accepts.
    pub max_length: Option<usize>,
    /// The value that Gong assumes if it is missing.
    pub default: Option<&'static str>,
    /// A value, for illustration.
    pub example: Option<&'static str>,
}

/// The kind of values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// The id of a record, an [`ObjectId`](crate::ObjectId).
    ObjectId,
    /// A date-time, a [`Timestamp`](crate::Timestamp).
    Timestamp,
    /// A link, a [`Url`](crate::Url).
    Url,
    /// An [`EmailAddress`](crate::EmailAddress).
    EmailAddress,
    /// A day, a [`CloseDate`](crate::CloseDate).
    CloseDate,
    /// A number, an [`Amount`](crate::Amount).
    Amount,
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer {
        /// The minimum.
        minimum: Option<i64>,
        /// The maximum.
        maximum: Option<i64>,
    },
    /// A list of strings.
    TextList,
    /// One of these values.
    Choice(&'static [&'static str]),
}

/// When a line must have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// Always.
    Required,
    /// Always, except in deletions.
    UnlessDeleted,
    /// It is optional.
    Optional,
}
