//! Records that refer to new ones wait until the upload of those has its verdict: Gong silently
//! drops them if the others do not exist.

use std::collections::{HashMap, HashSet};
use std::io;

use super::lines::id_reader;
use super::planned::Planned;
use super::session::Session;
use super::stored::BodyReferences;
use crate::compare::{RecordId, Reference};
use crate::ledger::{Direction, LedgerError, Pending, Upload, UploadState};

/// New records, by the number of the upload without a verdict that holds them.
pub(super) type NewRecords = HashMap<u64, Vec<RecordId>>;

impl Session {
    /// Notes the new records of uploads that have no verdict: of those that are not part of this run,
    /// and of its older ones, whose records it gives.
    pub(super) async fn note_open_uploads(
        &self,
        uploads: &[Planned],
    ) -> Result<NewRecords, LedgerError> {
        let known: HashSet<u64> = uploads.iter().map(|of| of.upload.number).collect();
        let open = self.ledger.open_uploads().await?;
        for upload in open.iter().filter(|upload| !known.contains(&upload.number)) {
            if upload.space() == self.space {
                self.note_under_way(upload).await?;
            }
        }
        // Pushes are finished one after another, and one of them can refer to what a later one brings.
        let mut new_records = NewRecords::new();
        for planned in uploads.iter().filter(|planned| planned.is_older) {
            let new = self.note_under_way(&planned.upload).await?;
            new_records.insert(planned.upload.number, new);
        }
        Ok(new_records)
    }

    /// Notes the new records of an upload that has no verdict, and gives them. Nothing waits for a record
    /// to be deleted.
    pub(super) async fn note_under_way(
        &self,
        upload: &Upload,
    ) -> Result<Vec<RecordId>, LedgerError> {
        if upload.direction == Direction::Delete {
            return Ok(Vec::new());
        }
        let pending = self.ledger.manifest(upload.number).await?;
        let new: Vec<RecordId> = pending
            .into_iter()
            .filter(Pending::may_be_first)
            .map(|pending| (upload.object_type, pending.object_id))
            .collect();
        for (object_type, id) in &new {
            self.under_way.add(*object_type, id);
        }
        Ok(new)
    }

    /// Takes the new records of an upload out, which was not sent.
    pub(super) async fn forget_under_way(&self, upload: &Upload) {
        if upload.direction == Direction::Delete {
            return;
        }
        for pending in self.pending_of(upload).await {
            if pending.may_be_first() {
                let record = (upload.object_type, pending.object_id);
                self.under_way.remove(&record);
            }
        }
    }

    /// Why an upload must not be sent yet, because it refers to records that are under way.
    pub(super) async fn parent_under_way(
        &self,
        upload: &Upload,
    ) -> Result<Option<String>, LedgerError> {
        let is_unsent = upload.state == UploadState::Planned;
        if !is_unsent || upload.direction == Direction::Delete || self.under_way.is_empty() {
            return Ok(None);
        }
        let Some(body) = &upload.body else {
            return Ok(None);
        };
        let body = self.spool.path(body);
        let is_under_way = |parent: &Reference<'_>| {
            let Reference {
                object_type,
                object_id,
            } = parent;
            self.under_way.contains(*object_type, object_id)
        };
        let reader = id_reader(self.key, upload.object_type);
        let parent =
            BodyReferences::open(&body, reader).and_then(|mut lines| lines.find(is_under_way));
        match parent {
            Ok(None) => Ok(None),
            Ok(Some((place, (object_type, object_id)))) => {
                let pending = self.pending_of(upload).await;
                let id = pending.get(place).map_or("one", |of| &of.object_id);
                Ok(Some(format!(
                    "{id} refers to {object_type} {object_id}, which is new, and whose upload has no \
                     verdict yet"
                )))
            }
            // That its content is lost is said where it is sent.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LedgerError::storage(body, error)),
        }
    }
}
