//! Mappings of CSV files, from the arguments or the config file.

use std::path::{Path, PathBuf};

use gong_crm::ObjectType;
use gong_crm::io::dated::sort_by_age;
use gong_crm::io::discover::{CsvHandling, SourceFiles, entity_files};
use gong_crm::io::pattern::matching;
use gong_crm::mapping::{Conversion, Mapping, MappingError};
use gong_crm::schema::EntitySchema;
use gong_crm::source::Take;
use gong_sources::Origin;

use crate::args::Global;
use crate::config::settings::Settings;
use crate::config::sources::SourceTable;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::counted;

/// How many files a warning names.
const NAMED: usize = 3;

/// The conversion of CSV files: by the mappings that are named, or by those of the config file. Cells
/// can be looked up in the records of the paths.
pub(crate) fn conversion(
    global: &Global,
    maps: &[PathBuf],
    schema: Option<&EntitySchema>,
    paths: &[PathBuf],
    object_type: Option<ObjectType>,
) -> Result<Option<Conversion>, CliError> {
    let mut merged = named(maps)?;
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
        // What can't be found is reported when it is read.
        let neighbors = entity_files(
            paths,
            object_type,
            &SourceFiles::default(),
            &conversion.csvs(),
        );
        conversion.neighbors = neighbors
            .into_iter()
            .flatten()
            .filter(|file| conversion.takes(&file.path))
            .map(|file| (file.object_type, file.path))
            .collect();
        add_looked_up(&mut conversion, global, maps, paths);
        conversion
    });
    Ok(conversion)
}

/// The mappings that are named, in one.
pub(crate) fn named(maps: &[PathBuf]) -> Result<Option<Mapping>, CliError> {
    let mut merged = None;
    for map in maps {
        merged = Some(merge(merged, map)?);
    }
    Ok(merged)
}

/// Adds where cells can be looked up in the records of types that no path is of: in the sources of the
/// config file that have one of the mappings, else in the files beside those that are named.
pub(crate) fn add_looked_up(
    conversion: &mut Conversion,
    global: &Global,
    maps: &[PathBuf],
    paths: &[PathBuf],
) {
    // One table alone is for every file, whatever its name.
    if maps.is_empty() || conversion.mapping.object_types().nth(1).is_none() {
        return;
    }
    let mut add = |found: Vec<(ObjectType, PathBuf)>| {
        let mut known = conversion.neighbors.clone();
        known.extend(conversion.source_files());
        let is_new = |of: ObjectType| !known.iter().any(|(known, _)| *known == of);
        let found = found.into_iter().filter(|(of, _)| is_new(*of));
        conversion.neighbors.extend(found);
    };
    // A file that is not trusted, or can't be read, names nothing; what was named goes on without it.
    if let Ok((path, sources)) = Settings::mapped_sources(global) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let same = |map: &PathBuf| {
            let map = folder.join(map).canonicalize().ok();
            map.is_some() && maps.iter().any(|named| named.canonicalize().ok() == map)
        };
        let with_map = |source: &&SourceTable| source.map.as_ref().is_some_and(same);
        let mut found = Vec::new();
        for (object_type, source) in &sources.types {
            let files = Some(source).filter(with_map).into_iter();
            let files = files.flat_map(|source| source_paths(folder, source));
            found.extend(files.map(|path| (*object_type, path)));
        }
        add(found);
    }
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        folders.push(folder.unwrap_or(Path::new(".")).to_path_buf());
    }
    folders.sort();
    folders.dedup();
    let by_name = CsvHandling::Mapped(None);
    let beside = entity_files(&folders, None, &SourceFiles::default(), &by_name);
    let beside = beside.into_iter().flatten();
    add(beside.map(|file| (file.object_type, file.path)).collect());
}

fn unusable(error: &MappingError) -> CliError {
    CliError::new(Exit::Usage, error.to_string())
}

fn merge(merged: Option<Mapping>, map: &Path) -> Result<Mapping, CliError> {
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

/// The mappings and the mapped files of the config file.
pub(crate) fn configured(global: &Global) -> Result<Option<Configured>, CliError> {
    let mut mapping = None;
    let mut maps = Vec::new();
    if let Some(map) = Settings::map(global)? {
        let opened = Mapping::open(&map.value).map_err(|error| {
            unusable(&error).with_hint(format!("it is set as `map` in {}", map.source))
        })?;
        mapping = Some(opened);
        maps.push(map.value);
    }
    let (path, sources) = Settings::mapped_sources(global)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for (object_type, source) in &sources.types {
        let Some(map) = &source.map else { continue };
        let map = folder.join(map);
        if !maps.contains(&map) {
            mapping = Some(merge(mapping, &map)?);
            maps.push(map);
        }
        let paths = source_paths(folder, source).into_iter();
        files.extend(paths.map(|path| (*object_type, path)));
    }
    Ok(mapping.map(|mapping| Configured { mapping, files }))
}

/// The files of a source, as they are now.
pub(crate) fn source_paths(folder: &Path, source: &SourceTable) -> Vec<PathBuf> {
    let Origin::Files { pattern, take } = &source.origin else {
        return Vec::new();
    };
    let mut found = matching(&folder.join(pattern)).unwrap_or_default();
    if *take == Take::Latest {
        let modified = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
        sort_by_age(&mut found, |path| path, modified);
        found.drain(..found.len().saturating_sub(1));
    } else {
        found.sort();
    }
    found
}

/// The paths that are named, or else the files of the config file's sources, or of its source of one
/// type. The table that names a file says the type of its records.
pub(crate) fn paths(
    global: &Global,
    named: &[PathBuf],
    only: Option<ObjectType>,
) -> Result<(Vec<PathBuf>, SourceFiles), CliError> {
    if !named.is_empty() {
        return Ok((named.to_vec(), SourceFiles::default()));
    }
    let (path, sources) = Settings::named_sources(global)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut types = Vec::new();
    let tables = sources.types.iter();
    for (object_type, source) in tables.filter(|(of, _)| only.is_none_or(|only| only == **of)) {
        let found = source_paths(folder, source);
        if found.is_empty() {
            let files = source.origin.shown();
            let message = format!("the source of {object_type} has no files: {files}");
            return Err(CliError::new(Exit::Usage, message).with_hint(format!(
                "correct `files` in {}:{}, or export the file again",
                path.display(),
                source.line
            )));
        }
        for path in found {
            types.push((*object_type, path.clone()));
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        return Err(
            CliError::new(Exit::Usage, "no file or directory is named").with_hint(
                "name one; or draft the sources of a folder of exports: gong-crm init exports",
            ),
        );
    }
    Ok((paths, SourceFiles::new(types, false)))
}

/// Warns about CSV files in directories that are skipped because there is not a mapping.
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
            "add --map FILE; `gong-crm init --print {}` drafts one",
            first.display()
        ),
    );
}
