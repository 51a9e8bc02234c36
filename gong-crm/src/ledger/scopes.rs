//! Scopes: which sync owns which records, and what its last complete read of each type was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::reading::next_key;
use super::record::{Current, Milliseconds, Space};
use super::store::{Batch, Table};
use super::{Direction, Ledger, LedgerError};
use crate::{IntegrationId, ObjectType};

/// The names of all scopes; the number of a scope is its place, from 1.
const SCOPES: &[u8] = b"scopes";

/// In the place of a scope whose records went to another one. No name has this character.
const MERGED: &str = "\0";

/// How many records are read at once.
const PAGE: usize = 4_096;

/// What became of the new name of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenamedScope {
    /// The scope has the new name.
    Renamed,
    /// There is no scope with the old name.
    Unknown,
    /// Another scope has the new name and owns so many records:
    /// [`merge_scopes`](Ledger::merge_scopes) makes one scope of both.
    Taken(u64),
}

/// The last complete read of one type in one scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastRead {
    /// When it was planned with.
    pub(crate) at: Timestamp,
    /// Its as-of.
    pub(crate) as_of: Milliseconds,
    /// The source and its mapping, as a hash.
    pub(crate) definition: String,
    /// By what the same unchanged files are recognized.
    pub(crate) stamp: Option<String>,
    /// How many part files it had.
    pub(crate) parts: usize,
    /// When the marker was written, such as `_SUCCESS`, that showed that all of them existed.
    pub(crate) marker: Option<Timestamp>,
    /// The number of records in it.
    pub(crate) records: u64,
    /// Whether each of its files that were converted ended with a line break.
    #[serde(default)]
    pub(crate) ends_with_line: bool,
}

impl Ledger {
    async fn scope_names(&self) -> Result<Vec<String>, LedgerError> {
        Ok(self.meta_json(SCOPES).await?.unwrap_or_default())
    }

    /// The number of a scope; `None` if it was never used.
    pub(crate) async fn scope(&self, name: &str) -> Result<Option<u32>, LedgerError> {
        let names = self.scope_names().await?;
        let place = names.iter().position(|known| known == name);
        Ok(place.and_then(|place| u32::try_from(place + 1).ok()))
    }

    /// The name of a scope.
    pub(crate) async fn scope_name(&self, number: u32) -> Result<Option<String>, LedgerError> {
        let place = (number as usize).checked_sub(1);
        let names = self.scope_names().await?;
        Ok(place.and_then(|place| names.get(place).cloned()))
    }

    /// The numbers of the scopes that syncs have now.
    pub(crate) async fn live_scopes(&self) -> Result<BTreeSet<u32>, LedgerError> {
        let names = self.scope_names().await?;
        let numbered = (1..).zip(names);
        let live = numbered.filter(|(_, name)| name != MERGED);
        Ok(live.map(|(number, _)| number).collect())
    }

    /// The number of a scope, which is made if it was never used.
    pub(crate) async fn make_scope(&self, name: &str) -> Result<u32, LedgerError> {
        let wanted = name.to_owned();
        let add = Box::new(move |old: Option<&[u8]>| {
            let mut names: Vec<String> = old
                .and_then(|bytes| serde_json::from_slice(bytes).ok())
                .unwrap_or_default();
            if names.contains(&wanted) {
                return None;
            }
            names.push(wanted.clone());
            serde_json::to_vec(&names).ok()
        });
        self.store()
            .update(Table::Meta, SCOPES.to_vec(), add)
            .await?;
        self.scope(name)
            .await?
            .ok_or_else(|| LedgerError::unreadable("its list of scopes"))
    }

    /// The names of the scopes by which syncs own records.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn scopes(&self) -> Result<Vec<String>, LedgerError> {
        let mut names = self.scope_names().await?;
        names.retain(|name| name != MERGED);
        Ok(names)
    }

    /// Whether a sync of this scope ever began to send to this integration.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be used.
    pub async fn has_synced(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
        scope: &str,
    ) -> Result<bool, LedgerError> {
        let Some(number) = self.scope(scope).await? else {
            return Ok(false);
        };
        let space = self.space(base_url, integration_id).await?;
        Ok(self.meta(&began_key(space, number)).await?.is_some())
    }

    /// Notes that a sync of a scope begins to send.
    pub(crate) async fn note_began(&self, space: Space, scope: u32) -> Result<(), LedgerError> {
        let key = began_key(space, scope);
        if self.meta(&key).await?.is_some() {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(Table::Meta, &key, b"true");
        self.commit(batch).await
    }

    /// Gives a scope another name: its records stay its own. A scope that has the new name is
    /// replaced if it owns no record.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn rename_scope(&self, old: &str, new: &str) -> Result<RenamedScope, LedgerError> {
        if self.scope(old).await?.is_none() {
            return Ok(RenamedScope::Unknown);
        }
        if let Some(taken) = self.scope(new).await?.filter(|_| old != new) {
            let records = self.change_scopes(taken, None).await?;
            if records > 0 {
                return Ok(RenamedScope::Taken(records));
            }
        }
        self.put_scope_name(old, new).await?;
        Ok(RenamedScope::Renamed)
    }

    /// Makes one scope of two, with the new name: syncs of it own what both owned. For a scope that
    /// was renamed in the settings, and synced, before it was renamed here.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn merge_scopes(&self, old: &str, new: &str) -> Result<RenamedScope, LedgerError> {
        let Some(number) = self.scope(old).await? else {
            return Ok(RenamedScope::Unknown);
        };
        if let Some(taken) = self.scope(new).await?.filter(|taken| *taken != number) {
            self.change_scopes(taken, Some(number)).await?;
        }
        self.put_scope_name(old, new).await?;
        Ok(RenamedScope::Renamed)
    }

    /// Gives the records of a scope to another one. Returns their number.
    async fn change_scopes(&self, from: u32, to: Option<u32>) -> Result<u64, LedgerError> {
        let mut records = 0;
        let mut next = Vec::new();
        loop {
            let page = self.store().scan(Table::Records, next, None, PAGE).await?;
            let mut batch = Batch::new();
            for (key, bytes) in &page {
                let state = super::RecordState::decode(bytes);
                let mut state = state.ok_or_else(|| LedgerError::unreadable("a record's state"))?;
                if state.scope != from {
                    continue;
                }
                records += 1;
                if let Some(to) = to {
                    state.scope = to;
                    batch.put(Table::Records, key, &state.encode());
                }
            }
            if !batch.is_empty() {
                self.commit(batch).await?;
            }
            if page.len() < PAGE {
                return Ok(records);
            }
            next = page
                .last()
                .map(|(key, _)| next_key(key))
                .unwrap_or_default();
        }
    }

    async fn put_scope_name(&self, old: &str, new: &str) -> Result<(), LedgerError> {
        let (old, new) = (old.to_owned(), new.to_owned());
        let update = Box::new(move |bytes: Option<&[u8]>| {
            let mut names: Vec<String> =
                bytes.and_then(|bytes| serde_json::from_slice(bytes).ok())?;
            let place = names.iter().position(|name| *name == old)?;
            for name in names.iter_mut().filter(|name| **name == new) {
                MERGED.clone_into(name);
            }
            new.clone_into(&mut names[place]);
            serde_json::to_vec(&names).ok()
        });
        self.store()
            .update(Table::Meta, SCOPES.to_vec(), update)
            .await
    }

    /// The last state of an integration that a sync has seen.
    pub(crate) async fn look<T: for<'de> Deserialize<'de>>(
        &self,
        space: Space,
    ) -> Result<Option<T>, LedgerError> {
        self.meta_json(&look_key(space)).await
    }

    /// Writes down what a sync saw of an integration.
    pub(crate) async fn put_look<T: Serialize>(
        &self,
        space: Space,
        look: &T,
    ) -> Result<(), LedgerError> {
        let bytes = serde_json::to_vec(look).map_err(|error| LedgerError::storage("", error))?;
        let mut batch = Batch::new();
        batch.put(Table::Meta, &look_key(space), &bytes);
        self.commit(batch).await
    }

    /// Lets the next sync or plan look at once whether an integration is still in Gong, as after its
    /// deletion, or where Gong says that it does not know it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn look_again(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
    ) -> Result<(), LedgerError> {
        let space = self.space(base_url, integration_id).await?;
        self.make_look_due(space).await
    }

    /// The same by the number of the integration. What a look saw of its schema stays known.
    pub(crate) async fn make_look_due(&self, space: Space) -> Result<(), LedgerError> {
        let update = Box::new(|old: Option<&[u8]>| {
            let mut look: serde_json::Value = serde_json::from_slice(old?).ok()?;
            let at = look.get_mut("at")?;
            *at = serde_json::to_value(Timestamp::UNIX_EPOCH).ok()?;
            serde_json::to_vec(&look).ok()
        });
        self.store()
            .update(Table::Meta, look_key(space), update)
            .await
    }

    /// Whether the rounds of a scope are paused.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn is_paused(&self, scope: &str) -> Result<bool, LedgerError> {
        Ok(self.meta(&pause_key(scope)).await?.is_some())
    }

    /// Pauses or resumes the rounds of a scope.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn set_paused(&self, scope: &str, is_paused: bool) -> Result<(), LedgerError> {
        let mut batch = Batch::new();
        if is_paused {
            batch.put(Table::Meta, &pause_key(scope), b"true");
        } else {
            batch.delete(Table::Meta, &pause_key(scope));
        }
        self.commit(batch).await
    }

    /// When the next round of a scope is due, according to its running sync.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn next_round(&self, scope: &str) -> Result<Option<SystemTime>, LedgerError> {
        let seconds: Option<u64> = self.meta_json(&next_round_key(scope)).await?;
        Ok(seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds))))
    }

    /// Says when the next round of a scope is due, so that another process sees that it is late.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be written.
    pub async fn set_next_round(&self, scope: &str, due: SystemTime) -> Result<(), LedgerError> {
        let seconds = due.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut batch = Batch::new();
        let value = seconds.to_string();
        batch.put(Table::Meta, &next_round_key(scope), value.as_bytes());
        self.commit(batch).await
    }

    /// The last complete reads of a scope, by type.
    pub(crate) async fn last_reads(
        &self,
        space: Space,
        scope: u32,
    ) -> Result<BTreeMap<ObjectType, LastRead>, LedgerError> {
        let reads: BTreeMap<String, LastRead> = self
            .meta_json(&reads_key(space, scope))
            .await?
            .unwrap_or_default();
        Ok(reads
            .into_iter()
            .filter_map(|(name, read)| Some((name.parse().ok()?, read)))
            .collect())
    }

    /// Writes down the last complete reads of a scope.
    pub(crate) async fn put_last_reads(
        &self,
        space: Space,
        scope: u32,
        reads: &BTreeMap<ObjectType, LastRead>,
    ) -> Result<(), LedgerError> {
        let reads: BTreeMap<&str, &LastRead> = reads
            .iter()
            .map(|(object_type, read)| (object_type.as_str(), read))
            .collect();
        let bytes = serde_json::to_vec(&reads).map_err(|error| LedgerError::storage("", error))?;
        let mut batch = Batch::new();
        batch.put(Table::Meta, &reads_key(space, scope), &bytes);
        self.commit(batch).await
    }

    /// The definitions of the sources of a scope that give changes, as hashes, by type.
    pub(crate) async fn definitions(
        &self,
        space: Space,
        scope: u32,
    ) -> Result<BTreeMap<ObjectType, String>, LedgerError> {
        let known: BTreeMap<String, String> = self
            .meta_json(&definitions_key(space, scope))
            .await?
            .unwrap_or_default();
        let known = known.into_iter();
        Ok(known
            .filter_map(|(name, definition)| Some((name.parse().ok()?, definition)))
            .collect())
    }

    /// Writes down these definitions.
    pub(crate) async fn put_definitions(
        &self,
        space: Space,
        scope: u32,
        definitions: &BTreeMap<ObjectType, String>,
    ) -> Result<(), LedgerError> {
        let by_name: BTreeMap<&str, &String> = definitions
            .iter()
            .map(|(object_type, definition)| (object_type.as_str(), definition))
            .collect();
        let bytes =
            serde_json::to_vec(&by_name).map_err(|error| LedgerError::storage("", error))?;
        let mut batch = Batch::new();
        batch.put(Table::Meta, &definitions_key(space, scope), &bytes);
        self.commit(batch).await
    }

    /// When each type of a scope was last read completely, by the names of the types.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn last_complete_reads(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
        scope: &str,
    ) -> Result<BTreeMap<ObjectType, Timestamp>, LedgerError> {
        let Some(number) = self.scope(scope).await? else {
            return Ok(BTreeMap::new());
        };
        let space = self.space(base_url, integration_id).await?;
        let reads = self.last_reads(space, number).await?;
        Ok(reads
            .into_iter()
            .map(|(object_type, read)| (object_type, read.at))
            .collect())
    }

    /// The number of records of a type per scope, without deleted ones; records without a scope are
    /// under 0.
    pub(crate) async fn owners(
        &self,
        space: Space,
        object_type: ObjectType,
    ) -> Result<BTreeMap<u32, u64>, LedgerError> {
        let mut owners = BTreeMap::new();
        self.each_head(space, object_type, |_, head| {
            if matches!(head.current, Current::Version | Current::Unknown) {
                *owners.entry(head.scope).or_default() += 1;
            }
            true
        })
        .await?;
        Ok(owners)
    }

    /// The last accepted lines of stages, by id; empty where there is none.
    pub(crate) async fn stage_lines(
        &self,
        space: Space,
        ids: &[String],
    ) -> Result<Vec<Vec<u8>>, LedgerError> {
        let keys = ids.iter().map(|id| space.accepted_stage_key(id)).collect();
        let values = self.store().get(Table::Contents, keys).await?;
        Ok(values
            .into_iter()
            .map(|value| {
                let content = value.and_then(|bytes| super::Content::decode(&bytes));
                content.unwrap_or_default().line
            })
            .collect())
    }

    /// The number of records of a type that were sent in one direction since a time, and not
    /// rejected. Deletions of users whose address changes count as upserts.
    pub(crate) async fn sent_since(
        &self,
        space: Space,
        object_type: ObjectType,
        direction: Direction,
        since: Timestamp,
    ) -> Result<u64, LedgerError> {
        let mut limit = 256;
        loop {
            let uploads = self.uploads(limit).await?;
            let is_all = uploads.len() < limit
                || uploads
                    .first()
                    .is_some_and(|upload| upload.planned_at < since);
            if !is_all {
                limit *= 4;
                continue;
            }
            let sent = uploads.iter().filter(|upload| {
                upload.planned_at >= since
                    && upload.space() == space
                    && upload.object_type == object_type
                    && upload.order == Some(direction)
            });
            return Ok(sent
                .map(|upload| {
                    if upload.state.is_open() {
                        upload.records
                    } else {
                        upload.accepted
                    }
                })
                .sum());
        }
    }
}

fn began_key(space: Space, scope: u32) -> Vec<u8> {
    format!("began {} {scope}", space.0).into_bytes()
}

fn definitions_key(space: Space, scope: u32) -> Vec<u8> {
    format!("definitions {} {scope}", space.0).into_bytes()
}

fn look_key(space: Space) -> Vec<u8> {
    format!("look {}", space.0).into_bytes()
}

fn next_round_key(scope: &str) -> Vec<u8> {
    format!("next round {scope}").into_bytes()
}

fn pause_key(scope: &str) -> Vec<u8> {
    format!("paused {scope}").into_bytes()
}

fn reads_key(space: Space, scope: u32) -> Vec<u8> {
    format!("reads {} {scope}", space.0).into_bytes()
}
