//! From the text of a cell to the JSON of a value.

use std::borrow::Cow;
use std::collections::HashMap;

use super::model::{FieldMapping, MappingError, TypeMapping, Words};
use super::nearest::nfc;
use super::text::excerpt;
use crate::record::{Field, FieldKind};
use crate::rule::Rule;
use crate::schema::FieldType;
use crate::value::InvalidValue;

mod ascii;
mod moment;
mod number;
mod spreadsheet;

pub(super) use ascii::with_ascii_digits;
use moment::is_epoch;
pub(super) use moment::{DateTimeFormats, zone};
pub(super) use number::{Numbers, multiply, shift};
use spreadsheet::mangled_number;
pub(super) use spreadsheet::{is_scientific, mangled_id, rounded_digits, spreadsheet_error};

/// The separator of the items of a list in one cell, whatever separator the mapping has.
pub(super) const LIST_SEPARATOR: char = '\u{1f}';

/// The kind of a cell: text in a CSV, and the kinds of JSON and expressions elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum CellKind {
    #[default]
    Text,
    /// A number in JSON's notation, whatever separators the mapping names.
    Number,
    /// `true` or `false`, whatever words the mapping names.
    Boolean,
    /// Items with [`LIST_SEPARATOR`] between them.
    List,
    /// A JSON object, which is not a value.
    Object,
}

/// The target form of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// A text that spreadsheets take for a number.
    Phone,
    /// A text that is the id of a record.
    Id,
    List,
    Boolean,
    /// Whether the cell has a word for true, or the time of a deletion.
    Deleted,
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
            FieldKind::ObjectId => Self::Id,
            FieldKind::Text if field.name == "phoneNumber" => Self::Phone,
            FieldKind::Url | FieldKind::EmailAddress | FieldKind::Text => Self::Text,
        }
    }

    /// None for an unknown type, whose format is not known.
    pub(super) fn of_custom(field_type: &FieldType) -> Option<Self> {
        Some(match field_type {
            FieldType::Date => Self::Date,
            FieldType::DateTime => Self::DateTime,
            FieldType::Number | FieldType::Currency => Self::Number,
            FieldType::Percent => Self::Percent,
            FieldType::Boolean => Self::Boolean,
            FieldType::StringArray => Self::List,
            FieldType::Id | FieldType::Reference => Self::Id,
            FieldType::PhoneNumber => Self::Phone,
            FieldType::Url | FieldType::String | FieldType::EmailAddress | FieldType::Picklist => {
                Self::Text
            }
            FieldType::Unknown(_) => return None,
        })
    }

    /// Whether it is a number of some kind.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Integer | Self::Percent)
    }
}

/// The problem with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CellError {
    pub(super) rule: Rule,
    pub(super) message: String,
    pub(super) hint: String,
    /// Whether the cell fits another notation than the mapping's, such as that of another locale.
    pub(super) is_other_notation: bool,
    /// Whether it is about a word, of which it is said once.
    pub(super) is_of_word: bool,
}

impl CellError {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::of(Rule::Cell, message, hint)
    }

    pub(super) fn lookup(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::of(Rule::Lookup, message, hint)
    }

    pub(super) fn of(rule: Rule, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            rule,
            message: message.into(),
            hint: hint.into(),
            is_other_notation: false,
            is_of_word: false,
        }
    }

    /// The problem with a word, wherever it is.
    fn of_word(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            is_of_word: true,
            ..Self::new(message, hint)
        }
    }
}

/// How the cells of one field are read.
#[derive(Debug)]
pub(super) struct Format {
    shape: Shape,
    moments: DateTimeFormats,
    numbers: Numbers,
    yes: Vec<String>,
    no: Vec<String>,
    split: Vec<String>,
    /// Whether the mapping names what is between items, which then counts within those of JSON too.
    splits_lists: bool,
    empty: Vec<String>,
    values: HashMap<String, String>,
    /// The same by the cells as the mapping spells them.
    spelled_values: HashMap<String, String>,
    /// How many places the decimal point moves to the right.
    scale: i32,
}

impl Format {
    pub(super) fn new(
        shape: Shape,
        table: &TypeMapping,
        field: &FieldMapping,
    ) -> Result<Self, MappingError> {
        let lower = |words: &Words| words.iter().map(str::to_lowercase).collect();
        let moments = DateTimeFormats::new(
            field.dates.as_ref().unwrap_or(&table.dates),
            field.date_times.as_ref().unwrap_or(&table.date_times),
            zone(field.zone.as_deref().or(table.zone.as_deref()))?,
            field.language.as_deref().or(table.language.as_deref()),
        )?;
        let numbers = Numbers::new(
            field.decimal.unwrap_or(table.decimal),
            field.thousands.or(table.thousands),
            field.currency.as_ref().unwrap_or(&table.currency),
        )?;
        let scale = match field.scale.as_ref().and_then(Words::first) {
            Some(factor) if shape.is_number() => number::power_of_ten(factor)?,
            Some(_) => {
                return Err(
                    MappingError::new("scale is for numbers, and this field is not one")
                        .within("scale"),
                );
            }
            None => 0,
        };
        let split = field
            .split
            .as_ref()
            .map(|split| split.iter().map(str::to_owned).collect());
        let values: HashMap<String, String> = field
            .values
            .iter()
            .map(|(cell, value)| (nfc(cell.trim()).to_lowercase(), value.clone()))
            .collect();
        let spelled = field.values.keys().map(|cell| cell.trim());
        let spelled_values = spelled.filter_map(|cell| {
            let value = values.get(&nfc(cell).to_lowercase())?;
            Some((cell.to_owned(), value.clone()))
        });
        Ok(Self {
            shape,
            moments,
            numbers,
            spelled_values: spelled_values.collect(),
            yes: lower(field.yes.as_ref().unwrap_or(&table.yes)),
            no: lower(field.no.as_ref().unwrap_or(&table.no)),
            splits_lists: split.is_some(),
            split: split.unwrap_or_else(|| vec![",".to_owned()]),
            empty: lower(field.empty.as_ref().unwrap_or(&table.empty)),
            values,
            scale,
        })
    }

    /// For values that the mapping names, which are written as Gong accepts them.
    pub(super) fn of_gong(&self) -> Self {
        Self {
            shape: self.shape,
            moments: DateTimeFormats::iso(self.moments.zone().cloned()),
            numbers: Numbers::default(),
            yes: vec!["true".to_owned()],
            no: vec!["false".to_owned()],
            split: self.split.clone(),
            splits_lists: self.splits_lists,
            empty: Vec::new(),
            values: HashMap::new(),
            spelled_values: HashMap::new(),
            scale: 0,
        }
    }

    pub(super) fn moments(&self) -> &DateTimeFormats {
        &self.moments
    }

    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Whether the cell, trimmed, means no value.
    pub(super) fn is_empty(&self, cell: &str) -> bool {
        if cell.is_empty() || self.empty.is_empty() {
            return cell.is_empty();
        }
        if cell.is_ascii() {
            let mut empty = self.empty.iter();
            return empty.any(|word| word.eq_ignore_ascii_case(cell));
        }
        self.empty.contains(&cell.to_lowercase())
    }

    /// The replacement of a cell by the mapping, in Gong's format.
    pub(super) fn replacement(&self, cell: &str) -> Option<&str> {
        if self.values.is_empty() {
            return None;
        }
        // As the mapping spells it, nearly always.
        let value = self.spelled_values.get(cell);
        let value = value.or_else(|| self.values.get(&nfc(cell).to_lowercase()));
        value.map(String::as_str)
    }

    /// The items of a cell that is a list.
    pub(super) fn items<'a>(
        &'a self,
        cell: &'a str,
        kind: CellKind,
    ) -> impl Iterator<Item = &'a str> {
        let mut items = vec![cell];
        let separator = LIST_SEPARATOR.to_string();
        // The items of JSON are apart already, with the commas in them.
        let splits = kind != CellKind::List || self.splits_lists;
        let split = if splits { self.split.as_slice() } else { &[] };
        for split in split.iter().chain([&separator]) {
            if !split.is_empty() {
                items = items
                    .iter()
                    .flat_map(|item| item.split(split.as_str()))
                    .collect();
            }
        }
        items
            .into_iter()
            .map(str::trim)
            .filter(|item| !item.is_empty())
    }

    /// Appends the value of a cell, trimmed and not empty, as JSON; says what is odd about it.
    pub(super) fn append(
        &self,
        cell: &str,
        kind: CellKind,
        line: &mut Vec<u8>,
    ) -> Result<Option<CellError>, CellError> {
        // Its first byte is one of few letters.
        if cell.as_bytes().contains(&0xef) && cell.contains(char::REPLACEMENT_CHARACTER) {
            return Err(CellError::new(
                "it has bytes that are not text in this encoding",
                "set encoding in the mapping, such as encoding = \"windows-1252\"",
            ));
        }
        if self.shape != Shape::List {
            single(cell, kind)?;
        }
        match self.shape {
            Shape::Text => text(cell, line),
            Shape::Phone => {
                text(cell, line);
                return Ok(mangled_number(cell));
            }
            Shape::Id => text(id(cell, kind)?, line),
            Shape::List => self.append_list(cell, kind, line),
            Shape::Boolean => self.append_boolean(cell, kind, line)?,
            Shape::Deleted => self.append_deleted(cell, kind, line)?,
            Shape::Number | Shape::Integer | Shape::Percent => {
                return self.append_number(cell, kind, line);
            }
            Shape::Date if self.moments.append_date(cell, line) => {}
            Shape::Date => text(&self.moments.date(cell)?, line),
            Shape::DateTime if self.moments.append_date_time(cell, line) => {}
            Shape::DateTime => text(&self.moments.date_time(cell)?, line),
            Shape::Choice(words) => choice(words, cell, line)?,
        }
        Ok(None)
    }

    /// The number of a cell, as JSON writes it.
    pub(super) fn number(&self, cell: &str, kind: CellKind) -> Result<String, CellError> {
        let numbers = match kind {
            CellKind::Number => &Numbers::default(),
            _ => &self.numbers,
        };
        match self.shape {
            Shape::Integer => numbers.integer(cell),
            Shape::Percent => numbers.percent(cell),
            _ => numbers.read(cell),
        }
    }

    fn append_number(
        &self,
        cell: &str,
        kind: CellKind,
        line: &mut Vec<u8>,
    ) -> Result<Option<CellError>, CellError> {
        let is_plain = self.scale == 0 && kind == CellKind::Text && self.shape != Shape::Integer;
        if is_plain {
            let cell = match self.shape {
                Shape::Percent => cell.strip_suffix('%').unwrap_or(cell).trim_end(),
                _ => cell,
            };
            if self.numbers.append_plain(cell, line) {
                return Ok(None);
            }
        }
        let number = self.number(cell, kind)?;
        let number = if self.scale == 0 {
            number
        } else {
            shift(&number, self.scale).ok_or_else(|| {
                CellError::new(
                    "it has an exponent, which scale does not support",
                    "correct the cell",
                )
            })?
        };
        line.extend_from_slice(number.as_bytes());
        let mut bytes = cell.bytes();
        let is_padded = kind == CellKind::Text
            && bytes.next() == Some(b'0')
            && bytes.next().is_some_and(|byte| byte.is_ascii_digit());
        Ok(is_padded.then(|| {
            CellError::of(
                Rule::LeadingZero,
                format!("it begins with a zero, which a number loses: {number}"),
                "if it is a code, such as a postcode, map it as a text: type = \"STRING\"",
            )
        }))
    }

    fn append_list(&self, cell: &str, kind: CellKind, line: &mut Vec<u8>) {
        line.push(b'[');
        for (index, item) in self.items(cell, kind).enumerate() {
            if index > 0 {
                line.push(b',');
            }
            text(item, line);
        }
        line.push(b']');
    }

    fn word(&self, cell: &str, kind: CellKind) -> Option<bool> {
        let is_in = |words: &[String], cell: &str| words.iter().any(|word| word == cell);
        // In lower case already, mostly.
        let word = if is_in(&self.yes, cell) || is_in(&self.no, cell) {
            Cow::Borrowed(cell)
        } else {
            Cow::Owned(cell.to_lowercase())
        };
        if kind == CellKind::Boolean {
            return Some(word == "true");
        }
        if is_in(&self.yes, &word) {
            Some(true)
        } else {
            is_in(&self.no, &word).then_some(false)
        }
    }

    fn append_boolean(
        &self,
        cell: &str,
        kind: CellKind,
        line: &mut Vec<u8>,
    ) -> Result<(), CellError> {
        let Some(value) = self.word(cell, kind) else {
            return Err(CellError::of_word(
                format!(
                    "{:?} is neither a word for true ({}) nor for false ({})",
                    excerpt(cell),
                    self.yes.join(", "),
                    self.no.join(", ")
                ),
                "add the word to yes or no in the mapping",
            ));
        };
        line.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    /// A word for true or false, or the time of the deletion.
    fn append_deleted(
        &self,
        cell: &str,
        kind: CellKind,
        line: &mut Vec<u8>,
    ) -> Result<(), CellError> {
        let is_time = || {
            let iso = DateTimeFormats::iso(Some(jiff::tz::TimeZone::UTC));
            let is_epoch = kind == CellKind::Number && is_epoch(cell);
            is_epoch || iso.date_time(cell).is_ok() || self.moments.date(cell).is_ok()
        };
        if self.word(cell, kind).is_none() && is_time() {
            line.extend_from_slice(b"true");
            return Ok(());
        }
        self.append_boolean(cell, kind, line)
    }
}

/// Says where a list or an object is instead of a single value.
fn single(cell: &str, kind: CellKind) -> Result<(), CellError> {
    match kind {
        CellKind::List => {
            let items = cell.split(LIST_SEPARATOR).count();
            if items == 1 {
                return Ok(());
            }
            Err(CellError::new(
                format!("it is a list of {items} values, and the field is a single value"),
                "say which is meant: take = \"first\", or a path such as emails[0]",
            ))
        }
        CellKind::Object => {
            let keys = serde_json::from_str::<serde_json::Value>(cell).ok();
            let keys: Vec<String> = keys
                .and_then(|value| {
                    value
                        .as_object()
                        .map(|object| object.keys().cloned().collect())
                })
                .unwrap_or_default();
            Err(CellError::new(
                format!("it is an object with the keys {}", keys.join(", ")),
                "name one of its keys, such as org_id.value",
            ))
        }
        _ => Ok(()),
    }
}

/// A number of JSON without a fraction of nothing: some programs write all numbers as floats.
pub(super) fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|of| of == b'0') => whole,
        _ => number,
    }
}

/// An id as it is, unless a spreadsheet has destroyed it.
fn id(cell: &str, kind: CellKind) -> Result<&str, CellError> {
    if kind == CellKind::Number {
        return Ok(whole(cell));
    }
    if is_scientific(cell) {
        return Err(mangled_id());
    }
    Ok(cell)
}

fn choice(words: &[&str], cell: &str, line: &mut Vec<u8>) -> Result<(), CellError> {
    match words.iter().find(|word| word.eq_ignore_ascii_case(cell)) {
        Some(word) => {
            text(word, line);
            Ok(())
        }
        None => Err(CellError::of_word(
            format!("{:?} is not one of {}", excerpt(cell), words.join(", ")),
            format!(
                "say what the word means in the mapping, such as values = {{ {:?} = {:?} }}",
                excerpt(cell),
                words.first().copied().unwrap_or_default()
            ),
        )),
    }
}

/// Appends a text as JSON.
pub(super) fn text(text: &str, line: &mut Vec<u8>) {
    crate::record::AppendJson::append_json(text, line);
}

impl From<InvalidValue> for CellError {
    fn from(fault: InvalidValue) -> Self {
        Self::new(fault.message(), "correct the cell")
    }
}
