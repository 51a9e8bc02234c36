//! Encoding records as the lines of one file.

use std::marker::PhantomData;

use super::MAX_FILE_BYTES;
use super::error::WriteError;
use super::object_ids::{self, ObjectIds};
use crate::record::Record;

/// How many bytes are buffered: few enough to stay in the processor's cache.
const BUFFER_BYTES: usize = 64 * 1024;

/// The lines of one file; those that are not written yet are buffered.
#[derive(Debug)]
pub(super) struct LineEncoder<T> {
    waiting: Vec<u8>,
    bytes: u64,
    max_bytes: u64,
    object_ids: ObjectIds,
    records: PhantomData<fn(&T)>,
}

impl<T: Record> LineEncoder<T> {
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::new(),
            bytes: 0,
            max_bytes: MAX_FILE_BYTES,
            object_ids: ObjectIds::default(),
            records: PhantomData,
        }
    }

    /// Never more than Gong accepts.
    pub(super) fn set_max_bytes(&mut self, max_bytes: u64) {
        self.max_bytes = max_bytes.min(MAX_FILE_BYTES);
    }

    /// Adds a record and returns its line; changes nothing if the record is rejected.
    pub(super) fn push(&mut self, record: &T) -> Result<u64, WriteError> {
        let before = self.waiting.len();
        record.write_line(&mut self.waiting);
        let length = (self.waiting.len() - before) as u64;
        let refused = if length > self.max_bytes {
            WriteError::TooLong {
                object_id: record.object_id().clone(),
                bytes: length,
                max_bytes: self.max_bytes,
            }
        } else if self.bytes + length > self.max_bytes {
            WriteError::Full {
                object_id: record.object_id().clone(),
                bytes: self.bytes,
                max_bytes: self.max_bytes,
            }
        } else {
            match self.object_ids.push(record.object_id().as_str()) {
                Ok(()) => {
                    self.bytes += length;
                    return Ok(self.records());
                }
                Err(line) => WriteError::Repeated {
                    object_id: record.object_id().clone(),
                    line,
                },
            }
        };
        self.waiting.truncate(before);
        Err(refused)
    }

    /// What should be written now: nothing while little is buffered.
    pub(super) fn due(&self) -> Option<&[u8]> {
        (self.waiting.len() >= BUFFER_BYTES).then_some(&self.waiting)
    }

    /// Everything that is buffered.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.waiting
    }

    /// Clears the buffer after it was written.
    pub(super) fn written(&mut self) {
        self.waiting.clear();
    }

    pub(super) fn records(&self) -> u64 {
        self.object_ids.lines().len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn object_id(&self, line: u64) -> Option<&str> {
        self.object_ids.lines().get(line)
    }

    pub(super) fn line(&self, object_id: &str) -> Option<u64> {
        self.object_ids.line(object_id)
    }

    /// Ends the file and starts another one with the same maximum size.
    pub(super) fn next_file(&mut self) -> object_ids::Lines {
        self.bytes = 0;
        self.waiting.clear();
        std::mem::take(&mut self.object_ids).into_lines()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_above_gongs() {
        let mut lines = LineEncoder::<crate::Account>::new();
        assert_eq!(lines.max_bytes, 199_998_976);
        lines.set_max_bytes(u64::MAX);
        assert_eq!(lines.max_bytes, MAX_FILE_BYTES);
        lines.set_max_bytes(5);
        assert_eq!(lines.max_bytes, 5);
    }
}
