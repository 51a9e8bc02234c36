//! Processes an upload against the objects that are stored.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use super::integration::IntegrationData;
use super::objects::{differ, key_of, updated};
use super::uploads::{Outcome, Staged, Unseen};
use crate::object_type::ObjectType;
use crate::rules::{RuleId, RuleSet};
use crate::time::later;
use crate::validate::{Change, Line, is_standard, text_of};

/// The conditions under which an upload is processed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions {
    pub(crate) rules: RuleSet,
    pub(crate) account_delay: Duration,
    /// When the upload is processed.
    pub(crate) at: Timestamp,
}

/// What processing finds out about the good records of an upload.
#[derive(Debug, Default)]
pub(crate) struct Judgment {
    /// Records with an error: key, line, description.
    pub(crate) rejected: Vec<(Box<str>, u32, String)>,
    /// Records that count as processed and never appear.
    pub(crate) dropped: Vec<Box<str>>,
    /// How many records change something, if anybody asks for it.
    pub(crate) changed: Option<u32>,
}

/// The objects as they are for an upload that is processed now.
struct View<'state> {
    integration: &'state IntegrationData,
    unseen: &'state Unseen<'state>,
    conditions: Conditions,
}

pub(crate) fn judge(
    integration: &IntegrationData,
    unseen: &Unseen<'_>,
    object_type: ObjectType,
    staged: &Staged,
    conditions: Conditions,
) -> Judgment {
    let view = View {
        integration,
        unseen,
        conditions,
    };
    let mut judgment = Judgment::default();
    let (rejects, drops) = (view.can_reject(), view.can_drop(object_type));
    if rejects || drops {
        for (key, staged) in staged {
            if rejects && let Some(reason) = view.rejection(object_type, key, &staged.change) {
                judgment.rejected.push((key.clone(), staged.line, reason));
            } else if drops && view.is_dropped(object_type, &staged.change) {
                judgment.dropped.push(key.clone());
            }
        }
    }
    if view.on(RuleId::SuccessCountsChanges) {
        let is_rejected = |key: &str| judgment.rejected.iter().any(|(known, ..)| **known == *key);
        let changed = staged
            .iter()
            .filter(|(key, staged)| {
                !is_rejected(key) && view.changes_something(object_type, key, &staged.change)
            })
            .count();
        judgment.changed = Some(u32::try_from(changed).unwrap_or(u32::MAX));
    }
    judgment
}

impl Judgment {
    /// Writes the judgment into the outcome, and takes out of `staged` what is not to be applied.
    pub(crate) fn carry_out(self, outcome: &mut Outcome, staged: &mut Staged, rules: RuleSet) {
        for (key, line, description) in self.rejected {
            let record = staged.remove(&key);
            let text = record
                .as_ref()
                .map_or(&b""[..], |staged| staged.change.bytes());
            outcome.total_success_count = outcome.total_success_count.saturating_sub(1);
            outcome.reject(line, description, text);
        }
        outcome.errors.sort_by_key(|error| error.line);
        for key in self.dropped {
            staged.remove(&key);
        }
        outcome.changed_count = self.changed;
        if outcome.total_error_count > 0 && !rules.is_on(RuleId::GoodLinesApplied) {
            outcome.total_success_count = 0;
            outcome.changed_count = outcome.changed_count.and(Some(0));
            staged.clear();
        }
    }
}

impl View<'_> {
    fn on(&self, rule: RuleId) -> bool {
        self.conditions.rules.is_on(rule)
    }

    fn can_reject(&self) -> bool {
        [
            RuleId::EmailChangeNeedsDeletion,
            RuleId::ReferenceTarget,
            RuleId::DeletionNeedsObject,
            RuleId::DealStageMustExist,
            RuleId::DealStageMustBeActive,
        ]
        .into_iter()
        .any(|rule| self.on(rule))
    }

    fn can_drop(&self, object_type: ObjectType) -> bool {
        let rules: &[RuleId] = match object_type {
            ObjectType::Contact => &[RuleId::ContactNeedsKnownAccount, RuleId::AccountDelay],
            ObjectType::Deal => &[
                RuleId::DealNeedsKnownAccount,
                RuleId::DealNeedsKnownOwner,
                RuleId::AccountDelay,
            ],
            _ => &[],
        };
        rules.iter().any(|rule| self.on(*rule))
    }

    fn find(&self, object_type: ObjectType, object_id: &str) -> Option<&[u8]> {
        let key = key_of(object_id, self.conditions.rules);
        let unseen = self.unseen.0.iter().find_map(|(unseen_type, staged)| {
            let staged = staged.get(&*key)?;
            (*unseen_type == object_type).then_some(&staged.change)
        });
        match unseen {
            Some(Change::Put(bytes)) => Some(bytes),
            Some(Change::Delete(_)) => None,
            None => self.integration.table(object_type).get(&key),
        }
    }

    /// Why stored objects forbid the record, if they do.
    fn rejection(&self, object_type: ObjectType, key: &str, change: &Change) -> Option<String> {
        let stored = self.find(object_type, key);
        let record = Line::parse(change.bytes()).ok()?;
        let text = |name: &str| record.get(name).and_then(text_of);
        if matches!(change, Change::Delete(_)) {
            let id = text("objectId").unwrap_or(Cow::Borrowed(key));
            let rejected = self.on(RuleId::DeletionNeedsObject) && stored.is_none();
            return rejected.then(|| format!("Object [{id}] does not exist"));
        }
        if object_type == ObjectType::BusinessUser && self.on(RuleId::EmailChangeNeedsDeletion) {
            let email = text("emailAddress").unwrap_or_default().to_lowercase();
            let before = stored.and_then(|bytes| field_text(bytes, "emailAddress"));
            if before.is_some_and(|before| before.to_lowercase() != email) {
                return Some(
                    "Field [emailAddress] of an existing user cannot change, delete the user first"
                        .into(),
                );
            }
        }
        if object_type == ObjectType::Deal
            && let Some(stage) = text("stage").filter(|stage| !stage.is_empty())
            && let Some(reason) = self.stage_rejection(&stage, stored)
        {
            return Some(reason);
        }
        if self.on(RuleId::ReferenceTarget) {
            return self.dangling_reference(object_type, &record);
        }
        None
    }

    fn stage_rejection(&self, id: &str, stored: Option<&[u8]>) -> Option<String> {
        let Some(stage) = self.find(ObjectType::Stage, id) else {
            let rejected = self.on(RuleId::DealStageMustExist);
            return rejected
                .then(|| format!("Field [stage] refers to [{id}], which does not exist"));
        };
        let is_inactive = Line::parse(stage)
            .ok()
            .and_then(|line| line.get("isActive").map(|value| value.get() == "false"))
            .unwrap_or(false);
        let stays = stored
            .and_then(|bytes| field_text(bytes, "stage"))
            .as_deref()
            == Some(id);
        (is_inactive && !stays && self.on(RuleId::DealStageMustBeActive))
            .then(|| format!("Field [stage] refers to [{id}], which is not active"))
    }

    fn dangling_reference(&self, object_type: ObjectType, record: &Line<'_>) -> Option<String> {
        self.integration
            .schema(object_type)
            .iter()
            .find_map(|field| {
                let target = field.reference_target()?;
                let id = record.get(&field.unique_name).and_then(text_of)?;
                self.find(target, &id).is_none().then(|| {
                    format!(
                        "Field [{}] refers to [{id}], which does not exist",
                        field.unique_name
                    )
                })
            })
    }

    /// Whether the record counts as processed and never appears.
    fn is_dropped(&self, object_type: ObjectType, change: &Change) -> bool {
        let Change::Put(bytes) = change else {
            return false;
        };
        let account = field_text(bytes, "accountId").filter(|id| !id.is_empty());
        let needs_account = match object_type {
            ObjectType::Deal => self.on(RuleId::DealNeedsKnownAccount),
            ObjectType::Contact => self.on(RuleId::ContactNeedsKnownAccount) && account.is_some(),
            _ => false,
        };
        let account_is_known = || {
            account
                .as_deref()
                .is_some_and(|id| self.find(ObjectType::Account, id).is_some())
        };
        if needs_account && !account_is_known() {
            return true;
        }
        if self.on(RuleId::AccountDelay)
            && account.as_deref().is_some_and(|id| !self.has_settled(id))
        {
            return true;
        }
        object_type == ObjectType::Deal
            && self.on(RuleId::DealNeedsKnownOwner)
            && field_text(bytes, "ownerId")
                .is_some_and(|id| self.find(ObjectType::BusinessUser, &id).is_none())
    }

    /// Whether an account can be seen and has been there for the account delay.
    fn has_settled(&self, id: &str) -> bool {
        let Conditions {
            rules,
            account_delay,
            at,
        } = self.conditions;
        let key = key_of(id, rules);
        let came_at = self.integration.new_accounts.get(&*key);
        self.integration
            .table(ObjectType::Account)
            .get(&key)
            .is_some()
            && came_at.is_none_or(|came_at| later(*came_at, account_delay) <= at)
    }

    fn changes_something(&self, object_type: ObjectType, key: &str, change: &Change) -> bool {
        match (self.find(object_type, key), change) {
            (None, Change::Put(_)) | (Some(_), Change::Delete(_)) => true,
            (None, Change::Delete(_)) => false,
            (Some(stored), Change::Put(update)) => {
                let is_standard = |name: &str| is_standard(object_type, name);
                let after = updated(
                    Some(stored),
                    update.clone(),
                    is_standard,
                    self.conditions.rules,
                );
                differ(stored, &after)
            }
        }
    }
}

/// The accounts of an upload that were not there before.
pub(crate) fn new_accounts(
    integration: &IntegrationData,
    unseen: &Unseen<'_>,
    staged: &Staged,
    conditions: Conditions,
) -> Vec<Box<str>> {
    let view = View {
        integration,
        unseen,
        conditions,
    };
    let mut new = Vec::new();
    for (key, staged) in staged {
        let is_put = matches!(staged.change, Change::Put(_));
        if is_put && view.find(ObjectType::Account, key).is_none() {
            new.push(key.clone());
        }
    }
    new
}

/// The text of one field of a record.
pub(crate) fn field_text(bytes: &[u8], name: &str) -> Option<String> {
    Line::parse(bytes)
        .ok()?
        .get(name)
        .and_then(text_of)
        .map(Cow::into_owned)
}
