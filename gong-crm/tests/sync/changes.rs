//! Sources that give changes alone: what one round leaves open, the next read does not name any more.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{self, Account, BusinessUser, Contact};
use gong_crm::push::{Options, Verdict, Wait};
use gong_crm::source::FilesSource;
use gong_crm::sync::{Limit, SyncOptions};
use gong_sim::{Effect, Fault, Operation, Processing, Simulator, Verdict as Answer};
use serde_json::{Value, json};

use crate::support::{MovedClock, World, account, accounts, contact, file_name, user};

/// A sync of files that hold what changed since the last one.
pub(crate) fn options(world: &World, types: &[ObjectType]) -> SyncOptions {
    let mut options = SyncOptions::new("acme").simulator();
    for object_type in types {
        let source = FilesSource::new(world.path(&file_name(*object_type)));
        options = options.source(*object_type, Arc::new(source));
    }
    options.held_deletions = Some(world.path("held.ldjson"));
    options
}

/// The next upload has this verdict, and Gong takes nothing of it.
fn answer_next(world: &World, answer: Answer) {
    let fault = Fault::new(Effect::Verdict(answer.applies_nothing())).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
}

fn failed(errors: &Value) -> Answer {
    let count = errors.as_array().map_or(0, Vec::len);
    Answer::new()
        .set("status", "FAILED")
        .set("errors", errors.clone())
        .set("totalErrorCount", count)
        .set("totalSuccessCount", 0)
}

#[tokio::test]
async fn deletions_above_the_limit_stay_on_the_list() {
    let world = World::new().await;
    drop(world.push("accounts.ldjson", &accounts(1..=60)).await);
    let gone: Vec<_> = (1..=30)
        .map(|id| {
            json!({"objectId": format!("acc-{id}"), "modifiedDate": "2026-02-01T09:30:00Z",
                   "isDeleted": true})
        })
        .collect();
    world.export("account.ldjson", &gone);
    let mut options = options(&world, &[Account]);
    for round in 0..3 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{round}: {report:#?}");
        assert_eq!(report.plan.held_back_deletions().len(), 30, "{round}");
        world.export("account.ldjson", &[account("acc-61", &format!("{round}"))]);
    }
    assert!(world.has("ACCOUNT", "acc-1"));
    options.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1") && !world.has("ACCOUNT", "acc-30"));
    options.confirm_deletions = None;
    let before = world.calls().await;
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
    assert_eq!(world.calls().await, before);
}

#[tokio::test]
async fn changes_above_the_limit_are_sent_once_they_may() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=10));
    let mut options = options(&world, &[Account]);
    options.max_changes = Limit::Records(3);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    world.export("account.ldjson", &[account("acc-11", "Later")]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    // Those of today count.
    world.export("account.ldjson", &accounts(1..=2));
    options.max_changes = Limit::Default;
    drop(world.sync(options.clone()).await);
    options.max_changes = Limit::Records(3);
    world.export("account.ldjson", &[account("acc-12", "Later")]);
    let plan = world.plan(options.clone()).await;
    let reason = plan.changes[0].reason.clone().unwrap();
    let said =
        "12 changes of ACCOUNT records, 11 of them earlier today, are more than the limit of 3";
    assert!(reason.starts_with(said), "{reason}");
    options.max_changes = Limit::Default;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    for id in 1..=12 {
        assert!(world.has("ACCOUNT", &format!("acc-{id}")), "{id}");
    }
}

#[tokio::test]
async fn invalid_record_counts_until_it_comes_corrected() {
    let world = World::new().await;
    let invalid = json!({"objectId": "acc-1", "modifiedDate": "yesterday", "name": "One"});
    world.export("account.ldjson", &[invalid]);
    let options = options(&world, &[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Invalid);
    world.export("account.ldjson", &[account("acc-2", "Two")]);
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    }
    world.export("account.ldjson", &[account("acc-1", "One")]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-2"));
}

#[tokio::test]
async fn kept_invalid_record_does_not_make_an_empty_delta_invalid() {
    let world = World::new().await;
    let options = options(&world, &[Account]);
    let mut invalid = account("acc-2", "Bo");
    invalid["url"] = json!("nonsense");
    world.export("account.ldjson", &[account("acc-1", "Ada"), invalid]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    for _ in 0..2 {
        world.export("account.ldjson", &[]);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    }
    // A delta of which nothing is valid is.
    let mut invalid = account("acc-3", "Cy");
    invalid["url"] = json!("nonsense");
    world.export("account.ldjson", &[invalid]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
}

#[tokio::test]
async fn rejected_record_is_tried_again_when_it_is_time() {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    world.export("account.ldjson", &accounts(1..=2));
    let options = options(&world, &[Account]);
    let errors = json!([{"line": 1, "description": "bad"}, {"line": 2, "description": "bad"}]);
    answer_next(&world, failed(&errors));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    world.export("account.ldjson", &[]);
    let before = world.simulator.uploads().len();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(world.simulator.uploads().len(), before);
    clock.advance(Duration::from_hours(25));
    world.export("account.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-2"));
}

#[tokio::test]
async fn what_a_verdict_left_open_is_sent_by_the_next_round() {
    let whole = failed(&json!([{"line": 0, "description": "boom"}]));
    let table = [
        (whole, Verdict::Failed),
        (Answer::new().set("totalSuccessCount", 0), Verdict::Unknown),
    ];
    for (answer, verdict) in table {
        let world = World::new().await;
        world.export("account.ldjson", &accounts(1..=2));
        let options = options(&world, &[Account]);
        answer_next(&world, answer);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, verdict, "{report:#?}");
        // One of them changes in the meantime.
        world.export("account.ldjson", &[account("acc-2", "Newer")]);
        let plan = world.plan(options.clone()).await;
        assert_eq!(plan.changes.len(), 2, "{plan:#?}");
        let report = world.sync(options).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Company 1");
        assert_eq!(world.field("ACCOUNT", "acc-2", "name"), "Newer");
    }
}

/// A contact that is held back because its account was rejected.
async fn held_contact() -> World {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    let errors = json!([{"line": 1, "description": "bad"}]);
    answer_next(&world, failed(&errors));
    world
}

#[tokio::test]
async fn contact_goes_once_its_account_is_accepted() {
    let world = held_contact().await;
    world.export("account.ldjson", &[account("acc-1", "Bad")]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let options = options(&world, &[Account, Contact]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    world.export("account.ldjson", &[account("acc-1", "Good")]);
    world.export("contact.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"));
}

#[tokio::test]
async fn contact_that_came_before_its_account_is_sent_again_after_it() {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    let options = options(&world, &[Account, Contact]);
    world.export("account.ldjson", &[account("acc-2", "Other")]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    // The source does not name it any more, and each report still does.
    world.export("contact.ldjson", &[]);
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.calls, 0, "{report:#?}");
        let is_named = |note: &String| note.contains("con-1") && note.contains("ACCOUNT acc-1");
        assert!(report.notes.iter().any(is_named), "{report:#?}");
    }
    world.export("account.ldjson", &[account("acc-1", "Late")]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"), "{report:#?}");
    let report = world.sync(options).await;
    assert!(report.notes.is_empty(), "{report:#?}");
}

#[tokio::test]
async fn contact_of_accounts_that_are_never_sent_is_not_kept() {
    let world = World::new().await;
    let options = options(&world, &[Contact]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    world.export("contact.ldjson", &[]);
    let report = world.sync(options).await;
    assert!(report.notes.is_empty(), "{report:#?}");
}

#[tokio::test]
async fn contact_waits_for_an_account_that_is_planned_again() {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    let all = FilesSource::new(world.path("account.ldjson")).complete(true);
    let options = options(&world, &[Contact]).source(Account, Arc::new(all));
    world.export("account.ldjson", &[account("acc-1", "First")]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    for name in ["Second", "Third"] {
        // The accounts are not taken, and the contact waits.
        let fault = Fault::new(Effect::Status(403)).on(Operation::UploadEntities);
        world.simulator.add_fault(fault.nth(1)).unwrap();
        let report = world.sync(options.clone()).await;
        assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(!world.has("ACCOUNT", "acc-1"), "{report:#?}");
        world.export("account.ldjson", &[account("acc-1", name)]);
        world.export("contact.ldjson", &[]);
    }
    for _ in 0..2 {
        drop(world.sync(options.clone()).await);
    }
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"), "{report:#?}");
}

#[tokio::test]
async fn resume_sends_a_pushed_contact_once_its_account_is_accepted() {
    let world = held_contact().await;
    drop(
        world
            .push("accounts.ldjson", &[account("acc-1", "Bad")])
            .await,
    );
    let report = world
        .push("contacts.ldjson", &[contact("con-1", "acc-1")])
        .await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let resume = || world.client.resume([], Options::default().simulator());
    let report = resume().await.unwrap();
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let report = world
        .push("accounts.ldjson", &[account("acc-1", "Good")])
        .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let report = resume().await.unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"));
}

#[tokio::test]
async fn resume_sends_a_pushed_contact_again_whose_account_was_uncertain() {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    let nothing = Answer::new().set("status", "DONE");
    answer_next(&world, nothing.set("totalSuccessCount", 0));
    for (name, record) in [
        ("accounts.ldjson", account("acc-1", "One")),
        ("contacts.ldjson", contact("con-1", "acc-1")),
    ] {
        std::fs::write(world.path(name), format!("{record}\n")).unwrap();
    }
    let both = [world.path("accounts.ldjson"), world.path("contacts.ldjson")];
    let pushing = world
        .client
        .push(world.integration_id, Options::new(both).simulator());
    let report = pushing.await.unwrap();
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let resume = || world.client.resume([], Options::default().simulator());
    let report = resume().await.unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") && world.has("CONTACT", "con-1"));
}

#[tokio::test]
async fn change_that_a_plan_file_does_not_name_is_sent_by_the_next_sync() {
    let world = World::new().await;
    let mut options = options(&world, &[Account]);
    world.export("account.ldjson", &accounts(1..=1));
    let plan = world.plan(options.clone()).await;
    let path = world.path("plan.json");
    plan.write(&path).unwrap();
    world.export("account.ldjson", &accounts(1..=2));
    options.plan_file = Some(path);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") && !world.has("ACCOUNT", "acc-2"));
    options.plan_file = None;
    world.export("account.ldjson", &accounts(3..=3));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-2") && world.has("ACCOUNT", "acc-3"));
}

#[tokio::test]
async fn a_limit_in_percent_is_of_all_records_of_the_type() {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    world.export("account.ldjson", &accounts(1..=100));
    world.export("business_user.ldjson", &users(1..=100, "first"));
    let mut options = options(&world, &[Account, BusinessUser]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    clock.advance(Duration::from_hours(25));
    options.max_changes = Limit::Percent(5.0);
    let changed: Vec<_> = (1..=5)
        .map(|id| account(&format!("acc-{id}"), "Changed"))
        .collect();
    world.export("account.ldjson", &changed);
    world.export("business_user.ldjson", &users(1..=5, "second"));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-5", "name"), json!("Changed"));
    world.export("account.ldjson", &accounts(1..=6));
    world.export("business_user.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
}

fn users(ids: std::ops::RangeInclusive<u32>, address: &str) -> Vec<Value> {
    ids.map(|id| user(&format!("u-{id}"), &format!("{address}{id}@acme.example")))
        .collect()
}

/// The next upload is not taken, so that it stays planned.
fn refuse_next(world: &World) {
    let fault = Fault::new(Effect::Status(403)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
}

#[tokio::test]
async fn changes_that_could_not_be_sent_are_sent_when_the_same_file_is_read_again() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let options = options(&world, &[Account]);
    refuse_next(&world);
    let report = world.sync(options.clone()).await;
    assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-3"));
    // Part of it.
    world.export("account.ldjson", &accounts(4..=6));
    refuse_next(&world);
    drop(world.sync(options.clone()).await);
    world.export("account.ldjson", &accounts(5..=5));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    for id in 4..=6 {
        assert!(world.has("ACCOUNT", &format!("acc-{id}")), "{id}");
    }
}

/// Pushes one record, whose verdict nobody waits for.
async fn webhook(world: &World, record: Value) {
    let path = world.path("hook.ldjson");
    std::fs::write(&path, format!("{record}\n")).unwrap();
    let mut options = Options::new([path]).simulator();
    options.object_type = Some(Account);
    options.wait = Wait::UntilSent;
    let pushed = world.client.push(world.integration_id, options);
    assert_eq!(pushed.await.unwrap().verdict, Verdict::TimedOut);
}

#[tokio::test]
async fn rejected_upload_of_a_webhook_counts_in_the_round_that_learns_of_it() {
    let world = World::new().await;
    answer_next(&world, failed(&json!([{"line": 1, "description": "no"}])));
    webhook(&world, account("acc-9", "Nine")).await;
    world.export("account.ldjson", &accounts(1..=3));
    let report = world.sync(options(&world, &[Account])).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let file = report
        .files
        .iter()
        .find(|of| of.path.ends_with("hook.ldjson"));
    assert_eq!(file.map(|of| (of.records, of.rejected)), Some((1, 1)));
}

#[tokio::test]
async fn change_that_is_held_back_outlives_the_verdict_of_an_older_version() {
    let world = World::new().await;
    webhook(&world, account("acc-1", "B")).await;
    let mut newer = account("acc-1", "C");
    newer["modifiedDate"] = "2026-02-15T09:30:00Z".into();
    world.export("account.ldjson", &[newer]);
    let mut options = options(&world, &[Account]);
    options.max_changes = Limit::Records(0);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "B");
    // The next delta does not name it.
    world.export("account.ldjson", &[account("acc-2", "Two")]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    options.max_changes = Limit::Default;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "C");
}

#[tokio::test]
async fn change_that_waits_for_the_verdict_of_an_older_version_counts_until_it_is_sent() {
    let world = World::new().await;
    world.simulator.set_processing(Processing::Polls(2));
    webhook(&world, account("acc-1", "B")).await;
    let mut newer = account("acc-1", "C");
    newer["modifiedDate"] = "2026-02-15T09:30:00Z".into();
    world.export("account.ldjson", &[newer]);
    let options = options(&world, &[Account]);
    let mut held = options.clone();
    held.max_changes = Limit::Records(0);
    held.push.poll = held.push.poll.with_timeout(Duration::ZERO);
    assert_eq!(world.sync(held).await.verdict, Verdict::TimedOut);
    // The verdict of B comes in a round that does not name the record.
    world.export("account.ldjson", &[account("acc-2", "Two")]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "B");
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "C");
}

#[tokio::test]
async fn older_version_is_not_sent_instead_of_a_line_that_breaks_off() {
    let world = World::new().await;
    world.export("account.ldjson", &[account("acc-1", "Two")]);
    let mut options = options(&world, &[Account]);
    options.max_changes = Limit::Records(0);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::HeldBack);
    options.max_changes = Limit::Default;
    let other = account("acc-2", "Other");
    let broken = format!("{{\"objectId\":\"acc-1\",\"name\":\"Thr\n{other}\n");
    world.export_text("account.ldjson", &broken);
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert!(!world.has("ACCOUNT", "acc-1"), "{report:#?}");
        world.export("account.ldjson", std::slice::from_ref(&other));
    }
}

#[tokio::test]
async fn line_that_is_no_record_and_is_named_counts_until_it_comes_corrected() {
    let world = World::new().await;
    let options = options(&world, &[Account]);
    let quoted = account("acc-1", "One").to_string().replace('"', "'");
    let other = account("acc-2", "Two");
    world.export_text("account.ldjson", &format!("{quoted}\n{other}\n"));
    for next in 3..5 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        let mut errors = report.files.iter().flat_map(|file| &file.errors);
        let error = &errors.next().unwrap().description;
        // Nobody recovered the ledger.
        assert!(!error.contains("recovered"), "{error}");
        let is_kept = next > 3;
        let kept = "it is sent once its source has it corrected";
        assert_eq!(error.ends_with(kept), is_kept, "{error}");
        world.export("account.ldjson", &accounts(next..=next));
    }
    world.export("account.ldjson", &accounts(1..=1));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn sync_that_does_not_wait_asks_once_about_an_earlier_upload() {
    let world = World::new().await;
    let mut options = world.options(&[Account]);
    options.push.wait = Wait::UntilSent;
    for name in ["First", "Second"] {
        world.export("account.ldjson", &[account("acc-1", name)]);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
        assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!(name));
    }
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

#[tokio::test]
async fn what_was_kept_is_named_after_its_source_is_gone() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=10));
    world.export("contact.ldjson", &[]);
    let mut both = options(&world, &[Account, Contact]);
    both.max_changes = Limit::Records(3);
    let report = world.sync(both).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    let report = world.sync(options(&world, &[Contact])).await;
    let is_said = |note: &String| note.contains("ACCOUNT: 10 records that earlier syncs kept");
    assert!(report.plan.notes.iter().any(is_said), "{report:#?}");
}
