//! Uploads that a version of this tool made that did not know records.
//!
//! Gong is asked for their status before the first new upload of their type. Their records start as
//! not known: the next push sends them.

use super::locked::{LockedLedger, put_upload};
use super::store::{Batch, legacy};
use super::upload::{Direction, Purpose, Upload, UploadState};
use super::{IntegrationId, LedgerError};

impl LockedLedger {
    /// Takes over the open uploads of an older ledger.
    pub(super) async fn adopt_legacy_uploads(&self) -> Result<(), LedgerError> {
        let uploads = legacy::uploads(self.ledger().store()).await?;
        if uploads.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for old in uploads {
            // An id or a type that this version does not know can't be asked about.
            let names = (old.client_request_id.parse(), old.object_type.parse());
            if let (Ok(client_request_id), Ok(object_type)) = names {
                let state = match old.state.as_str() {
                    "accepted" | "processing" => UploadState::Accepted,
                    // Nothing of it has left: its file is pushed again.
                    "planned" => UploadState::Dropped,
                    _ => UploadState::Sending,
                };
                let upload = Upload {
                    number: self.next_number(),
                    client_request_id,
                    integration_id: IntegrationId::from(old.integration_id),
                    object_type,
                    direction: Direction::Upsert,
                    purpose: Purpose::Legacy,
                    state,
                    records: old.records,
                    bytes: old.bytes,
                    accepted: 0,
                    rejected: 0,
                    sources: vec![old.source_path.to_string_lossy().into_owned()],
                    planned_at: old.planned_at,
                    accepted_at: (state == UploadState::Accepted).then_some(old.updated_at),
                    completed_at: (state == UploadState::Dropped).then_some(old.updated_at),
                    not_found: 0,
                    checked_until: None,
                    was_tried: false,
                    checked_at: None,
                    status: old.answer.clone(),
                    space: 0,
                    as_of: old.planned_at.as_millisecond(),
                    push: old.planned_at.as_millisecond(),
                    body: None,
                    body_hash: String::new(),
                    has_own_id: false,
                    order: None,
                    step: 0,
                    scope: 0,
                    sync: 0,
                };
                put_upload(&mut batch, &upload)?;
                if state.is_open() {
                    self.open(upload.number);
                }
            }
            old.remove(&mut batch);
        }
        self.put_state(&mut batch)?;
        self.ledger().store().commit(batch).await
    }
}
