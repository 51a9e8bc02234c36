//! The mapping file: which column of a CSV or JSON file becomes which field, and how its cells are
//! written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::places::Places;
use crate::io::pattern::matching;
use crate::record::ObjectType;

mod error;
mod field;
mod words;

pub use error::MappingError;
pub use field::{FieldMapping, Join, Lookup, OnlyCurrency, Take};
pub use words::Words;

/// A mapping file: which columns of which CSV become which fields.
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
/// assert_eq!(deals.field("amount").unwrap().from, Some("Betrag".into()));
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

/// How the file of one object type is written, and what its columns become.
///
/// Formats are set here for all fields; a [`FieldMapping`] can have its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TypeMapping {
    /// `csv` or `json`. Default: by the file's name, `json` for `.json`, `.jsonl`, `.ndjson`.
    pub format: Option<String>,
    /// The files of this type, relative to the mapping's folder, if their names don't say the type.
    pub files: Words,
    /// The Singer streams that the records come from, if they come from a tap.
    pub stream: Words,
    /// In a JSON document, the path to the list of records, such as `data.items`.
    pub records: Option<String>,
    /// Records of other JSON files that are joined to each record, by the name of their column.
    pub join: BTreeMap<String, Join>,
    /// A list in each record whose items each become a record: in JSON a path to a list, in a CSV a
    /// column. The item is the column `item`.
    pub each: Option<String>,
    /// The separator between the items of `each` in a CSV. Default: a semicolon.
    pub each_split: String,
    /// An expression; rows for which it is false, zero, empty or one of the words for no are passed
    /// over.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Whether only the first record of each `objectId` is used, for example if stages come from
    /// deals.
    pub distinct: bool,
    /// The column that says whether a record is deleted: a word for true or false, or the time of
    /// the deletion.
    pub deleted: Option<FieldMapping>,
    /// Questions that are open; the check reports each until it is removed.
    pub todo: Words,
    /// The delimiter between two cells: one ASCII character. Default: a comma.
    pub delimiter: char,
    /// The encoding, by any of its names on the web, such as `windows-1252`. A byte order mark in
    /// the file wins. Default: `utf-8`.
    pub encoding: Option<String>,
    /// Whether the first row names the columns; without such a row they are called `1`, `2`, ….
    pub header: bool,
    /// How many rows are above the header, such as a report's title.
    pub skip: usize,
    /// The time zone of date-times without a zone: `Europe/Berlin`, or `+01:00`. If it is missing,
    /// such cells are problems, because a zone must not be guessed.
    pub zone: Option<String>,
    /// The language of the names of months: `de`, `en`, `es`, `fr`, `it`, `nl`, `pt`. English names
    /// are always read.
    pub language: Option<String>,
    /// The formats of dates, in addition to ISO 8601, such as `%d.%m.%Y`; the first that matches is
    /// used. Also `epoch`, `epoch-ms`, `epoch-us` and `epoch-ns` (seconds, milliseconds, microseconds and
    /// nanoseconds since 1970) and `excel` (days since 1900).
    pub dates: Words,
    /// The formats of date-times, in addition to ISO 8601, such as `%d.%m.%Y %H:%M`.
    pub date_times: Words,
    /// The decimal sign. Default: a point.
    pub decimal: char,
    /// The separator between groups of three digits. Default: none.
    pub thousands: Option<char>,
    /// Signs and words next to a number that are removed, such as `€`.
    pub currency: Words,
    /// Words for true, in any case.
    pub yes: Words,
    /// Words for false, in any case.
    pub no: Words,
    /// Cells that mean no value, in addition to empty ones, such as `-` or `n/a`.
    pub empty: Words,
    fields: Fields,
}

/// The fields in the order of the file, which is that of the custom fields in a line.
#[derive(Debug, Clone, Default)]
struct Fields(Vec<(String, FieldMapping)>);

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    ///
    /// [`MappingError`] with line and column if the text is not TOML, or has an unknown key; the
    /// message names the most similar known key.
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

    /// The folder of the file that the type's table was read from.
    pub(super) fn folder(&self, object_type: ObjectType) -> Option<&Path> {
        self.origins.get(&object_type)?.parent()
    }

    /// The files that the type's table names, as far as they exist.
    pub(super) fn files_of(&self, object_type: ObjectType) -> Vec<PathBuf> {
        let words = self.types.get(&object_type).map(|table| &table.files);
        let patterns = words.into_iter().flat_map(Words::iter);
        let folder = self.folder(object_type).unwrap_or(Path::new(""));
        patterns
            .flat_map(|pattern| paths(&folder.join(pattern)))
            .collect()
    }

    /// The mapping of one object type.
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

    /// The same mapping with the tables of another for the types that it does not have, so that
    /// its cells can be looked up in the records of those types.
    #[must_use]
    pub fn with_other_tables_of(mut self, mut other: Self) -> Self {
        other
            .types
            .retain(|known, _| !self.types.contains_key(known));
        other
            .origins
            .retain(|known, _| other.types.contains_key(known));
        other
            .places
            .retain(|known| other.types.contains_key(&known));
        self.types.extend(other.types);
        self.origins.extend(other.origins);
        self.places.extend(other.places);
        self
    }

    /// The same mapping with another object type.
    #[must_use]
    pub fn with_type(mut self, object_type: ObjectType, mapping: TypeMapping) -> Self {
        self.types.insert(object_type, mapping);
        self
    }
}

/// The files that a path or a pattern leads to.
pub(super) fn paths(pattern: &Path) -> Vec<PathBuf> {
    matching(pattern).unwrap_or_default()
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

    /// The same mapping with another field, which replaces an earlier one with the same name.
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
            format: None,
            files: Words::default(),
            stream: Words::default(),
            records: None,
            join: BTreeMap::new(),
            each: None,
            each_split: ";".to_owned(),
            filter: None,
            distinct: false,
            deleted: None,
            todo: Words::default(),
            delimiter: ',',
            encoding: None,
            header: true,
            skip: 0,
            zone: None,
            language: None,
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

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tables = BTreeMap::<String, TypeMapping>::deserialize(deserializer)?;
        let mut types = BTreeMap::new();
        for (name, mapping) in tables {
            let object_type: ObjectType = name.parse().map_err(D::Error::custom)?;
            if types.insert(object_type, mapping).is_some() {
                return Err(D::Error::custom(format!("{object_type} occurs twice")));
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
