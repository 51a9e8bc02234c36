//! What becomes of the CSVs among the files of a check or a push?

use std::path::PathBuf;

use gong_crm::mapping::{Conversion, Mapping, MappingError};
use gong_crm::schema::EntitySchema;

use crate::arguments::Global;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::table::counted;

/// How many files are named where all are meant.
const NAMED: usize = 3;

/// What makes records of CSVs: the mappings that were named, or else the one of the config file.
pub(crate) fn conversion(
    global: &Global,
    maps: &[PathBuf],
    schema: Option<&EntitySchema>,
) -> Result<Option<Conversion>, Failure> {
    let unusable = |error: MappingError| Failure::new(Exit::Usage, error.to_string());
    let mut merged: Option<Mapping> = None;
    for map in maps {
        let mapping = Mapping::open(map).map_err(unusable)?;
        merged = Some(match merged {
            Some(merged) => merged.merged(mapping).map_err(unusable)?,
            None => mapping,
        });
    }
    let by_name = maps.is_empty();
    if by_name {
        merged = configured(global)?;
    }
    let conversion = merged.map(|mapping| {
        let mut conversion = Conversion::new(mapping);
        conversion.entity_schema = schema.cloned();
        conversion.by_name = by_name;
        conversion
    });
    Ok(conversion)
}

/// The mapping that the config file names.
pub(crate) fn configured(global: &Global) -> Result<Option<Mapping>, Failure> {
    let Some(map) = Settings::map(global)? else {
        return Ok(None);
    };
    let mapping = Mapping::open(&map.value).map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .with_hint(format!("{} names it as the mapping of CSVs", map.source))
    })?;
    Ok(Some(mapping))
}

/// Says which CSVs of folders were passed over for lack of a mapping.
pub(crate) fn tell_passed_over(csvs: &[PathBuf], output: Output) {
    let Some(first) = csvs.first() else {
        return;
    };
    let mut names: Vec<String> = csvs
        .iter()
        .take(NAMED)
        .map(|csv| csv.display().to_string())
        .collect();
    let more = csvs.len() - names.len();
    if more > 0 {
        names.push(format!("{} more", counted(more as u64, "file")));
    }
    let last = names.pop().unwrap_or_default();
    let (names, were) = if names.is_empty() {
        (last, "was")
    } else {
        (format!("{} and {last}", names.join(", ")), "were")
    };
    output.warning(
        &format!("{names} {were} passed over: no mapping says what the columns become"),
        &format!(
            "name one with --map FILE; gong-crm convert --guess {} makes a first one",
            first.display()
        ),
    );
}
