//! Reading the tables in which cells are looked up. Those of a type are their own conversions.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::{Converter, OnError};
use crate::mapping::cell::{CellKind, whole};
use crate::mapping::columns::Column;
use crate::mapping::encoding::guessed;
use crate::mapping::files::{beside, files_of, latest};
use crate::mapping::lookup::{Place, Table};
use crate::mapping::model::{FieldMapping, Lookup, MappingError, TypeMapping};
use crate::mapping::source::{SNIFFED_BYTES, Source, is_json, likely_delimiter};
use crate::mapping::{ConvertError, Mapping, Options, open};
use crate::record::ObjectType;

/// How deep lookups among types may lead to other lookups.
const MAX_DEPTH: usize = 4;

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
        return Err(MappingError::new("the lookups of the mapping are circular"));
    }
    let target = lookup.source.parse::<ObjectType>().ok();
    let files = match target {
        Some(target) => files_of(target, mapping, options)?,
        None => vec![latest(beside(
            Path::new(&lookup.source),
            object_type,
            mapping,
            options,
        ))],
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
    if let Some(table) = options.lookups.get(&place) {
        return Ok(table);
    }
    let mut table = Table::new(lookup);
    let of_target = target.and_then(|target| mapping.of_type(target));
    let value = of_target.and_then(|of_target| of_target.field(&lookup.value));
    table.is_open = value.is_some_and(FieldMapping::is_open);
    for file in &files {
        let filled = match target {
            Some(target) => fill_from_type(&mut table, file, target, mapping, options),
            None => {
                let of_mapping = mapping.of_type(object_type);
                let encoding = of_mapping.and_then(|table| table.encoding.as_deref());
                fill_from_file(&mut table, file, lookup, encoding)
            }
        };
        filled.map_err(|error| {
            MappingError::new(format!("the lookup in {}: {error}", file.display()))
        })?;
    }
    let table = Arc::new(table);
    options.lookups.insert(place, &table);
    Ok(table)
}

fn fill_from_file(
    table: &mut Table,
    file: &Path,
    lookup: &Lookup,
    of_mapping: Option<&str>,
) -> Result<(), ConvertError> {
    let mut settings = TypeMapping::default();
    settings.skip = lookup.skip;
    settings.encoding.clone_from(&lookup.encoding);
    if settings.encoding.is_none() {
        let mut begin = Vec::new();
        let read = open(file)?.take(SNIFFED_BYTES).read_to_end(&mut begin);
        read.map_err(ConvertError::Read)?;
        let is_unsure = guessed(&begin).sample.is_some();
        settings.encoding = of_mapping.filter(|_| is_unsure).map(str::to_owned);
    }
    let delimiter = match lookup.delimiter {
        Some(delimiter) => delimiter,
        None => likely_delimiter(open(file)?),
    };
    settings.delimiter = delimiter;
    let mut source = Source::open(open(file)?, &settings, is_json(file, &settings)?)?;
    let key = source
        .column(&lookup.key)
        .map_err(|error| error.within("key"))?;
    let value = source
        .column(&lookup.value)
        .map_err(|error| error.within("value"))?;
    while source.next().map_err(ConvertError::Read)? {
        let row = source.row();
        // Rows that such a quote has taken in would be missing without a word.
        if let Some(defect) = &row.defect {
            let (what, hint) = defect.describe();
            let line = row.place.line;
            return Err(MappingError::new(format!("line {line}: {what}; {hint}")).into());
        }
        let text = |column: &Column| {
            let cell = row.cells.get(column.index).unwrap_or_default();
            match row.kind(column.index) {
                CellKind::Number => whole(cell),
                _ => cell,
            }
        };
        table.insert(text(&key), text(&value));
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
    let mut converter =
        Converter::open(open(file)?, mapping, target, &options, OnError::OmitField)?;
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
