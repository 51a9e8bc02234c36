//! Odd verdicts, lost uploads, and the history of what was uploaded.

use std::time::Duration;

use gong_sim::{Effect, Fault, Operation, Processing, Simulator, Verdict};
use serde_json::{Value, json};

use crate::support::{get, status, upload};

const ACCOUNT: &str = r#"{"objectId":"a1","modifiedDate":"2024-05-01T10:00:00Z"}"#;

/// A simulator in whose next upload something goes wrong.
async fn with_upload_fault(effect: Effect) -> (Simulator, i64) {
    let fault = Fault::new(effect).on(Operation::UploadEntities).nth(1);
    let sim = Simulator::builder().virtual_time().fault(fault);
    let sim = sim.start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    (sim, id)
}

#[tokio::test]
async fn scripted_verdict_is_returned_at_every_poll() {
    for (verdict, property, expected) in [
        (
            Verdict::new().set("errors", json!([null, {"line": "2", "description": "odd"}])),
            "errors",
            json!([null, {"line": "2", "description": "odd"}]),
        ),
        (
            Verdict::new().set("errors", json!([{"line": 3.0}, {"line": -1}])),
            "errors",
            json!([{"line": 3.0}, {"line": -1}]),
        ),
        (
            Verdict::new().set("totalErrorCount", i64::MAX),
            "totalErrorCount",
            json!(i64::MAX),
        ),
        (Verdict::new().set("status", "FAILED"), "errors", json!([])),
        (
            Verdict::new().remove("totalSuccessCount"),
            "totalSuccessCount",
            Value::Null,
        ),
    ] {
        let (sim, id) = with_upload_fault(Effect::Verdict(verdict)).await;
        upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
        for _ in 0..2 {
            let answer = status(&sim, id, "up").await.json();
            assert_eq!(answer[property], expected, "{answer}");
        }
        assert_eq!(sim.object_count("ACCOUNT"), 1);
    }
}

#[tokio::test]
async fn scripted_verdict_waits_for_the_end_and_can_apply_nothing() {
    let verdict = Verdict::new().set("status", "FAILED").applies_nothing();
    let (sim, id) = with_upload_fault(Effect::Verdict(verdict)).await;
    sim.set_processing(Processing::Polls(1));
    upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    assert_eq!(status(&sim, id, "up").await.json()["status"], "PENDING");
    assert_eq!(status(&sim, id, "up").await.json()["status"], "FAILED");
    assert_eq!(sim.object_count("ACCOUNT"), 0);
}

#[tokio::test]
async fn verdict_is_read_from_json() {
    let text = r#"{"effect":{"verdict":{"set":{"status":"DONE","errors":[null]},"remove":["totalErrorCount"],"appliesNothing":true}}}"#;
    let fault: Fault = serde_json::from_str(text).unwrap();
    let expected = Verdict::new()
        .set("status", "DONE")
        .set("errors", json!([null]))
        .remove("totalErrorCount")
        .applies_nothing();
    assert_eq!(fault, Fault::new(Effect::Verdict(expected)));
    let misspelt = r#"{"effect":{"verdict":{"sets":{}}}}"#;
    assert!(serde_json::from_str::<Fault>(misspelt).is_err());
}

#[tokio::test]
async fn lost_upload_is_unknown_and_its_id_free() {
    let (sim, id) = with_upload_fault(Effect::LoseUpload).await;
    sim.set_rule("unknown-request-is-400", false).unwrap();
    let accepted = upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    assert_eq!(accepted.status, 201);
    status(&sim, id, "up")
        .await
        .assert_error(404, "was not found");
    assert_eq!(sim.object_count("ACCOUNT"), 0);
    assert_eq!(upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await.status, 201);
    assert_eq!(status(&sim, id, "up").await.json()["status"], "DONE");
}

#[tokio::test]
async fn upload_that_is_unknown_for_a_while_is_processed_later() {
    let (sim, id) = with_upload_fault(Effect::UnknownFor(Duration::from_mins(1))).await;
    upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    sim.advance(Duration::from_secs(59));
    assert_eq!(status(&sim, id, "up").await.status, 400);
    assert_eq!(sim.object_count("ACCOUNT"), 0);
    assert_eq!(upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await.status, 409);
    sim.advance(Duration::from_secs(1));
    assert_eq!(status(&sim, id, "up").await.json()["status"], "DONE");
    assert_eq!(sim.object_count("ACCOUNT"), 1);
}

#[tokio::test]
async fn one_upload_can_have_its_own_processing_time() {
    let (sim, id) = with_upload_fault(Effect::Processing(Processing::Never)).await;
    upload(&sim, id, "ACCOUNT", "stuck", ACCOUNT).await;
    upload(&sim, id, "ACCOUNT", "next", ACCOUNT).await;
    sim.advance(Duration::from_hours(24));
    assert_eq!(status(&sim, id, "stuck").await.json()["status"], "PENDING");
    assert_eq!(status(&sim, id, "next").await.json()["status"], "DONE");
}

#[tokio::test]
async fn fault_lasts_by_the_simulators_clock() {
    let sim = Simulator::builder().virtual_time().start().await.unwrap();
    let outage = Fault::new(Effect::Status(500)).lasting(Duration::from_mins(10));
    sim.add_fault(outage).unwrap();
    for (wait, expected) in [(0, 500), (599, 500), (1, 200)] {
        sim.advance(Duration::from_secs(wait));
        assert_eq!(get(&sim, "/v2/crm/integrations").await.status, expected);
    }
}

#[tokio::test]
async fn history_of_uploads_has_the_files_in_order() {
    let sim = Simulator::builder()
        .keep_bodies(2_000)
        .start()
        .await
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let padded = |name: &str| ACCOUNT.replace("a1", &format!("a1\",\"name\":\"{name:>700}"));
    for name in ["one", "two", "three"] {
        upload(&sim, id, "ACCOUNT", name, padded(name)).await;
    }
    upload(
        &sim,
        id,
        "ACCOUNT",
        "large",
        ACCOUNT.to_owned() + &" ".repeat(3_000),
    )
    .await;
    let history = sim.upload_history();
    let kept: Vec<_> = history
        .iter()
        .map(|upload| (upload.client_request_id.as_str(), upload.file_text()))
        .collect();
    let (two, three) = (padded("two"), padded("three"));
    assert_eq!(
        kept,
        [
            ("one", None),
            ("two", Some(two.into())),
            ("three", Some(three.into())),
            ("large", None),
        ]
    );
    let bodies: Vec<_> = sim
        .requests()
        .iter()
        .map(|request| {
            request
                .body_text()
                .is_some_and(|body| body.contains("name=\"dataFile\""))
        })
        .collect();
    assert_eq!(bodies, [false, true, true, false]);
}

#[tokio::test]
async fn request_bodies_are_kept_as_they_were_sent() {
    let sim = Simulator::start().await.unwrap();
    let body = r#"{"name": "Acme",  "ownerEmail": "a@b.example"}"#;
    crate::support::json(&sim, reqwest::Method::PUT, "/v2/crm/integrations", body).await;
    assert_eq!(sim.requests()[0].body_text().unwrap(), body);
}
