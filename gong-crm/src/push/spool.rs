//! Where is kept what no file on disk holds as it is sent, so that it can be sent again?

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

/// The folder of a ledger in which copies outlive the process, if it has one.
#[derive(Debug, Clone)]
pub(super) struct Spool(Option<PathBuf>);

/// A copy on disk.
#[derive(Debug)]
pub(super) enum Copy {
    /// In the ledger's folder, until what it holds has been reported.
    Kept(PathBuf),
    /// As long as this value.
    Temporary(TempPath),
}

impl Copy {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(path) => path,
        }
    }
}

impl Spool {
    pub(super) fn of(folder: Option<PathBuf>) -> Self {
        Self(folder)
    }

    /// Copies everything to disk, readable for nobody else.
    pub(super) fn copy(&self, mut from: impl io::Read) -> io::Result<Copy> {
        let (copy, _) = self.write(|file, _| io::copy(&mut from, file))?;
        Ok(copy)
    }

    /// Makes a file that is readable for nobody else, and gives what was made of writing it.
    pub(super) fn write<T, E: From<io::Error>>(
        &self,
        write: impl FnOnce(&mut fs::File, &Path) -> Result<T, E>,
    ) -> Result<(Copy, T), E> {
        let mut named = Builder::new();
        named.prefix("gong-crm-").suffix(".ldjson");
        let mut copy = match &self.0 {
            Some(folder) => {
                make_private(folder)?;
                named.tempfile_in(folder)?
            }
            None => named.tempfile()?,
        };
        let path = copy.path().to_path_buf();
        let made = write(copy.as_file_mut(), &path)?;
        copy.flush()?;
        if self.0.is_none() {
            return Ok((Copy::Temporary(copy.into_temp_path()), made));
        }
        // The ledger may speak of it as soon as this returns.
        copy.as_file().sync_all()?;
        let (_, path) = copy.keep().map_err(|error| error.error)?;
        Ok((Copy::Kept(path), made))
    }

    /// Where a copy of this name is.
    pub(super) fn path(&self, name: &Path) -> Option<PathBuf> {
        // A name, never a way out of the folder.
        let name = name.file_name()?;
        Some(self.0.as_ref()?.join(name))
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Removes the copies that nobody needs, and the folder with the last of them.
pub(super) fn sweep(folder: &Path, needed: &BTreeSet<&Path>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if !needed.contains(Path::new(&entry.file_name())) {
            drop(fs::remove_file(entry.path()));
        }
    }
    // It stays if anything is in it.
    drop(fs::remove_dir(folder));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_kept_as_long_as_it_is_needed_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("ledger.spool");
        let spool = Spool::of(Some(folder.clone()));
        let copies = [&b"one\n"[..], &b"two\n"[..]].map(|bytes| match spool.copy(bytes).unwrap() {
            Copy::Kept(path) => path,
            Copy::Temporary(_) => panic!("not kept"),
        });
        let name = Path::new(copies[1].file_name().unwrap());
        sweep(&folder, &BTreeSet::from([name]));
        assert!(!copies[0].exists());
        assert_eq!(fs::read(spool.path(name).unwrap()).unwrap(), b"two\n");
        #[cfg(unix)]
        for path in [&folder, &copies[1]] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
        sweep(&folder, &BTreeSet::new());
        assert!(!folder.exists());
    }

    #[test]
    fn without_a_folder_a_copy_goes_with_its_value() {
        let Copy::Temporary(path) = Spool::of(None).copy(&b"one\n"[..]).unwrap() else {
            panic!("kept");
        };
        assert_eq!(fs::read(&path).unwrap(), b"one\n");
    }
}
