//! One registered CRM: its name, its objects and its entity schema.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::objects::{Table, key_of, modified_at, updated, with_field};
use super::uploads::Staged;
use crate::object_type::ObjectType;
use crate::rules::{RuleId, RuleSet};
use crate::validate::{Change, SchemaField, is_standard};

/// A registered integration, as the inspecting methods show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Integration {
    /// The id that Gong gave it.
    pub integration_id: i64,
    /// The name it was registered under.
    pub name: String,
    /// The address of its owner.
    pub owner_email: String,
    /// Whether its deletion was accepted and is not done yet.
    pub is_being_deleted: bool,
}

/// Accounts that are new, and when they arrived.
pub(crate) type NewAccounts = HashMap<Box<str>, Timestamp>;

/// A registered integration with its data.
#[derive(Debug)]
pub(crate) struct IntegrationData {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) owner_email: String,
    pub(crate) is_being_deleted: bool,
    /// Accounts younger than the account delay; kept while the rule is on.
    pub(crate) new_accounts: NewAccounts,
    tables: [Table; 6],
    schema: BTreeMap<ObjectType, Arc<[SchemaField]>>,
}

impl IntegrationData {
    pub(crate) fn new(id: i64, name: &str, owner_email: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            owner_email: owner_email.to_owned(),
            is_being_deleted: false,
            new_accounts: NewAccounts::new(),
            tables: std::array::from_fn(|_| Table::default()),
            schema: BTreeMap::new(),
        }
    }

    pub(crate) fn shown(&self) -> Integration {
        Integration {
            integration_id: self.id,
            name: self.name.clone(),
            owner_email: self.owner_email.clone(),
            is_being_deleted: self.is_being_deleted,
        }
    }

    pub(crate) fn table(&self, object_type: ObjectType) -> &Table {
        &self.tables[object_type.index()]
    }

    pub(crate) fn table_mut(&mut self, object_type: ObjectType) -> &mut Table {
        &mut self.tables[object_type.index()]
    }

    /// One object by its id, in any case if the rule says so.
    pub(crate) fn object(
        &self,
        object_type: ObjectType,
        object_id: &str,
        rules: RuleSet,
    ) -> Option<&[u8]> {
        self.table(object_type).get(&key_of(object_id, rules))
    }

    pub(crate) fn schema(&self, object_type: ObjectType) -> Arc<[SchemaField]> {
        self.schema
            .get(&object_type)
            .cloned()
            .unwrap_or_else(|| Arc::from([]))
    }

    pub(crate) fn set_schema(&mut self, object_type: ObjectType, fields: Vec<SchemaField>) {
        self.schema.insert(object_type, fields.into());
    }

    pub(crate) fn rekey(&mut self, rules: RuleSet) {
        self.tables.iter_mut().for_each(|table| table.rekey(rules));
    }

    /// Makes the changes of an upload.
    pub(crate) fn apply(&mut self, object_type: ObjectType, staged: Staged, rules: RuleSet) {
        let on = |rule| rules.is_on(rule);
        for (key, staged) in staged {
            let table = self.table_mut(object_type);
            if !on(RuleId::OlderUpdateApplied) && table.is_newer_than(&key, &staged.change) {
                if on(RuleId::OlderUpdateFiled) {
                    table.file(key, staged.change.into_bytes());
                }
                continue;
            }
            if on(RuleId::OneIdSpace) {
                for other in ObjectType::ALL
                    .into_iter()
                    .filter(|other| *other != object_type)
                {
                    self.table_mut(other).forget(&key);
                }
            }
            let table = self.table_mut(object_type);
            match staged.change {
                Change::Put(bytes) => {
                    let is_standard = |name: &str| is_standard(object_type, name);
                    let bytes = updated(table.get(&key), bytes, is_standard, rules);
                    table.put(key, bytes);
                }
                Change::Delete(_)
                    if object_type == ObjectType::Stage && on(RuleId::StageDeletionDeactivates) =>
                {
                    let inactive: Result<&RawValue, _> = serde_json::from_str("false");
                    let changed = inactive.ok().zip(table.get(&key));
                    let changed = changed
                        .and_then(|(inactive, bytes)| with_field(bytes, "isActive", inactive));
                    if let Some(bytes) = changed {
                        table.put(key, bytes);
                    }
                }
                Change::Delete(bytes) => table.delete(key, modified_at(&bytes)),
            }
        }
    }
}
