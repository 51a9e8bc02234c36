//! Fixing the names and values of one line, with all other bytes unchanged.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Shape, Step, is_good};
use crate::record::{Field, FieldKind, LineFormat};
use crate::rule::Rule;
use crate::schema::EntitySchema;

/// A fixed line.
#[derive(Debug)]
pub(super) struct FixedLine {
    pub(super) text: String,
    /// The changes, each with its field.
    pub(super) steps: Vec<(Option<String>, Step)>,
}

/// Fixes a line; `None` if nothing is changed.
pub(super) fn fix(
    text: &str,
    line_format: &'static LineFormat,
    entity_schema: Option<&EntitySchema>,
) -> Option<FixedLine> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Object<'_>>();
    let object = stream.next()?.ok()?;
    let end = stream.byte_offset();
    let behind = text[end..].trim_ascii_start();
    let mut fixer = LineFixer {
        text,
        object: &object,
        line_format,
        edits: Vec::new(),
        steps: Vec::new(),
    };
    if behind.starts_with("//") {
        fixer.edits.push((end..text.len(), String::new()));
        let step = Step::new(Rule::CommentLine, "a comment behind the record", "nothing");
        fixer.steps.push((None, step));
    } else if !behind.is_empty() {
        return None;
    }
    for index in 0..object.0.len() {
        fixer.entry(index, entity_schema);
    }
    fixer.status();
    fixer.finish()
}

/// Names and values in their order; the values are slices of the line.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(Entries).map(Self)
    }
}

impl Object<'_> {
    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(known, _)| known == name).count()
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == name)
    }
}

/// A line while it is fixed.
struct LineFixer<'a> {
    text: &'a str,
    object: &'a Object<'a>,
    line_format: &'static LineFormat,
    /// The replaced bytes and their replacements; they never overlap.
    edits: Vec<(Range<usize>, String)>,
    steps: Vec<(Option<String>, Step)>,
}

impl LineFixer<'_> {
    /// Fixes one name and its value.
    fn entry(&mut self, index: usize, entity_schema: Option<&EntitySchema>) {
        let (name, value) = &self.object.0[index];
        if let Some(field) = self.line_format.field(name) {
            self.value(index, name, Shape::of_field(field));
            return;
        }
        if let Some(field) = self.renamed(name) {
            let fixed = Shape::of_field(field).and_then(|shape| shape.fix(value));
            let fits = match &fixed {
                Some((json, _)) => {
                    RawValue::from_string(json.clone()).is_ok_and(|fixed| is_good(field, &fixed))
                }
                None => is_good(field, value),
            };
            if fits {
                self.rename(index, field.name);
                self.value(index, field.name, Shape::of_field(field));
            }
            return;
        }
        let declared =
            entity_schema.and_then(|schema| schema.field(self.line_format.object_type, name));
        if let Some(field) = declared {
            self.value(index, name, Shape::of_custom_field(field));
        }
    }

    /// The current field of a retired name, if that is unambiguous in the line.
    fn renamed(&self, name: &str) -> Option<&'static Field> {
        let today = |name: &str| {
            let mut names = self.line_format.retired_names.iter();
            names.find(|(old, _)| *old == name).map(|(_, new)| *new)
        };
        let new = today(name)?;
        let field = self.line_format.field(new)?;
        let claims = self
            .object
            .0
            .iter()
            .filter(|(other, _)| today(other) == Some(new));
        let is_free = self.object.count(new) == 0 && claims.count() == 1;
        // Retired names of a choice had true or false as values.
        (is_free && !matches!(field.kind, FieldKind::Choice(_))).then_some(field)
    }

    /// `isOpen` and `isWon`, which `status` has replaced.
    fn status(&mut self) {
        const OPEN: &str = "isOpen";
        const WON: &str = "isWon";
        let names = self.line_format.retired_names;
        let Some((_, new)) = names.iter().find(|(old, _)| *old == OPEN) else {
            return;
        };
        if self.object.count(new) > 0 || self.object.count(OPEN) > 1 || self.object.count(WON) > 1 {
            return;
        }
        let (open, won) = (self.object.index(OPEN), self.object.index(WON));
        let answer = |index: Option<usize>| match index {
            None => Some(None),
            Some(index) => match self.object.0[index].1.get() {
                "true" => Some(Some(true)),
                "false" => Some(Some(false)),
                _ => None,
            },
        };
        let word = match (answer(open), answer(won)) {
            (Some(Some(true)), Some(None | Some(false))) => "OPEN",
            (Some(None | Some(false)), Some(Some(true))) => "WON",
            (Some(Some(false)), Some(Some(false))) => "LOST",
            _ => return,
        };
        let mut found = [open, won].into_iter().flatten();
        let Some(kept) = found.next() else {
            return;
        };
        self.rename(kept, new);
        let value = self.value_range(kept);
        self.edits.push((value, format!("\"{word}\"")));
        for dropped in found {
            self.remove(dropped);
            let step = Step::new(
                Rule::RetiredName,
                format!("the name {}", self.object.0[dropped].0),
                "nothing",
            );
            self.steps.push((Some((*new).to_owned()), step));
        }
    }

    fn value(&mut self, index: usize, field: &str, shape: Option<Shape<'_>>) {
        let value = self.object.0[index].1;
        if let Some((json, steps)) = shape.and_then(|shape| shape.fix(value)) {
            self.edits.push((self.value_range(index), json));
            let steps = steps.into_iter().map(|step| (Some(field.to_owned()), step));
            self.steps.extend(steps);
        }
    }

    fn rename(&mut self, index: usize, new: &str) {
        let name = self.name_range(index);
        self.edits.push((name, format!("\"{new}\"")));
        let step = Step::new(
            Rule::RetiredName,
            format!("the name {}", self.object.0[index].0),
            format!("the name {new}"),
        );
        self.steps.push((Some(new.to_owned()), step));
    }

    /// Removes a name, its value and one comma.
    fn remove(&mut self, index: usize) {
        let end = self.value_range(index).end;
        let range = match index.checked_sub(1) {
            Some(before) => self.value_range(before).end..end,
            None if self.object.0.len() > 1 => {
                self.name_range(index).start..self.name_range(index + 1).start
            }
            None => self.name_range(index).start..end,
        };
        self.edits.push((range, String::new()));
    }

    /// The position of a value, which is a slice of the line.
    fn value_range(&self, index: usize) -> Range<usize> {
        let value = self.object.0[index].1.get();
        let start = value.as_ptr().addr() - self.text.as_ptr().addr();
        start..start + value.len()
    }

    /// The position of a name with its quotes: between the value before it and its own value, where
    /// nothing else has quotes.
    fn name_range(&self, index: usize) -> Range<usize> {
        let from = match index.checked_sub(1) {
            Some(before) => self.value_range(before).end,
            None => 0,
        };
        let between = &self.text[from..self.value_range(index).start];
        let first = between.find('"').unwrap_or_default();
        let last = between.rfind('"').unwrap_or_default();
        from + first..from + last + 1
    }

    fn finish(mut self) -> Option<FixedLine> {
        if self.edits.is_empty() {
            return None;
        }
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(self.text.len());
        let mut done = 0;
        for (range, with) in &self.edits {
            text.push_str(&self.text[done..range.start]);
            text.push_str(with);
            done = range.end;
        }
        text.push_str(&self.text[done..]);
        Some(FixedLine {
            text,
            steps: self.steps,
        })
    }
}
