//! The check of openapi.yaml before anything is generated, so that no mistake reaches a library below.
//!
//! Four stages; a later one relies on what the earlier ones found right.

use serde_json::Value;

use super::problem::{Problem, Problems};
use super::source::{Lines, Source};

mod examples;
mod line_formats;
mod names;
mod objects;
mod operations;
mod schemas;
mod structure;
mod upload;

/// Checks the whole document.
///
/// # Errors
///
/// The mistakes of the first stage that has any, in the order of their lines.
pub(super) fn validate(source: &Source) -> Result<(), Problems> {
    let stages: [fn(&mut Findings<'_>); 4] = [
        structure::check,
        schemas::check_references,
        |findings| {
            schemas::check(findings);
            line_formats::check(findings);
            operations::check(findings);
        },
        |findings| {
            schemas::check_unused(findings);
            upload::check(findings);
            examples::check(findings);
        },
    ];
    for stage in stages {
        let mut findings = Findings {
            document: &source.document,
            lines: &source.lines,
            problems: Vec::new(),
        };
        stage(&mut findings);
        let mut problems = findings.problems;
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.line);
            return Err(Problems(problems));
        }
    }
    Ok(())
}

/// The document and what was found in it.
struct Findings<'d> {
    document: &'d Value,
    lines: &'d Lines,
    problems: Vec<Problem>,
}

impl<'d> Findings<'d> {
    fn add(&mut self, pointer: &str, message: impl Into<String>, fix: impl Into<String>) {
        self.problems.push(Problem {
            pointer: pointer.to_owned(),
            line: self.lines.of(pointer),
            message: message.into(),
            fix: fix.into(),
        });
    }

    /// The entries of the mapping at the pointer; none if there is no such mapping.
    fn entries(&self, pointer: &str) -> impl Iterator<Item = (&'d String, &'d Value)> + use<'d> {
        entries(self.document.pointer(pointer))
    }

    /// The node itself, or the node that it refers to.
    fn target(&self, node: &'d Value) -> &'d Value {
        let mut current = node;
        // The references were checked before, circles included.
        while let Some(next) = current
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| reference.strip_prefix('#'))
            .and_then(|pointer| self.document.pointer(pointer))
        {
            current = next;
        }
        current
    }
}

/// The entries of a mapping; none of anything else.
fn entries(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flatten()
}

/// The texts of a list.
fn texts<'d>(node: &'d Value, key: &str) -> Vec<&'d str> {
    let list = node.get(key).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The text at a key, or nothing at all.
fn text<'d>(node: &'d Value, key: &str) -> &'d str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
