//! Finding the part files of an export.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use gong_crm::source::{SourceError, Take};
use jiff::Timestamp;
use object_store::{ObjectStore, ObjectStoreExt as _};
use ring::digest::{Context, SHA256};

use super::listed::{Listed, UNFINISHED};
use super::location::Location;
use super::marks::Marks;
use super::newest;
use super::part::{Part, folder_of, is_parquet};

/// The files that count.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) files: Vec<Part>,
    /// When the marker or manifest was written that says that they are all there.
    pub(super) marker: Option<Timestamp>,
    /// The folder that they are in.
    pub(super) folder: String,
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
            return Self::whole(vec![Part::new(meta, prefix)], None, folder_of(prefix));
        }
        if let Some(link) = location.local_folder().and_then(broken_link) {
            return Err(SourceError::failed(format!(
                "{} is a link to a file that does not exist",
                link.display()
            )));
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
        let folder = match take {
            Take::Latest => newest::narrow(&mut listed, store, prefix).await?,
            Take::Parts => {
                listed.read_manifests(store, |_| true).await?;
                prefix.to_string()
            }
            _ if listed.parts.len() == 1 => prefix.to_string(),
            _ => {
                return Err(SourceError::failed(format!(
                    "{} Parquet files are at {shown}: set take = \"latest\" or \"parts\"",
                    listed.parts.len()
                )));
            }
        };
        let marks = Marks::new(listed.markers, &listed.manifests, &listed.parts)?;
        let mut parts = listed.parts;
        parts.retain(|part| marks.keeps(part));
        let marker = marks.of_all(&parts);
        Self::whole(parts, marker, folder)
    }

    fn whole(
        parts: Vec<Part>,
        marker: Option<Timestamp>,
        folder: String,
    ) -> Result<Self, SourceError> {
        match parts.iter().find(|part| part.bytes == 0) {
            Some(empty) => Err(empty.failed("it is empty: not a complete Parquet file")),
            None => Ok(Self {
                files: parts,
                marker,
                folder,
            }),
        }
    }

    /// By what unchanged files are recognized.
    pub(super) fn stamp(&self) -> String {
        let mut hash = Context::new(&SHA256);
        for part in &self.files {
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

/// A part below a folder that is a link to nothing, which a listing leaves out: with it, the read
/// would seem to be complete.
fn broken_link(folder: PathBuf) -> Option<PathBuf> {
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        // What can't be read is an error of the listing.
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_symlink()
                && entry.file_name().to_str().is_some_and(is_parquet)
                && !entry.path().exists()
            {
                return Some(entry.path());
            }
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;

    pub(in super::super) async fn find(names: &[&str], take: Take) -> Result<Vec<String>, String> {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let mut last = None;
        for name in names {
            // Files in the order of their times.
            while last.is_some_and(|last| {
                Timestamp::now().as_millisecond() <= Timestamp::as_millisecond(last)
            }) {
                tokio::task::yield_now().await;
            }
            let (name, text) = name.split_once(' ').unwrap_or((name, "x"));
            let path = Path::from(format!("leads/{name}"));
            store.put(&path, text.to_owned().into()).await.unwrap();
            last = (take == Take::Latest).then(Timestamp::now);
        }
        let url = crate::SecretUrl::resolve("s3://bucket/leads/", std::path::Path::new(""));
        let location = Location::parse(&url.unwrap(), std::path::Path::new("")).unwrap();
        match Parts::find(&store, &location, take).await {
            Ok(found) => Ok(found.files.into_iter().map(|part| part.shown).collect()),
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
    async fn hundred_thousand_parts_are_listed() {
        let names: Vec<String> = (0..100_000)
            .map(|number| format!("{number}.parquet"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(find(&names, Take::Parts).await.unwrap().len(), 100_000);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn link_to_nothing_is_a_missing_part() {
        let folder = tempfile::tempdir().unwrap();
        let day = folder.path().join("day=1");
        std::fs::create_dir(&day).unwrap();
        std::fs::write(day.join("a.parquet"), "x").unwrap();
        let store: Arc<dyn ObjectStore> = Arc::new(object_store::local::LocalFileSystem::new());
        let url = folder.path().to_str().unwrap().to_owned();
        let url = crate::SecretUrl::resolve(&url, std::path::Path::new("")).unwrap();
        let location = Location::parse(&url, std::path::Path::new("")).unwrap();
        std::os::unix::fs::symlink(day.join("a.parquet"), day.join("b.parquet")).unwrap();
        let found = Parts::find(&store, &location, Take::Parts).await.unwrap();
        assert_eq!(found.files.len(), 2);
        std::os::unix::fs::symlink("gone.parquet", day.join("c.parquet")).unwrap();
        let error = Parts::find(&store, &location, Take::Parts)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("c.parquet is a link"), "{error}");
    }
}
