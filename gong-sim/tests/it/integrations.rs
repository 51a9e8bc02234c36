//! Registers, lists and deletes the integration.

use std::time::Duration;

use gong_sim::{Processing, Simulator};
use reqwest::Method;
use serde_json::json;

use crate::support::{get, json, objects, request, send, status, upload};

const PATH: &str = "/v2/crm/integrations";
const BODY: &str = r#"{"name":"Acme CRM","ownerEmail":"admin@acme.example"}"#;

#[tokio::test]
async fn integration_is_registered_once_and_listed() {
    let sim = Simulator::start().await.unwrap();
    assert_eq!(get(&sim, PATH).await.json()["integrations"], json!([]));

    let reply = json(&sim, Method::PUT, PATH, BODY).await;
    assert_eq!(reply.status, 200);
    let id = reply.json()["integrationId"].as_i64().unwrap();
    assert!(id > 1 << 53, "{id} fits a floating point number");
    assert_eq!(
        get(&sim, PATH).await.json()["integrations"],
        json!([{"integrationId": id, "ownerEmail": "admin@acme.example", "name": "Acme CRM"}])
    );

    json(&sim, Method::PUT, PATH, BODY).await.assert_error(
        409,
        "Your organization already has an active GENERIC CRM integration. Only 1 active integration is \
         supported. Please disconnect the existing GENERIC CRM integration before creating a new Generic CRM \
         integration",
    );
}

#[tokio::test]
async fn registration_needs_name_and_owner() {
    let sim = Simulator::start().await.unwrap();
    for (body, message) in [
        ("{}", "[name]"),
        (r#"{"name":"x"}"#, "[ownerEmail]"),
        (r#"{"name":7,"ownerEmail":"a@b.example"}"#, "[name]"),
        ("[]", "must be an object"),
        ("{", "Json parse error"),
        ("", "body is missing"),
    ] {
        json(&sim, Method::PUT, PATH, body)
            .await
            .assert_error(400, message);
    }
    assert!(sim.integrations().is_empty());
}

#[tokio::test]
async fn deletion_takes_a_day_and_removes_the_objects() {
    let day = Duration::from_hours(24);
    let sim = Simulator::builder()
        .virtual_time()
        .deletion(Processing::After(day))
        .start()
        .await
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    upload(
        &sim,
        id,
        "STAGE",
        "up-1",
        r#"{"objectId":"won","name":"Won"}"#,
    )
    .await;
    assert_eq!(sim.object_count("STAGE"), 1);

    let path = format!("{PATH}?integrationId={id}&clientRequestId=del-1");
    let reply = send(request(&sim, Method::DELETE, &path)).await;
    assert_eq!(
        (reply.status, &reply.json()["clientRequestId"]),
        (201, &json!("del-1"))
    );
    assert_eq!(status(&sim, id, "del-1").await.json()["status"], "PENDING");
    sim.advance(day / 2);
    assert_eq!(
        status(&sim, id, "del-1").await.json()["status"],
        "IN_PROGRESS"
    );
    assert_eq!(json(&sim, Method::PUT, PATH, BODY).await.status, 409);
    sim.advance(day / 2);
    assert_eq!(status(&sim, id, "del-1").await.json()["status"], "DONE");
    assert_eq!(sim.object_count("STAGE"), 0);
    objects(&sim, id, "ACCOUNT", &["1"])
        .await
        .assert_error(400, "was not found");

    let registered = json(&sim, Method::PUT, PATH, BODY).await;
    assert_ne!(registered.json()["integrationId"], json!(id));
}
