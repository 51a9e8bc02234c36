//! Tests that `openapi.yaml` describes every operation completely.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::document::{Fallible, document, entries, escape, operations, resolve, text};

/// Every operation: its id, method, path, and its possible statuses.
const OPERATIONS: [(&str, &str, &str, &str); 13] = [
    (
        "listGenericCrmIntegration",
        "get",
        "/v2/crm/integrations",
        "200 400 401 403 404 429 500",
    ),
    (
        "registerGenericCrmIntegration",
        "put",
        "/v2/crm/integrations",
        "200 400 401 403 409 415 429 500",
    ),
    (
        "deleteGenericCrmIntegration",
        "delete",
        "/v2/crm/integrations",
        "201 400 401 403 409 429 500",
    ),
    (
        "listCrmSchemaFields",
        "get",
        "/v2/crm/entity-schema",
        "200 400 401 403 429 500",
    ),
    (
        "uploadCrmSchemaField",
        "post",
        "/v2/crm/entity-schema",
        "200 201 400 401 403 415 429 500",
    ),
    (
        "uploadCrmData",
        "post",
        "/v2/crm/entities",
        "201 400 401 403 409 429 500",
    ),
    (
        "getCrmObjects",
        "get",
        "/v2/crm/entities",
        "200 400 401 403 415 429 500",
    ),
    (
        "getRequestStatus",
        "get",
        "/v2/crm/request-status",
        "200 400 401 403 404 429 500",
    ),
    (
        "addMeeting",
        "post",
        "/v2/meetings",
        "200 400 401 403 404 409 415 429 500",
    ),
    (
        "updateMeeting",
        "put",
        "/v2/meetings/{meetingId}",
        "200 400 401 403 404 409 415 429 500",
    ),
    (
        "deleteMeeting",
        "delete",
        "/v2/meetings/{meetingId}",
        "200 400 401 403 404 409 415 429 500",
    ),
    (
        "integrationStatus",
        "post",
        "/v2/meetings/integration/status",
        "200 400 401 403 415 429 500",
    ),
    ("listUsers", "get", "/v2/users", "200 400 401 403 429 500"),
];

#[test]
fn operations_and_their_statuses_are_these() -> Fallible<()> {
    let document = document()?;
    let mut found = BTreeMap::new();
    for (method, path, operation) in operations(&document) {
        let statuses = entries(operation.get("responses")).map(|(status, _)| status.as_str());
        let statuses = statuses.collect::<Vec<_>>().join(" ");
        found.insert(
            text(operation, "operationId"),
            format!("{method} {path}: {statuses}"),
        );
    }
    let expected =
        OPERATIONS.map(|(id, method, path, statuses)| (id, format!("{method} {path}: {statuses}")));
    assert_eq!(found, BTreeMap::from(expected), "/paths");
    Ok(())
}

#[test]
fn every_limit_is_named_where_it_applies() -> Fallible<()> {
    let document = document()?;
    let limits = [
        ("/info/description", "3 per second and 10,000 per day"),
        (
            "/components/responses/TooManyRequests/description",
            "3 calls per second or 10,000 per day",
        ),
        ("/paths/~1v2~1crm~1entities/post/description", "200 MB"),
        ("/paths/~1v2~1crm~1entities/get/description", "**100** ids"),
        (
            "/paths/~1v2~1crm~1request-status/get/description",
            "**20** errors",
        ),
        (
            "/paths/~1v2~1meetings~1integration~1status/post/description",
            "**100** addresses",
        ),
    ];
    for (pointer, limit) in limits {
        let description = document
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default();
        assert!(
            description.contains(limit),
            "{pointer} does not name the limit: {limit}"
        );
    }
    Ok(())
}

#[test]
fn every_operation_is_described_and_shown() -> Fallible<()> {
    let document = document()?;
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| text(tag, "name"))
        .collect();
    let mut faults = Vec::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("/paths/{}/{method}", escape(path));
        let mut require = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{at}: {what}"));
            }
        };
        require(!text(operation, "summary").is_empty(), "no summary");
        require(
            text(operation, "description").len() > 80,
            "no description worth the name",
        );
        let tag = operation
            .pointer("/tags/0")
            .and_then(Value::as_str)
            .unwrap_or_default();
        require(tags.contains(&tag), "its tag is not declared");

        let sample = operation
            .pointer("/x-codeSamples/0/source")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let stem = path.split('{').next().unwrap_or_default();
        require(
            sample.contains(&format!("$GONG_BASE_URL{stem}")),
            "no shell sample of its path",
        );
        let names_method = sample.contains(&format!("-X {}", method.to_uppercase()));
        require(
            names_method || (method == "get" && !sample.contains("-X")),
            "a sample of another method",
        );

        let shared = document["paths"][path].get("parameters");
        let own = operation.get("parameters");
        for parameter in [shared, own]
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
        {
            let parameter = resolve(&document, parameter)?;
            let name = text(parameter, "name");
            require(
                parameter.get("example").is_some(),
                &format!("parameter {name} has no example"),
            );
            require(
                !text(parameter, "description").is_empty(),
                &format!("parameter {name} is not described"),
            );
        }
        if let Some(body) = operation.get("requestBody") {
            require(has_examples(body), "its body has no example");
        }
        let mut client_errors = 0;
        for (status, response) in entries(operation.get("responses")) {
            let response = resolve(&document, response)?;
            require(
                has_examples(response),
                &format!("response {status} has no example"),
            );
            require(
                response.pointer("/headers/x-traceid").is_some(),
                &format!("response {status} has no x-traceid"),
            );
            let waits = response.pointer("/headers/Retry-After").is_some();
            require(
                waits == (status == "429"),
                &format!("Retry-After and response {status}"),
            );
            client_errors += usize::from(status.starts_with('4'));
        }
        require(client_errors > 0, "no 4xx");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

fn has_examples(body_or_response: &Value) -> bool {
    let mut media = entries(body_or_response.get("content")).peekable();
    media.peek().is_some()
        && media.all(|(_, media)| entries(media.get("examples")).next().is_some())
}

#[test]
fn operation_accepts_an_access_key_or_scoped_token() -> Fallible<()> {
    let document = document()?;
    let scopes = "/components/securitySchemes/bearerToken/flows/authorizationCode/scopes";
    let declared: BTreeSet<&str> = entries(document.pointer(scopes))
        .map(|(scope, _)| scope.as_str())
        .collect();
    let mut used = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let at = format!("/paths/{}/{method}", escape(path));
        let scope = text(operation, "x-scope");
        let expected = json!([{"accessKey": []}, {"bearerToken": [scope]}]);
        assert_eq!(operation["security"], expected, "{at}/security");
        let described = text(operation, "description").contains(&format!("scope `{scope}`"));
        assert!(
            described,
            "{at}/description does not name the scope {scope:?}"
        );
        used.insert(scope);
    }
    assert_eq!(used, declared, "{scopes} and the x-scope of the operations");
    Ok(())
}
