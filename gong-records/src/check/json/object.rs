//! Diagnosis of errors inside or after an object.

use std::ops::Range;

use super::parse::Parsed;
use super::{Diagnosis, Recovery};
use crate::check::finding::RawFinding;
use crate::rule::Rule;

/// Something follows a whole object.
pub(super) fn after_object(line: &str, at: usize) -> Diagnosis {
    let rest = line[at..].trim();
    let range = at..at + rest.len().max(1);
    let followed_by = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    Diagnosis::stop(if followed_by.is_empty() {
        RawFinding::new(Rule::TrailingComma, range, "a comma follows the record")
            .with_hint("remove it; only line breaks separate records")
    } else if line[..at].ends_with('\r') {
        RawFinding::new(
            Rule::TwoObjects,
            range,
            "the lines end in a lone carriage return",
        )
        .with_hint("end each line with a line feed (\\n)")
    } else if followed_by.starts_with('{') {
        RawFinding::new(
            Rule::TwoObjects,
            range,
            "a second object follows in the same line",
        )
        .with_hint("put each record on its own line")
    } else if followed_by.starts_with("//") || followed_by.starts_with('#') {
        RawFinding::new(Rule::CommentLine, range, "a comment follows the record")
            .with_hint("remove it; JSON has no comments")
    } else {
        RawFinding::new(
            Rule::JsonSyntax,
            range,
            "something follows the record that is not JSON",
        )
        .with_hint("remove what follows the closing brace")
    })
}

/// The object itself is broken.
pub(super) fn in_object(line: &str, parsed: &Parsed<'_>, at: usize) -> Diagnosis {
    let field = parsed
        .pending
        .as_ref()
        .map(|name| name.clone().into_owned());
    if parsed.error.as_ref().is_some_and(serde_json::Error::is_eof) {
        let at = line.trim_end().len();
        let end = at.saturating_sub(1)..at;
        return Diagnosis::stop(
            RawFinding::new(
                Rule::JsonSyntax,
                end,
                "the line ends before the record does",
            )
            .with_field(field)
            .with_hint(
                "close texts with \" and the record with }; a line break within a text is \
                     written \\n",
            ),
        );
    }
    let mut diagnosis = broken(line, parsed, at);
    if diagnosis.problem.field.is_none() {
        diagnosis.problem.field = field;
    }
    diagnosis
}

fn broken(line: &str, parsed: &Parsed<'_>, at: usize) -> Diagnosis {
    let character = line[at..].chars().next().unwrap_or(' ');
    let before = line[..at].trim_end();
    // A value is expected after a colon, or within a list or object that is a value.
    let is_value = parsed.pending.is_some();
    let here = at..at + character.len_utf8();
    let parser = parsed
        .error
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    if parser.starts_with("recursion limit") {
        let message = "values are nested more than 100 deep";
        return Diagnosis::stop(RawFinding::new(Rule::JsonSyntax, here, message));
    }
    // The parser points at what is before it.
    if parser.starts_with("control character")
        && let Some((skipped, character)) = line[at..]
            .char_indices()
            .find(|(_, character)| character.is_ascii_control())
    {
        return control(line, at + skipped..at + skipped + 1, character);
    }
    if parser.starts_with("invalid escape") || parser.contains("hex escape") {
        return escape(line, at);
    }
    match character {
        '}' | ']' if before.ends_with(',') => {
            let comma = before.len() - 1..before.len();
            let problem = RawFinding::new(
                Rule::TrailingComma,
                comma.clone(),
                "a comma follows the last value",
            );
            read_on(line, problem.with_hint("remove the comma"), comma, " ")
        }
        '\'' | '‘' | '’' | '“' | '”' | '`' if !parser.starts_with("expected `,`") => {
            quotes(line, at, character, is_value)
        }
        '/' => Diagnosis::stop(
            RawFinding::new(Rule::CommentLine, here, "a comment is inside the record")
                .with_hint("remove it; JSON has no comments"),
        ),
        _ if parser.starts_with("expected `:`") => Diagnosis::stop(
            RawFinding::new(Rule::JsonSyntax, here, "a colon is missing after the name")
                .with_hint("write \"name\": value"),
        ),
        _ if is_value => value(line, at),
        '"' => comma_missing(line, here),
        ',' => Diagnosis::stop(
            RawFinding::new(
                Rule::JsonSyntax,
                here,
                "a name is expected in place of the comma",
            )
            .with_hint("remove the comma"),
        ),
        _ if parser.starts_with("key must be a string")
            && before.ends_with(',')
            && after_number(before) =>
        {
            let number = token(line, before.len() - 1);
            Diagnosis::stop(
                RawFinding::new(
                    Rule::NumberFormat,
                    number.start..at + 1,
                    "a comma is in a number",
                )
                .with_hint("write numbers without thousands separators, decimals with a point"),
            )
        }
        _ if parser.starts_with("key must be a string") => {
            let name = token(line, at);
            let hint = format!("write \"{}\"", &line[name.clone()]);
            Diagnosis::stop(
                RawFinding::new(Rule::JsonSyntax, name, "a name has no double quotes")
                    .with_hint(hint),
            )
        }
        // After a value: what follows belongs to it, as in `2022-09-04` or `7000 USD`.
        _ => after_value(line, parsed, at),
    }
}

fn after_number(before: &str) -> bool {
    before[..before.len() - 1].ends_with(|last: char| last.is_ascii_digit())
}

/// The word, number or date around a position, up to the next separator.
fn token(line: &str, at: usize) -> Range<usize> {
    let is_part = |character: char| !character.is_whitespace() && !",:{}[]\"".contains(character);
    let start = line[..at]
        .char_indices()
        .rev()
        .take_while(|(_, character)| is_part(*character))
        .last()
        .map_or(at, |(start, _)| start);
    // A colon belongs to a time of day.
    let is_time = |end: usize| {
        line[end..].starts_with(':')
            && line[..end].ends_with(|digit: char| digit.is_ascii_digit())
            && line[end + 1..].starts_with(|digit: char| digit.is_ascii_digit())
    };
    let mut end = at;
    while let Some(character) = line[end..].chars().next() {
        if !is_part(character) && !is_time(end) {
            break;
        }
        end += character.len_utf8();
    }
    if start == end {
        end += line[at..].chars().next().map_or(0, char::len_utf8);
    }
    start..end
}

/// A value that is none of JSON's.
fn value(line: &str, at: usize) -> Diagnosis {
    let range = token(line, at);
    let word = &line[range.clone()];
    let problem = |rule, message: &str| RawFinding::new(rule, range.clone(), message);
    let first = word.chars().next().unwrap_or(' ');
    let found = if first.is_alphabetic() || first == '_' {
        let hint = match word.to_lowercase().as_str() {
            lower @ ("true" | "false") => format!("write {lower}, in small letters"),
            "none" | "nil" | "null" | "undefined" => "leave the field out".to_owned(),
            "nan" | "infinity" | "inf" => "leave the field out; JSON has no such number".to_owned(),
            _ => format!("write \"{word}\""),
        };
        problem(Rule::UnquotedWord, "a word has no double quotes").with_hint(hint)
    } else if is_date(word) {
        problem(Rule::UnquotedWord, "a date has no double quotes")
            .with_hint(format!("write \"{word}\""))
    } else if first.is_ascii_digit() || "+-.$€£".contains(first) {
        problem(Rule::NumberFormat, "it is not a valid JSON number").with_hint(
            "write a plain number such as 1250.10: a point for decimals, no thousands separators, \
             no plus sign, no leading zeros, no currency",
        )
    } else if ",}]".contains(first) {
        return Diagnosis::stop(
            problem(Rule::JsonSyntax, "a value is missing").with_hint("leave the field out"),
        );
    } else {
        return Diagnosis::stop(
            problem(Rule::JsonSyntax, "a value is expected here")
                .with_hint("write a text in double quotes, a number, true or false"),
        );
    };
    let field = name_before(line, range.start);
    read_on(line, found.with_field(field), range, "0")
}

fn is_date(word: &str) -> bool {
    word.len() >= 8
        && word.matches(['-', '/', '.']).count() == 2
        && word.starts_with(|first: char| first.is_ascii_digit())
        || word.len() > 10 && word.contains('T') && word.contains(':')
}

/// The name whose value begins at the place.
fn name_before(line: &str, at: usize) -> Option<String> {
    let before = line[..at].trim_end().strip_suffix(':')?.trim_end();
    let before = before.strip_suffix('"')?;
    Some(before[before.rfind('"')? + 1..].to_owned())
}

/// What follows a value belongs to it, or a comma is missing.
fn after_value(line: &str, parsed: &Parsed<'_>, at: usize) -> Diagnosis {
    let last = parsed.pairs.last();
    let touches = last.is_some_and(|pair| pair.range.end == at && !pair.value.get().ends_with('"'));
    if touches {
        return value(line, at);
    }
    let here = at..at + line[at..].chars().next().map_or(1, char::len_utf8);
    let quoted = last.filter(|pair| pair.range.end == at);
    let message = if quoted.is_some() {
        "a text ends here, and something follows"
    } else {
        "a comma or the end of the record is expected here"
    };
    let problem = RawFinding::new(Rule::JsonSyntax, here, message)
        .with_field(quoted.map(|pair| pair.name.clone().into_owned()));
    Diagnosis::stop(problem.with_hint("a double quote within a text is written \\\""))
}

fn comma_missing(line: &str, here: Range<usize>) -> Diagnosis {
    let problem = RawFinding::new(
        Rule::JsonSyntax,
        here.clone(),
        "a comma is missing before the name",
    )
    .with_hint("put commas between the fields");
    match here.start.checked_sub(1) {
        Some(space) if line[..here.start].ends_with(' ') => {
            read_on(line, problem, space..here.start, ",")
        }
        _ => Diagnosis::stop(problem),
    }
}

/// A line feed can't be here; a tab or another control character can.
fn control(line: &str, here: Range<usize>, character: char) -> Diagnosis {
    let (what, hint) = match character {
        '\t' => ("a tab is inside a string".to_owned(), "write it as \\t"),
        '\r' => (
            "a carriage return is inside a string".to_owned(),
            "write it as \\r",
        ),
        '\0' => ("a NUL is inside a string".to_owned(), "remove it"),
        other => (
            format!(
                "the control character U+{:04X} is inside a string",
                u32::from(other)
            ),
            "remove it",
        ),
    };
    let problem = RawFinding::new(Rule::JsonSyntax, here.clone(), what).with_hint(hint);
    read_on(line, problem, here, " ")
}

fn escape(line: &str, at: usize) -> Diagnosis {
    let end = at + line[at..].chars().next().map_or(0, char::len_utf8);
    let Some(start) = line[..end].rfind('\\') else {
        return Diagnosis::stop(RawFinding::new(
            Rule::JsonSyntax,
            at..end,
            "an escape is not JSON's",
        ));
    };
    let problem = RawFinding::new(
        Rule::JsonSyntax,
        start..end.max(start + 1),
        "a backslash precedes something that needs none",
    )
    .with_hint("write a backslash as \\\\, and an apostrophe as it is");
    read_on(line, problem, start..start + 1, "/")
}

/// Quotes of the wrong kind.
fn quotes(line: &str, at: usize, opening: char, is_value: bool) -> Diagnosis {
    let closings: &[char] = match opening {
        '“' | '”' => &['”', '“', '"'],
        '‘' | '’' => &['’', '‘'],
        '`' => &['`'],
        _ => &['\''],
    };
    let inside_at = at + opening.len_utf8();
    let problem = |end| {
        RawFinding::new(Rule::SingleQuotes, at..end, "JSON takes double quotes only")
            .with_hint("put \" around names and texts")
    };
    let Some(length) = line[inside_at..].find(closings) else {
        return Diagnosis::stop(problem(inside_at));
    };
    let inside = &line[inside_at..inside_at + length];
    let closing_at = inside_at + length;
    let closing = line[closing_at..].chars().next().unwrap_or('\'');
    let end = closing_at + closing.len_utf8();
    if inside.contains(['"', '\\']) {
        return if is_value {
            read_on(line, problem(end), at..end, "0")
        } else {
            Diagnosis::stop(problem(end))
        };
    }
    // As long as before: a curly quote has three bytes.
    let fixed = format!(
        "{}\"{inside}\"{}",
        " ".repeat(opening.len_utf8() - 1),
        " ".repeat(closing.len_utf8() - 1)
    );
    read_on(line, problem(end), at..end, &fixed)
}

/// The line with a part replaced and filled up with spaces, so that all places stay what they are.
fn read_on(line: &str, problem: RawFinding, range: Range<usize>, with: &str) -> Diagnosis {
    let mut fixed = line.to_owned();
    let filled = format!("{with:<width$}", width = range.len());
    // `width` counts characters; a part with letters beyond ASCII would come out too long.
    if filled.len() != range.len() {
        return Diagnosis::stop(problem);
    }
    fixed.replace_range(range, &filled);
    Diagnosis {
        problem,
        recovery: Recovery::ReadOn(fixed),
    }
}
