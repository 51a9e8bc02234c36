//! Records that are not in Gong as they were given: lists them, ends their retries, forgets them.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use super::concluded::inflated;
use super::conclusion::Content;
use super::manifest::chunk_key;
use super::missing_parents::REFERS;
use super::reading::next_key;
use super::record::{
    Current, LastTry, Milliseconds, NO_ID, RecordState, Seconds, Space, TryOutcome,
};
use super::store::{Batch, Table};
use super::upload::RecordOutcome;
use super::{Ledger, LedgerError};
use crate::{ClientRequestId, IntegrationId, ObjectType};

/// How many entries are read at once.
const PAGE: usize = 1_000;

/// A record whose newest version is not in Gong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RejectedRecord {
    /// The type of the record.
    pub object_type: ObjectType,
    /// The record's id.
    pub object_id: String,
    /// The result of the last try.
    pub outcome: TryOutcome,
    /// Gong's reason, or ours.
    pub reason: String,
    /// How often this version was tried.
    pub tries: u8,
    /// When it was tried last.
    pub at: Timestamp,
    /// When the same version is sent again by itself.
    pub next_try: Option<Timestamp>,
    /// The file or source of the record.
    pub path: String,
    /// Its line or row there; `None` if unknown.
    pub line: Option<u64>,
    /// Whether Gong has an earlier version of the record.
    pub has_earlier_version: bool,
    #[serde(skip)]
    pub(crate) content: Content,
    /// The number of the upload that tried it last.
    #[serde(skip)]
    pub(crate) upload: u64,
    /// The scope that owns the record; 0 if none does.
    #[serde(skip)]
    pub(crate) scope: u32,
    /// The scope whose sync kept it; 0 if a push did.
    #[serde(skip)]
    pub(crate) kept_by: u32,
    /// The as-of of the read that it comes from.
    #[serde(skip)]
    pub(crate) as_of: Milliseconds,
    /// Whether it says which record it is; otherwise its place stands for its id.
    #[serde(skip)]
    pub(crate) has_id: bool,
    /// When the push or round began that tried it last.
    #[serde(skip)]
    pub(crate) push: Milliseconds,
    /// Whether the ledger was recovered or imported since: another copy of it may have sent a later version.
    #[serde(skip)]
    pub(crate) is_before_recovery: bool,
}

impl RejectedRecord {
    /// The line as it was sent or was to be sent; empty if it was too large to be kept.
    pub fn line_content(&self) -> &[u8] {
        &self.content.line
    }

    /// Whether it is held back because of a record that it refers to, and not because of itself.
    pub(crate) fn waits_for_parent(&self) -> bool {
        self.outcome == TryOutcome::HeldBack && self.reason.starts_with(REFERS)
    }
}

impl Ledger {
    /// The records whose newest version is not in Gong, in the order of types and ids.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn rejects(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
    ) -> Result<Vec<RejectedRecord>, LedgerError> {
        let space = self.space(base_url, integration_id).await?;
        let mut rejected = Vec::new();
        for object_type in ObjectType::ALL {
            rejected.extend(self.rejects_of(space, object_type).await?);
        }
        Ok(rejected)
    }

    /// The records that verdicts left uncertain, those of uploads that failed as a whole, and those that
    /// wait for a record that they refer to, in all integrations at a base URL:
    /// [`Client::resume`](crate::Client::resume) sends them again.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn left_open(&self, base_url: &str) -> Result<Vec<RejectedRecord>, LedgerError> {
        let mut open = Vec::new();
        for (known, integration_id) in self.integrations().await? {
            if known == base_url {
                open.extend(self.rejects(base_url, integration_id).await?);
            }
        }
        open.retain(|record| {
            let is_open = matches!(
                record.outcome,
                TryOutcome::Uncertain | TryOutcome::NotAccepted
            );
            is_open || record.waits_for_parent()
        });
        Ok(open)
    }

    /// The records that the verdicts of these uploads left open.
    pub(crate) async fn left_open_by(
        &self,
        ids: &[ClientRequestId],
    ) -> Result<HashSet<(ObjectType, String)>, LedgerError> {
        let mut open = HashSet::new();
        for id in ids {
            let Some(upload) = self.upload(id).await? else {
                continue;
            };
            let from = chunk_key(upload.number, 0).to_vec();
            let before = Some(chunk_key(upload.number + 1, 0).to_vec());
            let chunks = self.store().scan(Table::History, from, before, usize::MAX);
            for (_, bytes) in chunks.await? {
                let past = inflated(&bytes).unwrap_or_default().into_iter();
                let of_upload = past.filter(|of| {
                    matches!(
                        of.outcome,
                        RecordOutcome::Uncertain | RecordOutcome::NotAccepted
                    )
                });
                open.extend(of_upload.map(|of| (upload.object_type, of.object_id)));
            }
        }
        Ok(open)
    }

    pub(crate) async fn rejects_of(
        &self,
        space: Space,
        object_type: ObjectType,
    ) -> Result<Vec<RejectedRecord>, LedgerError> {
        let mut rejected = Vec::new();
        let visit = |id: &str, state: RecordState, content| {
            if let Some(last_try) = state.last_try.clone() {
                rejected.push(rejected_record(object_type, id, &state, last_try, content));
            }
        };
        self.each_content(space, object_type, visit).await?;
        Ok(rejected)
    }

    /// Records that Gong accepted without what they refer to, and whose content is kept until it has
    /// that.
    pub(crate) async fn kept_without_parents(
        &self,
        space: Space,
        object_type: ObjectType,
    ) -> Result<Vec<RejectedRecord>, LedgerError> {
        let mut kept = Vec::new();
        let visit = |id: &str, state: RecordState, content| {
            if state.last_try.is_none() && !state.missing_parents.is_empty() {
                let sent = LastTry {
                    outcome: TryOutcome::HeldBack,
                    hash: state.hash,
                    reason: REFERS.to_owned(),
                    tries: 0,
                    at: state.last_accepted,
                    next: state.last_accepted,
                    upload: 0,
                    source: object_type.file_stem().to_owned(),
                    line: 0,
                    failed_whole: false,
                    as_of: state.as_of,
                    push: 0,
                };
                kept.push(rejected_record(object_type, id, &state, sent, content));
            }
        };
        self.each_content(space, object_type, visit).await?;
        Ok(kept)
    }

    /// How many records Gong accepted before what they refer to, and a [`resume`](crate::Client::resume)
    /// or the next sync sends again after that.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn waiting_for_parents(&self, base_url: &str) -> Result<usize, LedgerError> {
        let mut waiting = 0;
        for (of, integration_id) in self.integrations().await? {
            if of != base_url {
                continue;
            }
            let space = self.space(base_url, integration_id).await?;
            for object_type in ObjectType::ALL {
                waiting += self.kept_without_parents(space, object_type).await?.len();
            }
        }
        Ok(waiting)
    }

    /// Visits the records of a type whose content is kept.
    async fn each_content(
        &self,
        space: Space,
        object_type: ObjectType,
        mut visit: impl FnMut(&str, RecordState, Content) + Send,
    ) -> Result<(), LedgerError> {
        let mut from = space.prefix(object_type);
        loop {
            let before = Some(space.end(object_type));
            let page = self
                .store()
                .scan(Table::Contents, from, before, PAGE)
                .await?;
            let is_last = page.len() < PAGE;
            from = page
                .last()
                .map(|(key, _)| next_key(key))
                .unwrap_or_default();
            let ids = page.iter().filter_map(|(key, _)| Space::object_id(key));
            let states = self
                .records(space, object_type, ids.collect::<Vec<_>>())
                .await?;
            for ((key, content), state) in page.iter().zip(states) {
                let id = Space::object_id(key).unwrap_or_default();
                let content = Content::decode(content).unwrap_or_default();
                visit(id, state.unwrap_or_default(), content);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Ends the retries of a record by hand, and gives what became of its last try; nothing if there
    /// is none.
    ///
    /// A rejected or unconfirmed record counts as settled until its content changes. A record that was
    /// held back is not listed any more until it is held back again. Nothing is done with an uncertain
    /// record or one whose upload failed as a whole: neither was rejected, and the next push or sync
    /// finds out what became of it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn waive(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<TryOutcome>, LedgerError> {
        let space = self.space(base_url, integration_id).await?;
        let states = self.records(space, object_type, [object_id]).await?;
        let Some(mut state) = states.into_iter().flatten().next() else {
            return Ok(None);
        };
        let Some(last_try) = &mut state.last_try else {
            return Ok(None);
        };
        let outcome = last_try.outcome;
        if matches!(outcome, TryOutcome::Uncertain | TryOutcome::NotAccepted) {
            return Ok(Some(outcome));
        }
        last_try.next = Seconds::MAX;
        let key = space.key(object_type, object_id);
        let mut batch = Batch::new();
        batch.put(Table::Records, &key, &state.encode());
        batch.delete(Table::Contents, &key);
        self.store().commit(batch).await?;
        Ok(Some(outcome))
    }

    /// Forgets which version of a record Gong has, and its last try: the next push that names it sends
    /// it, and no sync deletes it unless somebody confirms that. The last date and the fields that
    /// Gong was sent stay known, since they decide how the next version is sent. Of a record that Gong
    /// does not have, nothing is left. Gives whether the ledger knew it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn forget(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<bool, LedgerError> {
        let space = self.space(base_url, integration_id).await?;
        let states = self.records(space, object_type, [object_id]).await?;
        let Some(state) = states.into_iter().flatten().next() else {
            return Ok(false);
        };
        let key = space.key(object_type, object_id);
        let mut batch = Batch::new();
        if state.is_absent_from_gong() {
            batch.delete(Table::Records, &key);
            batch.delete(Table::Contents, &space.accepted_stage_key(object_id));
        } else {
            let forgotten = RecordState {
                current: Current::Unknown,
                // So a sync does not ask for it, which it does for those of a recovered ledger.
                last_accepted: 0,
                hash: [0; 16],
                line: [0; 8],
                scope: 0,
                absent: 0,
                last_try: None,
                before: None,
                ..state
            };
            batch.put(Table::Records, &key, &forgotten.encode());
        }
        batch.delete(Table::Contents, &key);
        batch.delete(Table::ReadBacks, &key);
        self.store().commit(batch).await?;
        Ok(true)
    }
}

fn rejected_record(
    object_type: ObjectType,
    object_id: &str,
    state: &RecordState,
    last_try: LastTry,
    content: Content,
) -> RejectedRecord {
    let moment = |seconds: i64| Timestamp::from_second(seconds).unwrap_or_default();
    let next_try = last_try.is_tried_later().then(|| moment(last_try.next));
    RejectedRecord {
        object_type,
        object_id: object_id.to_owned(),
        outcome: last_try.outcome,
        has_id: last_try.hash != NO_ID,
        is_before_recovery: last_try.hash == [0; 16],
        reason: last_try.reason,
        tries: last_try.tries,
        at: moment(last_try.at),
        next_try,
        path: last_try.source,
        line: Some(last_try.line).filter(|line| *line > 0),
        has_earlier_version: !state.is_absent_from_gong(),
        kept_by: content.scope,
        content,
        upload: last_try.upload,
        as_of: last_try.as_of,
        push: last_try.push,
        scope: state.scope,
    }
}
