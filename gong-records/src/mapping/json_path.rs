//! Paths into a JSON record: `org_id.value`, `emails[primary].value`, `emails[0].value`.

use std::borrow::Cow;

use serde_json::Value;

use super::cell::{CellKind, LIST_SEPARATOR};
use super::model::MappingError;

/// Where in a record a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonPath {
    pub(super) text: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    /// From 0; from the end if it is negative.
    Index(i64),
    /// The first item in which this key is true.
    Flag(String),
}

impl JsonPath {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self, MappingError> {
        let wrong = || {
            MappingError::new(format!(
                "{text:?} is not a path; write it like org_id.value, emails[0].value or \
                 emails[primary].value"
            ))
        };
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (key, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
            if key.is_empty() && (rest.is_empty() || !steps.is_empty()) {
                return Err(wrong());
            }
            if !key.is_empty() {
                steps.push(Step::Key(key.to_owned()));
            }
            while let Some(inner) = rest.strip_prefix('[') {
                let (inside, after) = inner.split_once(']').ok_or_else(wrong)?;
                steps.push(match inside.parse() {
                    Ok(index) => Step::Index(index),
                    Err(_) if inside.is_empty() => return Err(wrong()),
                    Err(_) => Step::Flag(inside.to_owned()),
                });
                rest = after;
            }
            if !rest.is_empty() {
                return Err(wrong());
            }
        }
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// The value, if the record has one there; of a list of objects, the list of their values.
    pub(super) fn find<'a>(&self, record: &'a Value) -> Option<Cow<'a, Value>> {
        find(record, &self.steps)
    }
}

fn find<'a>(value: &'a Value, steps: &[Step]) -> Option<Cow<'a, Value>> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(Cow::Borrowed(value));
    };
    match (step, value) {
        (Step::Key(key), Value::Object(object)) => {
            if let Some(value) = object.get(key) {
                return find(value, rest);
            }
            // A key that has dots in it, such as `custom.cf_1`.
            let mut name = key.clone();
            for (at, step) in rest.iter().enumerate() {
                let Step::Key(key) = step else { break };
                name.push('.');
                name.push_str(key);
                if let Some(value) = object.get(&name) {
                    return find(value, &rest[at + 1..]);
                }
            }
            None
        }
        (Step::Key(_), Value::Array(items)) => {
            let found = items.iter().filter_map(|item| find(item, steps));
            Some(Cow::Owned(Value::Array(
                found.map(Cow::into_owned).collect(),
            )))
        }
        (Step::Index(index), Value::Array(items)) => {
            let place = match usize::try_from(*index) {
                Ok(place) => Some(place),
                Err(_) => items
                    .len()
                    .checked_add_signed(isize::try_from(*index).ok()?),
            };
            find(items.get(place?)?, rest)
        }
        (Step::Flag(flag), Value::Array(items)) => {
            let is_set = |item: &&Value| match item.get(flag) {
                Some(Value::Bool(set)) => *set,
                Some(Value::Number(number)) => number.as_f64() != Some(0.0),
                Some(Value::String(text)) => !matches!(text.as_str(), "" | "false" | "0"),
                _ => false,
            };
            find(items.iter().find(is_set)?, rest)
        }
        _ => None,
    }
}

/// The value as the text of a cell, and what it is.
pub(super) fn cell(value: &Value) -> (String, CellKind) {
    match value {
        Value::Null => (String::new(), CellKind::Text),
        Value::Bool(value) => (value.to_string(), CellKind::Boolean),
        Value::Number(number) => (number.to_string(), CellKind::Number),
        Value::String(text) => (text.clone(), CellKind::Text),
        Value::Array(items) if !items.iter().any(|item| item.is_array() || item.is_object()) => {
            let items: Vec<String> = items.iter().map(|item| cell(item).0).collect();
            (items.join(&LIST_SEPARATOR.to_string()), CellKind::List)
        }
        other => (other.to_string(), CellKind::Object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_through_objects_lists_and_dotted_keys() {
        let record = serde_json::json!({
            "id": 7, "org_id": {"value": 12}, "custom.cf_1": "x", "none": null,
            "emails": [{"value": "a@x.example"}, {"value": "b@x.example", "primary": true}],
            "tags": ["a", "b"],
        });
        for (path, expected) in [
            ("id", Some("7")),
            ("org_id.value", Some("12")),
            ("custom.cf_1", Some("x")),
            ("none", Some("")),
            ("emails[0].value", Some("a@x.example")),
            ("emails[-1].value", Some("b@x.example")),
            ("emails[primary].value", Some("b@x.example")),
            ("emails.value", Some("a@x.example\u{1f}b@x.example")),
            ("tags", Some("a\u{1f}b")),
            ("emails[5].value", None),
            ("emails[work].value", None),
            ("nothing", None),
        ] {
            let found = JsonPath::parse(path)
                .unwrap()
                .find(&record)
                .map(|value| cell(&value).0);
            assert_eq!(found.as_deref(), expected, "{path}");
        }
        for path in ["", "a..b", "a[", "a[]", "a[0]b"] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
