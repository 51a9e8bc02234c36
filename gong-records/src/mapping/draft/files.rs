//! Which files a folder of exports has, and how a mapping and `gong-crm.toml` name them.

use std::path::{Path, PathBuf};

use super::begin::{is_named_json, names};
use super::links::TypedFile;
use super::object_type::object_type;
use super::profile::Profile;
use super::roles::Roles;
use super::table::{DraftError, Table};
use crate::io::dated::{is_of_other_day, sort_by_age};
use crate::io::pattern::matching;
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
    /// Of each set of files with the same columns what counts, the newest first.
    pub(super) latest: Vec<Found>,
    /// Each earlier file, and the one that counts instead.
    pub(super) superseded: Vec<(PathBuf, PathBuf)>,
    /// Whether next month's file has another name.
    pub(super) is_dated: bool,
}

/// A file that counts, and what is known of the others with its columns.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// The other parts of the same export.
    pub(super) parts: Vec<PathBuf>,
    pub(super) questions: Vec<String>,
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
        let key: String = name.chars().filter(|one| !one.is_ascii_digit()).collect();
        (path.parent().map(Path::to_path_buf), key)
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
    for (_, mut files) in by_key {
        // As take = "latest" of a source has it.
        sort_by_age(&mut files, |path| path, modified);
        files.reverse();
        let Some(newest) = files.first() else {
            continue;
        };
        let name = newest.file_name().unwrap_or_default().to_string_lossy();
        let pattern = newest.with_file_name(pattern(&name));
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        let is_dated = files.len() > 1 || digits >= 8 || has_month(&name);
        let mut sets: Vec<(Vec<String>, Vec<PathBuf>)> = Vec::new();
        for file in files {
            let columns = if is_dated { names(&file) } else { Vec::new() };
            let is_json = is_named_json(&file);
            let is_same = |known: &[String]| {
                // Records of JSON leave out the keys that they have no value for.
                let common = known.iter().filter(|name| columns.contains(name)).count();
                let most = known.len().max(columns.len());
                *known == columns || (is_json && common > 1 && common * 2 > most)
            };
            match sets.iter_mut().find(|(known, _)| is_same(known)) {
                Some((_, of_set)) => of_set.push(file),
                None => sets.push((columns, vec![file])),
            }
        }
        let mut superseded = Vec::new();
        let sets = sets.into_iter();
        let latest = sets.filter_map(|(_, files)| found(files, &mut superseded));
        groups.push(Group {
            pattern,
            latest: latest.collect(),
            superseded,
            is_dated,
        });
    }
    without_shared_patterns(&mut groups);
    join_parts(groups)
}

/// Names files one by one whose pattern fits files of other groups, too: the latest of all of them may
/// be another export.
fn without_shared_patterns(groups: &mut [Group]) {
    let files: Vec<Vec<PathBuf>> = groups
        .iter()
        .map(|group| {
            let latest = group.latest.iter();
            let latest = latest.flat_map(|found| found.parts.iter().chain([&found.path]));
            let earlier = group.superseded.iter().map(|(path, _)| path);
            latest.chain(earlier).cloned().collect()
        })
        .collect();
    for (place, group) in groups.iter_mut().enumerate() {
        let fits = matching(&group.pattern).unwrap_or_default();
        let mut others = files
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != place);
        let is_shared = others.any(|(_, files)| files.iter().any(|file| fits.contains(file)));
        let is_single = files[place].len() == 1;
        if let (true, true, Some(found)) = (is_shared, is_single, group.latest.first_mut()) {
            group.pattern.clone_from(&found.path);
            group.is_dated = false;
            let name = found.path.file_name().unwrap_or_default();
            found.questions.push(format!(
                "A pattern for later exports like {} would fit other files of the folder, too. Name one in \
                 gong-crm.toml that fits this export alone, or keep the name.",
                name.to_string_lossy()
            ));
        }
    }
}

/// Joins files that are the parts of one export by their columns and their records, and whose names
/// differ in a word: `open-deals.csv` and `won-deals.csv`.
fn join_parts(groups: Vec<Group>) -> Vec<Group> {
    let mut joined: Vec<(Vec<String>, Group)> = Vec::new();
    for group in groups {
        let columns = match group.latest.as_slice() {
            [only] if !group.is_dated => names(&only.path),
            _ => Vec::new(),
        };
        let mut known = joined.iter_mut();
        let same = known.find(|(known, _)| columns.len() > 2 && *known == columns);
        match (same, group.latest.first()) {
            (Some((_, first)), Some(only)) if is_part(first, &only.path) => {
                first.latest[0].parts.push(only.path.clone());
            }
            _ => joined.push((columns, group)),
        }
    }
    joined
        .into_iter()
        .flat_map(|(_, group)| as_parts(group))
        .collect()
}

/// Whether a file has other records of the same type as the first of a group.
fn is_part(group: &Group, other: &Path) -> bool {
    let Some(first) = group.latest.first() else {
        return false;
    };
    let is_beside = first.path.parent() == other.parent();
    (is_beside || across_folders(&[first.path.clone(), other.to_path_buf()]).is_some())
        && ids(&first.path)
            .zip(ids(other))
            .is_some_and(|((of, one), (of_other, other))| {
                of == of_other && !shares_records(&one, &other)
            })
}

/// The group with a pattern for its joined parts; each by itself if no pattern fits them alone.
fn as_parts(mut group: Group) -> Vec<Group> {
    let parts = match group.latest.as_slice() {
        [only] if !group.is_dated && !only.parts.is_empty() => only.parts.clone(),
        _ => return vec![group],
    };
    let path = group.latest[0].path.clone();
    let mut all: Vec<PathBuf> = parts.iter().cloned().chain([path.clone()]).collect();
    all.sort();
    let pattern = across_folders(&all).or_else(|| between(&all));
    let fits = pattern.as_ref().is_some_and(|pattern| {
        let mut found = matching(pattern).unwrap_or_default();
        found.sort();
        found == all
    });
    if let Some(pattern) = pattern.filter(|_| fits) {
        group.pattern = pattern;
        group.is_dated = true;
        return vec![group];
    }
    let alone = |path: PathBuf| Group {
        pattern: path.clone(),
        latest: vec![Found {
            path,
            parts: Vec::new(),
            questions: Vec::new(),
        }],
        superseded: Vec::new(),
        is_dated: false,
    };
    std::iter::once(path).chain(parts).map(alone).collect()
}

/// A pattern with a star for the folder of files that have the same name in different folders, all in
/// one folder; nothing for others.
fn across_folders(files: &[PathBuf]) -> Option<PathBuf> {
    let (first, others) = files.split_first()?;
    let (name, parent) = (first.file_name()?, first.parent()?);
    let folder = parent.parent()?;
    let is_alike = |other: &PathBuf| {
        let of_other = other.parent();
        other.file_name() == Some(name)
            && of_other != Some(parent)
            && of_other.and_then(Path::parent) == Some(folder)
    };
    let is_named = parent.file_name().is_some();
    (is_named && others.iter().all(is_alike)).then(|| folder.join("*").join(name))
}

/// A pattern with one star for where the names differ; nothing if they have hardly anything in common.
fn between(files: &[PathBuf]) -> Option<PathBuf> {
    let names: Vec<Vec<char>> = files
        .iter()
        .map(|file| {
            file.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .chars()
                .collect()
        })
        .collect();
    let (first, others) = names.split_first()?;
    let shortest = names.iter().map(Vec::len).min()?;
    let same = |at: &usize| others.iter().all(|name| name[*at] == first[*at]);
    let mut prefix = (0..shortest).take_while(same).count();
    let from_end = |name: &[char], at: usize| name[name.len() - 1 - at];
    let same_end = |at: &usize| {
        let mut others = others.iter();
        others.all(|name| from_end(name, *at) == from_end(first, *at))
    };
    let mut suffix = (0..shortest - prefix).take_while(same_end).count();
    // Whole words: the "n" of "open" and "won" says nothing.
    while prefix > 0 && first[prefix - 1].is_alphanumeric() {
        prefix -= 1;
    }
    while suffix > 0 && first[first.len() - suffix].is_alphanumeric() {
        suffix -= 1;
    }
    let common = &first[..prefix];
    let end = &first[first.len() - suffix..];
    let letters = common.iter().chain(end).filter(|one| one.is_alphabetic());
    // More than the three letters of "csv".
    let pattern: String = common.iter().chain(['*'].iter()).chain(end).collect();
    (letters.count() > 6).then(|| files[0].with_file_name(pattern))
}

/// Which of the files with the same columns count, the newest of which is first: they are the parts of
/// one export, which hold different records, or one export at several times.
fn found(files: Vec<PathBuf>, superseded: &mut Vec<(PathBuf, PathBuf)>) -> Option<Found> {
    let mut files = files.into_iter();
    let newest = files.next()?;
    let (others, of_one_day): (Vec<PathBuf>, Vec<PathBuf>) =
        files.partition(|file| is_of_other_day(&newest, file));
    let mut found = Found {
        path: newest.clone(),
        parts: Vec::new(),
        questions: Vec::new(),
    };
    let shown = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let ids = if of_one_day.is_empty() && others.is_empty() {
        None
    } else {
        ids(&newest)
    };
    let shares = |other: &PathBuf| {
        let (_, own) = ids.as_ref()?;
        Some(shares_records(own, &self::ids(other)?.1))
    };
    let shared: Vec<Option<bool>> = of_one_day.iter().map(shares).collect();
    if !shared.is_empty() && shared.iter().all(|shares| *shares == Some(false)) {
        if let Some(other) = others.first() {
            found.questions.push(format!(
                "{} and {} are parts of one export, and {} is of another day. Move earlier exports out of the \
                 folder: all files that match the pattern count.",
                shown(&newest),
                counted_others(of_one_day.len()),
                shown(other)
            ));
        }
        found.parts = of_one_day;
    } else {
        let first = of_one_day.iter().chain(&others).next();
        let has_others = match shared.first() {
            Some(_) => shared.contains(&Some(false)),
            None => others.first().and_then(shares) == Some(false),
        };
        if let Some(first) = first.filter(|_| has_others) {
            found.questions.push(format!(
                "Is {} the same export as {} at a later time? Few of their records are in both. If they are \
                 parts of one export, write take = \"parts\" in gong-crm.toml.",
                shown(&newest),
                shown(first)
            ));
        }
        superseded.extend(of_one_day.into_iter().map(|file| (file, newest.clone())));
    }
    superseded.extend(others.into_iter().map(|file| (file, newest.clone())));
    Some(found)
}

fn counted_others(count: usize) -> String {
    match count {
        1 => "1 other file".to_owned(),
        count => format!("{count} other files"),
    }
}

/// The type of a file's records, and the cells of the column with their ids.
fn ids(path: &Path) -> Option<(ObjectType, Profile)> {
    let mut table = Table::read(path).ok()?;
    let object_type = object_type(&table)?;
    let index = Roles::of(&table, object_type).column("objectId")?;
    Some((object_type, table.columns.swap_remove(index).profile))
}

/// Whether two files have most of their records in common.
fn shares_records(ids: &Profile, others: &Profile) -> bool {
    let (common, _) = ids.overlap(others);
    common * 2 >= ids.distinct().min(others.distinct())
}

/// Whether a name has a year and a month, or a number that is hardly part of it: `deals-2026-02.csv`,
/// `export_0226.csv`.
fn has_month(name: &str) -> bool {
    let mut before = None;
    let mut run = String::new();
    for character in name.chars().chain(['.']) {
        if character.is_ascii_digit() {
            run.push(character);
            continue;
        }
        let is_apart = before.is_none_or(|one: char| !one.is_alphanumeric());
        if run.len() >= 4 && (is_apart || run.starts_with("20")) {
            return true;
        }
        run.clear();
        before = Some(character);
    }
    false
}

/// The name with one star for its digits and the signs between them.
fn pattern(name: &str) -> String {
    let first = name.find(|one: char| one.is_ascii_digit());
    let last = name.rfind(|one: char| one.is_ascii_digit());
    let (Some(first), Some(last)) = (first, last) else {
        return name.to_owned();
    };
    // The letters of a hexadecimal number are others next time.
    let is_hex = |one: &char| one.is_ascii_hexdigit() && !one.is_ascii_uppercase();
    let before = &name[..first];
    let head = before.trim_end_matches(|one| is_hex(&one));
    let head = if head.ends_with(char::is_alphanumeric) || head.is_empty() {
        before
    } else {
        head
    };
    let after = &name[last + 1..];
    let tail = after.trim_start_matches(|one| is_hex(&one));
    let tail = if tail.starts_with(char::is_alphanumeric) {
        after
    } else {
        tail
    };
    format!("{head}*{tail}")
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
