use std::sync::Mutex;

use super::super::{MemoryStore, StoreFuture, Update};
use super::*;
use crate::ledger::LedgerLock;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_store_conforms() {
    check(|| async { Ok(MemoryStore::new()) }).await.unwrap();
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    GetInKeyOrder,
    OneTable,
    EmptyValueIsDeletion,
    ScanBackwards,
    FirstChangeWins,
    SignedOrder,
    KeysEndAtZero,
    EndIsInclusive,
    NoLimit,
    LongValuesAreCut,
    CommitInHalves,
    HalfIsLeftBehind,
    NoneDeletes,
    UpdateIsReadAndWrite,
    UpdateIgnoresCommits,
    LockIsShared,
    LockIsKept,
    LargeBatchIsCut,
}

/// A store in memory that does one thing wrong.
#[derive(Debug)]
struct Broken {
    fault: Fault,
    store: MemoryStore,
    /// For faults that would otherwise have another fault as well.
    turn: tokio::sync::RwLock<()>,
    update_turn: tokio::sync::Mutex<()>,
    locks: Mutex<Vec<LedgerLock>>,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            store: MemoryStore::new(),
            turn: tokio::sync::RwLock::default(),
            update_turn: tokio::sync::Mutex::default(),
            locks: Mutex::default(),
        }
    }

    fn table(&self, table: Table) -> Table {
        if self.fault == Fault::OneTable {
            Table::Meta
        } else {
            table
        }
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        let is_end = |byte: &u8| self.fault == Fault::KeysEndAtZero && *byte == 0;
        key.iter()
            .copied()
            .take_while(|byte| !is_end(byte))
            .collect()
    }

    /// The changes that are made, out of those that are wanted.
    fn changes(&self, wanted: &Batch) -> Vec<Batch> {
        let mut changes: Vec<_> = wanted.changes().collect();
        match self.fault {
            Fault::FirstChangeWins => changes.reverse(),
            Fault::LargeBatchIsCut => changes.truncate(65_536),
            _ => {}
        }
        let is_in_halves = matches!(self.fault, Fault::CommitInHalves | Fault::HalfIsLeftBehind);
        let half = if is_in_halves {
            changes.len().div_ceil(2)
        } else {
            changes.len()
        };
        let batch = |changes: &[super::super::Change<'_>]| {
            let mut batch = Batch::new();
            for change in changes {
                let (table, key) = (self.table(change.table), self.key(change.key));
                match change.value {
                    Some([]) if self.fault == Fault::EmptyValueIsDeletion => {
                        batch.delete(table, &key);
                    }
                    Some(value) if self.fault == Fault::LongValuesAreCut => {
                        batch.put(table, &key, &value[..value.len().min(65_535)]);
                    }
                    Some(value) => batch.put(table, &key, value),
                    None => batch.delete(table, &key),
                }
            }
            batch
        };
        vec![batch(&changes[..half]), batch(&changes[half..])]
    }
}

impl Store for Broken {
    fn get(&self, table: Table, mut keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        if self.fault == Fault::GetInKeyOrder {
            keys.sort();
        }
        let keys = keys.iter().map(|key| self.key(key)).collect();
        self.store.get(self.table(table), keys)
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>> {
        Box::pin(async move {
            let _turn = self.turn.read().await;
            let end = before.filter(|_| self.fault != Fault::EndIsInclusive);
            let limit = if self.fault == Fault::NoLimit {
                usize::MAX
            } else {
                limit
            };
            let mut entries = self.store.scan(self.table(table), from, end, limit).await?;
            match self.fault {
                Fault::ScanBackwards => entries.sort_by(|one, other| other.cmp(one)),
                Fault::SignedOrder => entries.sort_by_key(|(key, _)| {
                    key.iter()
                        .map(|byte| byte.cast_signed())
                        .collect::<Vec<i8>>()
                }),
                _ => {}
            }
            Ok(entries)
        })
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            // Readers wait for the whole commit, but do not know whether it was completed.
            let _turn = match self.fault {
                Fault::HalfIsLeftBehind => Some(self.turn.write().await),
                _ => None,
            };
            for changes in self.changes(&batch) {
                self.store.commit(changes).await?;
                tokio::task::yield_now().await;
            }
            Ok(())
        })
    }

    fn update<'a>(
        &'a self,
        table: Table,
        key: Vec<u8>,
        mut update: Update<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (table, key) = (self.table(table), self.key(&key));
            let _turn = match self.fault {
                Fault::UpdateIgnoresCommits => Some(self.update_turn.lock().await),
                Fault::UpdateIsReadAndWrite | Fault::NoneDeletes => None,
                _ => return self.store.update(table, key, update).await,
            };
            let old = self.store.get(table, vec![key.clone()]).await?.remove(0);
            if self.fault != Fault::NoneDeletes {
                tokio::task::yield_now().await;
            }
            let mut batch = Batch::new();
            match update(old.as_deref()) {
                Some(new) => batch.put(table, &key, &new),
                None if self.fault == Fault::NoneDeletes => batch.delete(table, &key),
                None => {}
            }
            self.store.commit(batch).await
        })
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        Box::pin(async move {
            match self.fault {
                Fault::LockIsShared => Ok(LedgerLock::new(())),
                Fault::LockIsKept => {
                    let lock = self.store.try_lock().await?;
                    self.locks.lock().unwrap().push(lock);
                    Ok(LedgerLock::new(()))
                }
                _ => self.store.try_lock().await,
            }
        })
    }
}

/// On one thread, so that tasks always switch at the same points.
#[tokio::test(flavor = "current_thread")]
async fn suite_names_what_a_broken_store_does_wrong() {
    let faults = [
        (
            Fault::GetInKeyOrder,
            "values_are_read_in_the_order_of_keys_asked_for",
        ),
        (Fault::OneTable, "tables_are_separate"),
        (
            Fault::EmptyValueIsDeletion,
            "empty_keys_and_values_are_entries",
        ),
        (Fault::ScanBackwards, "empty_keys_and_values_are_entries"),
        (Fault::FirstChangeWins, "later_changes_of_a_key_win"),
        (Fault::SignedOrder, "scans_are_in_the_order_of_bytes"),
        (Fault::KeysEndAtZero, "scans_are_in_the_order_of_bytes"),
        (Fault::EndIsInclusive, "scans_keep_to_range_and_limit"),
        (Fault::NoLimit, "scans_keep_to_range_and_limit"),
        (Fault::LongValuesAreCut, "any_bytes_are_keys_and_values"),
        (
            Fault::CommitInHalves,
            "readers_see_all_of_a_batch_or_nothing",
        ),
        (
            Fault::HalfIsLeftBehind,
            "an_abandoned_commit_is_made_wholly_or_not_at_all",
        ),
        (Fault::NoneDeletes, "an_update_sees_and_replaces_the_value"),
        (Fault::UpdateIsReadAndWrite, "concurrent_updates_all_count"),
        (
            Fault::UpdateIgnoresCommits,
            "updates_and_commits_do_not_overwrite_each_other",
        ),
        (Fault::LockIsShared, "the_lock_excludes_until_it_is_dropped"),
        (Fault::LockIsKept, "the_lock_excludes_until_it_is_dropped"),
        (Fault::LargeBatchIsCut, "a_large_batch_is_committed"),
    ];
    for (fault, requirement) in faults {
        let outcome = check(|| async { Ok(Broken::new(fault)) }).await;
        let failure = outcome.expect_err(&format!("{fault:?} is not noticed"));
        let found = failure.split(':').next();
        assert_eq!(found, Some(requirement), "{fault:?}: {failure}");
    }
    check(|| async { Ok(Broken::new(Fault::None)) })
        .await
        .unwrap();
}
