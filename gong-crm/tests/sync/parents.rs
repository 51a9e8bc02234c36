//! Records that were sent before the account, owner or stage that they refer to.

use gong_crm::ObjectType::{Account, BusinessUser, Contact, Deal, Stage};
use gong_crm::push::Verdict;
use gong_sim::Simulator;

use crate::support::{World, account, actions, contact, counts, deal, stage, user};

async fn world(rule: &str) -> World {
    let simulator = Simulator::builder().rule(rule, true).start();
    World::with(simulator.await.unwrap()).await
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

    let both = [account("acc-1", "One"), account("acc-2", "Two")];
    world.export("account.ldjson", &both);
    drop(world.sync(options.clone()).await);
    assert!(world.has("CONTACT", "con-2"));
    let plan = world.plan(options).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
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
