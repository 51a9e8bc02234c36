//! What a verdict changes in the ledger, record by record.

use std::collections::BTreeSet;
use std::thread;

use jiff::Timestamp;

use super::accounts::NewAccounts;
use super::conclusion::{Conclusion, Content};
use super::manifest::{CHUNK, chunk_key};
use super::read_backs::leaves_out_a_field;
use super::record::{RecordState, Space, TryOutcome};
use super::store::{Batch, Table};
use super::upload::{Action, Past, Pending, RecordOutcome, Upload};
use super::verdict::{after, bounded, later_held, outcome_after};
use crate::ObjectType;

/// How many threads make the changes of a large upload.
pub(super) const THREADS: usize = 2;

/// The places of records in an upload whose outcome follows from their earlier tries.
#[derive(Debug, Default)]
pub(crate) struct DecidedByTries {
    /// Uncertain ones that stay unconfirmed: they were tried as often as they are tried.
    pub(crate) unconfirmed: BTreeSet<usize>,
    /// Those that Gong rejected before, and whose upload failed as a whole now.
    pub(crate) rejected: BTreeSet<usize>,
}

/// The changes that a verdict makes, and what it counts.
#[derive(Debug, Default)]
pub(super) struct Concluded {
    pub(super) batch: Batch,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    /// The keys of records of which fields were left out that Gong was sent before.
    pub(super) omitted: Vec<Vec<u8>>,
    pub(super) decided: DecidedByTries,
    pub(super) new_accounts: NewAccounts,
}

impl Concluded {
    /// Adds what later records of the upload change.
    pub(super) fn append(&mut self, mut next: Self) {
        self.batch.append(&next.batch);
        self.accepted += next.accepted;
        self.rejected += next.rejected;
        self.omitted.append(&mut next.omitted);
        self.decided
            .unconfirmed
            .append(&mut next.decided.unconfirmed);
        self.decided.rejected.append(&mut next.decided.rejected);
        self.new_accounts.append(next.new_accounts);
    }
}

/// The verdict of an upload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Concluding<'a> {
    pub(super) upload: &'a Upload,
    pub(super) conclusion: &'a Conclusion,
    pub(super) now: Timestamp,
}

/// A chunk of an upload's records, its number, and their states before the verdict.
pub(super) type Chunk<'a> = (usize, &'a [Pending], Vec<Option<RecordState>>);

impl Concluding<'_> {
    /// What the verdict changes for some chunks, each on a thread of its own.
    pub(super) fn all(self, mut chunks: Vec<Chunk<'_>>) -> Concluded {
        let Some(last) = chunks.pop() else {
            return Concluded::default();
        };
        thread::scope(|scope| {
            let threads = chunks.into_iter();
            let threads = threads.map(|chunk| scope.spawn(move || self.chunk(chunk)));
            let threads: Vec<_> = threads.collect();
            let last = self.chunk(last);
            let mut all = Concluded::default();
            for thread in threads {
                let concluded = thread.join();
                all.append(concluded.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            all.append(last);
            all
        })
    }

    fn chunk(self, (number, chunk, old): Chunk<'_>) -> Concluded {
        let mut concluded = Concluded::default();
        let mut history = Vec::with_capacity(chunk.len());
        for (offset, (pending, old)) in chunk.iter().zip(old).enumerate() {
            history.push(self.record(number * CHUNK + offset, pending, old, &mut concluded));
        }
        put_history(&mut concluded.batch, self.upload.number, number, &history);
        concluded
    }

    /// The next state of a record, with what is kept of its content and its history.
    fn record(
        self,
        place: usize,
        pending: &Pending,
        old: Option<RecordState>,
        concluded: &mut Concluded,
    ) -> Past {
        let Self {
            upload,
            conclusion,
            now,
        } = self;
        let is_stage = upload.object_type == ObjectType::Stage;
        let (given, reason) = conclusion.outcome(place);
        let outcome = outcome_after(pending, old.as_ref(), given, conclusion);
        if outcome != given {
            concluded.decided.rejected.insert(place);
        }
        let is_accepted = outcome == RecordOutcome::Accepted;
        concluded.accepted += u64::from(is_accepted);
        concluded.rejected += u64::from(outcome == RecordOutcome::Rejected);
        let is_account = upload.object_type == ObjectType::Account;
        if is_accepted && is_account && pending.action != Action::Delete {
            let new_accounts = &mut concluded.new_accounts;
            new_accounts.note(&pending.object_id, old.as_ref());
        }
        let key = upload.space().key(upload.object_type, &pending.object_id);
        let is_shorter = pending.action == Action::Update
            && is_accepted
            && upload.object_type.has_entity_schema()
            && old
                .as_ref()
                .is_some_and(|old| leaves_out_a_field(old, pending));
        if is_shorter {
            concluded.omitted.push(key.clone());
        }
        let keeps_held = later_held(upload, pending, old.as_ref()).is_some();
        let state = after(upload, pending, old, outcome, reason, conclusion, now);
        let last = state.last_try.as_ref().map(|last| last.outcome);
        if outcome == RecordOutcome::Uncertain && last == Some(TryOutcome::Unconfirmed) {
            concluded.decided.unconfirmed.insert(place);
        }
        let batch = &mut concluded.batch;
        batch.put(Table::Records, &key, &state.encode());
        let content = conclusion.contents.get(&place);
        if keeps_held {
            // The content is that of the later version.
        } else if !is_accepted {
            let content = content.map_or_else(Vec::new, |of| of.encode_for(upload.sync));
            batch.put(Table::Contents, &key, &content);
        } else if let Some(content) = content
            && !is_stage
        {
            // It is sent again once Gong has what it refers to.
            batch.put(Table::Contents, &key, &content.encode_for(upload.sync));
        } else if pending.is_known {
            batch.delete(Table::Contents, &key);
        }
        if is_accepted && is_stage {
            put_accepted_stage(batch, upload.space(), pending, content);
        }
        Past {
            object_id: pending.object_id.clone(),
            action: pending.action,
            outcome,
            changed: pending.changed.clone(),
            reason: bounded(reason),
        }
    }
}

/// Stores the accepted version of a stage, which is needed to deactivate the stage later.
fn put_accepted_stage(
    batch: &mut Batch,
    space: Space,
    pending: &Pending,
    content: Option<&Content>,
) {
    let key = space.accepted_stage_key(&pending.object_id);
    match content {
        _ if pending.action == Action::Delete => batch.delete(Table::Contents, &key),
        Some(content) => batch.put(Table::Contents, &key, &content.encode()),
        // The content is deleted with its body: an older line would overwrite what was accepted
        // now.
        None => batch.delete(Table::Contents, &key),
    }
}

fn put_history(batch: &mut Batch, number: u64, chunk: usize, history: &[Past]) {
    let bytes = postcard::to_allocvec(history).unwrap_or_default();
    let chunk = u32::try_from(chunk).unwrap_or(u32::MAX);
    let key = chunk_key(number, chunk);
    batch.put(Table::History, &key, &deflated(&bytes));
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing into memory can't fail.
    drop(encoder.write_all(bytes));
    encoder.finish().unwrap_or_default()
}

pub(super) fn inflated(bytes: &[u8]) -> Option<Vec<Past>> {
    use std::io::Read as _;
    let mut plain = Vec::new();
    flate2::read::DeflateDecoder::new(bytes)
        .read_to_end(&mut plain)
        .ok()?;
    postcard::from_bytes(&plain).ok()
}
