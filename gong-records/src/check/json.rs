//! Why a line is not valid JSON, in terms of common mistakes.

use super::finding::RawFinding;
use crate::rule::Rule;
use parse::Parsed;

mod object;
pub(super) mod parse;

/// A problem, and how the check continues.
#[derive(Debug)]
pub(super) struct Diagnosis {
    pub(super) problem: RawFinding,
    pub(super) recovery: Recovery,
}

/// How the check continues after a line that is not valid JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recovery {
    /// With the next line.
    Stop,
    /// With this line instead: fixed, and of the same length.
    ReadOn(String),
    /// Not at all: the file is a list.
    StopFile,
    /// After the record, which continues over the next lines.
    SkipRecord,
}

impl Diagnosis {
    fn stop(problem: RawFinding) -> Self {
        Self {
            problem,
            recovery: Recovery::Stop,
        }
    }
}

/// Finds out why a line is not one JSON object.
pub(super) fn diagnose(line: &str, parsed: &Parsed<'_>, is_first: bool) -> Diagnosis {
    let content = line.trim();
    let start = line.len() - line.trim_start().len();
    let whole = start..start + content.len();
    let problem = |rule, message: &str| RawFinding::new(rule, whole.clone(), message);
    if ["//", "#", "--", "/*", "<!--"]
        .iter()
        .any(|mark| content.starts_with(mark))
    {
        let comment = problem(
            Rule::CommentLine,
            "a comment is not a record; JSON has no comments",
        );
        return Diagnosis::stop(comment.with_hint("delete the line"));
    }
    if content.starts_with('[') {
        return array(problem(Rule::JsonArray, ""), is_first);
    }
    if !content.starts_with('{') {
        return no_object(content, &problem);
    }
    let error_at = parsed.error.as_ref().map_or(line.len(), |error| {
        line.floor_char_boundary(error.column().saturating_sub(1))
    });
    let is_unfinished = parsed.error.as_ref().is_some_and(serde_json::Error::is_eof);
    if is_unfinished && content.ends_with(['{', ',', '[', ':']) {
        let spread = problem(
            Rule::PrettyPrinted,
            "the record begins here and continues over the next lines; each record has to be on one line",
        );
        return Diagnosis {
            problem: spread.with_hint("write it without line breaks, for example with jq -c ."),
            recovery: Recovery::SkipRecord,
        };
    }
    if parsed.is_closed {
        return object::after_object(line, error_at);
    }
    object::in_object(line, parsed, error_at)
}

fn array(problem: RawFinding, is_first: bool) -> Diagnosis {
    let hint = "write each record on its own line, without brackets around them and commas \
                between them, for example with jq -c '.[]'";
    let message = if is_first {
        "the file is a JSON list, not one record per line, so the rest of it was not checked"
    } else {
        "the line is a list, not a record"
    };
    Diagnosis {
        problem: RawFinding {
            message: message.to_owned(),
            ..problem.with_hint(hint)
        },
        recovery: if is_first {
            Recovery::StopFile
        } else {
            Recovery::Stop
        },
    }
}

/// A line that does not begin like an object.
fn no_object(content: &str, problem: &dyn Fn(Rule, &str) -> RawFinding) -> Diagnosis {
    let mut values =
        serde_json::Deserializer::from_str(content).into_iter::<serde::de::IgnoredAny>();
    let is_value = matches!(values.next(), Some(Ok(_))) && values.next().is_none();
    Diagnosis::stop(if is_value {
        problem(
            Rule::NotAnObject,
            "the line is a single value; a record is an object of names and values",
        )
        .with_hint("write {\"objectId\": ...}")
    } else if content.starts_with(['}', ']']) {
        problem(
            Rule::JsonSyntax,
            "the line closes a bracket that it does not open",
        )
        .with_hint("write each record on one line, from { to }")
    } else if content.starts_with("POST ") || content.starts_with("http") {
        problem(Rule::JsonSyntax, "the line is an address, not a record")
            .with_hint("delete the line")
    } else if content.starts_with('"') {
        problem(Rule::JsonSyntax, "the line is a part of a record")
            .with_hint("write each record on one line, from { to }")
    } else if content.matches([',', ';', '\t']).count() > 1 {
        problem(
            Rule::JsonSyntax,
            "the line is not JSON; it looks like a row of a table",
        )
        .with_hint("convert the table to LDJSON first, one object per line")
    } else {
        problem(
            Rule::JsonSyntax,
            "the line is not JSON; a record begins with {",
        )
        .with_hint("write {\"objectId\": ...}, or delete the line")
    })
}

#[cfg(test)]
mod tests;
