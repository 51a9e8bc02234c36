//! Faults as a client sees them.

use std::io::Read as _;
use std::time::{Duration, Instant};

use gong_sim::{Effect, Fault, Operation, RetryAfter, Simulator};
use reqwest::Method;

use crate::support::{get, request, send, status, upload};

const PATH: &str = "/v2/crm/integrations";
const ACCOUNT: &str = r#"{"objectId":"a1","modifiedDate":"2024-05-01T10:00:00Z"}"#;

async fn with_fault(fault: Fault) -> (Simulator, i64) {
    let sim = Simulator::builder().fault(fault).start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    (sim, id)
}

fn upload_request(sim: &Simulator, id: i64) -> reqwest::RequestBuilder {
    let path = format!("/v2/crm/entities?integrationId={id}&objectType=ACCOUNT&clientRequestId=up");
    let form = reqwest::multipart::Form::new().text("dataFile", ACCOUNT);
    request(sim, Method::POST, &path).multipart(form)
}

#[tokio::test]
async fn lost_response_was_processed_and_reset_was_not() {
    for (effect, is_applied, body_is_read) in [
        (Effect::LoseAnswer, true, true),
        (Effect::ResetAfterBody, false, true),
        (Effect::ResetBeforeBody, false, false),
    ] {
        let (sim, id) = with_fault(
            Fault::new(effect.clone())
                .on(Operation::UploadEntities)
                .nth(1),
        )
        .await;
        upload_request(&sim, id).send().await.unwrap_err();
        assert_eq!(sim.object_count("ACCOUNT") == 1, is_applied, "{effect:?}");
        let received = &sim.requests()[0];
        assert_eq!(
            (received.status, received.body_size > 0),
            (0, body_is_read),
            "{effect:?}"
        );
        assert!(received.fault.is_some());

        let asked = status(&sim, id, "up").await;
        assert_eq!(asked.status, if is_applied { 200 } else { 400 });
        let again = upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
        assert_eq!(again.status, if is_applied { 409 } else { 201 });
    }
}

#[tokio::test]
async fn chosen_status_is_returned_the_given_number_of_times() {
    let (sim, id) = with_fault(
        Fault::new(Effect::Status(503))
            .on(Operation::RequestStatus)
            .times(2),
    )
    .await;
    upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(status(&sim, id, "up").await.status);
    }
    assert_eq!(seen, [503, 503, 200]);
}

#[tokio::test]
async fn pages_types_and_redirects_resemble_those_of_proxies() {
    let (sim, _) = with_fault(Fault::new(Effect::HtmlPage(502)).nth(1)).await;
    let page = get(&sim, PATH).await;
    assert_eq!(
        (page.status, &page.headers["content-type"]),
        (502, &"text/html".parse().unwrap())
    );
    assert!(page.text.contains("<h1>502 Bad Gateway</h1>"));

    sim.clear_faults();
    sim.add_fault(Fault::new(Effect::WrongContentType).times(1))
        .unwrap();
    assert_eq!(get(&sim, PATH).await.headers["content-type"], "text/plain");

    sim.add_fault(Fault::new(Effect::Redirect("https://us-1.api.gong.io/".into())).times(1))
        .unwrap();
    let redirect = get(&sim, PATH).await;
    assert_eq!(redirect.status, 307);
    assert_eq!(
        redirect.headers["location"],
        "https://us-1.api.gong.io/v2/crm/integrations"
    );
}

#[tokio::test]
async fn retry_after_has_every_form() {
    let (sim, _) = with_fault(Fault::new(Effect::Gzip).nth(1_000)).await;
    for (form, expected) in [
        (RetryAfter::Seconds(7), Some("7")),
        (RetryAfter::SecondsAsMilliseconds(7), Some("7000")),
        (RetryAfter::Fraction, Some("1.5")),
        (RetryAfter::Absent, None),
        (RetryAfter::Empty, Some("")),
        (RetryAfter::Garbage, Some("soon")),
        (RetryAfter::Negative, Some("-1")),
        (RetryAfter::Huge, Some("99999999999999999999")),
    ] {
        sim.add_fault(Fault::new(Effect::TooManyRequests(form)).times(1))
            .unwrap();
        let reply = get(&sim, PATH).await;
        reply.assert_error(429, "limit exceeded");
        assert_eq!(
            reply
                .headers
                .get("retry-after")
                .map(|value| value.to_str().unwrap()),
            expected,
            "{form:?}"
        );
    }
    sim.add_fault(Fault::new(Effect::TooManyRequests(RetryAfter::HttpDate(60))).times(1))
        .unwrap();
    assert!(
        get(&sim, PATH).await.headers["retry-after"]
            .to_str()
            .unwrap()
            .ends_with(" GMT")
    );
}

#[tokio::test]
async fn truncated_response_breaks_off_and_slow_one_arrives() {
    let (sim, _) = with_fault(Fault::new(Effect::TruncateBody).nth(1)).await;
    let response = request(&sim, Method::GET, PATH).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap_err();

    let pause = Duration::from_millis(1);
    sim.add_fault(Fault::new(Effect::DribbleBody { bytes: 10, pause }).times(1))
        .unwrap();
    let reply = get(&sim, PATH).await;
    assert_eq!(reply.json()["integrations"][0]["name"], "Acme CRM");
}

#[tokio::test]
async fn new_fields_and_values_leave_the_rest_unchanged() {
    let (sim, id) =
        with_fault(Fault::new(Effect::UnknownFields).on(Operation::ListIntegrations)).await;
    let listed = get(&sim, PATH).await.json();
    assert!(
        listed["futureField"].is_object() && listed["integrations"][0]["futureField"].is_object()
    );
    assert_eq!(listed["integrations"][0]["integrationId"], id);

    sim.add_fault(Fault::new(Effect::NewEnumValue).on(Operation::RequestStatus))
        .unwrap();
    upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    assert_eq!(status(&sim, id, "up").await.json()["status"], "ARCHIVED");
}

#[tokio::test]
async fn compressed_response_names_its_encoding() {
    let (sim, _) = with_fault(Fault::new(Effect::Gzip)).await;
    let response = request(&sim, Method::GET, PATH).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let bytes = response.bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("Acme CRM"));
}

#[tokio::test]
async fn file_fails_as_a_whole() {
    let fault = Fault::new(Effect::FailFile("The file could not be processed".into()));
    let (sim, id) = with_fault(fault.on(Operation::UploadEntities)).await;
    upload(&sim, id, "ACCOUNT", "up", ACCOUNT).await;
    let failed = status(&sim, id, "up").await.json();
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(
        failed["errors"],
        serde_json::json!([{"line": 0, "description": "The file could not be processed"}])
    );
    assert_eq!(sim.object_count("ACCOUNT"), 0);
}

#[tokio::test]
async fn body_is_read_at_the_given_speed() {
    let (sim, id) =
        with_fault(Fault::new(Effect::ReadSlowly(4_000)).on(Operation::UploadEntities)).await;
    let begun = Instant::now();
    assert_eq!(send(upload_request(&sim, id)).await.status, 201);
    assert!(
        begun.elapsed() > Duration::from_millis(30),
        "{:?}",
        begun.elapsed()
    );

    sim.clear_faults();
    sim.add_fault(Fault::new(Effect::StopReading(Duration::from_millis(50))))
        .unwrap();
    upload_request(&sim, id).send().await.unwrap_err();
}

#[tokio::test]
async fn fault_that_can_never_take_effect_is_not_added() {
    let sim = Simulator::start().await.unwrap();
    let never = Fault::new(Effect::LoseUpload).on(Operation::ListUsers);
    let invalid = sim.add_fault(never).unwrap_err();
    assert!(
        invalid.to_string().contains("POST /v2/crm/entities only"),
        "{invalid}"
    );
}
