//! Uploads that Gong processes long after they were given up.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{Account, Contact, Stage};
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::{SyncOptions, SyncReport};
use gong_sim::{Effect, Fault, Operation, Processing, RetryAfter, Simulator};
use serde_json::Value;

use crate::support::{MovedClock, World, account, accounts, contact, stage};

/// The report of a round that asks for a verdict once.
async fn round(world: &World, options: &SyncOptions) -> SyncReport {
    let mut options = options.clone();
    options.push.poll = options.push.poll.with_timeout(Duration::ZERO);
    world.sync(options).await
}

fn has_note(report: &SyncReport, part: &str) -> bool {
    report.plan.notes.iter().any(|note| note.contains(part))
}

/// A Gong that has three records and an upload with a change of the first, which it finishes in an hour,
/// and a clock that has moved on by seven.
async fn changed_and_given_up(
    name: &str,
    options: impl FnOnce(&World) -> SyncOptions,
    before: &[Value],
    changed: &[Value],
) -> (World, Arc<MovedClock>, SyncOptions) {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    let options = options(&world);
    world.export(name, before);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let hour = Processing::After(Duration::from_hours(1));
    world.simulator.set_processing(hour);
    world.export(name, changed);
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    world.simulator.set_processing(Processing::Immediate);
    clock.advance(Duration::from_hours(7));
    (world, clock, options)
}

fn with_name(name: &str) -> Vec<Value> {
    let mut records = accounts(2..=3);
    records.insert(0, account("acc-1", name));
    records
}

async fn accounts_given_up() -> (World, Arc<MovedClock>, SyncOptions) {
    let options = |world: &World| world.options(&[Account]);
    let (before, changed) = (accounts(1..=3), with_name("older"));
    changed_and_given_up("account.ldjson", options, &before, &changed).await
}

#[tokio::test]
async fn newer_version_is_sent_again_after_an_upload_that_was_given_up() {
    let (world, clock, options) = accounts_given_up().await;
    world.export("account.ldjson", &with_name("newer"));
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(has_note(&report, "may still process"), "{report:#?}");
    world.simulator.advance(Duration::from_hours(2));
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "older");

    clock.advance(Duration::from_hours(1));
    let calls = world.calls().await;
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.calls().await, calls, "a quiet round");

    clock.advance(Duration::from_hours(25));
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(has_note(&report, "acc-1"), "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "newer");
    let calls = world.calls().await;
    clock.advance(Duration::from_hours(1));
    let report = round(&world, &options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
    assert_eq!(world.calls().await, calls);
}

#[tokio::test]
async fn record_is_deleted_again_after_an_upload_that_was_given_up() {
    let (world, clock, options) = accounts_given_up().await;
    world.export("account.ldjson", &accounts(2..=3));
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
    world.simulator.advance(Duration::from_hours(2));
    assert!(
        world.has("ACCOUNT", "acc-1"),
        "the old upload brings it back"
    );
    clock.advance(Duration::from_hours(25));
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn stage_is_retired_again_after_an_upload_that_was_given_up() {
    let options = |world: &World| world.options(&[Stage]);
    let stages = |name: &str| {
        [
            stage("s-1", name),
            stage("s-2", "Won"),
            stage("s-3", "Lost"),
        ]
    };
    let (before, changed) = (stages("New"), stages("Newer"));
    let (world, clock, options) =
        changed_and_given_up("stage.ldjson", options, &before, &changed).await;
    let is_active = |world: &World| world.field("STAGE", "s-1", "isActive") != false;
    world.export("stage.ldjson", &before[1..]);
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!is_active(&world));
    world.simulator.advance(Duration::from_hours(2));
    assert!(is_active(&world), "the old upload brings it back");
    clock.advance(Duration::from_hours(25));
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!is_active(&world));
    let report = round(&world, &options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
}

#[tokio::test]
async fn version_of_changes_is_named_until_it_is_sent_again() {
    let options = |world: &World| {
        let source = Arc::new(FilesSource::new(world.path("contact.ldjson")));
        SyncOptions::new("acme").source(Contact, source).simulator()
    };
    let named = |name: &str| {
        let mut record = contact("c-1", "acc-1");
        record["firstName"] = name.into();
        [record]
    };
    let (first, older, newer) = (named("first"), named("older"), named("newer"));
    let given_up = changed_and_given_up("contact.ldjson", options, &first, &older);
    let (world, clock, options) = given_up.await;
    world.export("contact.ldjson", &newer);
    assert_eq!(round(&world, &options).await.verdict, Verdict::Done);
    world.export("contact.ldjson", &[]);
    world.simulator.advance(Duration::from_hours(2));
    clock.advance(Duration::from_hours(25));
    for _ in 0..2 {
        let report = round(&world, &options).await;
        assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
        let mut errors = report.files.iter().flat_map(|file| &file.errors);
        let is_named = errors.any(|error| error.object_id.as_deref() == Some("c-1"));
        assert!(is_named, "{report:#?}");
    }
    world.export("contact.ldjson", &newer);
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("CONTACT", "c-1", "firstName"), "newer");
    world.export("contact.ldjson", &[]);
    assert_eq!(round(&world, &options).await.verdict, Verdict::Done);
}

/// A contact in an upload that is given up and sent again while the account that it refers to, of the
/// same sync, is still tried.
async fn contact_before_its_account() -> (World, SyncOptions) {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let mut world = World::with(simulator.start().await.unwrap()).await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    let mut options = world.options(&[Account, Contact]);
    options.push.account_delay = Duration::ZERO;
    world.export("account.ldjson", &accounts(2..=2));
    world.export("contact.ldjson", &[]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let never = Processing::After(Duration::from_hours(100));
    world.simulator.set_processing(never);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let report = round(&world, &options).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");

    world.simulator.set_processing(Processing::Immediate);
    let fault = Fault::new(Effect::TooManyRequests(RetryAfter::Seconds(1)));
    let fault = fault.on(Operation::UploadEntities);
    world.simulator.add_fault(fault.times(1)).unwrap();
    world.export("account.ldjson", &accounts(1..=2));
    clock.advance(Duration::from_hours(7));
    (world, options)
}

#[tokio::test]
async fn record_that_came_before_its_parent_is_sent_again_by_the_same_sync() {
    let (world, options) = contact_before_its_account().await;
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") && world.has("CONTACT", "con-1"));
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
}

#[tokio::test]
async fn sync_by_a_plan_file_sends_no_record_that_the_file_does_not_name() {
    let (world, mut options) = contact_before_its_account().await;
    let path = world.path("plan.json");
    world.plan(options.clone()).await.write(&path).unwrap();
    options.plan_file = Some(path);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    options.plan_file = None;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") && world.has("CONTACT", "con-1"));
}
