//! What a listing of a folder or bucket has: parts, markers and manifests.

use std::sync::Arc;

use gong_crm::source::SourceError;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::manifest::{self, Manifest};
use super::marks::MARKER;
use super::part::{Part, folder_of, is_parquet, modified};

/// The folder in which Spark keeps what is not complete yet.
pub(super) const UNFINISHED: &str = "_temporary";

/// The result of a listing.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) parts: Vec<Part>,
    /// The folders with a marker, and when it was written.
    pub(super) markers: Vec<(String, Timestamp)>,
    /// The files with the names of manifests, and when they were written.
    pub(super) named_manifest: Vec<(Path, Timestamp)>,
    /// Those that were read and understood.
    pub(super) manifests: Vec<Manifest>,
    pub(super) is_unfinished: bool,
    /// A file that is something else.
    pub(super) other: Option<String>,
}

impl Listed {
    pub(super) fn add(&mut self, meta: ObjectMeta, prefix: &Path) {
        let below: Vec<String> = match meta.location.prefix_match(prefix) {
            Some(parts) => parts.map(|part| part.as_ref().to_owned()).collect(),
            None => return,
        };
        let Some((name, folders)) = below.split_last() else {
            return;
        };
        // As for Spark, a partition by a column whose name begins with _ is not hidden.
        let is_hidden =
            |name: &String| name.starts_with('.') || name.starts_with('_') && !name.contains('=');
        if folders.iter().any(|folder| folder == UNFINISHED) {
            self.is_unfinished = true;
        } else if folders.iter().any(is_hidden) {
            // Spark's checksums and logs.
        } else if name == MARKER {
            let folder = folder_of(&meta.location);
            self.markers.push((folder, modified(&meta)));
        } else if manifest::is_manifest(name) {
            let written = modified(&meta);
            self.named_manifest.push((meta.location, written));
        } else if is_hidden(name) {
            // A checksum.
        } else if is_parquet(name) {
            self.parts.push(Part::new(meta, prefix));
        } else if self.other.is_none() {
            self.other = Some(below.join("/"));
        }
    }

    /// Reads the manifests in the folders that count.
    pub(super) async fn read_manifests(
        &mut self,
        store: &Arc<dyn ObjectStore>,
        counts: impl Fn(&str) -> bool,
    ) -> Result<(), SourceError> {
        for (path, written) in &self.named_manifest {
            if counts(&folder_of(path)) {
                let read = manifest::read(store, path, *written).await?;
                self.manifests.extend(read);
            }
        }
        Ok(())
    }
}
