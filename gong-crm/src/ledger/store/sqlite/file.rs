//! Files and directories that only their owner can read, and that nobody else created.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::ledger::LedgerError;

/// SQLite's files beside the database; SQLite gives them the mode of the database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Makes the directory and an empty file where there is none, and checks what is there. Returns the
/// path under which the file is opened: absolute, and without links in its directory.
pub(super) fn prepare(path: &Path) -> Result<PathBuf, LedgerError> {
    let Some(name) = path.file_name() else {
        return Err(untrusted(path, "the path does not end with a file name"));
    };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let storage = |error: io::Error| LedgerError::storage(path, error);
    create_private_dir(parent).map_err(storage)?;
    let parent = absolute(parent).map_err(storage)?;
    check_dir(&fs::metadata(&parent).map_err(storage)?)
        .map_err(|reason| untrusted(&parent, reason))?;
    let path = parent.join(name);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_empty(&parent, &path).map_err(storage)?;
        }
        Err(error) => return Err(LedgerError::storage(path, error)),
        Ok(_) => {}
    }
    check_path(&path)?;
    for companion in COMPANIONS {
        let companion = appended(&path, companion);
        match check_path(&companion) {
            Err(LedgerError::Storage { source, .. }) if is_not_found(source.as_ref()) => {}
            result => result?,
        }
    }
    Ok(path)
}

/// What tells the file at a path from every other one, as far as the system says it; `None` if there is
/// none.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    #[cfg(unix)]
    let identity = {
        use std::os::unix::fs::MetadataExt as _;
        (metadata.dev(), metadata.ino())
    };
    // Elsewhere, a file that is open can't be removed or replaced.
    #[cfg(not(unix))]
    let identity = (0, u64::from(metadata.is_file()));
    Some(identity)
}

/// The path with `.` and `ending` at the end of its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    appended(path, &format!(".{ending}"))
}

fn appended(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Replaces a small file as a whole, only for its owner; a link in its place is replaced, too.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    let parent = path.parent().unwrap_or(Path::new("."));
    // A temporary file has mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(parent)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The content of a small file; `None` if there is no regular file.
pub(super) fn read_small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let is_small = |metadata: &Metadata| metadata.is_file() && metadata.len() < 4_096;
    match fs::symlink_metadata(path) {
        Ok(metadata) if is_small(&metadata) => fs::read(path).map(Some),
        _ => Ok(None),
    }
}

pub(super) fn untrusted(path: &Path, reason: impl Into<String>) -> LedgerError {
    LedgerError::Untrusted {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}

fn is_not_found(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The file gets its name after it was closed: closing a file releases all locks that the process has
/// on it, also those of a SQLite connection that was opened in between.
fn create_empty(parent: &Path, path: &Path) -> io::Result<()> {
    // A temporary file has mode 0600.
    let file = tempfile::NamedTempFile::new_in(parent)?.into_temp_path();
    match file.persist_noclobber(path) {
        // Another process has created it in the meantime.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result.map_err(|error| error.error),
    }
}

/// For the same reason, the file is looked at by its path and never opened here.
fn check_path(path: &Path) -> Result<(), LedgerError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| LedgerError::storage(path, error))?;
    check_file(&metadata).map_err(|reason| untrusted(path, reason))?;
    restrict(path, &metadata).map_err(|error| LedgerError::storage(path, error))
}

/// Whether a file can be used; otherwise the reason.
pub(super) fn check_file(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_symlink() {
        return Err("it is a symbolic link: name the file that it points to".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is not a regular file: name another path".to_owned());
    }
    check_access(metadata)
}

#[cfg(unix)]
fn check_access(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;

    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Err(format!(
            "it belongs to another user (id {}, and this process runs as {user}): run as that user, \
             or name another ledger",
            metadata.uid()
        ));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(format!(
            "other users can write to it (mode {:04o}): if you trust its content, run `chmod 600` \
             on it",
            metadata.mode() & 0o7777
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_access(_metadata: &Metadata) -> Result<(), String> {
    // Elsewhere access follows from the directory, which is in the user's profile by default.
    Ok(())
}

/// Takes the right to read from others; earlier versions left it to the umask.
#[cfg(unix)]
fn restrict(path: &Path, metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _metadata: &Metadata) -> io::Result<()> {
    Ok(())
}

/// A user who can write to a directory can replace our file, unless the directory is sticky, as
/// `/tmp` is. A group may have this right: many systems give each user a group, and a umask of 002.
#[cfg(unix)]
fn check_dir(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;

    if metadata.mode() & 0o1002 == 0o002 {
        return Err(format!(
            "everybody can write to this directory (mode {:04o}): run `chmod o-w` on it, or name \
             a ledger in another directory",
            metadata.mode() & 0o7777
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_dir(_metadata: &Metadata) -> Result<(), String> {
    Ok(())
}

/// Creates the directory and those above it, only for their owner; leaves those that exist.
fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(unix)]
fn absolute(dir: &Path) -> io::Result<PathBuf> {
    // SQLite follows no link, nor one in the directory.
    fs::canonicalize(dir)
}

#[cfg(not(unix))]
fn absolute(dir: &Path) -> io::Result<PathBuf> {
    // Not every program understands the paths that `canonicalize` returns there.
    std::path::absolute(dir)
}
