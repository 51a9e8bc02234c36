//! Records that may be the same as a vanished one, under another id or type.

use gong_crm::ObjectType::{Account, Contact, Lead};
use gong_crm::probe::ProbeOptions;
use gong_crm::push::Verdict;
use gong_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{World, account, accounts};

fn person(id: u32) -> Value {
    json!({
        "objectId": format!("p-{id}"), "modifiedDate": "2026-01-15T09:30:00Z",
        "firstName": "Ada", "lastName": "King", "emailAddress": format!("ada-{id}@acme.example"),
    })
}

fn people(ids: impl IntoIterator<Item = u32>) -> Vec<Value> {
    ids.into_iter().map(person).collect()
}

/// A Gong in which a lead and a contact of one id are the same record, and a lead that became a
/// contact.
async fn converted_lead() -> World {
    let simulator = Simulator::builder().rule("one-id-space", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    world.export("lead.ldjson", &people(1..=30));
    world.export("contact.ldjson", &people(101..=130));
    let options = world.options(&[Contact, Lead]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("lead.ldjson", &people(2..=30));
    world.export("contact.ldjson", &people((101..=130).chain([1])));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("CONTACT", "p-1"));
    world
}

#[tokio::test]
async fn converted_lead_is_held_back_although_the_contacts_are_not_read() {
    let world = converted_lead().await;
    std::fs::remove_file(world.path("contact.ldjson")).unwrap();
    let both = world.sync(world.options(&[Contact, Lead])).await;
    assert_eq!(both.verdict, Verdict::Failed, "{both:#?}");
    let leads = world.sync(world.options(&[Lead])).await;
    assert_eq!(leads.verdict, Verdict::Partial, "{leads:#?}");
    assert!(world.has("CONTACT", "p-1"));
}

#[tokio::test]
async fn record_that_a_confirmed_deletion_took_along_is_sent_again() {
    let world = converted_lead().await;
    let mut options = world.options(&[Contact, Lead]);
    options.held_deletions = Some(world.path("held.ldjson"));
    drop(world.sync(options.clone()).await);
    let mut confirming = options.clone();
    confirming.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(confirming).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(!world.has("CONTACT", "p-1"), "the simulator has one record");
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "p-1"));
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
}

#[tokio::test]
async fn old_spelling_of_an_id_is_left_alone_where_case_means_nothing() {
    let simulator = Simulator::builder().rule("object-ids-ignore-case", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    world.export("account.ldjson", &accounts(1..=30));
    let options = world.options(&[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let mut records = accounts(2..=30);
    records.push(account("ACC-1", "Company 1"));
    world.export("account.ldjson", &records);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let probing = ProbeOptions::new().simulator();
    let probe = world.client.probe(world.integration_id, probing).await;
    probe.unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
    let objects = world.simulator.objects("ACCOUNT");
    assert_eq!(objects.len(), 30, "{objects:#?}");
}
