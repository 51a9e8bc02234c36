//! The directory beside a ledger with the bodies of uploads until their verdict is known.
//!
//! Everything in it is readable by its owner only.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_records::io::atomic_file;
use ring::digest::{Context, SHA256};
use tempfile::TempDir;

use crate::ledger::hexadecimal;

/// The extension of our files.
const ENDING: &str = ".ldjson";

/// What the names of inputs end with, as [`Sink`](crate::source::Sink) and [`Spool`] make them.
const ENDINGS_OF_INPUTS: [&str; 3] = [ENDING, ".ndjson", ".csv"];

/// The body of an upload, which is hashed while it is written.
pub(super) struct BodyFile {
    file: BufWriter<File>,
    hasher: Context,
    bytes: u64,
}

impl BodyFile {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.file.write_all(part)?;
        self.hasher.update(part);
        self.bytes += part.len() as u64;
        Ok(())
    }

    /// The hash of all that was written, and how many bytes that is.
    pub(super) fn finish(mut self) -> io::Result<(String, u64)> {
        self.file.flush()?;
        Ok((hexadecimal(self.hasher.finish().as_ref()), self.bytes))
    }
}

/// Where bodies lie.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    directory: PathBuf,
    /// Where the directory is, if it is deleted with the last of its spools.
    _temporary: Option<Arc<TempDir>>,
}

impl Spool {
    /// The spool in this directory, which is made when it is needed.
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            _temporary: None,
        }
    }

    /// A spool for what is not sent. That of the ledger belongs to the push that has the lock.
    pub(super) fn temporary() -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix("gong-crm-").tempdir()?;
        Ok(Self {
            directory: temporary.path().join("spool"),
            _temporary: Some(Arc::new(temporary)),
        })
    }

    /// Makes the directory, if it is not there, and rejects one that is not its owner's alone.
    fn prepare(&self) -> io::Result<()> {
        atomic_file::create_private_dir(&self.directory)?;
        self.is_ours().then_some(()).ok_or_else(|| {
            let path = self.directory.display();
            io::Error::other(format!(
                "{path} is not used: it is a link, belongs to another user, or can be read by \
                 others"
            ))
        })
    }

    /// The directory, for inputs that others write.
    pub(super) fn directory(&self) -> io::Result<PathBuf> {
        self.prepare()?;
        Ok(self.directory.clone())
    }

    /// Deletes the body of an upload. One that stays is swept at the next start.
    pub(super) fn discard(&self, name: &str) {
        drop(atomic_file::delete(&self.path(name)));
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
    pub(super) fn create(&self, name: &str) -> io::Result<BodyFile> {
        self.prepare()?;
        let path = self.path(name);
        atomic_file::delete(&path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(BodyFile {
            file: BufWriter::with_capacity(256 * 1024, options.open(path)?),
            hasher: Context::new(&SHA256),
            bytes: 0,
        })
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

    fn is_ours(&self) -> bool {
        owned::open(&self.directory).is_some()
    }

    /// Deletes files with our own names that no upload needs. Other files are not touched.
    pub(super) fn sweep(&self, needed: &BTreeSet<String>) {
        if let Some(directory) = owned::open(&self.directory) {
            directory.sweep(&|name| is_own(name) && !needed.contains(name));
            // It stays if anything is in it.
            drop(fs::remove_dir(&self.directory));
        }
    }
}

/// Whether a file is called as ours are: `upload-7.ldjson`, `upload-7.1.ldjson`, `input-x7Gh2k.ldjson`, and
/// the rows of sources.
fn is_own(name: &str) -> bool {
    let random = ENDINGS_OF_INPUTS
        .into_iter()
        .find_map(|ending| name.strip_prefix("input-")?.strip_suffix(ending));
    if let Some(random) = random {
        return random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    }
    let Some(stem) = name.strip_suffix(ENDING) else {
        return false;
    };
    if let Some(number) = stem.strip_prefix("upload-") {
        let mut parts = number.split('.');
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        return parts.clone().count() <= 2 && parts.all(is_number);
    }
    false
}

/// A directory that only its owner can access, opened by descriptor: the checked directory is the
/// cleaned one, whatever happens to its path meanwhile.
#[cfg(unix)]
mod owned {
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};

    pub(super) struct Directory(OwnedFd);

    pub(super) fn open(path: &Path) -> Option<Directory> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let descriptor = rustix::fs::open(path, flags, Mode::empty()).ok()?;
        let status = rustix::fs::fstat(&descriptor).ok()?;
        is_ours(&status).then_some(Directory(descriptor))
    }

    /// Whether it belongs to this user, and nobody else can read it.
    fn is_ours(status: &Stat) -> bool {
        let mode = Mode::from_raw_mode(status.st_mode);
        status.st_uid == rustix::process::geteuid().as_raw()
            && !mode.intersects(Mode::RWXG | Mode::RWXO)
    }

    impl Directory {
        /// Deletes regular files that are this user's alone and have one of these names.
        pub(super) fn sweep(&self, is_swept: &dyn Fn(&str) -> bool) {
            let Ok(entries) = Dir::read_from(&self.0) else {
                return;
            };
            for entry in entries.flatten() {
                let name = entry.file_name();
                if !name.to_str().is_ok_and(is_swept) {
                    continue;
                }
                let status = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW);
                let is_file = |status: &Stat| {
                    FileType::from_raw_mode(status.st_mode) == FileType::RegularFile
                        && is_ours(status)
                };
                if status.as_ref().is_ok_and(is_file) {
                    // A file that stays is deleted at the next start.
                    let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
                }
            }
        }
    }
}

/// Elsewhere, access follows from the directory that the ledger is in.
#[cfg(not(unix))]
mod owned {
    use std::path::{Path, PathBuf};

    use gong_records::io::atomic_file;

    pub(super) struct Directory(PathBuf);

    pub(super) fn open(path: &Path) -> Option<Directory> {
        let metadata = std::fs::symlink_metadata(path).ok()?;
        metadata.is_dir().then(|| Directory(path.to_path_buf()))
    }

    impl Directory {
        /// Deletes regular files that have one of these names.
        pub(super) fn sweep(&self, is_swept: &dyn Fn(&str) -> bool) {
            for entry in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
                if entry.file_name().to_str().is_some_and(is_swept) {
                    drop(atomic_file::delete(&entry.path()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweep_deletes_only_our_own_unneeded_files() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("ledger.spool");
        let spool = Spool::new(directory.clone());
        for number in [1, 2] {
            let mut body = spool.create(&Spool::body_name(number)).unwrap();
            body.write(b"{}\n").unwrap();
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

    #[test]
    fn only_names_of_our_own_form_are_ours() {
        for name in [
            "upload-7.ldjson",
            "upload-12.3.ldjson",
            "input-x7Gh2k.ldjson",
            "input-x7Gh2k.ndjson",
            "input-x7Gh2k.csv",
        ] {
            assert!(is_own(name), "{name}");
        }
        for name in [
            "upload-notes.ldjson",
            "upload-1.2.3.ldjson",
            "upload-.ldjson",
            "input-accounts.ldjson",
            "input-.ldjson",
            "input-x7Gh2k.json",
            "input-deals7.csv.bak",
            "upload-1.csv",
            "upload-1.ldjson.bak",
            "HEAD",
        ] {
            assert!(!is_own(name), "{name}");
        }
    }

    /// A folder that the user made, and that happens to be called as the spool is.
    #[cfg(unix)]
    #[test]
    fn folder_of_the_user_is_neither_used_nor_swept() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("data.spool");
        fs::create_dir(&directory).unwrap();
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let file = directory.join("upload-1.ldjson");
        fs::write(&file, "mine").unwrap();
        let spool = Spool::new(directory.clone());
        for (of_directory, of_file) in [(0o755, 0o600), (0o700, 0o644)] {
            set(&directory, of_directory);
            set(&file, of_file);
            spool.sweep(&BTreeSet::new());
            assert!(file.exists(), "{of_directory:o}");
        }
        set(&directory, 0o755);
        assert!(spool.create("upload-2.ldjson").is_err());
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
