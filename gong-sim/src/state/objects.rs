//! How the objects of one type are kept: compact, exactly as uploaded, in the order of their ids.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::record::{Change, Line, text_of};

/// The objects of one type by `objectId`.
///
/// A value is the JSON text that was uploaded: a million parsed trees would not fit the memory
/// that a million texts do, and no number is rounded this way.
#[derive(Debug, Default)]
pub(crate) struct Table(BTreeMap<Box<str>, Box<[u8]>>);

impl Table {
    pub(crate) fn get(&self, object_id: &str) -> Option<&[u8]> {
        self.0.get(object_id).map(|bytes| &**bytes)
    }

    pub(crate) fn contains(&self, object_id: &str) -> bool {
        self.0.contains_key(object_id)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(id, bytes)| (&**id, &**bytes))
    }

    pub(crate) fn put(&mut self, object_id: Box<str>, bytes: Box<[u8]>) {
        self.0.insert(object_id, bytes);
    }

    pub(crate) fn remove(&mut self, object_id: &str) {
        self.0.remove(object_id);
    }

    /// Puts the fields of `bytes` over those that are there.
    pub(crate) fn merge(&mut self, object_id: Box<str>, bytes: Box<[u8]>) {
        let merged = self.0.get(&object_id).and_then(|stored| {
            let (stored, update) = (Line::parse(stored).ok()?, Line::parse(&bytes).ok()?);
            let kept = stored
                .fields()
                .filter(|(name, _)| update.get(name).is_none());
            Some(write_object(kept.chain(update.fields())))
        });
        self.0.insert(object_id, merged.unwrap_or(bytes));
    }

    /// Whether the stored object was modified later than the change says.
    pub(crate) fn is_newer_than(&self, object_id: &str, change: &Change) -> bool {
        let Change::Put(update) = change else {
            return false;
        };
        let modified = |bytes: &[u8]| {
            let line = Line::parse(bytes).ok()?;
            text_of(line.get("modifiedDate")?)?
                .parse::<jiff::Timestamp>()
                .ok()
        };
        match (self.get(object_id).and_then(modified), modified(update)) {
            (Some(stored), Some(update)) => stored > update,
            _ => false,
        }
    }

    /// Drops the values of one field from all objects.
    pub(crate) fn drop_field(&mut self, name: &str) {
        for bytes in self.0.values_mut() {
            let without = Line::parse(bytes)
                .ok()
                .filter(|line| line.get(name).is_some());
            if let Some(line) = without {
                *bytes = write_object(line.fields().filter(|(field, _)| *field != name));
            }
        }
    }
}

/// The JSON text of an object with these fields.
fn write_object<'fields>(
    fields: impl Iterator<Item = (&'fields str, &'fields RawValue)>,
) -> Box<[u8]> {
    let mut text = String::from("{");
    for (name, value) in fields {
        if text.len() > 1 {
            text.push(',');
        }
        // `Value`'s Display is the JSON text of the key, with its escapes.
        text.push_str(&serde_json::Value::from(name).to_string());
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    text.into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(objects: &[(&str, &str)]) -> Table {
        let mut table = Table::default();
        for (id, text) in objects {
            table.put((*id).into(), text.as_bytes().into());
        }
        table
    }

    #[test]
    fn a_dropped_field_leaves_all_others_as_they_were() {
        let mut table = table(&[
            ("1", r#"{"a":1.50,"b":"x","a\"c":null}"#),
            ("2", r#"{"a":2}"#),
        ]);
        table.drop_field("b");
        assert_eq!(table.get("1").unwrap(), br#"{"a":1.50,"a\"c":null}"#);
        assert_eq!(table.get("2").unwrap(), br#"{"a":2}"#);
    }

    #[test]
    fn a_merge_keeps_what_was_not_sent() {
        let mut table = table(&[("1", r#"{"objectId":"1","name":"old","amount":7.10}"#)]);
        table.merge(
            "1".into(),
            br#"{"objectId":"1","name":"new"}"#.as_slice().into(),
        );
        assert_eq!(
            table.get("1").unwrap(),
            br#"{"amount":7.10,"objectId":"1","name":"new"}"#
        );
    }

    #[test]
    fn an_earlier_date_is_stale_across_time_zones() {
        let table = table(&[("1", r#"{"modifiedDate":"2024-01-01T00:00:00+02:00"}"#)]);
        let put = |date: &str| {
            Change::Put(
                format!(r#"{{"modifiedDate":"{date}"}}"#)
                    .into_bytes()
                    .into(),
            )
        };
        assert!(table.is_newer_than("1", &put("2023-12-31T21:59:59Z")));
        assert!(!table.is_newer_than("1", &put("2023-12-31T22:00:00Z")));
        assert!(!table.is_newer_than("2", &put("2000-01-01T00:00:00Z")));
    }
}
