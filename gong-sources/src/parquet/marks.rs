//! Markers and manifests: what says that all parts of an export are there, and which they are.

use std::collections::{HashMap, HashSet};

use gong_crm::source::SourceError;
use jiff::Timestamp;
use object_store::path::Path;

use super::manifest::Manifest;
use super::part::Part;

/// The file that Spark, and what copies it, leaves when all parts are there.
pub(super) const MARKER: &str = "_SUCCESS";

/// The markers and manifests of an export.
#[derive(Debug)]
pub(super) struct Marks {
    /// The newest marker of each folder.
    markers: HashMap<String, Timestamp>,
    /// The manifests of each folder, and what they name.
    manifests: HashMap<String, Vec<(Timestamp, HashSet<Path>)>>,
}

impl Marks {
    /// Compares the manifests with the parts. They are written last: one that is older than a part
    /// that it names is left from an earlier export.
    ///
    /// Fails if a part is missing that a manifest names.
    pub(super) fn new(
        markers: Vec<(String, Timestamp)>,
        manifests: &[Manifest],
        parts: &[Part],
    ) -> Result<Self, SourceError> {
        let mut of_folders: HashMap<_, Vec<_>> = HashMap::new();
        for manifest in manifests {
            let named = manifest.named(parts)?;
            let is_last = parts
                .iter()
                .filter(|part| named.contains(&part.path))
                .all(|part| part.modified <= manifest.written);
            if is_last {
                let of_folder = of_folders.entry(manifest.folder.clone()).or_default();
                of_folder.push((manifest.written, named));
            }
        }
        Ok(Self {
            markers: markers.into_iter().collect(),
            manifests: of_folders,
        })
    }

    /// Whether a part is one of the export: no manifest that is newer leaves it out.
    pub(super) fn keeps(&self, part: &Part) -> bool {
        let manifests = || self.manifests_above(part);
        let is_left_out = manifests().any(|(written, _)| *written >= part.modified);
        !is_left_out || manifests().any(|(_, named)| named.contains(&part.path))
    }

    /// When the last marker was written, if markers or manifests show that all of the parts are
    /// there.
    pub(super) fn of_all(&self, parts: &[Part]) -> Option<Timestamp> {
        let written = parts.iter().map(|part| self.of_part(part));
        written.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    fn of_part(&self, part: &Part) -> Option<Timestamp> {
        let markers = folders_above(part)
            .filter_map(|folder| self.markers.get(folder).copied())
            .filter(|written| *written >= part.modified);
        let manifests = self
            .manifests_above(part)
            .filter(|(_, named)| named.contains(&part.path))
            .map(|(written, _)| *written);
        markers.max().max(manifests.max())
    }

    fn manifests_above<'a>(
        &'a self,
        part: &'a Part,
    ) -> impl Iterator<Item = &'a (Timestamp, HashSet<Path>)> {
        folders_above(part)
            .filter_map(|folder| self.manifests.get(folder))
            .flatten()
    }
}

/// The folder of a part, the one above it and so on.
fn folders_above(part: &Part) -> impl Iterator<Item = &str> {
    let path: &str = part.path.as_ref();
    let above = path.rmatch_indices('/').map(|(end, _)| &path[..end]);
    above.chain([""])
}
