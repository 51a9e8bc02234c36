//! The lines of an LDJSON file, one at a time, in bounded memory.

use std::io::{self, Read};
use std::path::Path;

use super::blocks::{Block, Blocks, MAX_LINE_BYTES};
use super::open::open;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line<'a> {
    /// Its number, from 1. Blank lines count.
    pub number: u64,
    /// Where it begins, in bytes from the beginning of the decompressed file.
    pub offset: u64,
    /// How many bytes of the file it takes, its line feed and a byte order mark included.
    pub length: u64,
    /// Its text without line feed and without byte order mark; a carriage return before the line
    /// feed stays. Of a line that is [too long](Self::is_too_long), only the first bytes.
    pub bytes: &'a [u8],
    /// Whether a byte order mark is before it, which only the first line can have.
    pub has_byte_order_mark: bool,
    /// Whether it ends with a line feed, as every line but the last must.
    pub has_line_feed: bool,
    /// Whether it is longer than 4 MiB, so that it was not kept.
    pub is_too_long: bool,
}

impl Line<'_> {
    /// Whether there is nothing in it but spaces.
    pub fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// Where the next line begins.
    pub fn end(&self) -> u64 {
        self.offset + self.length
    }
}

/// Reads a stream line by line.
///
/// ```
/// use gong_records::io::lines::Lines;
///
/// let mut lines = Lines::new("{\"objectId\":\"a\"}\n\n{\"objectId\":\"b\"}".as_bytes());
/// let mut offsets = Vec::new();
/// while let Some(line) = lines.next_line()? {
///     if !line.is_blank() {
///         offsets.push((line.number, line.offset));
///     }
/// }
/// assert_eq!(offsets, [(1, 0), (3, 18)]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Lines<R> {
    blocks: Blocks<R>,
    /// The unread rest of the last block, in the buffer of `blocks`.
    at: usize,
    end: usize,
    is_open: bool,
    number: u64,
    offset: u64,
}

impl Lines<Box<dyn Read + Send>> {
    /// Opens a file, and decompresses it if its name ends in `.gz`.
    ///
    /// # Errors
    ///
    /// The system's error when the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        open(path).map(Self::new)
    }
}

impl<R: Read> Lines<R> {
    /// The lines of a stream.
    pub fn new(reader: R) -> Self {
        Self::after(reader, 0, 0)
    }

    /// The lines of a stream that goes on after so many lines and bytes.
    pub fn after(reader: R, number: u64, offset: u64) -> Self {
        Self {
            blocks: Blocks::new(reader),
            at: 0,
            end: 0,
            is_open: false,
            number,
            offset,
        }
    }

    /// The lines that were read already and come next, each with a line feed; often none.
    pub fn ahead(&self) -> &[u8] {
        self.blocks.bytes(self.at..self.end)
    }

    /// The next line, or none at the end.
    ///
    /// # Errors
    ///
    /// The stream's error when it cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.next_line_or_copy(&mut |_| Ok(()))
    }

    /// The next line. A line that is too long is also passed to `on_long`, in chunks and with its
    /// line feed, so that it can be copied.
    ///
    /// # Errors
    ///
    /// The error of the stream if it cannot be read, or the error of `on_long`.
    pub fn next_line_or_copy(
        &mut self,
        on_long: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Option<Line<'_>>> {
        let mut too_long = None;
        if self.at == self.end {
            match self.blocks.next_or_copy(on_long)? {
                Block::End => return Ok(None),
                Block::Lines {
                    length, is_open, ..
                } => {
                    self.is_open = is_open;
                    self.end = self.blocks.position();
                    self.at = self.end - length;
                }
                Block::LongLine {
                    length,
                    has_line_feed,
                    ..
                } => too_long = Some((length, has_line_feed)),
            }
        }
        self.number += 1;
        let (number, offset) = (self.number, self.offset);
        if let Some((length, has_line_feed)) = too_long {
            self.offset += length;
            return Ok(Some(Line {
                number,
                offset,
                length,
                bytes: self.blocks.long_line(),
                has_byte_order_mark: false,
                has_line_feed,
                is_too_long: true,
            }));
        }
        let rest = self.blocks.bytes(self.at..self.end);
        // Every block ends with a line feed, be it one that was added.
        let text = memchr::memchr(b'\n', rest).map_or(rest, |end| &rest[..end]);
        self.at = self.end.min(self.at + text.len() + 1);
        let has_line_feed = !(self.is_open && self.at == self.end);
        let length = text.len() as u64 + u64::from(has_line_feed);
        self.offset += length;
        let marked = text.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1);
        Ok(Some(Line {
            number,
            offset,
            length,
            bytes: marked.unwrap_or(text),
            has_byte_order_mark: marked.is_some(),
            has_line_feed,
            is_too_long: false,
        }))
    }
}

/// The longest line that is kept. A record has a few hundred bytes.
pub const MAX_BYTES: usize = MAX_LINE_BYTES;

#[cfg(test)]
mod tests {
    use super::*;

    /// Offset, length and text of each line.
    fn lines(text: &[u8]) -> Vec<(u64, u64, String)> {
        let mut lines = Lines::new(text);
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            let text = String::from_utf8(line.bytes.to_vec()).unwrap();
            assert_eq!(line.number, seen.len() as u64 + 1);
            seen.push((line.offset, line.length, text));
        }
        seen
    }

    #[test]
    fn each_line_has_its_place_and_its_text() {
        assert_eq!(lines(b""), []);
        let found = lines(b"\xef\xbb\xbfa\n\nb\r\nlast");
        let expected = [
            (0, 5, "a".to_owned()),
            (5, 1, String::new()),
            (6, 3, "b\r".to_owned()),
            (9, 4, "last".to_owned()),
        ];
        assert_eq!(found, expected);
        let mut lines = Lines::new(&b"\xef\xbb\xbfa\nb"[..]);
        let first = lines.next_line().unwrap().unwrap();
        assert!(first.has_byte_order_mark && first.has_line_feed);
        let last = lines.next_line().unwrap().unwrap();
        assert!(!last.has_byte_order_mark && !last.has_line_feed);
    }

    #[test]
    fn lines_across_blocks_are_whole() {
        let numbers: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let text = numbers.join("\n") + "\n";
        let found = lines(text.as_bytes());
        assert_eq!(found.len(), 100_000);
        let mut offset = 0;
        for (number, (start, length, text)) in found.into_iter().enumerate() {
            assert_eq!((start, text), (offset, number.to_string()));
            offset += length;
        }
        assert_eq!(offset, text.len() as u64);
    }

    #[test]
    fn long_line_is_skipped_or_copied() {
        let long = "x".repeat(MAX_BYTES * 2);
        let text = format!("a\n{long}\nb\n{long}");
        let mut lines = Lines::new(text.as_bytes());
        let mut copied = Vec::new();
        let mut ends = Vec::new();
        while let Some(line) = lines
            .next_line_or_copy(&mut |piece| {
                copied.extend_from_slice(piece);
                Ok(())
            })
            .unwrap()
        {
            assert!(line.bytes.len() <= MAX_BYTES);
            ends.push((line.end(), line.is_too_long, line.has_line_feed));
        }
        let length = long.len() as u64;
        let expected = [
            (2, false, true),
            (3 + length, true, true),
            (5 + length, false, true),
            (5 + 2 * length, true, false),
        ];
        assert_eq!(ends, expected);
        assert!(copied == format!("{long}\n{long}").as_bytes());
    }
}
