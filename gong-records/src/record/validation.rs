//! Validating the values of a record: every broken rule is collected.

use std::fmt;

use super::custom::{CustomFields, CustomInput};
use super::field::{FieldKind, LineFormat, Presence};
use super::setters::Input;
use crate::rule::Rule;
use crate::value::{InvalidValue, ObjectId, is_unrepresentable};

/// Collects the values of one record and the rules that they break.
#[derive(Debug)]
pub(crate) struct Validation {
    line_format: &'static LineFormat,
    object_id: Option<String>,
    violations: Vec<Violation>,
}

impl Validation {
    pub(crate) fn new(line_format: &'static LineFormat) -> Self {
        Self {
            line_format,
            object_id: None,
            violations: Vec::new(),
        }
    }

    /// A value given to a builder; `None` if it was not given or breaks a rule.
    pub(crate) fn take<T: Bounded>(&mut self, name: &'static str, input: Input<T>) -> Option<T> {
        self.take_value(name, input.0.transpose()?)
    }

    /// A value, checked against its field's bounds.
    pub(crate) fn take_value<T: Bounded>(
        &mut self,
        name: &'static str,
        value: Result<T, InvalidValue>,
    ) -> Option<T> {
        let value = self.accept(name, value)?;
        if let Some(invalid) = self.out_of_bounds(name, &value) {
            self.violate(name, invalid);
            return None;
        }
        if name == "objectId" {
            self.object_id = value.text().map(str::to_owned);
        }
        Some(value)
    }

    /// A value; records the violation if it breaks a rule.
    pub(crate) fn accept<T>(&mut self, name: &str, value: Result<T, InvalidValue>) -> Option<T> {
        value.map_err(|invalid| self.violate(name, invalid)).ok()
    }

    /// Records that a field breaks a rule.
    pub(crate) fn violate(&mut self, name: &str, invalid: InvalidValue) {
        self.violations.push(Violation::new(name, invalid));
    }

    /// Records that a required field is missing, unless it was given and broke another rule.
    pub(crate) fn missing(&mut self, name: &str) {
        if !self
            .violations
            .iter()
            .any(|violation| violation.field == name)
        {
            self.violate(
                name,
                InvalidValue::new(Rule::MissingField, "it is required"),
            );
        }
    }

    /// Custom fields given to a builder.
    pub(crate) fn custom(&mut self, custom: CustomInput) -> CustomFields {
        let mut fields: Vec<(String, _)> = Vec::new();
        for (name, json) in custom.0 {
            let invalid = if name.is_empty() {
                Some(InvalidValue::new(
                    Rule::CustomName,
                    "a custom field needs a name",
                ))
            } else if self.line_format.field(&name).is_some() {
                let message = "it is one of Gong's own fields; use its setter";
                Some(InvalidValue::new(Rule::CustomName, message))
            } else if fields.iter().any(|(known, _)| *known == name) {
                Some(InvalidValue::new(
                    Rule::DuplicateKey,
                    "it was given more than once",
                ))
            } else if json
                .as_ref()
                .is_none_or(|json| is_unrepresentable(json.get()))
            {
                Some(InvalidValue::new(
                    Rule::CustomValue,
                    "its value cannot be represented in JSON",
                ))
            } else {
                None
            };
            match (invalid, json) {
                (None, Some(json)) => fields.push((name, json)),
                (Some(invalid), _) => self.violate(&name, invalid),
                (None, None) => {}
            }
        }
        CustomFields::new(&fields)
    }

    /// Succeeds if no rule was broken.
    pub(crate) fn finish(&mut self) -> Result<(), InvalidRecord> {
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(InvalidRecord {
            line_format: self.line_format,
            object_id: self.object_id.take(),
            violations: std::mem::take(&mut self.violations),
        })
    }

    /// The bounds that openapi.yaml sets for one field rather than for its type.
    fn out_of_bounds<T: Bounded>(&self, name: &str, value: &T) -> Option<InvalidValue> {
        let field = self.line_format.field(name)?;
        if field.presence != Presence::Optional && value.text() == Some("") {
            return Some(InvalidValue::new(
                Rule::MissingField,
                "it is required and empty",
            ));
        }
        if let (Some(most), Some(text)) = (field.max_length, value.text()) {
            let length = text.chars().count();
            if length > most {
                let message = format!("it has {length} characters; Gong accepts at most {most}");
                return Some(InvalidValue::new(Rule::TextLength, message));
            }
        }
        let number = value.integer()?;
        let reason = out_of_range(field.kind, number)?;
        Some(InvalidValue::new(Rule::NumberRange, reason))
    }
}

/// The largest number of 32 bits, as OpenAPI's `int32` has them.
pub(crate) const MAX_INT32: i64 = 2_147_483_647;

/// Why a number is not between the bounds of a field.
pub(crate) fn out_of_range(kind: FieldKind, number: i64) -> Option<String> {
    let FieldKind::Integer { minimum, maximum } = kind else {
        return None;
    };
    match (minimum, maximum) {
        (Some(least), _) if number < least => Some(format!("it must be {least} or more")),
        (_, Some(most)) if number > most => Some(format!("it must be {most} or less")),
        _ => None,
    }
}

/// The part of a value to which a field's bounds apply.
pub(crate) trait Bounded {
    fn text(&self) -> Option<&str> {
        None
    }

    fn integer(&self) -> Option<i64> {
        None
    }
}

macro_rules! measured_text {
    ($($name:ty),*) => {$(
        impl Bounded for $name {
            fn text(&self) -> Option<&str> {
                Some(self.as_str())
            }
        }
    )*};
}
measured_text!(
    String,
    crate::value::Amount,
    crate::value::CloseDate,
    crate::value::EmailAddress,
    ObjectId,
    crate::value::Timestamp,
    crate::value::Url
);

impl Bounded for i64 {
    fn integer(&self) -> Option<i64> {
        Some(*self)
    }
}

impl Bounded for bool {}
impl Bounded for Vec<String> {}

/// A field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    field: String,
    invalid: InvalidValue,
}

impl Violation {
    pub(crate) fn new(field: impl Into<String>, invalid: InvalidValue) -> Self {
        Self {
            field: field.into(),
            invalid,
        }
    }

    /// The field's name on the wire.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The rule that it breaks.
    pub fn rule(&self) -> Rule {
        self.invalid.rule()
    }

    /// The problem.
    pub fn message(&self) -> &str {
        self.invalid.message()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.invalid)
    }
}

/// A record that Gong would reject, with every rule that it breaks.
///
/// ```
/// use gong_records::{Deal, Rule};
///
/// let invalid = Deal::builder()
///     .object_id("8608553")
///     .modified_date("2022-02-04 18:24:59")
///     .close_date("4.9.2022")
///     .build()
///     .unwrap_err();
/// let rules: Vec<_> = invalid.violations().iter().map(|violation| violation.rule()).collect();
/// assert_eq!(rules, [Rule::TimestampFormat, Rule::DateFormat]);
/// ```
#[derive(Debug, Clone)]
pub struct InvalidRecord {
    line_format: &'static LineFormat,
    object_id: Option<String>,
    violations: Vec<Violation>,
}

impl InvalidRecord {
    /// A record that is valid by itself and breaks rules of the entity schema.
    pub(crate) fn new(
        line_format: &'static LineFormat,
        object_id: &ObjectId,
        violations: Vec<Violation>,
    ) -> Self {
        Self {
            line_format,
            object_id: Some(object_id.to_string()),
            violations,
        }
    }

    /// A record that lacks required values although no violation was recorded.
    pub(crate) fn incomplete(line_format: &'static LineFormat) -> Self {
        Self {
            line_format,
            object_id: None,
            violations: Vec::new(),
        }
    }

    /// Every broken rule, in the order of the fields.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The record's id, if it is valid.
    pub fn object_id(&self) -> Option<&str> {
        self.object_id.as_deref()
    }
}

impl fmt::Display for InvalidRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.line_format.object_type)?;
        if let Some(object_id) = &self.object_id {
            write!(formatter, " {object_id}")?;
        }
        formatter.write_str(" is invalid")?;
        for (index, violation) in self.violations.iter().enumerate() {
            write!(
                formatter,
                "{} {violation}",
                if index == 0 { ":" } else { ";" }
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidRecord {}
