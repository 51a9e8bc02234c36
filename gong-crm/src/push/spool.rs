//! The directory beside a ledger that holds the bodies of uploads until their verdict is known.
//!
//! Everything in it is readable by its owner only.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

/// What the names of our files begin with.
const PREFIXES: [&str; 2] = ["upload-", "input-"];
const ENDING: &str = ".ldjson";

/// Where bodies lie.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    directory: PathBuf,
}

impl Spool {
    /// The spool in this directory, which is made when it is needed.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Makes the directory, if it is not there, and refuses one that is not its owner's alone.
    fn prepare(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.directory)?;
        self.is_ours().then_some(()).ok_or_else(|| {
            let path = self.directory.display();
            io::Error::other(format!(
                "{path} is a link, or belongs to another user, or others may write in it; it is not \
                 used"
            ))
        })
    }

    /// The directory, for inputs that others write.
    pub(super) fn directory(&self) -> io::Result<PathBuf> {
        self.prepare()?;
        Ok(self.directory.clone())
    }

    fn is_ours(&self) -> bool {
        let Ok(metadata) = fs::symlink_metadata(&self.directory) else {
            return false;
        };
        if !metadata.is_dir() {
            return false;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let is_shared = metadata.mode() & 0o022 != 0;
            let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
            if is_shared || !is_own {
                return false;
            }
        }
        true
    }

    /// The path of a body.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        // A name, never a way out of the directory.
        let name = Path::new(name).file_name().unwrap_or_default();
        self.directory.join(name)
    }

    /// The name of the body of an upload.
    pub(super) fn body_name(number: u64) -> String {
        format!("upload-{number}{ENDING}")
    }

    /// Creates a file for the body of an upload.
    pub(super) fn create(&self, name: &str) -> io::Result<BufWriter<File>> {
        self.prepare()?;
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(BufWriter::with_capacity(256 * 1024, options.open(path)?))
    }

    /// Copies an input that can't be read twice.
    pub(super) fn copy(&self, mut from: impl Read) -> io::Result<PathBuf> {
        self.write_input(|file, _| io::copy(&mut from, file).map(drop))
            .map(|(path, ())| path)
    }

    /// Lets a caller write an input.
    pub(super) fn write_input<T, E: From<io::Error>>(
        &self,
        write: impl FnOnce(&mut File, &Path) -> Result<T, E>,
    ) -> Result<(PathBuf, T), E> {
        self.prepare()?;
        let mut named = tempfile::Builder::new();
        named.prefix("input-").suffix(ENDING);
        let mut copy = named.tempfile_in(&self.directory)?;
        let path = copy.path().to_path_buf();
        let made = write(copy.as_file_mut(), &path)?;
        copy.flush()?;
        let (_, path) = copy.keep().map_err(|error| error.error)?;
        Ok((path, made))
    }

    /// Deletes the files of our own names that no upload needs. Others are left alone.
    pub(super) fn sweep(&self, needed: &BTreeSet<String>) {
        if !self.is_ours() {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let is_named = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_named && name.ends_with(ENDING) && is_file && !needed.contains(name) {
                // A file that stays is deleted at the next start.
                drop(fs::remove_file(entry.path()));
            }
        }
        // It stays if anything is in it.
        drop(fs::remove_dir(&self.directory));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweep_deletes_only_our_files_that_nobody_needs() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("ledger.spool");
        let spool = Spool::new(directory.clone());
        for number in [1, 2] {
            let mut body = spool.create(&Spool::body_name(number)).unwrap();
            body.write_all(b"{}\n").unwrap();
        }
        let input = spool.copy(&b"{}\n"[..]).unwrap();
        fs::write(directory.join("notes.txt"), "mine").unwrap();
        spool.sweep(&BTreeSet::from([Spool::body_name(2)]));
        let mut left: Vec<_> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["notes.txt", "upload-2.ldjson"]);
        assert!(!input.exists());
    }

    #[cfg(unix)]
    #[test]
    fn spool_that_is_a_link_is_neither_used_nor_swept() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("upload-1.ldjson"), "{}\n").unwrap();
        let link = folder.path().join("data.spool");
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        let spool = Spool::new(link);
        spool.sweep(&BTreeSet::new());
        assert!(victim.join("upload-1.ldjson").exists());
        assert!(spool.create("upload-2.ldjson").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn bodies_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("ledger.spool");
        let spool = Spool::new(directory.clone());
        drop(spool.create("upload-1.ldjson").unwrap());
        for path in [directory.clone(), directory.join("upload-1.ldjson")] {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
    }
}
