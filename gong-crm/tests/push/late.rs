//! Uploads that Gong processes long after a push gave them up.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gong_crm::Client;
use gong_crm::clock::{Clock, SystemClock};
use gong_crm::push::{Report, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_sim::{Effect, Processing, RetryAfter, Simulator};

use crate::support::{Harness, NEW, OLD, account, client_with, deletion, impatient};

/// The clock of a process some hours later.
#[derive(Debug)]
struct Later(u64);

impl Clock for Later {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + Duration::from_hours(self.0)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        SystemClock.sleep(duration)
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

fn later(harness: &Harness, hours: u64) -> Client {
    client_with(
        &harness.simulator,
        harness.client.ledger().clone(),
        RateLimit::unlimited(),
        Some(Arc::new(Later(hours))),
    )
}

async fn push(harness: &Harness, client: &Client, text: &str) -> Report {
    let path = harness.write_text("accounts.ldjson", text);
    let options = impatient(harness.options(&path));
    client.push(harness.integration_id, options).await.unwrap()
}

async fn resume(harness: &Harness, client: &Client) -> Report {
    let options = impatient(harness.options(&harness.folder()));
    client.resume([], options).await.unwrap()
}

fn older() -> String {
    account("a", OLD, "older") + &account("b", OLD, "older")
}

fn newer() -> String {
    account("a", NEW, "newer") + &deletion("b", NEW)
}

/// A change of one record and the deletion of another, accepted seven hours after an upload with both,
/// which Gong has not finished yet.
async fn given_up() -> Harness {
    let harness = Harness::new().await;
    let day = Processing::After(Duration::from_hours(24));
    harness.simulator.set_processing(day);
    let report = push(&harness, &harness.client, &older()).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    harness.simulator.set_processing(Processing::Immediate);
    let report = push(&harness, &later(&harness, 7), &newer()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let is_said = |note: &String| note.contains("may still process");
    assert!(report.notes.iter().any(is_said), "{:?}", report.notes);
    harness
}

/// Whether Gong has what was given last.
fn is_newer(harness: &Harness) -> bool {
    harness.name("a").as_deref() == Some("newer") && harness.name("b").is_none()
}

#[tokio::test]
async fn push_names_what_an_upload_that_was_given_up_overwrote() {
    let harness = given_up().await;
    assert!(is_newer(&harness));
    harness.simulator.advance(Duration::from_hours(25));
    assert!(!is_newer(&harness));

    let client = later(&harness, 8);
    let report = push(&harness, &client, &account("c", OLD, "C")).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let is_said = |note: &String| note.contains("ACCOUNT a") && note.contains("ACCOUNT b");
    assert!(report.notes.iter().any(is_said), "{:?}", report.notes);
    // The deletion needs no content to be sent again.
    let report = resume(&harness, &client).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert_eq!(harness.name("b"), None);
    let report = push(&harness, &client, &newer()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(is_newer(&harness));
    let report = resume(&harness, &client).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
}

#[tokio::test]
async fn upload_that_was_given_up_is_not_pruned_while_it_may_come() {
    let harness = given_up().await;
    let ledger = harness.client.ledger();
    let future = jiff::Timestamp::now() + Duration::from_hours(100);
    ledger.prune(future).await.unwrap();
    harness.simulator.advance(Duration::from_hours(25));
    let client = later(&harness, 8);
    let report = resume(&harness, &client).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert_eq!(harness.name("b"), None);
}

/// What Gong processed after everything else, while a newer version of its records had no verdict yet.
async fn processed_last() -> (Harness, Client, String) {
    let harness = given_up().await;
    let hour = Processing::After(Duration::from_hours(1));
    harness.simulator.set_processing(hour);
    let newest = account("a", "2026-01-17T09:30:00Z", "newest");
    let report = push(&harness, &later(&harness, 8), &newest).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");
    // The newest version first, then the oldest one.
    for (hours, name) in [(2, "newest"), (23, "older")] {
        harness.simulator.advance(Duration::from_hours(hours));
        assert_eq!(harness.name("a").as_deref(), Some(name));
    }
    harness.simulator.set_processing(Processing::Immediate);
    let client = later(&harness, 9);
    (harness, client, newest)
}

#[tokio::test]
async fn upload_with_a_newer_version_under_way_is_judged_before_the_old_one() {
    let (harness, client, newest) = processed_last().await;
    let report = push(&harness, &client, &newest).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let report = push(&harness, &client, &newest).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("newest"));
}

#[tokio::test]
async fn resume_looks_again_after_the_verdict_that_a_late_upload_waited_for() {
    let (harness, client, newest) = processed_last().await;
    let report = resume(&harness, &client).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let is_said = |note: &String| note.contains("ACCOUNT a");
    assert!(report.notes.iter().any(is_said), "{:?}", report.notes);
    let report = push(&harness, &client, &newest).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.name("a").as_deref(), Some("newest"));
}

#[tokio::test]
async fn push_is_not_done_while_a_late_upload_waits_for_a_verdict() {
    let (harness, client, _) = processed_last().await;
    // It does not bring the open upload to its end.
    let report = push(&harness, &client, &account("c", OLD, "C")).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let report = resume(&harness, &client).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    let is_said = |note: &String| note.contains("ACCOUNT a");
    assert!(report.notes.iter().any(is_said), "{:?}", report.notes);
}

#[tokio::test]
async fn push_that_sends_nothing_looks_at_late_uploads_of_its_records() {
    let harness = given_up().await;
    harness.simulator.advance(Duration::from_hours(25));
    let client = later(&harness, 8);
    let path = harness.write_text("stages.ldjson", "");
    let calls = harness.simulator.requests().len();
    let options = impatient(harness.options(&path));
    let report = client.push(harness.integration_id, options).await.unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(
        harness.simulator.requests().len(),
        calls,
        "none of its records"
    );

    let report = push(&harness, &client, &newer()).await;
    assert_eq!(report.verdict, Verdict::Unknown, "{report:#?}");
    assert_eq!(harness.simulator.requests().len(), calls + 1);
    let is_said = |note: &String| note.contains("ACCOUNT a") && note.contains("ACCOUNT b");
    assert!(report.notes.iter().any(is_said), "{:?}", report.notes);
    let report = push(&harness, &client, &newer()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(is_newer(&harness));
    // All is known now: the next one makes no call.
    let calls = harness.simulator.requests().len();
    let report = push(&harness, &client, &newer()).await;
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.simulator.requests().len(), calls);
}

#[tokio::test]
async fn upload_that_was_given_up_is_checked_for_two_weeks() {
    let harness = given_up().await;
    let client = later(&harness, 7 + 13 * 24);
    let report = push(&harness, &client, &account("c", OLD, "C")).await;
    let may_come = |note: &String| note.contains("may still process");
    assert!(report.notes.iter().any(may_come), "{:?}", report.notes);
    let client = later(&harness, 8 + 14 * 24);
    let report = push(&harness, &client, &account("c", OLD, "D")).await;
    let is_over = |note: &String| note.contains("not checked any more");
    assert!(report.notes.iter().any(is_over), "{:?}", report.notes);
    let report = push(&harness, &client, &account("c", OLD, "E")).await;
    assert!(
        report
            .notes
            .iter()
            .all(|note| !may_come(note) && !is_over(note))
    );
}

#[tokio::test]
async fn record_that_came_before_its_parent_is_sent_again_by_the_same_push() {
    let simulator = Simulator::builder().rule("contact-needs-known-account", true);
    let harness = Harness::with(simulator.start().await.unwrap()).await;
    let contact = format!(
        "{{\"objectId\":\"c\",\"modifiedDate\":\"{OLD}\",\"emailAddress\":\"c@x.example\",\
         \"lastName\":\"C\",\"accountId\":\"a\"}}\n"
    );
    let folder = harness.folder();
    let options = || {
        let mut options = impatient(harness.options(&folder));
        options.account_delay = Duration::ZERO;
        options
    };
    std::fs::write(folder.join("contacts.ldjson"), &contact).unwrap();
    let never = Processing::After(Duration::from_hours(100));
    harness.simulator.set_processing(never);
    let report = harness.push_with(options()).await;
    assert_eq!(report.verdict, Verdict::TimedOut, "{report:#?}");

    // Its upload is given up, and its content sent again, while the account is still tried.
    harness.simulator.set_processing(Processing::Immediate);
    harness.fault_of_uploads(Effect::TooManyRequests(RetryAfter::Seconds(1)), 1);
    let accounts = account("a", OLD, "A");
    std::fs::write(folder.join("accounts.ldjson"), accounts).unwrap();
    let client = later(&harness, 7);
    let push = || client.push(harness.integration_id, options());
    let report = push().await.unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert!(harness.simulator.object("CONTACT", "c").is_some());
    let calls = harness.simulator.upload_history().len();
    let report = push().await.unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    assert_eq!(harness.simulator.upload_history().len(), calls);
}
