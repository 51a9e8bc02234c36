//! Lines that Gong was given before, byte for byte, beside others.

use gong_crm::ObjectType::Account;
use gong_crm::push::Verdict;
use serde_json::{Value, json};

use crate::support::{World, account, accounts, actions, counts};

fn dated(id: &str, name: &str, day: u8) -> Value {
    json!({"objectId": id, "name": name, "url": format!("https://crm.example/{id}"),
           "modifiedDate": format!("2026-01-{day:02}T09:30:00Z")})
}

#[tokio::test]
async fn later_version_beside_the_line_in_gong_is_sent() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    let old = dated("acc-1", "Acme", 1);
    world.export("account.ldjson", &[old.clone(), account("acc-2", "Two")]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    for places in [[0, 1], [1, 0]] {
        let name = format!("Acme {places:?}");
        let versions = [old.clone(), dated("acc-1", &name, 2 + places[0])];
        let versions = places.map(|place| versions[usize::from(place)].clone());
        world.export(
            "account.ldjson",
            &[&versions[..], &[account("acc-2", "Two")]].concat(),
        );
        let report = world.sync(options.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!(name));
        assert_eq!(
            counts(&report.plan, Account),
            [0, 1, 0, 1, 0],
            "{report:#?}"
        );
    }
}

#[tokio::test]
async fn other_content_with_the_date_of_the_line_in_gong_is_contradictory() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    let old = dated("acc-1", "Acme", 1);
    world.export("account.ldjson", std::slice::from_ref(&old));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &[old, dated("acc-1", "Other", 1)]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!("Acme"));
}

#[tokio::test]
async fn line_that_comes_twice_is_one_record() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    let records = accounts(1..=3);
    world.export("account.ldjson", &records);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &[&records[..], &records[..1]].concat());
    let report = world.sync(options).await;
    assert_eq!(
        (report.verdict, report.calls),
        (Verdict::Done, 0),
        "{report:#?}"
    );
    assert_eq!(
        counts(&report.plan, Account),
        [0, 0, 0, 3, 0],
        "{report:#?}"
    );
}

#[tokio::test]
async fn records_that_vanish_among_same_lines_are_deleted() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    world.export("account.ldjson", &accounts(1..=40));
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    world.export("account.ldjson", &accounts(2..=39));
    let report = world.sync(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(!world.has("ACCOUNT", "acc-1") && !world.has("ACCOUNT", "acc-40"));
    // Nothing is left of the file: that is not a read of forty deletions.
    world.export("account.ldjson", &[]);
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::HeldBack, "{report:#?}");
    assert!(world.has("ACCOUNT", "acc-2"));
}

#[tokio::test]
async fn same_line_is_compared_again_when_other_fields_count() {
    let world = World::new().await;
    let mut ignoring = world.options(&[Account]);
    let ignored = ["score".to_owned()];
    ignoring.push.ignore_fields.insert(Account, ignored.into());
    let scored = |score: u32| {
        let mut record = account("acc-1", "Acme");
        record["score"] = json!(score);
        [record]
    };
    world.export("account.ldjson", &scored(1));
    assert_eq!(world.sync(ignoring.clone()).await.verdict, Verdict::Done);
    // Twice: the first round notes the new line.
    for _ in 0..2 {
        world.export("account.ldjson", &scored(2));
        let report = world.sync(ignoring.clone()).await;
        assert_eq!((report.verdict, report.calls), (Verdict::Done, 0));
    }
    let report = world.sync(world.options(&[Account])).await;
    let changed = actions(&report.plan);
    assert_eq!(changed.len(), 1, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "score"), json!(2));
}

#[tokio::test]
async fn same_records_in_another_form_are_unchanged_and_stay_so() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    let records = accounts(1..=5);
    world.export("account.ldjson", &records);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    let spaced: String = records
        .iter()
        .map(|record| record.to_string().replace("\":", "\" : ") + "\r\n")
        .collect();
    for _ in 0..2 {
        world.export_text("account.ldjson", &spaced);
        let report = world.sync(options.clone()).await;
        assert_eq!(
            (report.verdict, report.calls),
            (Verdict::Done, 0),
            "{report:#?}"
        );
        assert_eq!(
            counts(&report.plan, Account),
            [0, 0, 0, 5, 0],
            "{report:#?}"
        );
    }
    let changed = spaced.replace("acc-3\"", "acc-3\", \"industry\" : \"Mining\"");
    world.export_text("account.ldjson", &changed);
    let report = world.sync(options).await;
    assert_eq!(counts(&report.plan, Account)[1], 1, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-3", "industry"), json!("Mining"));
}

#[tokio::test]
async fn older_export_does_not_replace_what_a_push_confirmed() {
    let world = World::new().await;
    let options = world.options(&[Account]);
    world.export("account.ldjson", &[dated("acc-1", "Acme", 1)]);
    assert_eq!(world.sync(options.clone()).await.verdict, Verdict::Done);
    // The CRM changed the name, was exported, and changed it back.
    world.export("account.ldjson", &[dated("acc-1", "Other", 2)]);
    let report = world
        .push("accounts.ldjson", &[dated("acc-1", "Acme", 3)])
        .await;
    assert_eq!(report.unchanged(), 1, "{report:#?}");
    let report = world.sync(options).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(world.field("ACCOUNT", "acc-1", "name"), json!("Acme"));
}
