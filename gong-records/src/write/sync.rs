//! `EntityWriter`: records as lines into any writer.

use std::io::Write;

use super::encoder::LineEncoder;
use super::error::WriteError;
use crate::record::Record;
use crate::value::ObjectId;

/// Writes records of one type as the lines of one entity file, into any [`Write`].
///
/// The file keeps Gong's rules: one type, no blank line, no record twice, no more than
/// [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES) bytes. A record that breaks them is rejected and leaves the
/// writer as it was. The sink receives chunks of 64 KiB, so it needs no buffer.
///
/// [`EntityFile`](crate::EntityFile) writes into files and can continue in another one.
///
/// ```
/// use gong_records::{EntityWriter, Stage, WriteError};
///
/// let mut writer = EntityWriter::new(Vec::new());
/// let discovery = Stage::builder().object_id("discovery").name("Discovery").build()?;
/// assert_eq!(writer.write(&discovery)?, 1);
/// assert!(matches!(writer.write(&discovery), Err(WriteError::Repeated { line: 1, .. })));
/// assert_eq!(writer.object_id(1), Some("discovery"));
/// let lines = writer.finish()?;
/// assert_eq!(lines, b"{\"objectId\":\"discovery\",\"name\":\"Discovery\"}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EntityWriter<T, W> {
    lines: LineEncoder<T>,
    sink: W,
}

impl<T: Record, W: Write> EntityWriter<T, W> {
    /// A writer into this sink.
    pub fn new(sink: W) -> Self {
        Self {
            lines: LineEncoder::new(),
            sink,
        }
    }

    /// The same writer with another maximum size; never more than Gong accepts.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.lines.set_max_bytes(max_bytes);
        self
    }

    /// Writes a record and returns its line, from 1.
    ///
    /// # Errors
    ///
    /// [`WriteError::Repeated`], [`WriteError::Full`] or [`WriteError::TooLong`] when the record cannot
    /// be in this file; [`WriteError::Sink`] when the sink fails, after which the file is
    /// lost.
    pub fn write(&mut self, record: &T) -> Result<u64, WriteError> {
        let line = self.lines.push(record)?;
        if let Some(due) = self.lines.due() {
            self.sink.write_all(due).map_err(WriteError::Sink)?;
            self.lines.written();
        }
        Ok(line)
    }

    /// The number of records written.
    pub fn records(&self) -> u64 {
        self.lines.records()
    }

    /// The number of bytes written, line breaks included.
    pub fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// The record of this line, from 1: for the line errors that Gong lists.
    pub fn object_id(&self, line: u64) -> Option<&str> {
        self.lines.object_id(line)
    }

    /// The line of this record, from 1.
    pub fn line(&self, object_id: &ObjectId) -> Option<u64> {
        self.lines.line(object_id.as_str())
    }

    /// The sink, which has all except the last lines.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes the remaining lines, flushes the sink and returns it. Without it, the end is missing.
    ///
    /// # Errors
    ///
    /// [`WriteError::Sink`] when the sink fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.sink
            .write_all(self.lines.waiting())
            .and_then(|()| self.sink.flush())
            .map_err(WriteError::Sink)?;
        Ok(self.sink)
    }
}
