//! A plan changes nothing, and is what the sync does.

use std::path::PathBuf;

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::push::{Verdict, Wait};
use gong_crm::schema::{FieldType, SchemaField};
use gong_crm::sync::{Limit, Only, SyncError, SyncOptions};
use gong_sim::Processing;

use crate::support::{World, account, accounts, actions, counts};

#[tokio::test]
async fn plan_makes_no_call_and_writes_nothing() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let options = world.options(&[Account]);
    let before = world.simulator.request_count();
    let plan = world.plan(options.clone()).await;
    assert_eq!(counts(&plan, Account), [30, 0, 0, 0, 0]);
    assert_eq!((plan.uploads, plan.calls), (1, 3));
    assert_eq!(world.simulator.request_count(), before);
    assert!(world.client.ledger().uploads(10).await.unwrap().is_empty());
    assert!(world.client.ledger().scopes().await.unwrap().is_empty());
    let report = world.sync(options.clone()).await;
    assert_eq!(actions(&report.plan), actions(&plan));
    let plan = world.plan(options).await;
    assert!(!plan.has_changes());
    assert_eq!(counts(&plan, Account), [0, 0, 0, 30, 0]);
}

#[tokio::test]
async fn declined_plan_sends_nothing() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let options = world.options(&[Account]);
    let sync = world.client.sync(world.integration_id, options.clone());
    let report = sync.approve(|plan| plan.types[0].new > 5).await.unwrap();
    assert!(report.is_declined);
    assert!(!world.has("ACCOUNT", "acc-1"));
    assert!(
        world
            .client
            .ledger()
            .open_uploads()
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.sync(options).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn plan_file_does_what_was_planned_and_nothing_else() {
    let world = World::new().await;
    let options = world.with_accounts(1..=30).await;
    let mut records = accounts(2..=30);
    records[0] = account("acc-2", "Two");
    records[1] = account("acc-3", "Three");
    records.push(account("acc-31", "New"));
    world.export("account.ldjson", &records);
    let plan = world.plan(options.clone()).await;
    let file = world.path("plan.ldjson");
    plan.write(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("Two"), "{text}");
    // One record changes once more, and another one appears.
    records[1] = account("acc-3", "Three again");
    records.push(account("acc-32", "Late"));
    world.export("account.ldjson", &records);
    let mut with_plan = options.clone();
    with_plan.plan_file = Some(file);
    let mut strict = with_plan.clone();
    strict.strict = true;
    let refused = world.client.sync(world.integration_id, strict).await;
    assert!(
        matches!(refused, Err(SyncError::PlanOutdated { skipped: 1 })),
        "{refused:?}"
    );
    let report = world.sync(with_plan.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let left = report.plan.skipped.iter();
    let left: Vec<_> = left
        .map(|left| (left.object_id.as_str(), left.reason.as_str()))
        .collect();
    let changed = "the record, or its version in Gong, changed after the plan";
    assert_eq!(left, [("acc-3", changed), ("acc-32", "not in the plan")]);
    assert_eq!(world.field("ACCOUNT", "acc-2", "name"), "Two");
    assert_eq!(world.field("ACCOUNT", "acc-3", "name"), "Company 3");
    assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-31"));
    assert!(!world.has("ACCOUNT", "acc-32"));
    // The same plan once more: what it says is done already, and nothing is done twice.
    let again = world.sync(with_plan).await;
    assert_eq!(again.calls, 0, "{again:#?}");
}

#[tokio::test]
async fn plan_file_that_was_cut_off_does_nothing() {
    let world = World::new().await;
    let options = world.with_accounts(1..=30).await;
    world.export("account.ldjson", &accounts(3..=32));
    let file = world.path("plan.ldjson");
    world.plan(options.clone()).await.write(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5);
    std::fs::write(&file, lines[..3].join("\n")).unwrap();
    let mut cut = options.clone();
    cut.plan_file = Some(file.clone());
    let refused = world.client.sync(world.integration_id, cut.clone()).await;
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("had 4 actions"), "{message}");
    assert!(world.has("ACCOUNT", "acc-1") && !world.has("ACCOUNT", "acc-31"));
    // All that is planned is done, and strictly.
    std::fs::write(&file, text).unwrap();
    world.export("account.ldjson", &accounts(3..=33));
    cut.strict = true;
    let report = world.sync(cut).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-31"));
    assert!(!world.has("ACCOUNT", "acc-33"));
}

#[tokio::test]
async fn planned_deletions_above_the_limit_are_held_back_and_not_called_changed() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=60));
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(32..=60));
    let mut planned = options.clone();
    planned.max_deletions = Limit::Unlimited;
    let file = world.path("plan.ldjson");
    world.plan(planned).await.write(&file).unwrap();
    options.plan_file = Some(file);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert!(report.plan.skipped.is_empty(), "{report:#?}");
    assert_eq!(report.plan.held_back_deletions().len(), 31);
    options.max_deletions = Limit::Unlimited;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn only_selected_records_are_planned() {
    let world = World::new().await;
    let mut options = world.with_accounts(1..=30).await;
    let renamed: Vec<_> = (3..=30)
        .map(|id| account(&format!("acc-{id}"), "Other"))
        .collect();
    world.export("account.ldjson", &renamed);
    let ids = vec!["acc-1".to_owned(), "acc-5".to_owned()];
    options.only.insert(Account, Only::Ids(ids));
    let report = world.sync(options).await;
    assert_eq!(
        counts(&report.plan, Account),
        [0, 1, 1, 0, 0],
        "{report:#?}"
    );
    assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-2"));
    assert_eq!(world.field("ACCOUNT", "acc-6", "name"), "Company 6");
}

#[tokio::test]
async fn changes_above_their_limit_are_held_back() {
    let world = World::new().await;
    let mut options = world.with_accounts(1..=30).await;
    let renamed: Vec<_> = (2..=30)
        .map(|id| account(&format!("acc-{id}"), "Other"))
        .collect();
    world.export("account.ldjson", &renamed);
    options.max_changes = Limit::Records(50);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert_eq!(counts(&report.plan, Account), [0, 0, 1, 0, 29]);
    assert_eq!(world.field("ACCOUNT", "acc-6", "name"), "Company 6");
}

#[tokio::test]
async fn record_that_waits_for_an_earlier_verdict_is_counted() {
    let world = World::new().await;
    world.simulator.set_processing(Processing::Polls(9));
    world.export("account.ldjson", &accounts(1..=2));
    let options = world.options(&[Account]);
    let mut no_wait = options.clone();
    no_wait.push.wait = Wait::UntilSent;
    assert_eq!(world.sync(no_wait).await.verdict, Verdict::TimedOut);
    let plan = world.plan(options.clone()).await;
    let of_type = &plan.types[0];
    assert_eq!((of_type.source, of_type.under_way), (2, 2), "{plan:#?}");
    let note = "ACCOUNT: 2 records wait for the verdict of an earlier upload";
    assert!(
        plan.notes.iter().any(|of| of.starts_with(note)),
        "{plan:#?}"
    );
}

#[tokio::test]
async fn single_records_that_nobody_has_are_a_problem_and_a_type_without_a_source_is_an_error() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=5));
    let mut options = world.options(&[Account]);
    let ids = |ids: &[&str]| Only::Ids(ids.iter().map(|id| (*id).to_owned()).collect());
    options.only.insert(Account, ids(&["acc-1", "acc_2"]));
    for _ in 0..2 {
        let plan = world.plan(options.clone()).await;
        let [problem] = plan.problems.as_slice() else {
            panic!("{:#?}", plan.problems)
        };
        let message = "no record with the id acc_2, neither in the source nor in the ledger";
        assert_eq!(problem.message, message);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        assert!(world.has("ACCOUNT", "acc-1"));
    }
    // One that is gone is known.
    world.export("account.ldjson", &accounts(2..=5));
    options.only.insert(Account, ids(&["acc-1"]));
    assert!(world.plan(options.clone()).await.problems.is_empty());

    options.only.insert(Contact, Only::All);
    let refused = world.client.sync(world.integration_id, options.clone());
    let error = refused.await.unwrap_err();
    assert_eq!(error.to_string(), "no source has CONTACT records");
    options.only.clear();
    options.scope = " ".to_owned();
    let refused = world.client.plan(world.integration_id, options);
    assert!(matches!(refused.await, Err(SyncError::NoScope)));
}

#[tokio::test]
async fn plan_leaves_the_list_of_a_sync_and_says_so() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=100));
    let mut options = world.options(&[Account]);
    let list = world.path("held.ldjson");
    options.held_deletions = Some(list.clone());
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(51..=100));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::HeldBack);
    world.export("account.ldjson", &accounts(1..=100));
    let plan = world.plan(options.clone()).await;
    assert!(plan.held_deletions.is_none() && list.exists());
    let said = "held.ldjson is the list of an earlier plan or sync";
    assert!(
        plan.notes.iter().any(|note| note.contains(said)),
        "{plan:#?}"
    );
    drop(world.sync(options.clone()).await);
    assert!(!list.exists());
    let plan = world.plan(options).await;
    assert!(plan.notes.is_empty(), "{plan:#?}");
}

/// A plan of 25 confirmed deletions, after which one of the records is back in the source.
async fn confirmed_plan(world: &World) -> (SyncOptions, PathBuf) {
    world.export("account.ldjson", &accounts(1..=60));
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(26..=60));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    let mut planned = options.clone();
    planned.confirm_deletions = Some(world.path("held.ldjson"));
    let file = world.path("plan.ldjson");
    let plan = world.plan(planned).await;
    assert_eq!(counts(&plan, Account), [0, 0, 25, 35, 0]);
    plan.write(&file).unwrap();
    world.export("account.ldjson", &accounts(25..=60));
    (options, file)
}

#[tokio::test]
async fn plan_file_has_the_deletions_that_were_confirmed_to_the_plan() {
    let world = World::new().await;
    let (mut options, file) = confirmed_plan(&world).await;
    options.plan_file = Some(file);
    let report = world.sync(options).await;
    assert_eq!(
        counts(&report.plan, Account),
        [0, 0, 24, 36, 0],
        "{report:#?}"
    );
    assert!(world.has("ACCOUNT", "acc-25") && !world.has("ACCOUNT", "acc-24"));
}

#[tokio::test]
async fn refused_plan_confirms_nothing() {
    let world = World::new().await;
    let (options, file) = confirmed_plan(&world).await;
    let mut strict = options.clone();
    (strict.plan_file, strict.strict) = (Some(file), true);
    let refused = world.client.sync(world.integration_id, strict).await;
    assert!(matches!(refused, Err(SyncError::PlanOutdated { .. })));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-24"));
}

#[tokio::test]
async fn list_that_cannot_be_written_is_a_note_of_what_was_done() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=60));
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    std::fs::create_dir(world.path("held")).unwrap();
    std::fs::write(world.path("held/something"), "").unwrap();
    let mut records = accounts(26..=60);
    records.push(account("acc-61", "New"));
    world.export("account.ldjson", &records);
    for plan in [
        world.plan(options.clone()).await,
        world.sync(options.clone()).await.plan,
    ] {
        assert_eq!(counts(&plan, Account)[4], 25, "{plan:#?}");
        assert!(plan.held_deletions.is_none());
        let mut notes = plan.notes.iter();
        assert!(
            notes.any(|note| note.contains("held can't be written")),
            "{:?}",
            plan.notes
        );
    }
    assert!(world.has("ACCOUNT", "acc-61"));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
}

#[tokio::test]
async fn plan_makes_no_call_after_fields_were_declared() {
    let world = World::new().await;
    let region = SchemaField::new("region__c", "Region", FieldType::String);
    world
        .client
        .upload_entity_schema(world.integration_id, Account, &[region])
        .await
        .unwrap();
    world.export("account.ldjson", &accounts(1..=3));
    let requests = world.simulator.request_count();
    let plan = world.plan(world.options(&[Account])).await;
    assert_eq!(counts(&plan, Account), [3, 0, 0, 0, 0]);
    assert_eq!(world.simulator.request_count(), requests);
}
