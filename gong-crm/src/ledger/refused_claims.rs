//! Records that the source of a scope has, and that another scope owns.
//!
//! A record has one owner, so a sync leaves these alone. They are stored in the ledger, so that their owner
//! hands them over when its own source does not have them any more, instead of deleting them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::{Seconds, Space};
use super::store::Table;
use super::{Ledger, LedgerError};
use crate::ObjectType;

/// The records of one type that the source of one scope has and another scope owns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusedClaims {
    /// Whether the source is complete, so that its scope becomes their owner.
    pub(crate) is_complete: bool,
    /// Whether more than half of the source is owned by other scopes, as it is of a source that was read
    /// once under a wrong name: then its scope becomes the owner of none.
    #[serde(default)]
    pub(crate) is_mostly_foreign: bool,
    /// When the source was read.
    #[serde(default)]
    pub(crate) at: Seconds,
    pub(crate) ids: BTreeSet<String>,
}

/// After this time, a scope whose source is not read any more has none of its records: a job that ran
/// once must not keep what vanishes later.
const KEPT: Seconds = 8 * 24 * 60 * 60;

impl RefusedClaims {
    /// Whether the source had a record when it was read, and is still read.
    pub(crate) fn have(&self, object_id: &str, now: Timestamp) -> bool {
        now.as_second() - self.at <= KEPT && self.ids.contains(object_id)
    }
}

impl Ledger {
    /// What the source of a scope has of another scope's records.
    pub(crate) async fn refused_claims(
        &self,
        space: Space,
        scope: u32,
        object_type: ObjectType,
    ) -> Result<RefusedClaims, LedgerError> {
        let claims = self.meta_json(&key(space, scope, object_type)).await?;
        Ok(claims.unwrap_or_default())
    }

    /// Writes down what the source of a scope has of another scope's records.
    pub(crate) async fn put_refused_claims(
        &self,
        space: Space,
        scope: u32,
        object_type: ObjectType,
        claims: &RefusedClaims,
    ) -> Result<(), LedgerError> {
        let key = key(space, scope, object_type);
        let mut batch = super::store::Batch::new();
        if claims.ids.is_empty() {
            batch.delete(Table::Meta, &key);
        } else {
            let bytes =
                serde_json::to_vec(claims).map_err(|error| LedgerError::storage("", error))?;
            batch.put(Table::Meta, &key, &bytes);
        }
        self.commit(batch).await
    }
}

fn key(space: Space, scope: u32, object_type: ObjectType) -> Vec<u8> {
    format!("refused {} {scope} {object_type}", space.0).into_bytes()
}
