//! Records that Gong may have lost: with the deletion of another one, or by somebody else's hand.

use jiff::Timestamp;

use super::record::{Current, LastTry, LineHash, Milliseconds, RecordState, Space, TryOutcome};
use super::store::{Batch, Table};
use super::{Ledger, LedgerError};
use crate::ObjectType;

/// A record that may be the same as one that is deleted.
#[derive(Debug, Clone)]
pub(crate) struct Doubted {
    pub(crate) object_type: ObjectType,
    pub(crate) object_id: String,
    /// The record that is deleted.
    pub(crate) gone: (ObjectType, String),
}

impl Doubted {
    fn reason(&self) -> String {
        let (object_type, id) = &self.gone;
        format!("it may have been deleted with {object_type} {id}")
    }
}

impl LastTry {
    /// Whether nothing was tried: Gong had the version, and may have lost it.
    pub(crate) fn is_doubt(&self) -> bool {
        self.outcome == TryOutcome::Uncertain && self.upload == 0
    }
}

/// What stands for the last try of a version that Gong had.
fn doubt_of(state: &RecordState, reason: String, push: Milliseconds, now: Timestamp) -> LastTry {
    LastTry {
        outcome: TryOutcome::Uncertain,
        hash: state.hash,
        reason,
        tries: 0,
        at: now.as_second(),
        next: now.as_second(),
        upload: 0,
        source: "ledger".to_owned(),
        line: 0,
        failed_whole: false,
        as_of: state.as_of,
        push,
    }
}

impl Ledger {
    /// Notes that it is not known whether Gong still has a record. It counts as uncertain until it is
    /// sent again: what its source gives may be changes alone, and not name it for years.
    pub(crate) async fn doubt(
        &self,
        space: Space,
        doubted: &Doubted,
        push: Milliseconds,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let (object_type, id) = (doubted.object_type, doubted.object_id.as_str());
        let states = self.records(space, object_type, [id]).await?;
        let state = states.into_iter().flatten().next();
        let Some(mut state) = state.filter(|state| state.current == Current::Version) else {
            return Ok(());
        };
        let key = space.key(object_type, id);
        let mut batch = Batch::new();
        // A later version that is kept is sent, and ends the doubt.
        if state.last_try.is_none() {
            state.last_try = Some(doubt_of(&state, doubted.reason(), push, now));
            // Only its hash is known.
            batch.put(Table::Contents, &key, b"");
        }
        (state.current, state.hash) = (Current::Unknown, [0; 16]);
        state.line = LineHash::default();
        // The deletion has a date of about now, and Gong may ignore what is older.
        state.sent_date = state.sent_date.max(Some(now.as_second()));
        batch.put(Table::Records, &key, &state.encode());
        self.commit(batch).await
    }

    /// Notes that records are not in Gong although it accepted their versions, also the one that was sent
    /// again: they are not sent until they change, and are named until then.
    pub(crate) async fn mark_not_kept(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.change_each(space, object_type, ids, |state| {
            if state.current != Current::Version || state.last_try.is_some() {
                return false;
            }
            let reason = "drift did not find it in Gong, also after it was sent again".to_owned();
            state.last_try = Some(LastTry {
                outcome: TryOutcome::Unconfirmed,
                ..doubt_of(state, reason, now.as_millisecond(), now)
            });
            state.current = Current::None;
            true
        })
        .await
    }

    /// Notes that records turned out not to be in Gong any more, and that no source gives them now: they
    /// count as uncertain until they are sent again.
    pub(crate) async fn doubt_lost(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.change_each(space, object_type, ids, |state| {
            if state.current != Current::None || state.last_try.is_some() {
                return false;
            }
            let reason = "drift did not find it in Gong".to_owned();
            state.last_try = Some(doubt_of(state, reason, now.as_millisecond(), now));
            (state.current, state.hash) = (Current::Unknown, [0; 16]);
            state.line = LineHash::default();
            true
        })
        .await
    }

    /// Changes the states of some records, of whose versions only the hashes are known. `change` says
    /// whether it did.
    async fn change_each(
        &self,
        space: Space,
        object_type: ObjectType,
        ids: &[String],
        change: impl Fn(&mut RecordState) -> bool + Send + Sync,
    ) -> Result<(), LedgerError> {
        let states = ids.iter().map(String::as_str);
        let states = self.records(space, object_type, states).await?;
        let mut batch = Batch::new();
        for (id, state) in ids.iter().zip(states) {
            let Some(mut state) = state else {
                continue;
            };
            if change(&mut state) {
                let key = space.key(object_type, id);
                batch.put(Table::Contents, &key, b"");
                batch.put(Table::Records, &key, &state.encode());
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.commit(batch).await
    }
}
