//! Which files a push sends, as what, and in which order.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::entity::ObjectType;
use crate::upload::MAX_BODY_BYTES;

/// Endings of the names of entity files.
const ENDINGS: [&str; 3] = ["ldjson", "ndjson", "jsonl"];

/// A file that will be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedFile {
    /// Where it is.
    pub path: PathBuf,
    /// What its records are.
    pub object_type: ObjectType,
    /// Its size.
    pub bytes: u64,
}

/// Why files can't be pushed as they are; nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
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
    /// A folder holds no file that could be an entity file.
    #[error("{} holds no entity file; their names end in .ldjson, .ndjson or .jsonl", path.display())]
    NoEntityFiles {
        /// The folder.
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
    /// A file holds nothing.
    #[error("{} is empty; Gong has nothing to take from it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than Gong takes.
    #[error(
        "{} has {bytes} bytes; Gong takes {MAX_BODY_BYTES} an upload, framing included: split it",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
}

fn stems() -> String {
    ObjectType::ALL.map(ObjectType::file_stem).join(", ")
}

/// Finds the entity files at the paths and puts them into the order in which types refer to each
/// other: stages, users, accounts, contacts, deals, leads.
///
/// A folder gives its files that end in `.ldjson`, `.ndjson` or `.jsonl`, but not those of folders
/// within it. The type of a file's records is `object_type`, or else what its name begins with.
///
/// # Errors
///
/// [`PlanError`] for the first file that can't be sent.
///
/// ```
/// use gong_crm::{ObjectType, push::plan};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("deals.ldjson"), "{}\n")?;
/// std::fs::write(folder.path().join("accounts-1.ldjson"), "{}\n")?;
/// let types: Vec<_> = plan(&[folder.path()], None)?.iter().map(|file| file.object_type).collect();
/// assert_eq!(types, [ObjectType::Account, ObjectType::Deal]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(
    paths: &[impl AsRef<Path>],
    object_type: Option<ObjectType>,
) -> Result<Vec<PlannedFile>, PlanError> {
    if paths.is_empty() {
        return Err(PlanError::NoPaths);
    }
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        if metadata(path)?.is_dir() {
            for inner in entity_files(path)? {
                files.push(file(inner, object_type)?);
            }
        } else {
            files.push(file(path.to_path_buf(), object_type)?);
        }
    }
    // Stable: files of one type keep the order in which they were named, or of their names.
    files.sort_by_key(|file| file.object_type);
    Ok(files)
}

/// The entity files of a folder, by name.
fn entity_files(folder: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let unreadable = |source| PlanError::Unreadable {
        path: folder.to_path_buf(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        if ENDINGS.contains(&ending.to_lowercase().as_str()) && path.is_file() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(PlanError::NoEntityFiles {
            path: folder.to_path_buf(),
        });
    }
    found.sort();
    Ok(found)
}

fn file(path: PathBuf, object_type: Option<ObjectType>) -> Result<PlannedFile, PlanError> {
    let bytes = metadata(&path)?.len();
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let Some(object_type) = object_type.or_else(|| ObjectType::from_file_name(name)) else {
        return Err(PlanError::UnknownType { path });
    };
    if bytes == 0 {
        return Err(PlanError::Empty { path });
    }
    if bytes > MAX_BODY_BYTES {
        return Err(PlanError::TooLarge { path, bytes });
    }
    Ok(PlannedFile {
        path,
        object_type,
        bytes,
    })
}

fn metadata(path: &Path) -> Result<fs::Metadata, PlanError> {
    fs::metadata(path).map_err(|source| PlanError::Unreadable {
        path: path.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), "{}\n").unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_gives_its_entity_files_in_load_order() {
        let folder = folder(&[
            "leads.jsonl",
            "deals-2.ldjson",
            "deals-1.ldjson",
            "README.md",
            "entity-schema.json",
            "stages.ndjson",
            "Business_Users.LDJSON",
        ]);
        let names: Vec<_> = plan(&[folder.path()], None)
            .unwrap()
            .into_iter()
            .map(|file| file.path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "stages.ndjson",
                "Business_Users.LDJSON",
                "deals-1.ldjson",
                "deals-2.ldjson",
                "leads.jsonl"
            ]
        );
    }

    #[test]
    fn what_can_not_be_sent_is_named_with_its_cure() {
        let folder = folder(&["things.ldjson"]);
        let path = folder.path().join("things.ldjson");
        let message = plan(&[&path], None).unwrap_err().to_string();
        assert!(
            message.contains("things.ldjson") && message.contains("business_users"),
            "{message}"
        );
        assert!(plan(&[&path], Some(ObjectType::Lead)).is_ok());

        fs::write(&path, "").unwrap();
        let message = plan(&[&path], Some(ObjectType::Lead))
            .unwrap_err()
            .to_string();
        assert!(message.contains("empty"), "{message}");

        let missing = folder.path().join("missing.ldjson");
        assert!(matches!(
            plan(&[&missing], None),
            Err(PlanError::Unreadable { .. })
        ));
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(
            plan(&[empty.path()], None),
            Err(PlanError::NoEntityFiles { .. })
        ));
    }
}
