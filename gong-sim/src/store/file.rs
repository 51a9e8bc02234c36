//! The state file: read at the start, written while the simulator runs and when it stops.

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dump::DumpError;
use super::state::State;

/// The state file, and whether its last write succeeded.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) saved_version: u64,
    pub(crate) error: Option<String>,
}

impl StateFile {
    pub(crate) fn new(path: PathBuf, saved_version: u64) -> Self {
        Self {
            path,
            progress: Mutex::new(Progress {
                saved_version,
                error: None,
            }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Why the last writing failed, if it did.
    pub(crate) fn error(&self) -> Option<String> {
        self.progress().error.clone()
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the state file into the state; a file that is not there yet is an empty Gong.
pub(crate) fn load(state: &mut State, path: &Path) -> Result<(), DumpError> {
    match File::open(path) {
        Ok(file) => state.read_dump(BufReader::new(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(DumpError::Read(error)),
    }
}

/// Whether the state file can be replaced when something changes: its folder takes new files.
pub(crate) fn check_writable(path: &Path) -> io::Result<()> {
    tempfile::NamedTempFile::new_in(folder_of(path)).map(drop)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Replaces the state file in one step: a crash leaves the old one or the new one. Only its owner
/// may read it: it contains records.
pub(crate) fn save(dump: &[u8], path: &Path) -> io::Result<()> {
    // A name that nobody can guess, in a file that was not there: no link is followed.
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
    file.write_all(dump)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
