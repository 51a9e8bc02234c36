//! Records that may be the same as a vanished one, under another id or type.

use std::sync::Arc;

use gong_crm::ObjectType::{Account, Contact, Lead};
use gong_crm::probe::ProbeOptions;
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::{Deletions, SyncOptions};
use gong_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{World, account, accounts, actions, contact};

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

/// Gong has one record under two spellings, and the export loses the first before it has the second.
async fn respelled_before_the_export(scope_of_second: &str) {
    let simulator = Simulator::builder().rule("object-ids-ignore-case", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    world.export("account.ldjson", &accounts(1..=30));
    let options = world.options(&[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let respelled = [account("ACC-1", "Company 1")];
    if scope_of_second.is_empty() {
        drop(world.push("ACCOUNT.ldjson", &respelled).await);
    } else {
        let path = world.export("accounts-of-other.ldjson", &respelled);
        let source = Arc::new(FilesSource::new(path).complete(true));
        let other = SyncOptions::new(scope_of_second).simulator();
        drop(world.sync(other.source(Account, source)).await);
    }
    world.export("account.ldjson", &accounts(2..=30));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1") || world.has("ACCOUNT", "ACC-1"));
}

#[tokio::test]
async fn new_spelling_that_a_webhook_pushed_holds_the_deletion_of_the_old_one_back() {
    respelled_before_the_export("").await;
}

#[tokio::test]
async fn new_spelling_of_another_scope_holds_the_deletion_of_the_old_one_back() {
    respelled_before_the_export("other").await;
}

#[tokio::test]
async fn ids_without_their_zeros_are_not_sent_as_new_records() {
    let world = World::new().await;
    let numbered = |digits: usize| -> Vec<_> {
        (1..=30)
            .map(|id| account(&format!("{id:0digits$}"), &format!("Company {id}")))
            .collect()
    };
    world.export("account.ldjson", &numbered(6));
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &numbered(1));
    for delete_after in [1, 2] {
        options.delete_after = delete_after;
        let report = world.sync(options.clone()).await;
        assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(world.has("ACCOUNT", "000007") && !world.has("ACCOUNT", "7"));
        assert_eq!(actions(&report.plan)["ACCOUNT 7"], "hold-back");
    }
    // Whoever confirms that the others go gets the new ones.
    options.delete_after = 1;
    drop(world.sync(options.clone()).await);
    let mut confirming = options.clone();
    confirming.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(confirming).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(!world.has("ACCOUNT", "000007") && !world.has("ACCOUNT", "7"));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "7"));
}

#[tokio::test]
async fn export_whose_ids_changed_case_sends_no_new_records() {
    let written = |ids: std::ops::RangeInclusive<u32>, is_upper: bool| -> Vec<_> {
        let id = |id: u32| {
            let id = format!("acc-{id}");
            if is_upper { id.to_uppercase() } else { id }
        };
        ids.map(|number| account(&id(number), "Company")).collect()
    };
    for (recased, is_held) in [(1..=20, true), (1..=12, true), (1..=2, false)] {
        let world = World::new().await;
        world.export("account.ldjson", &written(1..=20, false));
        let mut options = world.options(&[Account]);
        options.held_deletions = Some(world.path("held.ldjson"));
        assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
        let (last, new) = (*recased.end(), account("acc-21", "New"));
        let mut export = written(recased, true);
        export.extend(written(last + 1..=20, false));
        export.push(new);
        world.export("account.ldjson", &export);
        let report = world.sync(options.clone()).await;
        let actions = actions(&report.plan);
        assert_eq!(actions["ACCOUNT acc-1"], "hold-back");
        let expected = if is_held { "hold-back" } else { "create" };
        assert_eq!(actions["ACCOUNT ACC-1"], expected, "{last}");
        assert_eq!(world.has("ACCOUNT", "ACC-1"), !is_held, "{last}");
        assert!(world.has("ACCOUNT", "acc-21"));
        // Whoever confirms that the others go gets the new ones.
        let mut confirming = options.clone();
        confirming.confirm_deletions = Some(world.path("held.ldjson"));
        let report = world.sync(confirming).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        let report = world.sync(options).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "ACC-1"));
    }
}

#[tokio::test]
async fn equal_numeric_ids_of_two_types_are_different_records() {
    let world = World::new().await;
    let numbered: Vec<_> = (1..=30)
        .map(|id| account(&id.to_string(), "Company"))
        .collect();
    world.export("account.ldjson", &numbered);
    world.export(
        "contact.ldjson",
        &[contact("1", "30"), contact("2", "30"), contact("3", "30")],
    );
    let options = world.options(&[Account, Contact]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &numbered[1..]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "1"));
}

#[tokio::test]
async fn twin_is_named_where_deletions_need_to_be_confirmed() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=30));
    let source = || Arc::new(FilesSource::new(world.path("account.ldjson")).complete(true));
    let options =
        SyncOptions::new("acme")
            .simulator()
            .source_with(Account, source(), Deletions::Ask);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let mut records = accounts(2..=30);
    records.push(account("ACC-1", "Company 1"));
    world.export("account.ldjson", &records);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    let held = &report.plan.held_back_deletions()[0];
    assert!(held.reason.contains("may be the same record"), "{held:?}");
}

/// Lead p-1 is gone, and its deletion is held back and then confirmed; meanwhile it comes as a contact.
async fn converted_while_its_deletion_is_confirmed(is_one_record: bool) {
    let simulator = Simulator::builder().rule("one-id-space", is_one_record);
    let world = World::with(simulator.start().await.unwrap()).await;
    world.export("lead.ldjson", &people(1..=30));
    world.export("contact.ldjson", &people(101..=130));
    let mut options = world.options(&[Contact]);
    let leads = Arc::new(FilesSource::new(world.path("lead.ldjson")).complete(true));
    options = options.source_with(Lead, leads, Deletions::Ask);
    options.held_deletions = Some(world.path("held.ldjson"));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("lead.ldjson", &people(2..=30));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");

    world.export("contact.ldjson", &people((101..=130).chain([1])));
    let mut confirming = options.clone();
    confirming.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(confirming).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let of_plan = actions(&report.plan);
    assert_eq!(of_plan["LEAD p-1"], "delete");
    assert_eq!(of_plan["CONTACT p-1"], "hold-back");
    assert!(!world.has("LEAD", "p-1") && !world.has("CONTACT", "p-1"));

    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "p-1"));
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
    assert!(world.has("CONTACT", "p-1"));
}

#[tokio::test]
async fn lead_that_comes_as_a_contact_is_sent_after_its_confirmed_deletion() {
    for is_one_record in [true, false] {
        converted_while_its_deletion_is_confirmed(is_one_record).await;
    }
}

#[tokio::test]
async fn record_is_sent_again_with_a_later_date_than_the_deletion_of_its_old_spelling() {
    let simulator = Simulator::builder()
        .rule("object-ids-ignore-case", true)
        .rule("older-update-applied", false);
    let world = World::with(simulator.start().await.unwrap()).await;
    let mut options = world.options(&[Account]);
    options.held_deletions = Some(world.path("held.ldjson"));
    for (id, verdict) in [("acc-x", Verdict::Done), ("ACC-X", Verdict::Partial)] {
        world.export(
            "account.ldjson",
            &[accounts(1..=30), vec![account(id, "X")]].concat(),
        );
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, verdict, "{report:#?}");
    }
    let mut confirming = options.clone();
    confirming.confirm_deletions = Some(world.path("held.ldjson"));
    let report = world.sync(confirming).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "ACC-X"), "{report:#?}");
}

#[tokio::test]
async fn lead_of_an_export_that_is_older_than_its_contact_waits_for_the_next_one() {
    let simulator = Simulator::builder().rule("one-id-space", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    world.export("lead.ldjson", &people(1..=30));
    let options = world.options(&[Lead]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    // The lead is new in the export, and was converted since.
    world.export("lead.ldjson", &people(1..=31));
    let pushed = world.push("contacts.ldjson", &people(31..=31)).await;
    assert_eq!(pushed.verdict, Verdict::Done, "{pushed:#?}");
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let mut changes = report.plan.changes.iter();
    let reason = changes.find_map(|change| change.reason.as_deref());
    assert!(
        reason
            .unwrap()
            .contains("CONTACT p-31 from after this read"),
        "{reason:?}"
    );
    assert!(world.has("CONTACT", "p-31") && !world.has("LEAD", "p-31"));
    world.export("lead.ldjson", &people(1..=30));
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "p-31"));
}

#[tokio::test]
async fn lead_that_is_older_than_its_contact_waits_beside_thousands_of_changes() {
    let simulator = Simulator::builder().rule("one-id-space", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    let mut leads = people(1..=10_001);
    world.export("lead.ldjson", &leads);
    let options = world.options(&[Lead]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    for lead in &mut leads {
        lead["phoneNumber"] = "+49 89 1234567".into();
    }
    leads.extend(people(10_002..=10_002));
    world.export("lead.ldjson", &leads);
    let pushed = world
        .push("contacts.ldjson", &people(10_002..=10_002))
        .await;
    assert_eq!(pushed.verdict, Verdict::Done, "{pushed:#?}");
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{:?}", report.plan.notes);
    assert!(world.has("CONTACT", "p-10002") && !world.has("LEAD", "p-10002"));
    assert_eq!(world.field("LEAD", "p-1", "phoneNumber"), "+49 89 1234567");
}
