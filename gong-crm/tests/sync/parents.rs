//! Records that were sent before the account, owner or stage that they refer to.

use gong_crm::ObjectType::{Account, BusinessUser, Contact, Deal, Stage};
use gong_crm::push::{Options, Verdict, Wait};
use gong_sim::{Effect, Fault, Operation, Processing, Simulator, Verdict as Answer};

use crate::support::{World, account, actions, contact, counts, deal, stage, user};

async fn world(rule: &str) -> World {
    let simulator = Simulator::builder().rule(rule, true).start();
    World::with(simulator.await.unwrap()).await
}

/// The next upload has a verdict that says nothing, and Gong takes nothing of it.
fn leave_next_open(world: &World) {
    let answer = Answer::new().set("totalSuccessCount", 0).applies_nothing();
    let fault = Fault::new(Effect::Verdict(answer)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
}

/// The next upload is not taken.
fn refuse_next(world: &World) {
    let fault = Fault::new(Effect::Status(403)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
}

#[tokio::test]
async fn contact_that_was_pushed_before_its_account_is_synced_again_once() {
    let world = world("contact-needs-known-account").await;
    let contacts = [contact("con-1", "acc-1"), contact("con-2", "acc-2")];
    let report = world.push("contacts.ldjson", &contacts).await;
    assert_eq!(report.verdict, Verdict::Done);
    let [note] = report.notes.as_slice() else {
        panic!("{:?}", report.notes)
    };
    assert!(note.starts_with("2 CONTACT records refer to"), "{note}");
    assert!(note.contains("acc-1"), "{note}");
    assert!(!world.has("CONTACT", "con-1"), "Gong dropped it");
    // It is said again whenever somebody names them, although nothing is sent.
    for _ in 0..2 {
        let report = world.push("contacts.ldjson", &contacts).await;
        assert_eq!((report.verdict, report.unchanged()), (Verdict::Done, 2));
        let [note] = report.notes.as_slice() else {
            panic!("{:?}", report.notes)
        };
        let begin = "2 CONTACT records (con-1 and 1 more), sent since 20";
        assert!(note.starts_with(begin), "{note}");
        assert!(
            note.contains("such as acc-1: Gong may not show them"),
            "{note}"
        );
    }

    // The account of one of them comes.
    world.export("account.ldjson", &[account("acc-1", "One")]);
    world.export("contact.ldjson", &contacts);
    let options = world.options(&[Account, Contact]);
    let plan = world.plan(options.clone()).await;
    assert_eq!(counts(&plan, Contact), [0, 1, 0, 1, 0]);
    assert_eq!(actions(&plan)["CONTACT con-1"], "update");
    let mut changes = plan.changes.iter();
    let change = changes.find(|change| change.object_type == Contact);
    let reason = change.unwrap().reason.as_deref();
    assert_eq!(
        reason,
        Some("what it refers to was not in Gong when it was sent")
    );
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done);
    assert!(world.has("CONTACT", "con-1"));

    // The other one still waits, and costs no calls.
    let before = world.calls().await;
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done);
    assert!(report.plan.changes.is_empty(), "{:?}", report.plan.changes);
    assert_eq!(world.calls().await, before);
    for notes in [&report.plan.notes, &world.plan(options.clone()).await.notes] {
        let mut waiting = notes
            .iter()
            .filter(|note| note.starts_with("1 CONTACT record (con-2)"));
        let note = waiting.next().unwrap_or_else(|| panic!("{notes:?}"));
        assert!(note.contains("refers to ACCOUNT acc-2"), "{note}");
    }

    let both = [account("acc-1", "One"), account("acc-2", "Two")];
    world.export("account.ldjson", &both);
    drop(world.sync(options.clone()).await);
    assert!(world.has("CONTACT", "con-2"));
    let plan = world.plan(options).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
    assert!(
        plan.notes.iter().all(|note| !note.contains("refer")),
        "{:?}",
        plan.notes
    );
}

#[tokio::test]
async fn deal_that_was_pushed_before_its_owner_is_pushed_again_once() {
    let world = world("deal-needs-known-owner").await;
    drop(
        world
            .push("accounts.ldjson", &[account("acc-1", "One")])
            .await,
    );
    let mut record = deal("d-1", "acc-1", "s-1", 1);
    record["ownerId"] = "u-1".into();
    let deals = [record];
    let report = world.push("deals.ldjson", &deals).await;
    assert_eq!(report.notes.len(), 2, "{:?}", report.notes);
    assert!(!world.has("DEAL", "d-1"));
    let again = world.push("deals.ldjson", &deals).await;
    assert_eq!((again.unchanged(), again.accepted()), (1, 0));

    let users = [user("u-1", "ada@acme.example")];
    drop(world.push("business_users.ldjson", &users).await);
    let again = world.push("deals.ldjson", &deals).await;
    assert_eq!((again.unchanged(), again.accepted()), (0, 1));
    assert!(world.has("DEAL", "d-1"));
    let again = world.push("deals.ldjson", &deals).await;
    assert_eq!((again.unchanged(), again.accepted()), (1, 0));

    drop(world.push("stages.ldjson", &[stage("s-1", "Open")]).await);
    let again = world.push("deals.ldjson", &deals).await;
    assert_eq!((again.unchanged(), again.accepted()), (0, 1));
    assert!(again.notes.iter().all(|note| !note.contains("never sent")));
    let again = world.push("deals.ldjson", &deals).await;
    assert_eq!((again.unchanged(), again.accepted()), (1, 0));
}

#[tokio::test]
async fn records_that_come_together_are_sent_once() {
    let world = World::new().await;
    world.export("stage.ldjson", &[stage("s-1", "Open")]);
    world.export("business_user.ldjson", &[user("u-1", "ada@acme.example")]);
    world.export("account.ldjson", &[account("acc-1", "One")]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 1)]);
    let options = world.options(&[Stage, BusinessUser, Account, Contact, Deal]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done);
    let notes = &report.plan.notes;
    assert!(
        notes.iter().all(|note| !note.contains("refer")),
        "{notes:?}"
    );
    let plan = world.plan(options).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
}

#[tokio::test]
async fn deal_of_an_unconfirmed_owner_is_pushed_again_once() {
    let world = world("deal-needs-known-owner").await;
    drop(
        world
            .push("accounts.ldjson", &[account("acc-1", "One")])
            .await,
    );
    drop(world.push("stages.ldjson", &[stage("s-1", "Open")]).await);
    let users = [user("u-1", "ada@acme.example")];
    leave_next_open(&world);
    let report = world.push("business_users.ldjson", &users).await;
    assert_eq!(report.verdict, Verdict::Unknown);

    let deals = [deal("d-1", "acc-1", "s-1", 1)];
    let report = world.push("deals.ldjson", &deals).await;
    let [note] = report.notes.as_slice() else {
        panic!("{:?}", report.notes)
    };
    assert!(note.contains("u-1, which is not confirmed"), "{note}");
    assert!(!world.has("DEAL", "d-1"), "Gong dropped it");

    assert_eq!(
        world.push("business_users.ldjson", &users).await.verdict,
        Verdict::Done
    );
    let again = world.push("deals.ldjson", &deals).await;
    assert_eq!((again.unchanged(), again.accepted()), (0, 1), "{again:#?}");
    assert!(world.has("DEAL", "d-1"));
    let again = world.push("deals.ldjson", &deals).await;
    assert_eq!((again.unchanged(), again.accepted()), (1, 0));
}

#[tokio::test]
async fn contact_is_synced_again_if_its_account_was_unconfirmed_in_that_sync() {
    let world = world("contact-needs-known-account").await;
    world.export("account.ldjson", &[account("acc-1", "One")]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let options = world.options(&[Account, Contact]);
    leave_next_open(&world);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert!(!world.has("CONTACT", "con-1"), "Gong dropped it");
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"));
    let plan = world.plan(options).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
}

#[tokio::test]
async fn contact_goes_after_the_verdict_of_its_corrected_account() {
    let world = world("contact-needs-known-account").await;
    world.export("account.ldjson", &[account("acc-1", "Bad")]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let options = world.options(&[Account, Contact]);
    let answer = Answer::new()
        .set("status", "FAILED")
        .set(
            "errors",
            serde_json::json!([{"line": 1, "description": "bad"}]),
        )
        .set("totalErrorCount", 1)
        .set("totalSuccessCount", 0)
        .applies_nothing();
    let fault = Fault::new(Effect::Verdict(answer)).on(Operation::UploadEntities);
    world.simulator.add_fault(fault.nth(1)).unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");

    world.export("account.ldjson", &[account("acc-1", "Good")]);
    let mut no_wait = options.clone();
    no_wait.push.wait = Wait::UntilSent;
    drop(world.sync(no_wait).await);
    assert!(!world.has("CONTACT", "con-1"));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"));
}

#[tokio::test]
async fn deals_wait_for_an_account_that_is_deleted_and_created_again() {
    let world = world("deal-needs-known-account").await;
    let accounts = ["acc-1", "acc-2", "acc-3"].map(|id| account(id, "Same"));
    world.export("account.ldjson", &accounts);
    world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 1)]);
    let options = world.options(&[Account, Deal]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);

    let mut no_wait = options.clone();
    no_wait.push.wait = Wait::UntilSent;
    world.export(
        "account.ldjson",
        &[accounts[0].clone(), accounts[2].clone()],
    );
    drop(world.sync(no_wait.clone()).await);
    assert!(!world.has("ACCOUNT", "acc-2"));

    // It is back before the verdict of its deletion was seen.
    world.export("account.ldjson", &accounts);
    let deals = [
        deal("d-1", "acc-2", "s-1", 1),
        deal("d-3", "acc-2", "s-1", 3),
    ];
    world.export("deal.ldjson", &deals);
    drop(world.sync(no_wait).await);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("DEAL", "d-1", "accountId"), "acc-2");
    assert!(world.has("DEAL", "d-3"));
    let plan = world.plan(options).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
}

#[tokio::test]
async fn deal_is_held_back_while_its_account_is_being_deleted() {
    let world = world("deal-needs-known-account").await;
    drop(
        world
            .push("accounts.ldjson", &[account("acc-1", "One")])
            .await,
    );
    world.simulator.set_processing(Processing::Never);
    let gone = serde_json::json!({
        "objectId": "acc-1", "modifiedDate": "2026-02-15T09:30:00Z", "isDeleted": true,
    });
    let path = world.path("accounts.ldjson");
    std::fs::write(&path, format!("{gone}\n")).unwrap();
    let options = Options::new([path]).simulator().wait(Wait::UntilSent);
    drop(world.client.push(world.integration_id, options).await);

    let path = world.path("deals.ldjson");
    let line = deal("d-1", "acc-1", "s-1", 1);
    std::fs::write(&path, format!("{line}\n")).unwrap();
    let options = Options::new([path]).simulator().wait(Wait::UntilSent);
    let report = world.client.push(world.integration_id, options).await;
    let report = report.unwrap();
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let reason = &report.files[0].errors[0].description;
    assert!(reason.contains("acc-1, which is being deleted"), "{reason}");
}

#[tokio::test]
async fn resumed_records_are_judged_by_what_gong_has_by_then() {
    let world = world("contact-needs-known-account").await;
    drop(
        world
            .push("accounts.ldjson", &[account("acc-1", "One")])
            .await,
    );
    let contacts = [contact("con-1", "acc-1"), contact("con-2", "acc-2")];
    refuse_next(&world);
    let report = world.push("contacts.ldjson", &contacts).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    world.simulator.clear_faults();

    // One of the accounts goes, the other one comes.
    let gone = serde_json::json!({
        "objectId": "acc-1", "modifiedDate": "2026-02-15T09:30:00Z", "isDeleted": true,
    });
    let changed = [gone, account("acc-2", "Two")];
    assert_eq!(
        world.push("accounts.ldjson", &changed).await.verdict,
        Verdict::Done
    );
    let options = Options::default().simulator();
    let report = world.client.resume([], options).await.unwrap();
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let reason = &report.files[0].errors[0].description;
    assert!(reason.contains("acc-1, which is not in Gong"), "{reason}");
    assert!(world.has("CONTACT", "con-2"));
    // Its account was there when it was sent.
    let again = world.push("contacts.ldjson", &contacts[1..]).await;
    assert_eq!((again.unchanged(), again.accepted()), (1, 0), "{again:#?}");
}

#[tokio::test]
async fn each_sync_says_which_contacts_wait_although_no_account_ever_came() {
    let world = World::new().await;
    let contacts = [contact("con-1", "acc-1"), contact("con-2", "acc-2")];
    world.export("contact.ldjson", &contacts);
    let options = world.options(&[Contact]);
    let note = "2 CONTACT records refer to ACCOUNT records that were never sent";
    let report = world.sync(options.clone()).await;
    assert!(
        report.plan.notes.iter().any(|of| of.starts_with(note)),
        "{report:#?}"
    );
    let note = "2 CONTACT records (con-1 and 1 more), sent since 20";
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
        let notes = [report.plan.notes, world.plan(options.clone()).await.notes];
        for notes in notes {
            assert!(notes.iter().any(|of| of.starts_with(note)), "{notes:#?}");
        }
    }
    world.export("contact.ldjson", &contacts[1..]);
    let plan = world.plan(options).await;
    let note = "1 CONTACT record (con-2), sent on 20";
    assert!(
        plan.notes.iter().any(|of| of.starts_with(note)),
        "{plan:#?}"
    );
}
