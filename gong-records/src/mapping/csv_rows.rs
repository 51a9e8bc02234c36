//! Reading the rows of a CSV in any encoding, each with its position in the file.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read};

use encoding_rs::Encoding;
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use super::row::{Defect, Row, RowPlace};

/// The longest row that is read, so that a quote that never closes, or a file made to hurt, does not
/// fill the memory.
const MAX_ROW_BYTES: u64 = 64 * 1024 * 1024;

/// The rows of a CSV; blank lines are none.
pub(super) struct Rows<R> {
    reader: csv::Reader<Lines<R>>,
    /// How many line breaks was inside of cells so far.
    breaks_in_cells: u64,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(source: R, encoding: &'static Encoding, delimiter: u8) -> Self {
        let lines = Lines::new(source, encoding, delimiter);
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 * 1024)
            .from_reader(lines);
        Self {
            reader,
            breaks_in_cells: 0,
        }
    }

    /// Reads the next row instead of the last one, and says whether there was one.
    pub(super) fn next(&mut self, row: &mut Row) -> io::Result<bool> {
        let begin = self.reader.position().byte();
        let line = self.reader.position().line();
        self.reader.get_mut().row = (line, begin);
        if !self.reader.read_record(&mut row.cells).map_err(into_io)? {
            return Ok(false);
        }
        let cells = row.cells.as_slice().as_bytes();
        let breaks = memchr::memchr_iter(b'\n', cells).count() as u64;
        let end = self.reader.position().byte();
        let line_after = self.reader.position().line();
        let lines = self.reader.get_mut();
        // Then it has read everything, including the line break that is added at the end of every
        // file.
        let is_open = lines.is_at_end && lines.quoting == Quoting::Inside && end == lines.given;
        let has_stray = lines.has_stray(begin, end);
        // Every row but an open one ends with a line break, which the reader has passed.
        let passed = line_after.saturating_sub(u64::from(!is_open));
        let line = passed.saturating_sub(breaks);
        row.place = RowPlace {
            line,
            row: line.saturating_sub(self.breaks_in_cells),
        };
        row.defect = if is_open {
            Some(Defect::OpenQuote)
        } else if has_stray {
            Some(Defect::TextAfterQuote { last_line: passed })
        } else {
            None
        };
        self.breaks_in_cells += breaks;
        Ok(true)
    }
}

fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        // The decoder yields only UTF-8, and rows of any length are read.
        other => io::Error::other(format!("{other:?}")),
    }
}

/// The text in UTF-8, in which every line break is one `\n`, also at the end.
struct Lines<R> {
    source: BufReader<DecodeReaderBytes<R, Vec<u8>>>,
    /// Whether a `\r` was just turned into a break, so that a `\n` after it is part of the same.
    after_return: bool,
    ends_with_break: bool,
    is_at_end: bool,
    delimiter: u8,
    quoting: Quoting,
    /// How many bytes were passed on.
    given: u64,
    /// The line and the byte at which the row begins that is being read.
    row: (u64, u64),
    /// Where text follows a closing quote, which no CSV has.
    strays: VecDeque<u64>,
}

/// Where in a cell the last byte is, as the reader of the rows sees it. Quotes are not counted: one
/// in the middle of a cell that begins without is a character like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// A cell begins.
    Start,
    /// Outside of quotes.
    Outside,
    /// Inside of quotes.
    Inside,
    /// After a quote that closes, or that is the first of two.
    AfterQuote,
    /// After spaces that follow a closing quote.
    Closed,
}

impl Quoting {
    fn after(self, byte: u8, delimiter: u8) -> Self {
        match (self, byte) {
            (Self::Inside, b'"') => Self::AfterQuote,
            (Self::Inside, _) | (Self::Start | Self::AfterQuote, b'"') => Self::Inside,
            (_, b'\n') => Self::Start,
            (_, byte) if byte == delimiter => Self::Start,
            (Self::AfterQuote | Self::Closed, b' ' | b'\t') => Self::Closed,
            _ => Self::Outside,
        }
    }
}

impl<R: Read> Lines<R> {
    fn new(source: R, encoding: &'static Encoding, delimiter: u8) -> Self {
        let decoder = DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding))
            .bom_override(true)
            .strip_bom(true)
            .build(source);
        Self {
            source: BufReader::with_capacity(64 * 1024, decoder),
            after_return: false,
            ends_with_break: true,
            is_at_end: false,
            delimiter,
            quoting: Quoting::Start,
            given: 0,
            row: (1, 0),
            strays: VecDeque::new(),
        }
    }

    /// Whether text follows a closing quote between two positions; earlier ones are forgotten.
    fn has_stray(&mut self, begin: u64, end: u64) -> bool {
        let mut found = false;
        while let Some(at) = self.strays.front().filter(|at| **at < end) {
            found |= *at >= begin;
            self.strays.pop_front();
        }
        found
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if target.is_empty() {
            return Ok(0);
        }
        let (line, begin) = self.row;
        if self.given.saturating_sub(begin) > MAX_ROW_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "the row at line {line} is longer than 64 MiB; perhaps a double quote in it \
                     never closes"
                ),
            ));
        }
        loop {
            let available = self.source.fill_buf()?;
            if available.is_empty() {
                self.is_at_end = true;
                if self.ends_with_break {
                    return Ok(0);
                }
                self.ends_with_break = true;
                target[0] = b'\n';
                self.quoting = self.quoting.after(b'\n', self.delimiter);
                self.given += 1;
                return Ok(1);
            }
            let (mut taken, mut given, mut quoting) = (0, 0, self.quoting);
            while taken < available.len() && given < target.len() {
                // Most bytes are in the middle of a cell and mean nothing.
                let most = (available.len() - taken).min(target.len() - given);
                let ahead = &available[taken..taken + most];
                let next = match quoting {
                    _ if self.after_return => Some(0),
                    Quoting::Outside => memchr::memchr3(self.delimiter, b'\n', b'\r', ahead),
                    Quoting::Inside => memchr::memchr2(b'"', b'\r', ahead),
                    _ => Some(0),
                };
                let length = next.unwrap_or(ahead.len());
                target[given..given + length].copy_from_slice(&ahead[..length]);
                taken += length;
                given += length;
                let Some(byte) = ahead.get(length).copied() else {
                    continue;
                };
                taken += 1;
                let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
                if byte == b'\n' && after_return {
                    continue;
                }
                let byte = if byte == b'\r' { b'\n' } else { byte };
                // Spaces before a quote: cells are trimmed anyway.
                if byte == b' ' && quoting == Quoting::Start && self.delimiter != b' ' {
                    continue;
                }
                let was_closed = matches!(quoting, Quoting::AfterQuote | Quoting::Closed);
                quoting = quoting.after(byte, self.delimiter);
                if was_closed && quoting == Quoting::Outside {
                    self.strays.push_back(self.given + given as u64);
                }
                target[given] = byte;
                given += 1;
            }
            self.source.consume(taken);
            if given > 0 {
                self.ends_with_break = target[given - 1] == b'\n';
                self.quoting = quoting;
                self.given += given as u64;
                return Ok(given);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8], encoding: &'static Encoding) -> Vec<(u64, u64, Vec<String>)> {
        let mut rows = Rows::new(bytes, encoding, b';');
        let (mut read, mut row) = (Vec::new(), Row::default());
        while rows.next(&mut row).unwrap() {
            let cells = row.cells.iter().map(str::to_owned).collect();
            read.push((row.place.line, row.place.row, cells));
        }
        read
    }

    #[test]
    fn each_row_knows_its_line_with_any_line_end() {
        let text = "a;b\n\n1;\"x\ny \"\"z\"\"\n\"\n2;3\n\n\n4;5";
        let expected = [
            (1, 1, vec!["a", "b"]),
            (3, 3, vec!["1", "x\ny \"z\"\n"]),
            (6, 4, vec!["2", "3"]),
            (9, 7, vec!["4", "5"]),
        ]
        .map(|(line, row, cells)| (line, row, cells.into_iter().map(str::to_owned).collect()));
        for line_break in ["\n", "\r\n", "\r"] {
            let text = text.replace('\n', line_break);
            assert_eq!(
                rows(text.as_bytes(), encoding_rs::UTF_8),
                expected,
                "{line_break:?}"
            );
        }
    }

    #[test]
    fn encodings_are_decoded_and_byte_order_marks_win() {
        let cells = |bytes: &[u8], encoding| rows(bytes, encoding).remove(0).2;
        assert_eq!(
            cells(b"Gr\xf6\xdfe;\x80", encoding_rs::WINDOWS_1252),
            ["Größe", "€"]
        );
        let marked = "\u{feff}Größe;€";
        assert_eq!(
            cells(marked.as_bytes(), encoding_rs::WINDOWS_1252),
            ["Größe", "€"]
        );
        let wide: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(cells(&wide, encoding_rs::UTF_8), ["Größe", "€"]);
        assert_eq!(
            cells(b"Gr\xf6\xdfe;x", encoding_rs::UTF_8),
            ["Gr\u{fffd}\u{fffd}e", "x"]
        );
    }

    #[test]
    fn a_quote_that_never_closes_is_seen() {
        for (text, expected) in [
            (
                "a;b\n1;2\n3;\"4\n5;6\n",
                vec![(1, false), (2, false), (3, true)],
            ),
            // Other quotes before it, in the middle of a cell or around one with breaks.
            ("a;5\" disk\n1;\"4\n5;6", vec![(1, false), (2, true)]),
            ("1;\"2\n\"\n3;\"4\n", vec![(1, false), (3, true)]),
            ("1;\"2\"\n\"", vec![(1, false), (2, true)]),
            ("1;\"2\"\"\n", vec![(1, true)]),
            ("1;\"2\n\"\n", vec![(1, false)]),
            ("1;\"2\"x\"\n3;4\"", vec![(1, false), (2, false)]),
        ] {
            let mut rows = Rows::new(text.as_bytes(), encoding_rs::UTF_8, b';');
            let (mut opened, mut row) = (Vec::new(), Row::default());
            while rows.next(&mut row).unwrap() {
                opened.push((row.place.line, row.defect == Some(Defect::OpenQuote)));
            }
            assert_eq!(opened, expected, "{text:?}");
        }
    }

    #[test]
    fn text_after_a_closing_quote_is_seen() {
        for (text, expected) in [
            (
                "1;\"A;x\n2;B;y\n3;\"C\";z\n4;D;w",
                vec![(1, true), (4, false)],
            ),
            ("1;\"A\" ;x\n", vec![(1, false)]),
            ("1;\"A\" b;x\n2;\"c\"\n", vec![(1, true), (2, false)]),
            ("1; \"A;B\"\n2;  C\n", vec![(1, false), (2, false)]),
        ] {
            let mut rows = Rows::new(text.as_bytes(), encoding_rs::UTF_8, b';');
            let (mut seen, mut row) = (Vec::new(), Row::default());
            while rows.next(&mut row).unwrap() {
                let is_stray = matches!(row.defect, Some(Defect::TextAfterQuote { .. }));
                seen.push((row.place.line, is_stray));
            }
            assert_eq!(seen, expected, "{text:?}");
        }
        let spaced = rows(b"\"a\"; \"b;c\"", encoding_rs::UTF_8).remove(0).2;
        assert_eq!(spaced, ["a", "b;c"]);
    }
}
