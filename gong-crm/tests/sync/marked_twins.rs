//! Records that a source or a person marks as deleted, and that may be the same as another record.

use std::sync::Arc;

use gong_crm::ObjectType::{self, Account, Contact, Lead};
use gong_crm::drift::{DifferenceKind, DriftOptions};
use gong_crm::probe::ProbeOptions;
use gong_crm::push::{Options, Report, Resend, Verdict, Wait};
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;
use gong_sim::{Processing, Simulator};
use serde_json::{Value, json};

use crate::support::{World, account, accounts, actions, file_name};

fn person(id: u32) -> Value {
    json!({
        "objectId": format!("p-{id}"), "modifiedDate": "2026-01-15T09:30:00Z",
        "firstName": "Ada", "lastName": "King", "emailAddress": format!("ada-{id}@acme.example"),
    })
}

fn people(ids: impl IntoIterator<Item = u32>) -> Vec<Value> {
    ids.into_iter().map(person).collect()
}

fn deletion(id: &str) -> Value {
    json!({"objectId": id, "modifiedDate": "2026-02-15T09:30:00Z", "isDeleted": true})
}

async fn world(rule: &str) -> World {
    let simulator = Simulator::builder().rule(rule, true);
    World::with(simulator.start().await.unwrap()).await
}

/// A sync of one file per type, which holds all records or what changed.
fn options(world: &World, types: &[(ObjectType, bool)]) -> SyncOptions {
    let mut options = SyncOptions::new("acme").simulator();
    for (object_type, is_complete) in types {
        let path = world.path(&file_name(*object_type));
        let source = Arc::new(FilesSource::new(path).complete(*is_complete));
        options = options.source(*object_type, source);
    }
    options.held_deletions = Some(world.path("held.ldjson"));
    options
}

/// A sync that deletes what is on the list.
async fn confirm(world: &World, options: &SyncOptions) -> gong_crm::sync::SyncReport {
    let mut confirming = options.clone();
    confirming.confirm_deletions = Some(world.path("held.ldjson"));
    world.sync(confirming).await
}

#[tokio::test]
async fn contact_is_not_deleted_with_its_marked_lead() {
    for is_complete in [true, false] {
        let world = world("one-id-space").await;
        let options = options(&world, &[(Contact, true), (Lead, is_complete)]);
        world.export("lead.ldjson", &people(1..=30));
        world.export("contact.ldjson", &people(101..=130));
        assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
        let mut leads = vec![deletion("p-1")];
        if is_complete {
            leads.extend(people(2..=30));
        }
        world.export("lead.ldjson", &leads);
        world.export("contact.ldjson", &people((101..=130).chain([1])));
        for _ in 0..2 {
            let report = world.sync(options.clone()).await;
            assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
            let held = &report.plan.held_back_deletions()[0];
            assert_eq!((held.object_type, held.object_id.as_str()), (Lead, "p-1"));
            let text = "marked as deleted in the source, and CONTACT p-1 may be the same record";
            assert_eq!(held.reason, text);
            assert!(world.has("CONTACT", "p-1"));
            if !is_complete {
                world.export("lead.ldjson", &[]);
            }
        }
        let report = confirm(&world, &options).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert!(world.has("CONTACT", "p-1") && !world.has("LEAD", "p-1"));
        let report = world.sync(options).await;
        assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
    }
}

#[tokio::test]
async fn lead_that_was_never_sent_does_not_take_its_contact_along() {
    let world = world("one-id-space").await;
    let options = options(&world, &[(Contact, true), (Lead, true)]);
    world.export("lead.ldjson", &[deletion("p-1"), person(2)]);
    world.export("contact.ldjson", &people([1, 3]));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("CONTACT", "p-1"));
}

#[tokio::test]
async fn marked_id_in_another_case_does_not_take_the_record_along() {
    for is_complete in [true, false] {
        let world = world("object-ids-ignore-case").await;
        let options = options(&world, &[(Account, is_complete)]);
        world.export("account.ldjson", &accounts(1..=30));
        assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
        let mut records = accounts(2..=30);
        records.push(account("ACC-1", "Company 1"));
        if !is_complete {
            world.export("account.ldjson", &records[29..]);
            assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
            records.clear();
        }
        records.push(deletion("acc-1"));
        world.export("account.ldjson", &records);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        assert_eq!(actions(&report.plan)["ACCOUNT acc-1"], "hold-back");
        assert_eq!(world.simulator.objects("ACCOUNT").len(), 30);
        let probing = ProbeOptions::new().simulator();
        let probe = world.client.probe(world.integration_id, probing).await;
        probe.unwrap();
        for _ in 0..2 {
            let report = world.sync(options.clone()).await;
            assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
            assert_eq!(world.simulator.objects("ACCOUNT").len(), 30);
        }
    }
}

#[tokio::test]
async fn case_of_marked_ids_counts_where_the_probe_says_so() {
    let world = World::new().await;
    let options = options(&world, &[(Account, false)]);
    let mut all = accounts(1..=30);
    all.push(account("ACC-1", "Other"));
    world.export("account.ldjson", &all);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let probing = ProbeOptions::new().simulator();
    let probe = world.client.probe(world.integration_id, probing).await;
    probe.unwrap();
    world.export("account.ldjson", &[deletion("acc-1")]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1") && world.has("ACCOUNT", "ACC-1"));
}

async fn resend(world: &World, name: &str, records: &[Value]) -> Report {
    let path = world.path(name);
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(&path, text).unwrap();
    let mut options = Options::new([path]).simulator();
    options.resend = Resend::All;
    let pushed = world.client.push(world.integration_id, options);
    pushed.await.unwrap()
}

#[tokio::test]
async fn pushed_deletion_is_held_back_where_it_may_delete_another_record() {
    let world = world("one-id-space").await;
    let pushed = world.push("leads.ldjson", &people(2..=3)).await;
    assert_eq!(pushed.verdict, Verdict::Done);
    let pushed = world.push("contacts.ldjson", &people(1..=2)).await;
    assert_eq!(pushed.verdict, Verdict::Done);
    let gone = [deletion("p-2"), deletion("p-3")];
    let report = world.push("leads.ldjson", &gone).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let errors = &report.files[0].errors;
    assert_eq!(errors[0].object_id.as_deref(), Some("p-2"));
    assert!(errors[0].description.contains("CONTACT p-2"), "{errors:?}");
    assert!(world.has("CONTACT", "p-2"), "{report:#?}");
    assert!(!world.has("LEAD", "p-3"), "{report:#?}");

    let report = resend(&world, "leads.ldjson", &gone[..1]).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert!(report.notes[0].contains("CONTACT p-2"), "{report:#?}");
    assert!(!world.has("LEAD", "p-2") && !world.has("CONTACT", "p-2"));
    let pushed = world.push("contacts.ldjson", &people(1..=2)).await;
    assert_eq!(pushed.verdict, Verdict::Done, "{pushed:#?}");
    assert!(world.has("CONTACT", "p-2"));
    let pushed = world.push("leads.ldjson", &gone).await;
    assert_eq!(pushed.verdict, Verdict::Done, "{pushed:#?}");
}

/// A contact whose source gives changes, and a lead of the same id that is gone from its complete source.
async fn lead_with_a_contact(is_one_record: bool) -> (World, SyncOptions) {
    let simulator = Simulator::builder().rule("one-id-space", is_one_record);
    let world = World::with(simulator.start().await.unwrap()).await;
    let options = options(&world, &[(Contact, false), (Lead, true)]);
    world.export("lead.ldjson", &people(1..=30));
    world.export("contact.ldjson", &people([1, 101]));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("lead.ldjson", &people(2..=30));
    world.export("contact.ldjson", &[]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    (world, options)
}

#[tokio::test]
async fn contact_that_a_deletion_took_along_counts_until_it_is_sent_again() {
    let (world, options) = lead_with_a_contact(true).await;
    let report = confirm(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    assert!(!world.has("CONTACT", "p-1"), "the simulator has one record");
    for _ in 0..2 {
        world.export("contact.ldjson", &[person(102)]);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
        let mut errors = report.files.iter().flat_map(|file| &file.errors);
        let error = errors.find(|error| error.object_id.as_deref() == Some("p-1"));
        let said = &error.unwrap().description;
        assert!(
            said.contains("it may have been deleted with LEAD p-1"),
            "{said}"
        );
        assert!(
            said.ends_with("its content is not kept: push it again"),
            "{said}"
        );
    }
    // No sync sends it by itself.
    let why = gong_crm::why::WhyOptions::new().sources(options.clone());
    let why = world.client.why(world.integration_id, Contact, "p-1", why);
    let why = why.await.unwrap();
    let mut reasons = why.reasons.iter();
    let uncertain = reasons.find(|of| of.rule == "uncertain").unwrap();
    let hint = uncertain.hint.as_deref().unwrap();
    assert!(hint.contains("push it again"), "{why:#?}");
    world.export("contact.ldjson", &[person(1)]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("CONTACT", "p-1"));
    world.export("contact.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
}

#[tokio::test]
async fn changed_contact_is_kept_until_the_deletion_of_its_lead_is_done() {
    let (world, options) = lead_with_a_contact(true).await;
    let mut changed = person(1);
    changed["firstName"] = json!("Augusta");
    world.export("contact.ldjson", &[changed]);
    let report = confirm(&world, &options).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    world.export("contact.ldjson", &[person(102)]);
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("CONTACT", "p-1", "firstName"), "Augusta");
    assert!(!world.has("LEAD", "p-1"));
}

#[tokio::test]
async fn drift_finds_the_contact_that_a_deletion_did_not_take_along() {
    let (world, options) = lead_with_a_contact(false).await;
    drop(confirm(&world, &options).await);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Unknown);
    let drift = DriftOptions::new().simulator();
    let report = world.client.drift(world.integration_id, drift).await;
    let report = report.unwrap();
    assert_eq!(report.differences[0].kind, DifferenceKind::Confirmed);
    assert_eq!(report.differences[0].object_id, "p-1");
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

#[tokio::test]
async fn contact_without_a_verdict_is_not_deleted_with_its_lead() {
    let world = world("one-id-space").await;
    let pushed = world.push("leads.ldjson", &people(1..=2)).await;
    assert_eq!(pushed.verdict, Verdict::Done);
    world.simulator.set_processing(Processing::Polls(2));
    let path = world.path("contacts.ldjson");
    std::fs::write(&path, format!("{}\n", person(1))).unwrap();
    let mut unwaited = Options::new([path]).simulator();
    unwaited.wait = Wait::UntilSent;
    let pushed = world.client.push(world.integration_id, unwaited).await;
    assert_eq!(pushed.unwrap().verdict, Verdict::TimedOut);
    let options = options(&world, &[(Lead, false)]);
    world.export("lead.ldjson", &[deletion("p-1")]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert!(world.has("CONTACT", "p-1"));
}
