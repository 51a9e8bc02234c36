//! Which files a folder of exports has, and how a mapping and `gong-crm.toml` name them.

use std::path::{Path, PathBuf};

use super::begin::names;
use super::links::TypedFile;
use super::table::DraftError;
use crate::io::dated::sort_by_age;
use crate::mapping::text::slug;
use crate::record::ObjectType;

/// The files at the paths: those named, and those of folders that could be exports.
pub(super) fn files(
    paths: &[impl AsRef<Path>],
    skip: &mut dyn FnMut(DraftError),
) -> Result<Vec<PathBuf>, DraftError> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        if !path.is_dir() {
            files.push(path.to_path_buf());
            continue;
        }
        let unreadable = |error: std::io::Error| DraftError {
            path: path.to_path_buf(),
            message: format!("it can't be read: {error}"),
            hint: "check its permissions".to_owned(),
        };
        let mut of_folder = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .to_lowercase();
            let bare = name.strip_suffix(".gz").unwrap_or(&name);
            let is_export = [".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson"]
                .iter()
                .any(|end| bare.ends_with(end));
            let is_book = [".xlsx", ".xls", ".ods", ".numbers"]
                .iter()
                .any(|end| bare.ends_with(end));
            if !path.is_file() || name.contains(".rejects.") || name.starts_with('.') {
                continue;
            }
            if is_export {
                of_folder.push(path);
            } else if is_book {
                skip(DraftError {
                    path,
                    message: "it is a workbook, and not a CSV".to_owned(),
                    hint: "open it in the program that made it, and save it as CSV (UTF-8)"
                        .to_owned(),
                });
            }
        }
        of_folder.sort();
        files.extend(of_folder);
    }
    Ok(files)
}

/// Files whose names differ in digits alone.
pub(super) struct Group {
    /// A pattern that fits all of them.
    pub(super) pattern: PathBuf,
    /// The latest of each set of files with the same columns, the newest first.
    pub(super) latest: Vec<PathBuf>,
    /// Each earlier file, and the one that counts instead.
    pub(super) superseded: Vec<(PathBuf, PathBuf)>,
    /// Whether next month's file has another name.
    pub(super) is_dated: bool,
}

/// The files in groups whose names differ in digits alone. Those of a group that have the same columns
/// are one export at several times; others are different exports, as Salesforce calls every report
/// `report1705312345678.csv`.
pub(super) fn groups(files: Vec<PathBuf>) -> Vec<Group> {
    let key = |path: &Path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        let key: String = name.chars().filter(|one| !one.is_ascii_digit()).collect();
        (path.parent().map(Path::to_path_buf), key, digits)
    };
    let mut by_key: Vec<(_, Vec<PathBuf>)> = Vec::new();
    for file in files {
        let key = key(&file);
        match by_key.iter_mut().find(|(known, _)| *known == key) {
            Some((_, files)) => files.push(file),
            None => by_key.push((key, vec![file])),
        }
    }
    let modified = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let mut groups = Vec::new();
    for ((.., digits), mut files) in by_key {
        // As take = "latest" of a source has it.
        sort_by_age(&mut files, |path| path, modified);
        files.reverse();
        let Some(newest) = files.first() else {
            continue;
        };
        let name = newest.file_name().unwrap_or_default().to_string_lossy();
        let pattern = newest.with_file_name(pattern(&name));
        let is_dated = files.len() > 1 || digits >= 8;
        let mut latest: Vec<(Vec<String>, PathBuf)> = Vec::new();
        let mut superseded = Vec::new();
        for file in files {
            let columns = if is_dated { names(&file) } else { Vec::new() };
            match latest.iter().find(|(known, _)| *known == columns) {
                Some((_, by)) => superseded.push((file, by.clone())),
                None => latest.push((columns, file)),
            }
        }
        groups.push(Group {
            pattern,
            latest: latest.into_iter().map(|(_, file)| file).collect(),
            superseded,
            is_dated,
        });
    }
    groups
}

/// The name with one star for its digits and the signs between them.
fn pattern(name: &str) -> String {
    let first = name.find(|one: char| one.is_ascii_digit());
    let last = name.rfind(|one: char| one.is_ascii_digit());
    match (first, last) {
        (Some(first), Some(last)) => format!("{}*{}", &name[..first], &name[last + 1..]),
        _ => name.to_owned(),
    }
}

/// The names of the mappings of files, each another one.
pub(super) fn stems(files: &[TypedFile]) -> Vec<String> {
    let stems: Vec<String> = files
        .iter()
        .map(|file| stem(&file.table.file_name(), file.object_type))
        .collect();
    let is_unique = |name: &str| {
        // Users that no export has get a mapping of this name.
        name != "users" && stems.iter().filter(|stem| *stem == name).count() == 1
    };
    files
        .iter()
        .zip(&stems)
        .map(|(file, stem)| {
            let of_type = file.object_type.file_stem().replace('_', "-");
            if is_unique(stem) || (stem == "users" && of_type == "business-users") {
                stem.clone()
            } else {
                format!("{stem}-{of_type}")
            }
        })
        .collect()
}

/// The name of a mapping: that of the file without digits and endings.
fn stem(name: &str, object_type: ObjectType) -> String {
    let stem = name.split('.').next().unwrap_or_default();
    let plain: String = slug(stem)
        .chars()
        .filter(|one| !one.is_ascii_digit())
        .collect();
    let plain: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    if plain.is_empty() {
        object_type.file_stem().to_owned()
    } else {
        plain.join("-")
    }
}

/// The path from a folder to a file, with `/` between names.
pub(super) fn relative(path: &Path, folder: &Path) -> String {
    let absolute = |path: &Path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
    };
    let (path, folder) = (absolute(path), absolute(folder));
    let common = path
        .components()
        .zip(folder.components())
        .take_while(|(one, other)| one == other)
        .count();
    // Another drive.
    if common == 0 {
        return path.display().to_string();
    }
    let up = folder.components().count() - common;
    let names = path
        .components()
        .skip(common)
        .map(|name| name.as_os_str().to_string_lossy().into_owned());
    let all: Vec<String> = std::iter::repeat_n("..".to_owned(), up)
        .chain(names)
        .collect();
    all.join("/")
}
