//! The tables `[sources.TYPE]` of `gong-crm.toml`: which files hold which records, by which mapping.

use std::path::{Path, PathBuf};

use gong_crm::ObjectType;
use toml::Spanned;
use toml::de::DeValue;

use super::{ConfigError, entries, kind, line};

/// The records of one type.
#[derive(Debug, Clone)]
pub(crate) struct FileSource {
    pub(crate) object_type: ObjectType,
    /// A path or a pattern, as the file has it.
    pub(crate) files: PathBuf,
    /// Whether only the latest of the files counts.
    pub(crate) is_latest: bool,
    pub(crate) map: Option<PathBuf>,
}

impl FileSource {
    /// The files, as they are now; the folder is that of `gong-crm.toml`.
    pub(crate) fn paths(&self, folder: &Path) -> Vec<PathBuf> {
        let pattern = folder.join(&self.files);
        if pattern.exists() {
            return vec![pattern];
        }
        let found = pattern
            .to_str()
            .and_then(|pattern| glob::glob(pattern).ok());
        let mut found: Vec<PathBuf> = found.into_iter().flatten().filter_map(Result::ok).collect();
        found.sort();
        if self.is_latest {
            found.drain(..found.len().saturating_sub(1));
        }
        found
    }
}

/// Reads the tables; sources that are not files belong to others.
pub(super) fn parse(
    text: &str,
    value: &Spanned<DeValue<'_>>,
) -> Result<Vec<FileSource>, ConfigError> {
    let mut sources = Vec::new();
    for (key, value) in entries(text, "sources", value)? {
        // A tap is the source of all types.
        if matches!(key.get_ref().as_ref(), "tap" | "preset") {
            continue;
        }
        let wrong = |message: String, hint: &str, at: usize| ConfigError {
            line: line(text, at),
            message,
            hint: Some(hint.to_owned()),
        };
        let object_type: ObjectType = key.get_ref().parse().map_err(|error| {
            wrong(
                format!("sources: {error}"),
                "a source begins with a line such as [sources.DEAL]",
                key.span().start,
            )
        })?;
        let mut files = None;
        let mut is_latest = false;
        let mut map = None;
        for (key, value) in entries(text, "a source", value)? {
            let name = key.get_ref().as_ref();
            let at = key.span().start;
            match (name, value.get_ref()) {
                ("files", DeValue::String(path)) => files = Some(PathBuf::from(path.as_ref())),
                ("files", DeValue::Table(table)) => {
                    for (key, value) in table {
                        match (key.get_ref().as_ref(), value.get_ref()) {
                            ("glob", DeValue::String(pattern)) => {
                                files = Some(PathBuf::from(pattern.as_ref()));
                            }
                            ("take", DeValue::String(word)) if word.as_ref() == "latest" => {
                                is_latest = true
                            }
                            ("take", DeValue::String(word)) if word.as_ref() == "parts" => {}
                            (key, _) => {
                                return Err(wrong(
                                    format!(
                                        "sources.{object_type}.files: `{key}` is not understood"
                                    ),
                                    "write files = { glob = \"exports/deals-*.csv\", take = \"latest\" }; take is \
                                     latest or parts",
                                    at,
                                ));
                            }
                        }
                    }
                }
                ("map", DeValue::String(path)) => map = Some(PathBuf::from(path.as_ref())),
                ("files" | "map", other) => {
                    return Err(wrong(
                        format!(
                            "sources.{object_type}: `{name}` must be a quoted string, found {}",
                            kind(other)
                        ),
                        "write files = \"exports/deals.csv\" and map = \"mappings/deals.toml\"",
                        at,
                    ));
                }
                ("complete" | "command" | "sql" | "parquet", _) => {}
                _ => {
                    return Err(wrong(
                        format!("sources.{object_type}: unknown key `{name}`"),
                        "known are files, map, complete, command, sql and parquet",
                        at,
                    ));
                }
            }
        }
        if let Some(files) = files {
            sources.push(FileSource {
                object_type,
                files,
                is_latest,
                map,
            });
        }
    }
    Ok(sources)
}
