//! What a check finds.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::rule::{Rule, Severity};

/// One problem, with its place and its cure.
///
/// As JSON it has exactly the keys `path`, `line`, `column`, `rule`, `severity`, `field`,
/// `objectId`, `message` and `hint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// The file; `-` is the standard input.
    #[serde(serialize_with = "display")]
    pub path: Arc<Path>,
    /// The line, from 1; 0 when it is about the file as a whole.
    pub line: u64,
    /// The column in characters, from 1; 0 when it is about the file as a whole.
    pub column: u64,
    /// The rule that is broken.
    pub rule: Rule,
    /// How much it weighs, switches considered.
    pub severity: Severity,
    /// The field that it is about.
    pub field: Option<String>,
    /// The record that it is about.
    pub object_id: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Of a CSV, the row's number as a spreadsheet shows it; none in files of lines.
    ///
    /// `line` is the line on which the row begins, and `column` the number of its cell, from 1, or 0
    /// when no column is to blame. The message names the column.
    #[serde(skip)]
    pub row: Option<u64>,
    /// The place in the line, for a person to look at.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

fn display<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
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

/// The most characters of a line that are shown before, of and after a problem.
const SHOWN: usize = 60;

impl Excerpt {
    /// The part of the line around a range of its bytes.
    pub(crate) fn new(line: &str, range: Range<usize>) -> Self {
        let (before, rest) = line.split_at(line.floor_char_boundary(range.start));
        let (marked, after) =
            rest.split_at(rest.floor_char_boundary(range.end.saturating_sub(before.len())));
        let cut = before.char_indices().rev().nth(SHOWN - 1);
        let before_shown = &before[cut.map_or(0, |(at, _)| at)..];
        let marked_shown = first_characters(marked);
        let after_shown = if marked_shown.len() < marked.len() {
            ""
        } else {
            first_characters(after)
        };
        let shown = [before_shown, marked_shown, after_shown].concat();
        Self {
            text: shown.replace(|character: char| character.is_control(), " "),
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
        .nth(SHOWN)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// A problem at a place in a line, before it is known which line of which file that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) rule: Rule,
    /// The bytes of the line that are the problem.
    pub(super) range: Range<usize>,
    pub(super) field: Option<String>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Problem {
    pub(super) fn new(rule: Rule, range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            rule,
            range,
            field: None,
            message: message.into(),
            hint: None,
        }
    }

    /// A problem of a field; the message begins with its name.
    pub(super) fn of_field(rule: Rule, range: Range<usize>, field: &str, message: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(rule, range, format!("{field}: {message}"))
        }
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
    fn an_excerpt_is_bounded_and_counts_characters() {
        let line = format!("{{\"name\":\"{}é\tx\"}}", "ä".repeat(200));
        let at = line.find('é').unwrap();
        let excerpt = Excerpt::new(&line, at..at + 2);
        assert_eq!(excerpt.text.chars().nth(excerpt.start), Some('é'));
        assert_eq!((excerpt.length, excerpt.start), (1, 60));
        assert!(excerpt.is_cut_before && !excerpt.is_cut_after);
        assert!(excerpt.text.ends_with("é x\"}"));
    }

    #[test]
    fn an_excerpt_of_a_whole_short_line_is_the_line() {
        let excerpt = Excerpt::new("{}", 0..2);
        assert_eq!(
            (excerpt.text.as_str(), excerpt.start, excerpt.length),
            ("{}", 0, 2)
        );
        let excerpt = Excerpt::new("", 0..0);
        assert_eq!((excerpt.text.as_str(), excerpt.length), ("", 1));
    }
}
