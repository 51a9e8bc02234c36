//! The source of one field of a mapping.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::words::Words;

/// The definition of one field.
///
/// In the file either the name of a column, or a table with these keys. The steps run in this order:
/// `from` or `expr`, `split` and `take`, `lookup`, `strip`, `replace`, `slug` or `domain`, `values`
/// and `otherwise`, then the field's own type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(
    remote = "Self",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[non_exhaustive]
pub struct FieldMapping {
    /// The column, by its name in the header; of several, the first that is not empty. In JSON a path
    /// such as `org_id.value`, `emails[primary].value` or `emails[0].value`.
    pub from: Option<Words>,
    /// Joins all columns of `from`, with this text between them.
    pub join: Option<String>,
    /// An expression over the row's columns, instead of `from`.
    pub expr: Option<String>,
    /// The value of every record, written as Gong accepts it; `now` is when the file was last
    /// changed.
    pub constant: Option<Words>,
    /// The value where the cell is empty, written as Gong accepts it.
    pub default: Option<Words>,
    /// The separators between the items of a list. Default: a comma.
    pub split: Option<Words>,
    /// Which item of a list is used, if the field is not a list.
    pub take: Option<Take>,
    /// Where the cell is looked up, and which value replaces it.
    pub lookup: Option<Lookup>,
    /// Texts that are removed from the beginning and the end.
    pub strip: Option<Words>,
    /// Texts and what replaces each wherever it occurs.
    pub replace: BTreeMap<String, String>,
    /// Whether the text becomes an id: ASCII letters and digits in lower case, hyphens between them.
    pub slug: bool,
    /// Whether to convert links and addresses to bare domains, without public mail services.
    pub domain: bool,
    /// Cells and the value of each, written as Gong takes it: `"Gewonnen" = "WON"`. An empty
    /// value means no value; `"?"` is an open question, which the check reports. With `lookup`,
    /// they are the cells before it.
    #[serde(deserialize_with = "super::words::values")]
    pub values: BTreeMap<String, String>,
    /// The value of a cell that `values` does not list, or that `lookup` does not find, written as
    /// Gong takes it; `""` and `"?"` as in `values`.
    pub otherwise: Option<Words>,
    /// By which power of ten a number is multiplied, such as 0.01 for cents.
    pub scale: Option<Words>,
    /// The currency that an amount must be in, and the column that says it.
    pub only_currency: Option<OnlyCurrency>,
    /// The type of a custom field, such as `CURRENCY`; not needed where an entity schema says it.
    #[serde(rename = "type")]
    pub field_type: Option<String>,
    /// A question that is open; the check reports it until the key is removed.
    pub todo: Option<String>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub zone: Option<String>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub language: Option<String>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub dates: Option<Words>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub date_times: Option<Words>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub decimal: Option<char>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub thousands: Option<char>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub currency: Option<Words>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub yes: Option<Words>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub no: Option<Words>,
    /// As in [`TypeMapping`](super::TypeMapping), for this field alone.
    pub empty: Option<Words>,
}

/// Where a cell is looked up: `lookup = { in = "users.csv", key = "Name", value = "Email" }`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Lookup {
    /// A CSV or JSON file, relative to the mapping's folder; or an object type with a table in the
    /// mapping, to use its records.
    #[serde(rename = "in")]
    pub source: String,
    /// The column, or the field of a type, in which the cell is found.
    pub key: String,
    /// The column, or the field of a type, with the value.
    pub value: String,
    /// The file's delimiter. Default: the one that fits its first row.
    pub delimiter: Option<char>,
    /// The file's encoding. Default: `utf-8`, or if the file is not that, the encoding of the mapping.
    pub encoding: Option<String>,
    /// How many rows are above the file's header, such as a report's title.
    pub skip: usize,
}

/// A record of another JSON file: `join.pipeline = { in = "pipelines.jsonl", key = "id", by =
/// "pipeline_id" }` adds the pipeline of each record as its column `pipeline`, so that a field can
/// use `pipeline.name`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Join {
    /// A JSON file, relative to the mapping's folder or to the converted file.
    #[serde(rename = "in")]
    pub source: String,
    /// The path of a record's key in that file.
    pub key: String,
    /// The path of that key in the record that is converted.
    pub by: String,
}

/// The currency that an amount must be in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct OnlyCurrency {
    /// The column with each record's currency.
    #[serde(rename = "in")]
    pub column: String,
    /// The company's currency, as the column writes it.
    pub is: String,
    /// By what amounts in other currencies are multiplied; those without a rate are held back.
    pub rates: BTreeMap<String, Words>,
}

/// Which item of a list is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Take {
    /// The item at this position, from 1; `"first"` is 1.
    Nth(usize),
    /// The last item.
    Last,
}

impl FieldMapping {
    /// Whether it is only a question so far.
    pub(in crate::mapping) fn is_open(&self) -> bool {
        let has_value = self.from.is_some() || self.expr.is_some() || self.constant.is_some();
        self.todo.is_some() && !has_value
    }

    /// A field that holds what a column holds.
    pub fn from_column(name: impl Into<String>) -> Self {
        Self {
            from: Some(name.into().into()),
            ..Self::default()
        }
    }
}

impl<'de> Deserialize<'de> for FieldMapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = FieldMapping;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a column, or a table such as { from = \"column\" }")
    }

    fn visit_str<E: serde::de::Error>(self, column: &str) -> Result<FieldMapping, E> {
        Ok(FieldMapping::from_column(column))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<FieldMapping, M::Error> {
        // The derived function for the table, not the trait's, which would recurse.
        FieldMapping::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for Take {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TakeVisitor)
    }
}

struct TakeVisitor;

impl Visitor<'_> for TakeVisitor {
    type Value = Take;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("\"first\", \"last\" or a position from 1")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Take, E> {
        match word {
            "first" => Ok(Take::Nth(1)),
            "last" => Ok(Take::Last),
            other => Err(E::custom(format!(
                "take is \"first\", \"last\" or a position from 1, found {other:?}"
            ))),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, place: i64) -> Result<Take, E> {
        match usize::try_from(place) {
            Ok(place) if place > 0 => Ok(Take::Nth(place)),
            _ => Err(E::custom(format!("take counts from 1, found {place}"))),
        }
    }
}
