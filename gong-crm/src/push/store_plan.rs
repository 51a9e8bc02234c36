//! The uploads of a plan, and what else it writes into the ledger before anything is sent.

use super::PushError;
use super::body::Body;
use super::ids::id_hash;
use super::input::OpenFile;
use super::planned::Plan;
use super::session::Session;
use super::survey::Survey;
use crate::ObjectType;
use crate::ledger::{Direction, LedgerError, NewUpload, Pending, Purpose, Upload, UploadState};

fn source_of(file: &OpenFile) -> String {
    file.file.path.to_string_lossy().into_owned()
}

impl Session {
    /// Writes a plan into the ledger. Nothing may be sent before this returns.
    pub(super) async fn write_down(&self, plan: &mut Plan) -> Result<(), LedgerError> {
        self.write_round(plan).await?;
        let mut writes = std::mem::take(&mut plan.writes);
        self.ledger
            .clear_last_tries(self.space, &writes.settled)
            .await?;
        let ledger = self.ledger.ledger();
        for (object_type, given) in &writes.given {
            ledger.note_given(self.space, *object_type, given).await?;
        }
        let sources: Vec<String> = self.files.iter().map(source_of).collect();
        for (object_type, held) in &writes.held {
            let mut upload = self.blank_upload(*object_type, 0).await?;
            upload.sources.clone_from(&sources);
            self.ledger.hold_back(&upload, held, self.now()).await?;
        }
        self.ledger.begin(writes.new, &mut writes.names).await?;
        for (mut upload, pending, kept) in writes.overtaken {
            self.keep_only(&mut upload, &pending, &kept).await?;
            // What is left of it is sent, and nothing waits for it otherwise.
            let number = upload.number;
            if upload.state == UploadState::Planned {
                let mut planned = plan.uploads.iter_mut();
                if let Some(planned) = planned.find(|of| of.upload.number == number) {
                    planned.upload = upload;
                }
            } else {
                plan.uploads.retain(|of| of.upload.number != number);
            }
        }
        Ok(())
    }

    /// Finds the records of unsent uploads for which this push has later versions.
    pub(super) async fn overtaken_by(
        &self,
        surveyed: &Survey,
        object_type: ObjectType,
        open: &[Upload],
    ) -> Result<Vec<(Upload, Vec<Pending>, Vec<usize>)>, LedgerError> {
        let mut overtaken = Vec::new();
        for upload in open {
            let is_unsent = upload.state == UploadState::Planned
                && upload.object_type == object_type
                && upload.space() == self.space
                && upload.purpose != Purpose::Legacy;
            if !is_unsent {
                continue;
            }
            let pending = self.ledger.manifest(upload.number).await?;
            let is_named = |id: &str| surveyed.find(id_hash(&self.key, id)).is_some();
            let kept: Vec<usize> = (0..pending.len())
                .filter(|place| !is_named(&pending[*place].object_id))
                .collect();
            if kept.len() < pending.len() {
                overtaken.push((upload.clone(), pending, kept));
            }
        }
        Ok(overtaken)
    }

    async fn blank_upload(
        &self,
        object_type: ObjectType,
        number: u64,
    ) -> Result<Upload, LedgerError> {
        let identity = self.ledger.ledger().identity().await?;
        let now = self.now();
        Ok(Upload {
            number,
            client_request_id: identity.request_id(object_type, number)?,
            integration_id: self.integration_id,
            object_type,
            direction: Direction::Upsert,
            purpose: Purpose::Records,
            state: UploadState::Planned,
            records: 0,
            bytes: 0,
            accepted: 0,
            rejected: 0,
            sources: Vec::new(),
            planned_at: now,
            accepted_at: None,
            completed_at: None,
            not_found: 0,
            checked_until: None,
            checked_at: None,
            status: None,
            space: self.space.0,
            as_of: self
                .read_of(object_type)
                .map_or(self.as_of, |(_, read)| read.as_of),
            push: self.push,
            body: None,
            body_hash: String::new(),
            has_own_id: false,
            order: None,
            step: 0,
            scope: self.owner(object_type),
            sync: self.round.as_ref().map_or(0, |round| round.scope),
        })
    }

    pub(super) async fn new_upload(&self, body: Body) -> Result<NewUpload, PushError> {
        let blank = self.blank_upload(body.object_type, body.number).await?;
        let (group, records) = (body.group, body.records);
        let files = body.files.iter();
        let sources = files.map(|file| self.files.get(*file as usize).map(source_of));
        let upload = Upload {
            direction: group.direction,
            order: Some(group.level.direction()),
            step: group.level.step(),
            records: records.len() as u64,
            bytes: body.bytes,
            as_of: group.as_of.unwrap_or(blank.as_of),
            sources: sources.map(Option::unwrap_or_default).collect(),
            body: Some(body.name),
            body_hash: body.hash,
            ..blank
        };
        Ok(NewUpload { upload, records })
    }

    /// Returns the only upload the id that the user chose.
    pub(super) async fn take_own_id(&self, plan: &mut Plan) -> Result<(), PushError> {
        let Some(id) = &self.options.request_id else {
            return Ok(());
        };
        let [only] = plan.writes.new.as_mut_slice() else {
            return match plan.writes.new.len() {
                0 => Ok(()),
                uploads => Err(PushError::OneIdForMany { uploads }),
            };
        };
        let earlier = self.ledger.ledger().upload(id).await?;
        if let Some(earlier) = earlier
            && earlier.body_hash != only.upload.body_hash
        {
            return Err(PushError::IdUsed { id: id.clone() });
        }
        only.upload.client_request_id = id.clone();
        only.upload.has_own_id = true;
        for planned in &mut plan.uploads {
            if planned.upload.number == only.upload.number {
                planned.upload = only.upload.clone();
            }
        }
        Ok(())
    }
}
