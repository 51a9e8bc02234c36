//! Singer messages: one line of a tap's output each.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// One message.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// The schema of a stream.
    Schema(Schema),
    /// One record.
    Record {
        stream: Cow<'a, str>,
        record: &'a RawValue,
        version: Option<String>,
    },
    /// The state of the tap.
    State(&'a RawValue),
    /// All records of a stream without this version are deleted.
    ActivateVersion {
        stream: Cow<'a, str>,
        version: String,
    },
    /// Records in files.
    Batch { stream: Cow<'a, str> },
    /// A message of a type that is not known.
    Other(Cow<'a, str>),
}

/// The schema of a stream, as far as it is used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) stream: String,
    pub(super) key: Vec<String>,
    pub(super) required: Vec<String>,
    /// The properties that say how new a record is.
    pub(super) bookmark: Vec<String>,
}

/// The problem with a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {hint}")]
pub(super) struct BadMessage {
    pub(super) message: String,
    pub(super) hint: String,
}

impl BadMessage {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    record: Option<&'a RawValue>,
    #[serde(borrow, default)]
    schema: Option<&'a RawValue>,
    #[serde(default)]
    key_properties: Option<Vec<String>>,
    #[serde(default)]
    bookmark_properties: Option<Vec<String>>,
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    version: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads a line.
    pub(super) fn parse(line: &'a str) -> Result<Self, BadMessage> {
        let line: Line<'a> = serde_json::from_str(line).map_err(|error| {
            if let Some(value) = not_in_json(line, error.column()) {
                return BadMessage::new(
                    format!("it has the value {value}, which JSON does not have"),
                    "the tap has to write null instead: leave the property out by the tap's catalog, \
                     and report it to the maintainers of the tap",
                );
            }
            BadMessage::new(
                format!("it is not a Singer message: {error}"),
                "a tap writes one JSON object per line to its standard output, and everything else \
                 to its standard error",
            )
        })?;
        let kind = line.kind;
        let without = |name: &str| {
            BadMessage::new(
                format!("the {kind} message has no {name}"),
                "the tap does not follow the Singer specification; use another version of it",
            )
        };
        let stream = || line.stream.clone().ok_or_else(|| without("stream"));
        let version = line.version.map(|version| version.get().to_owned());
        let version = version.filter(|version| version != "null");
        match kind.as_ref() {
            "SCHEMA" => {
                let schema = line.schema.ok_or_else(|| without("schema"))?;
                let key = line.key_properties.unwrap_or_default();
                let mut schema = Schema::new(stream()?.into_owned(), key, schema)?;
                schema.bookmark = line.bookmark_properties.unwrap_or_default();
                Ok(Self::Schema(schema))
            }
            "RECORD" => {
                let record = line.record.ok_or_else(|| without("record"))?;
                if !record.get().starts_with('{') {
                    return Err(BadMessage::new(
                        "the record of the RECORD message is not an object",
                        "the tap does not follow the Singer specification; use another version of \
                         it",
                    ));
                }
                Ok(Self::Record {
                    stream: stream()?,
                    record,
                    version,
                })
            }
            "STATE" => Ok(Self::State(line.value.ok_or_else(|| without("value"))?)),
            "ACTIVATE_VERSION" => Ok(Self::ActivateVersion {
                stream: stream()?,
                version: version.ok_or_else(|| without("version"))?,
            }),
            "BATCH" => Ok(Self::Batch { stream: stream()? }),
            _ => Ok(Self::Other(kind)),
        }
    }
}

/// The value at this column, if it is one of those that some programs write although JSON has none for
/// them.
fn not_in_json(line: &str, column: usize) -> Option<&'static str> {
    if !line.starts_with('{') {
        return None;
    }
    // The column is that of the last character that was read.
    let near = line.as_bytes().get(column.saturating_sub(2)..)?;
    let values = ["NaN", "Infinity"];
    values.into_iter().find(|value| {
        let mut starts = near.windows(value.len()).take(3);
        starts.any(|start| start == value.as_bytes())
    })
}

impl Schema {
    fn new(stream: String, key: Vec<String>, schema: &RawValue) -> Result<Self, BadMessage> {
        #[derive(Deserialize)]
        struct Known {
            #[serde(default)]
            properties: Option<serde_json::Map<String, serde_json::Value>>,
            #[serde(default)]
            required: Vec<String>,
        }
        let wrong = |message: String| {
            BadMessage::new(
                message,
                "the tap does not follow the Singer specification; use another version of it",
            )
        };
        let known: Known = serde_json::from_str(schema.get())
            .map_err(|error| wrong(format!("the schema of stream {stream:?}: {error}")))?;
        let Some(properties) = known.properties.filter(|all| !all.is_empty()) else {
            return Err(wrong(format!(
                "the schema of stream {stream:?} has no properties"
            )));
        };
        if let Some(missing) = key.iter().find(|name| !properties.contains_key(*name)) {
            return Err(wrong(format!(
                "the schema of stream {stream:?} does not have its key property {missing:?}"
            )));
        }
        Ok(Self {
            stream,
            key,
            required: known.required,
            bookmark: Vec::new(),
        })
    }

    /// What keeps a record from being used: a key or a required property that it does not have.
    pub(super) fn missing(&self, record: &BTreeMap<Cow<'_, str>, &RawValue>) -> Option<String> {
        let no_value = |name: &&String| {
            let value = record.get(name.as_str());
            value.is_none_or(|value| value.get() == "null")
        };
        if let Some(name) = self.key.iter().find(no_value) {
            return Some(format!("has no value in its key property {name:?}"));
        }
        let not_there = |name: &&String| !record.contains_key(name.as_str());
        let name = self.required.iter().find(not_there)?;
        Some(format!("does not have the required property {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let schema = r#"{"type":"SCHEMA","stream":"s","key_properties":["id"],"schema":{"properties":
            {"id":{"type":["null","integer"]},"x":{},"d":{"anyOf":[{"type":"string"}]}},"required":["id"]}}"#;
        let Ok(Message::Schema(schema)) = Message::parse(schema) else {
            panic!("not a schema")
        };
        assert_eq!((schema.stream.as_str(), schema.key.len()), ("s", 1));
        for (line, expected) in [
            (
                r#"{"type":"RECORD","stream":"s","record":{"id":1},"version":7}"#,
                "Record",
            ),
            (r#"{"type":"STATE","value":{"a":1}}"#, "State"),
            (r#"{"type":"STATE","value":null}"#, "no value"),
            (
                r#"{"type":"ACTIVATE_VERSION","stream":"s","version":7}"#,
                "ActivateVersion",
            ),
            (r#"{"type":"ACTIVATE_VERSION","stream":"s"}"#, "no version"),
            (r#"{"type":"BATCH","stream":"s","manifest":[]}"#, "Batch"),
            (r#"{"type":"HELLO"}"#, "Other"),
            (
                r#"{"type":"RECORD","stream":"s","record":[]}"#,
                "not an object",
            ),
            (r#"{"type":"RECORD","record":{}}"#, "no stream"),
            ("INFO starting", "not a Singer message"),
            ("NaN is no number", "not a Singer message"),
            (r#"{"type":"STATE","value":}"#, "not a Singer message"),
            (
                r#"{"type":"RECORD","stream":"s","record":{"id":1,"x":NaN}}"#,
                "it has the value NaN",
            ),
            (
                r#"{"type": "RECORD", "stream": "s", "record": {"x": -Infinity, "id": 1}}"#,
                "it has the value Infinity",
            ),
            (
                r#"{"type":"SCHEMA","stream":"s","schema":{"properties":{}},"key_properties":[]}"#,
                "no properties",
            ),
            (
                r#"{"type":"SCHEMA","stream":"s","schema":{"properties":{"a":{"type":"text"}}}}"#,
                "Schema",
            ),
            (
                r#"{"type":"SCHEMA","stream":"s","schema":{"properties":{"a":{}}},"key_properties":["b"]}"#,
                "its key property",
            ),
        ] {
            let read = format!("{:?}", Message::parse(line));
            assert!(read.contains(expected), "{line}: {read}");
        }
    }

    #[test]
    fn record_without_key_or_required_property_is_found() {
        let schema = Schema {
            stream: "s".to_owned(),
            key: vec!["id".to_owned()],
            required: vec!["id".to_owned(), "name".to_owned()],
            bookmark: Vec::new(),
        };
        for (record, expected) in [
            (r#"{"id":1,"name":null}"#, None),
            (r#"{"id":null,"name":"x"}"#, Some("key property \"id\"")),
            (r#"{"name":"x"}"#, Some("key property \"id\"")),
            (r#"{"id":1}"#, Some("required property \"name\"")),
        ] {
            let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(record).unwrap();
            let missing = schema.missing(&fields);
            match expected {
                None => assert_eq!(missing, None, "{record}"),
                Some(part) => assert!(missing.is_some_and(|text| text.contains(part)), "{record}"),
            }
        }
    }
}
