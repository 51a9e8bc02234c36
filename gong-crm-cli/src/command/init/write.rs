//! Writing a draft beside what is already there: answers and addresses that a person wrote stay.

use std::path::{Path, PathBuf};

use gong_crm::ObjectType;
use gong_crm::io::atomic_file::{self, Readers};
use gong_crm::mapping::{Draft, DraftedFile, DraftedSource};

use crate::config::guard::Trust;
use crate::config::search::FILE_NAME;
use crate::config::trust_store;
use crate::error::CliError;
use crate::exit::Exit;

/// What became of the files of a draft.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// New files, and with `--force` those that were replaced.
    pub(super) new: Vec<PathBuf>,
    /// Files that something was added to.
    pub(super) extended: Vec<PathBuf>,
    /// Files that are as they were, where the draft has something else.
    pub(super) kept: Vec<PathBuf>,
    /// How many questions the written files leave open.
    pub(super) questions: usize,
    /// Sources of the config file with other files than those of the draft.
    pub(super) sources: Vec<OtherFiles>,
}

/// A source that is in effect, and differs from the draft.
#[derive(Debug)]
pub(super) struct OtherFiles {
    pub(super) object_type: ObjectType,
    /// The files as the config file has them.
    pub(super) files: String,
    /// Those of the draft.
    pub(super) drafted: String,
}

/// What is done with one file.
enum Action {
    Write,
    /// Written in place of a file that is kept under another name.
    Replace(String),
    Extend(String),
    Keep,
    Nothing,
}

/// Writes what is missing; with `force`, replaces mappings and keeps the earlier ones as `NAME.bak`.
pub(super) fn write(draft: &Draft, force: bool) -> Result<Written, CliError> {
    let mut actions = Vec::new();
    for file in &draft.files {
        actions.push((file, action(draft, file, force)?));
    }
    let mut written = Written::default();
    for file in draft.files.iter().filter(|file| is_config(&file.path)) {
        let earlier = std::fs::read_to_string(&file.path).unwrap_or_default();
        if !force {
            written.sources = other_files(draft, &earlier);
        }
    }
    for (file, action) in actions {
        let path = file.path.clone();
        match action {
            Action::Write => {
                put(&path, &file.text)?;
                trust(&path, &file.text);
            }
            Action::Replace(earlier) => {
                let mut name = path.clone().into_os_string();
                name.push(".bak");
                put(Path::new(&name), &earlier)?;
                put(&path, &file.text)?;
                trust(&path, &file.text);
            }
            Action::Extend(text) => {
                let earlier = std::fs::read_to_string(&path).unwrap_or_default();
                // What the user does not trust stays so.
                let is_trusted = matches!(trust_store::trust(&path, &earlier), Trust::Kept);
                put(&path, &text)?;
                if is_trusted {
                    trust(&path, &text);
                }
                written.extended.push(path);
                continue;
            }
            Action::Keep => {
                written.kept.push(path);
                continue;
            }
            Action::Nothing => continue,
        }
        written.questions += file.questions;
        written.new.push(path);
    }
    Ok(written)
}

fn action(draft: &Draft, file: &DraftedFile, force: bool) -> Result<Action, CliError> {
    let earlier = match std::fs::read_to_string(&file.path) {
        Ok(earlier) => earlier,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Action::Write),
        Err(error) => return Err(failed(&file.path, &error)),
    };
    if earlier == file.text {
        return Ok(Action::Nothing);
    }
    if let Some(merged) = file.merged_into(&earlier) {
        return Ok(if merged.trim_end() == earlier.trim_end() {
            Action::Nothing
        } else {
            Action::Extend(merged)
        });
    }
    if force {
        return Ok(Action::Replace(earlier));
    }
    if is_config(&file.path) {
        return Ok(match missing_sources(draft, &earlier) {
            Some(missing) if missing.is_empty() => Action::Nothing,
            Some(missing) => Action::Extend(format!("{}\n{missing}", earlier.trim_end())),
            None => Action::Keep,
        });
    }
    Ok(Action::Keep)
}

/// The sources that the config file has with other files than the draft.
fn other_files(draft: &Draft, earlier: &str) -> Vec<OtherFiles> {
    let config: toml::Table = toml::from_str(earlier).unwrap_or_default();
    let known = config.get("sources").and_then(toml::Value::as_table);
    let mut others = Vec::new();
    for source in &draft.sources {
        let of_type = known.and_then(|known| known.get(source.object_type.as_str()));
        let Some(of_type) = of_type.and_then(toml::Value::as_table) else {
            continue;
        };
        let drafted: toml::Table = toml::from_str(&source.to_toml()).unwrap_or_default();
        let drafted = drafted
            .get("sources")
            .and_then(|sources| sources.get(source.object_type.as_str()))
            .and_then(|of_type| of_type.get("files"));
        let files = of_type.get("files");
        if files != drafted {
            others.push(OtherFiles {
                object_type: source.object_type,
                files: shown(files),
                drafted: shown(drafted),
            });
        }
    }
    others
}

/// The files of a source as its table has them.
fn shown(files: Option<&toml::Value>) -> String {
    let glob = files.and_then(|files| files.get("glob"));
    match glob.or(files) {
        Some(toml::Value::String(path)) => path.clone(),
        Some(other) => other.to_string(),
        None => "another source".to_owned(),
    }
}

/// The tables of the sources that a config file has not; nothing if it can't be read.
fn missing_sources(draft: &Draft, earlier: &str) -> Option<String> {
    let config: toml::Table = toml::from_str(earlier).ok()?;
    let known = config.get("sources").and_then(toml::Value::as_table);
    let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
    let missing = draft
        .sources
        .iter()
        .filter(|source| !is_known(source.object_type.as_str()));
    Some(missing.map(DraftedSource::to_toml).collect())
}

fn is_config(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == FILE_NAME)
}

/// The user had the config file written, so it is not a stranger's. Without a state directory it is one.
fn trust(path: &Path, text: &str) {
    if is_config(path) {
        drop(trust_store::keep(path, text));
    }
}

fn put(path: &Path, text: &str) -> Result<(), CliError> {
    if let Some(folder) = path.parent() {
        atomic_file::create_private_dir(folder).map_err(|error| failed(path, &error))?;
    }
    // Mappings can quote cells of the exports.
    let written = atomic_file::write(path, text.as_bytes(), Readers::Owner);
    written.map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(Exit::Unexpected, format!("{}: {error}", path.display()))
}
