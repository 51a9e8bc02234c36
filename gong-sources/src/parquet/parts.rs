//! Finding the part files of an export.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use gong_crm::source::{SourceError, Take};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use ring::digest::{Context, SHA256};

use super::location::Location;
use super::manifest;
use super::part::{Part, is_parquet, modified};

/// The file that Spark, and what copies it, leaves when all parts are there.
const MARKER: &str = "_SUCCESS";

/// The folder in which Spark keeps what is not complete yet.
const UNFINISHED: &str = "_temporary";

/// The files that count.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    pub(super) has_marker: bool,
}

impl Parts {
    /// Finds the files that count.
    pub(super) async fn find(
        store: &Arc<dyn ObjectStore>,
        location: &Location,
        take: Take,
    ) -> Result<Self, SourceError> {
        let shown = location.shown();
        let failed = |error: object_store::Error| match error {
            object_store::Error::NotFound { .. } => {
                SourceError::Missing(format!("nothing was found at {shown}"))
            }
            error => SourceError::failed(format!("{shown} can't be listed: {error}")),
        };
        let prefix = location.prefix();
        if location.is_file() {
            let meta = store.head(prefix).await.map_err(failed)?;
            return Self::whole(vec![Part::new(meta, prefix)], false);
        }
        let mut listed = Listed::default();
        let mut objects = store.list(Some(prefix));
        while let Some(meta) = objects.try_next().await.map_err(failed)? {
            listed.add(meta, prefix);
        }
        if listed.is_unfinished {
            return Err(SourceError::NotReady(format!(
                "{shown} is still being written: it has a folder {UNFINISHED}"
            )));
        }
        if listed.parts.is_empty() {
            return Err(SourceError::Missing(match listed.other {
                None => format!("nothing was found at {shown}"),
                Some(other) => format!("{shown} has no Parquet file; it has {other}"),
            }));
        }
        listed.parts.sort_by(|one, other| one.path.cmp(&other.path));
        let found = match take {
            Take::Latest => listed.latest()?,
            Take::Parts => listed.all(),
            _ => match listed.parts.len() {
                1 => listed.all(),
                several => {
                    return Err(SourceError::failed(format!(
                        "{several} Parquet files are at {shown}: set take = \"latest\" or \
                         \"parts\""
                    )));
                }
            },
        };
        manifest::verify(store, &found.manifests, &found.parts).await?;
        let has_marker = found.has_marker || !found.manifests.is_empty();
        Self::whole(found.parts, has_marker)
    }

    fn whole(parts: Vec<Part>, has_marker: bool) -> Result<Self, SourceError> {
        match parts.iter().find(|part| part.bytes == 0) {
            Some(empty) => Err(empty.failed("it is empty: not a complete Parquet file")),
            None => Ok(Self { parts, has_marker }),
        }
    }

    /// By what unchanged files are recognized.
    pub(super) fn stamp(&self) -> String {
        let mut hash = Context::new(&SHA256);
        for part in &self.parts {
            let tag = part.tag.as_deref().unwrap_or_default();
            let line = format!("{} {} {} {tag}\n", part.path, part.bytes, part.modified);
            hash.update(line.as_bytes());
        }
        let digest = hash.finish();
        digest
            .as_ref()
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing into a text can't fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// The result of a listing.
#[derive(Debug, Default)]
struct Listed {
    parts: Vec<Part>,
    /// The folders in which a marker is, and when it was written.
    marked: BTreeMap<String, Timestamp>,
    manifests: Vec<Path>,
    is_unfinished: bool,
    /// A file that is something else.
    other: Option<String>,
}

/// What counts of it.
struct Chosen {
    parts: Vec<Part>,
    has_marker: bool,
    manifests: Vec<Path>,
}

/// The folder of a path, as text.
fn folder_of(path: &Path) -> String {
    let text = path.as_ref();
    text.rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned()
}

impl Listed {
    fn add(&mut self, meta: ObjectMeta, prefix: &Path) {
        let below: Vec<String> = match meta.location.prefix_match(prefix) {
            Some(parts) => parts.map(|part| part.as_ref().to_owned()).collect(),
            None => return,
        };
        let Some((name, folders)) = below.split_last() else {
            return;
        };
        if folders.iter().any(|folder| folder == UNFINISHED) {
            self.is_unfinished = true;
            return;
        }
        if name == MARKER {
            let folder = folder_of(&meta.location);
            self.marked.insert(folder, modified(&meta));
        } else if manifest::is_manifest(name) {
            self.manifests.push(meta.location);
        } else if below.iter().any(|part| part.starts_with(['_', '.'])) {
            // Hidden, as Spark's checksums and logs.
        } else if is_parquet(name) {
            self.parts.push(Part::new(meta, prefix));
        } else if self.other.is_none() {
            self.other = Some(below.join("/"));
        }
    }

    /// Whether a marker of these folders was written after all parts: one that is older than a part
    /// is left from an earlier export.
    fn shows_all(markers: &[Timestamp], parts: &[Part]) -> bool {
        let is_last = |marker: &Timestamp| parts.iter().all(|part| part.modified <= *marker);
        markers.iter().any(is_last)
    }

    fn all(self) -> Chosen {
        let markers: Vec<Timestamp> = self.marked.into_values().collect();
        Chosen {
            has_marker: Self::shows_all(&markers, &self.parts),
            manifests: self.manifests,
            parts: self.parts,
        }
    }

    /// The newest export: the folder with the newest file, or that file where all are in one folder.
    fn latest(mut self) -> Result<Chosen, SourceError> {
        let newest = self.parts.iter().max_by_key(|part| {
            let folder = folder_of(&part.path);
            (part.modified, folder, part.path.to_string())
        });
        let Some(newest) = newest.cloned() else {
            return Ok(self.all());
        };
        let folder = folder_of(&newest.path);
        let has_folders = self
            .parts
            .iter()
            .any(|part| folder_of(&part.path) != folder);
        if !has_folders && self.marked.is_empty() {
            return Ok(Chosen {
                has_marker: false,
                manifests: Vec::new(),
                parts: vec![newest],
            });
        }
        let marker = self.marked.get(&folder).copied();
        if marker.is_none() && !self.marked.is_empty() {
            return Err(SourceError::NotReady(format!(
                "the newest export {} has no file {MARKER}, but the others do",
                newest.shown
            )));
        }
        let is_in = |path: &Path| folder_of(path) == folder;
        self.parts.retain(|part| is_in(&part.path));
        Ok(Chosen {
            has_marker: Self::shows_all(marker.as_slice(), &self.parts),
            manifests: self
                .manifests
                .into_iter()
                .filter(|path| is_in(path))
                .collect(),
            parts: self.parts,
        })
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    async fn find(names: &[&str], take: Take) -> Result<Vec<String>, String> {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for name in names {
            let path = Path::from(format!("leads/{name}"));
            store.put(&path, "x".into()).await.unwrap();
        }
        let url = crate::SecretUrl::resolve("s3://bucket/leads/", std::path::Path::new(""));
        let location = Location::parse(&url.unwrap(), std::path::Path::new("")).unwrap();
        match Parts::find(&store, &location, take).await {
            Ok(found) => Ok(found.parts.into_iter().map(|part| part.shown).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn hidden_files_are_ignored_and_unfinished_not_ready() {
        let names = [
            "a.parquet",
            "_SUCCESS",
            ".a.parquet.crc",
            "_log/b.parquet",
            "notes.txt",
        ];
        assert_eq!(
            find(&names, Take::One).await,
            Ok(vec!["a.parquet".to_owned()])
        );
        let unfinished = find(&["a.parquet", "_temporary/0/b.parquet"], Take::Parts).await;
        assert!(unfinished.unwrap_err().contains("still being written"));
        let none = find(&["notes.txt"], Take::Parts).await.unwrap_err();
        assert!(none.contains("no Parquet file; it has notes.txt"), "{none}");
        let several = find(&["a.parquet", "b.parquet"], Take::One)
            .await
            .unwrap_err();
        assert!(several.contains("2 Parquet files"), "{several}");
    }

    #[tokio::test]
    async fn latest_is_a_folder_with_the_usual_marker() {
        let names = [
            "d=1/a.parquet",
            "d=1/_SUCCESS",
            "d=2/a.parquet",
            "d=2/b.parquet",
            "d=2/_SUCCESS",
        ];
        let found = find(&names, Take::Latest).await.unwrap();
        assert_eq!(found, ["d=2/a.parquet", "d=2/b.parquet"]);
        let error = find(&names[..4], Take::Latest).await.unwrap_err();
        assert!(error.contains("has no file _SUCCESS"), "{error}");
    }

    #[tokio::test]
    async fn hundred_thousand_parts_are_listed() {
        let names: Vec<String> = (0..100_000)
            .map(|number| format!("{number}.parquet"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(find(&names, Take::Parts).await.unwrap().len(), 100_000);
    }
}
