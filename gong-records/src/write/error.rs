//! Why a record was not written, or a file not finished.

use std::io;
use std::path::PathBuf;

use crate::value::ObjectId;

/// Why a record was not written, or a file not finished.
///
/// After [`WriteError::Repeated`], [`WriteError::Full`] and [`WriteError::TooLong`] the writer is as
/// it was before the call, and accepts other records.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file has this record already. Gong wants several updates of one record in several files,
    /// sent one after the other.
    #[error(
        "record {object_id} is in line {line} already; write a second update of it to another file"
    )]
    Repeated {
        /// The record's id.
        object_id: ObjectId,
        /// Its line, from 1.
        line: u64,
    },
    /// The record does not fit into the file.
    #[error(
        "record {object_id} does not fit: the file has {bytes} of at most {max_bytes} bytes; start \
         another file"
    )]
    Full {
        /// The record's id.
        object_id: ObjectId,
        /// The bytes that the file has.
        bytes: u64,
        /// The bytes that it may have.
        max_bytes: u64,
    },
    /// The record is too long for any file.
    #[error(
        "record {object_id} has {bytes} bytes, more than the {max_bytes} that a whole file may have"
    )]
    TooLong {
        /// The record's id.
        object_id: ObjectId,
        /// The bytes of its line.
        bytes: u64,
        /// The bytes that a file may have.
        max_bytes: u64,
    },
    /// A file cannot be created, written or renamed.
    #[error("{} can't be written: {source}", path.display())]
    File {
        /// The file, or its folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The sink failed.
    #[error("the lines can't be written: {0}")]
    Sink(io::Error),
}
