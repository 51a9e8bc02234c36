//! The accounts that Gong accepted last: they are read back before records that refer to them go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::conclusion::Conclusion;
use super::store::{Batch, Table, put_json};
use super::upload::{Action, Pending, RecordOutcome, Upload};
use super::{Ledger, LedgerError, Space};

/// The accounts that an upload brought and that are read back before records that refer to them go.
pub(super) fn put_newest_accounts(
    batch: &mut Batch,
    upload: &Upload,
    pending: &[Pending],
    conclusion: &Conclusion,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let places = (0..pending.len()).rev();
    let new = places.filter(|place| {
        let is_accepted = conclusion.outcome(*place).0 == RecordOutcome::Accepted;
        is_accepted && pending[*place].action == Action::Create
    });
    let ids: Vec<String> = new
        .take(NewestAccounts::MAX)
        .map(|place| pending[place].object_id.clone())
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let newest = NewestAccounts {
        at: now.as_second(),
        ids,
    };
    put_json(
        batch,
        Table::Meta,
        &newest_accounts_key(upload.space()),
        &newest,
    )
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
    /// Reading back all accounts of a first load would take a large part of the day's calls.
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
