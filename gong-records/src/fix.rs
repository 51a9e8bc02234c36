//! Mending entity files where that takes no guess.
//!
//! [`fix_reader`] and [`fix_file`] copy an entity file line by line and rewrite what has one right
//! reading only:
//!
//! - a byte order mark, blank lines, `//` comments and Windows line ends go;
//! - a date-time loses its fraction of a second, and gets a `T`, a capital `Z` and a colon in the
//!   offset where those are missing;
//! - a field under a retired name gets today's, if the line has no field of that name and the value
//!   fits; `isOpen` and `isWon` become `status` where together they leave no doubt;
//! - a status in the wrong case is put into capitals;
//! - a number or `true` and `false` in quotes lose them, and a numeric id gets them.
//!
//! With an [`EntitySchema`] that goes for its custom fields too. A missing zone,
//! a date in another notation, a misspelled name or broken JSON stay as they are: the check names
//! them. So does every value that is not mended, byte for byte.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use crate::io::atomic_file;
use crate::record::{LineFormat, ObjectType};
use crate::rule::Rule;
use crate::schema::EntitySchema;

mod object;
mod value;

/// How to mend.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// What the custom fields are; without it they stay as they are.
    pub entity_schema: Option<EntitySchema>,
}

/// One thing that was mended. It never holds a value, which may be personal data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Repair {
    /// The line in the file that was read, from 1.
    pub line: u64,
    /// The field's name, today's.
    pub field: Option<String>,
    /// The rule that was broken; none for Windows line ends, which break none.
    pub rule: Option<Rule>,
    /// What stood there.
    pub before: Cow<'static, str>,
    /// What stands there now.
    pub after: Cow<'static, str>,
}

impl fmt::Display for Repair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}", self.line)?;
        if let Some(field) = &self.field {
            write!(formatter, ", {field}")?;
        }
        write!(formatter, ": {} → {}", self.before, self.after)?;
        match self.rule {
            Some(rule) => write!(formatter, " [{rule}]"),
            None => Ok(()),
        }
    }
}

/// How much was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fixed {
    /// The lines that were read.
    pub lines: u64,
    /// The lines that were written: without blank ones and comments.
    pub lines_written: u64,
    /// The things that were mended.
    pub repairs: u64,
}

/// Why a file could not be mended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixError {
    /// The source fails.
    #[error("the lines can't be read: {0}")]
    Read(io::Error),
    /// The target fails.
    #[error("the mended lines can't be written: {0}")]
    Write(io::Error),
}

/// Longer lines are copied as they are, so that memory stays small.
const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Copies lines of one type and mends them on the way; `on_repair` is told of each thing done.
///
/// # Errors
///
/// [`FixError`] when the source or the target fails.
///
/// ```
/// use gong_records::{ObjectType, Rule, fix};
///
/// let lines = concat!(
///     "// the first quarter\n",
///     r#"{"objectId": "8608553", "lastModified": "2026-03-01 09:30:00.250Z", "status": "Won", "amount": 1250.10}"#,
///     "\n",
/// );
/// let mut mended = Vec::new();
/// let mut repairs = Vec::new();
/// fix::fix_reader(
///     lines.as_bytes(),
///     &mut mended,
///     ObjectType::Deal,
///     &fix::Options::default(),
///     &mut |repair| repairs.push(repair.to_string()),
/// )?;
/// assert_eq!(
///     String::from_utf8(mended)?,
///     r#"{"objectId": "8608553", "modifiedDate": "2026-03-01T09:30:00Z", "status": "WON", "amount": 1250.10}"#.to_owned() + "\n"
/// );
/// assert_eq!(repairs, [
///     "line 1: a comment → nothing [comment-line]",
///     "line 2, modifiedDate: the name lastModified → the name modifiedDate [retired-name]",
///     "line 2, modifiedDate: a space between date and time → a T [timestamp-format]",
///     "line 2, modifiedDate: a fraction of a second → whole seconds [timestamp-fraction]",
///     "line 2, status: a word in another case → the word as Gong has it [unknown-word]",
/// ]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fix_reader(
    reader: impl Read,
    writer: impl Write,
    object_type: ObjectType,
    options: &Options,
    on_repair: &mut dyn FnMut(Repair),
) -> Result<Fixed, FixError> {
    let mut lines = Lines {
        reader: BufReader::with_capacity(256 * 1024, reader),
        writer: BufWriter::with_capacity(256 * 1024, writer),
        line_format: object_type.line_format(),
        entity_schema: options.entity_schema.as_ref(),
        had_windows_line_end: false,
        fixed: Fixed::default(),
        on_repair,
    };
    while lines.next()? {}
    lines.writer.flush().map_err(FixError::Write)?;
    Ok(lines.fixed)
}

/// Mends one file into another, which is complete or not there; they may be the same.
///
/// # Errors
///
/// [`FixError`] when the source can't be read or the target not be written.
pub fn fix_file(
    source: &Path,
    target: &Path,
    object_type: ObjectType,
    options: &Options,
    on_repair: &mut dyn FnMut(Repair),
) -> Result<Fixed, FixError> {
    let named = |path: &Path, error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    let opened = File::open(source).map_err(|error| FixError::Read(named(source, error)))?;
    let unwritable = |error| FixError::Write(named(target, error));
    let mut aside = atomic_file::create_temp_beside(target).map_err(unwritable)?;
    let fixed = fix_reader(opened, &mut aside, object_type, options, on_repair)?;
    atomic_file::commit(aside, target).map_err(unwritable)?;
    Ok(fixed)
}

/// The lines on their way through.
struct Lines<'a, R, W: Write> {
    reader: BufReader<R>,
    writer: BufWriter<W>,
    line_format: &'static LineFormat,
    entity_schema: Option<&'a EntitySchema>,
    had_windows_line_end: bool,
    fixed: Fixed,
    on_repair: &'a mut dyn FnMut(Repair),
}

impl<R: Read, W: Write> Lines<'_, R, W> {
    /// Mends one line; `false` at the end.
    fn next(&mut self) -> Result<bool, FixError> {
        let mut line = Vec::new();
        self.read_piece(&mut line)?;
        if line.is_empty() {
            return Ok(false);
        }
        self.fixed.lines += 1;
        if line.last() != Some(&b'\n') && line.len() >= MAX_LINE_BYTES {
            self.copy_rest(line)?;
            return Ok(true);
        }
        let mut text = line.as_slice();
        if self.fixed.lines == 1
            && let Some(rest) = text.strip_prefix("\u{feff}".as_bytes())
        {
            self.note(
                None,
                Some(Rule::ByteOrderMark),
                "a byte order mark",
                "nothing",
            );
            text = rest;
        }
        let mut end: &[u8] = b"";
        if let Some(rest) = text.strip_suffix(b"\n") {
            text = rest;
            end = b"\n";
        }
        if let Some(rest) = text.strip_suffix(b"\r") {
            text = rest;
            if !std::mem::replace(&mut self.had_windows_line_end, true) {
                self.note(None, None, "CRLF at line ends", "LF");
            }
        }
        let content = text.trim_ascii();
        if content.is_empty() {
            // Behind a byte order mark alone there is no line.
            if !text.is_empty() || !end.is_empty() {
                self.note(None, Some(Rule::BlankLine), "a blank line", "nothing");
            }
            return Ok(true);
        }
        if content.starts_with(b"//") {
            self.note(None, Some(Rule::CommentLine), "a comment", "nothing");
            return Ok(true);
        }
        let mended = std::str::from_utf8(text).ok().and_then(|text| {
            let mended = object::mend(text, self.line_format, self.entity_schema)?;
            for (field, step) in mended.steps {
                self.note(field, Some(step.rule), step.before, step.after);
            }
            Some(mended.text)
        });
        let text = mended.as_deref().map_or(text, str::as_bytes);
        self.write(text)?;
        self.write(end)?;
        self.fixed.lines_written += 1;
        Ok(true)
    }

    fn read_piece(&mut self, piece: &mut Vec<u8>) -> Result<(), FixError> {
        let most = MAX_LINE_BYTES as u64;
        (&mut self.reader)
            .take(most)
            .read_until(b'\n', piece)
            .map(drop)
            .map_err(FixError::Read)
    }

    /// Copies a line that is too long to be looked at, as it is.
    fn copy_rest(&mut self, mut piece: Vec<u8>) -> Result<(), FixError> {
        loop {
            self.write(&piece)?;
            if piece.is_empty() || piece.ends_with(b"\n") {
                break;
            }
            piece.clear();
            self.read_piece(&mut piece)?;
        }
        self.fixed.lines_written += 1;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FixError> {
        self.writer.write_all(bytes).map_err(FixError::Write)
    }

    fn note(
        &mut self,
        field: Option<String>,
        rule: Option<Rule>,
        before: impl Into<Cow<'static, str>>,
        after: impl Into<Cow<'static, str>>,
    ) {
        self.fixed.repairs += 1;
        (self.on_repair)(Repair {
            line: self.fixed.lines,
            field,
            rule,
            before: before.into(),
            after: after.into(),
        });
    }
}

#[cfg(test)]
mod tests;
