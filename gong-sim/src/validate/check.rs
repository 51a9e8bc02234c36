//! Whether Gong would accept a record, and the description of the error if not.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::fields::{Shape, standard_fields};
use super::formats::{is_date, is_date_time, is_email, is_plain_email, is_url};
use super::line::{Line, text_of};
use super::schema::{FieldType, SchemaField};
use crate::object_type::ObjectType;
use crate::rules::{RuleId, RuleSet};

/// The change that a valid line makes to its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The object now looks like this (the bytes of its JSON).
    Put(Box<[u8]>),
    /// The object is deleted (the bytes of the line that says so).
    Delete(Box<[u8]>),
}

impl Change {
    /// The line as it was uploaded.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Put(bytes) | Self::Delete(bytes) => bytes,
        }
    }

    pub(crate) fn into_bytes(self) -> Box<[u8]> {
        match self {
            Self::Put(bytes) | Self::Delete(bytes) => bytes,
        }
    }
}

/// A line that was found good.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CheckedLine {
    pub(crate) object_id: Box<str>,
    pub(crate) change: Change,
    /// As written; empty if absent.
    pub(crate) modified_date: Box<str>,
}

/// Everything the verdict on one record depends on, apart from the objects that are there already.
#[derive(Debug, Clone)]
pub(crate) struct RecordCheck {
    pub(crate) object_type: ObjectType,
    pub(crate) rules: RuleSet,
    pub(crate) schema: Arc<[SchemaField]>,
}

impl RecordCheck {
    /// Judges the bytes of one line (without its line ending).
    ///
    /// # Errors
    ///
    /// The description that Gong's request status would give for the line. One error per line: the
    /// first that is found, as Gong counts failed objects, not failed fields.
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<CheckedLine, String> {
        let line = Line::parse(bytes).map_err(|error| json_error(bytes, &error))?;
        if self.on(RuleId::ReadableValues)
            && let Some((name, error)) = line.unreadable()
        {
            return Err(format!("Json parse error: {} in [{name}]", reason(&error)));
        }
        if self.on(RuleId::DuplicateKey)
            && let Some(name) = line.duplicate_key()
        {
            return Err(format!("Field [{name}] occurs more than once"));
        }
        let object_id = self.object_id(&line)?;
        let is_deleted = self.is_deleted(&line)?;
        self.mandatory_fields(&line, is_deleted)?;
        self.standard_fields(&line)?;
        if !is_deleted {
            self.custom_fields(&line)?;
        }
        let modified_date = line
            .get("modifiedDate")
            .and_then(text_of)
            .unwrap_or_default();
        Ok(CheckedLine {
            object_id: object_id.into(),
            change: if is_deleted {
                Change::Delete(bytes.trim_ascii().into())
            } else {
                Change::Put(bytes.trim_ascii().into())
            },
            modified_date: modified_date.into(),
        })
    }

    fn on(&self, rule: RuleId) -> bool {
        self.rules.is_on(rule)
    }

    fn object_id<'line>(&self, line: &Line<'line>) -> Result<Cow<'line, str>, String> {
        let value = line.get("objectId").filter(|value| value.get() != "null");
        let Some(value) = value else {
            return Err(missing("objectId"));
        };
        let Some(id) = text_of(value) else {
            return Err(wrong("objectId", "a string"));
        };
        if id.is_empty() {
            return Err(missing("objectId"));
        }
        if self.on(RuleId::ObjectIdLength) && id.chars().count() > 64 {
            return Err(wrong("objectId", "at most 64 characters"));
        }
        let plain = id.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || byte == b'-'
                || (byte == b'_' && !self.on(RuleId::ObjectIdUnderscore))
        });
        let underscore = id.contains('_') && self.on(RuleId::ObjectIdUnderscore);
        let judged = self.on(RuleId::ObjectIdCharset) || underscore;
        if judged && !plain && !is_plain_email(&id) {
            return Err(wrong(
                "objectId",
                "letters, digits and dashes, or an email address",
            ));
        }
        Ok(id)
    }

    fn is_deleted(&self, line: &Line<'_>) -> Result<bool, String> {
        match line.get("isDeleted").map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some("null") if !self.on(RuleId::NullField) => Ok(false),
            // Not even with `field-type` off: the meaning of `"yes"` is unclear.
            Some(_) => Err(wrong("isDeleted", "a boolean")),
        }
    }

    fn mandatory_fields(&self, line: &Line<'_>, is_deleted: bool) -> Result<(), String> {
        let is_stage = self.object_type == ObjectType::Stage;
        let is_user = self.object_type == ObjectType::BusinessUser;
        for (name, applies, rule) in [
            ("modifiedDate", !is_stage, RuleId::ModifiedDateRequired),
            (
                "emailAddress",
                is_user && !is_deleted,
                RuleId::EmailAddressRequired,
            ),
            ("name", is_stage && !is_deleted, RuleId::StageNameRequired),
        ] {
            if applies && self.on(rule) && line.get(name).is_none_or(is_empty) {
                return Err(missing(name));
            }
        }
        Ok(())
    }

    fn standard_fields(&self, line: &Line<'_>) -> Result<(), String> {
        for (name, shape) in standard_fields(self.object_type) {
            let Some(value) = line.get(name) else {
                continue;
            };
            if value.get() == "null" {
                if self.on(RuleId::NullField) {
                    return Err(wrong(name, "a value"));
                }
                continue;
            }
            self.standard_value(*shape, value)
                .map_err(|expected| wrong(name, expected))?;
        }
        Ok(())
    }

    fn standard_value(&self, shape: Shape, value: &RawValue) -> Result<(), &'static str> {
        let typed = self.on(RuleId::FieldType);
        let raw = value.get();
        match shape {
            Shape::Boolean => expect(!typed || is_boolean(raw), "a boolean"),
            Shape::Number => expect(!typed || is_number(raw), "a number"),
            Shape::SortOrder => {
                // Gong describes it as an integer of 32 bits.
                let number = raw.parse::<i32>().ok();
                expect(!typed || number.is_some(), "a whole number")?;
                let fits = number.is_none_or(|number| number >= 1);
                expect(
                    !self.on(RuleId::SortOrderFromOne) || fits,
                    "a number from 1",
                )
            }
            Shape::Texts => expect(!typed || is_array_of_texts(raw), "an array of strings"),
            Shape::Text
            | Shape::DateTime
            | Shape::CloseDate
            | Shape::Url
            | Shape::Email
            | Shape::DealStatus => {
                let Some(text) = text_of(value) else {
                    return expect(!typed, "a string");
                };
                self.standard_text(shape, &text)
            }
        }
    }

    fn standard_text(&self, shape: Shape, text: &str) -> Result<(), &'static str> {
        let (rule, fits, expected) = match shape {
            Shape::DateTime => (
                RuleId::DateTimeFormat,
                is_date_time(text),
                "an ISO-8601 date and time with an offset and without milliseconds",
            ),
            Shape::CloseDate => (
                RuleId::CloseDateFormat,
                is_date(text),
                "a date such as 2022-09-04",
            ),
            Shape::Url => (RuleId::UrlFormat, is_url(text), "a full http URL"),
            Shape::Email => (RuleId::EmailFormat, is_email(text), "an email address"),
            Shape::DealStatus => (
                RuleId::DealStatus,
                matches!(text, "WON" | "LOST" | "OPEN"),
                "one of WON, LOST, OPEN",
            ),
            Shape::Text | Shape::Texts | Shape::Boolean | Shape::Number | Shape::SortOrder => {
                return Ok(());
            }
        };
        // An empty optional text says no more than an absent one; the mandatory ones were seen to.
        expect(text.is_empty() || fits || !self.on(rule), expected)
    }

    fn custom_fields(&self, line: &Line<'_>) -> Result<(), String> {
        if self.schema.is_empty() {
            return Ok(());
        }
        for (name, value) in line.fields() {
            let Some(field) = self.schema.iter().find(|field| field.unique_name == name) else {
                continue;
            };
            if value.get() != "null" && !is_standard(self.object_type, name) {
                self.custom_value(field, value)
                    .map_err(|expected| wrong(name, &expected))?;
            }
        }
        Ok(())
    }

    fn custom_value(&self, field: &SchemaField, value: &RawValue) -> Result<(), Cow<'static, str>> {
        let raw = value.get();
        let (typed, expected) = match field.field_type {
            FieldType::Boolean => (is_boolean(raw), "a boolean"),
            FieldType::Number | FieldType::Percent | FieldType::Currency => {
                (is_number(raw), "a number")
            }
            FieldType::StringArray => (is_array_of_texts(raw), "an array of strings"),
            _ => (raw.starts_with('"'), "a string"),
        };
        if self.on(RuleId::CustomFieldType) && !typed {
            return Err(expected.into());
        }
        if field.field_type == FieldType::Percent && self.on(RuleId::PercentRange) {
            let fits = raw
                .parse::<f64>()
                .is_ok_and(|percent| (0.0..=100.0).contains(&percent));
            expect(fits, "a number between 0 and 100")?;
        }
        let Some(text) = text_of(value) else {
            return Ok(());
        };
        if field.field_type == FieldType::Picklist && self.on(RuleId::PicklistValue) {
            let values = field.ordered_value_list.as_deref().unwrap_or_default();
            if !values.iter().any(|known| *known == text) {
                return Err(format!("one of {}", values.join(", ")).into());
            }
        }
        if self.on(RuleId::CustomFieldFormat) {
            let (fits, expected) = match field.field_type {
                FieldType::Date => (is_date(&text), "a date such as 2020-05-31"),
                FieldType::DateTime => (
                    is_date_time(&text),
                    "a date and time with an offset and without milliseconds",
                ),
                FieldType::Url => (is_url(&text), "a full http URL"),
                FieldType::EmailAddress => (is_email(&text), "an email address"),
                _ => (true, ""),
            };
            expect(fits, expected)?;
        }
        Ok(())
    }
}

pub(crate) fn is_standard(object_type: ObjectType, name: &str) -> bool {
    standard_fields(object_type)
        .iter()
        .any(|(standard, _)| *standard == name)
}

fn expect(fits: bool, expected: &'static str) -> Result<(), &'static str> {
    if fits { Ok(()) } else { Err(expected) }
}

fn is_empty(value: &RawValue) -> bool {
    matches!(value.get(), "null" | "\"\"")
}

fn is_boolean(raw: &str) -> bool {
    matches!(raw, "true" | "false")
}

fn is_number(raw: &str) -> bool {
    raw.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

fn is_array_of_texts(raw: &str) -> bool {
    raw.starts_with('[')
        && serde_json::from_str::<Vec<&RawValue>>(raw)
            .is_ok_and(|items| items.iter().all(|item| item.get().starts_with('"')))
}

/// The one line error that was recorded live, for `emailAddress`; the documentation prints it for `objectId`.
fn missing(name: &str) -> String {
    format!("Mandatory field [{name}] is missing or empty")
}

fn wrong(name: &str, expected: &str) -> String {
    format!("Field [{name}] has an invalid value, expected {expected}")
}

// "Json parse error" is how an integrator quotes Gong; what follows it is not known.
fn json_error(bytes: &[u8], error: &serde_json::Error) -> String {
    if std::str::from_utf8(bytes).is_err() {
        return "Json parse error: the line is not valid UTF-8".to_owned();
    }
    let what = reason(error);
    if error.column() == 0 {
        format!("Json parse error: {what}")
    } else {
        format!("Json parse error: {what} at column {}", error.column())
    }
}

/// The reason without its position: "line 1" would be mistaken for the line of the file.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_with(
        object_type: ObjectType,
        rules: &[(&str, bool)],
        line: &str,
    ) -> Result<CheckedLine, String> {
        let mut set = RuleSet::standard();
        for (name, on) in rules {
            set.set(name, *on).unwrap();
        }
        let schema = [
            SchemaField::new("level", FieldType::Picklist).with_values(["Analyst", "Director"]),
            SchemaField::new("share", FieldType::Percent),
            SchemaField::new("since", FieldType::Date),
        ];
        RecordCheck {
            object_type,
            rules: set,
            schema: schema.into(),
        }
        .check(line.as_bytes())
    }

    #[track_caller]
    fn assert_rejected(object_type: ObjectType, line: &str, description: &str) {
        assert_eq!(check_with(object_type, &[], line).unwrap_err(), description);
    }

    const DATE: &str = r#""modifiedDate":"2019-01-03T23:45:57+01:00""#;

    #[test]
    fn mandatory_fields_are_named_in_the_recorded_words() {
        assert_rejected(
            ObjectType::Account,
            "{}",
            "Mandatory field [objectId] is missing or empty",
        );
        assert_rejected(
            ObjectType::Account,
            r#"{"objectId":""}"#,
            "Mandatory field [objectId] is missing or empty",
        );
        assert_rejected(
            ObjectType::Account,
            r#"{"objectId":"1"}"#,
            "Mandatory field [modifiedDate] is missing or empty",
        );
        assert_rejected(
            ObjectType::BusinessUser,
            &format!(r#"{{"objectId":"1",{DATE}}}"#),
            "Mandatory field [emailAddress] is missing or empty",
        );
        assert_rejected(
            ObjectType::Stage,
            r#"{"objectId":"1"}"#,
            "Mandatory field [name] is missing or empty",
        );
    }

    #[test]
    fn deletion_needs_id_and_date_only() {
        let checked = check_with(
            ObjectType::BusinessUser,
            &[],
            &format!(r#"{{"objectId":"1","isDeleted":true,{DATE}}}"#),
        );
        assert!(matches!(checked.unwrap().change, Change::Delete(_)));
    }

    #[test]
    fn printed_deal_example_is_invalid_json() {
        let rejected = check_with(
            ObjectType::Deal,
            &[],
            &format!(r#"{{"objectId":"8608553",{DATE},"status": OPEN}}"#),
        );
        assert!(
            rejected
                .unwrap_err()
                .starts_with("Json parse error: expected value at column")
        );
    }

    #[test]
    fn unrepresentable_value_is_a_parse_error() {
        for (value, reason) in [
            (r#""\ud800""#, "unexpected end of hex escape in [note]"),
            ("1e400", "number out of range in [note]"),
        ] {
            let line = format!(r#"{{"objectId":"1",{DATE},"note":{value}}}"#);
            assert_rejected(
                ObjectType::Account,
                &line,
                &format!("Json parse error: {reason}"),
            );
        }
    }

    #[test]
    fn standard_fields_must_have_their_shape() {
        for (object_type, field) in [
            (ObjectType::Deal, r#""status":"won""#),
            (ObjectType::Deal, r#""amount":"7000""#),
            (
                ObjectType::Deal,
                r#""createdDate":"2022-02-04T17:57:23.000Z""#,
            ),
            (ObjectType::Account, r#""domains":"pbr.com""#),
            (ObjectType::Account, r#""domains":["pbr.com",1]"#),
            (ObjectType::Account, r#""url":"crm.com/1""#),
            (ObjectType::Account, r#""name":7"#),
            (ObjectType::Account, r#""isDeleted":"yes""#),
            (ObjectType::Contact, r#""accountId":17"#),
        ] {
            let line = format!(r#"{{"objectId":"1",{DATE},{field}}}"#);
            let name = field.split('"').nth(1).unwrap();
            let rejected = check_with(object_type, &[], &line).unwrap_err();
            assert!(
                rejected.starts_with(&format!("Field [{name}] has an invalid value")),
                "{rejected}"
            );
        }
    }

    #[test]
    fn underscores_in_ids_follow_their_switch() {
        let line = format!(r#"{{"objectId":"user1_Id",{DATE}}}"#);
        assert!(check_with(ObjectType::Account, &[], &line).is_ok());
        assert!(
            check_with(
                ObjectType::Account,
                &[("object-id-underscore", true)],
                &line
            )
            .is_err()
        );
        let odd = format!(r#"{{"objectId":"a/b",{DATE}}}"#);
        assert!(check_with(ObjectType::Account, &[], &odd).is_err());
        assert!(check_with(ObjectType::Account, &[("object-id-charset", false)], &odd).is_ok());
    }

    #[test]
    fn custom_fields_must_match_their_schema() {
        let lax = |field: &str| {
            check_with(
                ObjectType::Deal,
                &[],
                &format!(r#"{{"objectId":"1",{DATE},{field}}}"#),
            )
        };
        let strict = |rule: &str, field: &str| {
            check_with(
                ObjectType::Deal,
                &[(rule, true)],
                &format!(r#"{{"objectId":"1",{DATE},{field}}}"#),
            )
        };
        assert!(lax(r#""level":3"#).is_err());
        assert!(lax(r#""level":null,"unknown":{"any":["thing"]}"#).is_ok());
        assert!(lax(r#""level":"Pilot","share":120,"since":"yesterday""#).is_ok());
        assert!(strict("picklist-value", r#""level":"Pilot""#).is_err());
        assert!(strict("percent-range", r#""share":120"#).is_err());
        assert!(strict("custom-field-format", r#""since":"yesterday""#).is_err());
    }
}
