//! The results of reading records back from Gong, record by record.
//!
//! Only hashes of Gong's values are kept, as of everything else that was sent.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::conclusion::Content;
use super::record::{RecordState, Seconds, Space};
use super::store::{Batch, Table};
use super::upload::Pending;
use super::{Ledger, LedgerError};
use crate::ObjectType;

/// The result of reading one record back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadBack {
    /// When it was read back last; 0 if never.
    pub(crate) at: Seconds,
    /// Whether its last version omitted one of Gong's own fields that Gong was sent before: Gong
    /// may have kept the old value, so it is read back before others.
    pub(crate) is_first: bool,
    /// How Gong's object differed from what was sent.
    pub(crate) differences: Vec<KnownDifference>,
}

/// A difference between what was sent of a record and what Gong gave back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownDifference {
    pub(crate) what: Differing,
    /// A hash of what was sent.
    pub(crate) sent: [u8; 4],
    /// A hash of what Gong gave back.
    pub(crate) held: [u8; 4],
    pub(crate) handling: Handling,
}

/// The difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Differing {
    /// Gong does not have the record.
    Missing,
    /// Gong has a record that was deleted.
    NotDeleted,
    /// A field, by its name.
    Field(String),
}

/// What was done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Handling {
    /// Nothing.
    Found,
    /// The record was sent once more.
    Repaired,
    /// Gong returned the same values after the record was sent once more: it stores them in its own
    /// form.
    OwnForm,
}

impl ReadBack {
    pub(super) fn encode(&self) -> Vec<u8> {
        // Only a map of unknown length can fail, and there is none.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// An entry that can't be read is as good as none: the record is read back again.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).unwrap_or_default()
    }
}

impl Ledger {
    /// The results of reading records back, in the order of `keys`.
    pub(crate) async fn read_backs(
        &self,
        keys: Vec<Vec<u8>>,
    ) -> Result<Vec<ReadBack>, LedgerError> {
        let values = self.store().get(Table::ReadBacks, keys).await?;
        let decode = |value: Option<Vec<u8>>| {
            value.map_or_else(ReadBack::default, |bytes| ReadBack::decode(&bytes))
        };
        Ok(values.into_iter().map(decode).collect())
    }

    /// Which of these records, whose states are given in the same order, were not in Gong when they
    /// were read back after their last acceptance.
    pub(crate) async fn found_missing(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[&str],
        states: &[Option<RecordState>],
    ) -> Result<Vec<bool>, LedgerError> {
        let first = space.prefix(object_type);
        let any = self
            .store()
            .scan(Table::ReadBacks, first, Some(space.end(object_type)), 1)
            .await?;
        if any.is_empty() {
            return Ok(vec![false; ids.len()]);
        }
        let keys = ids.iter().map(|id| space.key(object_type, id)).collect();
        let read_backs = self.read_backs(keys).await?;
        let found = read_backs.into_iter().zip(states).map(|(read, state)| {
            let accepted = state.as_ref().map_or(Seconds::MAX, |of| of.last_accepted);
            let mut differences = read.differences.iter();
            read.at >= accepted && differences.any(|of| of.what == Differing::Missing)
        });
        Ok(found.collect())
    }

    /// Writes down what reading records back found.
    pub(crate) async fn put_read_backs(
        &self,
        read_backs: &[(Vec<u8>, ReadBack)],
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        for (key, read_back) in read_backs {
            batch.put(Table::ReadBacks, key, &read_back.encode());
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.commit(batch).await
    }

    /// The lines of records that are not in Gong as they are; empty where none is kept.
    pub(crate) async fn contents(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, LedgerError> {
        let values = self.store().get(Table::Contents, keys).await?;
        let line = |value: Option<Vec<u8>>| {
            let content = value.and_then(|bytes| Content::decode(&bytes));
            content.unwrap_or_default().line
        };
        Ok(values.into_iter().map(line).collect())
    }

    /// Notes records whose accepted version omitted one of Gong's own fields.
    pub(super) async fn note_omitted(
        &self,
        batch: &mut Batch,
        keys: Vec<Vec<u8>>,
    ) -> Result<(), LedgerError> {
        if keys.is_empty() {
            return Ok(());
        }
        let known = self.read_backs(keys.clone()).await?;
        for (key, mut read_back) in keys.iter().zip(known) {
            read_back.is_first = true;
            batch.put(Table::ReadBacks, key, &read_back.encode());
        }
        Ok(())
    }
}

/// Whether a version does not name a field that Gong was sent with the version before.
pub(super) fn leaves_out_a_field(before: &RecordState, after: &Pending) -> bool {
    let named: BTreeSet<u16> = after.fields.iter().map(|field| field.name).collect();
    before
        .fields
        .iter()
        .any(|field| !named.contains(&field.name))
}
