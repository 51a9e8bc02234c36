//! The one way to write files, and to delete them.
//!
//! A file is written to the same folder under an unpredictable name, and renamed when it is
//! complete: a reader sees the old content or the new one, and a link at the path is replaced and
//! never followed. Permissions are set before the first byte is written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers<'a> {
    /// The user who runs this, alone (mode 0600).
    Owner,
    /// At most the readers of this file, from which the new one is made; only the owner if it does
    /// not exist.
    Of(&'a Path),
    /// Who may read new files of this user, as the umask says.
    Default,
    /// Everybody (mode 0644), for files without records that another program collects.
    Everyone,
}

/// A file that appears at its path when it is complete, or not at all.
///
/// ```
/// use std::io::Write;
///
/// use gong_records::io::atomic_file::{NewFile, Readers};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("accounts.ldjson");
/// let mut file = NewFile::create(&path, Readers::Owner)?;
/// file.write_all(b"{}\n")?;
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"{}\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
    readers: Mode,
}

/// The permissions of a new file, and whether they are the umask's matter.
#[derive(Debug, Clone, Copy)]
struct Mode {
    bits: u32,
    is_exact: bool,
}

impl Readers<'_> {
    fn mode(self) -> Mode {
        let of_umask = |bits| Mode {
            bits,
            is_exact: false,
        };
        match self {
            Self::Owner => of_umask(0o600),
            Self::Of(source) => of_umask(0o600 | (mode_of(source) & 0o666)),
            Self::Default => of_umask(0o666),
            Self::Everyone => Mode {
                bits: 0o644,
                is_exact: true,
            },
        }
    }
}

#[cfg(unix)]
fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).map_or(0o600, |metadata| metadata.permissions().mode())
}

#[cfg(not(unix))]
fn mode_of(_path: &Path) -> u32 {
    0o600
}

impl NewFile {
    /// Creates a hidden temporary file in the same folder, with an extension that is not a record
    /// file's.
    ///
    /// # Errors
    ///
    /// The system's error when the file cannot be created.
    pub fn create(path: &Path, readers: Readers<'_>) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        let readers = readers.mode();
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".partial");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(readers.bits));
        }
        Ok(Self {
            file: builder
                .tempfile_in(folder(path))
                .map_err(|error| without_path(&error))?,
            path: path.to_path_buf(),
            readers,
        })
    }

    /// The file, while it is written.
    pub fn as_file(&self) -> &File {
        self.file.as_file()
    }

    /// The path under which it is written.
    pub(crate) fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Closes the file without giving it its name yet.
    pub(crate) fn into_temp_path(self) -> tempfile::TempPath {
        self.file.into_temp_path()
    }

    /// Syncs the file and renames it to its path, replacing an existing file.
    ///
    /// # Errors
    ///
    /// The system's error when the file cannot be synced or renamed.
    pub fn commit(self) -> io::Result<()> {
        self.sync()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)
    }

    /// Syncs the file and renames it to its path, if there is no file yet.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit), and [`io::ErrorKind::AlreadyExists`] when something is there.
    pub fn commit_new(self) -> io::Result<()> {
        self.sync()?;
        let renamed = self.file.persist_noclobber(&self.path);
        renamed.map_err(|error| error.error)?;
        sync_folder(&self.path)
    }

    fn sync(&self) -> io::Result<()> {
        #[cfg(unix)]
        if self.readers.is_exact {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::Permissions::from_mode(self.readers.bits);
            self.file.as_file().set_permissions(mode)?;
        }
        self.file.as_file().sync_all()
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file of known content.
///
/// # Errors
///
/// The system's error; the old content is there then.
pub fn write(path: &Path, bytes: &[u8], readers: Readers<'_>) -> io::Result<()> {
    let mut file = NewFile::create(path, readers)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Makes a folder and those above it for this user alone (mode 0700); leaves those that are there.
///
/// # Errors
///
/// The system's error when a folder cannot be made.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Deletes a regular file; says whether one was there. A link or a folder is left as it is.
///
/// # Errors
///
/// The system's error when the file is there and cannot be deleted.
pub fn delete(path: &Path) -> io::Result<bool> {
    let is_file = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.is_file(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    if is_file {
        fs::remove_file(path)?;
    }
    Ok(is_file)
}

/// Syncs the folder, so that the rename survives a power loss, where the system supports it.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder(path))?.sync_all()?;
    }
    Ok(())
}

/// The system's error alone: the hidden file that it names is nothing that a user asked for.
fn without_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let reason = text.split(" at path ").next().unwrap_or_default();
    io::Error::new(error.kind(), reason)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn derived_file_is_never_wider_than_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        let target = folder.path().join("target");
        fs::write(&source, "x").unwrap();
        for (source_mode, widest) in [
            (0o600, 0o600),
            (0o640, 0o640),
            (0o400, 0o600),
            (0o777, 0o666),
        ] {
            set_mode(&source, source_mode);
            write(&target, b"y", Readers::Of(&source)).unwrap();
            assert_eq!(mode(&target) & !widest, 0, "{source_mode:o}");
        }
        write(&target, b"y", Readers::Of(Path::new("/nowhere"))).unwrap();
        assert_eq!(mode(&target), 0o600);
        write(&target, b"y", Readers::Everyone).unwrap();
        assert_eq!(mode(&target), 0o644);
        write(&target, b"y", Readers::Owner).unwrap();
        assert_eq!(mode(&target), 0o600);
        let made = folder.path().join("a/b");
        create_private_dir(&made).unwrap();
        assert_eq!(mode(&made), 0o700);
    }

    #[test]
    fn link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        let planted = folder.path().join("rejects.txt");
        fs::write(&victim, "mine").unwrap();
        symlink(&victim, &planted).unwrap();
        write(&planted, b"new", Readers::Owner).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
        assert_eq!(fs::read(&planted).unwrap(), b"new");
        let link = folder.path().join("link");
        symlink(&victim, &link).unwrap();
        assert!(!delete(&link).unwrap() && !delete(folder.path()).unwrap());
        assert!(link.symlink_metadata().is_ok() && victim.exists());
        assert!(delete(&planted).unwrap() && !delete(&planted).unwrap());
        let file = NewFile::create(&victim, Readers::Owner).unwrap();
        let refusal = file.commit_new().unwrap_err();
        assert_eq!(refusal.kind(), io::ErrorKind::AlreadyExists);
    }
}
