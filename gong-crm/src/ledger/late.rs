//! Uploads that were given up, and that Gong may still process: it would put their versions of records
//! over later ones.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

use super::conclusion::Content;
use super::locked::LockedLedger;
use super::manifest::CHUNK;
use super::record::{Current, LastTry, LineHash, RecordState, Space, TryOutcome};
use super::store::{Batch, Table};
use super::upload::{Action, Pending, Upload};
use super::verdict::become_unknown;
use super::{LATE, Ledger, LedgerError};
use crate::compare::deletion_line;

impl Ledger {
    pub(super) async fn late_numbers(&self) -> Result<BTreeSet<u64>, LedgerError> {
        Ok(self.meta_json(LATE).await?.unwrap_or_default())
    }

    /// The uploads that were given up and that Gong may still process, the newest last. Pushes and syncs
    /// ask Gong about each until [`Upload::checked_until`], and [`Client::resume`](crate::Client::resume)
    /// does so at once: what Gong processes late can be older than what it has.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn given_up_uploads(&self) -> Result<Vec<Upload>, LedgerError> {
        let mut uploads = Vec::new();
        for number in self.late_numbers().await? {
            let upload = self.upload_numbered(number).await?;
            uploads.extend(upload.filter(|upload| upload.checked_until.is_some()));
        }
        Ok(uploads)
    }

    /// Those to an integration, the one that was not asked about for the longest time first.
    pub(crate) async fn late_uploads(&self, space: Space) -> Result<Vec<Upload>, LedgerError> {
        let mut uploads = self.given_up_uploads().await?;
        uploads.retain(|upload| upload.space() == space);
        uploads.sort_by_key(|upload| upload.checked_at);
        Ok(uploads)
    }
}

impl LockedLedger {
    /// Ends the looks at an upload that was given up: Gong is not expected to process it any more.
    pub(crate) async fn forget_late(&self, upload: &mut Upload) -> Result<(), LedgerError> {
        self.end_late(Batch::new(), upload).await
    }

    /// Writes down that Gong has processed an upload that was given up, with those of its lines that
    /// `is_taken` says. Gives the ids of the records that Gong had, or had deleted, in another version:
    /// it may have the one of the upload again.
    pub(crate) async fn conclude_late(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        is_taken: impl Fn(usize) -> bool,
        now: Timestamp,
    ) -> Result<Vec<String>, LedgerError> {
        let (space, object_type) = (upload.space(), upload.object_type);
        let mut batch = Batch::new();
        let mut overwritten = Vec::new();
        for (number, chunk) in pending.chunks(CHUNK).enumerate() {
            let ids = chunk.iter().map(|pending| pending.object_id.as_str());
            let states = self.ledger().records(space, object_type, ids).await?;
            for (offset, (pending, state)) in chunk.iter().zip(states).enumerate() {
                let place = number * CHUNK + offset;
                let Some(mut state) =
                    state.filter(|state| is_taken(place) && is_overwritten(state, pending))
                else {
                    continue;
                };
                let key = space.key(object_type, &pending.object_id);
                // A later version that is kept is sent, and ends the doubt.
                if state.last_try.is_none() {
                    state.last_try = Some(doubt(upload, pending, &state, now));
                    let content = content_of(&state, pending, now);
                    batch.put(Table::Contents, &key, &content);
                }
                become_unknown(&mut state, pending);
                state.hash = [0; 16];
                state.line = LineHash::default();
                batch.put(Table::Records, &key, &state.encode());
                overwritten.push(pending.object_id.clone());
            }
        }
        self.end_late(batch, upload).await?;
        Ok(overwritten)
    }

    /// Whether an upload that Gong may be processing now has records of another one: which of the two
    /// came last is known once both have their verdict.
    pub(crate) async fn is_under_way_again(
        &self,
        late: &Upload,
        pending: &[Pending],
    ) -> Result<bool, LedgerError> {
        let mut ids: Option<HashSet<&str>> = None;
        for upload in self.open_uploads().await? {
            let is_of_type =
                upload.space() == late.space() && upload.object_type == late.object_type;
            if !is_of_type || !upload.state.may_be_in_gong() {
                continue;
            }
            let ids = ids.get_or_insert_with(|| {
                let ids = pending.iter().map(|pending| pending.object_id.as_str());
                ids.collect()
            });
            let records = self.manifest(upload.number).await?;
            if records.iter().any(|of| ids.contains(of.object_id.as_str())) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether Gong had another version than that of an upload which it processed late. What is unknown
/// anyway is sent again anyway.
fn is_overwritten(state: &RecordState, pending: &Pending) -> bool {
    match state.current {
        Current::Version | Current::Deleted => {
            pending.is_replacement() || state.hash != pending.hash
        }
        Current::None => pending.action != Action::Delete,
        Current::Unknown => false,
    }
}

/// It counts as uncertain until it is sent again: a source that gives changes may not name it for
/// years.
fn doubt(upload: &Upload, pending: &Pending, state: &RecordState, now: Timestamp) -> LastTry {
    let source = upload.sources.get(pending.source as usize);
    let id = &upload.client_request_id;
    LastTry {
        outcome: TryOutcome::Uncertain,
        hash: if state.hash == [0; 16] {
            pending.hash
        } else {
            state.hash
        },
        reason: format!("Gong processed {id} late, and may have an older version again"),
        tries: 0,
        at: now.as_second(),
        next: now.as_second(),
        upload: upload.number,
        source: source.cloned().unwrap_or_default(),
        line: 0,
        failed_whole: false,
        as_of: state.as_of,
        push: upload.push,
    }
}

/// What is kept of it: a deletion needs no content, and of a version only the hash is known.
fn content_of(state: &RecordState, pending: &Pending, now: Timestamp) -> Vec<u8> {
    if state.current != Current::Deleted || state.scope != 0 {
        return Vec::new();
    }
    let mut line = Vec::new();
    let date = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    deletion_line(&pending.object_id, &date, &mut line);
    Content {
        line,
        ..Content::default()
    }
    .encode()
}
