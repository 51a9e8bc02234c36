//! Finding the files at given paths, and the types of their records.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::pattern::{matching, shown_name};
use crate::object_type::ObjectType;

/// The maximum number of bytes of one upload's body. Gong documents 200 megabytes; the smaller
/// interpretation is used.
pub const MAX_BODY_BYTES: u64 = 200_000_000;

/// The part of it that the multipart framing around the file may need.
pub const FRAMING_BYTES: u64 = 1024;

/// File extensions of entity files.
const ENDINGS: [&str; 3] = ["ldjson", "ndjson", "jsonl"];

/// The one of them that nothing but entity files has.
const LDJSON: &str = "ldjson";

/// How much of a file is looked at to tell records from rows.
const SNIFFED_BYTES: u64 = 64 * 1024;

/// File extensions of CSV files.
const CSV_ENDINGS: [&str; 2] = ["csv", "tsv"];

/// The part of the names of rejects files before their extension.
pub const REJECTS_INFIX: &str = ".rejects.";

/// Whether CSV files count as record files, and with which type if their names do not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CsvHandling {
    /// They do not count: there is not a mapping.
    Unmapped,
    /// They count: there is a mapping, with the type if it is for one type only.
    Mapped(Option<ObjectType>),
    /// They count if they have the extension of a CSV file.
    MappedByName(Option<ObjectType>),
    /// These files count, and the mapping says as which types.
    Sources(Arc<SourceFiles>),
}

/// Which files have records of which types. One file can have records of several types, such as a
/// CSV of deals that names their stages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceFiles {
    files: Vec<(ObjectType, PathBuf)>,
    /// Whether other files count too that are named as CSVs, by the types in their names.
    has_others: bool,
}

impl SourceFiles {
    /// These files; `has_others` if other CSVs count too.
    pub fn new(files: impl IntoIterator<Item = (ObjectType, PathBuf)>, has_others: bool) -> Self {
        let files = files
            .into_iter()
            .map(|(object_type, path)| (object_type, canonical(&path)));
        Self {
            files: files.collect(),
            has_others,
        }
    }

    /// The types of the file's records, in load order.
    pub fn types(&self, path: &Path) -> Vec<ObjectType> {
        let path = canonical(path);
        let named = self.files.iter().filter(|(_, known)| *known == path);
        let mut types: Vec<ObjectType> = named.map(|(object_type, _)| *object_type).collect();
        types.sort_unstable();
        types.dedup();
        types
    }
}

/// The path that a file has without links and dots, if it is there.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

impl CsvHandling {
    /// Whether the file is to be converted. With a mapping, that is every file that does not hold
    /// records already, by its extension or its first line, and standard input.
    pub fn include(&self, path: &Path) -> bool {
        match self {
            Self::Unmapped => false,
            Self::Mapped(_) => match ending(path).as_str() {
                LDJSON => false,
                ending if ENDINGS.contains(&ending) => !holds_records(path),
                _ => true,
            },
            Self::MappedByName(_) => is_named_csv(path),
            Self::Sources(sources) => {
                !sources.types(path).is_empty() || (sources.has_others && is_named_csv(path))
            }
        }
    }
}

/// Whether the first line of a file looks like a record and not like a row that becomes one.
fn holds_records(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read =
        super::open::open(path).and_then(|file| file.take(SNIFFED_BYTES).read_to_end(&mut begin));
    if read.is_err() {
        return true;
    }
    let begin = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&begin);
    let begin = begin.trim_ascii_start();
    let first = begin.split(|byte| *byte == b'\n').next();
    let first = first.unwrap_or_default();
    let is_json = first.starts_with(b"{") || first.starts_with(b"[");
    !is_json || memchr::memmem::find(first, b"\"objectId\"").is_some()
}

/// Whether the extension is that of a CSV file, compressed or not.
pub fn is_named_csv(path: &Path) -> bool {
    CSV_ENDINGS.contains(&ending(path).as_str())
}

/// The extension of a file before `.gz`, in lower case.
fn ending(path: &Path) -> String {
    let name = unpacked_name(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.to_owned()
}

/// A file's name without `.gz`, in lower case.
fn unpacked_name(path: &Path) -> String {
    let mut name = shown_name(path).to_lowercase();
    name.truncate(name.strip_suffix(".gz").unwrap_or(&name).len());
    name
}

/// Whether the file is a rejects file of a push. Its records are also in the file that was pushed, so
/// it counts only if it is named.
pub fn is_rejects_file(path: &Path) -> bool {
    let infix = REJECTS_INFIX.trim_end_matches('.');
    let name = unpacked_name(path);
    name.rsplit_once('.')
        .is_some_and(|(stem, _)| stem.ends_with(infix))
}

/// Why no entity files were found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// No file or folder was named.
    #[error("no file or folder was named")]
    NoPaths,
    /// A path does not exist, or is not readable.
    #[error("{} can't be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder contains no record file, or a pattern matches none.
    #[error("{} (.ldjson, .ndjson or .jsonl)", no_files(path))]
    NoEntityFiles {
        /// The folder or pattern.
        path: PathBuf,
    },
    /// A folder or pattern yields only rejects files of earlier pushes.
    #[error(
        "{} contains only rejects files of earlier pushes; name such a file to send it",
        path.display()
    )]
    OnlyRejects {
        /// The folder or pattern.
        path: PathBuf,
    },
    /// A file name does not start with a type.
    #[error(
        "{}: the file name does not say which type of records it contains; start it with one of {}, \
         or set the type", path.display(), stems()
    )]
    UnknownType {
        /// The file.
        path: PathBuf,
    },
    /// There is not a mapping for a CSV file.
    #[error("{} is a CSV file, and there is no mapping for it", path.display())]
    NoMapping {
        /// The CSV.
        path: PathBuf,
    },
    /// Standard input needs a type, because it has no file name.
    #[error("set the type of the records on standard input")]
    TypeNeeded,
}

fn stems() -> String {
    ObjectType::ALL.map(ObjectType::file_stem).join(", ")
}

/// A file with records of one type.
#[derive(Debug, Clone)]
pub struct EntityFilePath {
    /// Where it is.
    pub path: PathBuf,
    /// The type of its records.
    pub object_type: ObjectType,
}

/// Finds the record files at the paths, in the order in which types refer to each other. A folder
/// yields its files, without subfolders and rejects files; a pattern yields rejects files only if
/// it contains `rejects`.
///
/// The type of all records is `object_type`; without it, that of `types`, or else of the file's name.
///
/// # Errors
///
/// [`FilesError`] for the first path that leads to no entity file.
pub fn entity_files(
    paths: &[impl AsRef<Path>],
    object_type: Option<ObjectType>,
    types: &SourceFiles,
    csvs: &CsvHandling,
) -> Result<Vec<EntityFilePath>, FilesError> {
    if paths.is_empty() {
        return Err(FilesError::NoPaths);
    }
    let mut files = Vec::new();
    for path in paths {
        for path in expand(path.as_ref(), csvs)? {
            files.extend(typed(path, object_type, types, csvs)?);
        }
    }
    // Stable: files of one type keep the order in which they were named, or of their names.
    files.sort_by_key(|file| file.object_type);
    Ok(files)
}

/// The type of the records on standard input.
///
/// # Errors
///
/// [`FilesError::TypeNeeded`] when nothing names the type.
pub fn type_of_input(
    object_type: Option<ObjectType>,
    csvs: &CsvHandling,
) -> Result<ObjectType, FilesError> {
    match (object_type, csvs) {
        (Some(object_type), _) => Ok(object_type),
        (None, CsvHandling::Mapped(Some(object_type))) => Ok(*object_type),
        _ => Err(FilesError::TypeNeeded),
    }
}

fn expand(path: &Path, csvs: &CsvHandling) -> Result<Vec<PathBuf>, FilesError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => of_folder(path, csvs),
        Ok(_) => Ok(vec![path.to_path_buf()]),
        Err(source) => {
            // A pattern that the shell did not expand, as on Windows.
            let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
            match pattern.and_then(|pattern| Some((pattern, matching(path).ok()?))) {
                Some((pattern, mut found)) => {
                    let speaks_of_rejects = pattern.to_lowercase().contains("rejects");
                    let all = found.len();
                    found.retain(|path| speaks_of_rejects || !is_rejects_file(path));
                    let has_rejects = found.len() < all;
                    non_empty(path, found, has_rejects)
                }
                None => Err(FilesError::Unreadable {
                    path: path.to_path_buf(),
                    source,
                }),
            }
        }
    }
}

/// The entity files of a folder, by name.
fn of_folder(folder: &Path, csvs: &CsvHandling) -> Result<Vec<PathBuf>, FilesError> {
    let listed = list(folder)?;
    let mut found = listed.lines;
    if *csvs == CsvHandling::Unmapped {
        // CSV files beside record files may be their sources. CSV files alone are an error.
        if let Some(path) = listed.csvs.into_iter().next().filter(|_| found.is_empty()) {
            return Err(FilesError::NoMapping { path });
        }
    } else {
        let others = if matches!(csvs, CsvHandling::Sources(_)) {
            listed.others
        } else {
            Vec::new()
        };
        let all = listed.csvs.into_iter().chain(others);
        found.extend(all.filter(|path| csvs.include(path)));
        found.sort();
    }
    non_empty(folder, found, listed.has_rejects)
}

/// The CSV files in the folders among the paths, which are skipped if there is not a mapping and
/// the folder contains entity files.
pub fn unmapped_csvs(paths: &[impl AsRef<Path>]) -> Vec<PathBuf> {
    let folders = paths.iter().filter(|path| path.as_ref().is_dir());
    folders
        .filter_map(|folder| list(folder.as_ref()).ok())
        .flat_map(|listed| listed.csvs)
        .collect()
}

/// The files in a folder, by name.
#[derive(Default)]
struct Listed {
    lines: Vec<PathBuf>,
    csvs: Vec<PathBuf>,
    others: Vec<PathBuf>,
    has_rejects: bool,
}

fn list(folder: &Path) -> Result<Listed, FilesError> {
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FilesError::Unreadable { path, source }
    };
    let mut listed = Listed::default();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let files = if is_named_csv(&path) {
            &mut listed.csvs
        } else if ENDINGS.contains(&ending(&path).as_str()) {
            &mut listed.lines
        } else {
            &mut listed.others
        };
        // A dangling link is not skipped.
        if !fs::metadata(&path).map_err(unreadable(&path))?.is_file() {
            continue;
        }
        if is_rejects_file(&path) {
            listed.has_rejects = true;
        } else {
            files.push(path);
        }
    }
    listed.lines.sort();
    listed.csvs.sort();
    Ok(listed)
}

fn no_files(path: &Path) -> String {
    let path = path.display().to_string();
    if path.contains(['*', '?', '[']) {
        format!("no record file matches {path}")
    } else {
        format!("{path} contains no record file")
    }
}

fn non_empty(
    path: &Path,
    files: Vec<PathBuf>,
    has_rejects: bool,
) -> Result<Vec<PathBuf>, FilesError> {
    let path = || path.to_path_buf();
    match files.is_empty() {
        true if has_rejects => Err(FilesError::OnlyRejects { path: path() }),
        true => Err(FilesError::NoEntityFiles { path: path() }),
        false => Ok(files),
    }
}

fn typed(
    path: PathBuf,
    object_type: Option<ObjectType>,
    types: &SourceFiles,
    csvs: &CsvHandling,
) -> Result<Vec<EntityFilePath>, FilesError> {
    if *csvs == CsvHandling::Unmapped && is_named_csv(&path) {
        return Err(FilesError::NoMapping { path });
    }
    if object_type.is_none() {
        let mut known = types.types(&path);
        if known.is_empty()
            && let CsvHandling::Sources(sources) = csvs
        {
            known = sources.types(&path);
        }
        if !known.is_empty() {
            let typed = known.into_iter().map(|object_type| EntityFilePath {
                path: path.clone(),
                object_type,
            });
            return Ok(typed.collect());
        }
    }
    if let (None, CsvHandling::Sources(sources)) = (object_type, csvs)
        && is_named_csv(&path)
        && !sources.has_others
    {
        return Err(FilesError::NoMapping { path });
    }
    let reported = || ObjectType::from_file_name(&shown_name(&path));
    let mapped = || match csvs {
        CsvHandling::Mapped(only) | CsvHandling::MappedByName(only) if csvs.include(&path) => *only,
        _ => None,
    };
    match object_type.or_else(reported).or_else(mapped) {
        Some(object_type) => Ok(vec![EntityFilePath { path, object_type }]),
        None => Err(FilesError::UnknownType { path }),
    }
}

#[cfg(test)]
mod tests;
