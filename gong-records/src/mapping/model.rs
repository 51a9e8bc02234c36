//! The mapping file: which column of a CSV becomes which field, and how its cells are written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::nearest::nearest;
use super::places::{Places, place};
use crate::record::ObjectType;

/// Which columns of which CSV become which fields: what a mapping file says.
///
/// A mapping file is TOML, with one table for each object type that there is a CSV for.
///
/// ```
/// use gong_records::ObjectType;
/// use gong_records::mapping::Mapping;
///
/// let mapping = Mapping::from_toml(r#"
///     [DEAL]
///     delimiter = ";"
///     encoding = "windows-1252"
///     dates = "%d.%m.%Y"
///     decimal = ","
///     thousands = "."
///
///     [DEAL.fields]
///     objectId = "Nummer"
///     modifiedDate = { constant = "now" }
///     closeDate = "Abschluss"
///     amount = "Betrag"
///     status = { from = "Status", values = { "Gewonnen" = "WON", "Verloren" = "LOST" } }
///     region = { from = "Region", type = "STRING" }
/// "#)?;
/// let deals = mapping.of_type(ObjectType::Deal).unwrap();
/// assert_eq!(deals.delimiter, ';');
/// assert_eq!(deals.field("amount").unwrap().from.as_deref(), Some("Betrag"));
///
/// let wrong = Mapping::from_toml("[DEAL]\ndelimeter = ';'").unwrap_err();
/// assert!(wrong.to_string().contains("did you mean `delimiter`?"));
/// # Ok::<(), gong_records::mapping::MappingError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    types: BTreeMap<ObjectType, TypeMapping>,
    /// The files that it was read from.
    origins: BTreeMap<ObjectType, PathBuf>,
    /// The first of them, for a type that none speaks of.
    origin: Option<PathBuf>,
    places: Places,
}

/// How the CSV of one object type is written, and what its columns become.
///
/// Formats stand here for all fields; a [`FieldMapping`] can have its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TypeMapping {
    /// What stands between two cells: one ASCII character. Default: a comma.
    pub delimiter: char,
    /// The encoding, by any of its names on the web, such as `windows-1252`. A byte order mark in
    /// the file wins. Default: `utf-8`.
    pub encoding: String,
    /// Whether the first row names the columns; without such a row they are called `1`, `2`, ….
    pub header: bool,
    /// How many rows stand above the header, such as a report's title.
    pub skip: usize,
    /// The zone of date-times that have none: `Europe/Berlin`, or `+01:00`. Without it, such a cell
    /// is a problem: nobody should guess a zone.
    pub zone: Option<String>,
    /// How dates are written beside ISO 8601, such as `%d.%m.%Y`; the first that fits counts.
    pub dates: Words,
    /// How date-times are written beside ISO 8601, such as `%d.%m.%Y %H:%M`.
    pub date_times: Words,
    /// The decimal sign. Default: a point.
    pub decimal: char,
    /// The sign between groups of three digits. Default: none is taken.
    pub thousands: Option<char>,
    /// Signs and words beside a number that are left out, such as `€`.
    pub currency: Words,
    /// Words for true, in any case.
    pub yes: Words,
    /// Words for false, in any case.
    pub no: Words,
    /// Cells that mean no value, beside the empty one, such as `-` or `n/a`.
    pub empty: Words,
    fields: Fields,
}

/// What one field is made of.
///
/// In the file either the name of a column, or a table with these keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(
    remote = "Self",
    rename_all = "kebab-case",
    deny_unknown_fields,
    default
)]
#[non_exhaustive]
pub struct FieldMapping {
    /// The column, by its name in the header.
    pub from: Option<String>,
    /// The value of every record, written as Gong takes it; `now` is when the CSV was last
    /// changed.
    pub constant: Option<Words>,
    /// The value where the cell is empty, written as Gong takes it.
    pub default: Option<Words>,
    /// Cells and what stands for each, written as Gong takes it: `"Gewonnen" = "WON"`.
    pub values: BTreeMap<String, String>,
    /// What stands between the items of a list. Default: a comma.
    pub split: Option<String>,
    /// The type of a custom field, such as `CURRENCY`; not needed where an entity schema says it.
    #[serde(rename = "type")]
    pub field_type: Option<String>,
    /// As in [`TypeMapping`], for this field alone.
    pub zone: Option<String>,
    /// As in [`TypeMapping`], for this field alone.
    pub dates: Option<Words>,
    /// As in [`TypeMapping`], for this field alone.
    pub date_times: Option<Words>,
    /// As in [`TypeMapping`], for this field alone.
    pub decimal: Option<char>,
    /// As in [`TypeMapping`], for this field alone.
    pub thousands: Option<char>,
    /// As in [`TypeMapping`], for this field alone.
    pub currency: Option<Words>,
    /// As in [`TypeMapping`], for this field alone.
    pub yes: Option<Words>,
    /// As in [`TypeMapping`], for this field alone.
    pub no: Option<Words>,
    /// As in [`TypeMapping`], for this field alone.
    pub empty: Option<Words>,
}

/// One text, or several; in the file a text or a list of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Words(Vec<String>);

/// The fields in the order of the file, which is that of the custom fields in a line.
#[derive(Debug, Clone, Default)]
struct Fields(Vec<(String, FieldMapping)>);

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    ///
    /// [`MappingError`] with line and column where the text is no TOML, or holds a key that does not
    /// belong there; the nearest that does is named.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        let of_toml = |error: toml::de::Error| MappingError::of_toml(&error, text);
        let places = Places::of(text).map_err(of_toml)?;
        let mut mapping: Self = toml::from_str(text).map_err(of_toml)?;
        mapping.places = places;
        Ok(mapping)
    }

    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// [`MappingError`] when the file can't be read, or as in [`from_toml`](Self::from_toml).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, MappingError> {
        let path = path.as_ref();
        let mut mapping = std::fs::read_to_string(path)
            .map_err(|error| MappingError::new(format!("it can't be read: {error}")))
            .and_then(|text| Self::from_toml(&text))
            .map_err(|error| MappingError::new(format!("{}: {}", path.display(), error.message)))?;
        mapping.origin = Some(path.to_path_buf());
        let types = mapping.types.keys();
        mapping.origins = types.map(|known| (*known, path.to_path_buf())).collect();
        Ok(mapping)
    }

    /// The error with the file and the line of what it is about, as far as they are known.
    pub(super) fn located(&self, object_type: ObjectType, error: &MappingError) -> MappingError {
        let mut message = String::new();
        if let Some(path) = self.origins.get(&object_type).or(self.origin.as_ref()) {
            message = format!("{}: ", path.display());
        }
        if let Some((line, column)) = self.places.find(object_type, &error.about) {
            message += &format!("line {line}, column {column}: ");
        }
        MappingError::new(message + &error.message)
    }

    /// What it says of one object type.
    pub fn of_type(&self, object_type: ObjectType) -> Option<&TypeMapping> {
        self.types.get(&object_type)
    }

    /// The object types that it speaks of, in load order.
    pub fn object_types(&self) -> impl Iterator<Item = ObjectType> {
        self.types.keys().copied()
    }

    /// Both mappings in one.
    ///
    /// # Errors
    ///
    /// [`MappingError`] when both speak of the same object type.
    pub fn merged(mut self, other: Self) -> Result<Self, MappingError> {
        if let Some(both) = other
            .types
            .keys()
            .find(|known| self.types.contains_key(*known))
        {
            let name = |mapping: &Self| {
                let path = mapping.origins.get(both);
                path.map_or_else(|| "a mapping".to_owned(), |path| path.display().to_string())
            };
            return Err(MappingError::new(format!(
                "{} and {} both have a table [{both}]",
                name(&self),
                name(&other)
            )));
        }
        self.types.extend(other.types);
        self.origins.extend(other.origins);
        self.places.extend(other.places);
        self.origin = self.origin.or(other.origin);
        Ok(self)
    }

    /// The same mapping with another object type.
    #[must_use]
    pub fn with_type(mut self, object_type: ObjectType, mapping: TypeMapping) -> Self {
        self.types.insert(object_type, mapping);
        self
    }
}

impl TypeMapping {
    /// The fields, in the order of the file.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &FieldMapping)> {
        self.fields
            .0
            .iter()
            .map(|(name, field)| (name.as_str(), field))
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&FieldMapping> {
        self.fields()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| field)
    }

    /// The same mapping with another field, in place of an earlier one of that name.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, field: FieldMapping) -> Self {
        let name = name.into();
        self.fields.0.retain(|(known, _)| *known != name);
        self.fields.0.push((name, field));
        self
    }
}

impl Default for TypeMapping {
    fn default() -> Self {
        Self {
            delimiter: ',',
            encoding: "utf-8".to_owned(),
            header: true,
            skip: 0,
            zone: None,
            dates: Words::default(),
            date_times: Words::default(),
            decimal: '.',
            thousands: None,
            currency: Words::default(),
            yes: ["true", "yes", "1"].into(),
            no: ["false", "no", "0"].into(),
            empty: Words::default(),
            fields: Fields::default(),
        }
    }
}

impl FieldMapping {
    /// A field that holds what a column holds.
    pub fn from_column(name: impl Into<String>) -> Self {
        Self {
            from: Some(name.into()),
            ..Self::default()
        }
    }
}

impl Words {
    /// The texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<const N: usize> From<[&str; N]> for Words {
    fn from(words: [&str; N]) -> Self {
        Self(words.map(str::to_owned).to_vec())
    }
}

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tables = BTreeMap::<String, TypeMapping>::deserialize(deserializer)?;
        let mut types = BTreeMap::new();
        for (name, mapping) in tables {
            let object_type: ObjectType = name.parse().map_err(D::Error::custom)?;
            if types.insert(object_type, mapping).is_some() {
                return Err(D::Error::custom(format!("{object_type} is there twice")));
            }
        }
        Ok(Self {
            types,
            origins: BTreeMap::new(),
            origin: None,
            places: Places::default(),
        })
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
        // The derived function for the table, not the trait's, which comes back here.
        FieldMapping::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table of fields")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields, M::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> Visitor<'de> for WordsVisitor {
    type Value = Words;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text in quotes, or a list of such texts")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Words, E> {
        Ok([word].into())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Words, E> {
        Ok([value.to_string().as_str()].into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Words, E> {
        Ok([value.to_string().as_str()].into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Words, E> {
        Ok([value.to_string().as_str()].into())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Words, S::Error> {
        let mut words = Vec::new();
        while let Some(word) = items.next_element()? {
            words.push(word);
        }
        Ok(Words(words))
    }
}

/// Why a mapping can't be used: what is wrong with it, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MappingError {
    message: String,
    /// The keys that lead to what is wrong, from within the table of the object type.
    about: Vec<String>,
}

impl MappingError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            about: Vec::new(),
        }
    }

    /// About what this key stands for, or about what is within it.
    #[must_use]
    pub(super) fn within(mut self, key: &str) -> Self {
        self.about.insert(0, key.to_owned());
        self
    }

    /// The same with something before the message.
    #[must_use]
    pub(super) fn prefixed(mut self, prefix: &str) -> Self {
        self.message.insert_str(0, prefix);
        self
    }

    fn of_toml(error: &toml::de::Error, text: &str) -> Self {
        let place = error.span().map(|span| {
            let (line, column) = place(text, span.start);
            format!("line {line}, column {column}: ")
        });
        let message = error.message();
        // Serde's derive lists the known keys in its message and nowhere else.
        let mut quoted = message.split('`').skip(1).step_by(2);
        let message = match quoted
            .next()
            .filter(|_| message.starts_with("unknown field"))
        {
            Some(key) => {
                let known: Vec<&str> = quoted.collect();
                match nearest(key, known.iter().copied()) {
                    Some(meant) => format!("unknown key `{key}`; did you mean `{meant}`?"),
                    None => format!("unknown key `{key}`; known are {}", known.join(", ")),
                }
            }
            None => message.trim_end().replace('\n', "; "),
        };
        Self::new(place.unwrap_or_default() + &message)
    }
}
