//! Opens a config file: once, and looks at what was opened, so that nothing can change in between.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::error::CliError;
use crate::exit::Exit;
use crate::shell::shell_word;

/// The most bytes of a config file.
const MAX_BYTES: u64 = 1024 * 1024;

/// The content of a config file.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) text: String,
    /// The permissions, where the system has them.
    mode: Option<u32>,
}

impl Opened {
    /// Whether everybody can write to it, which only matters for a file that was named.
    pub(crate) fn may_be_written_by_others(&self) -> bool {
        self.mode.is_some_and(|mode| mode & 0o002 != 0)
    }

    /// A file with secrets must be readable by its owner only.
    pub(crate) fn private(&self, path: &Path) -> Result<(), CliError> {
        match self.mode {
            Some(mode) if mode & 0o077 != 0 => {
                let shown = path.display();
                let message = format!(
                    "{shown} contains a secret and can be read by others (mode {mode:03o})"
                );
                Err(CliError::new(Exit::Usage, message)
                    .with_hint(format!("chmod 600 {}", shell_word(&path.to_string_lossy()))))
            }
            _ => Ok(()),
        }
    }
}

/// The state of a path at which a config file may be.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    File(Opened),
    /// It is skipped for this reason: somebody else can have put it there.
    PassedOver(&'static str),
}

/// Opens a file that the user named: links are followed, and pipes are read.
pub(crate) fn named(path: &Path) -> Result<Opened, CliError> {
    let file = File::open(path).map_err(|error| {
        unreadable(path, &error).with_hint("name an existing file with --config or GONG_CONFIG")
    })?;
    read(file, path)
}

fn read(file: File, path: &Path) -> Result<Opened, CliError> {
    let mode = access::mode(&file);
    let mut bytes = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    let read = read.map_err(|error| unreadable(path, &error))?;
    let shown = path.display();
    if read as u64 > MAX_BYTES {
        let message = format!("the config file {shown} has more than {MAX_BYTES} bytes");
        return Err(CliError::new(Exit::Usage, message)
            .with_hint("put mappings and queries into files of their own"));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        CliError::new(Exit::Usage, format!("the config file {shown} is not UTF-8"))
            .with_hint("save it as UTF-8")
    })?;
    Ok(Opened { text, mode })
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    let shown = path.display();
    CliError::new(
        Exit::Usage,
        format!("the config file {shown} can't be read: {error}"),
    )
}

fn trusted_target(link: &Path) -> String {
    let link = shell_word(&link.to_string_lossy());
    format!("if you trust what it leads to: --config {link}")
}

pub(crate) use access::{Folder, folder};

#[cfg(unix)]
mod access {
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::path::Path;

    use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
    use rustix::io::Errno;

    use super::{Found, shell_word, trusted_target};
    use crate::error::CliError;
    use crate::exit::Exit;

    /// A folder in which a config file may be.
    #[derive(Debug)]
    pub(crate) struct Folder {
        descriptor: OwnedFd,
        status: Stat,
        /// Who runs the command.
        user: u32,
    }

    /// Opens a folder; `None` if there is none, or it can't be looked into.
    pub(crate) fn folder(path: &Path) -> Option<Folder> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        let descriptor = rustix::fs::open(path, flags, Mode::empty()).ok()?;
        let status = rustix::fs::fstat(&descriptor).ok()?;
        let user = rustix::process::geteuid().as_raw();
        Some(Folder {
            descriptor,
            status,
            user,
        })
    }

    pub(super) fn mode(file: &File) -> Option<u32> {
        let metadata = file.metadata().ok()?;
        // A pipe or /dev/null has nothing for others to read.
        metadata
            .is_file()
            .then(|| metadata.permissions().mode() & 0o777)
    }

    impl Folder {
        /// Whether both are in one file system.
        pub(crate) fn is_beside(&self, other: &Self) -> bool {
            self.status.st_dev == other.status.st_dev
        }

        /// Opens a file that was found by search. A file that somebody else may have put there is
        /// skipped; the user's own mistake is an error with a hint.
        pub(crate) fn found(&self, name: &str, shown: &Path) -> Result<Found, CliError> {
            // Without waiting, because it may be a pipe.
            let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::RDONLY;
            let opened = rustix::fs::openat(&self.descriptor, name, flags, Mode::empty());
            let file = match opened {
                Ok(descriptor) => File::from(descriptor),
                Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Found::Nothing),
                Err(error) => return self.not_opened(name, shown, error),
            };
            if let Some(reason) = self.strangers(&file) {
                return Ok(Found::PassedOver(reason));
            }
            self.not_shared(&file, shown)?;
            Ok(Found::File(super::read(file, shown)?))
        }

        fn not_opened(&self, name: &str, shown: &Path, error: Errno) -> Result<Found, CliError> {
            let status = rustix::fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW);
            let Ok(status) = status else {
                return Ok(Found::Nothing);
            };
            let is_link = FileType::from_raw_mode(status.st_mode) == FileType::Symlink;
            if !self.is_trusted_user(status.st_uid) {
                return Ok(Found::PassedOver(if is_link {
                    "a link of another user"
                } else {
                    "it belongs to another user"
                }));
            }
            if is_link {
                let path = shown.display();
                let message =
                    format!("{path} is a link; the search for a config file does not follow links");
                return Err(CliError::new(Exit::Usage, message).with_hint(trusted_target(shown)));
            }
            Err(super::unreadable(shown, &error.into()))
        }

        /// Opens a file in the user's own folder for configurations, where links are the user's.
        pub(crate) fn own(&self, name: &str, shown: &Path) -> Result<Found, CliError> {
            let flags = OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::RDONLY;
            let opened = rustix::fs::openat(&self.descriptor, name, flags, Mode::empty());
            let file = match opened {
                Ok(descriptor) => File::from(descriptor),
                Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Found::Nothing),
                Err(error) => return Err(super::unreadable(shown, &error.into())),
            };
            if let Some(reason) = self.strangers(&file) {
                let message = format!("{}: {reason}", shown.display());
                return Err(CliError::new(Exit::Usage, message).with_hint(
                    "change its owner to your user, or name another file with --config",
                ));
            }
            self.not_shared(&file, shown)?;
            Ok(Found::File(super::read(file, shown)?))
        }

        /// Rejects a file that others can write to or create there.
        fn not_shared(&self, file: &File, shown: &Path) -> Result<(), CliError> {
            let path = shown.display();
            let named = shell_word(&shown.to_string_lossy());
            let trust = || format!("if you trust it anyway, name it: --config {named}");
            let refused = |message: String, hint: String| {
                Err(CliError::new(Exit::Usage, message).with_hint(hint))
            };
            if rustix::fs::fstat(file).is_ok_and(|status| self.others_may_write(&status)) {
                return refused(
                    format!("others can write to {path}, so it is not used"),
                    format!("chmod go-w {named}\n{}", trust()),
                );
            }
            let folder = shown
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            let folder = shell_word(&folder.to_string_lossy());
            if !self.is_trusted_user(self.status.st_uid) {
                return refused(
                    format!("the folder of {path} belongs to another user, so it is not used"),
                    trust(),
                );
            }
            // In a sticky folder such as /tmp, others can't replace it.
            let is_sticky = Mode::from_raw_mode(self.status.st_mode).contains(Mode::SVTX);
            if !is_sticky && self.others_may_write(&self.status) {
                return refused(
                    format!("others can write to the folder of {path}, so it is not used"),
                    format!("chmod go-w {folder}\n{}", trust()),
                );
            }
            Ok(())
        }

        /// Why a file may come from somebody else.
        fn strangers(&self, file: &File) -> Option<&'static str> {
            let Ok(metadata) = file.metadata() else {
                return Some("it can't be examined");
            };
            if !metadata.is_file() {
                return Some("it is not a regular file");
            }
            (!self.is_trusted_user(metadata.uid())).then_some("it belongs to another user")
        }

        /// Root could do anything anyway.
        fn is_trusted_user(&self, owner: u32) -> bool {
            owner == 0 || owner == self.user
        }

        /// A group with the user's own number has no other members, by the convention of most systems.
        fn others_may_write(&self, status: &Stat) -> bool {
            let mode = Mode::from_raw_mode(status.st_mode);
            mode.contains(Mode::WOTH) || (mode.contains(Mode::WGRP) && status.st_gid != self.user)
        }
    }

    #[cfg(test)]
    mod tests {
        use std::fs;
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        use super::*;

        const NAME: &str = "gong-crm.toml";

        /// The state of a path in a folder, for its owner or another user.
        fn found(path: &Path, user: Option<u32>) -> Result<Found, CliError> {
            let mut folder = folder(path).unwrap();
            folder.user = user.unwrap_or(folder.user);
            folder.found(NAME, &path.join(NAME))
        }

        fn mode(path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        /// A folder of a user other than root, whichever user runs the tests.
        fn of_a_user() -> (tempfile::TempDir, u32) {
            let folder = tempfile::tempdir().unwrap();
            let me = rustix::process::geteuid().as_raw();
            let path = folder.path().join(NAME);
            fs::write(&path, "").unwrap();
            if me != 0 {
                return (folder, me);
            }
            for path in [folder.path(), &path] {
                std::os::unix::fs::chown(path, Some(1234), Some(1234)).unwrap();
            }
            (folder, 1234)
        }

        #[test]
        fn file_of_another_user_is_passed_over() {
            let (folder, owner) = of_a_user();
            assert!(matches!(
                found(folder.path(), Some(owner)),
                Ok(Found::File(_))
            ));
            let stranger = owner + 1;
            assert!(matches!(
                found(folder.path(), Some(stranger)),
                Ok(Found::PassedOver("it belongs to another user"))
            ));
            fs::remove_file(folder.path().join(NAME)).unwrap();
            symlink("/dev/null", folder.path().join(NAME)).unwrap();
            let link = std::os::unix::fs::lchown(folder.path().join(NAME), Some(owner), None);
            link.unwrap();
            assert!(matches!(
                found(folder.path(), Some(stranger)),
                Ok(Found::PassedOver("a link of another user"))
            ));
        }

        #[test]
        fn link_and_pipe_are_not_read() {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("target.toml");
            fs::write(&target, "ledger = 'x'").unwrap();
            symlink(&target, folder.path().join(NAME)).unwrap();
            let refusal = found(folder.path(), None).unwrap_err();
            assert!(refusal.message.contains("is a link"), "{}", refusal.message);
            fs::remove_file(folder.path().join(NAME)).unwrap();
            let pipe = folder.path().join(NAME);
            rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
            assert!(matches!(
                found(folder.path(), None),
                Ok(Found::PassedOver("it is not a regular file"))
            ));
        }

        #[test]
        fn file_or_folder_writable_by_others_is_rejected() {
            let (folder, owner) = of_a_user();
            let path = folder.path().join(NAME);
            for (file_mode, folder_mode, expected) in [
                (0o600, 0o700, None),
                (0o644, 0o755, None),
                (0o666, 0o755, Some("others can write to ")),
                (0o602, 0o755, Some("others can write to ")),
                (0o644, 0o777, Some("others can write to the folder")),
                (0o644, 0o757, Some("others can write to the folder")),
                // As /tmp is.
                (0o644, 0o1777, None),
            ] {
                mode(&path, file_mode);
                mode(folder.path(), folder_mode);
                let refusal = found(folder.path(), Some(owner))
                    .err()
                    .map(|error| error.message);
                match (refusal, expected) {
                    (None, None) => {}
                    (Some(message), Some(expected)) if message.starts_with(expected) => {}
                    (message, _) => assert_eq!(message.as_deref(), expected),
                }
            }
        }

        #[test]
        fn group_of_the_user_alone_may_write() {
            let (folder, owner) = of_a_user();
            let path = folder.path().join(NAME);
            mode(&path, 0o664);
            let group = fs::metadata(&path).unwrap().gid();
            let found = found(folder.path(), Some(owner));
            assert_eq!(found.is_ok(), group == owner);
        }
    }
}
