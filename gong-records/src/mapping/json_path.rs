//! Paths into a JSON record: `org_id.value`, `emails[primary].value`, `emails[0].value`.

use std::borrow::Cow;

use super::cell::{CellKind, LIST_SEPARATOR};
use super::json::Json;
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
    pub(super) fn find<'a>(&self, record: &'a Json) -> Option<Cow<'a, Json>> {
        find(record, &self.steps)
    }
}

fn find<'a>(value: &'a Json, steps: &[Step]) -> Option<Cow<'a, Json>> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(Cow::Borrowed(value));
    };
    match (step, value) {
        (Step::Key(key), Json::Object(object)) => {
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
        (Step::Key(_), Json::List(items)) => {
            let found = items.iter().filter_map(|item| find(item, steps));
            Some(Cow::Owned(Json::List(found.map(Cow::into_owned).collect())))
        }
        (Step::Index(index), Json::List(items)) => {
            let place = match usize::try_from(*index) {
                Ok(place) => Some(place),
                Err(_) => items
                    .len()
                    .checked_add_signed(isize::try_from(*index).ok()?),
            };
            find(items.get(place?)?, rest)
        }
        (Step::Flag(flag), Json::List(items)) => {
            let is_set = |item: &&Json| match item.as_object().and_then(|fields| fields.get(flag)) {
                Some(Json::Bool(set)) => *set,
                Some(Json::Number(number)) => number.parse() != Ok(0.0),
                Some(Json::Text(text)) => !matches!(text.as_str(), "" | "false" | "0"),
                _ => false,
            };
            find(items.iter().find(is_set)?, rest)
        }
        _ => None,
    }
}

/// The value as the text of a cell, and what it is.
pub(super) fn cell(value: &Json) -> (String, CellKind) {
    match value {
        Json::Null => (String::new(), CellKind::Text),
        Json::Bool(value) => (value.to_string(), CellKind::Boolean),
        Json::Number(number) => (number.clone(), CellKind::Number),
        Json::Text(text) => (text.clone(), CellKind::Text),
        Json::List(items)
            if !items
                .iter()
                .any(|item| matches!(item, Json::List(_) | Json::Object(_))) =>
        {
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
        let record = Json::from(&serde_json::json!({
            "id": 7, "org_id": {"value": 12}, "custom.cf_1": "x", "none": null,
            "emails": [{"value": "a@x.example"}, {"value": "b@x.example", "primary": true}],
            "tags": ["a", "b"],
        }));
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
