//! Why a sync came to no report.

use std::path::PathBuf;

use crate::ledger::LedgerError;
use crate::push::PushError;

/// Why a sync came to no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// No type has a source.
    #[error("no source is named: add [sources.TYPE] to gong-crm.toml")]
    NoSources,
    /// A list of confirmed deletions, or a plan, can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A list of confirmed deletions, or a plan, is not one.
    #[error("{}:{line}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// A plan was made with another ledger, integration or scope.
    #[error("{} was made for another {what}: plan again", path.display())]
    OtherPlan {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// The records changed after the plan, and `--strict` allows no difference; nothing was sent.
    #[error("{left_out} of the planned actions can no longer be done as planned: plan again")]
    PlanOutdated {
        /// How many.
        left_out: usize,
    },
    /// A file can't be written.
    #[error("{} can't be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Planning or sending failed as a push does.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
