//! Versions that a sync held back and that are newer than what a later one sent.

use std::collections::HashSet;

use super::conclusion::Content;
use super::record::{RecordState, Seconds, TryOutcome};
use super::store::Table;
use super::upload::{Pending, Upload};
use super::{Ledger, LedgerError};
use crate::ObjectType;
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
        let ids = held.iter().map(|(pending, _)| pending.object_id.as_str());
        let dates = self.dates_of_held(upload, &ids.collect::<Vec<_>>()).await?;
        for ((pending, last), modified) in held.into_iter().zip(dates) {
            if modified.is_some() && pending.sent_date.is_some() && modified > pending.sent_date {
                last.push = upload.push + 1;
            }
        }
        Ok(())
    }

    /// Which of these versions, that a sync holds back now, are older than what is held back of their
    /// records already.
    pub(super) async fn older_than_held(
        &self,
        upload: &Upload,
        held: &[(Pending, String, Content)],
        states: &[Option<RecordState>],
    ) -> Result<HashSet<usize>, LedgerError> {
        if upload.sync == 0 {
            return Ok(HashSet::new());
        }
        let is_held = |place: &usize| {
            let last = states[*place].as_ref();
            let last = last.and_then(|state| state.last_try.as_ref());
            last.is_some_and(|last| {
                last.outcome == TryOutcome::HeldBack && last.hash != held[*place].0.hash
            })
        };
        let places: Vec<usize> = (0..held.len()).filter(is_held).collect();
        if places.is_empty() {
            return Ok(HashSet::new());
        }
        let ids = places.iter().map(|place| held[*place].0.object_id.as_str());
        let dates = self.dates_of_held(upload, &ids.collect::<Vec<_>>()).await?;
        let mut reader = reader(upload.object_type);
        let older = places.into_iter().zip(dates).filter(|(place, date)| {
            let now = date_of(&mut reader, &held[*place].2.line);
            date.zip(now).is_some_and(|(date, now)| date > now)
        });
        Ok(older.map(|(place, _)| place).collect())
    }

    /// The dates of the held-back versions of some records.
    async fn dates_of_held(
        &self,
        upload: &Upload,
        ids: &[&str],
    ) -> Result<Vec<Option<Seconds>>, LedgerError> {
        let keys = ids
            .iter()
            .map(|id| upload.space().key(upload.object_type, id));
        let contents = self.store().get(Table::Contents, keys.collect()).await?;
        let mut reader = reader(upload.object_type);
        let contents = contents.into_iter().map(|content| {
            let content = content.and_then(|bytes| Content::decode(&bytes));
            date_of(&mut reader, &content.unwrap_or_default().line)
        });
        Ok(contents.collect())
    }
}

fn reader(object_type: ObjectType) -> Reader<'static> {
    Reader::new(HashKey::from_bytes([0; 16]), object_type, &|_| 0)
}

fn date_of(reader: &mut Reader<'_>, line: &[u8]) -> Option<Seconds> {
    reader.read(line).ok().and_then(|facts| facts.modified)
}
