//! Objects as Gong shows them: only fields it knows, with the documented defaults.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::integration::IntegrationData;
use super::state::State;
use crate::object_type::ObjectType;
use crate::rules::{RuleId, RuleSet};
use crate::validate::{Line, is_standard, text_of};

/// One stored object, written straight from its text.
pub(crate) struct ShownObject<'state> {
    pub(crate) integration: &'state IntegrationData,
    pub(crate) object_type: ObjectType,
    pub(crate) rules: RuleSet,
    pub(crate) id: &'state str,
    pub(crate) line: Line<'state>,
}

impl Serialize for ShownObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let schema = self.integration.schema(self.object_type);
        let is_shown = |name: &str| {
            name != "isDeleted"
                && (!self.rules.is_on(RuleId::ObjectsHideUnknownFields)
                    || is_standard(self.object_type, name)
                    || schema.iter().any(|field| field.unique_name == name))
        };
        let defaults = if self.rules.is_on(RuleId::ObjectsShowDefaults) {
            default_values(self.object_type, self.id)
        } else {
            Vec::new()
        };
        let is_absent = |name: &str| {
            self.line
                .get(name)
                .is_none_or(|value| value.get() == "null")
        };
        let is_default = |name: &str| defaults.iter().any(|(known, _)| *known == name);
        let mut map = serializer.serialize_map(None)?;
        let mut written = HashSet::new();
        for (name, _) in self.line.fields().filter(|(name, _)| is_shown(name)) {
            if is_default(name) && is_absent(name) {
                continue;
            }
            // `get` finds the last one if a key occurs twice, so that no key is written twice.
            if written.insert(name)
                && let Some(value) = self.line.get(name)
            {
                map.serialize_entry::<str, RawValue>(name, value)?;
            }
        }
        for (name, value) in &defaults {
            if is_absent(name) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// The objects of a type as Gong shows them, by their ids.
pub(crate) fn shown_objects(state: &State, object_type: ObjectType) -> BTreeMap<String, Value> {
    let Some(integration) = state.current() else {
        return BTreeMap::new();
    };
    let table = integration.table(object_type);
    let shown = table.iter().filter_map(|(key, bytes)| {
        let line = Line::parse(bytes).ok()?;
        let id = line.get("objectId").and_then(text_of);
        let id = id.map_or_else(|| key.to_owned(), Cow::into_owned);
        let shown = ShownObject {
            integration,
            object_type,
            rules: state.rules,
            id: &id,
            line,
        };
        let value = serde_json::to_value(&shown).ok()?;
        Some((id, value))
    });
    shown.collect()
}

/// The default values of Gong's field tables.
fn default_values(object_type: ObjectType, id: &str) -> Vec<(&'static str, Value)> {
    match object_type {
        ObjectType::Account => vec![("name", format!("Account_#{id}").into())],
        ObjectType::Deal => vec![
            ("name", format!("Deal_#{id}").into()),
            ("status", "OPEN".into()),
            ("amount", 0.into()),
        ],
        ObjectType::Stage => vec![("isActive", true.into()), ("sortOrder", 1.into())],
        ObjectType::Contact | ObjectType::Lead | ObjectType::BusinessUser => Vec::new(),
    }
}
