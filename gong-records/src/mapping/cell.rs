//! From the text of a cell to the JSON of a value.

use std::collections::HashMap;

use super::model::{FieldMapping, MappingError, TypeMapping, Words};
use crate::record::{Field, FieldKind};
use crate::schema::FieldType;
use crate::value::InvalidValue;

mod moment;
mod number;

pub(super) use moment::{Moments, zone};
pub(super) use number::Numbers;

/// What a cell must become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    List,
    Boolean,
    Number,
    Integer,
    Percent,
    Date,
    DateTime,
    Choice(&'static [&'static str]),
}

impl Shape {
    pub(super) fn of_standard(field: &Field) -> Self {
        match field.kind {
            FieldKind::Timestamp => Self::DateTime,
            FieldKind::CloseDate => Self::Date,
            FieldKind::Amount => Self::Number,
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Integer { .. } => Self::Integer,
            FieldKind::TextList => Self::List,
            FieldKind::Choice(words) => Self::Choice(words),
            FieldKind::ObjectId | FieldKind::Url | FieldKind::EmailAddress | FieldKind::Text => {
                Self::Text
            }
        }
    }

    /// Nothing for a type that is not known, whose values nobody can shape.
    pub(super) fn of_custom(field_type: &FieldType) -> Option<Self> {
        Some(match field_type {
            FieldType::Date => Self::Date,
            FieldType::DateTime => Self::DateTime,
            FieldType::Number | FieldType::Currency => Self::Number,
            FieldType::Percent => Self::Percent,
            FieldType::Boolean => Self::Boolean,
            FieldType::StringArray => Self::List,
            FieldType::Id
            | FieldType::Url
            | FieldType::String
            | FieldType::PhoneNumber
            | FieldType::EmailAddress
            | FieldType::Picklist
            | FieldType::Reference => Self::Text,
            FieldType::Unknown(_) => return None,
        })
    }
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Wrong {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// How the cells of one field are read.
#[derive(Debug)]
pub(super) struct Format {
    shape: Shape,
    moments: Moments,
    numbers: Numbers,
    yes: Vec<String>,
    no: Vec<String>,
    split: String,
    empty: Vec<String>,
    values: HashMap<String, String>,
}

impl Format {
    pub(super) fn new(
        shape: Shape,
        table: &TypeMapping,
        field: &FieldMapping,
    ) -> Result<Self, MappingError> {
        let lower = |words: &Words| words.iter().map(str::to_lowercase).collect();
        let moments = Moments::new(
            field.dates.as_ref().unwrap_or(&table.dates),
            field.date_times.as_ref().unwrap_or(&table.date_times),
            zone(field.zone.as_deref().or(table.zone.as_deref()))?,
        );
        let numbers = Numbers::new(
            field.decimal.unwrap_or(table.decimal),
            field.thousands.or(table.thousands),
            field.currency.as_ref().unwrap_or(&table.currency),
        )?;
        Ok(Self {
            shape,
            moments,
            numbers,
            yes: lower(field.yes.as_ref().unwrap_or(&table.yes)),
            no: lower(field.no.as_ref().unwrap_or(&table.no)),
            split: field.split.clone().unwrap_or_else(|| ",".to_owned()),
            empty: lower(field.empty.as_ref().unwrap_or(&table.empty)),
            values: field
                .values
                .iter()
                .map(|(cell, value)| (cell.trim().to_lowercase(), value.clone()))
                .collect(),
        })
    }

    /// For values that stand in the mapping, which are written as Gong takes them.
    pub(super) fn of_gong(&self) -> Self {
        let zone = self.moments.zone().cloned();
        Self {
            shape: self.shape,
            moments: Moments::new(&Words::default(), &Words::default(), zone),
            numbers: Numbers::default(),
            yes: vec!["true".to_owned()],
            no: vec!["false".to_owned()],
            split: self.split.clone(),
            empty: Vec::new(),
            values: HashMap::new(),
        }
    }

    /// Whether the cell, trimmed, means no value.
    pub(super) fn is_empty(&self, cell: &str) -> bool {
        cell.is_empty() || (!self.empty.is_empty() && self.empty.contains(&cell.to_lowercase()))
    }

    /// What the mapping puts in place of a cell, written as Gong takes it.
    pub(super) fn replacement(&self, cell: &str) -> Option<&str> {
        if self.values.is_empty() {
            return None;
        }
        self.values.get(&cell.to_lowercase()).map(String::as_str)
    }

    /// Appends the value of a cell, trimmed and not empty, as JSON.
    pub(super) fn append(&self, cell: &str, line: &mut Vec<u8>) -> Result<(), Wrong> {
        if cell.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Wrong::new(
                "it holds bytes that are no text in this encoding",
                "set encoding in the mapping, such as encoding = \"windows-1252\"",
            ));
        }
        match self.shape {
            Shape::Text => text(cell, line),
            Shape::List => self.append_list(cell, line),
            Shape::Boolean => self.append_boolean(cell, line)?,
            Shape::Number => line.extend_from_slice(self.numbers.read(cell)?.as_bytes()),
            Shape::Integer => line.extend_from_slice(self.numbers.integer(cell)?.as_bytes()),
            Shape::Percent => line.extend_from_slice(self.numbers.percent(cell)?.as_bytes()),
            Shape::Date => text(&self.moments.date(cell)?, line),
            Shape::DateTime => text(&self.moments.date_time(cell)?, line),
            Shape::Choice(words) => choice(words, cell, line)?,
        }
        Ok(())
    }

    fn append_list(&self, cell: &str, line: &mut Vec<u8>) {
        let items: Vec<&str> = if self.split.is_empty() {
            vec![cell]
        } else {
            cell.split(self.split.as_str()).map(str::trim).collect()
        };
        line.push(b'[');
        for (index, item) in items.iter().filter(|item| !item.is_empty()).enumerate() {
            if index > 0 {
                line.push(b',');
            }
            text(item, line);
        }
        line.push(b']');
    }

    fn append_boolean(&self, cell: &str, line: &mut Vec<u8>) -> Result<(), Wrong> {
        let word = cell.to_lowercase();
        let value: &[u8] = if self.yes.contains(&word) {
            b"true"
        } else if self.no.contains(&word) {
            b"false"
        } else {
            return Err(Wrong::new(
                format!(
                    "it is none of the words for true ({}) and false ({})",
                    self.yes.join(", "),
                    self.no.join(", ")
                ),
                "add the word to yes or no in the mapping",
            ));
        };
        line.extend_from_slice(value);
        Ok(())
    }
}

fn choice(words: &[&str], cell: &str, line: &mut Vec<u8>) -> Result<(), Wrong> {
    match words.iter().find(|word| word.eq_ignore_ascii_case(cell)) {
        Some(word) => {
            text(word, line);
            Ok(())
        }
        None => Err(Wrong::new(
            format!("it is none of {}", words.join(", ")),
            format!(
                "say what the word means in the mapping: values = {{ \"…\" = {:?} }}",
                words.first().copied().unwrap_or_default()
            ),
        )),
    }
}

/// Appends a text as JSON.
pub(super) fn text(text: &str, line: &mut Vec<u8>) {
    crate::record::AppendJson::append_json(text, line);
}

impl From<InvalidValue> for Wrong {
    fn from(fault: InvalidValue) -> Self {
        Self::new(fault.message(), "mend the cell")
    }
}
