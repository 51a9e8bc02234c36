//! Records that refer to a record of the source which is not sent now, and that Gong does not have.

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::push::Verdict;
use gong_crm::sync::Limit;
use gong_sim::Simulator;
use serde_json::json;

use crate::support::{World, account, contact, counts};

/// Gong drops contacts of accounts that it does not have.
async fn world() -> World {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    World::with(simulator.start().await.unwrap()).await
}

#[tokio::test]
async fn contacts_of_accounts_that_a_limit_holds_back_are_sent_once_with_them() {
    let world = world().await;
    // A webhook was faster than the export.
    drop(
        world
            .push("contacts.ldjson", &[contact("con-9", "acc-9")])
            .await,
    );
    let accounts: Vec<_> = (1..=9)
        .map(|id| account(&format!("acc-{id}"), "Company"))
        .collect();
    let contacts = [contact("con-8", "acc-8"), contact("con-9", "acc-9")];
    world.export("account.ldjson", &accounts);
    world.export("contact.ldjson", &contacts);
    let mut options = world.options(&[Account, Contact]);
    options.max_changes = Limit::Records(3);
    let uploads = world.simulator.uploads().len();
    for _ in 0..3 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
        assert_eq!(counts(&report.plan, Account), [0, 0, 0, 0, 9]);
        assert_eq!(
            counts(&report.plan, Contact),
            [0, 0, 0, 1, 1],
            "{report:#?}"
        );
    }
    assert_eq!(world.simulator.uploads().len(), uploads);
    options.max_changes = Limit::Default;
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-8") && world.has("CONTACT", "con-9"));
    let plan = world.plan(options).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
}

#[tokio::test]
async fn contact_of_an_invalid_account_is_held_back_from_the_first_round() {
    let world = world().await;
    let invalid = json!({"objectId": "acc-1", "modifiedDate": "yesterday", "name": "One"});
    world.export("account.ldjson", &[invalid]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let options = world.options(&[Account, Contact]);
    let uploads = world.simulator.uploads().len();
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert_eq!(
            counts(&report.plan, Contact),
            [0, 0, 0, 0, 1],
            "{report:#?}"
        );
    }
    assert_eq!(world.simulator.uploads().len(), uploads);
    world.export("account.ldjson", &[account("acc-1", "One")]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"));
}

#[tokio::test]
async fn contact_waits_for_an_account_that_a_plan_file_leaves_out() {
    let world = world().await;
    world.export("account.ldjson", &[account("acc-1", "One")]);
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let options = world.options(&[Account, Contact]);
    let file = world.path("plan.ldjson");
    world.plan(options.clone()).await.write(&file).unwrap();
    // The account changes before the plan is carried out.
    world.export("account.ldjson", &[account("acc-1", "Uno")]);
    let mut with_plan = options.clone();
    with_plan.plan_file = Some(file);
    let report = world.sync(with_plan).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(world.simulator.uploads().is_empty(), "{report:#?}");
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "con-1"));
}
