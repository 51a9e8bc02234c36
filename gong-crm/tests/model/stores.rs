//! Ledgers that processes share, that are copied, and that end with their process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gong_crm::ledger::store::{
    Batch, Entry, MemoryStore, SqliteStore, Store, StoreFuture, Table, Update,
};
use gong_crm::ledger::{Ledger, LedgerLock};
use tokio::sync::Notify;

/// The tables of a ledger.
const TABLES: [Table; 8] = [
    Table::Meta,
    Table::Uploads,
    Table::Manifests,
    Table::Records,
    Table::History,
    Table::Contents,
    Table::Calls,
    Table::ReadBacks,
];

/// A ledger on a disk that outlives processes.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    store: Arc<dyn Store>,
    spool: PathBuf,
}

impl Disk {
    /// An empty one in memory, which is as durable as a file for the processes of the test.
    pub(crate) fn memory(spool: PathBuf) -> Self {
        Self {
            store: Arc::new(MemoryStore::new()),
            spool,
        }
    }

    /// An empty one in a file.
    pub(crate) fn sqlite(directory: &Path) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let store = SqliteStore::open(directory.join("ledger.sqlite")).unwrap();
        Self {
            spool: directory.join("spool"),
            store: Arc::new(store),
        }
    }

    /// A copy of the ledger and of its spool.
    pub(crate) async fn copy(&self, spool: PathBuf) -> Self {
        let copy = Self::memory(spool);
        let mut batch = Batch::new();
        for table in TABLES {
            let entries = self.store.scan(table, Vec::new(), None, usize::MAX).await;
            for (key, value) in entries.unwrap() {
                batch.put(table, &key, &value);
            }
        }
        copy.store.commit(batch).await.unwrap();
        if let Ok(entries) = std::fs::read_dir(&self.spool) {
            // As a copy that keeps modes makes it; a spool that others may look into is not used.
            let mut folder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
            folder.recursive(true).create(&copy.spool).unwrap();
            for entry in entries {
                let path = entry.unwrap().path();
                std::fs::copy(&path, copy.spool.join(path.file_name().unwrap())).unwrap();
            }
        }
        copy
    }

    /// The ledger for a process that lives as long as it likes.
    pub(crate) fn ledger(&self) -> Ledger {
        self.ledger_of(&Fuse::never())
    }

    /// The ledger for a process that is killed at one of its writes.
    pub(crate) fn ledger_of(&self, fuse: &Fuse) -> Ledger {
        Ledger::with_store(Process {
            disk: self.clone(),
            fuse: fuse.clone(),
        })
    }
}

/// When a process is killed.
#[derive(Debug, Clone)]
pub(crate) struct Fuse(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writes_left: AtomicUsize,
    /// Whether the write arrives at which it is killed.
    arrives: bool,
    is_dead: AtomicBool,
    dies: Notify,
}

impl Fuse {
    fn never() -> Self {
        Self::after(usize::MAX, true)
    }

    /// At this write, counted from 1, before or after it.
    pub(crate) fn after(writes: usize, arrives: bool) -> Self {
        Self(Arc::new(Inner {
            writes_left: AtomicUsize::new(writes),
            arrives,
            is_dead: AtomicBool::new(false),
            dies: Notify::new(),
        }))
    }

    /// Becomes ready when the process is killed.
    pub(crate) async fn death(&self) {
        self.0.dies.notified().await;
    }

    fn burn(&self) -> bool {
        let left = self.0.writes_left.fetch_sub(1, Ordering::SeqCst);
        if left > 1 {
            return true;
        }
        self.0.is_dead.store(true, Ordering::SeqCst);
        self.0.arrives
    }

    async fn die(&self) {
        if self.0.is_dead.load(Ordering::SeqCst) {
            self.0.dies.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// One process's view of a ledger.
#[derive(Debug)]
struct Process {
    disk: Disk,
    fuse: Fuse,
}

impl Store for Process {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        self.disk.store.get(table, keys)
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>> {
        self.disk.store.scan(table, from, before, limit)
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.fuse.die().await;
            let arrives = self.fuse.burn();
            if arrives {
                self.disk.store.commit(batch).await?;
            }
            self.fuse.die().await;
            Ok(())
        })
    }

    fn update<'a>(&'a self, table: Table, key: Vec<u8>, update: Update<'a>) -> StoreFuture<'a, ()> {
        self.disk.store.update(table, key, update)
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        self.disk.store.try_lock()
    }

    fn spool_dir(&self) -> Option<PathBuf> {
        Some(self.disk.spool.clone())
    }
}
