//! Why a record was not written, or a file not finished.

use std::io;
use std::path::PathBuf;

use crate::value::ObjectId;

/// Why a record was not written, or a file not finished.
///
/// After [`WriteError::Repeated`], [`WriteError::Full`] and [`WriteError::TooLong`] the writer is as
/// it was before the call, and takes other records.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file holds this record already. Gong wants several updates of one record in several
    /// files, sent one after the other.
    #[error(
        "record {object_id} stands in line {line} already; Gong wants a second update of it in \
         another file"
    )]
    Repeated {
        /// The record's id.
        object_id: ObjectId,
        /// The line where it stands, from 1.
        line: u64,
    },
    /// The record does not fit into the file any more.
    #[error(
        "record {object_id} does not fit any more: the file has {bytes} of at most {max_bytes} \
         bytes; begin another one"
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
    /// A file can't be made, written or put in its place.
    #[error("{} can't be written: {source}", path.display())]
    File {
        /// The file, or its folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// What was to take the lines did not.
    #[error("the lines can't be written: {0}")]
    Sink(io::Error),
}
