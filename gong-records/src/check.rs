//! Finding every problem of entity files before Gong does.
//!
//! [`check_paths`] reads files and folders, [`check_reader`] one stream. Both tell of each problem
//! as a [`Finding`]: where it is, which [`Rule`](crate::Rule) it breaks, and what to do about it.
//! They tell of all problems of a line, not of the first, and never hold a file in memory.
//!
//! What Gong documents, or was seen to refuse, is an error; what it merely suggests, or contradicts
//! itself about, is a warning. [`Options`] can change either.

use std::io;
use std::path::PathBuf;

#[doc(hidden)]
pub mod differential;
mod emails;
mod file;
mod finding;
mod ids;
mod name;
mod object;
mod options;
mod order;
mod page;
mod record;
mod repeats;
mod run;
mod scan;
mod source;
mod summary;
mod syntax;
mod value;

#[cfg(test)]
mod tests;

pub use finding::{Excerpt, Finding};
pub use options::Options;
pub use page::rules_page;
#[doc(hidden)]
pub use run::{Input, Lines, STANDARD_INPUT, check_inputs};
pub use run::{check_paths, check_reader};
pub use source::{FileConverter, LineSource, Locator};
pub use summary::{FileSummary, Summary};

pub use crate::rule::{Evidence, Example, Explanation, Sample, Severity};

use crate::io::blocks;
use crate::io::discover::FilesError;

/// Why a check came to no end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The paths lead to no entity files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A file can't be read to its end.
    #[error("{} can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A CSV can't be converted, because the mapping does not fit it or because of the disk.
    #[error("{} can't be converted: {source}", path.display())]
    Convert {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
