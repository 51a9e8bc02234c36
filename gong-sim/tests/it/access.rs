//! Credentials, scopes, limits, headers, paths.

use std::time::Duration;

use gong_sim::{RateLimit, Simulator};
use reqwest::Method;

use crate::support::{get, request, send};

const PATH: &str = "/v2/crm/integrations";

#[tokio::test]
async fn request_without_valid_credentials_is_401() {
    let sim = Simulator::builder()
        .access_key("key", "secret")
        .start()
        .await
        .unwrap();
    let url = format!("{}{PATH}", sim.base_url());
    let client = crate::support::http();
    for request in [
        client.get(&url),
        client.get(&url).basic_auth("key", Some("wrong")),
        client.get(&url).basic_auth("key", None::<&str>),
        client.get(&url).bearer_auth("unknown"),
        client.get(&url).header("authorization", "Digest x"),
        client.get(&url).header("authorization", "Basic %%%"),
    ] {
        assert_eq!(send(request).await.status, 401);
    }
    assert_eq!(
        send(client.get(&url).basic_auth("key", Some("secret")))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn missing_scope_is_401_and_named() {
    let sim = Simulator::builder()
        .bearer_token("token", ["api:crm:upload"])
        .start()
        .await
        .unwrap();
    let client = crate::support::http();
    let listing = client
        .get(format!("{}{PATH}", sim.base_url()))
        .bearer_auth("token");
    let reply = send(listing).await;
    reply.assert_error(
        401,
        "You don't have permission to use 'api:crm:integrations:read' in your app.",
    );
    let asking = client
        .get(format!(
            "{}/v2/crm/request-status?integrationId=1&clientRequestId=x",
            sim.base_url()
        ))
        .bearer_auth("token");
    assert_eq!(send(asking).await.status, 400);
}

#[tokio::test]
async fn fourth_call_within_a_second_is_429() {
    let sim = Simulator::builder()
        .virtual_time()
        .rate_limit(RateLimit::gong())
        .start()
        .await
        .unwrap();
    for _ in 0..3 {
        assert_eq!(get(&sim, PATH).await.status, 200);
    }
    let rejected = get(&sim, PATH).await;
    rejected.assert_error(429, "limit exceeded");
    assert_eq!(rejected.headers["retry-after"], "1");
    sim.advance(Duration::from_secs(1));
    assert_eq!(get(&sim, PATH).await.status, 200);
}

#[tokio::test]
async fn answers_carry_the_recorded_headers() {
    let sim = Simulator::start().await.unwrap();
    for path in [PATH, "/v2/crm/entities", "/nothing/here"] {
        let reply = get(&sim, path).await;
        assert_eq!(
            reply.headers["content-type"],
            "application/json;charset=UTF-8"
        );
        assert_eq!(
            reply.headers["x-traceid"],
            reply.json()["requestId"].as_str().unwrap()
        );
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_get_json_responses() {
    let sim = Simulator::start().await.unwrap();
    for path in [
        "/",
        "/v2",
        "/v2/crm/integration/new",
        "/v2/meetings/1/2",
        "/v2/crm/entities/",
    ] {
        get(&sim, path).await.assert_error(404, "Not Found");
    }
    let reply = send(request(&sim, Method::PATCH, PATH)).await;
    reply.assert_error(405, "Method Not Allowed");
    assert_eq!(reply.headers["allow"], "GET, PUT, DELETE");
}

#[tokio::test]
async fn received_requests_are_shown_without_secrets() {
    let sim = Simulator::builder()
        .access_key("key", "very-secret")
        .start()
        .await
        .unwrap();
    get(&sim, &format!("{PATH}?a=b")).await;
    let received = &sim.requests()[0];
    assert_eq!(
        (received.line().as_str(), received.status),
        ("GET /v2/crm/integrations?a=b", 200)
    );
    assert_eq!(received.header("authorization"), Some("Basic ***"));
    assert!(!format!("{received:?}{sim:?}").contains("very-secret"));
}

#[tokio::test]
async fn stopped_simulator_frees_its_port() {
    let sim = Simulator::start().await.unwrap();
    let address = sim.address();
    get(&sim, PATH).await;
    sim.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());

    let sim = Simulator::start().await.unwrap();
    let address = sim.address();
    drop(sim);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn port_in_use_is_reported() {
    let sim = Simulator::start().await.unwrap();
    let error = Simulator::builder()
        .port(sim.address().port())
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("choose another port"), "{error}");
}
