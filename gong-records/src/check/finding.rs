//! The findings of a check.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use crate::record::ObjectType;
use crate::rule::{Rule, Severity};

/// One problem, with its position and its fix.
///
/// As JSON it has exactly the keys `path`, `line`, `column`, `rule`, `severity`, `field`,
/// `objectId`, `count`, `message` and `hint`. `line`, `column` and `objectId` are null if the
/// finding is about a whole file or a whole column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The file; `-` is the standard input.
    pub path: Arc<Path>,
    /// The type of the file's records. One file can be the source of several types.
    pub object_type: ObjectType,
    /// The line, from 1; 0 if it is about a whole file or column.
    pub line: u64,
    /// The column in characters, from 1; 0 if it is about a whole file or column.
    pub column: u64,
    /// The rule that is broken.
    pub rule: Rule,
    /// Error or warning, after [`Severities`](crate::check::Severities).
    pub severity: Severity,
    /// The field that it is about.
    pub field: Option<String>,
    /// The record that it is about.
    pub object_id: Option<String>,
    /// How many records it is about: 1, or more if it is about a whole column.
    pub count: u64,
    /// The record that a mapping made, from 1 for the first of the file; none for a whole file or
    /// column, and in files whose lines are the records. Several records can begin on one line.
    pub record: Option<u64>,
    /// The first line that it is about, if it is about a whole column.
    pub first_line: Option<u64>,
    /// The problem.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
    /// The row of a CSV as a spreadsheet numbers it; none in other files.
    ///
    /// `line` is then the line on which the row begins, and `column` the number of the cell, from 1,
    /// or 0 if no single cell is wrong. The message names the column.
    pub row: Option<u64>,
    /// The position in the line, for a person.
    pub excerpt: Option<Excerpt>,
    /// Whether it says of another record what was said before, as of the same word with an open
    /// question; such findings come only with [`Options::repeats`](crate::check::Options::repeats).
    pub is_repeat: bool,
}

impl Finding {
    /// Whether it is about a whole column: one field of several records.
    pub fn is_of_column(&self) -> bool {
        self.first_line.is_some()
    }

    /// How many records it is about and where they begin, if it is about a whole column.
    fn extent(&self) -> Option<String> {
        let line = self.first_line?;
        Some(format!("{} records, the first in line {line}", self.count))
    }

    /// The problem; for a whole column also how many records have it, and the first line.
    ///
    /// ```
    /// use gong_records::{ObjectType, check};
    ///
    /// let lines = "{\"objectId\":\"A-1\",\"lastModified\":1}\n{\"objectId\":\"A-2\",\"lastModified\":2}\n";
    /// let mut text = String::new();
    /// let options = check::Options::default();
    /// check::check_reader(lines.as_bytes(), "accounts.ldjson", ObjectType::Account, &options, &mut |finding| {
    ///     if finding.field.as_deref() == Some("lastModified") {
    ///         text = finding.text();
    ///     }
    /// })?;
    /// assert_eq!(text, "lastModified: the field is now called modifiedDate (2 records, the first in line 1)");
    /// # Ok::<(), check::CheckError>(())
    /// ```
    pub fn text(&self) -> String {
        match self.extent() {
            Some(extent) => format!("{} ({extent})", self.message),
            None => self.message.clone(),
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_of_record = self.line > 0;
        let mut json = serializer.serialize_struct("Finding", 10)?;
        json.serialize_field("path", &self.path.to_string_lossy())?;
        json.serialize_field("line", &is_of_record.then_some(self.line))?;
        json.serialize_field("column", &is_of_record.then_some(self.column))?;
        json.serialize_field("rule", &self.rule)?;
        json.serialize_field("severity", &self.severity)?;
        json.serialize_field("field", &self.field)?;
        json.serialize_field("objectId", &self.object_id)?;
        json.serialize_field("count", &self.count)?;
        if self.is_of_column() {
            json.serialize_field("message", &self.text())?;
        } else {
            json.serialize_field("message", &self.message)?;
        }
        json.serialize_field("hint", &self.hint)?;
        json.end()
    }
}

/// The part of a line around a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excerpt {
    /// The part, without control characters.
    pub text: String,
    /// Where in the text the problem begins, in characters from 0.
    pub start: usize,
    /// How many characters are the problem; at least 1.
    pub length: usize,
    /// Whether the line begins earlier.
    pub is_cut_before: bool,
    /// Whether the line ends later.
    pub is_cut_after: bool,
}

/// How many characters of a line are shown at most before, of and after a problem.
const MAX_SHOWN: usize = 60;

impl Excerpt {
    /// The part of the line around a range of its bytes.
    pub(crate) fn new(line: &str, range: Range<usize>) -> Self {
        let (before, rest) = line.split_at(line.floor_char_boundary(range.start));
        let (marked, after) =
            rest.split_at(rest.floor_char_boundary(range.end.saturating_sub(before.len())));
        let cut = before.char_indices().rev().nth(MAX_SHOWN - 1);
        let before_shown = &before[cut.map_or(0, |(at, _)| at)..];
        let marked_shown = first_characters(marked);
        let after_shown = if marked_shown.len() < marked.len() {
            ""
        } else {
            first_characters(after)
        };
        let mut text =
            String::with_capacity(before_shown.len() + marked_shown.len() + after_shown.len());
        for part in [before_shown, marked_shown, after_shown] {
            text.push_str(part);
        }
        if text.contains(char::is_control) {
            text = text.replace(char::is_control, " ");
        }
        Self {
            text,
            start: before_shown.chars().count(),
            length: marked_shown.chars().count().max(1),
            is_cut_before: before_shown.len() < before.len(),
            is_cut_after: marked_shown.len() + after_shown.len() < rest.len(),
        }
    }
}

fn first_characters(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(MAX_SHOWN)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The subject of a finding in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The line or a value in it.
    Value,
    /// A name that is not the name of a standard field; the same in every line that has it.
    Name,
    /// A standard field that the line lacks, by its index in the line format.
    Missing(usize),
    /// A reference in a standard field, by its index in the line format.
    Reference(usize),
}

/// A problem at a place in a line, before its line and file are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawFinding {
    pub(super) rule: Rule,
    pub(super) about: About,
    /// The bytes of the line that are the problem.
    pub(super) range: Range<usize>,
    pub(super) field: Option<String>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl RawFinding {
    pub(super) fn new(rule: Rule, range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            rule,
            about: About::Value,
            range,
            field: None,
            message: message.into(),
            hint: None,
        }
    }

    /// A problem of a field; the message begins with its name.
    pub(super) fn of_field(rule: Rule, range: Range<usize>, field: &str, message: &str) -> Self {
        let mut text = String::with_capacity(field.len() + 2 + message.len());
        text.push_str(field);
        text.push_str(": ");
        text.push_str(message);
        Self {
            field: Some(field.to_owned()),
            ..Self::new(rule, range, text)
        }
    }

    /// A problem that is only counted, without a message.
    pub(super) fn counted(rule: Rule, range: Range<usize>) -> Self {
        Self::new(rule, range, String::new())
    }

    pub(super) fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    pub(super) fn with_field(mut self, field: Option<String>) -> Self {
        self.field = field;
        self
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_is_bounded_and_counts_characters() {
        let line = format!("{{\"name\":\"{}é\tx\"}}", "ä".repeat(200));
        let at = line.find('é').unwrap();
        let excerpt = Excerpt::new(&line, at..at + 2);
        assert_eq!(excerpt.text.chars().nth(excerpt.start), Some('é'));
        assert_eq!((excerpt.length, excerpt.start), (1, 60));
        assert!(excerpt.is_cut_before && !excerpt.is_cut_after);
        assert!(excerpt.text.ends_with("é x\"}"));
    }

    #[test]
    fn excerpt_of_a_short_line_is_the_line() {
        let excerpt = Excerpt::new("{}", 0..2);
        assert_eq!(
            (excerpt.text.as_str(), excerpt.start, excerpt.length),
            ("{}", 0, 2)
        );
        let excerpt = Excerpt::new("", 0..0);
        assert_eq!((excerpt.text.as_str(), excerpt.length), ("", 1));
    }
}
