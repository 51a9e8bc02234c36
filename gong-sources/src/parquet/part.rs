//! One Parquet file among the parts of an export.

use gong_crm::source::SourceError;
use jiff::Timestamp;
use object_store::ObjectMeta;
use object_store::path::Path;

/// One file.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) path: Path,
    /// What messages call it.
    pub(super) shown: String,
    pub(super) bytes: u64,
    pub(super) tag: Option<String>,
    pub(super) modified: Timestamp,
    /// The columns that its folders name, as in `region=eu/`.
    /// Null has no value.
    pub(super) partitions: Vec<(String, Option<String>)>,
}

/// When a file was written.
pub(super) fn modified(meta: &ObjectMeta) -> Timestamp {
    Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).unwrap_or_default()
}

/// The folder of a path, as text.
pub(super) fn folder_of(path: &Path) -> String {
    let text = path.as_ref();
    text.rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned()
}

/// Whether a path is below a folder, or a folder below it.
pub(super) fn is_below(path: &Path, folder: &str) -> bool {
    let rest = path.as_ref().strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
}

impl Part {
    pub(super) fn new(meta: ObjectMeta, prefix: &Path) -> Self {
        let modified = modified(&meta);
        let below: Vec<String> = match meta.location.prefix_match(prefix) {
            Some(parts) => parts.map(|part| part.as_ref().to_owned()).collect(),
            None => Vec::new(),
        };
        let folders = below.split_last().map(|(_, folders)| folders);
        let partitions = folders
            .unwrap_or_default()
            .iter()
            .filter_map(|folder| {
                let (name, value) = folder.split_once('=')?;
                let value = decoded(value);
                let is_null = value == "__HIVE_DEFAULT_PARTITION__";
                Some((name.to_owned(), (!is_null).then_some(value)))
            })
            .collect();
        let shown = if below.is_empty() {
            meta.location.filename().unwrap_or_default().to_owned()
        } else {
            below.join("/")
        };
        Self {
            shown,
            bytes: meta.size,
            tag: meta.e_tag,
            modified,
            partitions,
            path: meta.location,
        }
    }

    pub(super) fn failed(&self, reason: impl std::fmt::Display) -> SourceError {
        SourceError::failed(format!("{}: {reason}", self.shown))
    }

    /// The error of a file that is missing, half-written or not Parquet.
    pub(super) fn unreadable(&self, error: &parquet::errors::ParquetError) -> SourceError {
        use parquet::errors::ParquetError;

        let reason = match error {
            ParquetError::External(cause) => match cause.downcast_ref::<object_store::Error>() {
                Some(object_store::Error::NotFound { .. }) => {
                    "it does not exist any more".to_owned()
                }
                Some(object_store::Error::Precondition { .. }) => {
                    "it was replaced while it was read".to_owned()
                }
                _ => cause.to_string(),
            },
            // The library has the codecs that it was built with.
            ParquetError::General(text) if text.contains("Disabled feature") => format!(
                "it is compressed in a way that is not supported ({}); write it with zstd, snappy, \
                 gzip, lz4 or without compression",
                text.rsplit(": ").next().unwrap_or_default()
            ),
            error => format!("it cannot be read as a complete Parquet file: {error}"),
        };
        self.failed(reason)
    }
}

/// The value of a partition, in which Hive writes some characters as `%3A`.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, more @ ..] = rest {
        let escaped = more.get(..2).filter(|_| *first == b'%');
        let number = escaped
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match number {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

/// Whether a name is that of a Parquet file.
pub(super) fn is_parquet(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".parquet", ".parq", ".pqt"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_partitions_are_decoded() {
        assert_eq!(decoded("2026-01-15 09%3A30"), "2026-01-15 09:30");
        assert_eq!(decoded("100%"), "100%");
    }
}
