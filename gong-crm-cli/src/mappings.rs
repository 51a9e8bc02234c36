//! The mappings of a check, a push or a conversion: those that are named, or else those of
//! `gong-crm.toml`.

use std::path::{Path, PathBuf};

use gong_crm::ObjectType;
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

/// What makes records of CSVs: the mappings that were named, or else those of the config file.
pub(crate) fn conversion(
    global: &Global,
    maps: &[PathBuf],
    schema: Option<&EntitySchema>,
) -> Result<Option<Conversion>, Failure> {
    let mut merged: Option<Mapping> = None;
    for map in maps {
        merged = Some(merge(merged, map)?);
    }
    let mut files = Vec::new();
    let by_name = maps.is_empty();
    if by_name && let Some(configured) = configured(global)? {
        merged = Some(configured.mapping);
        files = configured.files;
    }
    let conversion = merged.map(|mapping| {
        let mut conversion = Conversion::new(mapping);
        conversion.entity_schema = schema.cloned();
        conversion.by_name = by_name;
        conversion.files = files;
        conversion
    });
    Ok(conversion)
}

fn unusable(error: &MappingError) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

fn merge(merged: Option<Mapping>, map: &Path) -> Result<Mapping, Failure> {
    let mapping = Mapping::open(map).map_err(|error| unusable(&error))?;
    match merged {
        Some(merged) => merged.merged(mapping).map_err(|error| unusable(&error)),
        None => Ok(mapping),
    }
}

/// The mappings of the config file, and the files that its sources name.
pub(crate) struct Configured {
    pub(crate) mapping: Mapping,
    pub(crate) files: Vec<(ObjectType, PathBuf)>,
}

/// What the config file says of mappings and sources.
pub(crate) fn configured(global: &Global) -> Result<Option<Configured>, Failure> {
    let mut mapping = None;
    let mut maps = Vec::new();
    if let Some(map) = Settings::map(global)? {
        let opened = Mapping::open(&map.value).map_err(|error| {
            unusable(&error).with_hint(format!("{} names it as the mapping of CSVs", map.source))
        })?;
        mapping = Some(opened);
        maps.push(map.value);
    }
    let mut files = Vec::new();
    for (folder, source) in Settings::sources(global)? {
        let Some(map) = &source.map else { continue };
        let map = folder.join(map);
        if !maps.contains(&map) {
            mapping = Some(merge(mapping, &map)?);
            maps.push(map);
        }
        let paths = source.paths(&folder).into_iter();
        files.extend(paths.map(|path| (source.object_type, path)));
    }
    Ok(mapping.map(|mapping| Configured { mapping, files }))
}

/// The paths that were named, or else the files of the config file's sources.
pub(crate) fn paths(global: &Global, named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for (folder, source) in Settings::sources(global)? {
        let found = source.paths(&folder);
        if found.is_empty() {
            let message = format!(
                "the source of {} has no files: {}",
                source.object_type,
                folder.join(&source.files).display()
            );
            return Err(Failure::new(Exit::Usage, message)
                .with_hint("correct the path in gong-crm.toml, or export the file again"));
        }
        for path in found {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        return Err(
            Failure::new(Exit::Usage, "no file or folder was named").with_hint(
                "name one; or draft sources for a folder of exports: gong-crm init exports",
            ),
        );
    }
    Ok(paths)
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
            "name one with --map FILE; gong-crm init {} drafts one",
            first.display()
        ),
    );
}
