//! Finding every problem of record files before Gong does.
//!
//! [`check_paths`] reads files and folders, [`check_reader`] one stream. Both report each problem
//! as a [`Finding`]: its position, the violated [`Rule`](crate::Rule), and the fix. They report all
//! problems of a line, not only the first, and never keep a file in memory.
//!
//! A finding is an error if Gong rejects the record, according to its current documentation or a
//! recorded response, or if it is unclear which record or value is meant. Everything else is a
//! warning. [`Severities`] change this.
//!
//! A problem of a whole column, such as a field that no record has, is one finding with a count.

use std::io;
use std::path::PathBuf;

mod block;
mod conflicts;
mod context;
mod delivery;
mod duplicates;
mod file;
mod finding;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod ids;
mod input;
mod json;
mod names;
mod options;
mod order;
mod page;
mod parallel;
mod record;
mod references;
mod scan;
mod session;
mod severities;
mod source;
mod summary;

#[cfg(test)]
mod tests;

pub use finding::{Excerpt, Finding};
#[doc(hidden)]
pub use input::{Input, Lines};
pub use options::Options;
pub use page::rules_page;
#[doc(hidden)]
pub use session::{STANDARD_INPUT, check_inputs};
pub use session::{check_paths, check_reader};
pub use severities::Severities;
pub use source::{FileConverter, LineSource, Locator};
pub use summary::{FileSummary, Summary};

pub use crate::rule::{Effect, Evidence, Example, Explanation, Sample, Severity};

use crate::io::blocks;
use crate::io::discover::FilesError;

/// Why a check ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The paths lead to no record files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A file cannot be read completely.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A CSV cannot be converted, because the mapping does not fit it or because of the disk.
    #[error("{} cannot be converted: {source}", path.display())]
    Convert {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
