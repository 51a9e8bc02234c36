//! Rejected records are a state of the ledger; the file beside a source shows it.

use gong_crm::ObjectType;
use gong_crm::ledger::TryOutcome;
use gong_crm::push::{Options, Rejects, Report, Verdict};
use gong_sim::{Effect, Verdict as Answer};
use serde_json::json;

use crate::support::{Harness, NEW, OLD, account, accounts, bad_account};

async fn push(harness: &Harness, text: &str) -> Report {
    let path = harness.write_text("crm/accounts.ldjson", text);
    let options = harness.options(&path).unchecked();
    harness.push_with(options.rejects(Rejects::Beside)).await
}

fn rejects_file(harness: &Harness) -> Option<String> {
    std::fs::read_to_string(harness.folder().join("accounts.rejects.ldjson")).ok()
}

#[tokio::test]
async fn rejects_of_two_rounds_stay_until_they_are_accepted() {
    let harness = Harness::new().await;
    drop(push(&harness, &(bad_account("x") + &accounts(1))).await);
    assert_eq!(rejects_file(&harness), Some(bad_account("x")));
    drop(push(&harness, &(bad_account("y") + &accounts(1))).await);
    let both = rejects_file(&harness).unwrap();
    assert!(both.contains("\"x\"") && both.contains("\"y\""), "{both}");
    // One of them is fixed; then the other.
    drop(push(&harness, &account("x", NEW, "fixed")).await);
    assert_eq!(rejects_file(&harness), Some(bad_account("y")));
    drop(push(&harness, &account("y", NEW, "fixed")).await);
    assert_eq!(rejects_file(&harness), None, "an empty file is removed");
    assert!(!harness.folder().join("accounts.rejects.txt").exists());
    assert!(harness.rejects().await.is_empty());
}

#[tokio::test]
async fn rejected_version_leaves_when_the_accepted_one_is_given_again() {
    let harness = Harness::new().await;
    let good = account("a", OLD, "good");
    drop(push(&harness, &good).await);
    drop(
        push(
            &harness,
            "{\"objectId\":\"a\",\"modifiedDate\":\"2026-01-16T09:30:00Z\",\"url\":\"no\"}\n",
        )
        .await,
    );
    assert_eq!(harness.rejects().await.len(), 1);
    let report = push(&harness, &good).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(harness.rejects().await.is_empty());
    assert_eq!(rejects_file(&harness), None);
}

#[tokio::test]
async fn rejected_records_stay_in_every_verdict_until_they_are_waived() {
    let harness = Harness::new().await;
    let text = bad_account("x") + &accounts(1);
    for _ in 0..2 {
        assert_eq!(push(&harness, &text).await.verdict, Verdict::Partial);
    }
    assert_eq!(waive(&harness, "x").await, Some(TryOutcome::Rejected));
    assert_eq!(waive(&harness, "a-1").await, None);
    assert!(harness.rejects().await.is_empty());

    let uploads = harness.simulator.uploads().len();
    for _ in 0..2 {
        let report = push(&harness, &text).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        let file = &report.files[0];
        let counts = (file.unchanged, file.rejected, file.waived);
        assert_eq!(counts, (1, 0, 1), "{report:#?}");
        assert!(file.errors.is_empty(), "{report:#?}");
        assert_eq!(
            report.notes,
            [
                "ACCOUNT: 1 rejected record was waived (x): it is sent again when it changes, or with --resend"
            ]
        );
    }
    assert_eq!(
        harness.simulator.uploads().len(),
        uploads,
        "nothing is sent"
    );
    let changed = bad_account("x").replace("\"B\"", "\"New\"");
    let report = push(&harness, &changed).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(harness.rejects().await.len(), 1);
}

#[tokio::test]
async fn record_whose_upload_failed_as_a_whole_cannot_be_waived() {
    let harness = Harness::new().await;
    let answer = Answer::new()
        .set("status", "FAILED")
        .set("errors", json!([]))
        .remove("totalErrorCount")
        .set("totalSuccessCount", 0)
        .applies_nothing();
    harness.fault_of_uploads(Effect::Verdict(answer), 1);
    let report = push(&harness, &accounts(1)).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let id = harness.rejects().await[0].object_id.clone();
    assert_eq!(waive(&harness, &id).await, Some(TryOutcome::NotAccepted));
    assert_eq!(harness.rejects().await.len(), 1, "it stays listed");
    let report = push(&harness, &accounts(1)).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

async fn waive(harness: &Harness, id: &str) -> Option<TryOutcome> {
    let ledger = harness.client.ledger();
    let url = harness.client.base_url();
    let waived = ledger.waive(url, harness.integration_id, ObjectType::Account, id);
    waived.await.unwrap()
}

#[tokio::test]
async fn edited_rejects_file_is_not_overwritten() {
    let harness = Harness::new().await;
    drop(push(&harness, &bad_account("x")).await);
    let path = harness.folder().join("accounts.rejects.ldjson");
    std::fs::write(&path, account("x", NEW, "fixed by hand")).unwrap();
    let report = push(&harness, &bad_account("y")).await;
    let edited = std::fs::read_to_string(&path).unwrap();
    assert_eq!(edited, account("x", NEW, "fixed by hand"));
    let other = report.files[0].rejects.as_ref().unwrap();
    assert_ne!(other, &path);
    assert!(std::fs::read_to_string(other).unwrap().contains("\"y\""));
    let is_said = |note: &String| note.contains("was edited, and is kept");
    assert!(report.notes.iter().any(is_said), "{report:#?}");
    // Nothing is rejected any more: what nobody edited goes.
    let report = push(
        &harness,
        &(account("x", NEW, "X") + &account("y", NEW, "Y")),
    )
    .await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(path.exists() && !other.exists());
}

#[tokio::test]
async fn folder_with_only_rejects_has_nothing_to_push() {
    let harness = Harness::new().await;
    drop(push(&harness, &bad_account("x")).await);
    std::fs::remove_file(harness.folder().join("accounts.ldjson")).unwrap();
    let report = harness.push(&harness.folder()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.records(), 0);
    let other = Harness::new().await;
    other.write("crm/deals.rejects.csv", &["Id;Name", "1;x"]);
    assert_eq!(other.push(&other.folder()).await.verdict, Verdict::Done);
}

#[tokio::test]
async fn old_rejects_do_not_undo_newer_data() {
    let harness = Harness::new().await;
    drop(
        push(
            &harness,
            "{\"objectId\":\"a\",\"modifiedDate\":\"2026-01-15T09:30:00Z\",\"url\":\"no\"}\n",
        )
        .await,
    );
    let rejects = harness.folder().join("accounts.rejects.ldjson");
    // Somebody keeps a fixed copy, and the CRM goes on.
    let fixed = harness.write_text("accounts.rejects.ldjson", &account("a", OLD, "old"));
    drop(push(&harness, &account("a", NEW, "new")).await);
    assert!(!rejects.exists());
    let result = harness
        .client
        .push(harness.integration_id, Options::new([&fixed]).simulator())
        .await;
    assert_eq!(harness.name("a").as_deref(), Some("new"), "{result:#?}");
    let report = result.unwrap();
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
    let error = &report.files[0].errors[0];
    assert_eq!(error.object_id.as_deref(), Some("a"));
    assert!(error.description.contains("newer version"), "{error:?}");
}

#[tokio::test]
async fn reasons_are_escaped_and_bounded() {
    let reason = "bad\r\n\u{1b}[31m::error::\u{202e}\u{9b}2J\u{2028}\u{61c}x".to_owned()
        + &"x".repeat(10_000);
    let harness = Harness::new().await;
    let errors = json!([{"line": 1, "description": reason}]);
    let answer = Answer::new()
        .set("status", "FAILED")
        .set("errors", errors)
        .set("totalErrorCount", 1)
        .set("totalSuccessCount", 0);
    harness.fault_of_uploads(Effect::Verdict(answer), 1);
    let report = push(&harness, &account("a", OLD, "A")).await;
    assert_eq!(report.rejected(), 1, "{report:#?}");
    let text = std::fs::read_to_string(harness.folder().join("accounts.rejects.txt")).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    let is_plain =
        |character: char| character == '\n' || character == '\t' || !character.is_control();
    assert!(text.chars().all(|character| is_plain(character)
        && !['\u{202e}', '\u{2028}', '\u{61c}'].contains(&character)));
    assert!(text.len() < 2_000, "{}", text.len());
}

#[cfg(unix)]
#[tokio::test]
async fn name_that_is_not_utf8_can_be_pushed_and_resumed() {
    use std::os::unix::ffi::OsStrExt as _;
    let harness = Harness::on_disk().await;
    let name = std::ffi::OsStr::from_bytes(b"accounts-M\xFCller.ldjson");
    let path = harness.folder().join(name);
    std::fs::write(&path, accounts(2)).unwrap();
    harness.refuse_uploads_from(1);
    let options = harness.options(&path).object_type(ObjectType::Account);
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Failed);
    harness.simulator.clear_faults();
    assert_eq!(harness.resume().await.verdict, Verdict::Done);
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 2);
    assert_eq!(harness.push_with(options).await.unchanged(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn dangling_link_in_a_folder_is_an_error() {
    let harness = Harness::new().await;
    harness.write_text("crm/accounts.ldjson", &accounts(1));
    std::os::unix::fs::symlink("/nowhere", harness.folder().join("deals.ldjson")).unwrap();
    let options = harness.options(&harness.folder());
    let error = harness
        .client
        .push(harness.integration_id, options)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("deals.ldjson"), "{error}");
    assert_eq!(harness.posts(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn spool_that_cannot_be_written_is_named() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(1));
    // A file is where the directory should be.
    std::fs::write(
        harness.directory.path().join("state/ledger.sqlite.spool"),
        "",
    )
    .unwrap();
    let options = harness.options(&path);
    let error = harness
        .client
        .push(harness.integration_id, options)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("spool") && !text.contains("accounts.ldjson"),
        "{text}"
    );
    assert_eq!(harness.posts(), 0);
}
