//! Loads a folder of CRM files without a request.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::file_reader::FileReader;
use super::state::State;
use super::uploads::{StoredUpload, UploadKind};
use crate::object_type::ObjectType;
use crate::time::Processing;
use crate::validate::{RecordCheck, SchemaField};

/// Why a folder could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The folder or one of its files could not be read.
    #[error("can't read {}", path.display())]
    Read {
        /// The path that was read.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Nothing in the folder has the name of an entity file.
    #[error(
        "{} has no entity files; they are named after their type, such as accounts.ldjson, \
         business_users.ldjson or deals-2.ldjson", path.display()
    )]
    NoFiles {
        /// The folder.
        path: PathBuf,
    },
    /// The entity schema is invalid.
    #[error("{} is not an entity schema, an object from object type to a list of fields: {reason}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
}

/// The order in which types are loaded, and how their files' names begin.
const STEMS: [(ObjectType, &str); 6] = [
    (ObjectType::Stage, "stages"),
    (ObjectType::BusinessUser, "business_users"),
    (ObjectType::Account, "accounts"),
    (ObjectType::Contact, "contacts"),
    (ObjectType::Deal, "deals"),
    (ObjectType::Lead, "leads"),
];

/// The file of the folder that defines the custom fields.
const SCHEMA_FILE: &str = "entity-schema.json";

impl State {
    /// Loads the files of a folder into the newest integration, registering one if there is none.
    /// Each file becomes an upload that is processed immediately; returns their client request ids.
    ///
    /// # Errors
    ///
    /// If a file cannot be read. Rejected lines are not an error: the upload lists them.
    pub(crate) fn seed_from(&mut self, folder: &Path) -> Result<Vec<String>, SeedError> {
        let files = entity_files(folder)?;
        let integration_id = self.integration_for_seed();
        self.seed_schema(integration_id, &folder.join(SCHEMA_FILE))?;
        let mut loaded = Vec::new();
        for (object_type, path) in files {
            let read_error = |source| SeedError::Read {
                path: path.clone(),
                source,
            };
            let mut file = BufReader::new(File::open(&path).map_err(read_error)?);
            let mut reader = FileReader::new(self.record_check(integration_id, object_type));
            let mut buffer = vec![0; 256 * 1024];
            loop {
                let length = file.read(&mut buffer).map_err(read_error)?;
                if length == 0 {
                    break;
                }
                reader.push(&buffer[..length]);
            }
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            loaded.push(self.seed_file(integration_id, object_type, &stem, reader));
        }
        Ok(loaded)
    }

    /// Makes an upload of a file that was read, and processes it.
    pub(crate) fn seed_file(
        &mut self,
        integration_id: i64,
        object_type: ObjectType,
        name: &str,
        reader: FileReader,
    ) -> String {
        let (outcome, staged) = reader.finish();
        let plain: String = name
            .chars()
            .map(|character| {
                if character.is_ascii_alphanumeric() {
                    character
                } else {
                    '-'
                }
            })
            .collect();
        let mut client_request_id = format!("seed-{plain}");
        while self.uploads.is_used(&client_request_id, None) {
            client_request_id = format!("seed-{plain}-{}", self.random.u32(..));
        }
        let kind = UploadKind::Records(object_type);
        let upload = StoredUpload::new(kind, self.now(), Processing::Immediate, outcome, staged);
        self.uploads.add(integration_id, &client_request_id, upload);
        self.changed();
        self.process_due();
        client_request_id
    }

    /// The newest integration, or a new one.
    pub(crate) fn integration_for_seed(&mut self) -> i64 {
        match self.current() {
            Some(integration) => integration.id,
            None => self.register("Seeded CRM", "admin@seeded.example"),
        }
    }

    pub(crate) fn record_check(&self, integration_id: i64, object_type: ObjectType) -> RecordCheck {
        let integration = self.integration(integration_id);
        let schema =
            integration.map_or_else(|| [].into(), |integration| integration.schema(object_type));
        RecordCheck {
            object_type,
            rules: self.rules,
            schema,
        }
    }

    fn seed_schema(&mut self, integration_id: i64, path: &Path) -> Result<(), SeedError> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(SeedError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let reject = |reason: String| SeedError::Schema {
            path: path.to_owned(),
            reason,
        };
        let types: BTreeMap<String, Vec<Value>> =
            serde_json::from_slice(&text).map_err(|error| reject(error.to_string()))?;
        for (name, fields) in types {
            let object_type = ObjectType::from_name(&name)
                .filter(|object_type| object_type.has_schema())
                .ok_or_else(|| reject(format!("{name} has no entity schema")))?;
            let fields: Result<Vec<SchemaField>, _> =
                fields.into_iter().map(serde_json::from_value).collect();
            let fields = fields.map_err(|error| reject(format!("{name}: {error}")))?;
            if let Some(integration) = self.integration_mut(integration_id) {
                integration.set_schema(object_type, fields);
            }
        }
        Ok(())
    }
}

/// The entity files of a folder in the order of loading.
fn entity_files(folder: &Path) -> Result<Vec<(ObjectType, PathBuf)>, SeedError> {
    let read_error = |source| SeedError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(read_error)? {
        let path = entry.map_err(read_error)?.path();
        if let Some(rank) = path
            .file_name()
            .and_then(|name| rank_of(&name.to_string_lossy()))
        {
            files.push((rank, path));
        }
    }
    if files.is_empty() {
        return Err(SeedError::NoFiles {
            path: folder.to_owned(),
        });
    }
    files.sort();
    Ok(files
        .into_iter()
        .map(|(rank, path)| (STEMS[rank].0, path))
        .collect())
}

/// `accounts.ldjson`, `accounts-2.ndjson`, `business_users_old.jsonl`, …
fn rank_of(file_name: &str) -> Option<usize> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    if !matches!(extension, "ldjson" | "ndjson" | "jsonl") {
        return None;
    }
    STEMS.iter().position(|(_, known)| {
        stem.strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        assert_eq!(rank_of("stages.ldjson"), Some(0));
        assert_eq!(rank_of("business_users-2026.jsonl"), Some(1));
        assert_eq!(rank_of("accounts_2.ndjson"), Some(2));
        for other in [
            "accounts.csv",
            "accountsx.ldjson",
            "README.md",
            "stage.ldjson",
            "accounts",
        ] {
            assert_eq!(rank_of(other), None, "{other}");
        }
    }
}
