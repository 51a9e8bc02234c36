//! The text of openapi.yaml: its value, and the line of each place in it.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Value;

use super::problem::{Problem, Problems, child};

/// The document and the positions of its parts in the file.
pub(super) struct Source {
    pub(super) document: Value,
    pub(super) lines: Lines,
}

/// The line of each JSON pointer, counted from 1.
#[derive(Default)]
pub(super) struct Lines(HashMap<String, usize>);

impl Lines {
    /// The line of the place, or of the nearest place around it.
    pub(super) fn of(&self, pointer: &str) -> usize {
        let mut place = pointer;
        loop {
            match (self.0.get(place), place.rfind('/')) {
                (Some(line), _) => return *line,
                (None, Some(end)) => place = &place[..end],
                (None, None) => return 1,
            }
        }
    }
}

/// Parses the text.
///
/// # Errors
///
/// Every key that is twice in one mapping or is not a text, every alias; or the one place that is
/// not YAML.
pub(super) fn parse(text: &str) -> Result<Source, Problems> {
    let lines = places(text)?;
    let document = serde_yaml_ng::from_str(text).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        not_yaml(String::new(), line, &error.to_string())
    })?;
    Ok(Source { document, lines })
}

fn not_yaml(pointer: String, line: usize, message: &str) -> Problems {
    Problems(vec![Problem {
        pointer,
        line,
        message: format!("this is not YAML: {message}"),
        fix: "correct the indentation, the quotes or the bracket at this line".to_owned(),
    }])
}

/// A mapping or a sequence whose end is not read yet.
struct Open {
    pointer: String,
    /// In a mapping: the key of the next value. In a sequence: nothing.
    key: Option<String>,
    /// In a sequence: the index of the next element.
    next: Option<usize>,
}

/// Walks the events of the parser.
#[derive(Default)]
struct Walk {
    lines: Lines,
    problems: Vec<Problem>,
    open: Vec<Open>,
    /// The place that was read last.
    last: String,
    documents: usize,
}

/// The line of every node. A parser for values does not report it, and keeps one of two equal keys.
fn places(text: &str) -> Result<Lines, Problems> {
    let mut walk = Walk::default();
    walk.lines.0.insert(String::new(), 1);
    for event in Parser::new_from_str(text) {
        let (event, span) = event
            .map_err(|error| not_yaml(walk.last.clone(), error.marker().line(), error.info()))?;
        walk.event(&event, span.start.line());
    }
    if walk.problems.is_empty() {
        Ok(walk.lines)
    } else {
        Err(Problems(walk.problems))
    }
}

impl Walk {
    fn event(&mut self, event: &Event<'_>, line: usize) {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.problems.push(Problem {
                        pointer: String::new(),
                        line,
                        message: "a second YAML document begins here".to_owned(),
                        fix: "remove the line `---` and what follows it".to_owned(),
                    });
                }
            }
            // What follows a second document's start is not walked.
            _ if self.documents > 1 => {}
            Event::Scalar(text, style, _, tag) => {
                let awaits_key = self
                    .open
                    .last()
                    .is_some_and(|open| open.next.is_none() && open.key.is_none());
                if awaits_key {
                    self.key(text, *style, line);
                } else {
                    let pointer = self.begin(line);
                    self.tag(&pointer, tag.as_deref(), line);
                    if *style == ScalarStyle::Plain && is_beyond_json(text) {
                        self.problems.push(Problem {
                            pointer,
                            line,
                            message: format!("JSON has no number like {text}"),
                            fix: "write a number of at most 19 digits, or put it in quotes"
                                .to_owned(),
                        });
                    }
                }
            }
            Event::MappingStart(_, tag) => {
                let pointer = self.begin(line);
                self.tag(&pointer, tag.as_deref(), line);
                self.open.push(Open {
                    pointer,
                    key: None,
                    next: None,
                });
            }
            Event::SequenceStart(_, tag) => {
                let pointer = self.begin(line);
                self.tag(&pointer, tag.as_deref(), line);
                self.open.push(Open {
                    pointer,
                    key: None,
                    next: Some(0),
                });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
            }
            Event::Alias(_) => {
                let pointer = self.begin(line);
                self.problems.push(Problem {
                    pointer,
                    line,
                    message: "an alias (`*name`) is not supported".to_owned(),
                    fix: "use `$ref` and a component, or write the value again".to_owned(),
                });
            }
            _ => {}
        }
    }

    /// A tag such as `!name` changes what a value is, and JSON has none.
    fn tag(&mut self, pointer: &str, tag: Option<&Tag>, line: usize) {
        if let Some(tag) = tag {
            self.problems.push(Problem {
                pointer: pointer.to_owned(),
                line,
                message: format!("the tag `{}{}` is not supported", tag.handle, tag.suffix),
                fix: "remove the tag".to_owned(),
            });
        }
    }

    /// A key of the innermost mapping.
    fn key(&mut self, key: &str, style: ScalarStyle, line: usize) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        open.key = Some(key.to_owned());
        let pointer = child(&open.pointer, key);
        if style == ScalarStyle::Plain && is_no_text(key) {
            self.problems.push(Problem {
                pointer: pointer.clone(),
                line,
                message: format!("the key {key} is not a text"),
                fix: format!("put it in quotes: '{key}'"),
            });
        }
        self.last.clone_from(&pointer);
        let first = self.lines.0.insert(pointer.clone(), line);
        // If a mapping occurs twice, so do its keys.
        let is_inside = self
            .problems
            .iter()
            .any(|problem| pointer.starts_with(&format!("{}/", problem.pointer)));
        if let Some(first) = first.filter(|_| !is_inside) {
            self.problems.push(Problem {
                pointer,
                line,
                message: format!("the key `{key}` occurs twice; the first one is on line {first}"),
                fix: "remove one of them, or rename it".to_owned(),
            });
        }
    }

    /// The pointer of the value that begins here.
    fn begin(&mut self, line: usize) -> String {
        let Some(open) = self.open.last_mut() else {
            return String::new();
        };
        if let Some(index) = open.next {
            open.next = Some(index + 1);
            let pointer = child(&open.pointer, &index.to_string());
            self.lines.0.insert(pointer.clone(), line);
            return pointer;
        }
        let Some(key) = open.key.take() else {
            let pointer = open.pointer.clone();
            self.problems.push(Problem {
                pointer: pointer.clone(),
                line,
                message: "a key must be a text, found a list or a mapping".to_owned(),
                fix: "put quotes around the key".to_owned(),
            });
            return pointer;
        };
        child(&open.pointer, &key)
    }
}

/// Whether YAML reads the plain word as a number that JSON does not have.
fn is_beyond_json(word: &str) -> bool {
    let is_long = word.parse::<i64>().is_err()
        && word.parse::<u64>().is_err()
        && word
            .trim_start_matches(['-', '+'])
            .bytes()
            .all(|byte| byte.is_ascii_digit());
    let number = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(word);
    let is_number =
        number.is_ok_and(|value| value.as_f64().is_some_and(|number| !number.is_finite()));
    is_number || is_long && !word.is_empty()
}

/// Whether YAML reads the plain word as a number, a boolean or null.
fn is_no_text(word: &str) -> bool {
    serde_yaml_ng::from_str::<serde_yaml_ng::Value>(word).is_ok_and(|value| {
        matches!(
            value,
            serde_yaml_ng::Value::Null
                | serde_yaml_ng::Value::Bool(_)
                | serde_yaml_ng::Value::Number(_)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_a_place_is_that_of_its_key_or_element() {
        let lines = parse("a:\n  b/c:\n    - 1\n    - d: 2\nlast: x\n")
            .unwrap_or_else(|problems| panic!("{problems}"))
            .lines;
        for (pointer, line) in [
            ("", 1),
            ("/a", 1),
            ("/a/b~1c", 2),
            ("/a/b~1c/0", 3),
            ("/a/b~1c/1/d", 4),
            ("/a/missing/deep", 1),
            ("/last", 5),
        ] {
            assert_eq!(lines.of(pointer), line, "{pointer}");
        }
    }
}
