//! What is known of a line format and its fields, as tables made from openapi.yaml.

use crate::object_type::ObjectType;

/// The line format of one object type: its fields and what is known of them.
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
    /// What such a record is.
    pub description: &'static str,
    /// Whether its custom fields can be declared, and so be shown in Gong.
    pub entity_schema: bool,
    /// Its place in the order in which types are loaded.
    pub load_order: u8,
    /// Names that fields had once, each with today's.
    pub retired_names: &'static [(&'static str, &'static str)],
    /// The standard fields.
    pub fields: &'static [Field],
    pub(crate) json_schema: &'static str,
}

impl LineFormat {
    /// The standard field of this name.
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
    /// What it means to Gong.
    pub description: &'static str,
    /// What a value of it is.
    pub kind: FieldKind,
    /// When a line must carry it.
    pub presence: Presence,
    /// The type of the record whose `objectId` it holds.
    pub references: Option<ObjectType>,
    /// What follows in Gong when it is missing.
    pub when_missing: Option<&'static str>,
    /// Why it is better left out, and what to use instead.
    pub discouraged: Option<&'static str>,
    /// Whether it stands only in an example of Gong's, not in its table of fields.
    pub undocumented: bool,
    /// The most characters it takes.
    pub max_length: Option<usize>,
    /// What Gong assumes when it is missing.
    pub default: Option<&'static str>,
    /// A value, for illustration.
    pub example: Option<&'static str>,
}

/// What a value of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// The id of a record, as [`ObjectId`](crate::ObjectId) has it.
    ObjectId,
    /// A date-time, as [`Timestamp`](crate::Timestamp) has it.
    Timestamp,
    /// A link, as [`Url`](crate::Url) has it.
    Url,
    /// An email address, as [`EmailAddress`](crate::EmailAddress) has it.
    EmailAddress,
    /// A day, as [`CloseDate`](crate::CloseDate) has it.
    CloseDate,
    /// A number, as [`Amount`](crate::Amount) has it.
    Amount,
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer {
        /// The least that Gong takes.
        minimum: Option<i64>,
    },
    /// A list of texts.
    TextList,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// When a line must carry a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// Always.
    Required,
    /// Always, but for deletions.
    UnlessDeleted,
    /// It may be left out.
    Optional,
}
