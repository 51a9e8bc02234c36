//! Looking a cell up in another file, or among the records of another type.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::cell::Wrong;
use super::converter::{Converter, Keep};
use super::model::{Lookup, MappingError, TypeMapping};
use super::source::Source;
use super::{ConvertError, Mapping, Options};
use crate::record::ObjectType;

/// How deep lookups among types may lead to other lookups.
const MAX_DEPTH: usize = 4;

/// What each key leads to.
#[derive(Debug, Default)]
pub(super) struct Table {
    found: HashMap<String, Found>,
    /// The file or type, as the mapping names it.
    source: String,
    key: String,
    value: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    One(String),
    /// Different values, at least two.
    Several(usize),
}

/// Tables that were read, so that each is read once per conversion.
#[derive(Debug, Clone, Default)]
pub(super) struct Cache(Arc<Mutex<HashMap<Place, Arc<Table>>>>);

/// The files with their sizes and times, the key and the value.
type Place = (
    Vec<(PathBuf, u64, Option<std::time::SystemTime>)>,
    String,
    String,
);

impl Table {
    /// The value for a cell.
    pub(super) fn get(&self, cell: &str) -> Result<&str, Wrong> {
        match self.found.get(cell) {
            Some(Found::One(value)) if value.is_empty() => Err(Wrong::lookup(
                format!(
                    "{} has no {} where {} is {cell:?}",
                    self.source, self.value, self.key
                ),
                format!("fill it in in {}", self.source),
            )),
            Some(Found::One(value)) => Ok(value),
            Some(Found::Several(count)) => Err(Wrong::lookup(
                format!(
                    "{} has {count} different values of {} where {} is {cell:?}",
                    self.source, self.value, self.key
                ),
                "look up by a column that is unique, or correct the file",
            )),
            None => Err(Wrong::lookup(
                format!("{} has no row where {} is {cell:?}", self.source, self.key),
                format!("add the row to {}, or name the cell in values", self.source),
            )),
        }
    }

    fn insert(&mut self, key: &str, value: &str) {
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() {
            return;
        }
        match self.found.get_mut(key) {
            None => {
                self.found
                    .insert(key.to_owned(), Found::One(value.to_owned()));
            }
            Some(Found::One(known)) if known == value => {}
            Some(found) => {
                let count = match found {
                    Found::One(_) => 2,
                    Found::Several(count) => *count + 1,
                };
                *found = Found::Several(count);
            }
        }
    }
}

/// Reads what a lookup needs.
pub(super) fn table(
    lookup: &Lookup,
    object_type: ObjectType,
    mapping: &Mapping,
    options: &Options,
) -> Result<Arc<Table>, MappingError> {
    for (name, text) in [
        ("in", &lookup.source),
        ("key", &lookup.key),
        ("value", &lookup.value),
    ] {
        if text.is_empty() {
            return Err(MappingError::new(format!(
                "a lookup needs {name}; write lookup = {{ in = \"users.csv\", key = \"Name\", value \
                 = \"Email\" }}"
            ))
            .within(name));
        }
    }
    if options.depth >= MAX_DEPTH {
        return Err(MappingError::new(
            "the lookups of the mapping lead in a circle, from type to type",
        ));
    }
    let target = lookup.source.parse::<ObjectType>().ok();
    let files = match target {
        Some(target) => files_of(target, mapping, options)?,
        None => vec![beside(
            Path::new(&lookup.source),
            object_type,
            mapping,
            options,
        )],
    };
    let place: Place = (
        files
            .iter()
            .map(|file| {
                let metadata = file.metadata().ok();
                let time = metadata.as_ref().and_then(|data| data.modified().ok());
                (file.clone(), metadata.map_or(0, |data| data.len()), time)
            })
            .collect(),
        format!("{} {}", lookup.source, lookup.key),
        lookup.value.clone(),
    );
    let cached = options
        .lookups
        .0
        .lock()
        .ok()
        .and_then(|tables| tables.get(&place).cloned());
    if let Some(table) = cached {
        return Ok(table);
    }
    let mut table = Table {
        source: lookup.source.clone(),
        key: lookup.key.clone(),
        value: lookup.value.clone(),
        ..Table::default()
    };
    for file in &files {
        let filled = match target {
            Some(target) => fill_from_type(&mut table, file, target, mapping, options),
            None => fill_from_file(&mut table, file, lookup),
        };
        filled.map_err(|error| {
            MappingError::new(format!("the lookup in {}: {error}", file.display()))
        })?;
    }
    let table = Arc::new(table);
    if let Ok(mut tables) = options.lookups.0.lock() {
        tables.insert(place, Arc::clone(&table));
    }
    Ok(table)
}

/// The files of a type, as its table or the caller names them.
fn files_of(
    target: ObjectType,
    mapping: &Mapping,
    options: &Options,
) -> Result<Vec<PathBuf>, MappingError> {
    if mapping.of_type(target).is_none() {
        return Err(MappingError::new(format!(
            "the mapping has no table [{target}], so its records can't be looked up"
        ))
        .within("in"));
    }
    let mut files = mapping.files_of(target);
    let named = options.files.iter().filter(|(known, _)| *known == target);
    files.extend(named.flat_map(|(_, path)| super::model::paths(path)));
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(MappingError::new(format!(
            "nothing says which files hold records of type {target}; write files = \"…\" in the \
             table [{target}]"
        ))
        .within("in"));
    }
    Ok(files)
}

/// Relative to the mapping's folder, or else beside the file that is converted.
pub(super) fn beside(
    path: &Path,
    object_type: ObjectType,
    mapping: &Mapping,
    options: &Options,
) -> PathBuf {
    let of_mapping = mapping.folder(object_type).map(|folder| folder.join(path));
    let folder = options.path.as_ref().and_then(|path| path.parent());
    let of_file = folder.map(|folder| folder.join(path));
    let candidates = || of_mapping.iter().chain(&of_file);
    candidates()
        .find(|path| path.exists())
        .or(candidates().next())
        .cloned()
        .unwrap_or_else(|| path.to_path_buf())
}

fn fill_from_file(table: &mut Table, file: &Path, lookup: &Lookup) -> Result<(), ConvertError> {
    let mut settings = TypeMapping::default();
    settings.encoding.clone_from(&lookup.encoding);
    let delimiter = match lookup.delimiter {
        Some(delimiter) => delimiter,
        None => super::source::likely_delimiter(super::open(file)?),
    };
    settings.delimiter = delimiter;
    let mut source = Source::open(
        super::open(file)?,
        &settings,
        super::source::is_json(file, &settings)?,
    )?;
    let key = source
        .column(&lookup.key)
        .map_err(|error| error.within("key"))?;
    let value = source
        .column(&lookup.value)
        .map_err(|error| error.within("value"))?;
    while source.next().map_err(ConvertError::Read)? {
        let row = source.row();
        table.insert(
            row.cells.get(key.index).unwrap_or_default(),
            row.cells.get(value.index).unwrap_or_default(),
        );
    }
    Ok(())
}

/// Converts the records of the type, and takes two of their fields.
fn fill_from_type(
    table: &mut Table,
    file: &Path,
    target: ObjectType,
    mapping: &Mapping,
    options: &Options,
) -> Result<(), ConvertError> {
    let mut options = options.clone();
    options.depth += 1;
    options.path = Some(file.to_path_buf());
    let mut converter = Converter::open(
        super::open(file)?,
        mapping,
        target,
        &options,
        Keep::EveryRow,
    )?;
    let field = |name: &str| {
        mapping
            .of_type(target)
            .and_then(|table| table.field(name))
            .map(|_| ())
            .ok_or_else(|| MappingError::new(format!("the table [{target}.fields] has no {name}")))
    };
    field(&table.key.clone()).map_err(|error| error.within("key"))?;
    field(&table.value.clone()).map_err(|error| error.within("value"))?;
    let mut line = Vec::new();
    while converter
        .next(&mut line, &mut |_| {})
        .map_err(ConvertError::Read)?
        .is_some()
    {
        let Ok(serde_json::Value::Object(record)) = serde_json::from_slice(&line) else {
            continue;
        };
        let text = |name: &str| match record.get(name) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        table.insert(&text(&table.key.clone()), &text(&table.value.clone()));
    }
    Ok(())
}
