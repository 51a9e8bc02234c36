//! One registered CRM: its name, its objects and its entity schema.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::jobs::Staged;
use super::objects::Table;
use super::schema::SchemaField;
use crate::record::{Change, Line, ObjectType, text_of};
use crate::rules::{RuleId, RuleSet};

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

/// A registered integration with all it holds.
#[derive(Debug)]
pub(crate) struct IntegrationData {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) owner_email: String,
    pub(crate) is_being_deleted: bool,
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

    pub(crate) fn schema(&self, object_type: ObjectType) -> Arc<[SchemaField]> {
        self.schema
            .get(&object_type)
            .cloned()
            .unwrap_or_else(|| Arc::from([]))
    }

    pub(crate) fn set_schema(&mut self, object_type: ObjectType, fields: Vec<SchemaField>) {
        self.schema.insert(object_type, fields.into());
    }

    /// What only the objects that are there can say against a staged record.
    pub(crate) fn objection(
        &self,
        object_type: ObjectType,
        object_id: &str,
        change: &Change,
        rules: RuleSet,
    ) -> Option<String> {
        let stored = self.table(object_type).get(object_id);
        let record = match change {
            Change::Delete => {
                let refused = rules.is_on(RuleId::DeletionNeedsObject) && stored.is_none();
                return refused.then(|| format!("Object [{object_id}] does not exist"));
            }
            Change::Put(bytes) => Line::parse(bytes).ok()?,
        };
        if object_type == ObjectType::BusinessUser && rules.is_on(RuleId::EmailChangeNeedsDeletion)
        {
            let stored_email = stored.and_then(|bytes| field_text(bytes, "emailAddress"));
            let email = record.get("emailAddress").and_then(text_of);
            if stored_email.is_some_and(|stored| Some(stored.as_str()) != email.as_deref()) {
                return Some(
                    "Field [emailAddress] of an existing user cannot change, delete the user first"
                        .into(),
                );
            }
        }
        if rules.is_on(RuleId::ReferenceTarget) {
            return self.dangling_reference(object_type, &record);
        }
        None
    }

    fn dangling_reference(&self, object_type: ObjectType, record: &Line<'_>) -> Option<String> {
        self.schema(object_type).iter().find_map(|field| {
            let target = field.reference_target()?;
            let id = record.get(&field.unique_name).and_then(text_of)?;
            (!self.table(target).contains(&id)).then(|| {
                format!(
                    "Field [{}] refers to [{id}], which does not exist",
                    field.unique_name
                )
            })
        })
    }

    /// Makes the changes of an upload.
    pub(crate) fn apply(&mut self, object_type: ObjectType, staged: Staged, rules: RuleSet) {
        for (object_id, staged) in staged {
            if object_type == ObjectType::Deal
                && rules.is_on(RuleId::DealNeedsKnownAccount)
                && let Change::Put(bytes) = &staged.change
                && field_text(bytes, "accountId")
                    .is_none_or(|id| !self.table(ObjectType::Account).contains(&id))
            {
                continue;
            }
            let table = self.table_mut(object_type);
            if rules.is_on(RuleId::StaleUpdateIgnored)
                && table.is_newer_than(&object_id, &staged.change)
            {
                continue;
            }
            match staged.change {
                Change::Put(bytes) if rules.is_on(RuleId::UpdateReplaces) => {
                    table.put(object_id, bytes);
                }
                Change::Put(bytes) => table.merge(object_id, bytes),
                Change::Delete
                    if object_type == ObjectType::Stage
                        && rules.is_on(RuleId::StageDeletionDeactivates) =>
                {
                    if table.contains(&object_id) {
                        table.merge(object_id, Box::from(*br#"{"isActive":false}"#));
                    }
                }
                Change::Delete => table.remove(&object_id),
            }
        }
    }
}

/// The text of one field of a stored object.
pub(crate) fn field_text(bytes: &[u8], name: &str) -> Option<String> {
    Line::parse(bytes)
        .ok()?
        .get(name)
        .and_then(text_of)
        .map(std::borrow::Cow::into_owned)
}
