//! Takes out of an upload that was not sent yet what must not be sent any more.

use std::collections::{BTreeSet, HashSet};

use super::lines::each_line;
use super::parents::not_in_gong;
use super::session::Session;
use crate::compare::{HashKey, Reader};
use crate::ledger::{
    Action, Conclusion, Content, Current, Direction, LedgerError, Pending, RecordState, Upload,
    UploadState,
};

impl Session {
    /// Whether records of an upload may refer to one that was sent, and that Gong does not have.
    pub(super) fn lacks_parents(&self, upload: &Upload) -> bool {
        let may_refer = upload.direction != Direction::Delete && !self.options.ignore_dependencies;
        may_refer && self.has_missing()
    }

    /// Takes out of an upload that was not sent yet what must not be sent any more: records that
    /// refer to one that Gong does not have, and versions that were overtaken meanwhile.
    pub(super) async fn thin_out(
        &self,
        upload: &mut Upload,
        pending: &mut Vec<Pending>,
        may_be_stale: bool,
    ) -> Result<Vec<(Pending, String)>, LedgerError> {
        let missing = if self.lacks_parents(upload) {
            self.missing()
        } else {
            HashSet::new()
        };
        let overtaken = if may_be_stale {
            self.overtaken(upload, pending).await?
        } else {
            BTreeSet::new()
        };
        if missing.is_empty() && overtaken.is_empty() {
            return Ok(Vec::new());
        }
        let Some(body) = upload.body.clone() else {
            return Ok(Vec::new());
        };
        let identity = self.ledger.ledger().identity().await?.key();
        let none = |_: &str| 0;
        let mut reader = Reader::new(HashKey::from_bytes(identity), upload.object_type, &none);
        let mut held: Vec<(usize, String, Vec<u8>)> = Vec::new();
        let read = each_line(&self.spool.path(&body), |line| {
            let place = usize::try_from(line.number - 1).unwrap_or(usize::MAX);
            if overtaken.contains(&place) {
                return Ok(());
            }
            let references = reader.references(line.bytes).unwrap_or_default();
            let blocked = references.iter().find(|reference| {
                missing.contains(&(reference.object_type, reference.object_id.to_string()))
            });
            if let Some(reference) = blocked {
                let reason = not_in_gong(reference.object_type, &reference.object_id);
                held.push((place, reason, line.bytes.to_vec()));
            }
            Ok::<(), std::io::Error>(())
        });
        read.map_err(|error| LedgerError::storage(self.spool.path(&body), error))?;
        if held.is_empty() && overtaken.is_empty() {
            return Ok(Vec::new());
        }
        let removed: BTreeSet<usize> = held
            .iter()
            .map(|(place, ..)| *place)
            .chain(overtaken)
            .collect();
        let places: Vec<usize> = (0..pending.len())
            .filter(|place| !removed.contains(place))
            .collect();
        let with_content: Vec<(Pending, String, Content)> = held
            .iter()
            .map(|(place, reason, line)| {
                let pending = pending[*place].clone();
                let content = self.content(upload, &pending, line);
                (pending, reason.clone(), content)
            })
            .collect();
        self.ledger
            .hold_back(upload, &with_content, self.now())
            .await?;
        let kept = self.keep_only(upload, pending, &places).await?;
        for (pending, ..) in &with_content {
            if pending.action == Action::Create {
                self.note_missing(upload.object_type, &pending.object_id);
            }
        }
        *pending = kept;
        Ok(with_content
            .into_iter()
            .map(|(pending, reason, _)| (pending, reason))
            .collect())
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
        let ids: Vec<&str> = ids.collect();
        let states = self
            .ledger
            .ledger()
            .records(self.space, upload.object_type, ids)
            .await?;
        let later = self.later_in_flight(upload).await?;
        let is_overtaken = |pending: &Pending, state: Option<&RecordState>| {
            let by_ledger = state.is_some_and(|state| {
                matches!(state.current, Current::Version | Current::Deleted)
                    && state.as_of > upload.as_of
                    && pending
                        .sent_date
                        .is_none_or(|date| state.sent_date.is_none_or(|sent| date <= sent))
            });
            // Later changes rely on the deletion of a user whose address changes.
            by_ledger || (later.contains(&pending.object_id) && !pending.is_replacement())
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
