//! The files that a pattern such as `exports/deals-*.csv` leads to.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The files that a pattern leads to; a path that exists leads to itself.
///
/// ```
/// use gong_records::io::pattern::matching;
///
/// let folder = tempfile::tempdir()?;
/// for name in ["deals-1.csv", "deals-2.csv", "leads.csv"] {
///     std::fs::write(folder.path().join(name), "")?;
/// }
/// assert_eq!(matching(&folder.path().join("deals-*.csv"))?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the pattern is invalid, or a folder can't be read.
pub fn matching(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    if pattern.exists() {
        return Ok(vec![pattern.to_path_buf()]);
    }
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
    let Some(text) = pattern.to_str() else {
        return Ok(Vec::new());
    };
    let paths = glob::glob(text).map_err(|error| invalid(error.to_string()))?;
    let mut found: Vec<PathBuf> = paths
        .map(|path| path.map_err(io::Error::from))
        .collect::<Result<_, _>>()?;
    // The matcher leaves out names that are not UTF-8 without a word.
    let (Some(folder), Some(name)) = (pattern.parent(), pattern.file_name()) else {
        return Ok(found);
    };
    let of_name = glob::Pattern::new(&name.to_string_lossy());
    let of_name = of_name.map_err(|error| invalid(error.to_string()))?;
    let folders = match folder.to_str() {
        Some("") | None => vec![PathBuf::from(".")],
        Some(folder) => glob::glob(folder)
            .map_err(|error| invalid(error.to_string()))?
            .filter_map(Result::ok)
            .collect(),
    };
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_text = path.file_name().is_some_and(|name| name.to_str().is_some());
            if !is_text && of_name.matches(&shown_name(&path)) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// A file's name. Types and extensions are ASCII, so it does not matter that the bytes of a name that
/// is not UTF-8 are replaced.
pub(super) fn shown_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}
