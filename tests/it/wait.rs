//! Tests of waiting for a verdict: interval, time limit, and failures.

use std::time::Duration;

use gong_crm::ErrorKind;
use gong_crm::poll::{PollError, PollPolicy};
use gong_crm::status::RequestState;
use serde_json::json;

use crate::support::calls;
use crate::support::script::{Scripted, Step, answer};
use crate::support::snapshot::snapshot;

fn status(word: &str) -> Step {
    answer(200, json!({"requestId": "4al", "status": word}))
}

fn unknown_id() -> Step {
    answer(
        404,
        json!({"requestId": "4al", "errors": ["Request not found"]}),
    )
}

/// The outcome of a wait, and the report of each status check.
async fn wait(
    gong: &Scripted,
    patience: PollPolicy,
) -> (Result<RequestState, PollError>, Vec<String>) {
    let mut polled = Vec::new();
    let outcome = gong
        .client
        .wait(
            calls::integration_id(),
            &calls::client_request_id(),
            patience,
            |status| polled.push(status.status.to_string()),
        )
        .await;
    (outcome.map(|status| status.status), polled)
}

#[tokio::test]
async fn pauses_grow_to_the_longest_and_no_further() {
    let mut steps: Vec<Step> = (0..12).map(|_| status("IN_PROGRESS")).collect();
    steps.push(status("DONE"));
    let gong = Scripted::start(steps).await;
    let (outcome, polled) = wait(&gong, PollPolicy::UPLOAD).await;
    assert_eq!(outcome.unwrap(), RequestState::Done);
    assert_eq!(polled.len(), 13);
    let pauses = gong.clock.pauses();
    assert_eq!(pauses.len(), 12);
    assert!(pauses[0] >= Duration::from_secs(2), "{pauses:?}");
    for pause in &pauses {
        assert!(*pause <= Duration::from_secs(30), "{pauses:?}");
    }
    assert!(pauses[11] > Duration::from_secs(20), "{pauses:?}");
    gong.transcript().await;
}

#[tokio::test]
async fn words_that_are_not_the_end_are_waited_out() {
    let steps = ["PENDING", "IN_PROGRESS", "PAUSED", "FAILED"].map(status);
    let gong = Scripted::start(steps).await;
    let (outcome, polled) = wait(&gong, PollPolicy::UPLOAD).await;
    assert_eq!(outcome.unwrap(), RequestState::Failed);
    assert_eq!(polled, ["PENDING", "IN_PROGRESS", "PAUSED", "FAILED"]);
    snapshot(
        "wait__until_the_end",
        "One question a pause, until Gong says that it is done or failed.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn trouble_on_the_way_is_waited_out_as_long_as_gong_asks() {
    let gong = Scripted::start([
        Step::Answer {
            status: 429,
            headers: &[("retry-after", "17")],
            body: json!({"requestId": "4al", "errors": ["API request limit exceeded"]}),
        },
        Step::Lose,
        answer(502, json!("bad gateway")),
        status("DONE"),
    ])
    .await;
    let (outcome, polled) = wait(&gong, PollPolicy::UPLOAD).await;
    assert_eq!(outcome.unwrap(), RequestState::Done);
    assert_eq!(polled, ["DONE"]);
    assert_eq!(gong.clock.pauses()[0], Duration::from_secs(17));
    snapshot(
        "wait__trouble_on_the_way",
        "A rate limit, a lost connection and a bad gateway do not end the wait.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn a_wait_ends_when_its_time_is_up() {
    let gong = Scripted::start(["PENDING", "IN_PROGRESS"].map(status)).await;
    let mut patience = PollPolicy::UPLOAD.with_timeout(Duration::from_secs(11));
    patience.initial_interval = Duration::from_secs(6);
    patience.max_interval = Duration::from_secs(6);
    let (outcome, _) = wait(&gong, patience).await;
    let error = outcome.unwrap_err();
    let PollError::TimedOut {
        client_request_id,
        waited,
        polls,
        last,
    } = &error
    else {
        unreachable!("{error}");
    };
    assert_eq!(*client_request_id, calls::client_request_id());
    assert_eq!((*waited, *polls), (Duration::from_secs(6), 2));
    assert_eq!(last.as_ref().unwrap().status, RequestState::InProgress);
    assert_eq!(
        error.to_string(),
        "accounts-2026-03-01 is still processing after 6 s (status checks: 2)"
    );
    gong.transcript().await;
}

#[tokio::test]
async fn a_wait_that_gong_asks_for_beyond_the_time_is_not_begun() {
    let gong = Scripted::start([Step::Answer {
        status: 429,
        headers: &[("retry-after", "86400")],
        body: json!({"errors": ["API request limit exceeded"]}),
    }])
    .await;
    let (outcome, _) = wait(&gong, PollPolicy::UPLOAD).await;
    assert!(matches!(
        outcome,
        Err(PollError::TimedOut {
            polls: 1,
            last: None,
            ..
        })
    ));
    assert!(gong.clock.pauses().is_empty());
    gong.transcript().await;
}

#[tokio::test]
async fn an_id_that_gong_does_not_know_yet_is_asked_for_again() {
    let gong = Scripted::start([unknown_id(), unknown_id(), status("DONE")]).await;
    let (outcome, _) = wait(&gong, PollPolicy::UPLOAD).await;
    assert_eq!(outcome.unwrap(), RequestState::Done);
    gong.transcript().await;

    let gong = Scripted::start((0..5).map(|_| unknown_id())).await;
    let (outcome, _) = wait(&gong, PollPolicy::UPLOAD).await;
    let Err(PollError::Request(error)) = outcome else {
        unreachable!("an unknown id must become an error");
    };
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.client_request_id(), Some(&calls::client_request_id()));
    snapshot(
        "wait__unknown_id",
        "An id that Gong never comes to know is given up after five questions.",
        &gong.transcript().await,
    );
}

#[tokio::test]
async fn wrong_credentials_end_a_wait_at_once() {
    let gong = Scripted::start([answer(401, json!({"errors": ["Company is inactive"]}))]).await;
    let (outcome, _) = wait(&gong, PollPolicy::UPLOAD).await;
    assert!(
        matches!(&outcome, Err(PollError::Request(error)) if error.kind() == ErrorKind::Unauthorized),
        "{outcome:?}"
    );
    assert!(gong.clock.pauses().is_empty());
    gong.transcript().await;
}

#[tokio::test]
async fn a_wait_of_ages_that_gong_asks_for_is_a_time_that_is_up() {
    let gong = Scripted::start([
        status("PENDING"),
        Step::Answer {
            status: 429,
            headers: &[("retry-after", "18446744073709551615")],
            body: json!({"requestId": "4al", "errors": ["API request limit exceeded"]}),
        },
    ])
    .await;
    let (outcome, _) = wait(&gong, PollPolicy::UPLOAD).await;
    assert!(
        matches!(outcome, Err(PollError::TimedOut { polls: 2, .. })),
        "{outcome:?}"
    );
}
