//! The accounts that Gong accepted last: they are read back before records that refer to them are
//! sent.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::{Current, RecordState};
use super::store::{Batch, Table, put_json};
use super::{Ledger, LedgerError, Space};

/// The accounts that an upload brought and that are read back before records that refer to them go.
#[derive(Debug, Default)]
pub(super) struct NewAccounts(VecDeque<String>);

impl NewAccounts {
    /// Notes an account that Gong accepted, unless it had it before. Where that is not known, it counts
    /// as new.
    pub(super) fn note(&mut self, object_id: &str, before: Option<&RecordState>) {
        let was_there = before.is_some_and(|before| before.current == Current::Version);
        if !was_there {
            self.push(object_id.to_owned());
        }
    }

    /// Adds those that came after these.
    pub(super) fn append(&mut self, next: Self) {
        next.0
            .into_iter()
            .for_each(|object_id| self.push(object_id));
    }

    fn push(&mut self, object_id: String) {
        if self.0.len() == NewestAccounts::MAX {
            self.0.pop_front();
        }
        self.0.push_back(object_id);
    }

    pub(super) fn put(
        self,
        batch: &mut Batch,
        space: Space,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let newest = NewestAccounts {
            at: now.as_second(),
            ids: self.0.into(),
        };
        put_json(batch, Table::Meta, &newest_accounts_key(space), &newest)
    }
}

/// The accounts that Gong accepted last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NewestAccounts {
    /// When.
    pub(crate) at: i64,
    /// Their ids, at most [`MAX`](Self::MAX).
    pub(crate) ids: Vec<String>,
}

impl NewestAccounts {
    /// Reading back all accounts of an initial load would use a large part of the day's calls.
    const MAX: usize = 300;
}

fn newest_accounts_key(space: Space) -> Vec<u8> {
    format!("newest accounts {}", space.0).into_bytes()
}

impl Ledger {
    /// The accounts that Gong accepted last, unless they were seen there.
    pub(crate) async fn newest_accounts(
        &self,
        space: Space,
    ) -> Result<Option<NewestAccounts>, LedgerError> {
        self.meta_json(&newest_accounts_key(space)).await
    }

    /// Notes that those accounts were seen in Gong.
    pub(crate) async fn forget_newest_accounts(&self, space: Space) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        batch.delete(Table::Meta, &newest_accounts_key(space));
        self.commit(batch).await
    }
}
