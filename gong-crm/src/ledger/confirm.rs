//! Records that Gong did not confirm, and that were seen in Gong.

use jiff::Timestamp;

use super::LedgerError;
use super::locked::LockedLedger;
use super::record::{Current, LastTry, LineHash, Seconds, SentField, Space};
use super::store::{Batch, Table};
use crate::ObjectType;

/// A record whose last try turned out to be in Gong.
#[derive(Debug)]
pub(crate) struct Confirmed {
    pub(crate) object_type: ObjectType,
    pub(crate) object_id: String,
    /// The try that was confirmed; if there is another one by now, nothing is changed.
    pub(crate) last_try: LastTry,
    pub(crate) is_deletion: bool,
    pub(crate) fields: Vec<SentField>,
    pub(crate) sent_date: Option<Seconds>,
}

impl LockedLedger {
    /// Writes down that the last tries of records turned out to be in Gong.
    pub(crate) async fn confirm(
        &self,
        space: Space,
        confirmed: &[Confirmed],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        for confirmed in confirmed {
            let ids = [confirmed.object_id.as_str()];
            let states = self.ledger().records(space, confirmed.object_type, ids);
            let Some(mut state) = states.await?.into_iter().flatten().next() else {
                continue;
            };
            if state.last_try.as_ref() != Some(&confirmed.last_try) {
                continue;
            }
            if state.is_absent_from_gong() || state.first_accepted == 0 {
                state.first_accepted = now.as_second();
            }
            state.current = if confirmed.is_deletion {
                Current::Deleted
            } else {
                Current::Version
            };
            state.hash = confirmed.last_try.hash;
            // The ledger does not know the line of a try.
            state.line = LineHash::default();
            state.fields.clone_from(&confirmed.fields);
            state.sent_date = confirmed.sent_date.or(state.sent_date);
            state.as_of = confirmed.last_try.as_of;
            state.last_accepted = now.as_second();
            state.last_try = None;
            let key = space.key(confirmed.object_type, &confirmed.object_id);
            batch.put(Table::Records, &key, &state.encode());
            batch.delete(Table::Contents, &key);
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.ledger().commit(batch).await
    }
}
