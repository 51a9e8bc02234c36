//! Queries of a ledger: uploads, the history of a record, rejected records, changes.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use super::concluded::inflated;
use super::manifest::chunk_key;
use super::record::{Current, RecordState, Space};
use super::store::Table;
use super::upload::{Action, Past, RecordOutcome, Upload, UploadState};
use super::{Ledger, LedgerError, LedgerLock};
use crate::{ClientRequestId, IntegrationId, ObjectType};

/// How many entries are read at once.
const PAGE: usize = 1_000;

/// One change of a record that was sent to Gong, and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RecordHistory {
    /// The type of the record.
    pub object_type: ObjectType,
    /// The record's id.
    pub object_id: String,
    /// The action that was sent.
    pub action: Action,
    /// The result; `None` if there is no verdict yet.
    pub outcome: Option<RecordOutcome>,
    /// The names of the fields that differed from the version before.
    pub fields: Vec<String>,
    /// The upload of the record.
    pub client_request_id: ClientRequestId,
    /// When the upload was written down.
    pub at: Timestamp,
    /// Why it was not accepted.
    pub reason: Option<String>,
}

impl Ledger {
    /// The last uploads, newest last, at most `limit` of them.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn uploads(&self, limit: usize) -> Result<Vec<Upload>, LedgerError> {
        let newest = self.counter().await?;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let first = newest.saturating_sub(limit.saturating_sub(1)).max(1);
        self.uploads_from(first).await
    }

    /// Whether Gong holds each of these records in some version, as far as this ledger knows.
    /// [`versions`](Self::versions) tells whether it has a particular version.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn holds(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
        object_type: ObjectType,
        ids: &[impl AsRef<str> + Sync],
    ) -> Result<Vec<bool>, LedgerError> {
        let space = self.space(base_url, integration_id).await?;
        let ids = ids.iter().map(AsRef::as_ref);
        let states = self.records(space, object_type, ids).await?;
        let is_held = |state: Option<RecordState>| {
            state.is_some_and(|state| state.current == Current::Version)
        };
        Ok(states.into_iter().map(is_held).collect())
    }

    /// The uploads whose verdict is not known, the newest last.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn open_uploads(&self) -> Result<Vec<Upload>, LedgerError> {
        let mut uploads = Vec::new();
        for number in self.open_numbers().await? {
            let upload = self.upload_numbered(number).await?;
            uploads.extend(upload.filter(|upload| upload.state.is_open()));
        }
        Ok(uploads)
    }

    /// The upload with an id.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn upload(
        &self,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Upload>, LedgerError> {
        // Ids made by the ledger end with the upload's number.
        let number = client_request_id.as_str().rsplit('-').next();
        if let Some(number) = number.and_then(|number| number.parse().ok())
            && let Some(upload) = self.upload_numbered(number).await?
            && upload.client_request_id == *client_request_id
        {
            return Ok(Some(upload));
        }
        let uploads = self.uploads_from(1).await?;
        let mut named = uploads.into_iter().rev();
        Ok(named.find(|upload| upload.client_request_id == *client_request_id))
    }

    pub(super) async fn uploads_from(&self, first: u64) -> Result<Vec<Upload>, LedgerError> {
        let mut uploads = Vec::new();
        let mut from = first.to_be_bytes().to_vec();
        loop {
            let page = self.store().scan(Table::Uploads, from, None, PAGE).await?;
            let is_last = page.len() < PAGE;
            from = page
                .last()
                .map(|(key, _)| next_key(key))
                .unwrap_or_default();
            for (_, bytes) in &page {
                let upload = serde_json::from_slice(bytes)
                    .map_err(|_| LedgerError::unreadable("an upload"))?;
                uploads.push(upload);
            }
            if is_last {
                return Ok(uploads);
            }
        }
    }

    /// The integrations whose records the ledger knows: the base URL and the id of each.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let ledger = gong_crm::ledger::Ledger::memory();
    /// assert!(ledger.integrations().await?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn integrations(&self) -> Result<Vec<(String, IntegrationId)>, LedgerError> {
        let names: Vec<String> = self.meta_json(b"spaces").await?.unwrap_or_default();
        let parts = names.iter().filter_map(|name| {
            let (base_url, id) = name.rsplit_once(' ')?;
            Some((base_url.to_owned(), id.parse().ok()?))
        });
        Ok(parts.collect())
    }

    /// The base URL of the Gong that an upload belongs to; `None` for one of the first versions of this
    /// tool, which did not write it down.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn base_url_of(&self, upload: &Upload) -> Result<Option<String>, LedgerError> {
        let names: Vec<String> = self.meta_json(b"spaces").await?.unwrap_or_default();
        let name = usize::from(upload.space).checked_sub(1);
        let name = name.and_then(|place| names.get(place));
        let parts = name.and_then(|name| name.rsplit_once(' '));
        Ok(parts.map(|(base_url, _)| base_url.to_owned()))
    }

    /// The records of all uploads without a verdict.
    pub(crate) async fn records_under_way(
        &self,
        space: Space,
    ) -> Result<HashSet<(ObjectType, String)>, LedgerError> {
        self.records_of_open(space, |_| true).await
    }

    /// The records of those uploads that Gong may have and whose verdict is not known.
    pub(crate) async fn records_sent(
        &self,
        space: Space,
    ) -> Result<HashSet<(ObjectType, String)>, LedgerError> {
        let is_sent = |state| state != UploadState::Planned;
        self.records_of_open(space, is_sent).await
    }

    async fn records_of_open(
        &self,
        space: Space,
        is_wanted: impl Fn(UploadState) -> bool,
    ) -> Result<HashSet<(ObjectType, String)>, LedgerError> {
        let mut records = HashSet::new();
        for upload in self.open_uploads().await? {
            if upload.space() != space || !is_wanted(upload.state) {
                continue;
            }
            let from = chunk_key(upload.number, 0).to_vec();
            let before = Some(chunk_key(upload.number + 1, 0).to_vec());
            let chunks = self
                .store()
                .scan(Table::Manifests, from, before, usize::MAX);
            for (_, bytes) in chunks.await? {
                let pending: Vec<super::Pending> = postcard::from_bytes(&bytes).unwrap_or_default();
                let ids = pending.into_iter().map(|pending| pending.object_id);
                records.extend(ids.map(|id| (upload.object_type, id)));
            }
        }
        Ok(records)
    }

    /// Locks the ledger, so that no push uses it while the lock lives.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Held`] while another process has it locked.
    pub async fn try_lock(&self) -> Result<LedgerLock, LedgerError> {
        self.store().try_lock().await
    }

    /// The state of a record, as the ledger knows it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn record(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Option<RecordState>, LedgerError> {
        let space = self.space(base_url, integration_id).await?;
        let states = self.records(space, object_type, [object_id]).await?;
        Ok(states.into_iter().flatten().next())
    }

    /// Everything that was sent for one record, oldest first.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn history(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<Vec<RecordHistory>, LedgerError> {
        let is_of_record = |past: &RecordHistory| past.object_id == object_id;
        let is_of_type = |upload: &Upload| upload.object_type == object_type;
        self.past(is_of_type, is_of_record).await
    }

    /// Everything that was sent since a moment, the oldest first.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn changes(&self, since: Timestamp) -> Result<Vec<RecordHistory>, LedgerError> {
        let is_newer = |upload: &Upload| upload.completed_at.unwrap_or(upload.planned_at) >= since;
        self.past(is_newer, |_| true).await
    }

    async fn past(
        &self,
        of_upload: impl Fn(&Upload) -> bool,
        of_record: impl Fn(&RecordHistory) -> bool,
    ) -> Result<Vec<RecordHistory>, LedgerError> {
        let mut found = Vec::new();
        let mut uploads = self.uploads_from(1).await?;
        // Within a push, versions of a record are numbered as their file has them, and sent step by step.
        uploads.sort_by_key(|upload| (upload.push, upload.step, upload.number));
        for upload in uploads {
            if !of_upload(&upload) {
                continue;
            }
            let names = self.names(upload.space(), upload.object_type).await?;
            let entry = |object_id: String, action, outcome, changed: &[u16], reason: String| {
                RecordHistory {
                    object_type: upload.object_type,
                    object_id,
                    action,
                    outcome,
                    fields: changed
                        .iter()
                        .filter_map(|number| names.name(*number).map(str::to_owned))
                        .collect(),
                    client_request_id: upload.client_request_id.clone(),
                    at: upload.planned_at,
                    reason: Some(reason).filter(|reason| !reason.is_empty()),
                }
            };
            let before = Some(chunk_key(upload.number + 1, 0).to_vec());
            let from = chunk_key(upload.number, 0).to_vec();
            let is_open = upload.state.is_open();
            let table = if is_open {
                Table::Manifests
            } else {
                Table::History
            };
            for (_, bytes) in self.store().scan(table, from, before, usize::MAX).await? {
                let entries: Vec<RecordHistory> = if is_open {
                    let pending: Vec<super::Pending> =
                        postcard::from_bytes(&bytes).unwrap_or_default();
                    pending
                        .into_iter()
                        .map(|of| entry(of.object_id, of.action, None, &of.changed, String::new()))
                        .collect()
                } else {
                    let past: Vec<Past> = inflated(&bytes).unwrap_or_default();
                    past.into_iter()
                        .map(|of| {
                            let outcome = Some(of.outcome);
                            entry(of.object_id, of.action, outcome, &of.changed, of.reason)
                        })
                        .collect()
                };
                found.extend(entries.into_iter().filter(|entry| of_record(entry)));
            }
        }
        Ok(found)
    }
}

/// The smallest key after a key.
pub(super) fn next_key(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}
