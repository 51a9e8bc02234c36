//! Atomic writes: a temporary file in the same folder is renamed when it is complete.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// Creates a hidden temporary file in the same folder, with an extension that is not an entity file's.
///
/// # Errors
///
/// The system's error when the file cannot be created.
pub fn create_temp_beside(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    // Temporary files are private by default; this one becomes a normal file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(path))
}

/// Syncs the file and renames it to the path.
///
/// # Errors
///
/// The system's error when the file cannot be synced or renamed.
pub fn commit(aside: NamedTempFile, path: &Path) -> io::Result<()> {
    aside.as_file().sync_all()?;
    aside.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Syncs the folder, so that the rename survives a power loss, where the system supports it.
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
