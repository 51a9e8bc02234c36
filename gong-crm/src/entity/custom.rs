//! Custom fields: the names of a line that are not Gong's own.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The custom fields of a record, in the order in which they were given, values as exact JSON.
///
/// ```
/// use gong_crm::Account;
///
/// let account = Account::builder()
///     .object_id("5ybyh6n6n65")
///     .modified_date("2019-01-03T23:45:57+01:00")
///     .custom("industry", "Investor")
///     .custom("revenue", 12.5)
///     .build()?;
/// assert_eq!(account.custom_fields().get("industry"), Some("Investor".into()));
/// assert_eq!(account.custom_fields().names().collect::<Vec<_>>(), ["industry", "revenue"]);
/// # Ok::<(), gong_crm::InvalidRecord>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CustomFields(Vec<(String, Box<RawValue>)>);

impl CustomFields {
    pub(crate) fn new(fields: Vec<(String, Box<RawValue>)>) -> Self {
        Self(fields)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The value of this name, parsed.
    pub fn get(&self, name: &str) -> Option<Value> {
        let (_, json) = self.0.iter().find(|(known, _)| known == name)?;
        serde_json::from_str(json.get()).ok()
    }

    /// Names and values, the values as the JSON text that is sent.
    pub fn raw(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, json)| (name.as_str(), &**json))
    }
}

/// Equal when names, order and JSON texts are.
impl PartialEq for CustomFields {
    fn eq(&self, other: &Self) -> bool {
        let texts = |fields: &'_ Self| -> Vec<(String, String)> {
            fields
                .raw()
                .map(|(name, json)| (name.to_owned(), json.get().to_owned()))
                .collect()
        };
        texts(self) == texts(other)
    }
}

impl Eq for CustomFields {}

/// Custom fields on their way into a record; what can't be written as JSON is kept as such.
#[derive(Debug, Clone, Default)]
pub struct CustomInput(pub(crate) Vec<(String, Option<Box<RawValue>>)>);

impl CustomInput {
    pub(crate) fn push(&mut self, name: String, value: &impl Serialize) {
        let json = to_raw_value(value).ok().map(one_line);
        self.0.push((name, json));
    }
}

/// The same JSON without line breaks: a raw value may have been given pretty-printed, and a record
/// is one line.
pub(crate) fn one_line(json: Box<RawValue>) -> Box<RawValue> {
    if !json.get().contains(['\n', '\r']) {
        return json;
    }
    let mut inside_text = false;
    let mut escaped = false;
    let compact: String = json
        .get()
        .chars()
        .filter(|character| {
            if inside_text {
                match character {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => inside_text = false,
                    _ => {}
                }
                return true;
            }
            inside_text = *character == '"';
            !character.is_ascii_whitespace()
        })
        .collect();
    // White space between tokens never carries meaning, so this is the same valid JSON.
    RawValue::from_string(compact).unwrap_or(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pretty_printed_value_becomes_one_line_with_its_texts_untouched() {
        let pretty =
            RawValue::from_string("{\n  \"a b\": [1.10,\r\n \"x \\\" \\n y\"]\n}".to_owned());
        assert_eq!(
            one_line(pretty.unwrap()).get(),
            r#"{"a b":[1.10,"x \" \n y"]}"#
        );
    }
}
