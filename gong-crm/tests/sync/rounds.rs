//! What goes to Gong from one round to the next.

use gong_crm::ObjectType::{Account, BusinessUser, Contact, Deal, Stage};
use gong_crm::push::Verdict;
use gong_sim::{Effect, Fault, Operation, Processing};
use serde_json::json;

use crate::support::{MovedClock, World, account, accounts, contact, counts, deal, stage, user};

#[tokio::test]
async fn day_two_export_sends_what_changed_and_deletes_what_vanished() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=1_000));
    let options = world.options(&[Account]);
    let first = world.sync(options.clone()).await;
    assert_eq!(first.verdict, Verdict::Done, "{first:#?}");
    assert_eq!(counts(&first.plan, Account), [1_000, 0, 0, 0, 0]);

    let mut second = accounts(6..=1_000);
    second.reverse();
    second[3] = account("acc-997", "Renamed");
    second.push(account("acc-2001", "New"));
    world.export("account.ldjson", &second);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(counts(&report.plan, Account), [1, 1, 5, 994, 0]);
    assert!(!world.has("ACCOUNT", "acc-1"));
    assert_eq!(world.field("ACCOUNT", "acc-997", "name"), json!("Renamed"));

    let before = world.calls().await;
    world.export("account.ldjson", &second);
    let quiet = world.sync(options).await;
    assert_eq!(quiet.verdict, Verdict::Done, "{quiet:#?}");
    assert_eq!((quiet.calls, world.calls().await - before), (0, 0));
}

#[tokio::test]
async fn records_pushed_before_the_first_sync_are_owned_from_then_on() {
    let world = World::new().await;
    let report = world.push("accounts.ldjson", &accounts(1..=30)).await;
    assert_eq!(report.verdict, Verdict::Done);
    // Somebody else's record, which no read of the scope ever held.
    let other = world
        .push("accounts.ldjson", &[account("other", "Other")])
        .await;
    assert_eq!(other.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(1..=30));
    let options = world.options(&[Account]);
    let first = world.sync(options.clone()).await;
    assert_eq!(counts(&first.plan, Account), [0, 0, 0, 30, 0]);
    assert!(first.files[0].uploads.is_empty());
    let path = world.export("account.ldjson", &accounts(2..=30));
    // Later than the push.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    crate::support::set_time(&path, later);
    let second = world.sync(options).await;
    assert_eq!(counts(&second.plan, Account)[2], 1, "{second:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
    assert!(world.has("ACCOUNT", "other"));
}

#[tokio::test]
async fn newer_push_between_an_export_and_its_sync_stays() {
    let world = World::new().await;
    let options = world.with_accounts(1..=25).await;
    world.export("account.ldjson", &accounts(2..=25));
    // A webhook: one record that the export has in an older version, and one that it does not have.
    let pushed = [account("acc-2", "Fresh"), account("acc-1", "Back")];
    assert_eq!(
        world.push("accounts-hook.ldjson", &pushed).await.verdict,
        Verdict::Done
    );
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-2", "name"), json!("Fresh"));
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!("Back"));
    assert_eq!(report.plan.types[0].newer_in_gong, 2);
}

#[tokio::test]
async fn file_from_the_future_does_not_get_newer_while_it_is_not_written() {
    let world = World::new().await;
    let path = world.export("account.ldjson", &accounts(1..=25));
    let later = std::time::SystemTime::now() + std::time::Duration::from_hours(2);
    crate::support::set_time(&path, later);
    let options = world.options(&[Account]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let mut notes = report.plan.notes.iter();
    assert!(
        notes.any(|note| note.contains("check the clocks")),
        "{report:#?}"
    );
    let mut gone = account("acc-2", "Two");
    gone["isDeleted"] = json!(true);
    let pushed = [account("acc-1", "Fresh"), gone];
    let pushed = world.push("accounts-hook.ldjson", &pushed).await;
    assert_eq!(pushed.verdict, Verdict::Done);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!("Fresh"));
    assert!(!world.has("ACCOUNT", "acc-2"));
}

#[tokio::test]
async fn sync_right_after_several_pushes_is_not_older() {
    let world = World::new().await;
    for name in ["1", "2", "3", "4", "5"] {
        let pushed = world
            .push("accounts-hook.ldjson", &[account("acc-1", name)])
            .await;
        assert_eq!(pushed.verdict, Verdict::Done);
    }
    // A file that is written now; some file systems keep whole seconds only.
    for (name, is_whole) in [("6", false), ("7", true)] {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        let seconds = std::time::UNIX_EPOCH + std::time::Duration::from_secs(since.as_secs());
        let written = if is_whole { seconds } else { now };
        let path = world.export("account.ldjson", &[account("acc-1", name)]);
        crate::support::set_time(&path, written);
        let report = world.sync(world.options(&[Account])).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!(name));
        // The next file is not older than this one.
        drop(
            world
                .push("accounts-hook.ldjson", &[account("acc-1", "hook")])
                .await,
        );
    }
}

#[tokio::test]
async fn change_of_an_older_export_waits_for_a_push_that_is_under_way() {
    let world = World::new().await;
    let hour = std::time::Duration::from_hours(1);
    world.simulator.set_processing(Processing::After(hour));
    let path = world.path("accounts-hook.ldjson");
    std::fs::write(&path, format!("{}\n", account("acc-1", "Pushed"))).unwrap();
    let mut options = gong_crm::push::Options::new([path]).simulator();
    options.poll = options.poll.with_timeout(std::time::Duration::ZERO);
    let pushed = world.client.push(world.integration_id, options).await;
    assert_eq!(pushed.unwrap().verdict, Verdict::TimedOut);

    // The export is older than the push, and its record has a later date.
    let mut later = account("acc-1", "Changed later");
    later["modifiedDate"] = json!("2026-02-15T09:30:00Z");
    world.export("account.ldjson", &[later]);
    let mut options = world.options(&[Account]);
    options.push.poll = options.push.poll.with_timeout(std::time::Duration::ZERO);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    assert_eq!(
        world.simulator.uploads().len(),
        1,
        "two versions never overlap"
    );
    world.simulator.advance(hour);
    world.simulator.set_processing(Processing::Immediate);
    drop(world.sync(options.clone()).await);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        world.field("ACCOUNT", "acc-1", "name"),
        json!("Changed later")
    );
}

#[tokio::test]
async fn upload_that_fails_as_a_whole_is_sent_again_by_and_by() {
    let mut world = World::new().await;
    let clock = std::sync::Arc::new(MovedClock::default());
    world.use_clock(std::sync::Arc::clone(&clock));
    let fault = Fault::new(Effect::FailFile("General failure".into()));
    world
        .simulator
        .add_fault(fault.on(Operation::UploadEntities))
        .unwrap();
    world.export("account.ldjson", &[account("acc-1", "A")]);
    let options = world.options(&[Account]);
    // The next round, after 15 minutes, after an hour, after six hours.
    let minutes = |minutes| std::time::Duration::from_mins(minutes);
    for pause in [
        minutes(0),
        minutes(0),
        minutes(15),
        minutes(60),
        minutes(360),
    ] {
        if !pause.is_zero() {
            let before = world.simulator.uploads().len();
            clock.advance(pause.saturating_sub(minutes(1)));
            let report = world.sync(options.clone()).await;
            assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
            assert_eq!(world.simulator.uploads().len(), before, "{pause:?}");
            let reason = report.files[0].reason.as_deref().unwrap_or_default();
            assert!(reason.contains("next try"), "{report:#?}");
            clock.advance(minutes(1));
        }
        let before = world.simulator.uploads().len();
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        assert_eq!(world.simulator.uploads().len(), before + 1, "{pause:?}");
    }
    // A person who pushes does not wait, and what changed does not either.
    world.simulator.clear_faults();
    world.export("account.ldjson", &[account("acc-1", "B")]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!("B"));
}

#[tokio::test]
async fn vanished_stage_is_deactivated_and_reactivated() {
    let world = World::new().await;
    let all = [
        stage("s-1", "New"),
        stage("s-2", "Won"),
        stage("s-3", "Lost"),
    ];
    world.export("stage.ldjson", &all);
    let options = world.options(&[Stage]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("stage.ldjson", &all[..2]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(counts(&report.plan, Stage), [0, 0, 1, 2, 0]);
    assert_eq!(world.field("STAGE", "s-3", "isActive"), json!(false));
    assert_eq!(world.field("STAGE", "s-3", "name"), json!("Lost"));

    world.export("stage.ldjson", &all[..2]);
    let quiet = world.sync(options.clone()).await;
    assert_eq!(
        (quiet.verdict, quiet.calls),
        (Verdict::Done, 0),
        "{quiet:#?}"
    );

    world.export("stage.ldjson", &all);
    let back = world.sync(options).await;
    assert_eq!(back.verdict, Verdict::Done, "{back:#?}");
    assert_eq!(world.field("STAGE", "s-3", "isActive"), json!(true));
}

#[tokio::test]
async fn addresses_of_users_swap_and_change_their_case() {
    let world = World::new().await;
    world.export(
        "business_user.ldjson",
        &[
            user("u-1", "ada@acme.example"),
            user("u-2", "bo@acme.example"),
        ],
    );
    let options = world.options(&[BusinessUser]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export(
        "business_user.ldjson",
        &[
            user("u-1", "bo@acme.example"),
            user("u-2", "ada@acme.example"),
        ],
    );
    let swapped = world.sync(options.clone()).await;
    assert_eq!(swapped.verdict, Verdict::Done, "{swapped:#?}");
    assert_eq!(
        world.field("BUSINESS_USER", "u-1", "emailAddress"),
        json!("bo@acme.example")
    );
    assert_eq!(
        world.field("BUSINESS_USER", "u-2", "emailAddress"),
        json!("ada@acme.example")
    );
    world.export(
        "business_user.ldjson",
        &[
            user("u-1", "Bo@acme.example"),
            user("u-2", "ada@acme.example"),
        ],
    );
    let cased = world.sync(options).await;
    assert_eq!(cased.verdict, Verdict::Done, "{cased:#?}");
    assert_eq!(counts(&cased.plan, BusinessUser), [0, 1, 0, 1, 0]);
    assert_eq!(cased.files[0].uploads.len(), 1);
}

#[tokio::test]
async fn absent_standard_field_gets_its_documented_default() {
    let world = World::new().await;
    let mut won = deal("d-1", "acc-1", "s-1", 100);
    won["status"] = json!("WON");
    world.export("stage.ldjson", &[stage("s-1", "New")]);
    world.export("business_user.ldjson", &[user("u-1", "ada@acme.example")]);
    world.export("account.ldjson", &accounts(1..=2));
    world.export("deal.ldjson", &[won.clone()]);
    let options = world.options(&[Stage, BusinessUser, Account, Deal]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    won.as_object_mut().unwrap().remove("status");
    world.export("deal.ldjson", &[won]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("DEAL", "d-1", "status"), json!("OPEN"));
}

#[tokio::test]
async fn invalid_record_is_held_back_and_never_deleted() {
    let world = World::new().await;
    let options = world.with_accounts(1..=30).await;
    let mut records = accounts(1..=30);
    records[0]["modifiedDate"] = json!("yesterday");
    world.export("account.ldjson", &records);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(counts(&report.plan, Account), [0, 0, 0, 29, 1]);
    assert!(world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn unsent_plan_of_a_killed_round_deletes_nothing_that_is_back() {
    let mut world = World::new().await;
    let ledger = gong_crm::ledger::Ledger::memory();
    world.client = crate::support::client(&world.simulator, ledger);
    let options = world.with_accounts(1..=30).await;
    world.export("account.ldjson", &accounts(2..=30));
    // The round is stopped as soon as its plan is known, which leaves a deletion planned.
    let (mut handle, sync) = world
        .client
        .sync(world.integration_id, options.clone())
        .start();
    let stopping = async {
        while let Some(event) = handle.next_event().await {
            if matches!(event, gong_crm::push::Event::Planned { .. }) {
                handle.cancel();
            }
        }
    };
    let (report, ()) = tokio::join!(sync, stopping);
    drop(report);
    let is_gone = !world.has("ACCOUNT", "acc-1");
    world.export("account.ldjson", &accounts(1..=30));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?} {is_gone}");
    assert!(world.has("ACCOUNT", "acc-1"));
    assert!(
        world
            .client
            .ledger()
            .open_uploads()
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn contact_waits_for_its_account() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    world.export(
        "contact.ldjson",
        &[contact("c-1", "acc-1"), contact("c-2", "acc-2")],
    );
    let options = world.options(&[Account, Contact]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(2..=3));
    world.export("contact.ldjson", &[contact("c-2", "acc-2")]);
    let mut options = options;
    options.max_deletions = gong_crm::sync::Limit::Unlimited;
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1") && !world.has("CONTACT", "c-1"));
}

#[tokio::test]
async fn field_declared_after_its_values_is_sent_again() {
    use gong_crm::schema::SchemaField;
    let world = World::new().await;
    let mut records = accounts(1..=30);
    records[4]["region"] = json!("EMEA");
    world.export("account.ldjson", &records);
    let options = world.options(&[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let fields = [SchemaField::new("region", "Region", "STRING")];
    let client = &world.client;
    client
        .upload_entity_schema(world.integration_id, Account, &fields)
        .await
        .unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        counts(&report.plan, Account),
        [0, 1, 0, 29, 0],
        "{report:#?}"
    );
    // Declared once more as it is, nothing changes.
    client
        .upload_entity_schema(world.integration_id, Account, &fields)
        .await
        .unwrap();
    assert!(!world.plan(options).await.has_changes());
}

#[tokio::test]
async fn users_between_two_addresses_are_named_until_they_are_back() {
    use gong_sim::{Effect, Fault, Operation};
    let world = World::new().await;
    let users = |address: &str| vec![user("u-1", address), user("u-2", "bo@acme.example")];
    world.export("business_user.ldjson", &users("ada@acme.example"));
    let options = world.options(&[BusinessUser]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    // The deletion goes through, and the new line does not.
    let lost = Fault::new(Effect::Status(400)).on(Operation::UploadEntities);
    world.simulator.add_fault(lost.nth(2).nth(3)).unwrap();
    world.export("business_user.ldjson", &users("ada.king@acme.example"));
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        assert!(
            report
                .notes
                .iter()
                .any(|note| note.ends_with("not in Gong again yet: u-1")),
            "{report:#?}"
        );
        world.export("business_user.ldjson", &users("ada.king@acme.example"));
    }
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(report.notes.iter().all(|note| !note.contains("again yet")));
    assert!(world.has("BUSINESS_USER", "u-1"));
}

#[tokio::test]
async fn plan_that_is_an_hour_old_still_does_what_it_says() {
    use std::time::Duration;
    let mut world = World::new().await;
    let clock = std::sync::Arc::new(MovedClock::default());
    world.use_clock(std::sync::Arc::clone(&clock));
    let export = |records: &[serde_json::Value]| {
        use gong_crm::clock::Clock as _;
        let path = world.export("account.ldjson", records);
        crate::support::set_time(&path, clock.now().into());
    };
    export(&accounts(1..=30));
    let options = world.options(&[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    clock.advance(Duration::from_hours(24));
    export(&accounts(2..=31));
    let plan = world.plan(options.clone()).await;
    let file = world.path("today.plan");
    plan.write(&file).unwrap();
    clock.advance(Duration::from_hours(1));
    let mut with_plan = options;
    with_plan.plan_file = Some(file);
    let report = world.sync(with_plan.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "acc-31"));
    clock.advance(Duration::from_hours(1));
    let again = world.sync(with_plan).await;
    assert_eq!(
        (again.verdict, again.calls),
        (Verdict::Done, 0),
        "{again:#?}"
    );
}

#[tokio::test]
async fn resumed_uploads_of_a_sync_are_those_of_the_next_one() {
    let world = World::new().await;
    let mut options = world.with_accounts(1..=30).await;
    // Gong has the next round, and nobody waits for its verdict.
    world.export("account.ldjson", &accounts(2..=31));
    options.push.wait = gong_crm::push::Wait::UntilSent;
    let sent = world.sync(options.clone()).await;
    assert_eq!(sent.verdict, Verdict::TimedOut, "{sent:#?}");
    let resume = gong_crm::push::Options::default().simulator();
    let resumed = world.client.resume([], resume).await.unwrap();
    assert_eq!(resumed.verdict, Verdict::Done, "{resumed:#?}");
    assert!(world.has("ACCOUNT", "acc-31"));
    options.push.wait = gong_crm::push::Wait::UntilDone;
    world.export("account.ldjson", &accounts(2..=31));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1"));
    // What was resumed belongs to the scope: it is deleted when it vanishes.
    world.export("account.ldjson", &accounts(2..=30));
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[2], 1, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-31"));
}

#[tokio::test]
async fn nothing_waits_for_an_account_that_was_deleted_meanwhile() {
    use std::time::Duration;
    let mut world = World::new().await;
    let clock = std::sync::Arc::new(MovedClock::default());
    world.use_clock(std::sync::Arc::clone(&clock));
    let options = |world: &World, types: &[_]| {
        let mut options = world.options(types);
        options.push.account_delay = Duration::from_mins(1);
        options.push.poll.initial_interval = Duration::from_secs(10);
        options.push.poll.max_interval = Duration::from_secs(10);
        options
    };
    world.export("account.ldjson", &accounts(1..=30));
    let first = world.sync(options(&world, &[Account])).await;
    assert_eq!(first.verdict, Verdict::Done, "{first:#?}");
    let gone = json!({
        "objectId": "acc-30", "modifiedDate": "2026-01-16T09:30:00Z", "isDeleted": true,
    });
    let deleted = world.push("accounts.ldjson", &[gone]).await;
    assert_eq!(deleted.verdict, Verdict::Done);
    let began = clock.offset();
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    let report = world.sync(options(&world, &[Contact])).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let waited = clock.offset() - began;
    assert!(waited < 120, "{waited} s");
}

#[tokio::test]
async fn user_whom_a_new_ledger_does_not_know_gets_another_address() {
    use std::time::Duration;
    let simulator = gong_sim::Simulator::builder().rule("email-change-needs-deletion", true);
    let mut world = World::with(simulator.start().await.unwrap()).await;
    let users = |address: &str| vec![user("u-1", address), user("u-2", "bo@acme.example")];
    world.export("business_user.ldjson", &users("ada@acme.example"));
    let options = world.options(&[BusinessUser]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);

    // The ledger is lost, and the address changes.
    world.client = crate::support::client(&world.simulator, gong_crm::ledger::Ledger::memory());
    let clock = std::sync::Arc::new(MovedClock::default());
    world.use_clock(std::sync::Arc::clone(&clock));
    world.export("business_user.ldjson", &users("king@acme.example"));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    clock.advance(Duration::from_hours(25));
    world.export("business_user.ldjson", &users("king@acme.example"));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let address = world.field("BUSINESS_USER", "u-1", "emailAddress");
    assert_eq!(address, "king@acme.example");
    let quiet = world.sync(options).await;
    assert_eq!((quiet.verdict, quiet.calls), (Verdict::Done, 0));
}
