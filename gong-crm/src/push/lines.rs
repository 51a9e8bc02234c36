//! How lines are read again: all of a file one after another, or those of the records that a survey found.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use gong_records::io::lines::{Line, Lines};

use super::PushError;
use super::input::unreadable;
use super::survey::{Entry, TypeFiles};
use crate::ObjectType;
use crate::compare::{HashKey, LineKey, Reader};
use crate::ledger::LineHash;

/// Reads a file line by line.
pub(super) fn each_line<E: From<io::Error>>(
    path: &Path,
    mut visit: impl FnMut(Line<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next_line()? {
        visit(line)?;
    }
    Ok(())
}

/// The place of a line from 0: that of its record among those of an upload.
pub(super) fn place_of(line: &Line<'_>) -> usize {
    usize::try_from(line.number - 1).unwrap_or(usize::MAX)
}

/// A reader for which the generations of custom fields do not matter: it is not used to compare their
/// values.
pub(super) fn id_reader(key: [u8; 16], object_type: ObjectType) -> Reader<'static> {
    Reader::new(HashKey::from_bytes(key), object_type, &|_| 0)
}

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
