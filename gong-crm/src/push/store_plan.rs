//! The uploads of a plan, and what else it writes into the ledger before anything is sent.

use super::PushError;
use super::ids::id_hash;
use super::input::OpenFile;
use super::planned::{Plan, Planned};
use super::session::Session;
use super::survey::Survey;
use crate::ObjectType;
use crate::ledger::{Direction, LedgerError, Pending, Purpose, Upload, UploadState};

pub(super) fn source_of(file: &OpenFile) -> String {
    file.file.path.to_string_lossy().into_owned()
}

impl Session {
    /// Writes a plan into the ledger, and gives the uploads that are to be run. Nothing may be sent
    /// before this returns.
    pub(super) async fn write_down(&self, plan: &mut Plan) -> Result<Vec<Planned>, LedgerError> {
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
            let upload = Upload {
                sources: sources.clone(),
                ..self.blank_upload(*object_type, 0)?
            };
            self.ledger.hold_back(&upload, held, self.now()).await?;
        }
        let mut uploads: Vec<Planned> = plan.older.drain(..).map(Planned::older).collect();
        uploads.extend(writes.new.iter().map(|new| Planned {
            upload: new.upload.clone(),
            is_older: false,
        }));
        self.ledger.begin(writes.new, &mut writes.names).await?;
        for (mut upload, pending, kept) in writes.overtaken {
            self.keep_only(&mut upload, &pending, &kept).await?;
            // What is left of it is sent, and nothing waits for it otherwise.
            let number = upload.number;
            if upload.state == UploadState::Planned {
                let mut planned = uploads.iter_mut();
                if let Some(planned) = planned.find(|of| of.upload.number == number) {
                    planned.upload = upload;
                }
            } else {
                uploads.retain(|of| of.upload.number != number);
            }
        }
        Ok(uploads)
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

    /// An upload of this push that has nothing in it yet.
    pub(super) fn blank_upload(
        &self,
        object_type: ObjectType,
        number: u64,
    ) -> Result<Upload, LedgerError> {
        Ok(Upload {
            number,
            client_request_id: self.identity.request_id(number)?,
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
            planned_at: self.now(),
            accepted_at: None,
            completed_at: None,
            not_found: 0,
            checked_until: None,
            was_tried: false,
            checked_at: None,
            status: None,
            space: self.space.0,
            as_of: self.as_of_type(object_type),
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

    /// Gives the only upload the id that the user chose.
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
        Ok(())
    }
}
