//! The formats of a finding of the check: for people, for GitHub, as SARIF.

use gong_crm::Rule;
use gong_crm::check::{Excerpt, Finding, Severity};
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use crate::output::Output;
use crate::output::escape::{self, ERROR, FRAME, NORMAL, WARNING};
use crate::output::json_text;
use crate::output::table::counted;

/// How many errors of the check are shown; more would push the report off the screen.
const SHOWN_ERRORS: usize = 20;

/// Shows the first errors of a check; returns how many there are besides.
pub(crate) fn first(found: &[Finding], errors: u64, output: Output) -> u64 {
    let shown = &found[..found.len().min(SHOWN_ERRORS)];
    for line in shown.iter().flat_map(text) {
        output.status(&line);
    }
    errors.saturating_sub(shown.len() as u64)
}

/// Says how many findings were not shown.
pub(crate) fn others(number: u64, thing: &str, output: Output) {
    if number > 0 {
        let number = counted(number, thing);
        output.status(&format!(
            "{number}; gong-crm check shows them, with the same files and options"
        ));
    }
}

/// The lines for a person: the problem, its place, the line with the place marked, how to fix it.
pub(crate) fn text(found: &Finding) -> Vec<String> {
    let style = match found.severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
    };
    let level = level(found.severity);
    let mut lines = vec![format!(
        "{style}{level}[{}]{NORMAL}: {}",
        found.rule,
        about(found, found.message.clone())
    )];
    let number = found.line.to_string();
    let margin = " ".repeat(number.len());
    let record = match (&found.object_id, found.first_line) {
        (Some(id), _) => format!(" (objectId {id})"),
        (None, Some(line)) => {
            let records = counted(found.count, "record");
            format!(" ({records}, the first in line {line})")
        }
        (None, None) => String::new(),
    };
    let place = match found.line {
        0 => found.path.display().to_string(),
        // The message names the column of a CSV; a number here would be read as a character.
        line if found.row.is_some() => format!("{}:{line}", found.path.display()),
        line => format!("{}:{line}:{}", found.path.display(), found.column),
    };
    lines.push(format!("{margin}{FRAME}-->{NORMAL} {place}{record}"));
    if let Some(excerpt) = &found.excerpt {
        lines.push(format!("{margin} {FRAME}|{NORMAL}"));
        let (line, mark) = marked(excerpt);
        lines.push(format!("{FRAME}{number} |{NORMAL} {line}"));
        lines.push(format!("{margin} {FRAME}|{NORMAL} {style}{mark}{NORMAL}"));
    }
    if let Some(hint) = &found.hint {
        lines.push(format!("{margin} {FRAME}={NORMAL} help: {hint}"));
    }
    lines.push(String::new());
    lines
}

/// The problem, beginning with the field.
fn about(found: &Finding, message: String) -> String {
    match &found.field {
        Some(field) if !message.starts_with(field.as_str()) => format!("{field}: {message}"),
        _ => message,
    }
}

/// The excerpt, and carets under its marked part, which may hold wide characters.
fn marked(excerpt: &Excerpt) -> (String, String) {
    let before: String = excerpt.text.chars().take(excerpt.start).collect();
    let part: String = excerpt
        .text
        .chars()
        .skip(excerpt.start)
        .take(excerpt.length)
        .collect();
    let head = if excerpt.is_cut_before { "…" } else { "" };
    let tail = if excerpt.is_cut_after { "…" } else { "" };
    let indent = head.width() + before.width();
    let mark = " ".repeat(indent) + &"^".repeat(part.width().max(1));
    (format!("{head}{}{tail}", excerpt.text), mark)
}

/// A workflow command, which GitHub shows beside the line.
pub(crate) fn github(found: &Finding) -> String {
    let hint = found
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    let file = github_property(&found.path.display().to_string());
    let place = match found.line {
        0 => format!("file={file}"),
        line if found.row.is_some() => format!("file={file},line={line}"),
        line => format!("file={file},line={line},col={}", found.column),
    };
    format!(
        "::{} {place},title={}::{}",
        level(found.severity),
        github_property(found.rule.name()),
        github_data(&format!("{}{hint}", about(found, found.text())))
    )
}

/// A workflow command about a whole file, for what is not a finding of the check.
pub(crate) fn github_of_file(path: &str, rule: &str, message: &str, hint: &str) -> String {
    let (path, text) = (
        github_property(path),
        github_data(&format!("{message} ({hint})")),
    );
    format!("::warning file={path},title={rule}::{text}")
}

/// The escapes that GitHub's runner undoes.
fn github_data(text: &str) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    // What else acts, and what other runners obey.
    escape::line(&text)
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A SARIF result about a whole file, for what is not a finding of the check.
pub(crate) fn sarif_of_file(path: &str, rule: &str, text: &str, first: bool) -> String {
    let result = json_text(&json!({
        "ruleId": rule,
        "level": "warning",
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": path.replace('\\', "/")}}}],
    }));
    if first { result } else { format!(",{result}") }
}

/// The beginning of a SARIF 2.1.0 log, up to its results.
pub(crate) fn sarif_head() -> String {
    let rules: Vec<_> = Rule::ALL
        .iter()
        .map(|rule| json!({"id": rule.name(), "fullDescription": {"text": rule.explain().why}}))
        .collect();
    let driver = json!({
        "name": "gong-crm",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    });
    format!(
        r#"{{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{{"columnKind":"unicodeCodePoints","tool":{{"driver":{driver}}},"results":["#
    )
}

/// One SARIF result; all but the first follow a comma.
pub(crate) fn sarif(found: &Finding, first: bool) -> String {
    let mut location = json!({
        "artifactLocation": {"uri": found.path.display().to_string().replace('\\', "/")},
    });
    if found.line > 0 {
        location["region"] = match found.row {
            Some(_) => json!({"startLine": found.line}),
            None => json!({"startLine": found.line, "startColumn": found.column}),
        };
    }
    let hint = found
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    let result = json!({
        "ruleId": found.rule.name(),
        "level": level(found.severity),
        "message": {"text": format!("{}{hint}", about(found, found.text()))},
        "locations": [{"physicalLocation": location}],
    });
    let result = json_text(&result);
    if first { result } else { format!(",{result}") }
}

/// The end of a SARIF log.
pub(crate) const SARIF_TAIL: &str = "]}]}";

/// The name of a severity.
pub(crate) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
