//! Verdicts that the ledger can't store when they come.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gong_crm::ledger::store::{Batch, Entry, SqliteStore, Store, StoreFuture, Table, Update};
use gong_crm::ledger::{Ledger, LedgerError, LedgerLock};
use gong_crm::push::{Verdict, Wait};
use gong_sim::Processing;
use tokio::sync::Notify;

use crate::support::{Harness, NEW, OLD, account};

/// How many accounts the large upload has.
const ACCOUNTS: usize = 30;

/// A store that has room for a small verdict and not for a large one.
#[derive(Debug)]
struct AlmostFull {
    store: SqliteStore,
    has_failed: AtomicBool,
    fails: Arc<Notify>,
}

impl Store for AlmostFull {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        self.store.get(table, keys)
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>> {
        self.store.scan(table, from, before, limit)
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        if batch.len() >= ACCOUNTS && !self.has_failed.swap(true, Ordering::SeqCst) {
            self.fails.notify_one();
            return Box::pin(async { Err(LedgerError::storage("ledger", "disk full")) });
        }
        self.store.commit(batch)
    }

    fn update<'a>(&'a self, table: Table, key: Vec<u8>, update: Update<'a>) -> StoreFuture<'a, ()> {
        self.store.update(table, key, update)
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        self.store.try_lock()
    }

    fn spool_dir(&self) -> Option<PathBuf> {
        self.store.spool_dir()
    }
}

fn version(at: &str, name: &str) -> String {
    let ids = (1..=ACCOUNTS).map(|number| format!("a-{number}"));
    ids.map(|id| account(&id, at, name)).collect()
}

#[tokio::test]
async fn upload_stays_open_while_its_verdict_is_not_stored() {
    let mut harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &version(OLD, "A"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);

    // Two uploads are under way, a large one and a small one.
    let hours = |hours| Processing::After(Duration::from_hours(hours));
    harness.simulator.set_processing(hours(1));
    harness.write_text("accounts.ldjson", &version(NEW, "B"));
    let options = harness.options(&path).wait(Wait::UntilSent);
    drop(harness.push_with(options).await);
    harness.simulator.set_processing(hours(24));
    let small = harness.write_text("small/accounts.ldjson", &account("z", OLD, "Z"));
    let options = harness.options(&small).wait(Wait::UntilSent);
    drop(harness.push_with(options).await);

    // The large verdict comes first, and finds no room.
    let fails = Arc::new(Notify::new());
    let full = AlmostFull {
        store: SqliteStore::open(harness.ledger_path()).unwrap(),
        has_failed: AtomicBool::new(false),
        fails: Arc::clone(&fails),
    };
    harness.use_ledger(Ledger::with_store(full));
    harness.simulator.advance(Duration::from_hours(2));
    let (report, ()) = tokio::join!(harness.resume(), async {
        fails.notified().await;
        harness.simulator.advance(Duration::from_hours(24));
    });
    assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.accepted(), 1, "{report:#?}");

    // With room again, the next process knows that it is open, and what Gong has.
    harness.reopen().await;
    let open = harness.client.ledger().open_uploads().await.unwrap();
    let open: Vec<u64> = open.iter().map(|upload| upload.records).collect();
    assert_eq!(open, [ACCOUNTS as u64]);
    let report = harness.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.accepted(), ACCOUNTS as u64, "{report:#?}");
    harness.simulator.set_processing(Processing::Immediate);
    harness.write_text("accounts.ldjson", &version(OLD, "A"));
    let report = harness.push(&path).await;
    assert_eq!(report.accepted(), ACCOUNTS as u64, "{report:#?}");
    assert_eq!(harness.name("a-1").as_deref(), Some("A"));
}
