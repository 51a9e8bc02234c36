//! Takes out of an upload that was not sent yet what must not be sent any more.

use std::collections::{BTreeMap, BTreeSet};

use super::bodies::CHUNK;
use super::parents::{Coming, Parents};
use super::planned::HeldBack;
use super::session::Session;
use super::stored::BodyReferences;
use crate::compare::RecordId;
use crate::ledger::{
    Conclusion, Direction, LedgerError, Pending, RecordState, Upload, UploadState,
};

impl Session {
    /// Whether records of an upload may refer to one that was sent, and that Gong does not have or
    /// may not have.
    pub(super) fn must_look_at_parents(&self, upload: &Upload) -> bool {
        let has_doubts = !self.missing.is_empty() || !self.unsure.is_empty();
        upload.direction != Direction::Delete && has_doubts
    }

    /// What is known now of the records that an upload's records refer to. For an upload of an
    /// earlier push, the ledger may know more than when it was planned.
    async fn parents_now(
        &self,
        upload: &Upload,
        may_be_stale: bool,
    ) -> Result<Option<Parents>, LedgerError> {
        let is_new = !may_be_stale && !self.must_look_at_parents(upload);
        if upload.direction == Direction::Delete || is_new {
            return Ok(None);
        }
        let mut coming = Coming::default();
        if may_be_stale {
            let mut open = self.ledger.open_uploads().await?;
            // What a later push planned is sent after this.
            open.retain(|of| of.state != UploadState::Planned || of.push <= upload.push);
            let wanted = self.referred_types([upload.object_type]);
            coming = Coming::new(self, &wanted, [], &open).await?;
        }
        let mut parents = Parents::new(self, coming);
        parents.note_found(self.missing.all(), self.unsure.all());
        Ok(Some(parents))
    }

    /// Takes out of an upload that was not sent yet what must not be sent any more: records that
    /// refer to one that Gong does not have, and versions that were overtaken meanwhile. Notes those
    /// that refer to a record which Gong may not have.
    pub(super) async fn thin_out(
        &self,
        upload: &mut Upload,
        pending: &mut Vec<Pending>,
        may_be_stale: bool,
    ) -> Result<Vec<(Pending, String)>, LedgerError> {
        let Some(body) = upload.body.as_ref().map(|body| self.spool.path(body)) else {
            return Ok(Vec::new());
        };
        let overtaken = if may_be_stale {
            self.overtaken(upload, pending).await?
        } else {
            BTreeSet::new()
        };
        let mut held: BTreeMap<usize, String> = BTreeMap::new();
        let mut is_marked = false;
        if let Some(mut parents) = self.parents_now(upload, may_be_stale).await? {
            let failed = |error| LedgerError::storage(&body, error);
            let reader = self.reader(upload.object_type);
            let mut lines = BodyReferences::open(&body, reader).map_err(failed)?;
            loop {
                let chunk = lines.owned(CHUNK).map_err(failed)?;
                if chunk.is_empty() {
                    break;
                }
                if may_be_stale {
                    let references = chunk.iter().flat_map(|(_, references)| references);
                    parents.look_up(self, references).await?;
                }
                for (place, references) in chunk {
                    if overtaken.contains(&place) {
                        continue;
                    }
                    if let Some(reason) = parents.reason(&references) {
                        held.insert(place, reason);
                    } else if let Some(pending) = pending.get_mut(place) {
                        let before = pending.missing_parents;
                        // Of one that was planned now, only what was found since is looked up. An older
                        // one does not wait for what this push sends.
                        pending.missing_parents = if may_be_stale {
                            parents.missing(&references, false)
                        } else {
                            before.union(parents.missing(&references, true))
                        };
                        is_marked |= pending.missing_parents != before;
                    }
                }
            }
        }
        if held.is_empty() && overtaken.is_empty() {
            if is_marked {
                self.ledger.replace_manifest(upload, pending).await?;
            }
            return Ok(Vec::new());
        }
        let mut contents = self.contents(upload, pending, |place| held.contains_key(&place));
        let is_kept = |place: &usize| !held.contains_key(place) && !overtaken.contains(place);
        let places: Vec<usize> = (0..pending.len()).filter(is_kept).collect();
        let held = held.into_iter().filter_map(|(place, reason)| {
            let content = contents.remove(&place).unwrap_or_default();
            Some((pending.get(place)?.clone(), reason, content))
        });
        let held: Vec<HeldBack> = held.collect();
        self.ledger.hold_back(upload, &held, self.now()).await?;
        let overtaken = overtaken.iter().filter_map(|place| pending.get(*place));
        let gone = overtaken.map(|pending| (upload.object_type, pending.object_id.clone()));
        let gone: Vec<RecordId> = gone
            .filter(|(of, id)| self.vanished.contains(*of, id))
            .collect();
        // Nothing sends them later either.
        self.ledger.clear_last_tries(self.space, &gone).await?;
        *pending = self.keep_only(upload, pending, &places).await?;
        for (pending, ..) in &held {
            self.note_missing_of(upload, std::slice::from_ref(pending));
        }
        let held = held.into_iter();
        Ok(held.map(|(pending, reason, _)| (pending, reason)).collect())
    }

    /// Removes all but some records from an upload that was not sent, and returns the remaining
    /// ones. If none remain, the upload is dropped.
    pub(super) async fn keep_only(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        places: &[usize],
    ) -> Result<Vec<Pending>, LedgerError> {
        if places.is_empty() {
            upload.state = UploadState::Dropped;
            let nothing = Conclusion::default();
            self.discard_body(upload);
            self.ledger
                .conclude(upload, &[], &nothing, self.now())
                .await?;
            return Ok(Vec::new());
        }
        if !self.has_body(upload) {
            let reason = "its content is lost: push its records again".to_owned();
            self.give_up(upload, pending, reason).await?;
            return Ok(Vec::new());
        }
        let old = upload.body.take().unwrap_or_default();
        let written = self.copy_lines(&old, places, upload.number);
        let (name, hash, bytes) =
            written.map_err(|error| LedgerError::storage(self.spool.path(&old), error))?;
        let kept: Vec<Pending> = places.iter().map(|place| pending[*place].clone()).collect();
        upload.records = kept.len() as u64;
        (upload.bytes, upload.body_hash, upload.body) = (bytes, hash, Some(name));
        self.ledger.replace_manifest(upload, &kept).await?;
        self.spool.discard(&old);
        Ok(kept)
    }

    /// The positions of records for which Gong has a version from a later read.
    async fn overtaken(
        &self,
        upload: &Upload,
        pending: &[Pending],
    ) -> Result<BTreeSet<usize>, LedgerError> {
        let ids = pending.iter().map(|pending| pending.object_id.as_str());
        let states = self.states(upload.object_type, ids).await?;
        let later = self.later_in_flight(upload).await?;
        let is_overtaken = |pending: &Pending, state: Option<&RecordState>| {
            let by_ledger = state.is_some_and(|state| {
                state.current.is_certain()
                    && state.as_of > upload.as_of
                    && pending
                        .sent_date
                        .is_none_or(|date| state.sent_date.is_none_or(|sent| date <= sent))
            });
            let is_gone = self
                .vanished
                .contains(upload.object_type, &pending.object_id)
                && upload.direction != Direction::Delete;
            // Later changes rely on the deletion of a user whose address changes.
            is_gone
                || by_ledger
                || (later.contains(&pending.object_id) && !pending.is_replacement())
        };
        Ok(pending
            .iter()
            .zip(&states)
            .enumerate()
            .filter(|(_, (pending, state))| is_overtaken(pending, state.as_ref()))
            .map(|(place, _)| place)
            .collect())
    }

    /// The ids in uploads of the same type that later pushes planned.
    async fn later_in_flight(&self, upload: &Upload) -> Result<BTreeSet<String>, LedgerError> {
        let mut ids = BTreeSet::new();
        for other in self.ledger.open_uploads().await? {
            let is_later = other.number != upload.number
                && other.object_type == upload.object_type
                && other.space == upload.space
                && other.push > upload.push;
            if is_later {
                let pending = self.ledger.manifest(other.number).await?;
                ids.extend(pending.into_iter().map(|pending| pending.object_id));
            }
        }
        Ok(ids)
    }
}
