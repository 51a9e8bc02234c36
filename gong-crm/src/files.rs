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

/// Whether files that end in `.gz` count as entity files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compressed {
    Included,
    #[cfg_attr(not(test), expect(dead_code, reason = "checks and pushes both unpack"))]
    LeftOut,
}

/// Finds the entity files at the paths and puts them into the order in which types refer to each
/// other. A folder gives its own files, not those of folders within it.
pub(crate) fn entity_files(
    paths: &[impl AsRef<Path>],
    object_type: Option<ObjectType>,
    compressed: Compressed,
) -> Result<Vec<EntityFilePath>, FilesError> {
    if paths.is_empty() {
        return Err(FilesError::NoPaths);
    }
    let mut files = Vec::new();
    for path in paths {
        for path in expand(path.as_ref(), compressed)? {
            files.push(typed(path, object_type)?);
        }
    }
    // Stable: files of one type keep the order in which they were named, or of their names.
    files.sort_by_key(|file| file.object_type);
    Ok(files)
}

fn expand(path: &Path, compressed: Compressed) -> Result<Vec<PathBuf>, FilesError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => of_folder(path, compressed),
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
fn of_folder(folder: &Path, compressed: Compressed) -> Result<Vec<PathBuf>, FilesError> {
    let unreadable = |source| FilesError::Unreadable {
        path: folder.to_path_buf(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let mut name = name.unwrap_or_default().to_lowercase();
        if compressed == Compressed::Included {
            name.truncate(name.strip_suffix(".gz").unwrap_or(&name).len());
        }
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ENDINGS.contains(&ending) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    non_empty(folder, found)
}

fn non_empty(path: &Path, files: Vec<PathBuf>) -> Result<Vec<PathBuf>, FilesError> {
    if files.is_empty() {
        return Err(FilesError::NoEntityFiles {
            path: path.to_path_buf(),
        });
    }
    Ok(files)
}

fn typed(path: PathBuf, object_type: Option<ObjectType>) -> Result<EntityFilePath, FilesError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let told = || ObjectType::from_file_name(name.unwrap_or_default());
    match object_type.or_else(told) {
        Some(object_type) => Ok(EntityFilePath { path, object_type }),
        None => Err(FilesError::UnknownType { path }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[PathBuf], compressed: Compressed) -> Vec<String> {
        entity_files(paths, None, compressed)
            .unwrap()
            .into_iter()
            .map(|file| file.path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn folders_and_patterns_give_their_entity_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "deals.ldjson",
            "accounts.jsonl.gz",
            "stages.NDJSON",
            "notes.txt",
        ] {
            fs::write(folder.path().join(name), "{}\n").unwrap();
        }
        let path = vec![folder.path().to_path_buf()];
        assert_eq!(
            names(&path, Compressed::Included),
            ["stages.NDJSON", "accounts.jsonl.gz", "deals.ldjson"]
        );
        assert_eq!(
            names(&path, Compressed::LeftOut),
            ["stages.NDJSON", "deals.ldjson"]
        );
        let pattern = vec![folder.path().join("*.l?json")];
        assert_eq!(names(&pattern, Compressed::LeftOut), ["deals.ldjson"]);
        let nothing = folder.path().join("x*.ldjson");
        assert!(matches!(
            entity_files(&[nothing], None, Compressed::LeftOut),
            Err(FilesError::NoEntityFiles { .. })
        ));
    }
}
