//! The lines of the records that a survey found.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use super::PushError;
use super::input::unreadable;
use super::survey::{Entry, TypeFiles};
use crate::compare::LineKey;
use crate::ledger::LineHash;

/// Reads the lines of entries, best in the order of their places.
pub(super) struct EntryLines<'a> {
    files: &'a TypeFiles<'a>,
    /// The file that is being read, by its place among those of the type.
    open: Option<(usize, LineAt)>,
}

impl<'a> EntryLines<'a> {
    pub(super) fn new(files: &'a TypeFiles<'a>) -> Self {
        Self { files, open: None }
    }

    /// The line of an entry, with the place of its file among those of the type.
    pub(super) fn read(&mut self, entry: &Entry) -> Result<(usize, &[u8]), PushError> {
        let (file, offset) = self.files.locate(entry.place);
        let open = self.files.files[file].1;
        let failed = |error| unreadable(&open.file.path, error);
        let lines = match self.open.take() {
            Some((place, lines)) if place == file => lines,
            _ => LineAt::open(&open.lines).map_err(failed)?,
        };
        let (_, lines) = self.open.insert((file, lines));
        let line = lines.read(offset, entry.length()).map_err(failed)?;
        Ok((file, line))
    }
}

/// The hashes of the lines of entries, as they are given.
pub(super) struct GivenLines<'a> {
    lines: EntryLines<'a>,
    key: LineKey,
}

impl<'a> GivenLines<'a> {
    pub(super) fn new(files: &'a TypeFiles<'a>, key: LineKey) -> Self {
        Self {
            lines: EntryLines::new(files),
            key,
        }
    }

    /// The hash of an entry's line; `None` if it can't be read any more.
    pub(super) fn hash(&mut self, entry: &Entry) -> Option<LineHash> {
        let (_, line) = self.lines.read(entry).ok()?;
        Some(self.key.hash(line))
    }
}

/// Reads lines of a file at given offsets.
struct LineAt {
    file: BufReader<File>,
    at: u64,
    bytes: Vec<u8>,
}

impl LineAt {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self {
            file: BufReader::with_capacity(256 * 1024, file),
            at: 0,
            bytes: Vec::new(),
        })
    }

    /// The line of so many bytes at an offset.
    fn read(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        if offset != self.at {
            self.file
                .seek_relative(offset.cast_signed() - self.at.cast_signed())?;
        }
        self.bytes.resize(length, 0);
        self.file.read_exact(&mut self.bytes)?;
        self.at = offset + length as u64;
        Ok(&self.bytes)
    }
}
