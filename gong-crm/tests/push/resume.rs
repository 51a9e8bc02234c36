//! A resumed push finishes what was begun, wherever the bytes came from, and brings no old version
//! back.

use std::io::Write as _;
use std::path::PathBuf;

use gong_crm::check;
use gong_crm::ledger::UploadState;
use gong_crm::push::{CheckMode, Rejects, Status, Verdict};

use crate::support::{Harness, NEW, OLD, account, accounts, bad_account};

fn spool(harness: &Harness) -> PathBuf {
    harness.directory.path().join("state/ledger.sqlite.spool")
}

/// Writes a compressed file into the harness's directory.
fn write_packed(harness: &Harness, name: &str, text: &str) -> PathBuf {
    let path = harness.directory.path().join(name);
    let file = std::fs::File::create(&path).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap();
    path
}

#[tokio::test]
async fn resumed_day_does_not_undo_the_next_day() {
    let harness = Harness::on_disk().await;
    let first = harness.write_text("accounts-2026-03-01.ldjson", &account("a", OLD, "day 1"));
    harness.refuse_uploads_from(1);
    let report = harness.push(&first).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    harness.simulator.clear_faults();

    let second = harness.write_text("accounts-2026-03-02.ldjson", &account("a", NEW, "day 2"));
    assert_eq!(harness.push(&second).await.verdict, Verdict::Done);
    drop(harness.resume().await);
    assert_eq!(harness.name("a").as_deref(), Some("day 2"));
    let open = harness.client.ledger().open_uploads().await.unwrap();
    assert!(open.is_empty(), "{open:#?}");
}

#[tokio::test]
async fn resumed_stage_without_a_date_does_not_undo_a_newer_one() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("stages.ldjson", &crate::support::stage("s", "older"));
    harness.refuse_uploads_from(1);
    drop(harness.push(&path).await);
    harness.simulator.clear_faults();
    harness.write_text("stages.ldjson", &crate::support::stage("s", "newer"));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    drop(harness.resume().await);
    assert_eq!(harness.field("STAGE", "s", "name"), "newer");
}

#[tokio::test]
async fn newer_of_two_versions_that_both_wait_stays() {
    let harness = Harness::on_disk().await;
    harness.refuse_uploads_from(1);
    let versions = account("a", "2026-01-15T08:00:00Z", "oldest")
        + &account("a", "2026-01-15T09:00:00Z", "older")
        + &account("a", "2026-01-15T10:00:00Z", "old");
    let path = write_packed(&harness, "accounts.ldjson.gz", &versions);
    assert_eq!(harness.push(&path).await.verdict, Verdict::Failed);
    let newer = account("a", "2026-01-16T09:30:00Z", "newer");
    write_packed(&harness, "accounts.ldjson.gz", &newer);
    assert_eq!(harness.push(&path).await.verdict, Verdict::Failed);

    harness.simulator.clear_faults();
    drop(harness.resume().await);
    assert_eq!(harness.name("a").as_deref(), Some("newer"));
    assert_eq!(
        harness.simulator.uploads().len(),
        1,
        "the older one is not sent"
    );
    assert!(harness.resume().await.files.is_empty());
}

#[tokio::test]
async fn unpacked_content_is_resumed_without_its_packed_file() {
    let mut harness = Harness::on_disk().await;
    harness.refuse_uploads_from(1);
    let path = write_packed(&harness, "accounts.ldjson.gz", &accounts(3));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Failed);
    assert!(spool(&harness).exists());

    std::fs::remove_file(&path).unwrap();
    harness.simulator.clear_faults();
    harness.reopen().await;
    let report = harness.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(report.files[0].path, path);
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 3);
    assert!(
        !spool(&harness).exists(),
        "no record is kept for longer than needed"
    );
    assert!(harness.resume().await.files.is_empty());
}

#[tokio::test]
async fn split_file_is_resumed_without_what_was_held_back() {
    let mut harness = Harness::on_disk().await;
    let mut text = accounts(6);
    text += "\n";
    text += &bad_account("bad");
    text += &account("a-1", NEW, "newer");
    let path = harness.write_text("accounts.ldjson", &text);
    harness.refuse_uploads_from(2);
    let mut options = harness.options(&path);
    options.max_upload_bytes = 200;
    options.check = CheckMode::SkipInvalid(check::Options::default());
    let report = harness.push_with(options).await;
    assert_eq!(harness.simulator.uploads().len(), 1, "{report:#?}");
    let planned = harness.states().await.len();
    assert!(planned > 2, "{planned}");
    assert_eq!(report.unfinished().len(), planned - 1);
    assert_eq!((report.files[0].records, report.files[0].held_back), (8, 1));

    harness.simulator.clear_faults();
    harness.reopen().await;
    let report = harness.resume().await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.states().await, vec![UploadState::Done; planned]);
    assert_eq!(harness.simulator.uploads().len(), planned);
    assert_eq!(harness.name("a-1").as_deref(), Some("newer"));
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 6);
    let again = harness.resume().await;
    assert!(again.files.is_empty(), "{again:#?}");
}

/// A file with more than the 20 errors that Gong lists; the others are only counted.
fn with_bad_lines(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        text += &bad_account(&format!("bad-{number}"));
        text += &account(&format!("good-{number}"), OLD, "G");
    }
    text
}

#[tokio::test]
async fn search_for_errors_that_stops_is_finished_by_the_next_push() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &with_bad_lines(70));
    harness.refuse_uploads_from(3);
    let mut options = harness.options(&path).unchecked();
    options.rejects = Rejects::Beside;
    let report = harness.push_with(options.clone()).await;
    let file = &report.files[0];
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert!(file.uncertain > 0, "{report:#?}");
    assert_eq!(file.rejected + file.accepted + file.uncertain, 140);

    harness.simulator.clear_faults();
    let report = harness.push_with(options).await;
    let file = &report.files[0];
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!((file.rejected, file.uncertain), (70, 0), "{report:#?}");
    assert_eq!(file.accepted + file.unchanged, 70);
    let rejects = std::fs::read_to_string(file.rejects.as_ref().unwrap()).unwrap();
    assert_eq!(rejects.lines().count(), 70);
    let before = harness.posts();
    drop(harness.resume().await);
    assert_eq!(
        harness.posts(),
        before,
        "what was found before is not searched again"
    );
}

#[tokio::test]
async fn unwritten_rejects_are_written_by_the_next_push() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &with_bad_lines(3));
    let mut options = harness.options(&path).unchecked();
    // A directory can't be made where a file is.
    options.rejects = Rejects::Directory(path.join("rejects"));
    let report = harness.push_with(options.clone()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    let reason = report.files[0].reason.as_ref().unwrap();
    assert!(reason.contains("cannot be written"), "{reason}");

    options.rejects = Rejects::Beside;
    let posts = harness.posts();
    let report = harness.push_with(options).await;
    assert_eq!(report.files[0].errors.len(), 3, "{report:#?}");
    let rejects = std::fs::read_to_string(report.files[0].rejects.as_ref().unwrap()).unwrap();
    assert_eq!(rejects.lines().count(), 3);
    assert_eq!(harness.posts(), posts, "nothing is sent for it");
}

#[tokio::test]
async fn resumed_upload_keeps_its_status_in_the_report() {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(2));
    harness
        .simulator
        .set_processing(gong_sim::Processing::Polls(3));
    let options = crate::support::impatient(harness.options(&path));
    let report = harness.push_with(options).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    let report = harness.resume().await;
    assert_eq!(report.files[0].status, Status::Done, "{report:#?}");
    assert_eq!((report.files[0].records, report.files[0].accepted), (2, 2));
    assert_eq!(harness.posts(), 1);
}
