//! Where the files are that a mapping names.

use std::path::{Path, PathBuf};

use super::model::{MappingError, paths};
use super::{Mapping, Options};
use crate::io::dated::sort_by_age;
use crate::record::ObjectType;

/// The files of a type, as its table or the caller names them.
pub(super) fn files_of(
    target: ObjectType,
    mapping: &Mapping,
    options: &Options,
) -> Result<Vec<PathBuf>, MappingError> {
    if mapping.of_type(target).is_none() {
        return Err(MappingError::new(format!(
            "the mapping has no table [{target}], so its records can't be looked up; name the mapping \
             that has it, too: --map FILE"
        ))
        .within("in"));
    }
    let mut files = mapping.files_of(target);
    let named = options.files.iter().filter(|(known, _)| *known == target);
    files.extend(named.flat_map(|(_, path)| paths(path)));
    if files.is_empty() {
        let beside = options.neighbors.iter();
        let beside = beside.filter(|(known, _)| *known == target);
        files.extend(beside.map(|(_, path)| path.clone()));
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(MappingError::new(format!(
            "it is not known which files have records of type {target}; write files = \"…\" in \
             the table [{target}]"
        ))
        .within("in"));
    }
    Ok(files)
}

/// Of a pattern, the latest file; as `take = "latest"` of a source.
pub(super) fn latest(path: PathBuf) -> PathBuf {
    let modified = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let mut found = paths(&path);
    sort_by_age(&mut found, |path| path, modified);
    found.pop().unwrap_or(path)
}

/// Relative to the mapping's folder, or else beside the file that is converted.
pub(super) fn beside(
    path: &Path,
    object_type: ObjectType,
    mapping: &Mapping,
    options: &Options,
) -> PathBuf {
    let of_mapping = mapping.folder(object_type).map(|folder| folder.join(path));
    let folder = options.path.as_ref().and_then(|path| path.parent());
    let of_file = folder.map(|folder| folder.join(path));
    let candidates = || of_mapping.iter().chain(&of_file);
    candidates()
        .find(|path| !paths(path).is_empty())
        .or(candidates().next())
        .cloned()
        .unwrap_or_else(|| path.to_path_buf())
}
