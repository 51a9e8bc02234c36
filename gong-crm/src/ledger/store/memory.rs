//! A store that lasts as long as the process.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{Batch, Entry, Store, StoreFuture, Table, Update};
use crate::ledger::{LedgerError, LedgerLock, LockOwner};

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store in memory, for tests and for apps that keep nothing between two starts.
///
/// Its content is lost when the process ends: the next process sends every record again, and can't
/// resume an upload.
///
/// ```
/// use gong_crm::ledger::store::{Batch, MemoryStore, Store, Table};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gong_crm::ledger::LedgerError> {
/// let store = MemoryStore::new();
/// let mut batch = Batch::new();
/// batch.put(Table::Meta, b"counter", b"7");
/// store.commit(batch).await?;
/// let values = store.get(Table::Meta, vec![b"counter".to_vec()]).await?;
/// assert_eq!(values, [Some(b"7".to_vec())]);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryStore {
    tables: Mutex<BTreeMap<Table, Entries>>,
    owner: Arc<Mutex<Option<LockOwner>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<Table, Entries>> {
        locked(&self.tables)
    }
}

/// Every change of what is locked here is a single assignment, so a panic elsewhere is harmless.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values can be contents of records.
        formatter
            .debug_struct("MemoryStore")
            .finish_non_exhaustive()
    }
}

/// Releases the lock of a [`MemoryStore`] when it is dropped.
struct Release(Arc<Mutex<Option<LockOwner>>>);

impl Drop for Release {
    fn drop(&mut self) {
        *locked(&self.0) = None;
    }
}

impl Store for MemoryStore {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let tables = self.tables();
            let entries = tables.get(&table);
            let value = |key: &Vec<u8>| entries.and_then(|entries| entries.get(key)).cloned();
            Ok(keys.iter().map(value).collect())
        })
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>> {
        Box::pin(async move {
            let tables = self.tables();
            // `BTreeMap::range` panics where the start is after the end.
            if before.as_ref().is_some_and(|before| *before <= from) {
                return Ok(Vec::new());
            }
            let Some(entries) = tables.get(&table) else {
                return Ok(Vec::new());
            };
            let end = before.map_or(Bound::Unbounded, Bound::Excluded);
            let range = entries.range((Bound::Included(from), end));
            Ok(range
                .take(limit)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect())
        })
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut tables = self.tables();
            for change in batch.changes() {
                let entries = tables.entry(change.table).or_default();
                match change.value {
                    Some(value) => drop(entries.insert(change.key.to_vec(), value.to_vec())),
                    None => drop(entries.remove(change.key)),
                }
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
            let mut tables = self.tables();
            let entries = tables.entry(table).or_default();
            if let Some(value) = update(entries.get(&key).map(Vec::as_slice)) {
                entries.insert(key, value);
            }
            Ok(())
        })
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        Box::pin(async move {
            let mut owner = locked(&self.owner);
            if let Some(owner) = owner.as_ref() {
                return Err(LedgerError::Held(owner.clone()));
            }
            *owner = Some(LockOwner {
                pid: Some(std::process::id()),
                since: Some(Timestamp::now()),
            });
            Ok(LedgerLock::new(Release(Arc::clone(&self.owner))))
        })
    }
}
