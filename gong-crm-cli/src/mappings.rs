//! Mappings of CSV files, from the arguments or the config file.

use std::path::PathBuf;

use gong_crm::mapping::{Conversion, Mapping, MappingError};
use gong_crm::schema::EntitySchema;

use crate::args::Global;
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::counted;

/// How many files a warning names.
const NAMED: usize = 3;

/// The conversion of CSV files: by the mappings that are named, or by that of the config file.
pub(crate) fn conversion(
    global: &Global,
    maps: &[PathBuf],
    schema: Option<&EntitySchema>,
) -> Result<Option<Conversion>, CliError> {
    let unusable = |error: MappingError| CliError::new(Exit::Usage, error.to_string());
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
pub(crate) fn configured(global: &Global) -> Result<Option<Mapping>, CliError> {
    let Some(map) = Settings::map(global)? else {
        return Ok(None);
    };
    let mapping = Mapping::open(&map.value).map_err(|error| {
        CliError::new(Exit::Usage, error.to_string())
            .with_hint(format!("it is set as `map` in {}", map.source))
    })?;
    Ok(Some(mapping))
}

/// Warns about CSV files in directories that are skipped because there is no mapping.
pub(crate) fn warn_skipped_csvs(csvs: &[PathBuf], output: Output) {
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
        &format!("{names} {were} skipped: no mapping is given"),
        &format!(
            "add --map FILE; `gong-crm convert --guess {}` drafts one",
            first.display()
        ),
    );
}
