//! Fixing one value that can only mean one thing.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::record::{Field, FieldKind};
use crate::rule::Rule;
use crate::schema::{FieldType, SchemaField};
use crate::value::{
    Amount, CloseDate, EmailAddress, FromJson, ObjectId, Timestamp, Url, is_json_number, text,
    timestamp,
};

/// One change of a value or its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) rule: Rule,
    pub(super) before: Cow<'static, str>,
    pub(super) after: Cow<'static, str>,
}

impl Step {
    pub(super) fn new(
        rule: Rule,
        before: impl Into<Cow<'static, str>>,
        after: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            rule,
            before: before.into(),
            after: after.into(),
        }
    }
}

/// The required form of a value, if it can be fixed.
#[derive(Debug)]
pub(super) enum Shape<'a> {
    /// A date-time.
    DateTime,
    /// A number, of any size.
    Number,
    /// A whole number.
    Whole,
    /// `true` or `false`.
    Boolean,
    /// An id.
    Id,
    /// One of these values.
    Word(Vec<&'a str>),
}

impl<'a> Shape<'a> {
    pub(super) fn of_field(field: &'a Field) -> Option<Self> {
        match field.kind {
            // A day stays a day; what is longer must be a date-time.
            FieldKind::Timestamp | FieldKind::CloseDate => Some(Self::DateTime),
            FieldKind::Amount => Some(Self::Number),
            FieldKind::Integer { .. } => Some(Self::Whole),
            FieldKind::Boolean => Some(Self::Boolean),
            FieldKind::ObjectId => Some(Self::Id),
            FieldKind::Choice(words) => Some(Self::Word(words.to_vec())),
            FieldKind::Url | FieldKind::EmailAddress | FieldKind::Text | FieldKind::TextList => {
                None
            }
        }
    }

    pub(super) fn of_custom_field(field: &'a SchemaField) -> Option<Self> {
        match field.field_type {
            FieldType::DateTime => Some(Self::DateTime),
            FieldType::Number | FieldType::Percent | FieldType::Currency => Some(Self::Number),
            FieldType::Boolean => Some(Self::Boolean),
            FieldType::Id | FieldType::Reference => Some(Self::Id),
            FieldType::Picklist => {
                let values = field.ordered_value_list.iter();
                Some(Self::Word(values.map(String::as_str).collect()))
            }
            FieldType::Date
            | FieldType::Url
            | FieldType::String
            | FieldType::PhoneNumber
            | FieldType::EmailAddress
            | FieldType::StringArray
            | FieldType::Unknown(_) => None,
        }
    }

    /// The fixed value and the changes; `None` if nothing is changed.
    pub(super) fn fix(&self, value: &RawValue) -> Option<(String, Vec<Step>)> {
        let json = value.get();
        if let Self::Id = self {
            let is_whole = !json.is_empty() && json.bytes().all(|byte| byte.is_ascii_digit());
            let step = Step::new(Rule::WrongType, "a number", "the same in quotes");
            return is_whole.then(|| (format!("\"{json}\""), vec![step]));
        }
        let text = text(value).ok()?;
        match self {
            Self::DateTime => {
                let (fixed, steps) = fixed_date_time(&text)?;
                Some((format!("\"{fixed}\""), steps))
            }
            Self::Number if is_json_number(&text) => Some(unquoted(&text, "a number in quotes")),
            Self::Whole if is_json_number(&text) && text.parse::<i64>().is_ok() => {
                Some(unquoted(&text, "a number in quotes"))
            }
            Self::Boolean if text.eq_ignore_ascii_case("true") => {
                Some(unquoted("true", "a truth value in quotes"))
            }
            Self::Boolean if text.eq_ignore_ascii_case("false") => {
                Some(unquoted("false", "a truth value in quotes"))
            }
            Self::Word(words) => {
                let fixed = serde_json::to_string(the_word(&text, words)?).ok()?;
                let step = Step::new(
                    Rule::UnknownWord,
                    "a word in another case",
                    "the word as Gong has it",
                );
                Some((fixed, vec![step]))
            }
            Self::Number | Self::Whole | Self::Boolean | Self::Id => None,
        }
    }
}

fn unquoted(text: &str, before: &'static str) -> (String, Vec<Step>) {
    let step = Step::new(Rule::WrongType, before, "the same without");
    (text.to_owned(), vec![step])
}

/// The only word that differs from the text only by case.
fn the_word<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    if words.contains(&text) {
        return None;
    }
    let lower = text.to_lowercase();
    let mut alike = words.iter().filter(|word| word.to_lowercase() == lower);
    match (alike.next(), alike.next()) {
        (Some(word), None) => Some(word),
        _ => None,
    }
}

/// Changes a date-time to Gong's format if only the notation differs.
fn fixed_date_time(text: &str) -> Option<(String, Vec<Step>)> {
    if timestamp::check(text).is_ok() || !text.is_ascii() {
        return None;
    }
    let format =
        |before: &'static str, after: &'static str| Step::new(Rule::TimestampFormat, before, after);
    let (date, rest) = text.split_at_checked(10)?;
    let (separator, rest) = rest.split_at_checked(1)?;
    let (time, rest) = rest.split_at_checked(8)?;
    let mut steps = Vec::new();
    match separator {
        "T" => {}
        " " => steps.push(format("a space between date and time", "a T")),
        "t" => steps.push(format("a small t", "a capital T")),
        _ => return None,
    }
    let mut zone = rest;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        zone = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
        if zone.len() == fraction.len() {
            return None;
        }
        steps.push(Step::new(
            Rule::TimestampFraction,
            "a fraction of a second",
            "whole seconds",
        ));
    }
    if let Some(spaced) = zone.strip_prefix(' ') {
        steps.push(format("a space before the zone", "nothing"));
        zone = spaced;
    }
    let digits = zone.len().saturating_sub(1);
    let zone = match zone.as_bytes() {
        b"z" => {
            steps.push(format("a small z", "a capital Z"));
            "Z".to_owned()
        }
        b"UTC" => {
            steps.push(format("UTC", "Z"));
            "Z".to_owned()
        }
        [b'+' | b'-', offset @ ..] if digits == 4 && offset.iter().all(u8::is_ascii_digit) => {
            steps.push(format("an offset without colon", "one with a colon"));
            format!("{}:{}", &zone[..3], &zone[3..])
        }
        [b'+' | b'-', offset @ ..] if digits == 2 && offset.iter().all(u8::is_ascii_digit) => {
            steps.push(format("an offset without minutes", "one with minutes"));
            format!("{zone}:00")
        }
        _ => zone.to_owned(),
    };
    let fixed = format!("{date}T{time}{zone}");
    timestamp::check(&fixed).ok()?;
    Some((fixed, steps))
}

/// Whether the value is valid for the field.
pub(super) fn is_good(field: &Field, value: &RawValue) -> bool {
    match field.kind {
        FieldKind::ObjectId => ObjectId::from_json(value).is_ok(),
        FieldKind::Timestamp => Timestamp::from_json(value).is_ok(),
        FieldKind::Url => Url::from_json(value).is_ok(),
        FieldKind::EmailAddress => EmailAddress::from_json(value).is_ok(),
        FieldKind::CloseDate => CloseDate::from_json(value).is_ok(),
        FieldKind::Amount => Amount::from_json(value).is_ok(),
        FieldKind::Text => String::from_json(value).is_ok(),
        FieldKind::Boolean => bool::from_json(value).is_ok(),
        FieldKind::Integer { .. } => i64::from_json(value).is_ok(),
        FieldKind::TextList => Vec::<String>::from_json(value).is_ok(),
        FieldKind::Choice(words) => text(value).is_ok_and(|text| words.contains(&&*text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_with_only_wrong_notation_are_fixed() {
        for (given, fixed) in [
            ("2026-03-01T09:30:00.000Z", "2026-03-01T09:30:00Z"),
            (
                "2026-03-01T09:30:00,123456789+01:00",
                "2026-03-01T09:30:00+01:00",
            ),
            ("2026-03-01 09:30:00Z", "2026-03-01T09:30:00Z"),
            ("2026-03-01t09:30:00z", "2026-03-01T09:30:00Z"),
            ("2026-03-01 09:30:00.5 +0100", "2026-03-01T09:30:00+01:00"),
            ("2026-03-01T09:30:00-03", "2026-03-01T09:30:00-03:00"),
            ("2026-03-01 09:30:00 UTC", "2026-03-01T09:30:00Z"),
        ] {
            let (found, steps) = fixed_date_time(given).unwrap();
            assert_eq!(found, fixed, "{given}");
            assert!(!steps.is_empty(), "{given}");
        }
    }

    #[test]
    fn date_times_that_need_a_guess_are_left() {
        for given in [
            "2026-03-01T09:30:00Z",
            "2026-03-01T09:30:00",
            "2026-03-01 09:30:00",
            "2026-03-01",
            "2026-03-01T09:30Z",
            "01.03.2026 09:30:00Z",
            "2026-02-30 09:30:00Z",
            "2026-03-01T09:30:00.Z",
            "2026-03-01T09:30:00 CET",
            "2026-03-01T09:30:00+1:00",
            "2026-03-01_09:30:00Z",
            "２026-03-01 09:30:00Z",
            "",
        ] {
            assert_eq!(fixed_date_time(given), None, "{given}");
        }
    }
}
