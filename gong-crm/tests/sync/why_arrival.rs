//! What `why` says of a record that did not come to Gong, and of what the next sync does with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gong_crm::ObjectType::{Account, Contact, Deal};
use gong_crm::source::{FilesSource, ReadFuture, Sink, Source};
use gong_crm::sync::PlanAction;
use gong_crm::why::{Effect, Explanation, Visible, WhyError, WhyOptions};
use gong_crm::{Client, Credentials};
use gong_sim::Simulator;
use serde_json::json;

use crate::support::{World, account, accounts, contact, deal};
use crate::why::{TYPES, rules, sync, why, world};

fn message<'e>(why: &'e Explanation, rule: &str) -> &'e str {
    let reason = why.reasons.iter().find(|reason| reason.rule == rule);
    assert!(reason.is_some(), "no {rule}: {why:#?}");
    &reason.unwrap().message
}

#[tokio::test]
async fn version_that_the_check_holds_back_is_told_before_a_sync() {
    let world = world().await;
    sync(&world).await;
    let mut bad = deal("d-1", "acc-1", "s-1", 7);
    bad["status"] = json!("BOGUS");
    bad["modifiedDate"] = json!("yesterday");
    world.export("deal.ldjson", &[bad]);
    let found = why(&world, Deal, "d-1").await;
    assert_eq!(found.visible, Visible::Yes, "{found:#?}");
    let held = message(&found, "held-back");
    assert!(
        held.contains("status") && held.contains("modifiedDate"),
        "{held}"
    );
    // The plan has the record once, with both reasons.
    let plan = world.plan(world.options(&TYPES)).await;
    let held: Vec<_> = plan
        .changes
        .iter()
        .filter(|change| change.action == PlanAction::HoldBack)
        .map(|change| change.object_id.as_deref())
        .collect();
    assert_eq!(held, [Some("d-1")], "{:#?}", plan.changes);
}

#[tokio::test]
async fn record_that_left_its_source_is_deleted_by_the_next_sync() {
    let world = world().await;
    let deals: Vec<_> = (1..=9)
        .map(|id| deal(&format!("d-{id}"), "acc-1", "s-1", id))
        .collect();
    world.export("deal.ldjson", &deals);
    // A type that refers to deals, and has another source.
    world.export("lead.ldjson", &[]);
    let types: Vec<_> = TYPES
        .into_iter()
        .chain([gong_crm::ObjectType::Lead])
        .collect();
    drop(world.sync(world.options(&types)).await);
    world.export("deal.ldjson", &deals[1..]);
    let options = WhyOptions::new().sources(world.options(&types));
    let asked = world.client.why(world.integration_id, Deal, "d-1", options);
    let found = asked.await.unwrap();
    assert!(message(&found, "to-be-deleted").contains("next sync deletes it"));
    assert!(
        found
            .reasons
            .iter()
            .all(|reason| reason.rule != "held-back"),
        "{found:#?}"
    );
}

#[tokio::test]
async fn record_marked_as_deleted_is_not_called_unsent() {
    let world = world().await;
    let mut gone = account("acc-20", "Gone");
    gone["isDeleted"] = json!(true);
    let all: Vec<_> = accounts(1..=9).into_iter().chain([gone]).collect();
    world.export("account.ldjson", &all);
    let found = why(&world, Account, "acc-20").await;
    assert_eq!(rules(&found), ["marked-as-deleted"], "{found:#?}");
}

#[tokio::test]
async fn duplicates_that_were_not_looked_for_are_noted() {
    let world = world().await;
    sync(&world).await;
    let asked = world
        .client
        .why(world.integration_id, Contact, "c-1", WhyOptions::new());
    let found = asked.await.unwrap();
    assert_eq!(found.visible, Visible::Yes);
    assert!(message(&found, "duplicates-not-looked-for").contains("no source"));
}

#[tokio::test]
async fn id_that_gong_does_not_allow_is_named() {
    let world = world().await;
    let found = why(&world, Deal, "bad id!").await;
    assert_eq!(rules(&found), ["id-not-allowed"], "{found:#?}");
}

#[tokio::test]
async fn ledger_is_told_where_gong_cannot_be_read() {
    let simulator = Simulator::builder().bearer_token("token", ["api:crm:upload"]);
    let world = World::with(simulator.start().await.unwrap()).await;
    let mut bad = contact("c-1", "acc-1");
    bad["emailAddress"] = json!(7);
    let path = world.path("contacts.ldjson");
    std::fs::write(&path, format!("{bad}\n")).unwrap();
    let mut options = gong_crm::push::Options::new([path]).simulator().unchecked();
    options.ignore_dependencies = true;
    drop(world.client.push(world.integration_id, options).await);
    let limited = Client::builder()
        .base_url(world.simulator.base_url())
        .credentials(Credentials::bearer_token("token"))
        .ledger(world.client.ledger().clone())
        .build()
        .unwrap();
    let asked = limited.why(world.integration_id, Contact, "c-1", WhyOptions::new());
    let failure = match asked.await {
        Err(WhyError::Request { source, known }) => Some((source, known)),
        _ => None,
    };
    let (source, known) = failure.unwrap();
    assert!(
        source.to_string().contains("api:crm:get-objects"),
        "{source}"
    );
    assert!(
        message(&known, "rejected").contains("emailAddress"),
        "{known:#?}"
    );
    let effects: Vec<_> = known.reasons.iter().map(|reason| reason.effect).collect();
    assert!(effects.contains(&Effect::Hides), "{known:#?}");
}

/// A source that counts how often it is read.
#[derive(Debug)]
struct Counted(FilesSource, AtomicUsize);

impl Source for Counted {
    fn name(&self) -> String {
        self.0.name()
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.read(sink)
    }
}

#[tokio::test]
async fn each_source_is_read_once() {
    let world = world().await;
    sync(&world).await;
    let mut options = world.options(&TYPES);
    let mut counted = Vec::new();
    for object_type in TYPES {
        let path = world.path(&crate::support::file_name(object_type));
        let files = FilesSource::new(path).complete(true);
        let source = Arc::new(Counted(files, AtomicUsize::new(0)));
        counted.push(Arc::clone(&source));
        options = options.source(object_type, source);
    }
    let options = WhyOptions::new().sources(options);
    let asked = world
        .client
        .why(world.integration_id, Contact, "c-1", options);
    assert_eq!(asked.await.unwrap().visible, Visible::Yes);
    for source in counted {
        assert_eq!(source.1.load(Ordering::SeqCst), 1, "{source:?}");
    }
}
