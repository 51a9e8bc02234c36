//! The results of a probe of the Gong behind an integration, and what the probe left there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::{Batch, Table, put_json};
use super::{Ledger, LedgerError, Space};
use crate::ObjectType;

/// Something that Gong does not document, and that a probe tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Question {
    /// Whether a version with an earlier `modifiedDate` than Gong was sent before takes effect.
    OlderDatesTaken,
    /// Whether Gong accepts the good lines of an upload that has a bad one.
    GoodLinesTaken,
    /// Whether a custom field that an update omits is cleared.
    OmittedClearsCustom,
    /// Whether one of Gong's own fields that an update omits is cleared.
    OmittedClearsStandard,
    /// Whether `null` clears a custom field.
    NullClearsCustom,
    /// Whether `null` clears one of Gong's own fields.
    NullClearsStandard,
    /// Whether ids that differ only in case are the same record.
    IdsIgnoreCase,
    /// Whether Gong accepts the deletion of a record that it does not have.
    AbsentDeletionTaken,
}

impl Question {
    /// Every question, in the order in which a probe answers them.
    pub const ALL: [Self; 8] = [
        Self::OlderDatesTaken,
        Self::GoodLinesTaken,
        Self::OmittedClearsCustom,
        Self::OmittedClearsStandard,
        Self::NullClearsCustom,
        Self::NullClearsStandard,
        Self::IdsIgnoreCase,
        Self::AbsentDeletionTaken,
    ];
}

/// The results of a probe of the Gong behind an integration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Facts {
    /// When Gong was probed last; `None` if never.
    pub probed_at: Option<Timestamp>,
    /// The answered questions.
    pub answers: BTreeMap<Question, bool>,
}

impl Facts {
    /// The answer to a question; `None` if it is not known.
    pub fn answer(&self, question: Question) -> Option<bool> {
        self.answers.get(&question).copied()
    }

    pub(crate) fn is(&self, question: Question, answer: bool) -> bool {
        self.answer(question) == Some(answer)
    }
}

/// How fields are cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clearing {
    /// `null` clears them.
    Null,
    /// Leaving them out clears them.
    LeaveOut,
    /// They are omitted, and whether that clears them is not known.
    Unsure,
    /// Nothing clears them.
    Impossible,
}

impl Clearing {
    /// How custom fields are cleared: with `null`, as Gong's own example does, unless that is known to
    /// do nothing.
    pub(crate) fn of_custom(facts: &Facts) -> Self {
        let omitted = facts.answer(Question::OmittedClearsCustom);
        match (facts.answer(Question::NullClearsCustom), omitted) {
            (Some(false), Some(true)) => Self::LeaveOut,
            (Some(false), _) => Self::Impossible,
            _ => Self::Null,
        }
    }

    /// How Gong's own fields are cleared.
    pub(crate) fn of_standard(facts: &Facts) -> Self {
        let null = facts.answer(Question::NullClearsStandard);
        match (null, facts.answer(Question::OmittedClearsStandard)) {
            (_, Some(true)) => Self::LeaveOut,
            (Some(true), _) => Self::Null,
            (Some(false), Some(false)) => Self::Impossible,
            _ => Self::Unsure,
        }
    }
}

impl Ledger {
    /// The results of the last probe; empty without one.
    pub(crate) async fn facts(&self, space: Space) -> Result<Facts, LedgerError> {
        Ok(self.meta_json(&facts_key(space)).await?.unwrap_or_default())
    }

    /// The people who are users of Gong, as they were listed last.
    pub(crate) async fn gong_users<T: for<'de> Deserialize<'de>>(
        &self,
        space: Space,
    ) -> Result<Option<T>, LedgerError> {
        self.meta_json(&users_key(space)).await
    }

    pub(crate) async fn put_gong_users<T: Serialize + Sync>(
        &self,
        space: Space,
        users: &T,
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        put_json(&mut batch, Table::Meta, &users_key(space), users)?;
        self.commit(batch).await
    }

    pub(crate) async fn put_facts(&self, space: Space, facts: &Facts) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        put_json(&mut batch, Table::Meta, &facts_key(space), facts)?;
        self.commit(batch).await
    }

    /// The records that a probe sent and has not seen removed.
    pub(crate) async fn probe_records(
        &self,
        space: Space,
    ) -> Result<Vec<(ObjectType, String)>, LedgerError> {
        let records: Vec<(String, String)> =
            self.meta_json(&probe_key(space)).await?.unwrap_or_default();
        let named = records.into_iter();
        Ok(named
            .filter_map(|(object_type, id)| Some((object_type.parse().ok()?, id)))
            .collect())
    }

    pub(crate) async fn put_probe_records(
        &self,
        space: Space,
        records: &[(ObjectType, String)],
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        if records.is_empty() {
            batch.delete(Table::Meta, &probe_key(space));
        } else {
            let named: Vec<(&str, &String)> = records
                .iter()
                .map(|(object_type, id)| (object_type.as_str(), id))
                .collect();
            put_json(&mut batch, Table::Meta, &probe_key(space), &named)?;
        }
        self.commit(batch).await
    }
}

fn facts_key(space: Space) -> Vec<u8> {
    format!("facts {}", space.0).into_bytes()
}

fn users_key(space: Space) -> Vec<u8> {
    format!("users {}", space.0).into_bytes()
}

fn probe_key(space: Space) -> Vec<u8> {
    format!("probe {}", space.0).into_bytes()
}
