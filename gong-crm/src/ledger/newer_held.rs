//! Versions that a sync held back and that are newer than what a later one sent.

use super::conclusion::Content;
use super::record::{RecordState, TryOutcome};
use super::store::Table;
use super::upload::{Pending, Upload};
use super::{Ledger, LedgerError};
use crate::compare::{HashKey, Reader};

impl Ledger {
    /// Lets held-back versions with a later `modifiedDate` count as held back after an upload of a sync,
    /// so that its verdict does not end them: its source may never name them again.
    pub(super) async fn keep_newer_held(
        &self,
        upload: &Upload,
        pending: &[Pending],
        states: &mut [Option<RecordState>],
    ) -> Result<(), LedgerError> {
        if upload.sync == 0 {
            return Ok(());
        }
        let mut held = Vec::new();
        for (pending, state) in pending.iter().zip(states) {
            let last_try = state.as_mut().and_then(|state| state.last_try.as_mut());
            let is_other = |hash| hash != pending.hash;
            if let Some(last) = last_try
                && last.outcome == TryOutcome::HeldBack
                && is_other(last.hash)
                && last.push <= upload.push
            {
                held.push((pending, last));
            }
        }
        if held.is_empty() {
            return Ok(());
        }
        let keys = held.iter().map(|(pending, _)| {
            let object_id = &pending.object_id;
            upload.space().key(upload.object_type, object_id)
        });
        let contents = self.store().get(Table::Contents, keys.collect()).await?;
        let key = HashKey::from_bytes([0; 16]);
        let mut reader = Reader::new(key, upload.object_type, &|_| 0);
        for ((pending, last), content) in held.into_iter().zip(contents) {
            let content = content.and_then(|bytes| Content::decode(&bytes));
            let line = content.unwrap_or_default().line;
            let modified = reader.read(&line).ok().and_then(|facts| facts.modified);
            if modified.is_some() && pending.sent_date.is_some() && modified > pending.sent_date {
                last.push = upload.push + 1;
            }
        }
        Ok(())
    }
}
