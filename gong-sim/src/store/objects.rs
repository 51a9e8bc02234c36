//! The objects of one type: compact, exactly as uploaded, in the order of their ids.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::rules::{RuleId, RuleSet};
use crate::validate::{Change, Line, instant, text_of};

/// The objects of one type by the key of their `objectId`.
///
/// A value is the JSON text that was uploaded: a million parsed trees would not fit the memory
/// that a million texts do, and no number is rounded this way.
#[derive(Debug, Default)]
pub(crate) struct Table {
    objects: BTreeMap<Box<str>, Box<[u8]>>,
    /// When objects that are gone were deleted, by the deletion's own `modifiedDate`.
    deleted: BTreeMap<Box<str>, i64>,
    /// Versions that arrived too late to be applied, in the order of their arrival.
    filed: BTreeMap<Box<str>, Vec<Box<[u8]>>>,
}

/// The key under which an id is kept: the id itself, or without case where the rule says so.
pub(crate) fn key_of(object_id: &str, rules: RuleSet) -> Cow<'_, str> {
    if rules.is_on(RuleId::ObjectIdsIgnoreCase) {
        object_id.to_lowercase().into()
    } else {
        object_id.into()
    }
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&[u8]> {
        self.objects.get(key).map(|bytes| &**bytes)
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.objects.iter().map(|(key, bytes)| (&**key, &**bytes))
    }

    pub(crate) fn put(&mut self, key: Box<str>, bytes: Box<[u8]>) {
        if !self.deleted.is_empty() {
            self.deleted.remove(&key);
        }
        self.objects.insert(key, bytes);
    }

    /// Removes an object, and remembers the date of its deletion.
    pub(crate) fn delete(&mut self, key: Box<str>, date: Option<i64>) {
        self.objects.remove(&key);
        if let Some(date) = date {
            self.deleted.insert(key, date);
        }
    }

    /// Removes an object as if it had never been there.
    pub(crate) fn forget(&mut self, key: &str) {
        self.objects.remove(key);
    }

    pub(crate) fn file(&mut self, key: Box<str>, bytes: Box<[u8]>) {
        self.filed.entry(key).or_default().push(bytes);
    }

    /// The versions of an object that arrived too late to be applied, in the order of their
    /// arrival.
    pub(crate) fn filed(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        self.filed
            .get(key)
            .into_iter()
            .flatten()
            .map(|bytes| &**bytes)
    }

    pub(crate) fn all_filed(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.filed
            .iter()
            .flat_map(|(key, versions)| versions.iter().map(|bytes| (&**key, &**bytes)))
    }

    pub(crate) fn deletions(&self) -> impl Iterator<Item = (&str, i64)> {
        self.deleted.iter().map(|(key, date)| (&**key, *date))
    }

    pub(crate) fn restore_deletion(&mut self, key: Box<str>, date: i64) {
        self.deleted.insert(key, date);
    }

    /// Whether what is there, or the deletion of what was there, is later than the change.
    pub(crate) fn is_newer_than(&self, key: &str, change: &Change) -> bool {
        let stored = match self.get(key) {
            Some(bytes) => modified_at(bytes),
            None => self.deleted.get(key).copied(),
        };
        match (stored, modified_at(change.bytes())) {
            (Some(stored), Some(update)) => stored > update,
            _ => false,
        }
    }

    /// Drops the values of one field from all objects.
    pub(crate) fn drop_field(&mut self, name: &str) {
        for bytes in self.objects.values_mut() {
            let without = Line::parse(bytes)
                .ok()
                .filter(|line| line.get(name).is_some());
            if let Some(line) = without {
                *bytes = write_object(line.fields().filter(|(field, _)| *field != name));
            }
        }
    }

    /// Files everything under the keys that these rules give.
    pub(crate) fn rekey(&mut self, rules: RuleSet) {
        let key_of_object = |key: &str, bytes: &[u8]| -> Box<str> {
            let id = Line::parse(bytes).ok();
            let id = id.as_ref().and_then(|line| line.get("objectId"));
            let id = id.and_then(text_of).unwrap_or(Cow::Borrowed(key));
            key_of(&id, rules).into()
        };
        self.objects = std::mem::take(&mut self.objects)
            .into_iter()
            .map(|(key, bytes)| (key_of_object(&key, &bytes), bytes))
            .collect();
        self.deleted = std::mem::take(&mut self.deleted)
            .into_iter()
            .map(|(key, date)| (key_of(&key, rules).into(), date))
            .collect();
        for (key, versions) in std::mem::take(&mut self.filed) {
            let key = key_of(&key, rules).into();
            self.filed.entry(key).or_default().extend(versions);
        }
    }
}

/// The `modifiedDate` of a record in seconds since 1970.
pub(crate) fn modified_at(bytes: &[u8]) -> Option<i64> {
    instant(&text_of(Line::parse(bytes).ok()?.get("modifiedDate")?)?)
}

/// What an update makes of the stored object.
pub(crate) fn updated(
    stored: Option<&[u8]>,
    update: Box<[u8]>,
    is_standard: impl Fn(&str) -> bool,
    rules: RuleSet,
) -> Box<[u8]> {
    let on = |rule| rules.is_on(rule);
    let is_plain = [
        RuleId::OmittedCustomFieldsCleared,
        RuleId::OmittedStandardFieldsCleared,
        RuleId::NullClearsCustomField,
        RuleId::NullClearsStandardField,
        RuleId::NullIsKept,
    ]
    .into_iter()
    .all(on);
    if is_plain {
        return update;
    }
    let empty: &[u8] = b"{}";
    let (Ok(before), Ok(after)) = (
        Line::parse(stored.unwrap_or(empty)),
        Line::parse(update.as_ref()),
    ) else {
        return update;
    };
    let is_cleared_if = |name: &str, custom: RuleId, standard: RuleId| {
        on(if is_standard(name) { standard } else { custom })
    };
    let keeps_if_omitted = |name: &str| {
        name != "isDeleted"
            && !is_cleared_if(
                name,
                RuleId::OmittedCustomFieldsCleared,
                RuleId::OmittedStandardFieldsCleared,
            )
    };
    let kept = before
        .fields()
        .filter(|(name, _)| after.get(name).is_none() && keeps_if_omitted(name));
    let sent = after.fields().filter_map(|(name, value)| {
        if value.get() != "null" {
            return Some((name, value));
        }
        let clears = is_cleared_if(
            name,
            RuleId::NullClearsCustomField,
            RuleId::NullClearsStandardField,
        );
        if clears {
            return on(RuleId::NullIsKept).then_some((name, value));
        }
        before.get(name).map(|value| (name, value))
    });
    write_object(kept.chain(sent))
}

/// The object with one field set.
pub(crate) fn with_field(bytes: &[u8], name: &str, value: &RawValue) -> Option<Box<[u8]>> {
    let line = Line::parse(bytes).ok()?;
    let others = line.fields().filter(|(field, _)| *field != name);
    Some(write_object(others.chain([(name, value)])))
}

/// Whether two records differ in more than their `modifiedDate` and the way they are written.
pub(crate) fn differ(stored: &[u8], update: &[u8]) -> bool {
    let read = |bytes: &[u8]| {
        let mut fields: BTreeMap<String, serde_json::Value> = serde_json::from_slice(bytes).ok()?;
        fields.remove("modifiedDate");
        fields.retain(|name, value| name != "isDeleted" && !value.is_null());
        Some(fields)
    };
    match (read(stored), read(update)) {
        (Some(stored), Some(update)) => stored != update,
        _ => stored != update,
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

    fn rules(switches: &[(&str, bool)]) -> RuleSet {
        let mut rules = RuleSet::standard();
        for (name, on) in switches {
            rules.set(name, *on).unwrap();
        }
        rules
    }

    #[test]
    fn dropped_field_leaves_all_others_unchanged() {
        let mut table = table(&[
            ("1", r#"{"a":1.50,"b":"x","a\"c":null}"#),
            ("2", r#"{"a":2}"#),
        ]);
        table.drop_field("b");
        assert_eq!(table.get("1").unwrap(), br#"{"a":1.50,"a\"c":null}"#);
        assert_eq!(table.get("2").unwrap(), br#"{"a":2}"#);
    }

    #[test]
    fn omitted_and_null_fields_follow_their_switches() {
        let stored = r#"{"objectId":"1","name":"old","amount":7.10,"custom":"c","other":1}"#;
        let update = r#"{"objectId":"1","name":null,"custom":null}"#;
        let update_with = |switches: &[(&str, bool)]| {
            let bytes = updated(
                Some(stored.as_bytes()),
                update.as_bytes().into(),
                |name| ["objectId", "name", "amount"].contains(&name),
                rules(switches),
            );
            String::from_utf8(bytes.into()).unwrap()
        };
        assert_eq!(update_with(&[]), update);
        assert_eq!(
            update_with(&[("omitted-standard-fields-cleared", false)]),
            r#"{"amount":7.10,"objectId":"1","name":null,"custom":null}"#
        );
        assert_eq!(
            update_with(&[("omitted-custom-fields-cleared", false)]),
            r#"{"other":1,"objectId":"1","name":null,"custom":null}"#
        );
        assert_eq!(
            update_with(&[("null-clears-custom-field", false)]),
            r#"{"objectId":"1","name":null,"custom":"c"}"#
        );
        assert_eq!(
            update_with(&[("null-clears-standard-field", false)]),
            r#"{"objectId":"1","name":"old","custom":null}"#
        );
        assert_eq!(
            update_with(&[("null-is-kept", false)]),
            r#"{"objectId":"1"}"#
        );
    }

    #[test]
    fn earlier_date_is_older_across_time_zones() {
        let mut table = table(&[("1", r#"{"modifiedDate":"2024-01-01T00:00:00+02:00"}"#)]);
        let put = |date: &str| {
            Change::Put(
                format!(r#"{{"modifiedDate":"{date}"}}"#)
                    .into_bytes()
                    .into(),
            )
        };
        assert!(table.is_newer_than("1", &put("2023-12-31T21:59:59Z")));
        assert!(!table.is_newer_than("1", &put("2023-12-31T22:00:00Z")));
        assert!(!table.is_newer_than("1", &put("9999-12-31T23:59:59Z")));
        assert!(!table.is_newer_than("2", &put("2000-01-01T00:00:00Z")));
        table.delete("1".into(), instant("2024-02-01T00:00:00Z"));
        assert!(table.is_newer_than("1", &put("2024-01-15T00:00:00Z")));
    }

    #[test]
    fn ids_of_another_case_meet_once_the_rule_is_on() {
        let mut table = table(&[("Ab", r#"{"objectId":"Ab"}"#)]);
        assert!(table.get("ab").is_none());
        table.rekey(rules(&[("object-ids-ignore-case", true)]));
        assert!(table.get("ab").is_some());
        table.rekey(rules(&[]));
        assert!(table.get("Ab").is_some() && table.get("ab").is_none());
    }
}
