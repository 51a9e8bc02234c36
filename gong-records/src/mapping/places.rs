//! The positions of keys in the mapping file.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::record::ObjectType;

/// Line and column of each key, from 1, by the keys that lead to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(BTreeMap<(ObjectType, Vec<String>), (usize, usize)>);

impl Places {
    pub(super) fn of(text: &str) -> Result<Self, toml::de::Error> {
        let mut places = Self::default();
        for (name, value) in DeTable::parse(text)?.get_ref() {
            // Reading the mapping reports names that are not types.
            if let Ok(object_type) = name.get_ref().parse() {
                let mut note = |keys: &[String], at| {
                    let key = (object_type, keys.to_vec());
                    places.0.insert(key, place(text, at));
                };
                note(&[], name.span().start);
                visit(value.get_ref(), &mut Vec::new(), &mut note);
            }
        }
        Ok(places)
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Forgets the places in the tables of other types.
    pub(super) fn retain(&mut self, is_kept: impl Fn(ObjectType) -> bool) {
        self.0.retain(|(object_type, _), _| is_kept(*object_type));
    }

    /// The place of the last of these keys, or of the first before it that is there.
    pub(super) fn find(&self, object_type: ObjectType, keys: &[String]) -> Option<(usize, usize)> {
        let mut prefixes = (0..=keys.len()).rev();
        prefixes.find_map(|length| {
            let key = (object_type, keys[..length].to_vec());
            self.0.get(&key).copied()
        })
    }
}

fn visit(value: &DeValue<'_>, keys: &mut Vec<String>, note: &mut dyn FnMut(&[String], usize)) {
    if let DeValue::Table(table) = value {
        for (key, value) in table {
            keys.push(key.get_ref().to_string());
            note(keys, key.span().start);
            visit(value.get_ref(), keys, note);
            keys.pop();
        }
    }
}

/// Line and column of a byte, from 1.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default();
    (line, column.chars().count() + 1)
}
