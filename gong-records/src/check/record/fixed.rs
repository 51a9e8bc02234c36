//! Reads on after a mistake of a line was fixed.

use crate::check::blocks::PADDING;
use crate::check::context::CheckContext;
use crate::check::scan::{Scanned, Scanner};

/// Reads lines after one of their mistakes was fixed: faster than a general parser.
pub(in crate::check) struct FixedLines<'s, 'a> {
    pub(in crate::check) scanner: &'s mut Scanner<'a>,
    /// What was scanned last, and the bytes of the line: only their memory is kept.
    pub(in crate::check) scanned: &'s mut Scanned,
    pub(in crate::check) bytes: &'s mut Vec<u8>,
}

impl FixedLines<'_, '_> {
    /// Reads the line into `scanned`, if it is valid JSON now.
    pub(super) fn read(&mut self, line: &str, context: &CheckContext<'_>) -> bool {
        self.bytes.clear();
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
        self.bytes.resize(line.len() + 1 + PADDING, 0);
        let is_read = self.scanner.scan(self.bytes, 0, self.scanned).is_some();
        if is_read {
            self.scanned.doubt_references(self.bytes, context);
        }
        is_read
    }
}
