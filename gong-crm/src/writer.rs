//! Writing records of one type as the lines of entity files.

use crate::files::{FRAMING_BYTES, MAX_BODY_BYTES};

mod aside;
mod error;
mod file;
mod lines;
mod object_ids;
mod stream;
#[cfg(feature = "client")]
mod stream_async;

pub(crate) use aside::{aside, persist};
pub use error::WriteError;
pub use file::{EntityFile, Place, Written, WrittenFile};
pub use stream::EntityWriter;
#[cfg(feature = "client")]
pub use stream_async::AsyncEntityWriter;

/// The most bytes of one entity file: what the multipart framing around it leaves of a body.
pub const MAX_FILE_BYTES: u64 = MAX_BODY_BYTES - FRAMING_BYTES;
