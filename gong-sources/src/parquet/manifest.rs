//! Manifests: lists of part files that a writer leaves, such as Redshift's UNLOAD.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gong_crm::source::SourceError;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde_json::Value;

use super::part::{Part, folder_of, is_below};

/// A manifest of a hundred thousand parts has some 20 MB.
const MAX_BYTES: u64 = 256 << 20;

/// A list of the parts of an export.
#[derive(Debug)]
pub(super) struct Manifest {
    name: String,
    /// Its folder, below which its parts are.
    pub(super) folder: String,
    /// When it was written.
    pub(super) written: Timestamp,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    url: String,
    bytes: Option<u64>,
}

/// Whether the name is one of a manifest: `manifest`, `manifest.json`, `leads_manifest`.
pub(super) fn is_manifest(name: &str) -> bool {
    name == "manifest.json" || name.ends_with("manifest")
}

/// Reads a manifest. A file that only has the name of one, or the format of another tool, says
/// nothing about the parts.
pub(super) async fn read(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    written: Timestamp,
) -> Result<Option<Manifest>, SourceError> {
    let name = path.filename().unwrap_or_default();
    let failed = |reason: String| SourceError::failed(format!("{name}: {reason}"));
    let found = store.get(path).await;
    let found = found.map_err(|error| failed(error.to_string()))?;
    if found.meta.size > MAX_BYTES {
        return Err(failed("it is too large for a manifest".to_owned()));
    }
    let bytes = found.bytes().await;
    let bytes = bytes.map_err(|error| failed(error.to_string()))?;
    Ok(entries(&bytes).map(|entries| Manifest {
        name: name.to_owned(),
        folder: folder_of(path),
        written,
        entries,
    }))
}

/// The parts that it names; `None` if it is in a format that is not known.
fn entries(text: &[u8]) -> Option<Vec<Entry>> {
    let text: Value = serde_json::from_slice(text).ok()?;
    let entries = text["entries"].as_array()?.iter().map(|entry| {
        Some(Entry {
            url: entry["url"].as_str()?.to_owned(),
            bytes: entry["meta"]["content_length"].as_u64(),
        })
    });
    let entries: Vec<Entry> = entries.collect::<Option<_>>()?;
    (!entries.is_empty()).then_some(entries)
}

impl Manifest {
    /// The paths of the parts that it names. They are compared by their paths below its folder,
    /// because writers use the same names in each partition, and an export may have been copied
    /// elsewhere.
    ///
    /// Fails if a part that it names is missing, or has another size.
    pub(super) fn named(&self, parts: &[Part]) -> Result<HashSet<Path>, SourceError> {
        let below = parts.iter().filter_map(|part| {
            let path = part.path.as_ref();
            let relative = match self.folder.as_str() {
                "" => path,
                folder => path.strip_prefix(folder)?.strip_prefix('/')?,
            };
            Some((relative, part))
        });
        let below: HashMap<&str, &Part> = below.collect();
        let mut named = HashSet::with_capacity(self.entries.len());
        let mut base: Option<&str> = None;
        for Entry { url, bytes } in &self.entries {
            // The longest end of the URL that is a path below the folder.
            let mut places = url.match_indices('/').map(|(place, _)| place + 1);
            let found = places.find_map(|start| Some((&url[..start], *below.get(&url[start..])?)));
            let Some((of_url, part)) = found else {
                return Err(self.failed(parts, &format!("the part {url} is missing")));
            };
            // All are below one folder: an end that is shorter than the others' is another file.
            if *base.get_or_insert(of_url) != of_url {
                return Err(self.failed(parts, &format!("the part {url} is missing")));
            }
            if bytes.is_some_and(|bytes| bytes != part.bytes) {
                let reason = format!("the part {} has another size", part.shown);
                return Err(self.failed(parts, &reason));
            }
            named.insert(part.path.clone());
        }
        Ok(named)
    }

    fn failed(&self, parts: &[Part], reason: &str) -> SourceError {
        let below = parts
            .iter()
            .filter(|part| is_below(&part.path, &self.folder));
        let newer = below.max_by_key(|part| part.modified);
        let hint = newer.filter(|part| part.modified > self.written);
        let hint = hint.map_or_else(String::new, |part| {
            format!(
                "; it is older than {}: if it is left from an earlier export, remove it",
                part.shown
            )
        });
        SourceError::failed(format!("{}: {reason}{hint}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, bytes: u64) -> Part {
        Part {
            path: Path::from(format!("copy/leads/{name}")),
            shown: name.to_owned(),
            bytes,
            tag: None,
            modified: Timestamp::UNIX_EPOCH,
            partitions: Vec::new(),
        }
    }

    fn manifest(entries: &[(&str, Option<u64>)]) -> Manifest {
        let entries = entries.iter().map(|(name, bytes)| Entry {
            url: format!("s3://b/leads/{name}"),
            bytes: *bytes,
        });
        Manifest {
            name: "manifest".to_owned(),
            folder: "copy/leads".to_owned(),
            written: Timestamp::UNIX_EPOCH,
            entries: entries.collect(),
        }
    }

    #[test]
    fn part_that_a_manifest_names_must_be_there_with_its_size() {
        let of_a = manifest(&[("a.parquet", Some(3))]);
        assert_eq!(of_a.named(&[part("a.parquet", 3)]).unwrap().len(), 1);
        let missing = of_a.named(&[part("b.parquet", 3)]).unwrap_err().to_string();
        let expected = "the part s3://b/leads/a.parquet is missing";
        assert!(missing.contains(expected), "{missing}");
        let other = of_a.named(&[part("a.parquet", 2)]).unwrap_err().to_string();
        assert!(other.contains("a.parquet has another size"), "{other}");
    }

    #[test]
    fn parts_with_one_name_in_several_folders_are_told_apart() {
        let names = ["r=1/0.parquet", "r=2/0.parquet", "r=3/0.parquet"];
        let of_all = manifest(&names.map(|name| (name, None)));
        let parts = names.map(|name| part(name, 3));
        assert_eq!(of_all.named(&parts).unwrap().len(), 3);
        let missing = of_all.named(&parts[..2]).unwrap_err().to_string();
        let expected = "the part s3://b/leads/r=3/0.parquet is missing";
        assert!(missing.contains(expected), "{missing}");
        // A file directly in the folder is not the one of a partition.
        let other = [parts[0].clone(), parts[1].clone(), part("0.parquet", 3)];
        assert!(of_all.named(&other).is_err());
    }

    #[test]
    fn unknown_format_is_not_a_manifest() {
        for text in [r#"{"files":["a.parquet"]}"#, "{", r#"{"entries":[]}"#] {
            assert!(entries(text.as_bytes()).is_none(), "{text}");
        }
    }
}
