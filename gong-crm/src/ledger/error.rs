//! Why a ledger can't be used, and who has it locked.

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ClientRequestId;

/// A ledger that is locked: while it lives, no other push uses the ledger.
pub struct LedgerLock(
    #[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>,
);

impl LedgerLock {
    /// A lock that is released when `held` is dropped.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for LedgerLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LedgerLock")
    }
}

/// The process that has a ledger locked, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockOwner {
    /// Its process id.
    pub pid: Option<u32>,
    /// Since when it has the lock.
    pub since: Option<Timestamp>,
}

impl LockOwner {
    /// An owner of whom the process id and the time are known.
    pub fn new(pid: Option<u32>, since: Option<Timestamp>) -> Self {
        Self { pid, since }
    }
}

impl fmt::Display for LockOwner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(formatter, "process {pid}")?,
            None => formatter.write_str("another process")?,
        }
        match self.since {
            Some(since) => write!(formatter, ", since {since}"),
            None => Ok(()),
        }
    }
}

/// Why a ledger can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Its database can't be read or written.
    #[error("the ledger{} can't be used: {source}", named(path))]
    Storage {
        /// The ledger's path, or its name where it is not a file.
        path: PathBuf,
        /// The error of the database.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A later version of this tool wrote it.
    #[error(
        "the ledger {} was written by a later version (format {version}): update gong-crm, or use \
         another ledger",
        path.display()
    )]
    Newer {
        /// The ledger's path.
        path: PathBuf,
        /// Its format.
        version: i64,
    },
    /// Another user may have created or changed it.
    #[error("the ledger {} cannot be opened: {reason}", path.display())]
    Untrusted {
        /// The ledger's path.
        path: PathBuf,
        /// The problem, and what to do.
        reason: String,
    },
    /// Another push uses it.
    #[error("another push uses this ledger ({0}): wait until it ends, or stop it")]
    Held(LockOwner),
    /// It was restored from a backup: uploads were made with it that it does not know.
    #[error(
        "this ledger is older than the one that was here before, which had {missing} more \
         uploads, so it does not know what Gong has. Restore the newest ledger, or run `gong-crm \
         ledger recover`"
    )]
    Older {
        /// How many uploads it does not know.
        missing: u64,
    },
    /// Its file was removed or replaced while this process had it open.
    #[error(
        "the ledger {} is not the file any more that was opened: it was moved, removed or replaced. Put the \
         newest ledger there, and start again",
        path.display()
    )]
    Replaced {
        /// The ledger's path.
        path: PathBuf,
    },
    /// Another copy of it was used: Gong knows the id of an upload that only this ledger could have
    /// made, and that it never sent.
    #[error(
        "another copy of this ledger is in use: Gong knows the id {id}, which this ledger never \
         sent. Use the newest copy, or run `gong-crm ledger recover`"
    )]
    Copied {
        /// The id.
        id: ClientRequestId,
    },
    /// An exported ledger is imported into a ledger that is in use.
    #[error("this ledger is in use: import into a new one, or move this one away first")]
    NotEmpty,
    /// It was exported, and the exported copy is the one that counts.
    #[error(
        "this ledger was exported on {at:.0} and is sealed: use the exported copy, or run `gong-crm \
         ledger recover`"
    )]
    Sealed {
        /// When it was exported.
        at: Timestamp,
    },
}

/// The path after "the ledger", unless it has none.
fn named(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        String::new()
    } else {
        format!(" {}", path.display())
    }
}

impl LedgerError {
    /// An error of a ledger's database.
    pub fn storage(
        path: impl AsRef<Path>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Storage {
            path: path.as_ref().to_path_buf(),
            source: source.into(),
        }
    }

    pub(crate) fn unreadable(what: &str) -> Self {
        Self::storage("", format!("{what} can't be read; the ledger is damaged"))
    }
}
