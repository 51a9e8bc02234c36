//! Verdicts that say less, more or other than they should: what can be read is read, and what is not
//! accounted for is never called accepted.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use gong_crm::clock::{Clock, SystemClock};
use gong_crm::ledger::Ledger;
use gong_crm::push::{Report, Status, Verdict};
use gong_sim::{Effect, Verdict as Answer};
use serde_json::json;

use crate::support::{Harness, accounts, client_with};

/// Pushes records, with this verdict for the first upload.
async fn push_with(answer: Answer, records: usize) -> (Harness, Report) {
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(records));
    harness.fault_of_uploads(Effect::Verdict(answer), 1);
    let report = harness.push(&path).await;
    (harness, report)
}

#[tokio::test]
async fn short_success_count_leaves_records_uncertain() {
    for (successes, records) in [(7, 30), (0, 1), (29, 30)] {
        let (harness, report) =
            push_with(Answer::new().set("totalSuccessCount", successes), records).await;
        assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
        assert_eq!(report.files[0].uncertain, records as u64, "{report:#?}");
        assert_eq!(report.files[0].errors.len(), records, "each is named");
        // They are sent once more, and the doubt ends.
        let path = harness.directory.path().join("accounts.ldjson");
        let report = harness.push(&path).await;
        assert_eq!(
            (report.verdict, report.accepted()),
            (Verdict::Done, records as u64)
        );
    }
}

#[tokio::test]
async fn counts_that_stay_short_end_as_unconfirmed() {
    let harness = Harness::new().await;
    harness
        .simulator
        .set_rule("success-count-is-short", true)
        .unwrap();
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    let mut verdicts = Vec::new();
    for _ in 0..5 {
        verdicts.push(harness.push(&path).await.verdict);
    }
    assert_eq!(verdicts[0], Verdict::Unknown);
    assert_eq!(verdicts[4], Verdict::Partial, "{verdicts:?}");
    assert_eq!(
        harness.posts(),
        3,
        "tried three times, then not until it changes"
    );
}

#[tokio::test]
async fn success_count_of_changes_only_is_never_called_done() {
    let harness = Harness::new().await;
    harness
        .simulator
        .set_rule("success-counts-changes", true)
        .unwrap();
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    assert_eq!(harness.push(&path).await.verdict, Verdict::Done);
    let mut options = harness.options(&path);
    options.resend = gong_crm::push::Resend::All;
    let report = harness.push_with(options).await;
    assert_ne!(report.verdict, Verdict::Done, "{report:#?}");
}

#[tokio::test]
async fn done_with_an_error_rejects_that_record() {
    let errors = json!([{"line": 2, "description": "no such owner"}]);
    let (harness, report) = push_with(
        Answer::new()
            .set("errors", errors)
            .set("totalErrorCount", 1)
            .set("totalSuccessCount", 2),
        3,
    )
    .await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!((report.accepted(), report.rejected()), (2, 1));
    let rejects = harness.rejects().await;
    assert_eq!(
        (&*rejects[0].object_id, &*rejects[0].reason),
        ("a-2", "no such owner")
    );
}

#[tokio::test]
async fn odd_elements_do_not_hide_the_others() {
    let oddities = [
        json!([null, {"line": 2, "description": "bad"}]),
        json!([{"line": 2.0, "description": "bad"}]),
        json!([{"line": "2", "description": "bad"}]),
        json!(["text", 7, {"line": 2, "description": "bad", "more": {"x": 1}}]),
        json!([{"line": 2, "description": "bad"}, {"line": null, "description": null}]),
    ];
    for errors in oddities {
        let what = errors.to_string();
        let answer = Answer::new()
            .set("status", "FAILED")
            .set("errors", errors)
            .set("totalErrorCount", 1)
            .set("totalSuccessCount", 2);
        let (harness, report) = push_with(answer, 3).await;
        assert!(report.rejected() >= 1, "{what}: {report:#?}");
        let rejects = harness.rejects().await;
        let bad = rejects.iter().find(|record| record.object_id == "a-2");
        assert_eq!(bad.unwrap().reason, "bad", "{what}");
        assert_ne!(report.verdict, Verdict::Done, "{what}");
    }
}

#[tokio::test]
async fn odd_counts_are_read_or_left_open() {
    for (errors, successes, verdict) in [
        (json!("0"), json!("3"), Verdict::Done),
        (json!(0.0), json!(3.0), Verdict::Done),
        (json!(null), json!(null), Verdict::Done),
        (json!("many"), json!("none"), Verdict::Unknown),
    ] {
        let what = format!("{errors} {successes}");
        let answer = Answer::new()
            .set("totalErrorCount", errors)
            .set("totalSuccessCount", successes);
        let (_, report) = push_with(answer, 3).await;
        assert_eq!(report.verdict, verdict, "{what}: {report:#?}");
    }
    for (errors, successes) in [
        (json!(1e18), json!(3)),
        (json!(2), json!(-1)),
        (json!(0), json!(1)),
    ] {
        let what = format!("{errors} {successes}");
        let answer = Answer::new()
            .set("totalErrorCount", errors)
            .set("totalSuccessCount", successes);
        let (harness, report) = push_with(answer, 3).await;
        let certain = report.verdict == Verdict::Done && harness.posts() == 1;
        assert!(!certain, "{what}: {report:#?}");
    }
}

#[tokio::test]
async fn failure_without_an_error_says_so() {
    for answer in [
        Answer::new()
            .set("status", "FAILED")
            .set("errors", json!([]))
            .remove("totalErrorCount")
            .remove("totalSuccessCount")
            .applies_nothing(),
        Answer::new()
            .set("status", "FAILED")
            .remove("errors")
            .set("totalSuccessCount", 0)
            .applies_nothing(),
    ] {
        let (harness, report) = push_with(answer, 3).await;
        assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
        assert_eq!(report.files[0].status, Status::Failed);
        let reason = report.files[0].reason.as_ref().unwrap();
        assert!(reason.contains("without a reason"), "{reason}");
        // Nothing is lost.
        let path = harness.directory.path().join("accounts.ldjson");
        let report = harness.push(&path).await;
        assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        assert_eq!(harness.simulator.object_count("ACCOUNT"), 3);
    }
}

#[tokio::test]
async fn lines_beyond_the_file_leave_records_uncertain() {
    for line in [json!(-1), json!(77), json!(0), json!(1e30)] {
        let what = line.to_string();
        let answer = Answer::new()
            .set("status", "FAILED")
            .set(
                "errors",
                json!([{"line": line, "description": "odd place"}]),
            )
            .set("totalErrorCount", 1)
            .set("totalSuccessCount", 2);
        let (harness, report) = push_with(answer, 3).await;
        assert_eq!(report.verdict, Verdict::Unknown, "{what}: {report:#?}");
        let reason = report.files[0].reason.as_ref().unwrap();
        assert!(reason.contains("odd place"), "{what}: {reason}");
        let path = harness.directory.path().join("accounts.ldjson");
        assert_eq!(harness.push(&path).await.verdict, Verdict::Done, "{what}");
    }
}

#[tokio::test]
async fn failed_upload_without_applied_lines_is_sent_again() {
    let harness = Harness::new().await;
    harness
        .simulator
        .set_rule("good-lines-applied", false)
        .unwrap();
    let text = accounts(3) + &crate::support::bad_account("bad") + &accounts(5);
    let path = harness.write_text("accounts.ldjson", &text);
    let report = harness.push_with(harness.options(&path).unchecked()).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 5, "{report:#?}");
}

#[tokio::test]
async fn lost_upload_is_sent_again_after_its_deadline() {
    // Gong accepts the upload and then knows nothing of it.
    let harness = Harness::on_disk().await;
    let path = harness.write_text("accounts.ldjson", &accounts(2));
    harness.fault_of_uploads(Effect::LoseUpload, 1);
    let report = harness
        .push_with(crate::support::impatient(harness.options(&path)))
        .await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    let ledger = Ledger::open(harness.ledger_path()).await.unwrap();
    let clock = std::sync::Arc::new(Later);
    let client = client_with(
        &harness.simulator,
        ledger,
        gong_crm::rate_limit::RateLimit::unlimited(),
        Some(clock),
    );
    let mut verdict = Verdict::TimedOut;
    for _ in 0..5 {
        let options = harness.options(&path);
        let report = client.push(harness.integration_id, options).await.unwrap();
        verdict = report.verdict;
    }
    assert_eq!(verdict, Verdict::Done);
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 2);
}

/// The clock of a process seven hours later.
#[derive(Debug)]
struct Later;

impl Clock for Later {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + Duration::from_hours(7)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        SystemClock.sleep(duration)
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}
