//! Why a source cannot be opened.

use std::path::PathBuf;

/// Why a source cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// This build reads no sources of this kind.
    #[error(
        "this build does not support {0} sources; install gong-crm with all of them, or build it with --features {0}"
    )]
    NotBuilt(&'static str),
    /// The URL is not one that is known.
    #[error("{0}")]
    Url(String),
    /// A URL with a secret is not allowed in this place.
    #[error("{0}")]
    Secret(String),
    /// The file with the query can't be read.
    #[error("the query {} can't be read: {source}", path.display())]
    Query {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The command has no program.
    #[error("the command is empty")]
    NoCommand,
}
