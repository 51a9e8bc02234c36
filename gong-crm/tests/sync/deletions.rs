//! What is deleted because it vanished, and what is held back.

use std::sync::Arc;

use gong_crm::ObjectType::{Account, BusinessUser, Contact, Stage};
use gong_crm::ledger::TryOutcome;
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::{Deletions, Limit, SyncOptions, SyncReport};
use gong_sim::{Effect, Fault, Operation};
use serde_json::{Value, json};

use crate::support::{World, account, accounts, actions, contact, counts, stage, user};

#[tokio::test]
async fn deletions_above_the_limit_wait_for_their_confirmation() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=100));
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let mut some = accounts(31..=100);
    some.push(account("acc-500", "New"));
    world.export("account.ldjson", &some);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert_eq!(counts(&report.plan, Account), [1, 0, 0, 70, 30]);
    assert!(world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-500"));
    let list = report.plan.held_deletions.clone().unwrap();
    let text = std::fs::read_to_string(&list).unwrap();
    assert_eq!(text.lines().count(), 30);

    // One line is removed by somebody, and one record is back in the source.
    let confirmed: String = text
        .lines()
        .filter(|line| !line.contains("\"acc-30\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let list = world.path("confirmed.ldjson");
    std::fs::write(&list, confirmed).unwrap();
    some.push(account("acc-29", "Company 29"));
    world.export("account.ldjson", &some);
    options.confirm_deletions = Some(list);
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[2], 28, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-28"));
    assert!(world.has("ACCOUNT", "acc-29"));
}

#[tokio::test]
async fn deletions_of_a_day_add_up() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=1_000));
    let options = world.options(&[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(41..=1_000));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(81..=1_000));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-80") && !world.has("ACCOUNT", "acc-40"));
    // Both numbers are of the day: 5 % of those that there were before its deletions.
    let of_type = &report.plan.types[0];
    assert_eq!(
        (of_type.allowed_deletions, of_type.owned),
        (Some(50), 1_000)
    );
}

#[tokio::test]
async fn empty_source_and_half_of_a_type_delete_nothing() {
    let world = World::new().await;
    let mut options = world.with_accounts(1..=10).await;
    for left in [0, 4] {
        world.export("account.ldjson", &accounts(1..=left));
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{left}: {report:#?}");
        assert!(world.has("ACCOUNT", "acc-10"));
    }
    options.max_deletions = Limit::Unlimited;
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[2], 6, "{report:#?}");
}

#[tokio::test]
async fn empty_source_is_held_back_by_the_limit_also_if_others_refer_to_it() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=4));
    let contacts: Vec<Value> = (1..=4)
        .map(|id| contact(&format!("c-{id}"), &format!("acc-{id}")))
        .collect();
    world.export("contact.ldjson", &contacts);
    let mut options = world.options(&[Account, Contact]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &[]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    let said = report.plan.notes.iter();
    let said = said.filter(|note| note.contains("no ACCOUNT records at all now, but had 4"));
    assert_eq!(said.count(), 1, "{:?}", report.plan.notes);
    let reason = report.plan.changes[0].reason.clone().unwrap();
    assert!(reason.contains("1 CONTACT record refers to it"), "{reason}");
    assert!(world.has("ACCOUNT", "acc-1"));
    // Without the limit, what is referred to is a finding.
    options.max_deletions = Limit::Unlimited;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
}

#[tokio::test]
async fn pushed_record_that_no_complete_read_has_can_be_confirmed() {
    let world = World::new().await;
    drop(world.push("accounts-hook.ldjson", &accounts(1..=30)).await);
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    // The first complete read deletes nothing, and says what it lacks.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(30);
    let path = world.export("account.ldjson", &accounts(1..=28));
    crate::support::set_time(&path, later);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let notes = &report.plan.notes;
    let is_said = |note: &String| note.contains("2 records that no sync owns");
    assert!(notes.iter().any(is_said), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("acc-29, acc-30")));
    // From then on, their deletion waits for a confirmation.
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
        assert_eq!(report.plan.held_back_deletions().len(), 2);
        assert!(world.has("ACCOUNT", "acc-30"));
    }
    // A recovered ledger is not sure of the versions, but knows that Gong may have them.
    world.client.ledger().recover().await.unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    options.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-29") && !world.has("ACCOUNT", "acc-30"));
    assert!(world.has("ACCOUNT", "acc-28"));
    options.confirm_deletions = None;
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn record_that_a_push_sent_after_the_read_is_not_missing_from_it() {
    let world = World::new().await;
    let options = world.with_accounts(1..=3).await;
    drop(world.push("accounts-hook.ldjson", &accounts(4..=4)).await);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let mut notes = report.plan.notes.iter();
    assert!(!notes.any(|note| note.contains("that no sync owns")));
}

#[tokio::test]
async fn pushed_record_that_another_scope_may_read_is_only_named() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    world.export("eu-account.ldjson", &accounts(11..=13));
    let acme = world.options(&[Account]);
    let mut europe = SyncOptions::new("europe").simulator();
    let source = FilesSource::new(world.path("eu-account.ldjson")).complete(true);
    europe = europe.source(Account, Arc::new(source));
    for options in [&acme, &europe] {
        assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    }
    drop(world.push("accounts-hook.ldjson", &accounts(14..=14)).await);
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(30);
    let path = world.export("account.ldjson", &accounts(1..=3));
    crate::support::set_time(&path, later);
    let report = world.sync(acme).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let mut notes = report.plan.notes.iter();
    assert!(notes.any(|note| note.contains("acc-14")), "{report:#?}");
}

/// Gong rejects the only record of the next upload.
fn reject_next(world: &World) {
    let verdict = gong_sim::Verdict::new()
        .set("status", "FAILED")
        .set("errors", json!([{"line": 1, "description": "no"}]))
        .set("totalErrorCount", 1)
        .set("totalSuccessCount", 0)
        .applies_nothing();
    let fault = Fault::new(Effect::Verdict(verdict)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
}

#[tokio::test]
async fn retired_stage_has_the_content_that_gong_accepted() {
    let world = World::new().await;
    let all = ["s-1", "s-2", "s-3"].map(|id| stage(id, "Accepted"));
    world.export("stage.ldjson", &all);
    let mut options = world.options(&[Stage]);
    options.max_deletions = Limit::Unlimited;
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    for (place, id) in ["s-1", "s-2"].into_iter().enumerate() {
        let mut changed = all.to_vec();
        changed[place] = stage(id, "Rejected");
        world.export("stage.ldjson", &changed);
        reject_next(&world);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{id}: {report:#?}");
        // What was rejected is shown, and not what Gong has.
        let ledger = world.client.ledger();
        let rejects = ledger
            .rejects(world.client.base_url(), world.integration_id)
            .await
            .unwrap();
        let line = String::from_utf8_lossy(rejects[0].line_content());
        assert!(line.contains("Rejected"), "{line}");
        if id == "s-2" {
            let (url, integration_id) = (world.client.base_url(), world.integration_id);
            let waived = ledger.waive(url, integration_id, Stage, id).await.unwrap();
            assert_eq!(waived, Some(TryOutcome::Rejected));
        }
        world.export("stage.ldjson", &all);
        drop(world.sync(options.clone()).await);
    }
    // Once more, so that both vanish after a rejected version.
    world.export(
        "stage.ldjson",
        &[stage("s-1", "Rejected"), all[1].clone(), all[2].clone()],
    );
    reject_next(&world);
    drop(world.sync(options.clone()).await);
    world.export("stage.ldjson", &all[2..]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    for id in ["s-1", "s-2"] {
        assert_eq!(world.field("STAGE", id, "isActive"), json!(false), "{id}");
        assert_eq!(world.field("STAGE", id, "name"), json!("Accepted"), "{id}");
    }
}

#[tokio::test]
async fn vanished_stage_whose_only_version_is_open_is_deactivated() {
    for is_judged in [true, false] {
        let world = World::new().await;
        let two = [stage("s-1", "New"), stage("s-2", "Won")];
        world.export("stage.ldjson", &two);
        let options = world.options(&[Stage]);
        assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);

        let three = [two[0].clone(), two[1].clone(), stage("s-3", "Lost")];
        world.export("stage.ldjson", &three);
        let mut first = options.clone();
        if is_judged {
            let answer = gong_sim::Verdict::new().set("totalSuccessCount", 0);
            let fault = Fault::new(Effect::Verdict(answer)).on(Operation::UploadEntities);
            world.simulator.add_fault(fault.nth(1)).unwrap();
        } else {
            first.push.wait = gong_crm::push::Wait::UntilSent;
        }
        let report = world.sync(first).await;
        assert_ne!(report.verdict, Verdict::Done, "{report:#?}");

        world.export("stage.ldjson", &two);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{is_judged}: {report:#?}");
        assert_eq!(world.field("STAGE", "s-3", "isActive"), json!(false));
        assert_eq!(world.field("STAGE", "s-3", "name"), json!("Lost"));
        world.export("stage.ldjson", &two);
        let quiet = world.sync(options).await;
        assert_eq!((quiet.verdict, quiet.calls), (Verdict::Done, 0));
    }
}

#[tokio::test]
async fn vanished_record_of_a_failure_without_a_word_is_deleted() {
    let world = World::new().await;
    let options = world.with_accounts(1..=3).await;
    world.export("account.ldjson", &accounts(1..=4));
    let answer = gong_sim::Verdict::new()
        .set("status", "FAILED")
        .remove("totalSuccessCount")
        .remove("totalErrorCount");
    let fault = Fault::new(Effect::Verdict(answer)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-4"), "Gong took it all the same");

    world.export("account.ldjson", &accounts(1..=3));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-4"));
}

#[tokio::test]
async fn record_is_back_after_a_deletion_that_was_not_confirmed() {
    let simulator = gong_sim::Simulator::builder().rule("older-update-applied", false);
    let world = World::with(simulator.start().await.unwrap()).await;
    let options = world.with_accounts(1..=2).await;

    // Gong deletes it and does not say so.
    let answer = gong_sim::Verdict::new().set("totalSuccessCount", 0);
    let fault = Fault::new(Effect::Verdict(answer)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
    let gone = json!({
        "objectId": "acc-1", "modifiedDate": "2026-02-15T09:30:00Z", "isDeleted": true,
    });
    let report = world.push("accounts.ldjson", &[gone]).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));

    world.export("account.ldjson", &accounts(1..=2));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"), "Gong ignored its old date");
}

#[tokio::test]
async fn users_are_deleted_only_after_confirmation() {
    let world = World::new().await;
    let users = [
        user("u-1", "ada@acme.example"),
        user("u-2", "bo@acme.example"),
        user("u-3", "cy@acme.example"),
    ];
    world.export("business_user.ldjson", &users);
    let mut options = world.options(&[BusinessUser]);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("business_user.ldjson", &users[1..]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert!(world.has("BUSINESS_USER", "u-1"));
    options.confirm_deletions = report.plan.held_deletions;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("BUSINESS_USER", "u-1"));
    assert!(!world.path("held.ldjson").exists());
}

#[tokio::test]
async fn record_that_others_refer_to_is_held_back() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    world.export(
        "contact.ldjson",
        &[
            contact("c-1", "acc-1"),
            contact("c-2", "acc-1"),
            contact("c-3", "acc-2"),
        ],
    );
    let mut options = world.options(&[Account, Contact]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(2..=30));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
    let reason = report.plan.changes[0].reason.clone().unwrap();
    assert!(reason.contains("2 CONTACT records refer to it"), "{reason}");
    options.delete_referenced = true;
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[2], 1, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn old_id_is_held_back_if_another_spelling_exists() {
    let world = World::new().await;
    let options = world.with_accounts(1..=30).await;
    let mut records = accounts(2..=30);
    records.push(account("ACC-1", "Company 1"));
    world.export("account.ldjson", &records);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
    assert_eq!(actions(&report.plan)["ACCOUNT acc-1"], "hold-back");
}

#[tokio::test]
async fn changed_definition_of_a_source_needs_one_confirmation() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let options = world.options(&[Account]);
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
    world.export("other.ldjson", &accounts(2..=30));
    let source = Arc::new(FilesSource::new(world.path("other.ldjson")).complete(true));
    let mut options = SyncOptions::new("acme").simulator().source(Account, source);
    options.held_deletions = Some(world.path("held.ldjson"));
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    }
    options.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
    options.confirm_deletions = None;
    world.export("other.ldjson", &accounts(3..=30));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-2"));
}

#[tokio::test]
async fn deletion_after_two_reads_needs_two_different_files() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let mut options = world.options(&[Account]);
    options.delete_after = 2;
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(2..=30));
    for _ in 0..3 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(world.has("ACCOUNT", "acc-1"));
        let is_said = |note: &String| note.contains("acc-1 (1 of 2)");
        assert!(report.plan.notes.iter().any(is_said), "{report:#?}");
    }
    world.export("account.ldjson", &accounts(2..=30));
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[2], 1, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn source_that_deletes_nothing_says_what_stays() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let source = || Arc::new(FilesSource::new(world.path("account.ldjson")).complete(true));
    let options =
        SyncOptions::new("acme")
            .simulator()
            .source_with(Account, source(), Deletions::Never);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(3..=30));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.plan.types[0].kept, 2);
    assert!(world.has("ACCOUNT", "acc-1"));
    let says = |report: &SyncReport, end: &str| {
        let mut notes = report.plan.notes.iter();
        notes.any(|note| note.contains("stay in Gong") && note.ends_with(end))
    };
    assert!(says(&report, ": acc-1, acc-2"), "{report:#?}");
    world.export("account.ldjson", &accounts(8..=30));
    let report = world.sync(options).await;
    let all = ": acc-1, acc-2, acc-3, acc-4, acc-5 and 2 more";
    assert!(says(&report, all), "{report:#?}");
}

#[tokio::test]
async fn second_scope_takes_nothing_from_the_first() {
    let world = World::new().await;
    let options = world.with_accounts(1..=30).await;
    world.export(
        "eu.ldjson",
        &[account("acc-1", "Renamed"), account("eu-1", "Europe")],
    );
    let source = Arc::new(FilesSource::new(world.path("eu.ldjson")).complete(true));
    let europe = SyncOptions::new("europe")
        .simulator()
        .source(Account, source);
    let report = world.sync(europe.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!("Company 1"));
    assert!(world.has("ACCOUNT", "eu-1"));
    assert!(
        report
            .plan
            .notes
            .iter()
            .any(|note| note.contains("rename-scope")),
        "{report:#?}"
    );
    // The first scope deletes nothing of the second, and nothing that the second has.
    world.export("account.ldjson", &accounts(2..=30));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "eu-1") && world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn plan_writes_the_list_of_held_back_deletions() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=100));
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let quiet = world.plan(options.clone()).await;
    assert_eq!(quiet.held_deletions, None);
    world.export("account.ldjson", &accounts(31..=100));
    let plan = world.plan(options.clone()).await;
    let list = plan.held_deletions.clone().unwrap();
    assert_eq!(
        std::fs::read_to_string(&list).unwrap().lines().count(),
        30,
        "{plan:#?}"
    );
    options.confirm_deletions = Some(list);
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[2], 30, "{report:#?}");
}

#[tokio::test]
async fn confirmation_is_carried_out_by_the_next_sync() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=100));
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(31..=100));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    // The user confirms the list, and is stopped while another sync has locked the ledger.
    let lock = world.client.ledger().try_lock().await.unwrap();
    let mut confirming = options.clone();
    confirming
        .confirm_deletions
        .clone_from(&report.plan.held_deletions);
    let (mut handle, sync) = world.client.sync(world.integration_id, confirming).start();
    let stopping = async {
        handle.next_event().await;
        handle.cancel();
    };
    let (stopped, ()) = tokio::join!(sync, stopping);
    assert_eq!(stopped.unwrap().verdict, Verdict::Canceled);
    drop(lock);
    let report = world.sync(options.clone()).await;
    assert_eq!(counts(&report.plan, Account)[2], 30, "{report:#?}");
    // It counts once: what vanishes later is held back again.
    world.export("account.ldjson", &accounts(1..=100));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(31..=100));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
}

#[tokio::test]
async fn held_back_deletion_is_named_by_every_round() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    let mut options = world.options(&[Account, Contact]);
    options.delete_after = 2;
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    for _ in 0..2 {
        world.export("account.ldjson", &accounts(2..=30));
        drop(world.sync(options.clone()).await);
    }
    // Nothing was exported since.
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert_eq!(report.calls, 0);
    }
}

#[tokio::test]
async fn record_of_an_incomplete_read_is_deleted_once_a_complete_one_lacks_it() {
    let world = World::new().await;
    let parts = |numbers: &[(u32, std::ops::RangeInclusive<u32>)]| {
        for part in 1..=3 {
            drop(std::fs::remove_file(world.path(&format!("{part}.ldjson"))));
        }
        for (part, ids) in numbers {
            world.export(&format!("{part}.ldjson"), &accounts(ids.clone()));
        }
    };
    let source = FilesSource::new(world.path("*.ldjson")).take(gong_crm::source::Take::Parts);
    let source = Arc::new(source.complete(true));
    let options = SyncOptions::new("acme").simulator().source(Account, source);
    parts(&[(1, 1..=10), (2, 11..=20), (3, 21..=30)]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    // A part is missing, and a new record is in another one.
    parts(&[(1, 1..=10), (2, 11..=20)]);
    world.export("2.ldjson", &accounts([11, 12, 99]));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Failed);
    assert!(world.has("ACCOUNT", "acc-99") && world.has("ACCOUNT", "acc-13"));
    parts(&[(1, 1..=10), (2, 11..=20), (3, 21..=30)]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-99"), "{report:#?}");
    assert_eq!(world.simulator.object_count("ACCOUNT"), 30);
}
