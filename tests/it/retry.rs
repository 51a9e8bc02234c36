//! Nothing is sent twice and nothing is abandoned too early, whatever happens to a response.

use std::path::Path;
use std::time::Duration;

use gong_crm::push::{ACCOUNT_DELAY, Options, Report, Status, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::retry::RetryLimits;
use gong_crm::{Client, Credentials, ErrorKind};
use serde_json::json;
use tempfile::TempDir;

use crate::support::calls;
use crate::support::clock::RecordingClock;
use crate::support::script::{Log, Scripted, Step, answer};
use crate::support::snapshot::snapshot;
use crate::support::workspace;

/// Records that go in one upload.
const LINES: &str = concat!(
    r#"{"objectId":"a-1","modifiedDate":"2026-01-15T09:30:00Z","name":"Acme"}"#,
    "\n",
    r#"{"objectId":"a-2","modifiedDate":"2026-01-15T09:30:00Z","name":"Bolt"}"#,
    "\n",
);

fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in files {
        std::fs::write(folder.path().join(name), LINES).unwrap();
    }
    folder
}

async fn push(gong: &Scripted, path: &Path) -> Report {
    let options = Options::new([path]).unchecked();
    gong.client
        .push(calls::integration_id(), options)
        .await
        .unwrap()
}

fn stored() -> Step {
    answer(
        201,
        json!({"requestId": "4al", "clientRequestId": "as sent"}),
    )
}

fn status(word: &str) -> Step {
    let good = if word == "DONE" { 2 } else { 0 };
    answer(
        200,
        json!({"status": word, "errors": [], "totalErrorCount": 2 - good, "totalSuccessCount": good}),
    )
}

fn conflict() -> Step {
    answer(
        409,
        json!({"requestId": "4al", "errors": ["clientRequestId was used before"]}),
    )
}

fn unknown_id() -> Step {
    answer(
        400,
        json!({"requestId": "4al", "errors": ["Unknown clientRequestId"]}),
    )
}

#[tokio::test]
async fn conflict_on_an_id_that_was_not_sent_stops_the_push() {
    let gong = Scripted::start([conflict(), status("DONE")]).await;
    let folder = folder(&["accounts.ldjson", "contacts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!(report.verdict, Verdict::Unknown);
    let reason = report.files[0].reason.as_ref().unwrap();
    assert!(reason.contains("another copy of this ledger"), "{reason}");
    snapshot(
        "retry__conflict_not_sent",
        "A 409 for an id that this ledger never sent, and that Gong knows: another copy of it has \
         been at work.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn conflict_on_an_id_that_gong_does_not_know_is_another_refusal() {
    let refused = answer(
        409,
        json!({"requestId": "4al", "errors": ["Integration is being deleted"]}),
    );
    let gong = Scripted::start([refused, unknown_id(), unknown_id(), unknown_id()]).await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!(report.verdict, Verdict::Failed, "{report:#?}");
    let reason = report.files[0].reason.as_ref().unwrap();
    assert!(reason.contains("Integration is being deleted"), "{reason}");
    gong.transcript().await;
}

#[tokio::test]
async fn conflict_after_another_refusal_may_be_a_late_arrival() {
    let gong = Scripted::start([
        limited(&[("retry-after", "1")]),
        conflict(),
        stored(),
        status("DONE"),
        // Gong is asked about the first one as long as it may be processed.
        status("IN_PROGRESS"),
    ])
    .await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 2));
    let transcript = gong.transcript().await;
    assert!(
        transcript.contains("-2&integrationId"),
        "under a new id: {transcript}"
    );
}

#[tokio::test]
async fn verdict_whose_errors_name_no_record_is_not_done() {
    for (errors, successes) in [
        (json!(["something"]), json!(null)),
        (json!("all lines were ignored"), json!(null)),
        (json!([null]), json!(null)),
        (json!([]), json!(-1)),
        (json!([]), json!("4 of 5")),
    ] {
        let odd = json!({"status": "DONE", "errors": errors, "totalSuccessCount": successes});
        let gong = Scripted::start([stored(), answer(200, odd.clone())]).await;
        let folder = folder(&["accounts.ldjson"]);
        let report = push(&gong, folder.path()).await;
        assert_eq!(report.verdict, Verdict::Unknown, "{odd}: {report:#?}");
        assert_eq!(report.accepted(), 0, "{odd}");
        gong.transcript().await;
    }
}

#[tokio::test]
async fn conflict_after_a_lost_response_is_a_late_arrival() {
    let gong = Scripted::start([
        Step::Lose,
        unknown_id(),
        unknown_id(),
        unknown_id(),
        conflict(),
        status("IN_PROGRESS"),
        status("PENDING"),
        status("DONE"),
    ])
    .await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 2));
    snapshot(
        "retry__conflict_late",
        "The first try arrived late: a 409 for an id of ours means that Gong has it.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn lost_response_is_looked_up_before_sending_again() {
    let gong = Scripted::start([
        Step::Lose,
        unknown_id(),
        unknown_id(),
        unknown_id(),
        stored(),
        status("DONE"),
    ])
    .await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 2));
    snapshot(
        "retry__lost_and_unknown",
        "Gong does not know the id after a lost answer: the same id is sent once more.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn upload_with_lost_response_is_sent_once() {
    let gong = Scripted::start([Step::Lose, status("PENDING"), status("DONE")]).await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 2));
    snapshot(
        "retry__lost_and_known",
        "Gong knows the id after a lost answer: nothing is sent again.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn server_error_is_asked_about_before_sending_again() {
    let gong = Scripted::start([
        answer(503, json!({"errors": ["Internal server error occurred"]})),
        status("DONE"),
    ])
    .await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!((report.verdict, report.accepted()), (Verdict::Done, 2));
    gong.transcript().await;
}

#[tokio::test]
async fn rate_limit_is_waited_out() {
    let gong = Scripted::start([
        Step::Answer {
            status: 429,
            headers: &[("retry-after", "45")],
            body: json!({"errors": ["API request limit exceeded"]}),
        },
        stored(),
        status("DONE"),
    ])
    .await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!(report.verdict, Verdict::Done);
    snapshot(
        "retry__rate_limit",
        "A limited upload is sent again under the same id, after the pause that Gong asks for.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn wrong_credentials_stop_the_push() {
    let gong = Scripted::start([answer(401, json!({"errors": ["Company is inactive"]}))]).await;
    let folder = folder(&["accounts.ldjson", "contacts.ldjson", "stages.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(
        report.cause.as_ref().unwrap().kind(),
        ErrorKind::Unauthorized
    );
    let states: Vec<Status> = report.files.iter().map(|file| file.status).collect();
    assert_eq!(states, [Status::NotSent; 3]);
    gong.transcript().await;
}

#[tokio::test]
async fn outcome_that_stays_unknown_is_reported_as_unknown() {
    let mut steps = Vec::new();
    for _ in 0..5 {
        steps.push(Step::Lose);
        steps.extend((0..3).map(|_| unknown_id()));
    }
    let gong = Scripted::start(steps).await;
    let folder = folder(&["accounts.ldjson"]);
    let report = push(&gong, folder.path()).await;
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(report.cause.as_ref().unwrap().is_outcome_unknown());
    assert_eq!(report.unfinished().len(), 1);
    let transcript = gong.transcript().await;
    let ids: std::collections::BTreeSet<&str> = transcript
        .lines()
        .filter_map(|line| line.split("clientRequestId=").nth(1)?.split('&').next())
        .collect();
    assert_eq!(
        ids.len(),
        1,
        "never another id while the outcome is unknown: {ids:?}"
    );
}

#[tokio::test]
async fn types_are_sent_in_the_order_of_their_references() {
    let simulator = gong_sim::Simulator::start().await.unwrap();
    let clock = RecordingClock::new(Vec::new(), Log::default());
    let credentials =
        Credentials::access_key(simulator.access_key(), simulator.access_key_secret());
    let client = Client::builder()
        .base_url(simulator.base_url())
        .credentials(credentials)
        .clock(clock.clone())
        .rate_limit(RateLimit::unlimited())
        .build()
        .unwrap();
    let integration_id = simulator.register_integration("Acme CRM", "ada.king@acme.example");
    let examples = workspace("examples/acme");
    let report = client
        .push(integration_id.into(), Options::new([examples]).unchecked())
        .await
        .unwrap();
    assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
    let long = |pause: &Duration| *pause > ACCOUNT_DELAY / 2 && *pause <= ACCOUNT_DELAY;
    let delays = clock.pauses().into_iter().filter(long);
    assert_eq!(
        delays.count(),
        1,
        "the account delay comes once, before what refers to accounts"
    );

    let sent: Vec<String> = simulator
        .requests()
        .iter()
        .filter_map(|request| {
            let named = request.query.as_deref()?.split("objectType=").nth(1)?;
            Some(named.split('&').next()?.to_owned())
        })
        .collect();
    let first = |object_type: &str| sent.iter().position(|of| of == object_type).unwrap();
    for (after, before) in [
        ("CONTACT", "ACCOUNT"),
        ("DEAL", "ACCOUNT"),
        ("DEAL", "STAGE"),
        ("DEAL", "BUSINESS_USER"),
        ("LEAD", "CONTACT"),
    ] {
        assert!(
            first(after) > first(before),
            "{after} goes after {before}: {sent:?}"
        );
    }
}

fn integrations() -> Step {
    answer(200, json!({"requestId": "4al", "integrations": []}))
}

fn refusal(status: u16) -> Step {
    answer(status, json!({"requestId": "4al", "errors": ["Not now"]}))
}

fn limited(seconds: &'static [(&'static str, &'static str)]) -> Step {
    Step::Answer {
        status: 429,
        headers: seconds,
        body: json!({"requestId": "4al", "errors": ["API request limit exceeded"]}),
    }
}

#[tokio::test]
async fn idempotent_call_is_repeated_after_a_transient_failure() {
    let steps = [
        Step::Lose,
        refusal(503),
        limited(&[("retry-after", "7")]),
        integrations(),
    ];
    let gong = Scripted::start(steps).await;
    assert!(gong.client.integrations().await.unwrap().is_empty());
    snapshot(
        "retry__question",
        "A lost answer, a 503 and a 429 pass; the wait that Gong names is kept.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn list_of_integrations_that_cannot_be_read_is_no_empty_list() {
    for body in [
        json!({"requestId": "4al"}),
        json!({"requestId": "4al", "integrations": null}),
        json!({"requestId": "4al", "integrations": [{"name": "Acme CRM"}]}),
    ] {
        let gong = Scripted::start([answer(200, body.clone())]).await;
        let error = gong.client.integrations().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedResponse, "{body}");
        gong.transcript().await;
    }
}

#[tokio::test]
async fn idempotent_call_is_given_up_after_four_tries() {
    let gong = Scripted::start((0..4).map(|_| refusal(503))).await;
    let error = gong.client.integrations().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    gong.transcript().await;
    let gong = Scripted::start([limited(&[("retry-after", "31")])]).await;
    let error = gong.client.integrations().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    gong.transcript().await;
    let gong = Scripted::start([refusal(403)]).await;
    gong.client.integrations().await.unwrap_err();
    gong.transcript().await;
}

#[tokio::test]
async fn non_idempotent_call_is_retried_only_if_rejected() {
    let made = answer(201, json!({"requestId": "4al", "meetingId": "17"}));
    let gong = Scripted::start([limited(&[("retry-after", "1")]), made]).await;
    let meeting = calls::meeting();
    gong.client.add_meeting(&meeting).await.unwrap();
    gong.transcript().await;
    for step in [refusal(503), Step::Lose, conflict()] {
        let gong = Scripted::start([step]).await;
        gong.client.add_meeting(&meeting).await.unwrap_err();
        gong.transcript().await;
    }
    // A replacement is idempotent.
    let replaced = answer(200, json!({"requestId": "4al"}));
    let gong = Scripted::start([refusal(503), replaced]).await;
    let id = "17".parse().unwrap();
    gong.client.update_meeting(&id, &meeting).await.unwrap();
    gong.transcript().await;
}

#[tokio::test]
async fn endless_retry_after_is_not_waited_for() {
    let gong = Scripted::start([
        answer(502, json!("bad gateway")),
        limited(&[("retry-after", "18446744073709551615")]),
    ])
    .await;
    let mut limits = RetryLimits::CALL;
    limits.initial_backoff = Duration::from_secs(2);
    limits.max_retry_after = Duration::MAX;
    let client = Client::builder()
        .base_url(gong.client.base_url())
        .credentials(Credentials::bearer_token("token"))
        .clock(gong.clock.clone())
        .rate_limit(RateLimit::unlimited())
        .retry_limits(limits)
        .build()
        .unwrap();
    let error = client.integrations().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(u64::MAX)));
}
