//! Which found files the user trusts: a hash per file, in the user's folder for state.
//!
//! One file per trusted config file, named by the hash of its path, so that concurrent changes lose
//! nothing. It has the hash of the content, and the path for people.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gong_crm::io::atomic_file::{self, Readers};
use ring::digest::{SHA256, digest};

use crate::config::guard::Trust;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::escape;

/// Whether the user trusts a found file with this content.
pub(crate) fn trust(path: &Path, text: &str) -> Trust {
    let kept = directory()
        .filter(|directory| access::is_ours(directory))
        .and_then(|directory| std::fs::read_to_string(directory.join(name(path))).ok());
    match kept.as_deref().and_then(|kept| kept.lines().next()) {
        None => Trust::Unknown,
        Some(hash) if hash == hex(text.as_bytes()) => Trust::Kept,
        Some(_) => Trust::Changed,
    }
}

/// Keeps the hash of a file's content.
pub(crate) fn keep(path: &Path, text: &str) -> Result<(), CliError> {
    let directory = directory().ok_or_else(|| {
        CliError::new(Exit::Usage, "no state directory found to keep the trust in")
            .with_hint("set XDG_STATE_HOME, or name the file each time: --config FILE")
    })?;
    let failed = |error: std::io::Error| {
        let message = format!("{} can't be written: {error}", directory.display());
        CliError::new(Exit::Unexpected, message)
    };
    atomic_file::create_private_dir(&directory).map_err(failed)?;
    if !access::is_ours(&directory) {
        let shown = directory.display();
        let message =
            format!("{shown} is a link, belongs to another user, or others can write to it");
        return Err(CliError::new(Exit::Usage, message)
            .with_hint(format!("move it away: mv {shown} {shown}.old")));
    }
    let path_for_people = escape::line(&absolute(path).to_string_lossy());
    let content = format!("{}\n{path_for_people}\n", hex(text.as_bytes()));
    let kept = directory.join(name(path));
    atomic_file::write(&kept, content.as_bytes(), Readers::Owner).map_err(failed)
}

/// Forgets a file; whether it was trusted.
pub(crate) fn revoke(path: &Path) -> Result<bool, CliError> {
    let Some(directory) = directory() else {
        return Ok(false);
    };
    atomic_file::delete(&directory.join(name(path))).map_err(|error| {
        let message = format!("{} can't be changed: {error}", directory.display());
        CliError::new(Exit::Unexpected, message)
    })
}

fn directory() -> Option<PathBuf> {
    dirs::state_dir()
        .or_else(dirs::data_local_dir)
        .map(|folder| folder.join("gong-crm").join("trusted"))
}

fn name(path: &Path) -> String {
    hex(absolute(path).as_os_str().as_encoded_bytes())
}

/// The path without links in its folder, so that a file has one name.
fn absolute(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    }
}

fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing into a text can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(unix)]
mod access {
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    /// Whether nobody else can have put anything there.
    pub(super) fn is_ours(directory: &Path) -> bool {
        directory.symlink_metadata().is_ok_and(|metadata| {
            metadata.is_dir()
                && metadata.uid() == rustix::process::geteuid().as_raw()
                && metadata.mode() & 0o022 == 0
        })
    }
}

#[cfg(not(unix))]
mod access {
    use std::path::Path;

    pub(super) fn is_ours(directory: &Path) -> bool {
        directory
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_dir())
    }
}
