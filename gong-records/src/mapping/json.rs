//! Values of JSON with every digit as it is written, and with each key once.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep lists and objects may be in each other.
const MAX_DEPTH: usize = 100;

/// A value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// A number as it is written, such as `100.00`.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

impl Json {
    /// Reads a value; says what is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // Errors of its parts would count lines and columns from their own beginnings.
        let whole: &RawValue =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        of_raw(whole.get(), 0)
    }

    /// Its value as an object.
    pub(super) fn as_object(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }
}

fn of_raw(text: &str, depth: usize) -> Result<Json, String> {
    if depth > MAX_DEPTH {
        return Err(format!("it has more than {MAX_DEPTH} levels"));
    }
    let broken = |error: serde_json::Error| format!("it is not JSON: {error}");
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(text).map_err(broken)?;
            let mut fields = BTreeMap::new();
            for (key, value) in entries {
                let value = of_raw(value.get(), depth + 1)?;
                if fields.contains_key(&key) {
                    return Err(format!("it has the key {key:?} twice"));
                }
                fields.insert(key, value);
            }
            Json::Object(fields)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(broken)?;
            let items = items.iter().map(|item| of_raw(item.get(), depth + 1));
            Json::List(items.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Json::Text(serde_json::from_str(text).map_err(broken)?),
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'n') => Json::Null,
        _ => Json::Number(text.to_owned()),
    })
}

/// The keys and values of an object, in order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries<'de>, M::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

/// As JSON, with the keys in order.
impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::to_string(text).map_err(|_| fmt::Error);
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Number(number) => formatter.write_str(number),
            Self::Text(text) => formatter.write_str(&quoted(text)?),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let before = if index == 0 { "[" } else { "," };
                    write!(formatter, "{before}{item}")?;
                }
                formatter.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            Self::Object(fields) => {
                for (index, (key, value)) in fields.iter().enumerate() {
                    let before = if index == 0 { "{" } else { "," };
                    write!(formatter, "{before}{}:{value}", quoted(key)?)?;
                }
                formatter.write_str(if fields.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::Number(number.to_string()),
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(fields) => {
                let fields = fields.iter();
                Self::Object(
                    fields
                        .map(|(key, value)| (key.clone(), Self::from(value)))
                        .collect(),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_every_digit() {
        let text = r#"{"a":[100.00,1e3,-0,123456789012345678901234],"b":{"c":"x\"y","d":null},"e":true,"f":[],"g":{}}"#;
        let value = Json::parse(text).unwrap();
        assert_eq!(value.to_string(), text);
        let spaced = Json::parse(" { \"a\" : [ 1 , 2 ] }\n").unwrap();
        assert_eq!(spaced.to_string(), "{\"a\":[1,2]}");
    }

    #[test]
    fn broken_texts_and_keys_that_are_there_twice_are_refused() {
        for (text, part) in [
            (r#"{"Id":1,"Id":2}"#, "the key \"Id\" twice"),
            (r#"{"a":{"b":1,"b":1}}"#, "the key \"b\" twice"),
            (r#"{"a":}"#, "column 6"),
            ("{\"a\":1} x", "trailing"),
        ] {
            let error = Json::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        let deep = "[".repeat(500) + &"]".repeat(500);
        assert!(Json::parse(&deep).unwrap_err().contains("levels"));
    }
}
