//! Deletions that Gong rejects, that could not be sent, or that nobody confirmed yet.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{Account, BusinessUser, Contact};
use gong_crm::ledger::TryOutcome;
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::{Deletions, Limit, SyncOptions};
use gong_sim::{Effect, Fault, Operation, RetryAfter};
use serde_json::json;

use crate::support::{MovedClock, World, account, accounts, actions, contact, counts, user};

/// Gong rejects the only record of every upload until the faults are cleared.
fn reject_all(world: &World) {
    let verdict = gong_sim::Verdict::new()
        .set("status", "FAILED")
        .set("errors", json!([{"line": 1, "description": "no"}]))
        .set("totalErrorCount", 1)
        .set("totalSuccessCount", 0)
        .applies_nothing();
    let fault = Fault::new(Effect::Verdict(verdict)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault).unwrap();
}

/// A sync whose clock is moved by the test.
async fn with_clock() -> (World, Arc<MovedClock>) {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    (world, clock)
}

const DAY: Duration = Duration::from_hours(25);

#[tokio::test]
async fn rejected_deletion_of_a_vanished_record_is_tried_again_after_a_day() {
    let (world, clock) = with_clock().await;
    let options = world.with_accounts(1..=30).await;
    world.export("account.ldjson", &accounts(2..=30));
    reject_all(&world);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");

    let uploads = world.simulator.uploads().len();
    for _ in 0..2 {
        world.export("account.ldjson", &accounts(2..=30));
        let plan = world.plan(options.clone()).await;
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert_eq!(actions(&plan), actions(&report.plan));
        let reason = report.plan.changes[0].reason.clone().unwrap();
        assert!(reason.contains("its deletion was rejected on"), "{reason}");
        assert_eq!(world.simulator.uploads().len(), uploads, "nothing is sent");
    }
    world.simulator.clear_faults();
    clock.advance(DAY);
    world.export("account.ldjson", &accounts(2..=30));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn deletion_of_a_vanished_user_is_tried_three_times() {
    let (world, clock) = with_clock().await;
    let users = |from: u32| -> Vec<serde_json::Value> {
        let users = from..=30;
        users
            .map(|id| user(&format!("u-{id}"), &format!("u-{id}@acme.example")))
            .collect()
    };
    let path = world.export("business_user.ldjson", &users(1));
    let source = Arc::new(FilesSource::new(path).complete(true));
    let options = SyncOptions::new("acme").simulator();
    let options = options.source_with(BusinessUser, source, Deletions::WithinLimits);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("business_user.ldjson", &users(2));
    reject_all(&world);
    let before = world.simulator.uploads().len();
    // Nobody can read users back, so that whether this one is gone stays open.
    for days in 0..10 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{days}: {report:#?}");
        clock.advance(DAY);
    }
    assert_eq!(world.simulator.uploads().len() - before, 3);
}

#[tokio::test]
async fn confirmed_deletion_that_could_not_be_sent_stays_confirmed() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=100));
    let mut options = world.options(&[Account]);
    let list = world.path("held.ldjson");
    options.held_deletions = Some(list.clone());
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(31..=100));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::HeldBack);
    let confirmed = world.path("confirmed.ldjson");
    // As an editor of Windows saves it.
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&confirmed, format!("\u{feff}{text}")).unwrap();
    let refusal = Fault::new(Effect::TooManyRequests(RetryAfter::Seconds(86_400)));
    world
        .simulator
        .add_fault(refusal.on(Operation::UploadEntities))
        .unwrap();
    let mut with_list = options.clone();
    with_list.confirm_deletions = Some(confirmed);
    assert_eq!(world.sync(with_list).await.verdict, Verdict::Failed);
    assert!(world.has("ACCOUNT", "acc-1"));

    world.simulator.clear_faults();
    let report = world.sync(options.clone()).await;
    assert_eq!(counts(&report.plan, Account)[2], 30, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
    // A confirmation counts once: a record that returns and vanishes needs another.
    world.export("account.ldjson", &accounts(1..=100));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(31..=100));
    assert_eq!(world.sync(options).await.verdict, Verdict::HeldBack);
}

#[tokio::test]
async fn list_of_held_back_deletions_keeps_what_a_sync_did_not_look_at() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=100));
    world.export("contact.ldjson", &[contact("c-1", "acc-99")]);
    let mut options = world.options(&[Account, Contact]);
    let list = world.path("held.ldjson");
    options.held_deletions = Some(list.clone());
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(51..=100));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::HeldBack);
    let lines = || std::fs::read_to_string(&list).map_or(0, |text| text.lines().count());
    assert_eq!(lines(), 50);

    let mut only = options.clone();
    only.only.insert(Contact, gong_crm::sync::Only::All);
    assert_eq!(world.sync(only).await.verdict, Verdict::Done);
    assert_eq!(lines(), 50, "another type");
    let mut only = options.clone();
    let ids = gong_crm::sync::Only::Ids(vec!["acc-1".to_owned()]);
    only.only.insert(Account, ids);
    drop(world.sync(only).await);
    assert_eq!(lines(), 50, "another record");
    std::fs::remove_file(world.path("account.ldjson")).unwrap();
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Failed);
    assert_eq!(lines(), 50, "a source that is missing");
    let (handle, canceled) = world
        .client
        .sync(world.integration_id, options.clone())
        .start();
    handle.cancel();
    assert_eq!(canceled.await.unwrap().verdict, Verdict::Canceled);
    assert_eq!(lines(), 50, "a sync that was stopped");
    world.export("account.ldjson", &accounts(1..=100));
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
    assert_eq!(lines(), 0, "all of them are back");
}

#[tokio::test]
async fn rejected_record_that_vanishes_is_no_reject_any_more() {
    let world = World::new().await;
    let options = world.with_accounts(1..=5).await;
    let mut more = accounts(1..=5);
    more.push(account("acc-6", "Rejected"));
    world.export("account.ldjson", &more);
    reject_all(&world);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Partial);
    let rejects = || async {
        let ledger = world.client.ledger();
        let rejects = ledger.rejects(world.client.base_url(), world.integration_id);
        rejects.await.unwrap().len()
    };
    assert_eq!(rejects().await, 1);
    world.export("account.ldjson", &accounts(1..=5));
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
    assert_eq!(rejects().await, 0);
}

#[tokio::test]
async fn many_addresses_that_change_at_once_reach_the_limit_of_a_small_company_too() {
    let world = World::new().await;
    let users = |changed: u32| -> Vec<serde_json::Value> {
        let domain = |id| if id <= changed { "new" } else { "acme" };
        (1..=16)
            .map(|id| {
                user(
                    &format!("u-{id}"),
                    &format!("u-{id}@{}.example", domain(id)),
                )
            })
            .collect()
    };
    world.export("business_user.ldjson", &users(0));
    let mut options = world.options(&[BusinessUser]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("business_user.ldjson", &users(15));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    let address = |world: &World| world.field("BUSINESS_USER", "u-1", "emailAddress");
    assert_eq!(address(&world), json!("u-1@acme.example"));
    // Few change at any time.
    world.export("business_user.ldjson", &users(2));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    assert_eq!(address(&world), json!("u-1@new.example"));
    options.max_deletions = Limit::Unlimited;
    world.export("business_user.ldjson", &users(15));
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn resume_after_a_prune_leaves_a_deletion_to_the_next_sync() {
    let world = World::new().await;
    let options = world.with_accounts(1..=30).await;
    // Gong counts no success for the deletion, and does nothing.
    let verdict = gong_sim::Verdict::new()
        .set("totalSuccessCount", 0)
        .applies_nothing();
    let fault = Fault::new(Effect::Verdict(verdict)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault).unwrap();
    world.export("account.ldjson", &accounts(2..=30));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    world.simulator.clear_faults();
    let ledger = world.client.ledger();
    let later = jiff::Timestamp::now() + Duration::from_hours(1);
    assert_eq!(ledger.prune(later).await.unwrap(), 1, "the first upload");
    // The record is back in the source when somebody resumes.
    world.export("account.ldjson", &accounts(1..=30));
    let resume = gong_crm::push::Options::default().simulator();
    drop(world.client.resume([], resume).await.unwrap());
    assert!(world.has("ACCOUNT", "acc-1"));
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn waived_deletion_of_a_vanished_record_is_a_note() {
    let (world, clock) = with_clock().await;
    let options = world.with_accounts(1..=30).await;
    world.export("account.ldjson", &accounts(2..=30));
    reject_all(&world);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Partial);
    let (url, integration_id) = (world.client.base_url(), world.integration_id);
    let ledger = world.client.ledger();
    let waived = ledger.waive(url, integration_id, Account, "acc-1").await;
    assert_eq!(waived.unwrap(), Some(TryOutcome::Rejected));

    world.simulator.clear_faults();
    let uploads = world.simulator.uploads().len();
    for _ in 0..2 {
        world.export("account.ldjson", &accounts(2..=30));
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        let notes = &report.plan.notes;
        let says = "the deletion of 1 record that is gone from the source was waived (acc-1)";
        assert!(notes.iter().any(|note| note.contains(says)), "{notes:?}");
        clock.advance(DAY);
    }
    assert_eq!(world.simulator.uploads().len(), uploads, "nothing is sent");
    assert!(world.has("ACCOUNT", "acc-1"));
}
