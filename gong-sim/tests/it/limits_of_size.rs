//! Large and endless bodies.

use bytes::Bytes;
use futures_util::stream;
use gong_sim::Simulator;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::support::{json, request, send};

const HEAD: &str =
    "--XX\r\nContent-Disposition: form-data; name=\"dataFile\"; filename=\"big.ldjson\"\r\n\r\n";
const TAIL: &str = "\r\n--XX--\r\n";

/// A multipart body of exactly this length, in pieces of a megabyte; the file is broken lines, so
/// that nothing of it is kept.
fn body(length: usize) -> reqwest::Body {
    let piece = Bytes::from(
        vec![b'x'; 999_999]
            .into_iter()
            .chain([b'\n'])
            .collect::<Vec<_>>(),
    );
    let mut left = length - HEAD.len() - TAIL.len();
    let mut pieces = vec![Bytes::from(HEAD)];
    while left > 0 {
        let next = piece.slice(..left.min(piece.len()));
        left -= next.len();
        pieces.push(next);
    }
    pieces.push(Bytes::from(TAIL));
    reqwest::Body::wrap_stream(stream::iter(
        pieces.into_iter().map(Ok::<_, std::io::Error>),
    ))
}

#[tokio::test]
async fn two_hundred_million_bytes_are_taken_and_one_more_is_not() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    for (length, announced, expected) in [
        (200_000_000, false, 201),
        (200_000_001, false, 400),
        (200_000_001, true, 400),
    ] {
        let path = format!(
            "/v2/crm/entities?integrationId={id}&objectType=ACCOUNT&clientRequestId=c{length}"
        );
        let mut upload = request(&sim, Method::POST, &path)
            .header(CONTENT_TYPE, "multipart/form-data; boundary=XX")
            .body(body(length));
        if announced {
            upload = upload.header("content-length", length);
        }
        let reply = send(upload).await;
        assert_eq!(reply.status, expected, "{length}: {}", reply.text);
        if expected == 400 {
            reply.assert_error(400, "200 MB");
        }
    }
    assert_eq!(sim.uploads().len(), 1);
    assert_eq!(sim.uploads()[0].total_error_count, 200);
}

#[tokio::test]
async fn a_json_body_has_its_limit_too() {
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
async fn a_body_that_breaks_off_changes_nothing() {
    let sim = Simulator::start().await.unwrap();
    let id = sim.register_integration("Acme CRM", "admin@acme.example");
    let pieces = [
        Ok(Bytes::from(HEAD)),
        Ok(Bytes::from("{\"objectId\":\"a\"}\n")),
        Err(std::io::Error::other("gone")),
    ];
    let path =
        format!("/v2/crm/entities?integrationId={id}&objectType=STAGE&clientRequestId=broken");
    let upload = request(&sim, Method::POST, &path)
        .header(CONTENT_TYPE, "multipart/form-data; boundary=XX")
        .body(reqwest::Body::wrap_stream(stream::iter(pieces)));
    upload.send().await.unwrap_err();
    assert!(sim.uploads().is_empty());
}
