//! Records that are read back from Gong, because its verdict does not say whether Gong has them.

use std::collections::{BTreeMap, HashSet};

use super::ended::Outcome;
use super::session::Session;
use crate::ObjectType;
use crate::ledger::{Action, Current, LedgerError, Pending, RecordOutcome, Upload};
use crate::value::ObjectId;

/// How many records of one upload are read back at most.
const MAX_READ_BACK: usize = 300;

impl Session {
    /// Those of some records that Gong does not have, as far as it says.
    async fn absent_from_gong(
        &self,
        object_type: ObjectType,
        ids: impl Iterator<Item = &str>,
    ) -> HashSet<String> {
        // An id that Gong does not allow can't be read back.
        let ids: Vec<ObjectId> = ids.filter_map(|id| id.parse().ok()).collect();
        let mut absent = HashSet::new();
        for chunk in ids.chunks(gong_client::objects::MAX_OBJECTS) {
            let client = self.client.api();
            let read = client.objects(self.integration_id, object_type, chunk);
            let Ok(objects) = read.await else { break };
            let of_chunk = objects.into_iter().filter(|(_, object)| object.is_none());
            absent.extend(of_chunk.map(|(id, _)| id));
        }
        absent
    }

    /// Among records that Gong did not accept and that may have an earlier version in Gong, finds
    /// those that Gong does not have: records that refer to them are held back.
    pub(super) async fn note_absent(
        &self,
        upload: &Upload,
        pending: &[Pending],
        outcomes: &[Outcome],
    ) -> Result<(), LedgerError> {
        let refused = pending.iter().zip(outcomes).filter(|(pending, outcome)| {
            pending.action == Action::Update
                && matches!(
                    outcome.outcome,
                    RecordOutcome::Rejected | RecordOutcome::NotAccepted
                )
        });
        let ids: Vec<&str> = refused.map(|(of, _)| of.object_id.as_str()).collect();
        if ids.is_empty() || ids.len() > MAX_READ_BACK || !upload.object_type.has_entity_schema() {
            return Ok(());
        }
        let ledger = self.ledger.ledger();
        let states = ledger
            .records(upload.space(), upload.object_type, ids.iter().copied())
            .await?;
        let unknown = ids.into_iter().zip(states).filter(|(_, state)| {
            let current = state.as_ref().map(|state| state.current);
            current == Some(Current::Unknown)
        });
        let unknown: Vec<&str> = unknown.map(|(id, _)| id).collect();
        // Where Gong does not say, nothing is held back.
        let absent = self.absent_from_gong(upload.object_type, unknown.into_iter());
        let absent: Vec<String> = absent.await.into_iter().collect();
        if absent.is_empty() {
            return Ok(());
        }
        for id in &absent {
            self.missing.add(upload.object_type, id);
        }
        ledger
            .mark_absent(upload.space(), upload.object_type, &absent)
            .await
    }

    /// A deletion that Gong rejected may be one of a record that is not there: then it is done.
    pub(super) async fn read_deletions_back(
        &self,
        upload: &Upload,
        pending: &[Pending],
        exceptions: &mut BTreeMap<usize, (RecordOutcome, String)>,
    ) {
        if !upload.object_type.has_entity_schema() || exceptions.is_empty() {
            return;
        }
        let rejected = exceptions.keys();
        let ids: Vec<&str> = rejected
            .map(|place| pending[*place].object_id.as_str())
            .collect();
        let absent = self.absent_from_gong(upload.object_type, ids.into_iter());
        let absent = absent.await;
        for (place, exception) in exceptions {
            if absent.contains(&pending[*place].object_id) {
                *exception = (RecordOutcome::Accepted, String::new());
            }
        }
    }
}
