//! A record that goes back to an earlier version.

use gong_crm::ledger::Ledger;
use gong_crm::push::{Status, Verdict};
use serde_json::json;

use crate::support::Harness;

const A: &str = r#"{"objectId":"acc-1","modifiedDate":"2026-01-15T09:30:00Z","name":"A"}"#;
const B: &str = r#"{"objectId":"acc-1","modifiedDate":"2026-01-16T09:30:00Z","name":"B"}"#;

#[tokio::test]
async fn version_before_another_is_sent_again() {
    let harness = Harness::new().await;
    for (name, line) in [("A", A), ("B", B), ("A", A)] {
        let path = harness.write("accounts.ldjson", &[line]);
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(report.accepted(), 1, "{name}: {report:#?}");
        assert_eq!(harness.field("ACCOUNT", "acc-1", "name"), json!(name));
    }
    let again = harness
        .push(&harness.directory.path().join("accounts.ldjson"))
        .await;
    assert_eq!(again.files[0].status, Status::Unchanged);
    assert_eq!(again.unchanged(), 1);
}

#[tokio::test]
async fn stage_without_a_date_alternates() {
    let harness = Harness::new().await;
    for name in ["New", "First", "New"] {
        let line = format!(r#"{{"objectId":"s-1","name":"{name}","sortOrder":1,"isActive":true}}"#);
        let path = harness.write("stages.ldjson", &[&line]);
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(harness.field("STAGE", "s-1", "name"), json!(name));
    }
}

#[tokio::test]
async fn deleted_record_is_restored() {
    let harness = Harness::new().await;
    let path = harness.write("accounts.ldjson", &[A]);
    let gone = r#"{"objectId":"acc-1","modifiedDate":"2026-01-16T09:30:00Z","isDeleted":true}"#;
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    let deletion = harness.write("accounts-deleted.ldjson", &[gone]);
    assert_eq!(harness.push(&deletion).await.verdict, Verdict::Done);
    assert!(harness.simulator.object("ACCOUNT", "acc-1").is_none());
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.field("ACCOUNT", "acc-1", "name"), json!("A"));
}

#[tokio::test]
async fn fresh_ledger_sends_everything() {
    let mut harness = Harness::new().await;
    let path = harness.write("accounts.ldjson", &[A]);
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    let other = harness.write("accounts-2.ldjson", &[B]);
    assert_eq!(harness.push(&other).await.verdict, Verdict::Done);
    harness.use_ledger(Ledger::memory());
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.field("ACCOUNT", "acc-1", "name"), json!("A"));
}

#[tokio::test]
async fn only_what_differs_is_sent() {
    let harness = Harness::new().await;
    let line = |number: usize, name: &str| {
        format!(
            r#"{{"objectId":"acc-{number}","modifiedDate":"2026-01-15T09:30:00Z","name":"{name}"}}"#
        )
    };
    let mut lines: Vec<String> = (0..10_000).map(|number| line(number, "same")).collect();
    let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
    let path = harness.write("accounts.ldjson", &texts);
    assert_eq!(harness.push(&path).await.accepted(), 10_000);
    for number in (0..10_000).step_by(1_000) {
        lines[number] = line(number, "changed");
    }
    lines.reverse();
    let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
    let path = harness.write("accounts.ldjson", &texts);
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Done);
    assert_eq!((report.accepted(), report.unchanged()), (10, 9_990));
    assert_eq!(
        harness.field("ACCOUNT", "acc-3000", "name"),
        json!("changed")
    );
}
