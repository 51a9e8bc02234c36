//! Fields with a default that a push leaves out, while Gong keeps what it was sent before.

use std::time::SystemTime;

use gong_crm::ObjectType::Deal;
use gong_crm::ledger::Ledger;
use gong_crm::push::Verdict;
use gong_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{World, client, counts, deal, set_time};

/// A Gong that keeps omitted fields.
async fn world() -> World {
    let builder = Simulator::builder().rule("omitted-standard-fields-cleared", false);
    World::with(builder.start().await.unwrap()).await
}

fn won() -> Value {
    let mut won = deal("d-1", "acc-1", "s-1", 5);
    won["status"] = json!("WON");
    won
}

/// The deal without what has a default.
fn reopened() -> Value {
    let mut reopened = deal("d-1", "acc-1", "s-1", 5);
    reopened["modifiedDate"] = json!("2026-02-01T09:30:00Z");
    let fields = reopened.as_object_mut().unwrap();
    fields.remove("status");
    fields.remove("amount");
    reopened
}

#[tokio::test]
async fn sync_sends_the_defaults_that_a_push_left_out() {
    let world = world().await;
    let options = world.options(&[Deal]);
    world.export("deal.ldjson", &[won()]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let report = world.push("deals-hook.ldjson", &[reopened()]).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("DEAL", "d-1", "status"), json!("WON"));
    // The same line is no change for a person who pushes it again.
    let report = world.push("deals-hook.ldjson", &[reopened()]).await;
    assert_eq!(report.unchanged(), 1, "{report:#?}");

    let path = world.export("deal.ldjson", &[reopened()]);
    set_time(&path, SystemTime::now());
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(counts(&report.plan, Deal), [0, 1, 0, 0, 0], "{report:#?}");
    assert_eq!(world.field("DEAL", "d-1", "status"), json!("OPEN"));
    assert_eq!(world.field("DEAL", "d-1", "amount"), json!(0));
    set_time(&path, SystemTime::now());
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Deal), [0, 0, 0, 1, 0], "{report:#?}");
}

#[tokio::test]
async fn default_that_is_written_out_later_is_sent() {
    let world = world().await;
    for records in [[won()], [reopened()]] {
        let report = world.push("deal.ldjson", &records).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    }
    assert_eq!(world.field("DEAL", "d-1", "status"), json!("WON"));
    let mut open = reopened();
    open["status"] = json!("OPEN");
    open["amount"] = json!(0);
    let report = world.push("deal.ldjson", &[open]).await;
    assert_eq!(report.accepted(), 1, "{report:#?}");
    assert_eq!(world.field("DEAL", "d-1", "status"), json!("OPEN"));
}

#[tokio::test]
async fn recovered_ledger_sends_the_defaults_that_another_copy_may_have_changed() {
    let world = world().await;
    let options = world.options(&[Deal]);
    let mut open = reopened();
    open["modifiedDate"] = json!("2026-01-15T09:30:00Z");
    world.export("deal.ldjson", &[open]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    // What happened after the backup from which the ledger comes.
    let path = world.path("deals-won.ldjson");
    std::fs::write(&path, format!("{}\n", won())).unwrap();
    let pushing = client(&world.simulator, Ledger::memory()).push(
        world.integration_id,
        gong_crm::push::Options::new([path]).simulator(),
    );
    assert_eq!(pushing.await.unwrap().verdict, Verdict::Done);
    assert_eq!(world.field("DEAL", "d-1", "status"), json!("WON"));
    world.client.ledger().recover().await.unwrap();
    world.export("deal.ldjson", &[reopened()]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("DEAL", "d-1", "status"), json!("OPEN"));
}
