//! Which files are meant by the paths that a person names, and what their records are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::entity::ObjectType;

/// The most bytes of one upload's body. Gong says 200 megabytes and not which.
pub const MAX_BODY_BYTES: u64 = 200_000_000;

/// What the multipart framing around the file may take of it.
pub(crate) const FRAMING_BYTES: u64 = 1024;

/// Endings of the names of entity files.
const ENDINGS: [&str; 3] = ["ldjson", "ndjson", "jsonl"];

/// Endings of the names of CSVs.
const CSV_ENDINGS: [&str; 2] = ["csv", "tsv"];

/// Whether CSVs count as entity files, and as which type where their names don't tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Csvs {
    /// No mapping says what their columns become.
    Unmapped,
    /// A mapping does; of the type, if it is for that one alone.
    #[cfg_attr(
        not(feature = "convert"),
        expect(dead_code, reason = "it has the mapping")
    )]
    Mapped(Option<ObjectType>),
}

impl Csvs {
    /// Whether the file's rows are to be made into lines. With a mapping, that is any file whose
    /// name does not say that it holds lines, and the standard input.
    pub(crate) fn include(self, path: &Path) -> bool {
        self != Self::Unmapped && !ENDINGS.contains(&ending(path).as_str())
    }
}

/// Whether the name says that the file is a CSV, compressed or not.
pub(crate) fn is_named_csv(path: &Path) -> bool {
    CSV_ENDINGS.contains(&ending(path).as_str())
}

/// The ending of a file's name, before `.gz`, in lower case.
fn ending(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str());
    let mut name = name.unwrap_or_default().to_lowercase();
    name.truncate(name.strip_suffix(".gz").unwrap_or(&name).len());
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.to_owned()
}

/// Why the paths lead to no entity files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// No file or folder was named.
    #[error("no file or folder was named")]
    NoPaths,
    /// A path leads nowhere, or is not readable.
    #[error("{} can't be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder holds no file that could be an entity file, or a pattern fits none.
    #[error("{} holds no entity file; their names end in .ldjson, .ndjson or .jsonl", path.display())]
    NoEntityFiles {
        /// The folder or pattern.
        path: PathBuf,
    },
    /// A file's name does not begin with a type.
    #[error(
        "{}: the name does not tell the type of its records; begin it with one of {}, or name the \
         type", path.display(), stems()
    )]
    UnknownType {
        /// The file.
        path: PathBuf,
    },
    /// Nothing says what the columns of a CSV become.
    #[error("{} is a CSV, and no mapping says what its columns become", path.display())]
    NoMapping {
        /// The CSV.
        path: PathBuf,
    },
    /// The standard input has no name that could tell the type.
    #[error("name the type of the records that come from the standard input")]
    TypeNeeded,
}

fn stems() -> String {
    ObjectType::ALL.map(ObjectType::file_stem).join(", ")
}

/// A file with records of one type.
#[derive(Debug, Clone)]
pub(crate) struct EntityFilePath {
    pub(crate) path: PathBuf,
    pub(crate) object_type: ObjectType,
}

/// Finds the entity files at the paths and puts them into the order in which types refer to each
/// other. A folder gives its own files, not those of folders within it.
pub(crate) fn entity_files(
    paths: &[impl AsRef<Path>],
    object_type: Option<ObjectType>,
    csvs: Csvs,
) -> Result<Vec<EntityFilePath>, FilesError> {
    if paths.is_empty() {
        return Err(FilesError::NoPaths);
    }
    let mut files = Vec::new();
    for path in paths {
        for path in expand(path.as_ref(), csvs)? {
            files.push(typed(path, object_type, csvs)?);
        }
    }
    // Stable: files of one type keep the order in which they were named, or of their names.
    files.sort_by_key(|file| file.object_type);
    Ok(files)
}

/// The type of the records that come from the standard input.
pub(crate) fn type_of_input(
    object_type: Option<ObjectType>,
    csvs: Csvs,
) -> Result<ObjectType, FilesError> {
    match (object_type, csvs) {
        (Some(object_type), _) | (None, Csvs::Mapped(Some(object_type))) => Ok(object_type),
        _ => Err(FilesError::TypeNeeded),
    }
}

fn expand(path: &Path, csvs: Csvs) -> Result<Vec<PathBuf>, FilesError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => of_folder(path, csvs),
        Ok(_) => Ok(vec![path.to_path_buf()]),
        Err(source) => {
            // A pattern that the shell left alone, as Windows' does.
            let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
            match pattern.and_then(|pattern| glob::glob(pattern).ok()) {
                Some(matches) => non_empty(path, matches.filter_map(Result::ok).collect()),
                None => Err(FilesError::Unreadable {
                    path: path.to_path_buf(),
                    source,
                }),
            }
        }
    }
}

/// The entity files of a folder, by name.
fn of_folder(folder: &Path, csvs: Csvs) -> Result<Vec<PathBuf>, FilesError> {
    let unreadable = |source| FilesError::Unreadable {
        path: folder.to_path_buf(),
        source,
    };
    let (mut found, mut unmapped) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_csv = is_named_csv(&path);
        if !(is_csv || ENDINGS.contains(&ending(&path).as_str())) || !path.is_file() {
            continue;
        }
        if is_csv && csvs == Csvs::Unmapped {
            unmapped.push(path);
        } else {
            found.push(path);
        }
    }
    found.sort();
    // CSVs beside entity files may be what those were made of. CSVs alone were meant.
    match unmapped.into_iter().min() {
        Some(path) if found.is_empty() => Err(FilesError::NoMapping { path }),
        _ => non_empty(folder, found),
    }
}

fn non_empty(path: &Path, files: Vec<PathBuf>) -> Result<Vec<PathBuf>, FilesError> {
    if files.is_empty() {
        return Err(FilesError::NoEntityFiles {
            path: path.to_path_buf(),
        });
    }
    Ok(files)
}

fn typed(
    path: PathBuf,
    object_type: Option<ObjectType>,
    csvs: Csvs,
) -> Result<EntityFilePath, FilesError> {
    if csvs == Csvs::Unmapped && is_named_csv(&path) {
        return Err(FilesError::NoMapping { path });
    }
    let name = path.file_name().and_then(|name| name.to_str());
    let told = || ObjectType::from_file_name(name.unwrap_or_default());
    let mapped = || match csvs {
        Csvs::Mapped(only) if csvs.include(&path) => only,
        _ => None,
    };
    match object_type.or_else(told).or_else(mapped) {
        Some(object_type) => Ok(EntityFilePath { path, object_type }),
        None => Err(FilesError::UnknownType { path }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf], csvs: Csvs) -> Vec<String> {
        entity_files(paths, None, csvs)
            .unwrap()
            .into_iter()
            .map(|file| file.path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    }

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), "{}\n").unwrap();
        }
        folder
    }

    #[test]
    fn folders_and_patterns_give_their_entity_files() {
        let folder = folder(&[
            "deals.ldjson",
            "accounts.jsonl.gz",
            "stages.NDJSON",
            "leads.csv",
            "notes.txt",
        ]);
        let path = vec![folder.path().to_path_buf()];
        assert_eq!(
            names(&path, Csvs::Unmapped),
            ["stages.NDJSON", "accounts.jsonl.gz", "deals.ldjson"]
        );
        let pattern = vec![folder.path().join("*.l?json")];
        assert_eq!(names(&pattern, Csvs::Unmapped), ["deals.ldjson"]);
        let nothing = folder.path().join("x*.ldjson");
        assert!(matches!(
            entity_files(&[nothing], None, Csvs::Unmapped),
            Err(FilesError::NoEntityFiles { .. })
        ));
    }

    #[test]
    fn a_mapping_makes_csvs_entity_files() {
        let of = folder(&["deals.ldjson", "accounts.csv.gz", "export.TSV", "notes.txt"]);
        let path = vec![of.path().to_path_buf()];
        let leads = Csvs::Mapped(Some(ObjectType::Lead));
        assert_eq!(
            names(&path, leads),
            ["accounts.csv.gz", "deals.ldjson", "export.TSV"]
        );
        assert!(leads.include(Path::new("export.dat")) && leads.include(Path::new("-")));
        assert!(!leads.include(Path::new("x.csv.ldjson.gz")));
        assert!(matches!(
            entity_files(&path, None, Csvs::Mapped(None)),
            Err(FilesError::UnknownType { path }) if path.ends_with("export.TSV")
        ));
    }

    #[test]
    fn a_csv_without_a_mapping_is_told_of_unless_entity_files_stand_beside_it() {
        let alone = folder(&["deals.csv", "accounts.csv"]);
        let named = [
            alone.path().to_path_buf(),
            alone.path().join("accounts.csv"),
        ];
        for path in named {
            let error = entity_files(&[path], None, Csvs::Unmapped).unwrap_err();
            assert!(
                matches!(&error, FilesError::NoMapping { path } if path.ends_with("accounts.csv")),
                "{error}"
            );
        }
    }
}
