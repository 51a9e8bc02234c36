//! Fixing entity files where only one reading is possible.
//!
//! [`fix_reader`] and [`fix_file`] copy an entity file line by line and rewrite what can only mean one
//! thing:
//!
//! - byte order marks, blank lines, `//` comments and Windows line ends are removed;
//! - a date-time loses its fraction of a second, and gets a `T`, a capital `Z` and a colon in the
//!   offset where those are missing;
//! - a retired field name becomes the current one, if the line has no field with that name and the
//!   value fits; `isOpen` and `isWon` become `status` if they are unambiguous;
//! - a status in the wrong case is changed to capitals;
//! - a number or `true` and `false` in quotes lose them, and a numeric id gets them.
//!
//! With an [`EntitySchema`], its custom fields are fixed too. A missing zone, a date in another
//! notation, a misspelled name or broken JSON is not changed; the check reports it. Every value that is
//! not fixed stays the same, byte for byte.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use crate::io::atomic_file::{NewFile, Readers};
use crate::io::lines::Lines;
use crate::record::{LineFormat, ObjectType};
use crate::rule::Rule;
use crate::schema::EntitySchema;

mod object;
mod value;

/// Settings of a fix.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// The declared custom fields; without it custom fields are not changed.
    pub entity_schema: Option<EntitySchema>,
}

/// One change. It never has a value, which may be personal data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Fix {
    /// The line in the file that was read, from 1.
    pub line: u64,
    /// The field's current name.
    pub field: Option<String>,
    /// The rule that was broken; `None` for Windows line ends, which break none.
    pub rule: Option<Rule>,
    /// The old text.
    pub before: Cow<'static, str>,
    /// The new text.
    pub after: Cow<'static, str>,
}

impl fmt::Display for Fix {
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

/// The counts of lines that were read, written and fixed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FixSummary {
    /// The lines that were read.
    pub lines: u64,
    /// The lines that were written: without blank ones and comments.
    pub lines_written: u64,
    /// The changes.
    pub fixes: u64,
}

/// Why a file could not be fixed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixError {
    /// The source fails.
    #[error("the lines cannot be read: {0}")]
    Read(io::Error),
    /// The target fails.
    #[error("the fixed lines cannot be written: {0}")]
    Write(io::Error),
}

/// Copies lines of one type and fixes them; `on_fix` receives each change.
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
/// let mut fixed = Vec::new();
/// let mut fixes = Vec::new();
/// fix::fix_reader(
///     lines.as_bytes(),
///     &mut fixed,
///     ObjectType::Deal,
///     &fix::Options::default(),
///     &mut |fix| fixes.push(fix.to_string()),
/// )?;
/// assert_eq!(
///     String::from_utf8(fixed)?,
///     r#"{"objectId": "8608553", "modifiedDate": "2026-03-01T09:30:00Z", "status": "WON", "amount": 1250.10}"#.to_owned() + "\n"
/// );
/// assert_eq!(fixes, [
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
    on_fix: &mut dyn FnMut(Fix),
) -> Result<FixSummary, FixError> {
    let mut lines = Lines::new(reader);
    let mut copy = Copy {
        writer: BufWriter::with_capacity(256 * 1024, writer),
        line_format: object_type.line_format(),
        entity_schema: options.entity_schema.as_ref(),
        had_windows_line_end: false,
        fixed: FixSummary::default(),
        on_fix,
    };
    while copy.next(&mut lines)? {}
    copy.writer.flush().map_err(FixError::Write)?;
    Ok(copy.fixed)
}

/// Fixes one file into another, which is complete or does not exist; they may be the same.
///
/// # Errors
///
/// [`FixError`] when the source can't be read or the target not be written.
pub fn fix_file(
    source: &Path,
    target: &Path,
    object_type: ObjectType,
    options: &Options,
    on_fix: &mut dyn FnMut(Fix),
) -> Result<FixSummary, FixError> {
    let named = |path: &Path, error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    let opened = File::open(source).map_err(|error| FixError::Read(named(source, error)))?;
    let unwritable = |error| FixError::Write(named(target, error));
    let mut aside = NewFile::create(target, Readers::Of(source)).map_err(unwritable)?;
    let fixed = fix_reader(opened, &mut aside, object_type, options, on_fix)?;
    aside.commit().map_err(unwritable)?;
    Ok(fixed)
}

/// The state of a copy.
struct Copy<'a, W: Write> {
    writer: BufWriter<W>,
    line_format: &'static LineFormat,
    entity_schema: Option<&'a EntitySchema>,
    had_windows_line_end: bool,
    fixed: FixSummary,
    on_fix: &'a mut dyn FnMut(Fix),
}

impl<W: Write> Copy<'_, W> {
    /// Fixes one line; `false` at the end.
    fn next(&mut self, lines: &mut Lines<impl Read>) -> Result<bool, FixError> {
        let mut failed = None;
        let writer = &mut self.writer;
        // A line that is too long to be parsed is copied unchanged.
        let next = lines.next_line_or_copy(&mut |piece| {
            writer.write_all(piece).map_err(|error| {
                let kind = error.kind();
                failed = Some(error);
                kind.into()
            })
        });
        let next = next.map_err(|error| match failed {
            Some(error) => FixError::Write(error),
            None => FixError::Read(error),
        })?;
        let Some(line) = next else {
            return Ok(false);
        };
        self.fixed.lines += 1;
        if line.is_too_long {
            self.fixed.lines_written += 1;
            return Ok(true);
        }
        if line.has_byte_order_mark {
            self.note(
                None,
                Some(Rule::ByteOrderMark),
                "a byte order mark",
                "nothing",
            );
        }
        let mut text = line.bytes;
        let end: &[u8] = if line.has_line_feed { b"\n" } else { b"" };
        if let Some(rest) = text.strip_suffix(b"\r") {
            text = rest;
            if !std::mem::replace(&mut self.had_windows_line_end, true) {
                self.note(None, None, "CRLF at line ends", "LF");
            }
        }
        let content = text.trim_ascii();
        if content.is_empty() {
            // A byte order mark alone is not a line.
            if !text.is_empty() || !end.is_empty() {
                self.note(None, Some(Rule::BlankLine), "a blank line", "nothing");
            }
            return Ok(true);
        }
        if content.starts_with(b"//") {
            self.note(None, Some(Rule::CommentLine), "a comment", "nothing");
            return Ok(true);
        }
        let fixed = std::str::from_utf8(text).ok().and_then(|text| {
            let fixed = object::fix(text, self.line_format, self.entity_schema)?;
            for (field, step) in fixed.steps {
                self.note(field, Some(step.rule), step.before, step.after);
            }
            Some(fixed.text)
        });
        let text = fixed.as_deref().map_or(text, str::as_bytes);
        self.write(text)?;
        self.write(end)?;
        self.fixed.lines_written += 1;
        Ok(true)
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
        self.fixed.fixes += 1;
        (self.on_fix)(Fix {
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
