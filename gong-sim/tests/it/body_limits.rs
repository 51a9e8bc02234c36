//! Large and endless bodies.

use base64::Engine as _;
use bytes::Bytes;
use futures_util::stream;
use gong_sim::Simulator;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{json, request, send};

const HEAD: &str =
    "--XX\r\nContent-Disposition: form-data; name=\"dataFile\"; filename=\"big.ldjson\"\r\n\r\n";
const TAIL: &str = "\r\n--XX--\r\n";

/// A multipart body of exactly this length, in chunks of a megabyte; the file is broken lines, so
/// that nothing of it is kept.
fn body(length: usize) -> reqwest::Body {
    let chunk = Bytes::from(
        vec![b'x'; 999_999]
            .into_iter()
            .chain([b'\n'])
            .collect::<Vec<_>>(),
    );
    let mut left = length - HEAD.len() - TAIL.len();
    let mut chunks = vec![Bytes::from(HEAD)];
    while left > 0 {
        let next = chunk.slice(..left.min(chunk.len()));
        left -= next.len();
        chunks.push(next);
    }
    chunks.push(Bytes::from(TAIL));
    reqwest::Body::wrap_stream(stream::iter(
        chunks.into_iter().map(Ok::<_, std::io::Error>),
    ))
}

#[tokio::test]
async fn body_of_the_limit_is_accepted_and_one_byte_more_is_not() {
    // The documented limit is 200,000,000; the bench tries that one.
    let sim = Simulator::builder()
        .body_limit(5_000_000)
        .start()
        .await
        .unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    for (length, expected) in [(5_000_000, 201), (5_000_001, 400), (9_000_000, 400)] {
        let path = format!(
            "/v2/crm/entities?integrationId={id}&objectType=ACCOUNT&clientRequestId=c{length}"
        );
        let upload = request(&sim, Method::POST, &path)
            .header(CONTENT_TYPE, "multipart/form-data; boundary=XX")
            .body(body(length));
        let reply = send(upload).await;
        assert_eq!(reply.status, expected, "{length}: {}", reply.text);
        if expected == 400 {
            reply.assert_error(400, "maximum payload size");
        }
    }
    assert_eq!(sim.uploads().len(), 1);
    assert_eq!(sim.uploads()[0].total_error_count, 5);
}

#[tokio::test]
async fn oversized_body_is_rejected_before_it_is_sent() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let mut connection = tokio::net::TcpStream::connect(sim.address()).await.unwrap();
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!(
        "{}:{}",
        sim.access_key(),
        sim.access_key_secret()
    ));
    let head = format!(
        "POST /v2/crm/entities?integrationId={id}&objectType=ACCOUNT&clientRequestId=big HTTP/1.1\r\n\
         host: {}\r\nauthorization: Basic {credentials}\r\nexpect: 100-continue\r\n\
         content-type: multipart/form-data; boundary=XX\r\ncontent-length: 200000001\r\n\r\n",
        sim.address()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[tokio::test]
async fn json_body_has_its_limit_too() {
    let sim = Simulator::start().await.unwrap();
    let body = format!(
        r#"{{"name":"{}","ownerEmail":"a@b.example"}}"#,
        "x".repeat(11_000_000)
    );
    json(&sim, Method::PUT, "/v2/crm/integrations", &body)
        .await
        .assert_error(400, "longer than");
    let deep = "[".repeat(100_000);
    json(&sim, Method::PUT, "/v2/crm/integrations", &deep)
        .await
        .assert_error(400, "recursion limit");
}

#[tokio::test]
async fn body_that_breaks_off_changes_nothing() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let chunks = [
        Ok(Bytes::from(HEAD)),
        Ok(Bytes::from("{\"objectId\":\"a\"}\n")),
        Err(std::io::Error::other("gone")),
    ];
    let path =
        format!("/v2/crm/entities?integrationId={id}&objectType=STAGE&clientRequestId=broken");
    let upload = request(&sim, Method::POST, &path)
        .header(CONTENT_TYPE, "multipart/form-data; boundary=XX")
        .body(reqwest::Body::wrap_stream(stream::iter(chunks)));
    upload.send().await.unwrap_err();
    assert!(sim.uploads().is_empty());
}

#[tokio::test]
async fn stalled_body_gets_a_response() {
    let timeout = std::time::Duration::from_millis(50);
    let sim = Simulator::builder()
        .rule("credentials-required", false)
        .read_timeout(timeout)
        .start()
        .await
        .unwrap();
    let mut connection = tokio::net::TcpStream::connect(sim.address()).await.unwrap();
    let head =
        "PUT /v2/crm/integrations HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("broke off"),
        "{answer}"
    );
}
