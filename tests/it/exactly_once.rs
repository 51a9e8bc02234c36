//! Is each upload applied once and brought to its verdict, whatever happens in between?

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gong_crm::ledger::{Job, JobState, Ledger, LedgerError, LedgerLock};
use gong_crm::push::{Event, FileStatus, Options, PushError, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, ClientRequestId, Credentials, IntegrationId, MemoryLedger};
use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter};
use jiff::Timestamp;

use crate::support::world::{World, account, accounts};

#[tokio::test]
async fn every_fault_of_an_upload_ends_in_one_upload() {
    let effects = [
        Effect::ResetBeforeBody,
        Effect::ResetAfterBody,
        Effect::LoseAnswer,
        Effect::TruncateBody,
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
        let world = World::new().await;
        let path = world.write("accounts.ldjson", &accounts(3));
        let fault = Fault::new(effect.clone())
            .on(Operation::UploadEntities)
            .nth(1);
        world.simulator.add_fault(fault);
        let report = world.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        assert_eq!(world.simulator.uploads().len(), 1, "{effect:?}");
        assert_eq!(world.simulator.object_count("ACCOUNT"), 3, "{effect:?}");
        assert_eq!(world.states(), [JobState::Done], "{effect:?}");
    }
}

#[tokio::test]
async fn every_fault_of_a_question_is_outlived() {
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
        let world = World::new().await;
        let path = world.write("accounts.ldjson", &accounts(3));
        let fault = Fault::new(effect.clone())
            .on(Operation::RequestStatus)
            .nth(1);
        world.simulator.add_fault(fault);
        let report = world.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{effect:?}: {report:#?}");
        assert_eq!(world.posts(), 1, "{effect:?}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_limit_is_told_and_the_upload_can_be_resumed() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    let limit = Effect::TooManyRequests(RetryAfter::Seconds(86_400));
    world
        .simulator
        .add_fault(Fault::new(limit).on(Operation::UploadEntities));
    let report = world.push(&path).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert_eq!(
        report.cause().unwrap().kind(),
        gong_crm::ErrorKind::RateLimited
    );
    assert_eq!(world.states(), [JobState::Planned]);
    world.simulator.clear_faults();
    assert_eq!(world.resume().await.verdict, Verdict::Done);
    assert_eq!(world.states(), [JobState::Done]);
}

#[tokio::test]
async fn a_status_that_never_ends_is_timed_out_and_resumed() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    world.simulator.set_processing(Processing::Polls(4));
    let mut options = Options::new([&path]).local().unchecked();
    options.patience = options.patience.with_timeout(std::time::Duration::ZERO);
    let report = world.push_with(options).await;
    assert_eq!(report.verdict, Verdict::TimedOut);
    assert_eq!(report.unfinished().len(), 1);
    let report = world.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!((world.posts(), world.states()), (1, vec![JobState::Done]));
}

#[tokio::test]
async fn the_same_file_is_sent_once_by_whatever_process() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    assert!(world.push(&path).await.files[0].sent);
    let calls = world.simulator.request_count();
    let again = world.push(&path).await;
    assert_eq!((again.verdict, again.files[0].sent), (Verdict::Done, false));
    assert_eq!(again.files[0].succeeded, 3);
    assert!(again.files[0].done_at.is_some());
    assert_eq!(
        world.simulator.request_count(),
        calls,
        "not even asked about"
    );
}

#[tokio::test]
async fn two_files_of_the_same_content_make_one_upload() {
    let world = World::new().await;
    world.write("accounts-1.ldjson", &accounts(3));
    world.write("accounts-2.ldjson", &accounts(3));
    let report = world.push(world.folder.path()).await;
    assert_eq!((report.verdict, report.succeeded()), (Verdict::Done, 6));
    assert_eq!(world.posts(), 1);
}

/// A ledger that fails as if the process were killed: after so many writes, it does nothing more.
#[derive(Debug)]
struct Dying {
    ledger: Arc<dyn Ledger>,
    writes_left: AtomicUsize,
    /// Whether the last write arrives.
    arrives: bool,
}

impl Ledger for Dying {
    fn try_lock(&self) -> Result<LedgerLock, LedgerError> {
        self.ledger.try_lock()
    }

    fn record(&self, jobs: &[Job]) -> Result<(), LedgerError> {
        let left = self.writes_left.load(Ordering::SeqCst);
        if left == 0 {
            return Err(LedgerError::storage("dead", "dead"));
        }
        self.writes_left.store(left - 1, Ordering::SeqCst);
        if left == 1 && !self.arrives {
            return Err(LedgerError::storage("dead", "dead"));
        }
        self.ledger.record(jobs)
    }

    fn job(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Job>, LedgerError> {
        self.ledger.job(integration_id, client_request_id)
    }

    fn jobs(&self) -> Result<Vec<Job>, LedgerError> {
        self.ledger.jobs()
    }

    fn forget(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<(), LedgerError> {
        self.ledger.forget(integration_id, client_request_id)
    }

    fn count_call(&self, at: Timestamp) -> Result<(), LedgerError> {
        self.ledger.count_call(at)
    }

    fn calls_since(&self, since: Timestamp) -> Result<u64, LedgerError> {
        self.ledger.calls_since(since)
    }
}

#[tokio::test]
async fn a_ledger_that_dies_at_any_write_leaves_what_can_be_finished() {
    for writes in 0..12 {
        for arrives in [true, false] {
            let world = World::new().await;
            world.write("accounts.ldjson", &accounts(3));
            world.write(
                "stages.ldjson",
                "{\"objectId\":\"s-1\",\"name\":\"New\",\"sortOrder\":1,\"isActive\":true}\n",
            );
            let dying = Arc::new(Dying {
                ledger: Arc::clone(&world.ledger),
                writes_left: AtomicUsize::new(writes),
                arrives,
            });
            let options = Options::new([world.folder.path()]).local().unchecked();
            let pushed = world
                .client(dying)
                .push(world.integration_id, options)
                .await;
            if world.ledger.jobs().unwrap().is_empty() {
                assert!(matches!(pushed, Err(PushError::Ledger(_))), "{pushed:?}");
                assert_eq!(world.posts(), 0, "nothing is sent that is not written down");
                continue;
            }
            let report = world.resume().await;
            assert_eq!(
                report.verdict,
                Verdict::Done,
                "{writes} {arrives}: {report:#?}"
            );
            assert_eq!(world.states(), [JobState::Done; 2], "{writes} {arrives}");
            assert_eq!(world.simulator.uploads().len(), 2, "{writes} {arrives}");
            assert_eq!(world.simulator.object_count("ACCOUNT"), 3);
        }
    }
}

#[tokio::test]
async fn a_push_that_is_dropped_at_any_step_can_be_resumed() {
    for steps in 1..12 {
        let world = World::new().await;
        world.simulator.set_processing(Processing::Polls(2));
        let path = world.write("accounts.ldjson", &accounts(3));
        let client = world.client(Arc::clone(&world.ledger));
        let (mut handle, push) = client
            .push(
                world.integration_id,
                Options::new([&path]).local().unchecked(),
            )
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
        let report = world.resume().await;
        assert_eq!(report.verdict, Verdict::Done, "{steps}: {report:#?}");
        let report = world.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{steps}: {report:#?}");
        assert_eq!(world.simulator.uploads().len(), 1, "{steps}");
        assert_eq!(world.states(), [JobState::Done], "{steps}");
    }
}

#[tokio::test]
async fn a_canceled_push_says_what_is_left() {
    let world = World::new().await;
    world.simulator.set_processing(Processing::Never);
    let path = world.write("accounts.ldjson", &accounts(3));
    world.write("contacts.ldjson", "{\"objectId\":\"c-1\",\"modifiedDate\":\"2026-01-15T09:30:00Z\",\"emailAddress\":\"a@acme.example\"}\n");
    let client = world.client(Arc::clone(&world.ledger));
    let options = Options::new([world.folder.path()]).local().unchecked();
    let (mut handle, push) = client.push(world.integration_id, options).start();
    let canceling = async {
        while let Some(event) = handle.next_event().await {
            if matches!(event, Event::Polled { .. }) {
                handle.cancel();
            }
        }
    };
    let (report, ()) = tokio::join!(push, canceling);
    let report = report.unwrap();
    assert!(report.is_canceled);
    let statuses: Vec<FileStatus> = report.files.iter().map(|file| file.status).collect();
    assert_eq!(statuses, [FileStatus::TimedOut, FileStatus::NotSent]);
    assert_eq!(report.unfinished().len(), 2);
    world.simulator.set_processing(Processing::Immediate);
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_that_changes_while_it_waits_is_not_taken() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    let client = world.client(Arc::clone(&world.ledger));
    let changed = path.clone();
    let replacing = Mutex::new(Some(
        accounts(2) + &account("x-1", "2026-01-15T09:30:00Z", "Acme"),
    ));
    let report = client
        .push(
            world.integration_id,
            Options::new([&path]).local().unchecked(),
        )
        .on_event(move |event| {
            if matches!(event, Event::Sending { .. })
                && let Some(text) = replacing.lock().unwrap().take()
            {
                std::fs::write(&changed, text).unwrap();
            }
        })
        .await
        .unwrap();
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(
        report.cause().unwrap().to_string().contains("changed"),
        "{report:#?}"
    );
    assert_eq!(world.simulator.object_count("ACCOUNT"), 0);
    let report = world.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.simulator.uploads().len(), 1);
    assert_eq!(
        world.states(),
        [JobState::Done],
        "the plan that can't be kept is forgotten"
    );
}

#[tokio::test]
async fn an_upload_whose_file_is_gone_is_asked_about() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    world.simulator.set_processing(Processing::Never);
    let mut options = Options::new([&path]).local().unchecked();
    options.acceptance_only = true;
    let report = world.push_with(options).await;
    assert_eq!(report.files[0].status, FileStatus::Accepted);
    std::fs::remove_file(&path).unwrap();
    let client = world.client(Arc::clone(&world.ledger));
    let mut options = Options::new([""; 0]).local().unchecked();
    options.patience = options.patience.with_timeout(std::time::Duration::ZERO);
    let report = client.resume([], options).await.unwrap();
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    assert_eq!(world.posts(), 1);
}

#[tokio::test]
async fn a_second_push_waits_for_the_first_or_says_who_holds_the_ledger() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    let lock = world.ledger.try_lock().unwrap();
    let client = world.client(Arc::clone(&world.ledger));
    let mut options = Options::new([&path]).local().unchecked();
    options.wait_for_ledger = false;
    let refused = client.push(world.integration_id, options.clone()).await;
    assert!(
        matches!(refused, Err(PushError::Ledger(LedgerError::Held(_)))),
        "{refused:?}"
    );
    options.wait_for_ledger = true;
    let (mut handle, push) = client.push(world.integration_id, options).start();
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
async fn the_days_budget_is_kept_in_the_ledger() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
    let simulator = &world.simulator;
    let client = Client::builder()
        .base_url(simulator.base_url())
        .credentials(Credentials::access_key(
            simulator.access_key(),
            simulator.access_key_secret(),
        ))
        .ledger(ledger)
        .rate_limit(RateLimit::new(None, Some(1)))
        .build()
        .unwrap();
    let short = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&short);
    let report = client
        .push(
            world.integration_id,
            Options::new([&path]).local().unchecked(),
        )
        .on_event(move |event| {
            if matches!(event, Event::Short { left: 1, .. }) {
                told.fetch_add(1, Ordering::SeqCst);
            }
        })
        .await
        .unwrap();
    assert_eq!(short.load(Ordering::SeqCst), 1);
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    assert_eq!(world.simulator.request_count(), 1, "one call, and no more");
}

#[tokio::test]
async fn an_id_of_ones_own_is_used_and_is_for_one_content() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(2));
    let mut options = Options::new([&path]).local().unchecked();
    options.request_id = Some("nightly-2026-11-22".parse().unwrap());
    let report = world.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        world.simulator.uploads()[0].client_request_id,
        "nightly-2026-11-22"
    );
    world.write("accounts.ldjson", &accounts(3));
    let report = world.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Failed);
    let cause = report.cause().unwrap().to_string();
    assert!(cause.contains("nightly-2026-11-22"), "{cause}");
}

#[tokio::test]
async fn a_push_that_waits_for_the_ledger_can_be_canceled() {
    let world = World::new().await;
    let path = world.write("accounts.ldjson", &accounts(3));
    let _lock = world.ledger.try_lock().unwrap();
    let client = world.client(Arc::clone(&world.ledger));
    let options = Options::new([&path]).local().unchecked();
    let (mut handle, push) = client.push(world.integration_id, options).start();
    let canceling = async {
        assert!(matches!(
            handle.next_event().await,
            Some(Event::Waiting { .. })
        ));
        handle.cancel();
    };
    let (report, ()) = tokio::join!(push, canceling);
    let report = report.unwrap();
    assert!(report.is_canceled && report.files.is_empty());
    assert_eq!(world.posts(), 0);
}
