//! Which version of a record is the newest, if a source of changes gave one that was not sent.

use gong_crm::ObjectType::{Account, Contact};
use gong_crm::push::Verdict;
use gong_crm::sync::SyncOptions;
use serde_json::{Value, json};

use crate::changes::options;
use crate::support::{World, account, contact};

/// A version of the contact. All have the same date.
fn version(name: &str, account_id: &str) -> Value {
    let mut version = contact("c-1", account_id);
    version["modifiedDate"] = json!("2026-03-05T09:30:00Z");
    version["lastName"] = json!(name);
    version
}

/// An account, and the first version of its contact, in Gong.
async fn with_contact() -> (World, SyncOptions) {
    let world = World::new().await;
    world.export("account.ldjson", &[account("acc-1", "One")]);
    world.export("contact.ldjson", &[version("V0", "acc-1")]);
    let options = options(&world, &[Account, Contact]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    (world, options)
}

#[tokio::test]
async fn held_version_stays_when_the_source_gives_an_older_one() {
    let world = World::new().await;
    let version = |day: u32, name: &str| {
        let mut version = account("acc-1", name);
        version["modifiedDate"] = json!(format!("2026-03-0{day}T09:30:00Z"));
        version
    };
    world.export("account.ldjson", &[version(1, "First")]);
    let options = options(&world, &[Account]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let mut invalid = version(5, "Newest");
    invalid["url"] = json!("nonsense");
    world.export("account.ldjson", &[invalid]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Invalid);
    // An older version that is invalid, too.
    let mut older = version(2, "Older");
    older["url"] = json!("nonsense");
    world.export("account.ldjson", &[older]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Invalid);
    // An older version, the version that Gong has, and no version.
    let rounds = [vec![version(2, "Older")], vec![version(2, "Older")], vec![]];
    for records in rounds {
        world.export("account.ldjson", &records);
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
        let mut errors = report.files.iter().flat_map(|file| &file.errors);
        let is_named = errors.any(|of| of.object_id.as_deref() == Some("acc-1"));
        assert!(is_named, "{report:#?}");
        let in_gong = world.simulator.object("ACCOUNT", "acc-1").unwrap();
        assert_eq!(in_gong["name"], "Older");
    }
    world.export("account.ldjson", &[version(5, "Newest")]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let in_gong = world.simulator.object("ACCOUNT", "acc-1").unwrap();
    assert_eq!(in_gong["name"], "Newest");
}

#[tokio::test]
async fn next_version_with_the_same_date_replaces_one_that_waits_for_its_parent() {
    let (world, options) = with_contact().await;
    // The account is invalid, so the second version waits for it.
    let mut invalid = account("acc-9", "Nine");
    invalid["url"] = json!("nonsense");
    world.export("account.ldjson", &[invalid]);
    world.export("contact.ldjson", &[version("V1", "acc-9")]);
    assert_ne!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &[]);
    world.export("contact.ldjson", &[version("V2", "acc-1")]);
    drop(world.sync(options.clone()).await);
    assert_eq!(world.field("CONTACT", "c-1", "lastName"), "V2");
    world.export("account.ldjson", &[account("acc-9", "Nine")]);
    world.export("contact.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("CONTACT", "c-1", "lastName"), "V2");
}

#[tokio::test]
async fn next_version_with_the_same_date_goes_when_its_parent_comes() {
    let (world, options) = with_contact().await;
    // Nobody knows the account of the second version yet.
    world.export("account.ldjson", &[]);
    world.export("contact.ldjson", &[version("V1", "acc-7")]);
    drop(world.sync(options.clone()).await);
    world.export("account.ldjson", &[account("acc-7", "Seven")]);
    world.export("contact.ldjson", &[version("V2", "acc-7")]);
    drop(world.sync(options.clone()).await);
    world.export("contact.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("CONTACT", "c-1", "lastName"), "V2");
}
