//! Uploads of earlier rounds that were not sent: what they wait for, and that they do not wait for ever.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{self, Account, BusinessUser, Contact, Deal};
use gong_crm::push::{Options, Verdict, Wait};
use gong_crm::source::FilesSource;
use gong_crm::sync::{Deletions, Limit, SyncOptions, SyncReport};
use gong_sim::{Effect, Fault, Operation, Processing, Simulator};
use serde_json::{Value, json};

use crate::support::{
    MovedClock, World, account, accounts, actions, contact, counts, deal, file_name, user,
};

/// Gong drops contacts of accounts that it does not have.
async fn world() -> (World, Arc<MovedClock>) {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let mut world = World::with(simulator.start().await.unwrap()).await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    (world, clock)
}

/// A sync of files that hold what changed since the last one, which asks once for each verdict.
fn options(world: &World, types: &[ObjectType]) -> SyncOptions {
    let mut options = SyncOptions::new("acme").simulator();
    for object_type in types {
        let source = FilesSource::new(world.path(&file_name(*object_type)));
        let deletions = Deletions::WithinLimits;
        options = options.source_with(*object_type, Arc::new(source), deletions);
    }
    options.push.poll = options.push.poll.with_timeout(Duration::ZERO);
    options
}

fn gone(id: &str) -> Value {
    json!({"objectId": id, "modifiedDate": "2026-02-01T09:30:00Z", "isDeleted": true})
}

fn contacts() -> Vec<Value> {
    let contacts = 1..=4;
    contacts
        .map(|id| contact(&format!("con-{id}"), &format!("acc-{id}")))
        .collect()
}

/// Nothing changes, and a day is over.
async fn next_day(world: &World, clock: &MovedClock, options: &SyncOptions) -> SyncReport {
    clock.advance(Duration::from_hours(24));
    for object_type in ObjectType::ALL {
        world.export(&file_name(object_type), &[]);
    }
    world.sync(options.clone()).await
}

#[tokio::test]
async fn deletion_and_what_refers_to_it_do_not_wait_for_each_other() {
    let (world, clock) = world().await;
    let options = options(&world, &[Account, Contact]);
    world.export("account.ldjson", &accounts(1..=4));
    world.export("contact.ldjson", &contacts());
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");

    // All are listed again, one account as deleted, and Gong gives no verdict.
    world.client.ledger().recover().await.unwrap();
    world.simulator.set_processing(Processing::Never);
    let mut changed = accounts(2..=4);
    changed.push(gone("acc-1"));
    world.export("account.ldjson", &changed);
    world.export("contact.ldjson", &contacts());
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");

    world.simulator.set_processing(Processing::Immediate);
    let report = next_day(&world, &clock, &options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let held = report.files.iter().flat_map(|file| &file.errors);
    let held: Vec<_> = held
        .map(|error| (error.object_id.as_deref(), error.description.as_str()))
        .collect();
    let reason = "held back: it refers to ACCOUNT acc-1, which is being deleted";
    assert_eq!(held, [(Some("con-1"), reason)], "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
    let report = next_day(&world, &clock, &options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");

    // Once the account is there again, its contact goes, too.
    world.export("account.ldjson", &accounts(1..=1));
    drop(world.sync(options.clone()).await);
    let report = next_day(&world, &clock, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("CONTACT", "con-1", "accountId"), "acc-1");
    let plan = world.plan(options).await;
    assert_eq!((plan.uploads, plan.calls), (0, 0), "{plan:#?}");
}

#[tokio::test]
async fn user_with_another_address_does_not_wait_for_what_waits_for_that_user() {
    let (world, clock) = world().await;
    let mut options = options(&world, &[BusinessUser, Account, Deal]);
    options.max_deletions = Limit::Unlimited;
    let users = [
        user("u-1", "ada@acme.example"),
        user("u-2", "bob@acme.example"),
    ];
    world.export("business_user.ldjson", &users);
    world.export("account.ldjson", &accounts(1..=1));
    world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 1)]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");

    // A deal of the first user waits for its new account, and the deletion of the other user for the deal.
    world.simulator.set_processing(Processing::Never);
    world.export("account.ldjson", &accounts(9..=9));
    world.export("business_user.ldjson", &[gone("u-2")]);
    world.export("deal.ldjson", &[deal("d-1", "acc-9", "s-1", 2)]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    clock.advance(Duration::from_hours(24));
    world.export("account.ldjson", &[]);
    world.export(
        "business_user.ldjson",
        &[user("u-1", "ada.king@acme.example")],
    );
    world.export("deal.ldjson", &[]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");

    world.simulator.set_processing(Processing::Immediate);
    let report = next_day(&world, &clock, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let address = world.field("BUSINESS_USER", "u-1", "emailAddress");
    assert_eq!(address, "ada.king@acme.example");
    assert_eq!(world.field("DEAL", "d-1", "amount"), 2);
    assert!(!world.has("BUSINESS_USER", "u-2"));
}

/// Pushes a record and does not wait for its verdict.
async fn push_new(world: &World) -> Verdict {
    let path = world.path("account.ldjson");
    std::fs::write(&path, format!("{}\n", account("acc-99", "Hook"))).unwrap();
    let options = Options::new([path]).simulator().wait(Wait::UntilSent);
    let report = world.client.push(world.integration_id, options).await;
    report.unwrap().verdict
}

/// The deletions that a round holds back.
fn held(report: &SyncReport) -> Vec<&str> {
    let held = report.plan.held_back_deletions().iter();
    held.map(|held| held.object_id.as_str()).collect()
}

#[tokio::test]
async fn lost_push_is_not_sent_again_after_an_export_without_its_record() {
    let (world, clock) = world().await;
    let mut options = world.with_accounts(1..=30).await;
    let lost = Fault::new(Effect::LoseUpload).on(Operation::UploadEntities);
    world.simulator.add_fault(lost.nth(1)).unwrap();
    assert_eq!(push_new(&world).await, Verdict::TimedOut);
    clock.advance(Duration::from_hours(1));

    // The CRM has deleted it meanwhile.
    world.export("account.ldjson", &accounts(1..=30));
    options.held_deletions = Some(world.path("held.ldjson"));
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
        assert_eq!(held(&report), ["acc-99"], "{report:#?}");
        assert!(!world.has("ACCOUNT", "acc-99"), "{report:#?}");
    }
    let resumed = Options::default().simulator();
    drop(world.client.resume([], resumed).await.unwrap());
    assert!(!world.has("ACCOUNT", "acc-99"));
    options.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    options.confirm_deletions = None;
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
}

#[tokio::test]
async fn slow_push_is_named_by_an_export_without_its_record() {
    let (world, clock) = world().await;
    let mut options = world.with_accounts(1..=30).await;
    world.simulator.set_processing(Processing::Polls(1));
    assert_eq!(push_new(&world).await, Verdict::TimedOut);
    clock.advance(Duration::from_hours(1));
    world.export("account.ldjson", &accounts(1..=30));
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(
        world
            .plan(options.clone())
            .await
            .held_back_deletions()
            .len(),
        1
    );
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert_eq!(held(&report), ["acc-99"], "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-99"));
}

#[tokio::test]
async fn push_that_was_not_sent_is_dropped_after_an_export_without_its_record() {
    let (world, clock) = world().await;
    let options = world.with_accounts(1..=30).await;
    let refused = Fault::new(Effect::Status(403)).on(Operation::UploadEntities);
    world.simulator.add_fault(refused.nth(1)).unwrap();
    assert_eq!(push_new(&world).await, Verdict::Failed);
    clock.advance(Duration::from_hours(1));
    world.export("account.ldjson", &accounts(1..=30));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-99"));
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
}

#[tokio::test]
async fn plan_names_what_an_earlier_round_did_not_send() {
    let (world, _) = world().await;
    let options = options(&world, &[Account, Contact]);
    world.export("account.ldjson", &accounts(1..=4));
    world.export("contact.ldjson", &contacts());
    let refused = Fault::new(Effect::Status(403)).on(Operation::UploadEntities);
    world.simulator.add_fault(refused).unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    world.simulator.clear_faults();

    world.export("account.ldjson", &accounts(4..=5));
    world.export("contact.ldjson", &[]);
    let plan = world.plan(options.clone()).await;
    assert_eq!(counts(&plan, Account), [5, 0, 0, 0, 0], "{plan:#?}");
    assert_eq!(counts(&plan, Contact), [4, 0, 0, 0, 0], "{plan:#?}");
    assert_eq!((plan.uploads, plan.calls), (3, 9), "{plan:#?}");
    let mut waiting = plan.changes.iter().filter(|change| change.reason.is_some());
    let first = waiting.next().unwrap();
    let reason = "an earlier push or sync did not send it";
    assert_eq!(first.reason.as_deref(), Some(reason), "{plan:#?}");
    assert!(plan.has_changes() && waiting.count() == 6, "{plan:#?}");

    let mut with_plan = options.clone();
    with_plan.plan_file = Some(world.path("plan.ldjson"));
    plan.write(&world.path("plan.ldjson")).unwrap();
    let report = world.sync(with_plan).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(actions(&report.plan), actions(&plan));
    assert!(world.has("ACCOUNT", "acc-1") && world.has("CONTACT", "con-4"));
    let plan = world.plan(options).await;
    assert!(plan.changes.is_empty() && plan.calls == 0, "{plan:#?}");
}
