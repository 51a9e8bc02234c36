//! Writing records of one type as the lines of entity files.

use crate::io::discover::{FRAMING_BYTES, MAX_BODY_BYTES};

mod encoder;
mod error;
mod file;
mod object_ids;
mod sync;

pub use error::WriteError;
pub use file::{EntityFile, FinishedFile, RecordLocation, WriteSummary};
pub use sync::EntityWriter;

/// The maximum number of bytes of one record file: a body without its multipart framing.
pub const MAX_FILE_BYTES: u64 = MAX_BODY_BYTES - FRAMING_BYTES;
