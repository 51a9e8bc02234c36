//! Files that are written aside and then put in their places whole.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A hidden file in the same folder, whose ending is none of an entity file's.
///
/// # Errors
///
/// The system's error when the file cannot be created.
pub fn create_temp_beside(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    // Temporary files are private by default; this one will be a file like any other.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(path))
}

/// Syncs the file and puts it in its place.
///
/// # Errors
///
/// The system's error when the file cannot be synced or renamed.
pub fn commit(aside: NamedTempFile, path: &Path) -> io::Result<()> {
    aside.as_file().sync_all()?;
    aside.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Makes the renaming last, where the system has a way to.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder(path))?.sync_all()?;
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
