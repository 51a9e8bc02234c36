//! Tests that the raw client, the façade and openapi.yaml make the same requests.

use std::collections::BTreeSet;
use std::io::Write as _;

use gong_crm::operation::Operation;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::contract::{document, promises};
use crate::support::{calls, client, server, transcript};

#[tokio::test]
async fn operation_is_the_same_request_in_contract_raw_and_facade() {
    let server = server(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let facade = client(&server.uri());
    let http = gong_crm::raw::http_builder().unwrap().no_proxy().build();
    let raw = gong_api_gen::Client::new_with_client(
        &server.uri(),
        http.unwrap(),
        gong_api_gen::Authorization::none(),
    );
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(calls::LINES.as_bytes()).unwrap();

    let document = document();
    let promises = promises(&document);
    for promise in &promises {
        // An empty response is not valid for every call; only the request matters here.
        drop(calls::facade(&facade, &promise.id, file.path()).await);
        calls::raw(&raw, &promise.id).await;
    }

    let requests = server.received_requests().await.unwrap();
    assert_eq!(
        requests.len(),
        2 * promises.len(),
        "two requests an operation"
    );
    for (promise, pair) in promises.iter().zip(requests.chunks(2)) {
        let id = &promise.id;
        assert_eq!(
            transcript::line(&pair[0]),
            transcript::line(&pair[1]),
            "{id}: façade and raw client"
        );
        assert_eq!(pair[0].method.as_str(), promise.method, "{id}");
        assert!(
            fits(&promise.path, pair[0].url.path()),
            "{id}: {} is not {}",
            pair[0].url.path(),
            promise.path
        );
        let sent: Vec<String> = pair[0]
            .url
            .query_pairs()
            .map(|(name, _)| name.into_owned())
            .collect();
        for name in &sent {
            assert!(
                promise
                    .query
                    .iter()
                    .any(|parameter| parameter.name == *name),
                "{id}: {name} is no query parameter"
            );
        }
        for parameter in &promise.query {
            assert!(
                !parameter.is_required || sent.contains(&parameter.name),
                "{id}: {} is missing",
                parameter.name
            );
        }
    }
}

#[test]
fn the_list_of_operations_is_that_of_the_contract() {
    let ours: BTreeSet<String> = Operation::ALL
        .iter()
        .map(|operation| format!("{} {}", operation.id(), operation))
        .collect();
    let promised: BTreeSet<String> = promises(&document())
        .iter()
        .map(|promise| format!("{} {} {}", promise.id, promise.method, promise.path))
        .collect();
    assert_eq!(promised.len(), 13);
    assert_eq!(ours, promised);
}

/// Whether a path is of a template such as `/v2/meetings/{meetingId}`.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(wanted, found)| wanted.starts_with('{') || *wanted == found)
}
