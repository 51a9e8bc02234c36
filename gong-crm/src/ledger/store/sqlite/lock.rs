//! The file that keeps two pushes with one ledger apart.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use jiff::Timestamp;

use super::file;
use crate::ledger::{LedgerError, LockOwner};

/// Takes the lock of the ledger at `ledger`, without waiting. It ends when the file is closed.
pub(super) fn try_lock(ledger: &Path) -> Result<File, LedgerError> {
    let path = file::beside(ledger, "lock");
    let storage = |error: io::Error| LedgerError::storage(&path, error);
    let mut file = open(&path)?;
    match file.try_lock() {
        Ok(()) => {
            // Only for people who see the lock; the system knows whether it is held.
            write_owner(&mut file).map_err(storage)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(LedgerError::Held(read_owner(&mut file))),
        Err(TryLockError::Error(error)) => Err(storage(error)),
    }
}

/// Opens the lock file, which is written to, without following a link.
fn open(path: &Path) -> Result<File, LedgerError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    restrict(&mut options);
    let is_link = || std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    if cfg!(not(unix)) && is_link() {
        return Err(refused(path, "it is a symbolic link"));
    }
    let file = options.open(path).map_err(|error| {
        if is_link() {
            refused(path, "it is a symbolic link")
        } else {
            LedgerError::storage(path, error)
        }
    })?;
    let metadata = file
        .metadata()
        .map_err(|error| LedgerError::storage(path, error))?;
    file::check_file(&metadata).map_err(|reason| file::untrusted(path, reason))?;
    if has_other_names(&metadata) {
        return Err(refused(path, "it is a hard link to another file"));
    }
    Ok(file)
}

fn refused(path: &Path, reason: &str) -> LedgerError {
    file::untrusted(path, format!("{reason}: delete it"))
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;

    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions) {}

#[cfg(unix)]
fn has_other_names(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 1
}

#[cfg(not(unix))]
fn has_other_names(_metadata: &std::fs::Metadata) -> bool {
    false
}

fn write_owner(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{} {}", std::process::id(), Timestamp::now())?;
    file.flush()
}

fn read_owner(file: &mut File) -> LockOwner {
    let mut text = String::new();
    // Some systems keep a locked file from being read: then its owner is not known.
    drop(file.take(256).read_to_string(&mut text));
    let (pid, since) = text.split_once(' ').unwrap_or_default();
    LockOwner {
        pid: pid.parse().ok(),
        since: since.trim().parse().ok(),
    }
}
