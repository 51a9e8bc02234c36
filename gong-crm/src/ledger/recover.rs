//! A ledger that may not know what Gong has any more: noticed, and made safe.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::conclusion::{Conclusion, Content};
use super::locked::LockedLedger;
use super::reading::next_key;
use super::record::{Current, RecordState, Seconds, Space};
use super::store::{Batch, Table, put_json};
use super::upload::{RecordOutcome, Upload, UploadState};
use super::{ANOTHER_COPY, IDENTITY, Identity, Ledger, LedgerError, RECOVERED};
use crate::{ClientRequestId, ObjectType};
use gong_records::io::lines::Lines;

/// How many records are changed at once.
const PAGE: usize = 1_000;

/// By how many seconds dates that were raised can be ahead of the clock.
const MARGIN: Seconds = 60;

/// Why the records of an open upload are sent again.
const REASON: &str =
    "the ledger was recovered or imported before the verdict was known: push it again";

/// The result of [`Ledger::recover`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// The records whose version is not known any more: the next push sends them again.
    pub records: u64,
    /// The uploads that had no verdict and are given up; their records are among the rejects until
    /// they are pushed again.
    pub uploads: u64,
}

/// Stored beside a ledger, so that an older copy in its place is noticed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mark {
    ledger_id: String,
    counter: u64,
}

impl Ledger {
    /// Whether a push may use this ledger. It may not if the ledger was exported, is older than the
    /// one that was here before, or was used in another copy.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Sealed`], [`LedgerError::Older`] or [`LedgerError::Copied`] if it may not,
    /// [`LedgerError::Storage`] when it can't be read.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::ledger::{Ledger, LedgerError};
    ///
    /// let ledger = Ledger::memory();
    /// ledger.check_usable().await?;
    /// ledger.export(&mut Vec::new()).await?;
    /// let usable = ledger.check_usable().await;
    /// assert!(matches!(usable, Err(LedgerError::Sealed { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn check_usable(&self) -> Result<(), LedgerError> {
        // Another process may have changed it since it was opened.
        let identity: Option<Identity> = self.meta_json(IDENTITY).await?;
        let Some(identity) = identity else {
            return Ok(());
        };
        if let Some(at) = identity.sealed_at {
            return Err(LedgerError::Sealed { at });
        }
        let copied: Option<ClientRequestId> = self.meta_json(ANOTHER_COPY).await?;
        if let Some(id) = copied {
            return Err(LedgerError::Copied { id });
        }
        self.check_age(&identity).await
    }

    /// Fails if this ledger was restored from a backup: an upload was made with it that it does not
    /// know.
    async fn check_age(&self, identity: &Identity) -> Result<(), LedgerError> {
        let mark = self.store().mark().await?;
        let mark: Option<Mark> = mark.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let known = self.counter().await?;
        match mark {
            Some(mark) if mark.ledger_id == identity.ledger_id && mark.counter > known => {
                Err(LedgerError::Older {
                    missing: mark.counter - known,
                })
            }
            _ => Ok(()),
        }
    }

    /// Makes an old or copied ledger safe: it keeps the ids of records but forgets which version
    /// Gong has, so that the next push sends all of them again. Uploads without a verdict are
    /// abandoned, because another copy may have used their ids.
    ///
    /// Dates that Gong was sent are not known either, so that the next push raises those before this
    /// moment to it: Gong may ignore older ones.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Held`] while a push uses the ledger, [`LedgerError::Storage`] when it can't be
    /// written.
    pub async fn recover(&self) -> Result<Recovered, LedgerError> {
        self.recover_at(Timestamp::now()).await
    }

    /// The same for a program with its own clock.
    ///
    /// # Errors
    ///
    /// As [`recover`](Self::recover).
    pub async fn recover_at(&self, now: Timestamp) -> Result<Recovered, LedgerError> {
        let lock = self.store().try_lock().await?;
        self.identity().await?;
        let locked = self.locked_by(lock).await?;
        locked.recover(now).await
    }

    /// The dates that Gong may have been sent without this ledger's knowledge end here.
    pub(crate) async fn unknown_dates_until(&self) -> Result<Option<Seconds>, LedgerError> {
        self.meta_json(RECOVERED).await
    }
}

impl LockedLedger {
    pub(super) async fn recover(&self, now: Timestamp) -> Result<Recovered, LedgerError> {
        let uploads = self.give_up_open_uploads(now).await?;
        let mut recovered = Recovered {
            records: 0,
            uploads,
        };
        let ledger = self.ledger();
        let mut from = Vec::new();
        loop {
            let page = ledger
                .store()
                .scan(Table::Records, from, None, PAGE)
                .await?;
            let is_last = page.len() < PAGE;
            from = page
                .last()
                .map(|(key, _)| next_key(key))
                .unwrap_or_default();
            let mut batch = Batch::new();
            for (key, bytes) in &page {
                let Some(mut state) = RecordState::decode(bytes) else {
                    return Err(LedgerError::unreadable("a record's state"));
                };
                if state.current != Current::None {
                    state.current = Current::Unknown;
                }
                (state.hash, state.line) = ([0; 16], [0; 8]);
                // The verdict on the last try can be that on an upload of another copy.
                if let Some(last) = &mut state.last_try {
                    last.hash = [0; 16];
                }
                batch.put(Table::Records, key, &state.encode());
                recovered.records += 1;
            }
            if !batch.is_empty() {
                ledger.store().commit(batch).await?;
            }
            if is_last {
                break;
            }
        }
        let mut batch = Batch::new();
        let until = now.as_second().saturating_add(MARGIN);
        put_json(&mut batch, Table::Meta, RECOVERED, &until)?;
        batch.delete(Table::Meta, ANOTHER_COPY);
        let spaces = u16::try_from(ledger.integrations().await?.len()).unwrap_or(u16::MAX);
        for space in (1..=spaces).map(Space) {
            Ledger::unsettle_versions(&mut batch, space, false);
        }
        ledger.store().commit(batch).await?;
        ledger.unseal().await?;
        Ok(recovered)
    }

    /// Forgets which versions Gong has of all records of an integration, which Gong does not show any
    /// more: if it is there again, they are sent again.
    pub(crate) async fn forget_versions(&self, space: Space) -> Result<(), LedgerError> {
        let ledger = self.ledger();
        let mut batch = Batch::new();
        Ledger::unsettle_versions(&mut batch, space, true);
        ledger.store().commit(batch).await?;
        for object_type in ObjectType::ALL {
            let mut after = None;
            loop {
                let page = ledger.page_of_records(space, object_type, after, PAGE);
                let page = page.await?;
                let mut batch = Batch::new();
                for (key, state) in &page {
                    if state.current == Current::Version {
                        let mut state = state.clone();
                        state.current = Current::Unknown;
                        batch.put(Table::Records, key, &state.encode());
                    }
                }
                if !batch.is_empty() {
                    ledger.store().commit(batch).await?;
                }
                if page.len() < PAGE {
                    break;
                }
                after = page.last().map(|(key, _)| key.clone());
            }
        }
        Ok(())
    }

    /// Nothing of them is asked about or sent any more: their ids may be those of another copy, and
    /// their content may be older than what that copy has sent.
    async fn give_up_open_uploads(&self, now: Timestamp) -> Result<u64, LedgerError> {
        let mut given_up = 0;
        for mut upload in self.open_uploads().await? {
            let mut pending = self.manifest(upload.number).await?;
            for pending in &mut pending {
                pending.is_known = true;
            }
            let conclusion = Conclusion {
                rest: Some(RecordOutcome::NotAccepted),
                reason: REASON.to_owned(),
                contents: self.lines_of(&upload),
                may_be_in_gong: true,
                ..Conclusion::default()
            };
            upload.state = if upload.state == UploadState::Planned {
                UploadState::Dropped
            } else {
                UploadState::Lost
            };
            self.conclude(&mut upload, &pending, &conclusion, now)
                .await?;
            given_up += 1;
        }
        Ok(given_up)
    }

    /// The lines of an upload's body, as far as it is still there.
    fn lines_of(&self, upload: &Upload) -> std::collections::BTreeMap<usize, Content> {
        let mut contents = std::collections::BTreeMap::new();
        let Some(body) = &upload.body else {
            return contents;
        };
        let lines = self
            .ledger()
            .spool_dir()
            .and_then(|directory| Lines::open(&directory.join(body)));
        let Ok(mut lines) = lines else {
            return contents;
        };
        let mut place = 0;
        while let Ok(Some(line)) = lines.next_line() {
            let content = Content {
                line: line.bytes.to_vec(),
                ..Content::default()
            };
            contents.insert(place, content);
            place += 1;
        }
        contents
    }

    /// Notes beside the ledger how many uploads it has made.
    pub(super) async fn note_age(&self) {
        let Ok(identity) = self.ledger().identity().await else {
            return;
        };
        let mark = Mark {
            ledger_id: identity.ledger_id,
            counter: self.counted(),
        };
        // Without the mark, an older copy is noticed when Gong knows an id that it makes.
        if let Ok(bytes) = serde_json::to_vec(&mark) {
            drop(self.ledger().store().set_mark(bytes).await);
        }
    }
}
