//! A folder for files that nobody needs once this process has ended, also if it is killed.
//!
//! Such files hold records, and what is killed deletes nothing. So each folder has a lock that its
//! process holds while it lives, and whoever makes a folder beside it deletes those whose lock is free.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// The lock in a folder. It gets its name once it is locked, so that nobody finds it free before.
const LOCK: &str = "lock";

/// How many random letters and digits the names have.
const RANDOM: usize = 6;

/// A folder for temporary files, readable by its owner alone. It is deleted with this value, or, if the
/// process is killed, when the next folder of the same prefix is made beside it.
///
/// ```
/// use gong_records::io::work_folder::WorkFolder;
///
/// let parent = tempfile::tempdir()?;
/// let folder = WorkFolder::create_in(parent.path(), "run-")?;
/// std::fs::write(folder.path().join("records.ldjson"), "{}\n")?;
/// let path = folder.path().to_path_buf();
/// drop(folder);
/// assert!(!path.exists());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct WorkFolder {
    folder: TempDir,
    /// Held while this value lives; `None` where the file system has no locks.
    lock: Option<File>,
}

impl WorkFolder {
    /// Makes a folder whose name begins with `prefix`, and deletes those beside it whose process is gone.
    ///
    /// # Errors
    ///
    /// The system's error when the folder can't be made.
    pub fn create_in(parent: &Path, prefix: &str) -> io::Result<Self> {
        let mut named = tempfile::Builder::new();
        named.prefix(prefix).rand_bytes(RANDOM);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            named.permissions(fs::Permissions::from_mode(0o700));
        }
        let folder = named.tempdir_in(parent)?;
        let lock = lock(folder.path()).ok();
        sweep(parent, prefix, folder.path());
        Ok(Self { folder, lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // Some systems delete no file that is open.
        self.lock = None;
    }
}

fn lock(folder: &Path) -> io::Result<File> {
    let unnamed = folder.join("unlocked");
    let file = File::create_new(&unnamed)?;
    file.try_lock()?;
    fs::rename(unnamed, folder.join(LOCK))?;
    Ok(file)
}

/// Deletes the folders beside `own` whose process is gone. One that stays is deleted the next time.
fn sweep(parent: &Path, prefix: &str, own: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let is_ours = random.is_some_and(|random| {
            random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if !is_ours || path == own || !access::is_alike(&path, own) {
            continue;
        }
        // Only what is locked first: a folder without a lock is somebody else's, or not ready yet.
        let opened = OpenOptions::new().write(true).open(path.join(LOCK));
        let Some(lock) = opened.ok().filter(|lock| lock.try_lock().is_ok()) else {
            continue;
        };
        if cfg!(windows) {
            drop(lock);
            drop(fs::remove_dir_all(&path));
        } else {
            drop(fs::remove_dir_all(&path));
            drop(lock);
        }
    }
}

#[cfg(unix)]
mod access {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    /// Whether a path is a folder of the same user, with no rights for group and others (six bits), so that
    /// nobody else can have put anything there.
    pub(super) fn is_alike(path: &Path, own: &Path) -> bool {
        let (Ok(there), Ok(own)) = (fs::symlink_metadata(path), fs::symlink_metadata(own)) else {
            return false;
        };
        there.is_dir() && there.uid() == own.uid() && there.mode().trailing_zeros() >= 6
    }
}

#[cfg(not(unix))]
mod access {
    use std::fs;
    use std::path::Path;

    pub(super) fn is_alike(path: &Path, _own: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|there| there.is_dir())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder as a process leaves it that is killed: all is there, and nobody holds the lock.
    fn left_behind(parent: &Path) -> std::path::PathBuf {
        let mut folder = WorkFolder::create_in(parent, "run-").unwrap();
        fs::write(folder.path().join("records.ldjson"), "{}\n").unwrap();
        folder.folder.disable_cleanup(true);
        folder.path().to_path_buf()
    }

    #[test]
    fn folder_of_a_killed_process_is_deleted_by_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let left = left_behind(parent.path());
        assert!(left.join("records.ldjson").exists());
        let living = WorkFolder::create_in(parent.path(), "run-").unwrap();
        assert!(!left.exists());
        let other = WorkFolder::create_in(parent.path(), "run-").unwrap();
        assert!(living.path().exists() && other.path().exists());
    }

    #[test]
    fn folders_of_other_names_and_without_a_lock_stay() {
        let parent = tempfile::tempdir().unwrap();
        let left = left_behind(parent.path());
        for name in ["run-mine", "running", "run-abcdefg", "other-abcdef"] {
            fs::rename(&left, parent.path().join(name)).unwrap();
            drop(WorkFolder::create_in(parent.path(), "run-").unwrap());
            fs::rename(parent.path().join(name), &left).unwrap();
        }
        fs::remove_file(left.join(LOCK)).unwrap();
        drop(WorkFolder::create_in(parent.path(), "run-").unwrap());
        assert!(left.exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_folders_that_others_can_look_into_stay() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let parent = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let victim = left_behind(elsewhere.path());
        symlink(&victim, parent.path().join("run-abcdef")).unwrap();
        let folder = WorkFolder::create_in(parent.path(), "run-").unwrap();
        let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(victim.join("records.ldjson").exists());
        let open = left_behind(parent.path());
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        drop(WorkFolder::create_in(parent.path(), "run-").unwrap());
        assert!(open.join("records.ldjson").exists());
    }
}
