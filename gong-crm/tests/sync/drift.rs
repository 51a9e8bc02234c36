//! What Gong has is read back: what differs is found, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use gong_crm::ObjectType::{Account, Contact, Deal, Stage};
use gong_crm::drift::{DifferenceKind, DriftOptions, DriftReport, Handled};
use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::schema::{FieldType, SchemaField};
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;
use gong_crm::{Client, Credentials};
use gong_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{
    MovedClock, World, account, accounts, client, contact, deal, set_time, stage,
};

/// Somebody else who writes into the same Gong.
async fn other_pushes(world: &World, name: &str, records: &[Value]) {
    let other = client(&world.simulator, Ledger::memory());
    let path = world.path(name);
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(&path, text).unwrap();
    let options = Options::new([path]).simulator().unchecked();
    let pushed = other.push(world.integration_id, options).await.unwrap();
    assert_eq!(pushed.verdict, Verdict::Done, "{pushed:#?}");
}

async fn drift(world: &World, options: DriftOptions) -> DriftReport {
    let drifted = world.client.drift(world.integration_id, options).await;
    drifted.unwrap()
}

fn found(report: &DriftReport) -> Vec<(String, DifferenceKind, Vec<String>)> {
    let differences = report.differences.iter();
    differences
        .map(|of| {
            let fields = of.fields.iter().map(|field| field.field.clone());
            (of.object_id.clone(), of.kind, fields.collect())
        })
        .collect()
}

fn deletion(id: &str) -> Value {
    json!({"objectId": id, "modifiedDate": "2026-02-01T09:30:00Z", "isDeleted": true})
}

#[tokio::test]
async fn records_in_gong_as_sent_are_the_same() {
    let world = World::new().await;
    let types = [Stage, Account, Contact, Deal];
    world.export("stage.ldjson", &[stage("s-1", "Open")]);
    world.export("account.ldjson", &accounts(1..=250));
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    let exact = json!({
        "objectId": "d-2", "modifiedDate": "2026-01-15T09:30:00Z", "accountId": "acc-1",
        "amount": 12.50, "createdDate": "2026-01-01T10:30:00+01:00", "closeDate": "2026-12-01",
    });
    world.export("deal.ldjson", &[deal("d-1", "acc-1", "s-1", 7), exact]);
    let options = world.options(&types);
    drop(world.sync(options.clone()).await);
    let report = drift(&world, DriftOptions::new().sources(options).simulator()).await;
    assert!(report.is_equal(), "{report:#?}");
    assert_eq!((report.read, report.same), (253, 253), "{report:#?}");
    // One for the entity schema, three for 250 accounts, one for each of the other types.
    assert_eq!(report.calls, 6);
    assert_eq!(report.not_read.stages, 1);
}

#[tokio::test]
async fn everything_that_differs_is_found_and_repaired_once() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=4));
    let sources = world.options(&[Account]);
    drop(world.sync(sources.clone()).await);
    world.export("account.ldjson", &accounts(1..=3));
    drop(world.sync(sources.clone()).await);
    assert!(!world.has("ACCOUNT", "acc-4"));
    let mut renamed = account("acc-2", "Renamed by hand");
    renamed["domains"] = json!(["acme.example"]);
    let others = [deletion("acc-1"), renamed, account("acc-4", "Back again")];
    other_pushes(&world, "accounts-2.ldjson", &others).await;

    let options = DriftOptions::new().sources(sources).simulator();
    let report = drift(&world, options.clone()).await;
    let fields = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = vec![
        ("acc-1".to_owned(), DifferenceKind::Missing, vec![]),
        (
            "acc-2".to_owned(),
            DifferenceKind::Different,
            fields(&["name", "domains"]),
        ),
        ("acc-4".to_owned(), DifferenceKind::NotDeleted, vec![]),
    ];
    assert_eq!(found(&report), expected);
    assert!(!report.is_equal());
    assert_eq!(report.differences[1].fields[0].found, "Renamed by hand");
    assert!(report.differences[1].fields[1].is_extra);

    let report = drift(&world, options.clone().repair()).await;
    assert!(report.is_equal(), "{report:#?}");
    let handled = report.differences.iter().map(|of| of.handled);
    assert_eq!(handled.collect::<Vec<_>>(), [Handled::SentAgain; 3]);
    assert_eq!(world.field("ACCOUNT", "acc-2", "name"), "Company 2");
    assert!(world.has("ACCOUNT", "acc-1") && !world.has("ACCOUNT", "acc-4"));
    let report = drift(&world, options.repair()).await;
    assert_eq!(found(&report), []);
    assert_eq!(report.same, 4, "the deletion is seen to be done, too");
}

#[tokio::test]
async fn contact_is_sent_after_its_repaired_account() {
    // Gong drops contacts of accounts that it has had for less than a quarter of a second.
    let visible = Duration::from_millis(250);
    let simulator = Simulator::builder().rule("account-delay", true);
    let simulator = simulator.account_delay(visible).start().await;
    let world = World::with(simulator.unwrap()).await;
    world.export("account.ldjson", &accounts(1..=2));
    let contacts = [contact("con-1", "acc-1"), contact("con-2", "acc-2")];
    world.export("contact.ldjson", &contacts);
    let mut sources = world.options(&[Account, Contact]);
    sources.push.account_delay = Duration::from_secs(1);
    assert_eq!(world.sync(sources.clone()).await.verdict, Verdict::Done);
    other_pushes(&world, "contacts-2.ldjson", &[deletion("con-2")]).await;
    other_pushes(&world, "accounts-2.ldjson", &[deletion("acc-2")]).await;

    let options = DriftOptions::new().simulator().sources(sources.clone());
    let report = drift(&world, options.repair()).await;
    let handled = report.differences.iter().map(|of| of.handled);
    let handled: Vec<_> = handled.collect();
    assert_eq!(handled, [Handled::SentAgain; 2], "{report:#?}");
    assert!(world.has("CONTACT", "con-2"), "after the account delay");
    let plan = world.plan(sources).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
}

#[tokio::test]
async fn contact_of_an_account_that_drift_missed_is_sent_again_once_it_is_repaired() {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let world = World::with(simulator.start().await.unwrap()).await;
    world.export("account.ldjson", &accounts(1..=2));
    world.export("contact.ldjson", &[contact("con-1", "acc-1")]);
    let sources = world.options(&[Account, Contact]);
    assert_eq!(world.sync(sources.clone()).await.verdict, Verdict::Done);
    other_pushes(&world, "accounts-2.ldjson", &[deletion("acc-2")]).await;
    let options = DriftOptions::new().sources(sources.clone()).simulator();
    assert!(!drift(&world, options.clone()).await.is_equal());

    let contacts = [contact("con-1", "acc-1"), contact("con-2", "acc-2")];
    world.export("contact.ldjson", &contacts);
    let report = world.sync(sources.clone()).await;
    let notes = &report.plan.notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("acc-2, which is not confirmed")),
        "{notes:?}"
    );
    let before = world.simulator.uploads().len();
    drop(world.sync(sources.clone()).await);
    assert_eq!(world.simulator.uploads().len(), before, "a quiet round");
    drop(drift(&world, options.repair()).await);
    drop(world.sync(sources.clone()).await);
    assert!(world.has("CONTACT", "con-2"));
    let plan = world.plan(sources).await;
    assert!(plan.changes.is_empty(), "{:?}", plan.changes);
}

#[tokio::test]
async fn form_that_returns_after_a_repair_is_reported_once() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=2));
    let sources = world.options(&[Account]);
    drop(world.sync(sources.clone()).await);
    let options = DriftOptions::new().sources(sources).simulator().repair();
    // Gong keeps the name in its own form: each time after it was sent, with the date that was sent.
    let mut own_form = account("acc-2", "COMPANY 2");
    let mut seen = Vec::new();
    for _ in 0..4 {
        own_form["modifiedDate"] = world.field("ACCOUNT", "acc-2", "modifiedDate");
        other_pushes(&world, "accounts-2.ldjson", &[own_form.clone()]).await;
        let posts = world.simulator.uploads().len();
        let report = drift(&world, options.clone()).await;
        let sent = world.simulator.uploads().len() - posts;
        assert!(report.is_equal(), "{report:#?}");
        let kind = report.differences.first().map(|of| of.kind);
        seen.push((kind, sent, report.in_own_form));
    }
    assert_eq!(
        seen,
        [
            (Some(DifferenceKind::Different), 1, 0),
            (Some(DifferenceKind::OwnForm), 0, 0),
            (None, 0, 1),
            (None, 0, 1)
        ]
    );
    // Another value than that form is a difference again.
    other_pushes(&world, "accounts-2.ldjson", &[account("acc-2", "Else")]).await;
    let report = drift(&world, options).await;
    assert_eq!(report.differences[0].kind, DifferenceKind::Different);
    assert_eq!(report.differences[0].handled, Handled::SentAgain);
}

/// An account that another tool renamed, with a date that is later than that of the source.
fn renamed_later() -> Value {
    let mut renamed = account("acc-2", "Renamed by hand");
    renamed["modifiedDate"] = json!("2026-03-01T09:30:00Z");
    renamed
}

#[tokio::test]
async fn repair_is_later_than_what_gong_shows() {
    let world = World::new().await;
    let rule = "older-update-applied";
    world.simulator.set_rule(rule, false).unwrap();
    world.export("account.ldjson", &accounts(1..=3));
    let sources = world.options(&[Account]);
    drop(world.sync(sources.clone()).await);
    world.export("account.ldjson", &accounts(1..=2));
    drop(world.sync(sources.clone()).await);
    let mut back = account("acc-3", "Back again");
    back["modifiedDate"] = json!("2099-03-01T09:30:00Z");
    other_pushes(&world, "accounts-2.ldjson", &[renamed_later(), back]).await;
    let options = DriftOptions::new().sources(sources).simulator();
    let report = drift(&world, options.clone().repair()).await;
    assert!(report.is_equal(), "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-2", "name"), "Company 2");
    assert!(!world.has("ACCOUNT", "acc-3"));
    let report = drift(&world, options).await;
    assert_eq!(found(&report), []);
}

#[tokio::test]
async fn repair_that_gong_does_not_take_is_not_its_own_form() {
    let world = World::new().await;
    let rule = "older-update-applied";
    world.simulator.set_rule(rule, false).unwrap();
    world.export("account.ldjson", &accounts(1..=2));
    let mut sources = world.options(&[Account]);
    sources.push.keep_dates = true;
    drop(world.sync(sources.clone()).await);
    other_pushes(&world, "accounts-2.ldjson", &[renamed_later()]).await;
    let options = DriftOptions::new().sources(sources).simulator().repair();
    drop(drift(&world, options.clone()).await);
    assert_eq!(world.field("ACCOUNT", "acc-2", "name"), "Renamed by hand");
    let uploads = world.simulator.uploads().len();
    for _ in 0..2 {
        let report = drift(&world, options.clone()).await;
        let of = &report.differences[0];
        let seen = (of.kind, of.handled);
        let expected = (DifferenceKind::Different, Handled::NotTaken);
        assert_eq!(seen, expected, "{report:#?}");
        assert!(!report.is_equal());
    }
    assert_eq!(world.simulator.uploads().len(), uploads, "it is sent once");
}

#[tokio::test]
async fn record_that_stays_away_is_sent_once_more_only() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=1));
    let sources = world.options(&[Account]);
    drop(world.sync(sources.clone()).await);
    let options = DriftOptions::new().sources(sources.clone()).simulator();
    let options = options.repair();
    let mut seen = Vec::new();
    for _ in 0..2 {
        other_pushes(&world, "accounts-2.ldjson", &[deletion("acc-1")]).await;
        let report = drift(&world, options.clone()).await;
        seen.push((report.differences[0].handled, report.is_equal()));
    }
    assert_eq!(
        seen,
        [(Handled::SentAgain, true), (Handled::SentBefore, false)]
    );
    // Until it changes, each sync names it.
    for _ in 0..2 {
        let report = world.sync(sources.clone()).await;
        assert_eq!((report.verdict, report.calls), (Verdict::Partial, 0));
        let (ledger, base_url) = (world.client.ledger(), world.client.base_url());
        let rejects = ledger
            .rejects(base_url, world.integration_id)
            .await
            .unwrap();
        assert_eq!(rejects[0].object_id, "acc-1");
    }
    world.export("account.ldjson", &[account("acc-1", "Changed")]);
    let report = world.sync(sources).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
}

#[tokio::test]
async fn record_that_changed_in_its_source_is_not_judged() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let sources = world.options(&[Account]);
    drop(world.sync(sources.clone()).await);
    let mut changed = accounts(1..=2);
    changed[0]["name"] = json!("Changed in the CRM");
    world.export("account.ldjson", &changed);
    let other = [account("acc-1", "By hand"), deletion("acc-3")];
    other_pushes(&world, "accounts-2.ldjson", &other).await;
    let options = DriftOptions::new().sources(sources).simulator();
    let report = drift(&world, options).await;
    assert_eq!(found(&report), []);
    assert_eq!((report.read, report.not_read.changed_in_source), (1, 2));
}

#[tokio::test]
async fn type_without_its_source_is_not_judged() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let sources = world.options(&[Account]);
    drop(world.sync(sources.clone()).await);
    std::fs::remove_file(world.path("account.ldjson")).unwrap();
    let report = drift(&world, DriftOptions::new().sources(sources).simulator()).await;
    assert_eq!(report.read, 0);
    assert_eq!(report.problems[0].object_type, Account);
}

#[tokio::test]
async fn budget_is_used_for_records_read_back_longest_ago() {
    let mut world = World::new().await;
    let clock = Arc::new(MovedClock::default());
    world.use_clock(Arc::clone(&clock));
    assert_eq!(
        world
            .push("accounts.ldjson", &accounts(1..=350))
            .await
            .verdict,
        Verdict::Done
    );
    let mut options = DriftOptions::new();
    // One call for the entity schema, two for 200 records.
    options.budget = 3;
    let report = drift(&world, options.clone()).await;
    assert_eq!((report.read, report.not_read.too_new), (0, 350));
    clock.advance(Duration::from_hours(2));
    let report = drift(&world, options.clone()).await;
    assert_eq!((report.read, report.not_read.waiting), (200, 150));
    assert_eq!(report.not_read.oldest_waiting, None, "some never were");
    let report = drift(&world, options.clone()).await;
    assert_eq!((report.read, report.calls), (0, 0), "{report:#?}");
    assert!(report.notes[0].contains("budget"), "{:?}", report.notes);
    clock.advance(Duration::from_hours(25));
    drop(drift(&world, options.clone()).await);
    let asked: Vec<String> = world
        .simulator
        .requests()
        .iter()
        .filter(|request| request.path == "/v2/crm/entities" && request.method == "GET")
        .flat_map(|request| serde_json::from_slice::<Vec<String>>(request.body().unwrap()).unwrap())
        .collect();
    assert_eq!(asked.len(), 400);
    let different: std::collections::BTreeSet<&String> = asked.iter().collect();
    assert_eq!(different.len(), 350, "each was read back before any again");
}

#[tokio::test]
async fn calls_that_others_need_are_left() {
    let world = World::new().await;
    let keys = Credentials::access_key(
        world.simulator.access_key(),
        world.simulator.access_key_secret(),
    );
    let limited = Client::builder()
        .base_url(world.simulator.base_url())
        .credentials(keys)
        .rate_limit(RateLimit::new(None, Some(1_005)))
        .build()
        .unwrap();
    let path = world.export("accounts.ldjson", &accounts(1..=350));
    let pushed = limited.push(world.integration_id, Options::new([path]).simulator());
    assert_eq!(pushed.await.unwrap().verdict, Verdict::Done);
    let spent = limited.quota().await.unwrap().unwrap().spent;
    let options = DriftOptions::new().simulator();
    let report = limited
        .drift(world.integration_id, options.clone())
        .await
        .unwrap();
    assert_eq!(report.calls, 5 - spent, "{report:#?}");
    let report = limited.drift(world.integration_id, options).await.unwrap();
    assert_eq!(report.calls, 0);
    assert!(
        report.notes[0].contains("1000 are reserved"),
        "{:?}",
        report.notes
    );
}

#[tokio::test]
async fn unconfirmed_record_is_resolved_by_reading_it_back() {
    let world = World::new().await;
    let rule = "success-count-is-short";
    world.simulator.set_rule(rule, true).unwrap();
    world.export("account.ldjson", &accounts(1..=3));
    let sources = world.options(&[Account]);
    for _ in 0..4 {
        drop(world.sync(sources.clone()).await);
    }
    world.simulator.set_rule(rule, false).unwrap();
    other_pushes(&world, "accounts-2.ldjson", &[account("acc-2", "Else")]).await;
    let uploads = world.simulator.uploads().len();
    let options = DriftOptions::new().sources(sources.clone()).simulator();
    let report = drift(&world, options.clone()).await;
    let kinds: Vec<_> = report.differences.iter().map(|of| of.kind).collect();
    let (yes, no) = (DifferenceKind::Confirmed, DifferenceKind::Unconfirmed);
    assert_eq!(kinds, [yes, no, yes], "{report:#?}");
    let plan = world.plan(sources).await;
    assert_eq!(plan.types[0].unchanged, 2, "{plan:#?}");
    assert_eq!(world.simulator.uploads().len(), uploads);
    let report = drift(&world, options.repair()).await;
    assert_eq!(
        report.differences[0].handled,
        Handled::SentAgain,
        "{report:#?}"
    );
    assert_eq!(world.field("ACCOUNT", "acc-2", "name"), "Company 2");
}

#[tokio::test]
async fn kept_value_of_an_omitted_field_is_found_first() {
    let world = World::new().await;
    let rule = "omitted-standard-fields-cleared";
    world.simulator.set_rule(rule, false).unwrap();
    let contacts = |title: bool| -> Vec<Value> {
        let make = |number: u32| {
            let mut record = contact(&format!("c-{number}"), "acc-1");
            if title && number == 150 {
                record["title"] = json!("CEO");
            }
            record
        };
        (1..=150).map(make).collect()
    };
    world.export("account.ldjson", &accounts(1..=1));
    world.export("contact.ldjson", &contacts(true));
    let sources = world.options(&[Account, Contact]);
    drop(world.sync(sources.clone()).await);
    world.export("contact.ldjson", &contacts(false));
    let report = world.sync(sources.clone()).await;
    assert_eq!(report.verdict, Verdict::Done);
    let mut options = DriftOptions::new().sources(sources).simulator();
    options.budget = 2;
    let report = drift(&world, options).await;
    let expected = (
        "c-150".to_owned(),
        DifferenceKind::Different,
        vec!["title".to_owned()],
    );
    assert_eq!(found(&report), [expected]);
    assert!(report.differences[0].fields[0].is_extra);
}

#[tokio::test]
async fn custom_fields_are_compared_once_gong_shows_them() {
    let world = World::new().await;
    let mut record = account("acc-1", "Company 1");
    record["region"] = json!("north");
    record["tier"] = json!("gold");
    world.export("account.ldjson", std::slice::from_ref(&record));
    let sources = world.options(&[Account]);
    let region = SchemaField::new("region", "Region", FieldType::String);
    world
        .client
        .upload_entity_schema(world.integration_id, Account, &[region])
        .await
        .unwrap();
    drop(world.sync(sources.clone()).await);
    let options = DriftOptions::new().sources(sources).simulator();
    let report = drift(&world, options.clone()).await;
    assert!(report.is_equal(), "{report:#?}");
    assert!(report.undeclared[&Account].contains("tier"), "{report:#?}");
    record["region"] = json!("south");
    other_pushes(&world, "accounts-2.ldjson", &[record]).await;
    let report = drift(&world, options).await;
    assert_eq!(report.differences[0].fields[0].field, "region");
    assert_eq!(report.differences[0].fields[0].found, "south");
}

#[tokio::test]
async fn lost_record_of_a_source_of_changes_is_named_until_it_is_sent_again() {
    let world = World::new().await;
    world.export("account.ldjson", &accounts(1..=3));
    let source = FilesSource::new(world.path("account.ldjson"));
    let sources = SyncOptions::new("acme").simulator();
    let sources = sources.source(Account, Arc::new(source));
    assert_eq!(world.sync(sources.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &[]);
    let others = [deletion("acc-1"), account("acc-2", "Renamed by hand")];
    other_pushes(&world, "accounts-2.ldjson", &others).await;
    let options = DriftOptions::new().sources(sources.clone()).simulator();
    for _ in 0..2 {
        let report = drift(&world, options.clone().repair()).await;
        let handled = report.differences.iter().map(|of| of.handled);
        let handled: Vec<_> = handled.collect();
        assert_eq!(handled, [Handled::NotSent; 2], "{report:#?}");
        let note = "ACCOUNT: 2 records cannot be re-sent, because the source gives changes and does not \
                    have them now: push them with --resend";
        assert_eq!(report.notes, [note]);
        let synced = world.sync(sources.clone()).await;
        assert_eq!(synced.verdict, Verdict::Unknown, "{synced:#?}");
    }
    world.export("account.ldjson", &accounts(1..=2));
    let report = drift(&world, options.clone().repair()).await;
    let handled = report.differences.iter().map(|of| of.handled);
    let handled: Vec<_> = handled.collect();
    assert_eq!(handled, [Handled::SentAgain; 2], "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-1"));
    let synced = world.sync(sources).await;
    assert_eq!(synced.verdict, Verdict::Done, "{synced:#?}");
    assert!(drift(&world, options).await.is_equal());
}

#[tokio::test]
async fn older_read_does_not_overwrite_a_record_that_drift_confirmed() {
    let world = World::new().await;
    let path = world.path("account.ldjson");
    let sources = SyncOptions::new("acme").simulator();
    let sources = sources.source(Account, Arc::new(FilesSource::new(&path)));
    let minutes_ago = |minutes| {
        let time = std::time::SystemTime::now() - Duration::from_mins(minutes);
        set_time(&path, time);
    };
    let rule = "success-count-is-short";
    world.simulator.set_rule(rule, true).unwrap();
    world.export("account.ldjson", &[account("acc-1", "Newer")]);
    minutes_ago(10);
    let report = world.sync(sources.clone()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    world.simulator.set_rule(rule, false).unwrap();
    let report = drift(&world, DriftOptions::new().simulator()).await;
    assert_eq!(report.differences[0].kind, DifferenceKind::Confirmed);
    world.export("account.ldjson", &[account("acc-1", "Older")]);
    minutes_ago(20);
    let report = world.sync(sources).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.plan.types[0].newer_in_gong, 1, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), "Newer");
}

#[tokio::test]
async fn value_of_a_field_that_was_declared_later_is_no_difference() {
    let world = World::new().await;
    let mut record = account("acc-1", "Company");
    record["region"] = json!("EMEA");
    world.export("account.ldjson", &[record]);
    let sources = world.options(&[Account]);
    drop(world.sync(sources.clone()).await);
    let region = SchemaField::new("region", "Region", FieldType::String);
    world
        .client
        .upload_entity_schema(world.integration_id, Account, &[region])
        .await
        .unwrap();
    let options = DriftOptions::new().simulator();
    let report = drift(&world, options.clone()).await;
    assert_eq!(found(&report), []);
    assert!(
        report.declared_later[&Account].contains("region"),
        "{report:#?}"
    );
    // Another value is one.
    let mut other = account("acc-1", "Company");
    other["region"] = json!("APAC");
    other_pushes(&world, "accounts-2.ldjson", &[other]).await;
    let report = drift(&world, options).await;
    let expected = (
        "acc-1".to_owned(),
        DifferenceKind::Different,
        vec!["region".to_owned()],
    );
    assert_eq!(found(&report), [expected]);
}
