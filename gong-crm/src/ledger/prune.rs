//! Deletes what is old and decides nothing any more.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::manifest::chunk_key;
use super::reading::next_key;
use super::record::RecordState;
use super::store::{Batch, Table};
use super::{Ledger, LedgerError};

/// How many records are read at once.
const PAGE: usize = 4_096;

impl Ledger {
    /// Deletes uploads and their histories that ended before this time. The state of records,
    /// uploads without a verdict, those that were given up and that Gong may still process, and those
    /// that decide about records that are not in Gong as given are kept. Returns the number of deleted uploads.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn prune(&self, before: Timestamp) -> Result<usize, LedgerError> {
        let mut pruned = 0;
        let mut needed = self.uploads_of_last_tries().await?;
        needed.extend(self.late_numbers().await?);
        for upload in self.uploads_from(1).await? {
            let is_old = upload.completed_at.is_some_and(|at| at < before);
            if !is_old || needed.contains(&upload.number) {
                continue;
            }
            let mut batch = Batch::new();
            let from = chunk_key(upload.number, 0).to_vec();
            let until = Some(chunk_key(upload.number + 1, 0).to_vec());
            let chunks = self
                .store()
                .scan(Table::History, from, until, usize::MAX)
                .await?;
            for (key, _) in &chunks {
                batch.delete(Table::History, key);
            }
            batch.delete(Table::Uploads, &upload.number.to_be_bytes());
            self.store().commit(batch).await?;
            pruned += 1;
        }
        let day = before.checked_sub(SignedDuration::from_hours(48));
        self.forget_calls_before(day.unwrap_or(before)).await?;
        Ok(pruned)
    }

    /// The uploads by which records were tried last: a resume asks them whether a record is deleted,
    /// of which scope, and how old its read is.
    async fn uploads_of_last_tries(&self) -> Result<HashSet<u64>, LedgerError> {
        let mut uploads = HashSet::new();
        let mut next = Vec::new();
        loop {
            let page = self.store().scan(Table::Records, next, None, PAGE).await?;
            for (_, bytes) in &page {
                let state = RecordState::decode(bytes)
                    .ok_or_else(|| LedgerError::unreadable("a record's state"))?;
                uploads.extend(state.last_try.map(|last| last.upload));
            }
            if page.len() < PAGE {
                return Ok(uploads);
            }
            next = page
                .last()
                .map(|(key, _)| next_key(key))
                .unwrap_or_default();
        }
    }
}
