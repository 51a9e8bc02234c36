//! Which files a folder of exports has, and how a mapping and `gong-crm.toml` name them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::table::DraftError;
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

/// Files whose names differ in digits alone are one export at several times: the latest counts, and
/// the pattern of all.
pub(super) fn latest(files: Vec<PathBuf>) -> Vec<(PathBuf, PathBuf)> {
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
    let mut groups: BTreeMap<_, Vec<PathBuf>> = BTreeMap::new();
    let mut order = Vec::new();
    for file in files {
        let key = key(&file);
        if !groups.contains_key(&key) {
            order.push(key.clone());
        }
        groups.entry(key).or_default().push(file);
    }
    let mut all = Vec::new();
    for key in order {
        let mut files = groups.remove(&key).unwrap_or_default();
        files.sort();
        let Some(last) = files.pop() else { continue };
        let name = last
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // A date in the name: next month's file has another one.
        let pattern = if files.is_empty() && key.2 < 8 {
            last.clone()
        } else {
            last.with_file_name(pattern(&name))
        };
        all.push((pattern, last));
    }
    all
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

/// The name of a mapping: that of the file without digits and endings.
pub(super) fn stem(name: &str, object_type: ObjectType) -> String {
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
