//! Each record is applied once and brought to its verdict, whatever happens in between.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gong_crm::ErrorKind;
use gong_crm::ledger::store::{Batch, Entry, SqliteStore, Store, StoreFuture, Table, Update};
use gong_crm::ledger::{Ledger, LedgerError, LedgerLock, UploadState};
use gong_crm::push::{Event, Options, PushError, Status, Verdict, Wait};
use gong_crm::rate_limit::RateLimit;
use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter};

use crate::support::{Harness, OLD, account, accounts, client_with, contact, impatient, stage};

#[tokio::test]
async fn every_fault_of_an_upload_ends_in_one_upload() {
    let effects = [
        Effect::ResetBeforeBody,
        Effect::ResetAfterBody,
        Effect::LoseAnswer,
        Effect::TruncateBody,
        Effect::Status(408),
        Effect::Status(425),
        Effect::Status(500),
        Effect::Status(502),
        Effect::Status(503),
        Effect::Status(504),
        Effect::HtmlPage(502),
        Effect::HtmlPage(200),
        Effect::WrongContentType,
        Effect::UnknownFields,
        Effect::TooManyRequests(RetryAfter::Seconds(0)),
        Effect::TooManyRequests(RetryAfter::HttpDate(0)),
        Effect::TooManyRequests(RetryAfter::Fraction),
        Effect::TooManyRequests(RetryAfter::Absent),
        Effect::TooManyRequests(RetryAfter::Empty),
        Effect::TooManyRequests(RetryAfter::Garbage),
        Effect::TooManyRequests(RetryAfter::Negative),
    ];
    for effect in effects {
        let harness = Harness::new().await;
        let path = harness.write_text("accounts.ldjson", &accounts(3));
        harness.fault_of_uploads(effect.clone(), 1);
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        assert_eq!(harness.simulator.uploads().len(), 1, "{effect:?}");
        assert_eq!(harness.simulator.object_count("ACCOUNT"), 3, "{effect:?}");
        assert_eq!(harness.states().await, [UploadState::Done], "{effect:?}");
    }
}

#[tokio::test]
async fn every_fault_of_a_status_check_is_survived() {
    let effects = [
        Effect::ResetAfterBody,
        Effect::TruncateBody,
        Effect::Status(500),
        Effect::HtmlPage(502),
        Effect::HtmlPage(200),
        Effect::NewEnumValue,
        Effect::TooManyRequests(RetryAfter::Absent),
    ];
    for effect in effects {
        let harness = Harness::new().await;
        let path = harness.write_text("accounts.ldjson", &accounts(3));
        let fault = Fault::new(effect.clone()).on(Operation::RequestStatus);
        harness.simulator.add_fault(fault.nth(1)).unwrap();
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        assert_eq!(harness.posts(), 1, "{effect:?}");
    }
}

#[tokio::test]
async fn quota_that_runs_out_is_the_cause_and_the_rest_is_resumed() {
    let harness = Harness::on_disk().await;
    harness.write_text("crm/accounts.ldjson", &accounts(3));
    harness.write_text("crm/stages.ldjson", &stage("s-1", "New"));
    harness.refuse_uploads_from(2);
    let report = harness.push(&harness.folder()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert_eq!(
        report.cause.as_ref().unwrap().kind(),
        ErrorKind::RateLimited
    );
    assert_eq!(report.files[0].status, Status::Done);
    assert_eq!(
        harness.states().await,
        [UploadState::Done, UploadState::Planned]
    );
    harness.simulator.clear_faults();
    assert_eq!(harness.resume().await.verdict, Verdict::Done);
    assert_eq!(harness.states().await, [UploadState::Done; 2]);
}

#[tokio::test]
async fn quota_that_runs_out_while_waiting_is_the_cause() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let fault = Fault::new(Effect::TooManyRequests(RetryAfter::Seconds(86_400)));
    harness
        .simulator
        .add_fault(fault.on(Operation::RequestStatus))
        .unwrap();
    let report = harness.push(&path).await;
    assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        report.cause.as_ref().unwrap().kind(),
        ErrorKind::RateLimited
    );
    harness.simulator.clear_faults();
    assert_eq!(harness.resume().await.verdict, Verdict::Done);
    assert_eq!(harness.posts(), 1);
}

#[tokio::test]
async fn credentials_that_end_while_waiting_are_the_cause() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let fault = Fault::new(Effect::Status(401)).on(Operation::RequestStatus);
    harness.simulator.add_fault(fault).unwrap();
    let report = harness.push(&path).await;
    assert_eq!(
        report.cause.as_ref().unwrap().kind(),
        ErrorKind::Unauthorized
    );
    assert_ne!(report.verdict, Verdict::Done);
    harness.simulator.clear_faults();
    assert_eq!(harness.resume().await.verdict, Verdict::Done);
}

#[tokio::test]
async fn status_check_that_only_fails_is_named_in_the_report() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let fault = Fault::new(Effect::Status(500)).on(Operation::RequestStatus);
    harness.simulator.add_fault(fault).unwrap();
    let mut options = harness.options(&path);
    options.poll = options.poll.with_timeout(Duration::from_millis(40));
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    let reason = report.files[0].reason.as_ref().unwrap();
    assert!(reason.contains("500"), "{reason}");
}

#[tokio::test]
async fn upload_that_is_not_finished_is_timed_out_and_resumed() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    harness.simulator.set_processing(Processing::Polls(4));
    let report = harness.push_with(impatient(harness.options(&path))).await;
    assert_eq!(report.verdict, Verdict::TimedOut);
    assert_eq!(report.unfinished().len(), 1);
    let report = harness.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.posts(), 1);
    assert_eq!(harness.states().await, [UploadState::Done]);
}

#[tokio::test]
async fn same_file_is_sent_once_by_any_process() {
    let mut harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    assert_eq!(harness.push(&path).await.accepted(), 3);
    let calls = harness.simulator.request_count();
    harness.reopen().await;
    let again = harness.push(&path).await;
    assert_eq!((again.verdict, again.unchanged()), (Verdict::Done, 3));
    assert_eq!(again.files[0].status, Status::Unchanged);
    assert_eq!(
        harness.simulator.request_count(),
        calls,
        "not even asked about"
    );
}

/// A store that fails as if the process were killed: after so many writes, it does nothing more.
#[derive(Debug)]
struct Dying {
    store: SqliteStore,
    writes_left: AtomicUsize,
    /// Whether the last write arrives.
    arrives: bool,
}

impl Dying {
    /// Whether the write is carried out, and whether the caller hears of it.
    fn take(&self) -> (bool, bool) {
        let left = self.writes_left.load(Ordering::SeqCst);
        self.writes_left
            .store(left.saturating_sub(1), Ordering::SeqCst);
        match left {
            0 => (false, false),
            1 => (self.arrives, false),
            _ => (true, true),
        }
    }
}

fn dead() -> LedgerError {
    LedgerError::storage("dead", "dead")
}

impl Store for Dying {
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
        Box::pin(async move {
            let (is_made, is_known) = self.take();
            if is_made {
                self.store.commit(batch).await?;
            }
            is_known.then_some(()).ok_or_else(dead)
        })
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

#[tokio::test]
async fn ledger_that_dies_at_any_write_leaves_what_can_be_finished() {
    for writes in 1..12 {
        for arrives in [true, false] {
            let mut harness = Harness::on_disk().await;
            harness.write_text("crm/accounts.ldjson", &accounts(3));
            harness.write_text("crm/stages.ldjson", &stage("s-1", "New"));
            let dying = Dying {
                store: SqliteStore::open(harness.ledger_path()).unwrap(),
                writes_left: AtomicUsize::new(writes),
                arrives,
            };
            harness.use_ledger(Ledger::with_store(dying));
            let options = harness.options(&harness.folder());
            let pushed = harness.client.push(harness.integration_id, options).await;
            harness.reopen().await;
            let is_all_known = harness.states().await == [UploadState::Done; 2];
            assert!(
                is_all_known
                    || pushed.as_ref().is_ok_and(|of| of.verdict != Verdict::Done)
                    || pushed.is_err(),
                "{writes} {arrives}: done, and the ledger does not know it: {pushed:#?}"
            );
            if harness.states().await.is_empty() {
                assert!(matches!(pushed, Err(PushError::Ledger(_))), "{pushed:?}");
                assert_eq!(
                    harness.posts(),
                    0,
                    "nothing is sent that is not written down"
                );
            } else {
                let report = harness.resume().await;
                let is_left = report.files.is_empty() || report.verdict == Verdict::Done;
                assert!(is_left, "{writes} {arrives}: {report:#?}");
            }
            let report = harness.push(&harness.folder()).await;
            assert_eq!(
                report.verdict,
                Verdict::Done,
                "{writes} {arrives}: {report:#?}"
            );
            assert_eq!(harness.simulator.uploads().len(), 2, "{writes} {arrives}");
            assert_eq!(harness.simulator.object_count("ACCOUNT"), 3);
            assert_eq!(harness.states().await, [UploadState::Done; 2]);
        }
    }
}

/// A store of which one read of an upload's records fails.
#[derive(Debug)]
struct Unreadable {
    store: SqliteStore,
    /// How many reads succeed before that one.
    reads_left: AtomicUsize,
}

impl Store for Unreadable {
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
        let is_manifest = table == Table::Manifests;
        if is_manifest && self.reads_left.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Box::pin(async { Err(dead()) });
        }
        self.store.scan(table, from, before, limit)
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
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

#[tokio::test]
async fn contact_of_a_new_account_is_not_sent_while_the_ledger_cannot_be_read() {
    for reads in 0..5 {
        let mut harness = Harness::on_disk().await;
        let accounts = harness.write_text("accounts.ldjson", &accounts(1));
        harness.simulator.set_processing(Processing::Never);
        let options = impatient(harness.options(&accounts));
        assert_eq!(harness.push_with(options).await.verdict, Verdict::TimedOut);
        let store = Unreadable {
            store: SqliteStore::open(harness.ledger_path()).unwrap(),
            reads_left: AtomicUsize::new(reads),
        };
        harness.use_ledger(Ledger::with_store(store));
        let contacts = harness.write_text("contacts.ldjson", &contact("c-1", "a-1"));
        let options = impatient(harness.options(&contacts));
        let pushed = harness.client.push(harness.integration_id, options).await;
        assert_eq!(harness.posts(), 1, "{reads}: {pushed:#?}");
        // While the push is planned, the error ends it.
        let is_said = match pushed {
            Ok(report) => report.verdict != Verdict::Done,
            Err(error) => matches!(error, PushError::Ledger(_)),
        };
        assert!(is_said, "{reads}");
    }
}

#[tokio::test]
async fn unclear_upload_is_settled_by_the_next_push_also_without_retries() {
    for effect in [Effect::ResetAfterBody, Effect::Status(503)] {
        let harness = Harness::on_disk().await;
        let path = harness.write_text("accounts.ldjson", &accounts(3));
        harness.fault_of_uploads(effect.clone(), 1);
        let mut options = harness.options(&path);
        options.retry.max_attempts = 1;
        let report = harness.push_with(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Unknown, "{effect:?}: {report:#?}");
        let report = harness.push_with(options).await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        assert_eq!(harness.simulator.uploads().len(), 1, "{effect:?}");
        assert_eq!(harness.simulator.object_count("ACCOUNT"), 3);
    }
}

#[tokio::test]
async fn push_that_is_dropped_at_any_step_can_be_resumed() {
    for steps in 1..12 {
        let mut harness = Harness::on_disk().await;
        harness.simulator.set_processing(Processing::Polls(2));
        let path = harness.write_text("accounts.ldjson", &accounts(3));
        let (mut handle, push) = harness
            .client
            .push(harness.integration_id, harness.options(&path))
            .start();
        let watching = async {
            for _ in 0..steps {
                if handle.next_event().await.is_none() {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            () = watching => {}
            ended = push => drop(ended),
        }
        harness.reopen().await;
        let report = harness.resume().await;
        assert!(
            report.files.is_empty() || report.verdict == Verdict::Done,
            "{steps}: {report:#?}"
        );
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{steps}: {report:#?}");
        assert_eq!(harness.simulator.uploads().len(), 1, "{steps}");
        assert_eq!(harness.states().await, [UploadState::Done], "{steps}");
    }
}

#[tokio::test]
async fn file_that_changes_during_a_push_is_sent_as_planned() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let changed = path.clone();
    let replacing = Mutex::new(Some(accounts(2) + &account("x-1", OLD, "Acme")));
    let report = harness
        .client
        .push(harness.integration_id, harness.options(&path))
        .on_event(move |event| {
            if matches!(event, Event::Sending { .. })
                && let Some(text) = replacing.lock().unwrap().take()
            {
                std::fs::write(&changed, text).unwrap();
            }
        })
        .await
        .unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("x-1"), None);
    let report = harness.push(&path).await;
    assert_eq!(
        (report.accepted(), report.unchanged()),
        (1, 2),
        "{report:#?}"
    );
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 4);
}

#[tokio::test]
async fn upload_whose_file_is_gone_is_asked_about() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    harness.simulator.set_processing(Processing::Never);
    let options = harness.options(&path).wait(Wait::UntilSent);
    let report = harness.push_with(options).await;
    assert_eq!(report.files[0].status, Status::TimedOut, "{report:#?}");
    std::fs::remove_file(&path).unwrap();
    let options = impatient(Options::default().simulator());
    let report = harness.client.resume([], options).await.unwrap();
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    assert_eq!(harness.posts(), 1);
}

#[tokio::test]
async fn upload_without_a_body_that_gong_does_not_know_blocks_nothing() {
    let mut harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(1));
    // It may have arrived, and nobody can say.
    let lost = Fault::new(Effect::ResetAfterBody).on(Operation::UploadEntities);
    harness.simulator.add_fault(lost).unwrap();
    let silent = Fault::new(Effect::Status(500)).on(Operation::RequestStatus);
    harness.simulator.add_fault(silent).unwrap();
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    // The spool is lost with the machine's disk.
    let spool = harness.directory.path().join("state/ledger.sqlite.spool");
    std::fs::remove_dir_all(spool).unwrap();
    harness.simulator.clear_faults();
    harness.reopen().await;
    drop(harness.resume().await);
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a-1").as_deref(), Some("Acme"));
    let open = harness.client.ledger().open_uploads().await.unwrap();
    assert!(open.is_empty(), "{open:#?}");
}

#[tokio::test]
async fn second_push_waits_for_the_first_or_names_its_owner() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let store = SqliteStore::open(harness.ledger_path()).unwrap();
    let lock = store.try_lock().await.unwrap();
    let mut options = harness.options(&path);
    options.wait_for_ledger = false;
    let refused = harness
        .client
        .push(harness.integration_id, options.clone())
        .await;
    assert!(
        matches!(refused, Err(PushError::Ledger(LedgerError::Held(_)))),
        "{refused:?}"
    );
    options.wait_for_ledger = true;
    let (mut handle, push) = harness.client.push(harness.integration_id, options).start();
    let releasing = async {
        assert!(matches!(
            handle.next_event().await,
            Some(Event::Waiting { .. })
        ));
        drop(lock);
    };
    let (report, ()) = tokio::join!(push, releasing);
    assert_eq!(report.unwrap().verdict, Verdict::Done);
}

#[tokio::test]
async fn quota_of_the_day_is_kept_by_the_ledger() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let limit = RateLimit::new(None, Some(1));
    let client = client_with(&harness.simulator, Ledger::memory(), limit, None);
    let warnings = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&warnings);
    let report = client
        .push(harness.integration_id, harness.options(&path))
        .on_event(move |event| {
            if matches!(event, Event::FewCallsLeft { left: 1, .. }) {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        })
        .await
        .unwrap();
    assert_eq!(warnings.load(Ordering::SeqCst), 1);
    assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        report.cause.as_ref().unwrap().kind(),
        ErrorKind::RateLimited
    );
    assert_eq!(
        harness.simulator.request_count(),
        1,
        "one call, and no more"
    );
}
