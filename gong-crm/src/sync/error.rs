//! Why a sync has no report.

use std::path::PathBuf;

use crate::ObjectType;
use crate::ledger::LedgerError;
use crate::push::PushError;

/// Why a sync has no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// No type has a source.
    #[error("no source is named: add [sources.TYPE] to gong-crm.toml")]
    NoSources,
    /// The scope has no name.
    #[error("the scope is empty: give it a name")]
    NoScope,
    /// Only records of a type are wanted that has no source.
    #[error("no source has {object_type} records")]
    NoSourceOf {
        /// The type.
        object_type: ObjectType,
    },
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
        /// The problem.
        message: String,
    },
    /// A plan was made with another ledger, integration or scope.
    #[error("{} was made for another {what}: plan again", path.display())]
    OtherPlan {
        /// The file.
        path: PathBuf,
        /// The difference.
        what: &'static str,
    },
    /// The records changed after the plan, and `--strict` allows no difference; nothing was sent.
    #[error("{} no longer possible: plan again", actions_are(*skipped))]
    PlanOutdated {
        /// How many.
        skipped: usize,
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

fn actions_are(count: usize) -> String {
    match count {
        1 => "1 action of the plan is".to_owned(),
        count => format!("{count} actions of the plan are"),
    }
}
