//! Syncs with a ledger that was recovered: it does not know which versions Gong has.

use std::sync::Arc;

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::push::Verdict;
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;

use crate::support::{World, accounts, contact};

/// Complete accounts, and contacts of which the source names only those that changed.
fn options(world: &World) -> SyncOptions {
    let changes = Arc::new(FilesSource::new(world.path("contact.ldjson")));
    world.options(&[Account]).source(Contact, changes)
}

fn says(notes: &[String], what: &str) -> bool {
    let mut notes = notes.iter();
    notes.any(|note| note.starts_with("CONTACT") && note.contains(what))
}

#[tokio::test]
async fn record_that_changes_do_not_name_is_reported_after_a_recovery() {
    let world = World::new().await;
    let options = options(&world);
    world.export("account.ldjson", &accounts(1..=3));
    let both = [contact("c-1", "acc-1"), contact("c-2", "acc-2")];
    world.export("contact.ldjson", &both);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("contact.ldjson", &[]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);

    world.client.ledger().recover().await.unwrap();
    let plan = world.plan(options.clone()).await;
    assert!(says(&plan.notes, "2 records"), "{plan:#?}");
    for _ in 0..2 {
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
        assert!(says(&report.plan.notes, "2 records"), "{report:#?}");
    }
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    let plan = world.plan(options.clone()).await;
    assert!(says(&plan.notes, "1 record (c-2)"), "{plan:#?}");
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert!(says(&report.plan.notes, "1 record (c-2)"), "{report:#?}");
    world.export("contact.ldjson", &both);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("contact.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
}

#[tokio::test]
async fn forgotten_record_is_not_asked_for_after_a_recovery() {
    let world = World::new().await;
    let options = options(&world);
    world.export("account.ldjson", &accounts(1..=3));
    world.export("contact.ldjson", &[contact("c-1", "acc-1")]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("contact.ldjson", &[]);
    let ledger = world.client.ledger();
    ledger.recover().await.unwrap();
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let (url, integration_id) = (world.client.base_url(), world.integration_id);
    let forgetting = ledger.forget(url, integration_id, Contact, "c-1");
    assert!(forgetting.await.unwrap());
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}
