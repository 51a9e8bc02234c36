//! Why a Singer run ended before its end.

use gong_crm::ledger::LedgerError;
use gong_crm::push::PushError;
use gong_crm::sync::SyncError;

/// Why a Singer run has no report. No state was emitted for unsent records.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The settings or the mapping can't be used.
    #[error("{message}")]
    Settings {
        /// The problem.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A message of the tap can't be used.
    #[error("line {line} of the tap's output: {message}")]
    Message {
        /// The number of the line, from 1.
        line: u64,
        /// The problem.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The tap can't be started.
    #[error("the tap {command} can't be started: {source}")]
    Tap {
        /// The program.
        command: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The tap ended with a failure.
    #[error("{command} ended with {status}{}{said}", if said.is_empty() { "" } else { ":\n" })]
    Failed {
        /// The program.
        command: String,
        /// Its exit code or signal.
        status: String,
        /// The last lines of its standard error.
        said: String,
    },
    /// The tap wrote none of the streams that the mapping names.
    #[error("source missing: {message}")]
    Missing {
        /// Which streams were expected, and which came.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The tap's output can't be read.
    #[error("the tap's output can't be read: {0}")]
    Input(#[source] std::io::Error),
    /// Records can't be written to or read from disk.
    #[error("records can't be buffered on disk: {0}")]
    Disk(#[source] std::io::Error),
    /// The state can't be written.
    #[error("the state can't be written: {0}")]
    State(#[source] std::io::Error),
    /// The records can't be sent.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// Uploads of an earlier run can't be finished.
    #[error(transparent)]
    Resume(#[from] PushError),
    /// The ledger can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl TargetError {
    /// How to fix it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Settings { hint, .. }
            | Self::Message { hint, .. }
            | Self::Missing { hint, .. } => Some(hint),
            Self::Tap { .. } => {
                Some("name the program by its path, or install it where programs are searched for")
            }
            Self::Disk(_) => Some("free some space, or keep the ledger elsewhere: --ledger FILE"),
            _ => None,
        }
    }
}
