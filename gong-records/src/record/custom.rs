//! Custom fields: the fields of a line that are not Gong's standard fields.

use std::ops::Range;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::encode::AppendJson;

/// The custom fields of a record, in the order in which they were given, values as exact JSON.
///
/// ```
/// use gong_records::Account;
///
/// let account = Account::builder()
///     .object_id("5ybyh6n6n65")
///     .modified_date("2019-01-03T23:45:57+01:00")
///     .custom("industry", "Investor")
///     .custom("revenue", 12.5)
///     .build()?;
/// assert_eq!(account.custom_fields().get("industry"), Some("Investor".into()));
/// assert_eq!(account.custom_fields().names().collect::<Vec<_>>(), ["industry", "revenue"]);
/// # Ok::<(), gong_records::InvalidRecord>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomFields {
    /// `,"name":value` for each, which is how they end a line; then the names that JSON escapes, as
    /// they are. One piece of memory, because a million records of many pieces are slow to write.
    text: Box<str>,
    /// How much of the text belongs to the line.
    line_length: usize,
    fields: Box<[Span]>,
}

/// The position of a field in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    name: Range<usize>,
    value: Range<usize>,
}

impl CustomFields {
    pub(crate) fn new(fields: &[(String, Box<RawValue>)]) -> Self {
        if fields.is_empty() {
            return Self::default();
        }
        let mut line = Vec::new();
        let mut spans: Vec<Span> = fields
            .iter()
            .map(|(name, json)| {
                line.push(b',');
                let quoted = line.len();
                name.append_json(&mut line);
                let name = quoted + 1..line.len() - 1;
                line.push(b':');
                let value = line.len()..line.len() + json.get().len();
                line.extend_from_slice(json.get().as_bytes());
                Span { name, value }
            })
            .collect();
        let line_length = line.len();
        for (span, (name, _)) in spans.iter_mut().zip(fields) {
            // An escape makes a name longer.
            if span.name.len() != name.len() {
                span.name = line.len()..line.len() + name.len();
                line.extend_from_slice(name.as_bytes());
            }
        }
        // Built from valid UTF-8.
        let text = String::from_utf8(line).unwrap_or_default();
        Self {
            text: text.into(),
            line_length,
            fields: spans.into(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.texts().map(|(name, _)| name)
    }

    /// The value of this name, parsed.
    pub fn get(&self, name: &str) -> Option<Value> {
        let (_, json) = self.texts().find(|(known, _)| *known == name)?;
        serde_json::from_str(json).ok()
    }

    /// Names and values, the values as the JSON text that is sent.
    pub fn raw(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        // Each was a raw value when it came in.
        self.texts()
            .filter_map(|(name, json)| Some((name, serde_json::from_str(json).ok()?)))
    }

    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|span| {
            (
                &self.text[span.name.clone()],
                &self.text[span.value.clone()],
            )
        })
    }
}

impl AppendJson for CustomFields {
    /// Each with a comma before it: the standard fields come first.
    fn append_json(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(&self.text.as_bytes()[..self.line_length]);
    }
}

/// Custom fields given to a builder; a value that cannot be represented in JSON is kept as `None`.
#[derive(Debug, Clone, Default)]
pub struct CustomInput(pub(crate) Vec<(String, Option<Box<RawValue>>)>);

impl CustomInput {
    pub(crate) fn push(&mut self, name: String, value: &impl Serialize) {
        let json = to_raw_value(value).ok().map(one_line);
        self.0.push((name, json));
    }
}

/// The same JSON without line breaks: a raw value may be pretty-printed, and a record is one line.
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
    // White space between tokens has no meaning, so this is the same valid JSON.
    RawValue::from_string(compact).unwrap_or(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_found_with_any_content() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let given = [
            ("plain", "1.10"),
            ("a\"b\\\n", "\"\\u00e9\""),
            ("", "[1, {}]"),
            ("é", "null"),
        ];
        let fields = CustomFields::new(&given.map(|(name, json)| (name.to_owned(), raw(json))));
        let found: Vec<_> = fields
            .raw()
            .map(|(name, json)| (name, json.get()))
            .collect();
        assert_eq!(found, given);
        assert_eq!(fields.get("a\"b\\\n"), Some("é".into()));
        let mut line = Vec::new();
        fields.append_json(&mut line);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            r#","plain":1.10,"a\"b\\\n":"\u00e9","":[1, {}],"é":null"#
        );
        assert!(CustomFields::new(&[]).is_empty());
    }

    #[test]
    fn pretty_printed_value_becomes_one_line() {
        let pretty =
            RawValue::from_string("{\n  \"a b\": [1.10,\r\n \"x \\\" \\n y\"]\n}".to_owned());
        assert_eq!(
            one_line(pretty.unwrap()).get(),
            r#"{"a b":[1.10,"x \" \n y"]}"#
        );
    }
}
