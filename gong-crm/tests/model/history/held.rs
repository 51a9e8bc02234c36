//! What Gong must hold of a record, and what excuses that it does not.

use std::collections::BTreeMap;

use gong_crm::ObjectType;
use serde_json::{Map, Value};

use super::History;
use crate::crm::{CUSTOM, Key, Version};

impl History {
    /// Whether there is a reason why a record is not in Gong as it was given.
    pub(super) fn is_excused(
        &self,
        key: &Key,
        version: &Version,
        named: &BTreeMap<String, String>,
    ) -> bool {
        let reason = named[&key.1].as_str();
        let is_gone = |parent: &Key| {
            let id = &parent.1;
            self.simulator.object(parent.0.as_str(), id).is_none()
                || self.given.get(parent).is_some_and(|given| given.is_bad)
        };
        let is_unreadable = matches!(key.0, ObjectType::Stage | ObjectType::BusinessUser);
        let asks_for_deletion = (self.is_lost || self.is_recovered)
            && key.0 == ObjectType::BusinessUser
            && reason.contains("delete the user first");
        // A record that is alone in an upload that fails as a whole is taken for the reason.
        let is_poison = reason.contains("General failure") || reason.contains("without a reason");
        // A new ledger does not know that Gong has an earlier version of a parent which it rejects.
        let waits_for_rejected = self.is_lost
            && reason.contains("as far as this ledger knows")
            && (version.parents.iter()).any(|parent| named.contains_key(&parent.1));
        version.is_bad
            || waits_for_rejected
            || asks_for_deletion
            || is_poison
            || self.rules.counts_short
            || version.parents.iter().any(is_gone)
            || (version.is_deletion() && is_unreadable)
    }

    /// What Gong was sent of a record.
    pub(super) fn received(&self, key: &Key) -> String {
        let parents = self.given.get(key).map(|version| &version.parents[..]);
        let parents = parents.unwrap_or_default().iter();
        let ids: Vec<String> = std::iter::once(key)
            .chain(parents)
            .map(|key| format!("\"objectId\":\"{}\"", key.1))
            .collect();
        let mut lines = Vec::new();
        for upload in self.simulator.upload_history() {
            let text = upload.file_text().unwrap_or_default().into_owned();
            let at = jiff::Timestamp::try_from(upload.accepted_at).unwrap();
            let is_named = |line: &&str| ids.iter().any(|id| line.contains(id));
            for line in text.lines().filter(is_named) {
                lines.push(format!(
                    "    {at} {} {:?} {line}",
                    upload.client_request_id, upload.status
                ));
            }
        }
        lines.join("\n")
    }

    pub(super) fn assert_held(&self, key: &Key, version: &Version, why: &str) {
        let object = self.simulator.object(key.0.as_str(), &key.1);
        let Some(fields) = &version.fields else {
            let is_retired = object
                .as_ref()
                .is_some_and(|object| object["isActive"] == Value::Bool(false));
            assert!(
                object.is_none() || (key.0 == ObjectType::Stage && is_retired),
                "{key:?} is deleted, because {why}, and Gong has {object:?}"
            );
            return;
        };
        let Some(Value::Object(object)) = object else {
            let received = self.received(key);
            panic!("{key:?} is not in Gong, although {why}: {version:?}; Gong got\n{received}");
        };
        let (mut held, given) = (significant(&object), significant(fields));
        if self.is_lost || self.is_recovered {
            // Nobody knows which custom fields have to be cleared.
            held.retain(|name, _| given.contains_key(name) || !CUSTOM.contains(name));
        }
        assert_eq!(
            held,
            given,
            "{key:?} differs, although {why}; Gong got\n{}",
            self.received(key)
        );
    }
}

/// The fields that count: without the id, the date, and those that are null.
fn significant(fields: &Map<String, Value>) -> BTreeMap<&str, &Value> {
    fields
        .iter()
        .filter(|(name, value)| {
            !value.is_null() && !matches!(name.as_str(), "objectId" | "modifiedDate")
        })
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}
