//! Which files a push sends, as what, and in which order.

use std::fs;
use std::path::{Path, PathBuf};

use super::Options;
use gong_records::ObjectType;
use gong_records::io::discover::{
    CsvHandling, EntityFilePath, FilesError, entity_files, type_of_input, unmapped_csvs,
};

/// The path that stands for the standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// A file that will be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedFile {
    /// Where it is; `-` is the standard input.
    pub path: PathBuf,
    /// What its records are.
    pub object_type: ObjectType,
    /// Its size as it lies there, perhaps compressed; 0 for the standard input.
    pub bytes: u64,
}

impl PlannedFile {
    pub(super) fn is_standard_input(&self) -> bool {
        self.path.as_os_str() == STANDARD_INPUT
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
    }
}

/// Why files can't be pushed as they are; nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The paths lead to no entity files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A file holds nothing.
    #[error("{} is empty; Gong has nothing to take from it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// An id of one's own can name one upload only.
    #[error("a client request id of your own is for one file, and these are {files}")]
    OneIdForMany {
        /// How many files there are.
        files: usize,
    },
}

/// Finds the entity files at the paths and puts them into the order in which types refer to each
/// other: stages, users, accounts, contacts, deals, leads.
///
/// A folder gives its files that end in `.ldjson`, `.ndjson` or `.jsonl`, compressed (`.gz`) or not,
/// but not those of folders within it. What a push wrote of refused records (`….rejects.ldjson`)
/// is sent where a path or pattern names it. `-` is the standard input. The type of a file's records is `object_type`, or else what its name begins
/// with.
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
    planned(paths, object_type, &CsvHandling::Unmapped)
}

impl Options {
    /// The files at the paths in the order in which they would go, as [`plan`] finds them; CSVs
    /// among them, if something makes records of them.
    ///
    /// # Errors
    ///
    /// [`PlanError`] for the first file that can't be sent.
    pub fn files(&self) -> Result<Vec<PlannedFile>, PlanError> {
        planned(&self.paths, self.object_type, &self.csvs())
    }

    /// The CSVs in the folders that are not sent, because nothing makes records of them. A folder
    /// of CSVs alone is refused instead.
    pub fn passed_over(&self) -> Vec<PathBuf> {
        match self.csvs() {
            CsvHandling::Unmapped => unmapped_csvs(&self.paths),
            _ => Vec::new(),
        }
    }

    /// How CSVs are found.
    pub(super) fn csvs(&self) -> CsvHandling {
        if let Some(conversion) = &self.conversion {
            return conversion.csvs();
        }
        CsvHandling::Unmapped
    }
}

fn planned(
    paths: &[impl AsRef<Path>],
    object_type: Option<ObjectType>,
    csvs: &CsvHandling,
) -> Result<Vec<PlannedFile>, PlanError> {
    let is_input = |path: &&Path| path.as_os_str() == STANDARD_INPUT;
    let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
    let mut planned = Vec::new();
    let (input, named): (Vec<&Path>, Vec<&Path>) = paths.iter().copied().partition(is_input);
    if !input.is_empty() {
        planned.push(PlannedFile {
            path: STANDARD_INPUT.into(),
            object_type: type_of_input(object_type, csvs)?,
            bytes: 0,
        });
    }
    if !named.is_empty() || planned.is_empty() {
        for file in entity_files(&named, object_type, csvs)? {
            planned.push(sendable(file)?);
        }
    }
    planned.sort_by_key(|file| file.object_type);
    Ok(planned)
}

fn sendable(file: EntityFilePath) -> Result<PlannedFile, PlanError> {
    let EntityFilePath { path, object_type } = file;
    let bytes = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(source) => return Err(FilesError::Unreadable { path, source }.into()),
    };
    if bytes == 0 {
        return Err(PlanError::Empty { path });
    }
    Ok(PlannedFile {
        path,
        object_type,
        bytes,
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
            Err(PlanError::Files(FilesError::Unreadable { .. }))
        ));
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(
            plan(&[empty.path()], None),
            Err(PlanError::Files(FilesError::NoEntityFiles { .. }))
        ));
    }
}
