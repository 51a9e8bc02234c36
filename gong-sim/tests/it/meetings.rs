//! Meetings and the integration status of users.

use gong_sim::{GongUser, Simulator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, json};

fn meeting(organizer: &str) -> Value {
    json!({
        "startTime": "2026-02-03T10:00:00+01:00",
        "endTime": "2026-02-03T10:30:00+01:00",
        "invitees": [{"email": "zoe@borealis.example"}],
        "organizerEmail": organizer,
    })
}

async fn create(sim: &Simulator, body: &Value) -> Reply {
    json(sim, Method::POST, "/v2/meetings", &body.to_string()).await
}

#[tokio::test]
async fn meeting_is_created_changed_and_deleted() {
    let sim = Simulator::start().await.unwrap();
    let created = create(&sim, &meeting("ada@acme.example")).await.json();
    let id = created["meetingId"].as_str().unwrap();
    assert!(
        id.len() == 19 && id.parse::<i64>().is_ok(),
        "{id} does not fit 64 bits"
    );
    assert!(
        created["meetingUrl"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    assert_eq!(
        created["additionalInvitees"],
        json!([{"email": "assistant@gong.example", "displayName": "Gong Meeting Assistant"}])
    );

    let path = format!("/v2/meetings/{id}");
    let updated = json(
        &sim,
        Method::PUT,
        &path,
        &meeting("ada@acme.example").to_string(),
    )
    .await;
    assert_eq!(
        (updated.status, &updated.json()["meetingId"]),
        (200, &json!(id))
    );

    let body = r#"{"organizerEmail":"ada@acme.example"}"#;
    assert_eq!(sim.meetings()[0]["meetingId"], id);
    let deleted = json(&sim, Method::DELETE, &path, body).await;
    assert_eq!((deleted.status, deleted.text.as_str()), (200, body));
    json(&sim, Method::DELETE, &path, body)
        .await
        .assert_error(404, "The given meeting ID was not found.");
}

#[tokio::test]
async fn organizer_must_exist_and_be_ready() {
    let sim = Simulator::builder()
        .user(GongUser::new("ready@acme.example"))
        .user(GongUser::new("silent@acme.example").without_consent_page())
        .user(GongUser::new("cut@acme.example").with_disconnected_provider())
        .start()
        .await
        .unwrap();
    assert_eq!(
        create(&sim, &meeting("Ready@Acme.example")).await.status,
        200
    );
    create(&sim, &meeting("nobody@acme.example"))
        .await
        .assert_error(404, "nobody@acme.example");

    let rejected = create(&sim, &meeting("cut@acme.example")).await;
    rejected.assert_error(409, "Provider disconnected");
    assert_eq!(
        (&rejected.json()["fixUrl"], &rejected.json()["helpUrl"]),
        (&json!(""), &json!(""))
    );
    let rejected = create(&sim, &meeting("silent@acme.example")).await.json();
    assert_eq!(
        rejected["userFacingError"],
        "The Gong consent page is not enabled in your company. Contact your Gong Admin."
    );

    let emails =
        json!({"emails": ["ready@acme.example", "silent@acme.example", "nobody@acme.example"]});
    let status = json(
        &sim,
        Method::POST,
        "/v2/meetings/integration/status",
        &emails.to_string(),
    )
    .await
    .json();
    let users = status["users"].as_array().unwrap();
    let seen: Vec<_> = users
        .iter()
        .map(|user| (user["exists"].clone(), user["valid"].clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (json!(true), json!(true)),
            (json!(true), json!(false)),
            (json!(false), json!(false))
        ]
    );
    assert!(users[1]["fixUrl"].as_str().unwrap().starts_with("https://"));
}

#[tokio::test]
async fn malformed_meetings_are_rejected() {
    let sim = Simulator::start().await.unwrap();
    for (name, value, message) in [
        ("startTime", Value::Null, "[startTime]"),
        ("startTime", json!("tomorrow"), "[startTime]"),
        ("endTime", json!(7), "[endTime]"),
        ("invitees", Value::Null, "[invitees]"),
        ("invitees", json!("zoe@borealis.example"), "[invitees]"),
        ("invitees", json!(["zoe@borealis.example"]), "[invitees]"),
        ("invitees", json!([{"email": 7}]), "[invitees.email]"),
        ("organizerEmail", json!(""), "[organizerEmail]"),
        ("title", json!({}), "[title]"),
    ] {
        let mut body = meeting("ada@acme.example");
        body[name] = value;
        create(&sim, &body).await.assert_error(400, message);
    }
    for id in ["x", "123456789012345678901", "-1"] {
        let path = format!("/v2/meetings/{id}");
        let body = meeting("ada@acme.example").to_string();
        json(&sim, Method::PUT, &path, &body)
            .await
            .assert_error(400, "20 digits");
    }
    let many: Vec<_> = (0..101)
        .map(|number| format!("u{number}@acme.example"))
        .collect();
    let body = json!({ "emails": many }).to_string();
    json(&sim, Method::POST, "/v2/meetings/integration/status", &body)
        .await
        .assert_error(400, "100");
}

#[tokio::test]
async fn company_outside_the_limited_release_is_forbidden() {
    let sim = Simulator::builder()
        .rule("meetings-limited-release", true)
        .start()
        .await
        .unwrap();
    create(&sim, &meeting("ada@acme.example"))
        .await
        .assert_error(403, "limited release");
    let status = json(&sim, Method::POST, "/v2/meetings/integration/status", "{}").await;
    status.assert_error(403, "limited release");
}

#[tokio::test]
async fn meeting_responses_follow_their_switches() {
    let sim = Simulator::builder()
        .rule("meeting-id-twenty-digits", true)
        .rule("meetings-name-assistant", false)
        .start()
        .await
        .unwrap();
    let created = create(&sim, &meeting("ada@acme.example")).await.json();
    assert_eq!(created["meetingId"].as_str().unwrap().len(), 20);
    assert_eq!(created["additionalInvitees"], json!([]));
}
