//! Reading a stream in blocks of whole lines.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// How much is read at a time; four times more or less made no difference.
const BLOCK_BYTES: usize = 256 * 1024;

/// The longest line that is looked into. A record has a few hundred bytes.
pub(crate) const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Bytes after a block that may be read but mean nothing, so that words of eight bytes can be read
/// anywhere in it.
pub(crate) const PADDING: usize = 64;

/// Reads a stream block by block.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The first bytes of the last line that was too long.
    beginning: Vec<u8>,
    /// The bytes of `buffer` that were read and not given out.
    start: usize,
    end: usize,
    is_ended: bool,
}

/// The next block of a stream.
#[derive(Debug)]
pub(crate) enum Block<'a> {
    /// Whole lines in the first `length` bytes, the last one with its line feed; then padding.
    Lines {
        bytes: &'a [u8],
        length: usize,
        /// Whether the last line feed was not in the stream.
        is_open: bool,
    },
    /// A line longer than [`MAX_LINE_BYTES`], with its first bytes.
    LongLine {
        beginning: &'a [u8],
        length: u64,
        /// Whether it ends with a line feed.
        has_line_feed: bool,
    },
    /// Nothing more.
    End,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BLOCK_BYTES + PADDING],
            beginning: Vec::new(),
            start: 0,
            end: 0,
            is_ended: false,
        }
    }

    /// The first bytes of the stream.
    pub(crate) fn beginning(&mut self) -> io::Result<&[u8]> {
        self.fill()?;
        Ok(&self.buffer[self.start..self.end])
    }

    /// Where in the buffer the next bytes begin: the last block ends there.
    pub(super) fn position(&self) -> usize {
        self.start
    }

    /// Bytes of the block that was given last.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// The first bytes of the last line that was too long.
    pub(super) fn long_line(&self) -> &[u8] {
        &self.beginning
    }

    /// Whole lines, as many as fit. A last line without line feed is given one.
    pub(crate) fn next(&mut self) -> io::Result<Block<'_>> {
        self.next_or_copy(&mut |_| Ok(()))
    }

    /// The same; a line that is too long is given to `on_long`, in chunks.
    pub(super) fn next_or_copy(
        &mut self,
        on_long: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Block<'_>> {
        loop {
            self.fill()?;
            let unread = &self.buffer[self.start..self.end];
            if unread.is_empty() {
                return Ok(Block::End);
            }
            if let Some(last) = memchr::memrchr(b'\n', unread) {
                return Ok(self.give(last + 1, false));
            }
            if self.is_ended {
                self.buffer[self.end] = b'\n';
                self.end += 1;
                return Ok(self.give(self.end - self.start, true));
            }
            if unread.len() >= MAX_LINE_BYTES {
                return self.skip_line(on_long);
            }
            let size = (self.buffer.len() - PADDING) * 2;
            self.buffer.resize(size + PADDING, 0);
        }
    }

    fn give(&mut self, length: usize, is_open: bool) -> Block<'_> {
        let start = self.start;
        self.start += length;
        Block::Lines {
            bytes: &self.buffer[start..],
            length,
            is_open,
        }
    }

    /// Reads until the buffer is full or the stream ends.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let most = self.buffer.len() - PADDING;
        while self.end < most && !self.is_ended {
            match self.reader.read(&mut self.buffer[self.end..most]) {
                Ok(0) => self.is_ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Leaves out a line without keeping it.
    fn skip_line(
        &mut self,
        on_long: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Block<'_>> {
        /// How much of the line is shown.
        const SHOWN: usize = 256;
        self.beginning = self.buffer[self.start..self.start + SHOWN].to_vec();
        let (mut length, mut has_line_feed) = (0, false);
        loop {
            let unread = &self.buffer[self.start..self.end];
            let line_end = memchr::memchr(b'\n', unread);
            let skipped = line_end.map_or(unread.len(), |at| at + 1);
            on_long(&unread[..skipped])?;
            length += skipped as u64;
            self.start += skipped;
            if line_end.is_some() {
                has_line_feed = true;
                break;
            }
            self.fill()?;
            if self.start == self.end {
                break;
            }
        }
        Ok(Block::LongLine {
            beginning: &self.beginning,
            length,
            has_line_feed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(usize, u64)> {
        let mut blocks = Blocks::new(text);
        let mut seen = Vec::new();
        loop {
            match blocks.next().unwrap() {
                Block::Lines { bytes, length, .. } => {
                    assert_eq!(bytes[length - 1], b'\n');
                    assert!(bytes.len() >= length + PADDING - 1);
                    seen.push((
                        memchr::memchr_iter(b'\n', &bytes[..length]).count(),
                        length as u64,
                    ));
                }
                Block::LongLine {
                    beginning, length, ..
                } => {
                    assert!(beginning.iter().all(|byte| *byte == b'x'));
                    seen.push((1, length));
                }
                Block::End => return seen,
            }
        }
    }

    #[test]
    fn blocks_end_with_a_line() {
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"a\nb"), [(1, 2), (1, 2)]);
        assert_eq!(lines(b"a\nb\n"), [(2, 4)]);
        let many = "0123456789\n".repeat(100_000);
        let blocks = lines(many.as_bytes());
        assert!(blocks.len() > 3);
        assert_eq!(
            blocks.iter().map(|(count, _)| count).sum::<usize>(),
            100_000
        );
    }

    #[test]
    fn line_that_is_too_long_is_skipped() {
        let long = "x".repeat(MAX_LINE_BYTES * 2);
        let text = format!("a\n{long}\nb\n{long}");
        let counted: Vec<_> = lines(text.as_bytes());
        let length = (MAX_LINE_BYTES * 2) as u64;
        assert_eq!(counted, [(1, 2), (1, length + 1), (1, 2), (1, length)]);
        let allowed = "x".repeat(MAX_LINE_BYTES - 1);
        assert_eq!(
            lines(format!("{allowed}\n").as_bytes()),
            [(1, MAX_LINE_BYTES as u64)]
        );
    }
}
