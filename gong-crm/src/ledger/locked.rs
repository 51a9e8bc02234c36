//! Writing into a ledger: uploads are written down before they leave, verdicts in one transaction.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gong_client::clock::Clock;
use jiff::Timestamp;

use super::concluded::{Concluded, Concluding, DecidedByTries, THREADS};
use super::conclusion::{Conclusion, Content, checked_until};
use super::manifest::{self, CHUNK, Manifest, chunk_key};
use super::record::{Milliseconds, RecordState, Space, TryOutcome};
use super::store::{Batch, Table, put_json};
use super::upload::{Pending, Upload};
use super::verdict::{last_try, tries_of};
use super::{
    ANOTHER_COPY, AS_OF, COUNTER, LATE, Ledger, LedgerError, LedgerLock, LockOwner, Names, OPEN,
};
use crate::ObjectType;

/// The longest content of a record that is kept.
const MAX_CONTENT: usize = 1 << 20;

impl Content {
    pub(super) fn encode(&self) -> Vec<u8> {
        let bytes = postcard::to_allocvec(self).unwrap_or_default();
        // An entry without content still says that the record is not in Gong.
        if bytes.len() > MAX_CONTENT {
            return Vec::new();
        }
        bytes
    }

    /// The same as the sync of a scope keeps it, or a push, whose scope is 0.
    pub(super) fn encode_for(&self, scope: u32) -> Vec<u8> {
        let content = Self {
            scope,
            ..self.clone()
        };
        content.encode()
    }
}

/// How long to wait before looking again whether another push has ended.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A ledger that is locked for one push, or that one plan reads.
#[derive(Debug, Clone)]
pub(crate) struct LockedLedger {
    ledger: Ledger,
    // Held also by writes that are under way when the push is dropped. A plan has none.
    _lock: Option<Arc<LedgerLock>>,
    state: Arc<Mutex<State>>,
    /// Held from the moment the state is put into a batch until the batch is written: an older state
    /// must not replace a newer one.
    writing: Arc<tokio::sync::Mutex<()>>,
}

/// The lists of uploads have at least those that belong into them: an upload that is missing is never
/// asked about again. Where a write fails, a list may have one too many, and the state of the upload
/// itself, which is written with everything else, decides.
#[derive(Debug, Clone)]
struct State {
    counter: u64,
    open: BTreeSet<u64>,
    /// The uploads that were given up, and that Gong may still process.
    late: BTreeSet<u64>,
    /// The as-of of the last push.
    as_of: Milliseconds,
}

impl State {
    fn without_open(&self, number: u64) -> Self {
        let mut state = self.clone();
        state.open.remove(&number);
        state
    }

    fn without_late(&self, number: u64) -> Self {
        let mut state = self.clone();
        state.late.remove(&number);
        state
    }

    fn put(&self, batch: &mut Batch) -> Result<(), LedgerError> {
        put_json(batch, Table::Meta, COUNTER, &self.counter)?;
        put_json(batch, Table::Meta, AS_OF, &self.as_of)?;
        put_json(batch, Table::Meta, LATE, &self.late)?;
        put_json(batch, Table::Meta, OPEN, &self.open)
    }
}

/// An upload that is to be written down, with its records.
#[derive(Debug)]
pub(crate) struct NewUpload {
    pub(crate) upload: Upload,
    pub(crate) records: Manifest,
}

impl Ledger {
    /// Locks the ledger for a push. If `waits`, waits for another push to end; `on_wait` is called
    /// once with its owner.
    pub(crate) async fn lock(
        &self,
        waits: bool,
        clock: &dyn Clock,
        on_wait: &(dyn Fn(LockOwner) + Send + Sync),
    ) -> Result<LockedLedger, LedgerError> {
        let mut is_reported = false;
        let lock = loop {
            match self.store().try_lock().await {
                Ok(lock) => break lock,
                Err(LedgerError::Held(owner)) if waits => {
                    if !is_reported {
                        on_wait(owner);
                        is_reported = true;
                    }
                    clock.sleep(LOOK_EVERY).await;
                }
                Err(error) => return Err(error),
            }
        };
        self.identity().await?;
        self.check_usable().await?;
        self.locked_by(lock).await
    }

    /// The ledger as it is now, for a plan: another push may use it meanwhile, and nothing may be
    /// written.
    pub(crate) async fn unlocked(&self) -> Result<LockedLedger, LedgerError> {
        self.identity().await?;
        self.check_usable().await?;
        self.with_lock(None).await
    }

    /// The ledger in any state, locked by a caller who has its lock.
    pub(super) async fn locked_by(&self, lock: LedgerLock) -> Result<LockedLedger, LedgerError> {
        let locked = self.with_lock(Some(lock)).await?;
        locked.adopt_legacy_uploads().await?;
        Ok(locked)
    }

    async fn with_lock(&self, lock: Option<LedgerLock>) -> Result<LockedLedger, LedgerError> {
        let state = State {
            counter: self.counter().await?,
            open: self.open_numbers().await?,
            late: self.late_numbers().await?,
            as_of: self.meta_json(AS_OF).await?.unwrap_or(Milliseconds::MIN),
        };
        Ok(LockedLedger {
            ledger: self.clone(),
            _lock: lock.map(Arc::new),
            state: Arc::new(Mutex::new(state)),
            writing: Arc::default(),
        })
    }
}

impl LockedLedger {
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last number that was given to an upload.
    pub(crate) fn counted(&self) -> u64 {
        self.state().counter
    }

    /// The next number of an upload. It is used once, even if nothing is written under it.
    pub(crate) fn next_number(&self) -> u64 {
        let mut state = self.state();
        state.counter += 1;
        state.counter
    }

    /// The as-of of the records of a push that has the lock now, and the moment by which it is ordered
    /// among all pushes: later than that of every earlier one, even if two have the lock in the same
    /// millisecond, or the clock was set back between them.
    ///
    /// The records are as old as the push's beginning. It may have waited for the lock, and pushes that
    /// began later and had the lock first have later versions.
    pub(crate) fn next_push(
        &self,
        began: Timestamp,
        now: Timestamp,
    ) -> (Milliseconds, Milliseconds) {
        let (began, now) = (began.as_millisecond(), now.as_millisecond());
        let mut state = self.state();
        let before = state.as_of;
        state.as_of = now.max(before.saturating_add(1));
        let as_of = if before > now {
            state.as_of
        } else if before > began {
            began
        } else {
            began.min(now).max(before.saturating_add(1))
        };
        (as_of, state.as_of)
    }

    /// The uploads that have no verdict yet, in the order of their numbers.
    pub(crate) async fn open_uploads(&self) -> Result<Vec<Upload>, LedgerError> {
        let numbers: Vec<u64> = self.state().open.iter().copied().collect();
        let mut uploads = Vec::with_capacity(numbers.len());
        for number in numbers {
            let upload = self.ledger.upload_numbered(number).await?;
            uploads.extend(upload.filter(|upload| upload.state.is_open()));
        }
        Ok(uploads)
    }

    /// Writes uploads and their records down. Nothing of them may leave before this returns.
    pub(crate) async fn begin(
        &self,
        uploads: impl IntoIterator<Item = NewUpload>,
        names: &mut [Names],
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        for names in names {
            names.write(&mut batch);
        }
        let mut numbers = Vec::new();
        for new in uploads {
            put_upload(&mut batch, &new.upload)?;
            new.records.put(&mut batch, new.upload.number);
            numbers.push(new.upload.number);
        }
        let writing = self.writing.lock().await;
        self.state().open.extend(numbers);
        self.put_state(&mut batch)?;
        self.ledger.commit(batch).await?;
        drop(writing);
        self.note_age().await;
        Ok(())
    }

    /// Writes down names of fields, with their generations.
    pub(crate) async fn put_names(&self, names: &mut Names) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        names.write(&mut batch);
        self.ledger.commit(batch).await
    }

    /// Writes down how far an upload has come.
    pub(crate) async fn save(&self, upload: &Upload) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        put_upload(&mut batch, upload)?;
        self.ledger.commit(batch).await
    }

    /// Replaces the records of an upload that was not sent yet.
    pub(crate) async fn replace_manifest(
        &self,
        upload: &Upload,
        pending: &[Pending],
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        self.delete_manifest(&mut batch, upload.number).await?;
        let records: Manifest = pending.iter().cloned().collect();
        records.put(&mut batch, upload.number);
        put_upload(&mut batch, upload)?;
        self.ledger.commit(batch).await
    }

    /// The records of an open upload, in the order of its lines.
    pub(crate) async fn manifest(&self, number: u64) -> Result<Vec<Pending>, LedgerError> {
        let chunks = self.manifest_chunks(number).await?;
        let pending = manifest::decode_all(&chunks);
        pending.ok_or_else(|| LedgerError::unreadable(&format!("the records of upload {number}")))
    }

    async fn manifest_chunks(&self, number: u64) -> Result<Vec<(Vec<u8>, Vec<u8>)>, LedgerError> {
        let from = chunk_key(number, 0).to_vec();
        let before = Some(chunk_key(number + 1, 0).to_vec());
        let store = self.ledger.store();
        store.scan(Table::Manifests, from, before, usize::MAX).await
    }

    async fn delete_manifest(&self, batch: &mut Batch, number: u64) -> Result<(), LedgerError> {
        for (key, _) in self.manifest_chunks(number).await? {
            batch.delete(Table::Manifests, &key);
        }
        Ok(())
    }

    /// Writes the verdict of an upload: the upload, its records, its history, in one transaction. Gives
    /// what the earlier tries of its records decide.
    pub(crate) async fn conclude(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        conclusion: &Conclusion,
        now: Timestamp,
    ) -> Result<DecidedByTries, LedgerError> {
        let concluding = Concluding {
            upload,
            conclusion,
            now,
        };
        let chunks: Vec<&[Pending]> = pending.chunks(CHUNK).collect();
        let mut concluded = Concluded::default();
        for (group_number, group) in chunks.chunks(THREADS).enumerate() {
            let mut old = Vec::with_capacity(group.len());
            for chunk in group {
                let mut states = self.old_states(upload, chunk).await?;
                let keeping = self.ledger.keep_newer_held(upload, chunk, &mut states);
                keeping.await?;
                old.push(states);
            }
            let numbers = group_number * THREADS..;
            let chunks = numbers.zip(group.iter().copied()).zip(old);
            let chunks = chunks.map(|((number, chunk), old)| (number, chunk, old));
            concluded.append(concluding.all(chunks.collect()));
        }
        let Concluded {
            mut batch,
            accepted,
            rejected,
            omitted,
            decided,
            new_accounts,
        } = concluded;
        (upload.accepted, upload.rejected) = (accepted, rejected);
        self.ledger.note_omitted(&mut batch, omitted).await?;
        let may_come = conclusion.may_come_late && !pending.is_empty();
        if may_come {
            // Its records are needed once Gong has processed it.
            upload.checked_until = Some(checked_until(now));
            upload.checked_at = Some(now);
        } else {
            self.delete_manifest(&mut batch, upload.number).await?;
        }
        new_accounts.put(&mut batch, upload.space(), now)?;
        upload.body = None;
        upload.completed_at = Some(now);
        put_upload(&mut batch, upload)?;
        if conclusion.proves_copy {
            put_json(
                &mut batch,
                Table::Meta,
                ANOTHER_COPY,
                &upload.client_request_id,
            )?;
        }
        let _writing = self.writing.lock().await;
        let state = {
            let mut state = self.state();
            if may_come {
                state.late.insert(upload.number);
            }
            state.without_open(upload.number)
        };
        state.put(&mut batch)?;
        self.ledger.commit(batch).await?;
        self.state().open.remove(&upload.number);
        Ok(decided)
    }

    /// Adds to a batch that an upload which was given up needs no more looks, and writes it.
    pub(super) async fn end_late(
        &self,
        mut batch: Batch,
        upload: &mut Upload,
    ) -> Result<(), LedgerError> {
        (upload.checked_until, upload.checked_at) = (None, None);
        self.delete_manifest(&mut batch, upload.number).await?;
        put_upload(&mut batch, upload)?;
        let _writing = self.writing.lock().await;
        let state = self.state().without_late(upload.number);
        state.put(&mut batch)?;
        self.ledger.commit(batch).await?;
        self.state().late.remove(&upload.number);
        Ok(())
    }

    /// The states of the records that the ledger knew when the upload was planned.
    async fn old_states(
        &self,
        upload: &Upload,
        chunk: &[Pending],
    ) -> Result<Vec<Option<RecordState>>, LedgerError> {
        let known: Vec<&str> = chunk
            .iter()
            .filter(|pending| pending.is_known)
            .map(|pending| pending.object_id.as_str())
            .collect();
        if known.is_empty() {
            return Ok(vec![None; chunk.len()]);
        }
        let states = self
            .ledger
            .records(upload.space(), upload.object_type, known)
            .await?;
        let mut states = states.into_iter();
        Ok(chunk
            .iter()
            .map(|pending| {
                if pending.is_known {
                    states.next().flatten()
                } else {
                    None
                }
            })
            .collect())
    }

    /// Writes down that records were held back, with their content.
    pub(crate) async fn hold_back(
        &self,
        upload: &Upload,
        held: &[(Pending, String, Content)],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        for chunk in held.chunks(CHUNK) {
            let ids = chunk.iter().map(|(pending, ..)| pending.object_id.as_str());
            let ids: Vec<&str> = ids.collect();
            let old = self
                .ledger
                .records(upload.space(), upload.object_type, ids)
                .await?;
            let older = self.ledger.older_than_held(upload, chunk, &old).await?;
            for (place, ((pending, reason, content), old)) in chunk.iter().zip(old).enumerate() {
                // What is newer stays until its source has it corrected.
                if older.contains(&place) {
                    continue;
                }
                let mut state = old.unwrap_or_default();
                if upload.scope != 0 {
                    state.scope = upload.scope;
                }
                let tries = tries_of(&state, pending, TryOutcome::HeldBack);
                let next = now.as_second();
                let outcome = TryOutcome::HeldBack;
                state.last_try = Some(last_try(upload, pending, outcome, reason, tries, now, next));
                let key = upload.space().key(upload.object_type, &pending.object_id);
                batch.put(Table::Records, &key, &state.encode());
                batch.put(Table::Contents, &key, &content.encode_for(upload.sync));
            }
        }
        self.ledger.commit(batch).await
    }

    /// Clears the last tries of records that turned out to be in Gong as they are.
    pub(crate) async fn clear_last_tries(
        &self,
        upload_space: Space,
        records: &[(ObjectType, String)],
    ) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        for (object_type, object_id) in records {
            let ids = [object_id.as_str()];
            let states = self.ledger.records(upload_space, *object_type, ids).await?;
            if let Some(mut state) = states.into_iter().flatten().next() {
                state.last_try = None;
                let key = upload_space.key(*object_type, object_id);
                batch.put(Table::Records, &key, &state.encode());
                batch.delete(Table::Contents, &key);
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.ledger.commit(batch).await
    }

    /// Notes that an upload has no verdict yet.
    pub(super) fn open(&self, number: u64) {
        self.state().open.insert(number);
    }

    pub(super) fn put_state(&self, batch: &mut Batch) -> Result<(), LedgerError> {
        self.state().put(batch)
    }
}

pub(super) fn put_upload(batch: &mut Batch, upload: &Upload) -> Result<(), LedgerError> {
    put_json(batch, Table::Uploads, &upload.number.to_be_bytes(), upload)
}
