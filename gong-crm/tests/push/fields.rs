//! What happens to fields that are absent, `null` or older, however Gong treats them.

use std::path::PathBuf;

use gong_crm::ObjectType;
use gong_crm::check;
use gong_crm::ledger::Ledger;
use gong_crm::push::{CheckMode, Verdict};
use gong_crm::schema::{EntitySchema, SchemaField};
use gong_sim::Simulator;

use crate::support::{Harness, NEW, OLD, account, deletion};

fn with_region(at: &str, region: Option<&str>) -> String {
    let region = region.map_or_else(String::new, |region| format!(",\"region\":\"{region}\""));
    format!("{{\"objectId\":\"a\",\"modifiedDate\":\"{at}\",\"name\":\"A\"{region}}}\n")
}

#[tokio::test]
async fn absent_custom_field_is_cleared_with_null() {
    // Whether Gong clears a field that is omitted, or keeps it.
    for is_cleared in [true, false] {
        let simulator = Simulator::builder().rule("omitted-custom-fields-cleared", is_cleared);
        let harness = Harness::with(simulator.start().await.unwrap()).await;
        let path = harness.write_text("accounts.ldjson", &with_region(OLD, Some("EMEA")));
        assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
        assert_eq!(harness.field("ACCOUNT", "a", "region"), "EMEA");
        harness.write_text("accounts.ldjson", &with_region(NEW, None));
        let report = harness.push(&path).await;
        assert_eq!(
            (report.verdict, report.accepted()),
            (Verdict::Done, 1),
            "{report:#?}"
        );
        assert!(
            harness.field("ACCOUNT", "a", "region").is_null(),
            "{is_cleared}"
        );
        // A null and an absent field are the same.
        let null = with_region(NEW, None).replace('}', ",\"region\":null}");
        harness.write_text("accounts.ldjson", &null);
        assert_eq!(harness.push(&path).await.unchanged(), 1);
        harness.write_text("accounts.ldjson", &with_region(NEW, Some("APAC")));
        assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
        assert_eq!(harness.field("ACCOUNT", "a", "region"), "APAC");
    }
}

#[tokio::test]
async fn new_ledger_clears_declared_fields_that_a_lost_one_sent() {
    let mut harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &with_region(OLD, Some("EMEA")));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    harness.use_ledger(Ledger::memory());
    let field = SchemaField::new("region", "Region", "STRING");
    let schema = EntitySchema::new().with_fields(ObjectType::Account, [field]);
    let mut check = check::Options::default();
    check.entity_schema = Some(schema);
    let path = harness.write_text("accounts.ldjson", &with_region(NEW, None));
    let mut options = harness.options(&path);
    options.check = CheckMode::Strict(check);
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(harness.field("ACCOUNT", "a", "region").is_null());
    // A ledger that knows records of the type knows what Gong was sent of each.
    let other = with_region(NEW, None).replace("\"a\"", "\"b\"");
    harness.write_text("accounts.ldjson", &other);
    assert_eq!(harness.push_with(options).await.verdict, Verdict::Done);
    let uploads = harness.simulator.upload_history();
    assert_eq!(uploads.last().unwrap().file_text().unwrap(), other);
}

#[tokio::test]
async fn lines_are_sent_as_they_were_given() {
    let harness = Harness::new().await;
    let line = "{ \"objectId\" : \"a\", \"modifiedDate\":\"2026-01-15T10:30:00+01:00\",\
                \"amount\": 1.50, \"x\":{\"b\":1,\"a\":[1 ,2]}}\n";
    let path = harness.write_text("accounts.ldjson", line);
    let report = harness.push_with(harness.options(&path).unchecked()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let upload = &harness.simulator.upload_history()[0];
    assert_eq!(upload.file_text().unwrap(), line);
}

#[tokio::test]
async fn older_date_is_raised_where_gong_may_ignore_it() {
    // Whether Gong applies a version with an older date than it has, or drops it.
    for is_applied in [true, false] {
        let simulator = Simulator::builder().rule("older-update-applied", is_applied);
        let harness = Harness::with(simulator.start().await.unwrap()).await;
        for (at, region) in [(OLD, "A"), (NEW, "B"), (OLD, "A"), (OLD, "C"), (NEW, "D")] {
            let path = harness.write_text("accounts.ldjson", &with_region(at, Some(region)));
            let report = harness.push(&path).await;
            assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
            assert_eq!(
                harness.field("ACCOUNT", "a", "region"),
                region,
                "{is_applied}"
            );
        }
    }
}

#[tokio::test]
async fn kept_dates_are_sent_unchanged() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &with_region(NEW, Some("A")));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    harness.write_text("accounts.ldjson", &with_region(OLD, Some("B")));
    let mut options = harness.options(&path);
    options.keep_dates = true;
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::Done);
    let is_said = |note: &String| note.contains("Gong may ignore it");
    assert!(report.notes.iter().any(is_said), "{report:#?}");
    assert_eq!(harness.field("ACCOUNT", "a", "modifiedDate"), OLD);
}

/// An account whose name stays in Gong if an older version is ignored.
async fn with_older_ignored() -> (Harness, PathBuf) {
    let simulator = Simulator::builder().rule("older-update-applied", false);
    let harness = Harness::with(simulator.start().await.unwrap()).await;
    let path = harness.write_text("accounts.ldjson", &account("a", NEW, "new"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    (harness, path)
}

#[tokio::test]
async fn version_that_was_sent_with_an_older_date_is_sent_again_without_keep_dates() {
    let (harness, path) = with_older_ignored().await;
    harness.write_text("accounts.ldjson", &account("a", OLD, "old"));
    let mut kept = harness.options(&path);
    kept.keep_dates = true;
    let report = harness.push_with(kept.clone()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("new"), "Gong ignores it");
    // The same date would be ignored once more.
    let posts = harness.posts();
    let report = harness.push_with(kept.clone()).await;
    assert_eq!((report.unchanged(), harness.posts()), (1, posts));
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("old"));
    assert_eq!(harness.push(&path).await.unchanged(), 1);
}

#[tokio::test]
async fn version_that_was_sent_with_an_older_date_is_sent_again_with_a_later_one() {
    let (harness, path) = with_older_ignored().await;
    let mut kept = harness.options(&path);
    kept.keep_dates = true;
    for (at, name) in [(OLD, "new"), ("2026-01-17T09:30:00Z", "old")] {
        harness.write_text("accounts.ldjson", &account("a", at, "old"));
        let report = harness.push_with(kept.clone()).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(harness.name("a").as_deref(), Some(name), "{at}");
    }
}

#[tokio::test]
async fn last_possible_date_is_sent_again_and_said_each_time() {
    let (harness, path) = with_older_ignored().await;
    let last = "9999-12-31T23:59:59Z";
    harness.write_text("accounts.ldjson", &account("a", last, "last"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    for line in [
        account("a", NEW, "X"),
        account("a", NEW, "Y"),
        deletion("a", NEW),
    ] {
        harness.write_text("accounts.ldjson", &line);
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        let is_said = |note: &String| note.contains("the last possible modifiedDate");
        assert!(report.notes.iter().any(is_said), "{line}: {report:#?}");
        let uploads = harness.simulator.upload_history();
        let sent = uploads.last().unwrap().file_text().unwrap();
        assert!(sent.contains(last), "{sent}");
    }
}

#[tokio::test]
async fn push_says_which_fields_it_does_not_compare() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &with_region(OLD, Some("EMEA")));
    let mut options = gong_crm::push::Options::new([&path]).simulator();
    let ignored = ["region".to_owned()].into();
    options.ignore_fields.insert(ObjectType::Account, ignored);
    let push = || harness.client.push(harness.integration_id, options.clone());
    let report = push().await.unwrap();
    assert_eq!((report.accepted(), report.notes.len()), (1, 0));
    harness.write_text("accounts.ldjson", &with_region(NEW, Some("APAC")));
    let report = push().await.unwrap();
    assert_eq!((report.verdict, report.unchanged()), (Verdict::Done, 1));
    let mut notes = report.notes.iter();
    let said = "1 record is unchanged without region";
    assert!(notes.any(|note| note.contains(said)), "{report:#?}");
}
