//! Lines of a file, one at a time.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

/// A line of a file, with its line end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// The offset of its first byte.
    pub(super) start: u64,
    pub(super) bytes: &'a [u8],
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// Reads a file line by line.
pub(super) fn each_line<E: From<io::Error>>(
    path: &Path,
    mut visit: impl FnMut(Line<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut bytes = Vec::new();
    let (mut number, mut start) = (0, 0);
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        number += 1;
        visit(Line {
            number,
            start,
            bytes: &bytes,
        })?;
        start += bytes.len() as u64;
    }
}
