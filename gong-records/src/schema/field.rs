//! One declared custom field, and whether a value fits it.

use serde_json::value::RawValue;

use super::field_type::FieldType;
use crate::record::ObjectType;
use crate::rule::Rule;
use crate::value::{self, InvalidValue, close_date, email_address, object_id, timestamp, url};

/// A custom field, as Gong declares it.
///
/// ```
/// use gong_records::{FieldType, SchemaField};
///
/// let field = SchemaField::new("region", "Region", FieldType::Picklist).with_values(["EMEA", "APAC"]);
/// assert_eq!(field.ordered_value_list, ["EMEA", "APAC"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SchemaField {
    /// The field's name in the lines of entity files.
    pub unique_name: String,
    /// Its name in Gong.
    pub label: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// The target of a `REFERENCE`: `ACCOUNT`, `CONTACT`, `DEAL`, `LEAD` or `USER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_to: Option<String>,
    /// The values of a `PICKLIST`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ordered_value_list: Vec<String>,
    /// Whether the field and all its values are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// When the field was last changed, ISO 8601 without milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl SchemaField {
    /// A field of this type.
    ///
    /// ```
    /// use gong_records::{FieldType, SchemaField};
    ///
    /// let field = SchemaField::new("discount", "Discount", "PERCENT");
    /// assert_eq!(field.field_type, FieldType::Percent);
    /// ```
    pub fn new(
        unique_name: impl Into<String>,
        label: impl Into<String>,
        field_type: impl Into<FieldType>,
    ) -> Self {
        Self {
            unique_name: unique_name.into(),
            label: label.into(),
            field_type: field_type.into(),
            reference_to: None,
            ordered_value_list: Vec::new(),
            is_deleted: None,
            last_modified: None,
        }
    }

    /// The type of the records that a `REFERENCE` points to, if it is one of the six.
    pub(crate) fn target(&self) -> Option<ObjectType> {
        match (&self.field_type, self.reference_to.as_deref()) {
            (FieldType::Reference, Some("USER")) => Some(ObjectType::BusinessUser),
            (FieldType::Reference, Some(target)) => target.parse().ok(),
            _ => None,
        }
    }

    /// The same field with the values of a picklist.
    ///
    /// ```
    /// let field = gong_records::SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA", "APAC"]);
    /// assert_eq!(field.ordered_value_list, ["EMEA", "APAC"]);
    /// ```
    #[must_use]
    pub fn with_values(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.ordered_value_list = values.into_iter().map(Into::into).collect();
        self
    }

    /// The same field, pointing to records of this type.
    ///
    /// ```
    /// // A business user is called `USER` here.
    /// let field = gong_records::SchemaField::new("seller", "Seller", "REFERENCE").with_reference_to("USER");
    /// assert_eq!(field.reference_to.as_deref(), Some("USER"));
    /// ```
    #[must_use]
    pub fn with_reference_to(mut self, target: impl Into<String>) -> Self {
        self.reference_to = Some(target.into());
        self
    }

    /// The same field, to be removed with all its values.
    ///
    /// ```
    /// let field = gong_records::SchemaField::new("fax", "Fax", "PHONENUMBER").with_deletion();
    /// assert_eq!(field.is_deleted, Some(true));
    /// ```
    #[must_use]
    pub fn with_deletion(mut self) -> Self {
        self.is_deleted = Some(true);
        self
    }

    /// Checks whether a value fits the field. `null` always does: Gong's own example sends one.
    ///
    /// The formats are those of Gong's table of custom field types. A type that this crate does not
    /// know accepts any value, and a picklist without declared values accepts any string.
    ///
    /// # Errors
    ///
    /// A [`InvalidValue`] with [`Rule::CustomType`], [`Rule::CustomPicklist`], [`Rule::CustomPercent`],
    /// [`Rule::CustomDeleted`] or [`Rule::CustomTimestampFraction`], or with the rule of the id,
    /// date, date-time, link or email address that it breaks.
    ///
    /// ```
    /// use gong_records::{Rule, SchemaField};
    /// use serde_json::value::to_raw_value;
    ///
    /// let field = SchemaField::new("discount", "Discount", "PERCENT");
    /// assert!(field.check(&to_raw_value(&12.5)?).is_ok());
    /// assert_eq!(field.check(&to_raw_value(&120)?).unwrap_err().rule(), Rule::CustomPercent);
    /// assert_eq!(field.check(&to_raw_value("12")?).unwrap_err().rule(), Rule::CustomType);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn check(&self, value: &RawValue) -> Result<(), InvalidValue> {
        let json = value.get();
        if json == "null" {
            return Ok(());
        }
        if self.is_deleted == Some(true) {
            let message = "the entity schema removes it, with all its values";
            return Err(InvalidValue::new(Rule::CustomDeleted, message));
        }
        let expected = match &self.field_type {
            FieldType::Unknown(_) => return Ok(()),
            FieldType::Boolean if matches!(json, "true" | "false") => return Ok(()),
            FieldType::Boolean => "true or false, without quotes",
            FieldType::Number | FieldType::Currency if is_number(json) => return Ok(()),
            FieldType::Percent if is_number(json) => return check_percent(json),
            FieldType::Number | FieldType::Currency | FieldType::Percent => {
                "a number, without quotes"
            }
            FieldType::StringArray if serde_json::from_str::<Vec<String>>(json).is_ok() => {
                return Ok(());
            }
            FieldType::StringArray => "a list of strings",
            _ if json.starts_with('"') => return self.check_text(&value::text(value)?),
            FieldType::Date => "a date in double quotes, such as \"2026-09-30\"",
            FieldType::DateTime => {
                "a date-time in double quotes, such as \"2026-03-01T09:30:00+01:00\""
            }
            FieldType::Id | FieldType::Reference => "the id of a record, in double quotes",
            FieldType::Url
            | FieldType::String
            | FieldType::PhoneNumber
            | FieldType::EmailAddress
            | FieldType::Picklist => "a string in double quotes",
        };
        Err(InvalidValue::new(
            Rule::CustomType,
            format!("it is declared as {}: {expected}", self.field_type),
        ))
    }

    /// Checks whether a text, without quotes and escapes, fits the field.
    pub(crate) fn check_text(&self, text: &str) -> Result<(), InvalidValue> {
        match self.field_type {
            FieldType::Date => check_date(text),
            FieldType::DateTime => timestamp::check(text).map_err(softened),
            FieldType::Id | FieldType::Reference => object_id::check(text),
            FieldType::Url => url::check(text),
            FieldType::EmailAddress => email_address::check(text),
            FieldType::Picklist => self.check_picklist(text),
            FieldType::String | FieldType::PhoneNumber | FieldType::Unknown(_) => Ok(()),
            FieldType::Number
            | FieldType::Percent
            | FieldType::Currency
            | FieldType::Boolean
            | FieldType::StringArray => Err(InvalidValue::new(
                Rule::CustomType,
                format!("it is declared as {}, not as a string", self.field_type),
            )),
        }
    }

    fn check_picklist(&self, text: &str) -> Result<(), InvalidValue> {
        let values = &self.ordered_value_list;
        // Gong's response lists no values, not even for picklists.
        if values.is_empty() || values.iter().any(|value| value == text) {
            return Ok(());
        }
        let same_but_for_case = |value: &&String| value.to_lowercase() == text.to_lowercase();
        let message = match values.iter().find(same_but_for_case) {
            Some(value) => format!("it must be {value:?}, in this case"),
            None if values.len() <= LISTED_VALUES => format!("it must be one of {values:?}"),
            None => format!("it is not one of the {} declared values", values.len()),
        };
        Err(InvalidValue::new(Rule::CustomPicklist, message))
    }
}

/// How many values of a picklist a message lists.
const LISTED_VALUES: usize = 8;

fn is_number(json: &str) -> bool {
    json.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

fn check_percent(json: &str) -> Result<(), InvalidValue> {
    match json.parse::<f64>() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(()),
        _ => Err(InvalidValue::new(
            Rule::CustomPercent,
            "it is declared as PERCENT: a number from 0 to 100",
        )),
    }
}

/// A day alone; unlike a deal's `closeDate`, nothing may follow.
fn check_date(text: &str) -> Result<(), InvalidValue> {
    close_date::check(text)?;
    if text.len() > "2026-09-30".len() {
        let message = "it is declared as DATE: cut the time of day off";
        return Err(InvalidValue::new(Rule::DateFormat, message));
    }
    Ok(())
}

/// Gong's own example sends a custom field with milliseconds, against its rule.
fn softened(invalid: InvalidValue) -> InvalidValue {
    if invalid.rule() == Rule::TimestampFraction {
        let message = "it has a fraction of a second, which Gong's rule forbids and one of its \
                       examples shows; cut it off";
        return InvalidValue::new(Rule::CustomTimestampFraction, message);
    }
    invalid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &SchemaField, json: &str) -> Result<(), Rule> {
        let value = RawValue::from_string(json.to_owned()).unwrap();
        field.check(&value).map_err(|invalid| invalid.rule())
    }

    #[test]
    fn each_type_takes_the_values_of_gongs_table() {
        for (field_type, json) in [
            ("BOOLEAN", "true"),
            ("DATE", "\"2020-05-31\""),
            ("DATETIME", "\"2020-12-17T07:37:21+02:00\""),
            ("PICKLIST", "\"Analyst\""),
            ("NUMBER", "45.66"),
            ("NUMBER", "-1e400"),
            ("PERCENT", "67.3"),
            ("PERCENT", "0"),
            ("PERCENT", "100"),
            ("CURRENCY", "34.68"),
            ("PHONENUMBER", "\"+14055766687\""),
            ("EMAILADDRESS", "\"jane.doe@acme.example\""),
            ("REFERENCE", "\"5ybyh6n6n65\""),
            ("ID", "\"a@b.example\""),
            ("STRING", "\"\""),
            ("URL", "\"https:\\/\\/acme.example\""),
            ("STRINGARRAY", "[\"a\", \"b\"]"),
            ("COLOR", "{\"red\": 1}"),
        ] {
            let field = SchemaField::new("f", "F", field_type).with_values(["Analyst"]);
            assert_eq!(check(&field, json), Ok(()), "{field_type} {json}");
            assert_eq!(check(&field, "null"), Ok(()), "{field_type} null");
        }
    }

    #[test]
    fn each_mistake_is_named() {
        for (field_type, json, rule) in [
            ("BOOLEAN", "\"true\"", Rule::CustomType),
            ("BOOLEAN", "1", Rule::CustomType),
            ("DATE", "20200531", Rule::CustomType),
            ("DATE", "\"31.05.2020\"", Rule::DateFormat),
            ("DATE", "\"2020-05-31T00:00:00Z\"", Rule::DateFormat),
            ("DATE", "\"2020-05-32\"", Rule::TimestampRange),
            ("DATETIME", "\"2020-05-31\"", Rule::TimestampFormat),
            ("DATETIME", "\"2020-05-31T07:37:21\"", Rule::TimestampZone),
            (
                "DATETIME",
                "\"2022-02-04T17:57:23.000Z\"",
                Rule::CustomTimestampFraction,
            ),
            ("PICKLIST", "\"analyst\"", Rule::CustomPicklist),
            ("PICKLIST", "[\"Analyst\"]", Rule::CustomType),
            ("NUMBER", "\"45.66\"", Rule::CustomType),
            ("PERCENT", "100.1", Rule::CustomPercent),
            ("PERCENT", "-1", Rule::CustomPercent),
            ("PERCENT", "1e400", Rule::CustomPercent),
            ("CURRENCY", "{\"amount\": 1}", Rule::CustomType),
            ("PHONENUMBER", "14055766687", Rule::CustomType),
            (
                "EMAILADDRESS",
                "\"jane doe@acme.example\"",
                Rule::EmailFormat,
            ),
            ("REFERENCE", "17", Rule::CustomType),
            ("REFERENCE", "\"a/9\"", Rule::ObjectIdCharset),
            ("ID", "\"\"", Rule::ObjectIdLength),
            ("STRING", "true", Rule::CustomType),
            ("URL", "\"acme.example\"", Rule::UrlFormat),
            ("STRINGARRAY", "\"a\"", Rule::CustomType),
            ("STRINGARRAY", "[1]", Rule::CustomType),
        ] {
            let field = SchemaField::new("f", "F", field_type).with_values(["Analyst"]);
            assert_eq!(check(&field, json), Err(rule), "{field_type} {json}");
        }
    }

    #[test]
    fn a_picklist_without_values_takes_any_text() {
        let field = SchemaField::new("f", "F", "PICKLIST");
        assert_eq!(check(&field, "\"anything\""), Ok(()));
        assert_eq!(check(&field, "1"), Err(Rule::CustomType));
    }

    #[test]
    fn a_removed_field_takes_no_value() {
        let field = SchemaField::new("f", "F", "STRING").with_deletion();
        assert_eq!(check(&field, "\"x\""), Err(Rule::CustomDeleted));
    }
}
