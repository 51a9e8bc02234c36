//! Why a line is not JSON, in terms of what people do.

use super::finding::Problem;
use super::object::Parsed;
use crate::rule::Rule;

mod inside;

/// A reason, and what becomes of the line.
#[derive(Debug)]
pub(super) struct Diagnosis {
    pub(super) problem: Problem,
    pub(super) then: Then,
}

/// What becomes of a line that is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing more can be said of it.
    Stop,
    /// Read on, as if the line were this one: mended, and just as long.
    ReadOn(String),
    /// The file is a list; nothing more can be said of the file.
    StopFile,
    /// The record goes on over the next lines.
    SkipRecord,
}

impl Diagnosis {
    fn stop(problem: Problem) -> Self {
        Self {
            problem,
            then: Then::Stop,
        }
    }
}

/// Says why a line is not one JSON object.
pub(super) fn diagnose(line: &str, parsed: &Parsed<'_>, is_first: bool) -> Diagnosis {
    let content = line.trim();
    let start = line.len() - line.trim_start().len();
    let whole = start..start + content.len();
    let problem = |rule, message: &str| Problem::new(rule, whole.clone(), message);
    if ["//", "#", "--", "/*", "<!--"]
        .iter()
        .any(|mark| content.starts_with(mark))
    {
        let comment = problem(
            Rule::CommentLine,
            "a comment is no record; JSON has no comments",
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
            "the record begins here and goes on over the next lines; each record stands in one line",
        );
        return Diagnosis {
            problem: spread.with_hint("write it without line breaks, for instance with jq -c ."),
            then: Then::SkipRecord,
        };
    }
    if parsed.is_closed {
        return inside::after_object(line, error_at);
    }
    inside::in_object(line, parsed, error_at)
}

fn array(problem: Problem, is_first: bool) -> Diagnosis {
    let hint = "write each record on a line of its own, without brackets around them and commas \
                between them, for instance with jq -c '.[]'";
    let message = if is_first {
        "the file is a JSON list; Gong wants one record a line, so nothing more of it was checked"
    } else {
        "the line is a list, not a record"
    };
    Diagnosis {
        problem: Problem {
            message: message.to_owned(),
            ..problem.with_hint(hint)
        },
        then: if is_first { Then::StopFile } else { Then::Stop },
    }
}

/// A line that does not even begin like an object.
fn no_object(content: &str, problem: &dyn Fn(Rule, &str) -> Problem) -> Diagnosis {
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
            "the line closes something that was not opened in it",
        )
        .with_hint("write each record in one line, from { to }")
    } else if content.starts_with("POST ") || content.starts_with("http") {
        problem(Rule::JsonSyntax, "the line is an address, not a record")
            .with_hint("delete the line")
    } else if content.starts_with('"') {
        problem(Rule::JsonSyntax, "the line is a part of a record")
            .with_hint("write each record in one line, from { to }")
    } else if content.matches([',', ';', '\t']).count() > 1 {
        problem(
            Rule::JsonSyntax,
            "the line is not JSON; it looks like a row of a table",
        )
        .with_hint("turn the table into LDJSON first, one object a line")
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
