//! Records that a verdict left open: a resume sends them again from the spool, and a search for rejected
//! records goes on when its calls are free.

use std::sync::Arc;

use gong_crm::Client;
use gong_crm::ledger::{Current, Ledger, TryOutcome};
use gong_crm::push::{Options, Report, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_sim::{Effect, Verdict as Answer};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::{
    Harness, NEW, OLD, ShiftedClock, account, accounts, client_with, deletion, half_bad_accounts,
};

/// Gong counts no success, and stores nothing.
fn nothing_counted() -> Effect {
    let answer = Answer::new().set("totalSuccessCount", 0);
    Effect::Verdict(answer.applies_nothing())
}

/// The upload fails as a whole.
fn failed_whole() -> Effect {
    let answer = Answer::new()
        .set("status", "FAILED")
        .set("errors", json!([]))
        .remove("totalErrorCount")
        .set("totalSuccessCount", 0);
    Effect::Verdict(answer.applies_nothing())
}

/// Pushes records from a file that is gone afterwards, as standard input is.
async fn push_once(harness: &Harness, text: &str) -> Report {
    let path = harness.write_text("accounts.ldjson", text);
    let report = harness.push(&path).await;
    std::fs::remove_file(path).unwrap();
    report
}

#[tokio::test]
async fn records_left_open_by_a_verdict_are_resumed_from_the_spool() {
    for (effect, first) in [
        (nothing_counted(), Verdict::Unknown),
        (failed_whole(), Verdict::Failed),
    ] {
        for is_named in [false, true] {
            let harness = Harness::on_disk().await;
            harness.fault_of_uploads(effect.clone(), 1);
            let report = push_once(&harness, &accounts(3)).await;
            assert_eq!(report.verdict, first, "{report:#?}");
            let ids: Vec<_> = report.unfinished().into_iter().cloned().collect();
            assert_eq!(ids.len(), 1, "{report:#?}");
            let ids = if is_named { ids } else { Vec::new() };
            let options = Options::default().simulator();
            let report = harness.client.resume(ids, options).await.unwrap();
            assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
            assert_eq!(harness.simulator.object_count("ACCOUNT"), 3);
            assert!(harness.rejects().await.is_empty());
            assert!(harness.resume().await.files.is_empty());
        }
    }
}

#[tokio::test]
async fn upload_that_is_not_named_is_not_resumed() {
    let harness = Harness::on_disk().await;
    harness.fault_of_uploads(nothing_counted(), 1);
    harness.fault_of_uploads(nothing_counted(), 2);
    let first = push_once(&harness, &account("a-1", OLD, "one")).await;
    drop(push_once(&harness, &account("a-2", OLD, "two")).await);
    let ids = first.unfinished().into_iter().cloned();
    let options = Options::default().simulator();
    let report = harness.client.resume(ids, options).await.unwrap();
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 1));
    assert_eq!(harness.name("a-1").as_deref(), Some("one"));
    assert_eq!(harness.name("a-2"), None);
}

#[tokio::test]
async fn resume_of_uncertain_records_counts_their_tries() {
    let harness = Harness::on_disk().await;
    let rule = "success-count-is-short";
    harness.simulator.set_rule(rule, true).unwrap();
    assert_eq!(
        push_once(&harness, &accounts(3)).await.verdict,
        Verdict::Unknown
    );
    assert_eq!(harness.resume().await.verdict, Verdict::Unknown);
    let last = harness.resume().await;
    assert_eq!(last.verdict, Verdict::Partial, "{last:#?}");
    assert_eq!((last.unconfirmed(), last.rejected()), (3, 0));
    assert!(harness.resume().await.files.is_empty());
    assert_eq!(harness.posts(), 3);
    // Whatever it costs.
    harness.simulator.set_rule(rule, false).unwrap();
    let mut options = Options::default().simulator();
    options.find_all_errors = true;
    let report = harness.client.resume([], options).await.unwrap();
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 3));
}

#[tokio::test]
async fn unconfirmed_record_is_not_counted_as_rejected() {
    let harness = Harness::new().await;
    let rule = "success-count-is-short";
    harness.simulator.set_rule(rule, true).unwrap();
    let path = harness.write_text("accounts.ldjson", &accounts(3));
    for _ in 0..3 {
        drop(harness.push(&path).await);
    }
    harness.simulator.set_rule(rule, false).unwrap();
    let report = harness.push(&path).await;
    assert_eq!(report.verdict, Verdict::Partial, "{report:#?}");
    assert_eq!((report.unconfirmed(), report.rejected()), (3, 0));
    let mut options = harness.options(&path);
    options.find_all_errors = true;
    let report = harness.push_with(options).await;
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 3));
}

#[tokio::test]
async fn resumed_record_is_as_old_as_it_was() {
    let harness = Harness::on_disk().await;
    harness.fault_of_uploads(nothing_counted(), 1);
    drop(push_once(&harness, &account("a-1", OLD, "one")).await);
    let pushed = Timestamp::now().as_millisecond();
    assert_eq!(harness.resume().await.verdict, Verdict::Done);
    let (ledger, base_url) = (harness.client.ledger(), harness.client.base_url());
    let state = ledger
        .record(
            base_url,
            harness.integration_id,
            gong_crm::ObjectType::Account,
            "a-1",
        )
        .await
        .unwrap()
        .unwrap();
    assert_eq!(state.current, Current::Version);
    assert!(state.as_of <= pushed, "{} {pushed}", state.as_of);
}

#[tokio::test]
async fn resume_leaves_a_record_alone_that_was_pushed_again() {
    let harness = Harness::on_disk().await;
    harness.fault_of_uploads(failed_whole(), 2);
    drop(push_once(&harness, &account("a-1", OLD, "one")).await);
    drop(push_once(&harness, &deletion("a-1", NEW)).await);
    // A person takes it back.
    assert_eq!(
        push_once(&harness, &account("a-1", OLD, "one"))
            .await
            .verdict,
        Verdict::Done
    );
    let posts = harness.posts();
    assert!(harness.resume().await.files.is_empty());
    assert_eq!(harness.posts(), posts);
    assert_eq!(harness.name("a-1").as_deref(), Some("one"));
}

#[tokio::test]
async fn record_without_kept_content_keeps_resume_from_done() {
    let harness = Harness::on_disk().await;
    harness.fault_of_uploads(nothing_counted(), 1);
    let name = "N".repeat(1_100_000);
    drop(push_once(&harness, &account("a-1", OLD, &name)).await);
    for _ in 0..2 {
        let report = harness.resume().await;
        assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
        let reason = &report.files[0].errors[0].description;
        assert!(reason.contains("push it again"), "{reason}");
    }
}

/// The same Gong and ledger, some days later.
fn after(harness: &Harness, ledger: &Ledger, days: i64) -> Client {
    let clock = ShiftedClock(SignedDuration::from_hours(25 * days));
    client_with(
        &harness.simulator,
        ledger.clone(),
        RateLimit::unlimited(),
        Some(Arc::new(clock)),
    )
}

#[tokio::test]
async fn search_goes_on_each_day_until_every_record_is_decided() {
    let harness = Harness::new().await;
    let rule = "good-lines-applied";
    harness.simulator.set_rule(rule, false).unwrap();
    let path = harness.write_text("accounts.ldjson", &half_bad_accounts(800));
    let mut options = harness.options(&path).unchecked();
    options.search_calls = 24;
    let ledger = harness.client.ledger().clone();
    let mut accepted = 0;
    let mut days = 0;
    loop {
        let client = after(&harness, &ledger, days);
        let push = || async {
            let pushing = client.push(harness.integration_id, options.clone());
            pushing.await.unwrap()
        };
        let first = push().await;
        // What needs no search any more is sent without its calls.
        let report = push().await;
        accepted += first.accepted() + report.accepted();
        if report.verdict == Verdict::Partial {
            assert_eq!((report.rejected(), report.unconfirmed()), (400, 0));
            break;
        }
        assert_eq!(report.verdict, Verdict::Unknown, "day {days}: {report:#?}");
        assert!(report.waits_for_search(), "{report:#?}");
        // The rest of the day costs nothing, and is not a try.
        let posts = harness.posts();
        for _ in 0..4 {
            let again = push().await;
            assert_eq!(again.verdict, Verdict::Unknown, "{again:#?}");
            assert!(again.waits_for_search());
            assert!(again.unfinished().is_empty(), "{again:#?}");
            let reason = again.files[0].reason.as_deref().unwrap_or_default();
            assert!(reason.contains("--find-all-errors"), "{reason}");
        }
        assert_eq!(harness.posts(), posts);
        days += 1;
        assert!(days < 60, "{report:#?}");
    }
    assert!(days > 1, "one day was enough");
    assert_eq!(accepted, 400);
    assert_eq!(harness.simulator.object_count("ACCOUNT"), 400);
    let open = harness.rejects().await.into_iter();
    let open = open.filter(|record| record.outcome != TryOutcome::Rejected);
    assert_eq!(open.count(), 0);
}

#[tokio::test]
async fn record_alone_with_impossible_counts_ends_as_unconfirmed() {
    let harness = Harness::new().await;
    let path = harness.write_text("accounts.ldjson", &accounts(1));
    let mut verdicts = Vec::new();
    for _ in 0..4 {
        let answer = Answer::new().set("totalErrorCount", 9);
        let before = harness.posts();
        harness.fault_of_uploads(Effect::Verdict(answer.applies_nothing()), 1);
        let mut options = harness.options(&path);
        options.find_all_errors = verdicts.len() < 3;
        verdicts.push(harness.push_with(options).await.verdict);
        assert!(harness.posts() <= before + 1);
        harness.simulator.clear_faults();
    }
    assert_eq!(
        verdicts,
        [
            Verdict::Unknown,
            Verdict::Unknown,
            Verdict::Partial,
            Verdict::Partial
        ]
    );
    assert_eq!(harness.posts(), 3);
}
