//! Messages for error responses of Gong or of a server in its place.

use std::fmt::Write as _;
use std::time::Duration;

use gong_crm::upload::Upload;
use gong_crm::{Client, Credentials, Error, ErrorKind, ObjectType};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::failure::pin;
use crate::support::{KEY, SECRET, calls, client, refused, server};

fn gongs_error(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("x-traceid", "4al018gzaztcr8nbukw")
        .set_body_json(json!({"requestId": "4al018gzaztcr8nbukw", "errors": [message]}))
}

fn page(status: u16) -> ResponseTemplate {
    let page = "<html><body><h1>Acme proxy</h1></body></html>";
    ResponseTemplate::new(status).set_body_raw(page, "text/html; charset=utf-8")
}

async fn listing(answer: ResponseTemplate) -> Error {
    let server = server(answer).await;
    refused(client(&server.uri()).integrations().await)
}

async fn asking_status(answer: ResponseTemplate) -> Error {
    let server = server(answer).await;
    let client = client(&server.uri());
    let outcome = client
        .request_status(calls::integration_id(), &calls::client_request_id())
        .await;
    refused(outcome)
}

async fn reading(answer: ResponseTemplate) -> Error {
    let server = server(answer).await;
    let client = client(&server.uri());
    let outcome = client
        .objects(
            calls::integration_id(),
            ObjectType::Account,
            &calls::object_ids(),
        )
        .await;
    refused(outcome)
}

async fn booking(answer: ResponseTemplate) -> Error {
    let server = server(answer).await;
    refused(client(&server.uri()).add_meeting(&calls::meeting()).await)
}

#[tokio::test]
async fn malformed_request_is_reported_in_gongs_words() {
    let server = server(gongs_error(400, "dataFile part is missing")).await;
    let upload = refused(calls::upload_of(&client(&server.uri()), calls::LINES.as_bytes()).await);
    assert_eq!(upload.status(), Some(400));
    assert_eq!(upload.request_id(), Some("4al018gzaztcr8nbukw"));
    assert_eq!(
        upload.client_request_id(),
        Some(&calls::client_request_id())
    );
    let errors = [
        ("upload, 400", upload),
        (
            "objects, 415",
            reading(gongs_error(415, "Unsupported Media Type")).await,
        ),
    ];
    pin(
        "answers__malformed",
        "Gong calls the request malformed.",
        &errors,
    );
}

#[tokio::test]
async fn wrong_credentials_and_missing_scopes_are_distinguished() {
    let scope = "You don't have permission to use 'api:crm:integrations:read' in your app.";
    let errors = [
        (
            "401, bad credentials",
            listing(gongs_error(401, "Company is inactive")).await,
        ),
        ("401, missing scope", listing(gongs_error(401, scope)).await),
    ];
    pin(
        "answers__unauthorized",
        "Both are 401; only Gong's words tell that a scope is missing.",
        &errors,
    );
}

#[tokio::test]
async fn forbidden_means_the_wrong_host_or_limited_release() {
    let errors = [
        ("CRM, 403", listing(gongs_error(403, "Forbidden")).await),
        (
            "meetings, 403",
            booking(gongs_error(403, "Not enabled")).await,
        ),
    ];
    pin(
        "answers__forbidden",
        "What 403 means depends on the operation.",
        &errors,
    );
}

#[tokio::test]
async fn a_page_in_place_of_gongs_json_is_kept_and_explained() {
    let errors = [
        ("404, HTML", listing(page(404)).await),
        ("502, HTML", asking_status(page(502)).await),
        ("200, HTML", listing(page(200)).await),
    ];
    pin(
        "answers__pages",
        "A proxy or another web server answers instead of Gong.",
        &errors,
    );
}

#[tokio::test]
async fn broken_json_response_is_kept_and_explained() {
    let cut = ResponseTemplate::new(200).set_body_raw(r#"{"requestId": "4al"#, "application/json");
    let other = ResponseTemplate::new(200).set_body_json(json!(["not", "an", "object"]));
    let errors = [
        ("200, cut JSON", asking_status(cut).await),
        ("200, JSON of another shape", asking_status(other).await),
    ];
    pin(
        "answers__broken_json",
        "The answer is not the JSON that it should be.",
        &errors,
    );
}

#[tokio::test]
async fn conflict_has_the_fix() {
    // As recorded; the links were empty texts.
    let recorded = json!({
        "requestId": "4al018gzaztcr8nbukw",
        "errors": ["Provider disconnected"],
        "userFacingError": "Google Meet is disconnected from Gong.",
        "fixUrl": "",
        "helpUrl": "https://help.gong.io/docs/meetings",
    });
    let active = "Your organization already has an active GENERIC CRM integration.";
    let server = server(gongs_error(409, active)).await;
    let registered = client(&server.uri())
        .register_integration("Acme", "a@acme.com")
        .await;
    let errors = [
        (
            "meetings, 409",
            booking(ResponseTemplate::new(409).set_body_json(recorded)).await,
        ),
        ("registration, 409", refused(registered)),
    ];
    pin(
        "answers__conflict",
        "The request is at odds with what is there.",
        &errors,
    );
}

#[tokio::test]
async fn the_wait_that_gong_asks_for_is_read_in_every_spelling() {
    let limit = |header: &str| {
        gongs_error(429, "API request limit exceeded").insert_header("retry-after", header)
    };
    let in_an_hour = Timestamp::now() + SignedDuration::from_hours(1);
    let date = in_an_hour.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let dated = asking_status(limit(&date)).await.retry_after().unwrap();
    assert!(
        (Duration::from_secs(3500)..=Duration::from_hours(1)).contains(&dated),
        "{dated:?}"
    );
    let errors = [
        ("seconds", asking_status(limit("7")).await),
        (
            "a date that has passed",
            asking_status(limit("Sun, 06 Nov 1994 08:49:37 GMT")).await,
        ),
        ("nonsense", asking_status(limit("soon")).await),
        (
            "absent",
            asking_status(gongs_error(429, "API request limit exceeded")).await,
        ),
    ];
    let waits = errors.each_ref().map(|(_, error)| error.retry_after());
    let seconds = |count| Some(Duration::from_secs(count));
    assert_eq!(waits, [seconds(7), seconds(0), None, None]);
    pin(
        "answers__rate_limited",
        "Gong has had too many calls.",
        &errors,
    );
}

#[tokio::test]
async fn a_redirect_is_explained_and_never_followed() {
    let elsewhere = server(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let location = format!("{}/v2/crm/integrations", elsewhere.uri());
    let error = listing(ResponseTemplate::new(302).insert_header("location", location)).await;
    assert_eq!(error.kind(), ErrorKind::Redirected);
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);

    let location = "https://us-12345.api.gong.io/v2/crm/integrations";
    let to_gong = ResponseTemplate::new(302).insert_header("location", location);
    let errors = [
        ("302", listing(to_gong).await),
        (
            "302 without a target",
            listing(ResponseTemplate::new(302)).await,
        ),
    ];
    pin(
        "answers__redirected",
        "The base URL leads elsewhere.",
        &errors,
    );
}

#[tokio::test]
async fn a_failure_of_gongs_own_leaves_the_outcome_of_a_change_open() {
    let broken = || gongs_error(500, "Internal server error occurred");
    let server = server(broken()).await;
    let upload = calls::upload_of(&client(&server.uri()), calls::LINES.as_bytes()).await;
    let errors = [
        ("upload, 500", refused(upload)),
        ("status, 500", asking_status(broken()).await),
        (
            "status, 503 without a body",
            asking_status(ResponseTemplate::new(503)).await,
        ),
    ];
    pin("answers__unavailable", "Gong fails.", &errors);
}

#[tokio::test]
async fn trace_id_replaces_a_missing_request_id() {
    let error = listing(page(502).insert_header("x-traceid", "4al018gzaztcr8nbukw")).await;
    assert_eq!(error.request_id(), Some("4al018gzaztcr8nbukw"));
}

#[tokio::test]
async fn no_secret_is_ever_printed() {
    let server = server(gongs_error(401, "Company is inactive")).await;
    let token = "a.bearer.token";
    let credentials = [
        Credentials::access_key(KEY, SECRET),
        Credentials::bearer_token(token),
    ];
    for credentials in credentials {
        let mut printed = format!("{credentials:?}");
        let client = Client::builder()
            .base_url(server.uri())
            .credentials(credentials)
            .build()
            .unwrap();
        let _ = write!(printed, "{client:?}{client:#?}");
        let error = refused(client.integrations().await);
        let _ = write!(
            printed,
            "{error}{error:#}{error:?}{error:#?}{:?}",
            error.hint()
        );
        for secret in [SECRET, token, "QUJDREVGR0hJSjpleUow"] {
            assert!(!printed.contains(secret), "{secret} is in {printed}");
        }
        assert!(printed.contains(&server.uri()), "{printed}");
    }
    let broken = Client::builder()
        .credentials(Credentials::access_key(KEY, "se\ncret"))
        .build();
    // Base64 hides the line break; as a token it can't be sent.
    assert!(broken.is_ok());
    let broken = refused(
        Client::builder()
            .credentials(Credentials::bearer_token("se\ncret"))
            .build(),
    );
    assert_eq!(broken.kind(), ErrorKind::Configuration);
    assert!(
        !format!("{broken:?}{broken:#}").contains("cret\""),
        "{broken:?}"
    );
}

#[tokio::test]
async fn request_that_gong_would_not_accept_is_not_sent() {
    let server = server(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let client = client(&server.uri());
    let integration = calls::integration_id();
    let errors = [
        (
            "objects of a type that can't be read",
            refused(
                client
                    .objects(integration, ObjectType::Stage, &calls::object_ids())
                    .await,
            ),
        ),
        ("an empty file", {
            let error = refused(calls::upload_of(&client, b"").await);
            assert!(error.to_string().contains("is empty"), "{error}");
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            error
        }),
    ];
    let missing = Upload::new(
        integration,
        ObjectType::Lead,
        calls::client_request_id(),
        "no/such/leads.ldjson",
    );
    let missing = refused(client.upload(&missing, |_| {}).await);
    assert_eq!(missing.kind(), ErrorKind::File);
    assert!(
        missing.to_string().contains("no/such/leads.ldjson"),
        "{missing}"
    );
    for (title, error) in &errors {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{title}");
        assert!(
            !error.is_outcome_unknown() && !error.is_retryable(),
            "{title}"
        );
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn error_response_without_message_is_reported() {
    for body in [
        json!({}),
        json!({"requestId": null, "errors": null}),
        json!({"errors": []}),
    ] {
        let error = listing(ResponseTemplate::new(400).set_body_json::<&Value>(&body)).await;
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{body}");
        assert_eq!(
            error.to_string(),
            "GET /v2/crm/integrations: Gong answered 400 Bad Request",
            "{body}"
        );
    }
}
