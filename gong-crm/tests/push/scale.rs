//! The work grows with what is pushed, not with its square, and not with the ledger.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gong_crm::ledger::store::{Batch, Entry, MemoryStore, Store, StoreFuture, Table, Update};
use gong_crm::ledger::{Ledger, LedgerLock};
use gong_crm::push::{Options, Verdict};

use crate::support::{Harness, NEW, OLD, account, accounts, contact, stage};

#[tokio::test]
async fn stages_derived_from_deals_are_sent_once_each() {
    let harness = Harness::new().await;
    let names = ["New", "Demo", "Won", "Lost"];
    let text: String = (0..800)
        .map(|deal| stage(&format!("s-{}", deal % 4), names[deal % 4]))
        .collect();
    let path = harness.write_text("stages.ldjson", &text);
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.posts(), 1);
    assert_eq!(harness.simulator.object_count("STAGE"), 4);
    let bytes = harness.simulator.uploads()[0].file_size;
    assert_eq!(
        bytes,
        names
            .iter()
            .zip(0..)
            .map(|(name, number)| stage(&format!("s-{number}"), name).len() as u64)
            .sum::<u64>()
    );
}

/// Counts the entries that are read and written.
#[derive(Debug, Clone, Default)]
struct Work(Arc<AtomicU64>);

impl Work {
    fn add(&self, entries: usize) {
        self.0.fetch_add(entries as u64, Ordering::Relaxed);
    }

    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct Counting {
    store: MemoryStore,
    work: Work,
}

impl Store for Counting {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        self.work.add(keys.len());
        self.store.get(table, keys)
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>> {
        Box::pin(async move {
            let entries = self.store.scan(table, from, before, limit).await?;
            self.work.add(entries.len());
            Ok(entries)
        })
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        self.work.add(batch.len());
        self.store.commit(batch)
    }

    fn update<'a>(&'a self, table: Table, key: Vec<u8>, update: Update<'a>) -> StoreFuture<'a, ()> {
        self.work.add(1);
        self.store.update(table, key, update)
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        self.store.try_lock()
    }

    fn spool_dir(&self) -> Option<PathBuf> {
        None
    }
}

async fn counting() -> (Harness, Work) {
    let mut harness = Harness::new().await;
    let store = Counting::default();
    let work = store.work.clone();
    harness.use_ledger(Ledger::with_store(store));
    (harness, work)
}

#[tokio::test]
async fn work_of_many_small_files_is_linear() {
    let mut works = Vec::new();
    for files in [50, 200] {
        let (harness, work) = counting().await;
        for number in 0..files {
            let id = format!("a-{number}");
            harness.write_text(
                &format!("crm/accounts-{number}.ldjson"),
                &account(&id, OLD, "A"),
            );
            harness.write_text(
                &format!("crm/contacts-{number}.ldjson"),
                &contact(&format!("c-{number}"), &id),
            );
        }
        let report = harness.push(&harness.folder()).await;
        assert_eq!(report.verdict, Verdict::Done);
        assert_eq!(harness.posts(), 2, "one upload per type");
        works.push(work.take());
    }
    assert!(works[1] <= works[0] * 9 / 2, "{works:?}");
}

#[tokio::test]
async fn ledger_of_many_uploads_is_not_read_whole() {
    let (harness, work) = counting().await;
    let path = harness.write_text("accounts.ldjson", &accounts(1));
    for number in 0..300 {
        harness.write_text("accounts.ldjson", &account("a", OLD, &format!("{number}")));
        drop(harness.push(&path).await);
    }
    work.take();
    assert_eq!(harness.client.ledger().uploads(20).await.unwrap().len(), 20);
    let listing = work.take();
    assert!(listing <= 40, "{listing}");
    drop(harness.resume().await);
    let resuming = work.take();
    assert!(resuming <= 40, "{resuming}");
    drop(harness.push(&path).await);
    let pushing = work.take();
    assert!(pushing <= 60, "{pushing}");
}

/// Two threads read a file of this size, each a half.
#[tokio::test]
async fn lines_of_a_large_file_are_told_apart_in_both_halves() {
    let harness = Harness::new().await;
    let wide = |line: String| line.replacen('{', &format!("{{{}", " ".repeat(5_000)), 1);
    let mut lines: Vec<String> = (0..2_000)
        .map(|number| wide(account(&format!("a-{number}"), OLD, "once")))
        .collect();
    // Either half has a newer version of a record of the other, and a line that is no record.
    lines[10] = wide(account("a-1500", NEW, "newer"));
    lines[1_600] = wide(account("a-20", NEW, "newer"));
    lines[30] = "\n".to_owned();
    lines[700] = "first\n".to_owned();
    lines[1_700] = "second\n".to_owned();
    let last = lines[1_999].len() - 1;
    lines[1_999].truncate(last);
    let path = harness.write_text("accounts.ldjson", &lines.concat());
    let report = harness
        .push_with(Options::new([path]).simulator().unchecked())
        .await;
    let errors = report.files[0].errors.iter();
    let errors: Vec<_> = errors.map(|error| error.source_line).collect();
    assert_eq!(errors, [701, 1_701], "{report:#?}");
    assert_eq!(report.accepted(), 1_995, "{report:#?}");
    assert_eq!(report.files[0].superseded, 2);
    for (id, name) in [("a-1500", "newer"), ("a-20", "newer"), ("a-1999", "once")] {
        assert_eq!(harness.name(id).as_deref(), Some(name), "{id}");
    }
}
