//! A push that is canceled says so, with what is known of every upload.

use gong_crm::ledger::UploadState;
use gong_crm::ledger::store::{SqliteStore, Store as _};
use gong_crm::push::{Event, Report, Status, Verdict};
use gong_sim::{Effect, Processing, RetryAfter};

use crate::support::{Harness, accounts, contact};

/// Pushes the folder and cancels when an event comes.
async fn canceled_at(harness: &Harness, is_moment: impl Fn(&Event) -> bool) -> Report {
    let options = harness.options(&harness.folder());
    let (mut handle, push) = harness.client.push(harness.integration_id, options).start();
    let canceling = async {
        while let Some(event) = handle.next_event().await {
            if is_moment(&event) {
                handle.cancel();
            }
        }
    };
    let (report, ()) = tokio::join!(push, canceling);
    report.unwrap()
}

#[tokio::test]
async fn push_canceled_before_it_begins_is_canceled() {
    let harness = Harness::new().await;
    harness.write_text("crm/accounts.ldjson", &accounts(3));
    let options = harness.options(&harness.folder());
    let (handle, push) = harness.client.push(harness.integration_id, options).start();
    handle.cancel();
    let report = push.await.unwrap();
    assert_eq!(report.verdict, Verdict::Canceled, "{report:#?}");
    assert_eq!(harness.simulator.request_count(), 0);
    report.into_result().unwrap_err();
}

#[tokio::test]
async fn push_canceled_at_any_stage_is_canceled_and_can_be_finished() {
    type IsMoment = fn(&Event) -> bool;
    let stages: [(&str, IsMoment); 5] = [
        ("checked", |event| matches!(event, Event::Checked { .. })),
        ("planned", |event| matches!(event, Event::Planned { .. })),
        ("sending", |event| matches!(event, Event::Sending { .. })),
        ("accepted", |event| matches!(event, Event::Accepted { .. })),
        ("polled", |event| matches!(event, Event::Polled { .. })),
    ];
    for (stage, is_moment) in stages {
        let mut harness = Harness::on_disk().await;
        harness.write_text("crm/accounts.ldjson", &accounts(3));
        harness.write_text("crm/contacts.ldjson", &contact("c-1", "a-1"));
        harness.simulator.set_processing(Processing::Polls(2));
        let report = canceled_at(&harness, is_moment).await;
        assert_eq!(report.verdict, Verdict::Canceled, "{stage}: {report:#?}");
        // What may be in Gong is named.
        for upload in harness.simulator.uploads() {
            let named = report.files.iter().flat_map(|file| &file.uploads);
            let mut ids = named.map(|upload| upload.client_request_id.as_str());
            assert!(
                ids.any(|id| id == upload.client_request_id),
                "{stage}: {report:#?}"
            );
        }
        harness.reopen().await;
        drop(harness.resume().await);
        let report = harness.push(&harness.folder()).await;
        assert_eq!(report.verdict, Verdict::Done, "{stage}: {report:#?}");
        assert_eq!(
            harness.simulator.uploads().len(),
            2,
            "{stage}: nothing is sent twice"
        );
    }
}

#[tokio::test]
async fn temporarily_rejected_upload_does_not_count_as_sent() {
    // Nothing of it has left when the push is stopped while it waits for the next try.
    for seconds in [1, 2] {
        let effect = Effect::TooManyRequests(RetryAfter::Seconds(seconds));
        let harness = Harness::on_disk().await;
        harness.write_text("crm/accounts.ldjson", &accounts(3));
        harness.fault_of_uploads(effect, 1);
        let report = canceled_at(&harness, |event| matches!(event, Event::Retrying { .. })).await;
        assert_eq!(report.verdict, Verdict::Canceled, "{report:#?}");
        assert_eq!(harness.states().await, [UploadState::Planned]);
        assert_eq!(harness.resume().await.verdict, Verdict::Done);
        assert_eq!(harness.simulator.object_count("ACCOUNT"), 3);
    }
}

#[tokio::test]
async fn canceled_push_says_what_is_left() {
    let harness = Harness::on_disk().await;
    harness.simulator.set_processing(Processing::Never);
    harness.write_text("crm/accounts.ldjson", &accounts(3));
    harness.write_text("crm/contacts.ldjson", &contact("c-1", "a-1"));
    let report = canceled_at(&harness, |event| matches!(event, Event::Polled { .. })).await;
    let statuses: Vec<Status> = report.files.iter().map(|file| file.status).collect();
    assert_eq!(statuses, [Status::Canceled, Status::NotSent], "{report:#?}");
    assert_eq!(report.unfinished().len(), 2);
}

#[tokio::test]
async fn push_that_waits_for_the_ledger_can_be_canceled() {
    let harness = Harness::on_disk().await;
    harness.write_text("crm/accounts.ldjson", &accounts(3));
    let store = SqliteStore::open(harness.ledger_path()).unwrap();
    let _lock = store.try_lock().await.unwrap();
    let report = canceled_at(&harness, |event| matches!(event, Event::Waiting { .. })).await;
    assert_eq!(report.verdict, Verdict::Canceled);
    assert!(report.files.is_empty());
    assert_eq!(harness.posts(), 0);
}

#[tokio::test]
async fn resume_that_is_stopped_while_another_push_runs_does_not_say_that_nothing_is_to_do() {
    let mut harness = Harness::on_disk().await;
    harness.write_text("crm/accounts.ldjson", &accounts(3));
    let report = canceled_at(&harness, |event| matches!(event, Event::Accepted { .. })).await;
    assert_eq!(report.verdict, Verdict::Canceled, "{report:#?}");
    harness.reopen().await;
    let _lock = harness.client.ledger().try_lock().await.unwrap();
    let mut options = harness.options(&harness.folder());
    options.wait_for_ledger = true;
    let (handle, resume) = harness.client.resume([], options).start();
    handle.cancel();
    let report = resume.await.unwrap();
    assert_eq!(report.verdict, Verdict::Canceled, "{report:#?}");
    assert!(report.is_unplanned(), "{report:#?}");
}
