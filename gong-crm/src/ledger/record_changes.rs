//! Changes of single records that no verdict makes.

use std::collections::BTreeMap;

use super::record::{Current, RecordState, Seconds, Space};
use super::store::{Batch, Table};
use super::upload::GivenAgain;
use super::{Ledger, LedgerError};
use crate::ObjectType;

/// How many records are read at once.
const PAGE: usize = 4_096;

impl Ledger {
    /// Makes a scope the owner of records that a complete read of it has. Records that the ledger
    /// does not know get their owner with their verdict.
    pub(crate) async fn claim(
        &self,
        space: Space,
        object_type: ObjectType,
        scope: u32,
        ids: &[String],
    ) -> Result<(), LedgerError> {
        self.change_records(space, object_type, ids, |_, state| {
            (state.scope, state.absent) = (scope, 0);
        })
        .await
    }

    /// Notes that the current versions of some records were given once more, otherwise than before.
    pub(crate) async fn note_given(
        &self,
        space: Space,
        object_type: ObjectType,
        given: &BTreeMap<String, GivenAgain>,
    ) -> Result<(), LedgerError> {
        let ids: Vec<String> = given.keys().cloned().collect();
        self.change_records(space, object_type, &ids, |id, state| {
            let Some(given) = given.get(id) else {
                return;
            };
            state.line = given.line.unwrap_or(state.line);
            if let Some(modified) = given.later {
                state.given_date = state.given_date.max(Some(modified));
                state.as_of = state.as_of.max(given.as_of);
            }
        })
        .await
    }

    /// Counts one more complete read in which records were absent.
    pub(crate) async fn count_absence(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[String],
    ) -> Result<(), LedgerError> {
        self.change_records(space, object_type, ids, |_, state| {
            state.absent = state.absent.saturating_add(1);
        })
        .await
    }

    /// Notes that Gong has no version of some records.
    pub(crate) async fn mark_absent(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[String],
    ) -> Result<(), LedgerError> {
        self.change_records(space, object_type, ids, |_, state| {
            state.current = Current::None;
        })
        .await
    }

    /// Notes that Gong has lost the current version of some records, unless another one was accepted
    /// after a moment.
    pub(crate) async fn mark_lost(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[String],
        since: Seconds,
    ) -> Result<(), LedgerError> {
        self.change_records(space, object_type, ids, |_, state| {
            if state.current == Current::Version && state.last_accepted <= since {
                state.current = Current::None;
            }
        })
        .await
    }

    /// Notes dates that Gong has for some records, if they are later than those that it was sent.
    pub(crate) async fn note_dates(
        &self,
        space: Space,
        object_type: ObjectType,
        dates: &BTreeMap<String, Seconds>,
    ) -> Result<(), LedgerError> {
        let ids: Vec<String> = dates.keys().cloned().collect();
        self.change_records(space, object_type, &ids, |id, state| {
            state.sent_date = state.sent_date.max(dates.get(id).copied());
        })
        .await
    }

    async fn change_records(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[String],
        change: impl Fn(&str, &mut RecordState) + Send + Sync,
    ) -> Result<(), LedgerError> {
        for chunk in ids.chunks(PAGE) {
            let of_chunk = chunk.iter().map(String::as_str);
            let states = self.records(space, object_type, of_chunk).await?;
            let mut batch = Batch::new();
            for (id, state) in chunk.iter().zip(states) {
                if let Some(mut state) = state {
                    change(id, &mut state);
                    batch.put(Table::Records, &space.key(object_type, id), &state.encode());
                }
            }
            if !batch.is_empty() {
                self.commit(batch).await?;
            }
        }
        Ok(())
    }
}
