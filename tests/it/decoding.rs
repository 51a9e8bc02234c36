//! Decoding of every response that Gong is known or allowed to send.

use std::collections::BTreeMap;

use gong_crm::schema::{EntitySchema, SchemaField};
use gong_crm::status::RequestState;
use gong_crm::{ErrorKind, IntegrationId, ObjectType};
use serde_json::{Map, Value, json};
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{calls, client, refused, server};

async fn answering(status: u16, body: Value) -> MockServer {
    server(ResponseTemplate::new(status).set_body_json(body)).await
}

async fn status(body: Value) -> gong_crm::status::RequestStatus {
    let server = answering(200, body).await;
    let client = client(&server.uri());
    client
        .request_status(calls::integration_id(), &calls::client_request_id())
        .await
        .unwrap()
}

#[tokio::test]
async fn unknown_words_and_fields_of_a_status_decode() {
    let status = status(json!({
        "requestId": "4al", "status": "PAUSED", "queue": {"place": 3},
        "errors": null, "totalErrorCount": null,
    }))
    .await;
    assert_eq!(status.status, RequestState::Unknown("PAUSED".to_owned()));
    assert!(!status.status.is_final());
    assert_eq!(status.total_error_count, None);
    assert!(status.errors.is_empty());
}

#[tokio::test]
async fn errors_beyond_the_twenty_that_gong_lists_are_counted() {
    let errors: Vec<Value> = (1..=20)
        .map(|line| json!({"line": line, "description": "Mandatory field [name] is missing or empty"}))
        .collect();
    let status = status(json!({
        "status": "FAILED", "errors": errors, "totalErrorCount": 25, "totalSuccessCount": 75,
    }))
    .await;
    assert_eq!(status.errors.len(), 20);
    assert_eq!(status.unlisted_errors(), 5);
    assert_eq!(status.total_success_count, Some(75));
    assert_eq!(status.errors[19].line, 20);
    assert!(status.general_error().is_none());
}

#[tokio::test]
async fn an_error_of_line_zero_concerns_the_whole_file() {
    let status = status(json!({
        "status": "FAILED", "errors": [{"line": 0, "description": "Unreadable file"}, {}],
    }))
    .await;
    assert_eq!(
        status.general_error().unwrap().description,
        "Unreadable file"
    );
    assert_eq!(
        status.errors.len(),
        2,
        "an error without line and words is an error"
    );
}

#[tokio::test]
async fn no_integration_is_an_empty_list_or_gongs_404() {
    let nothing = [
        (200, json!({"requestId": "4al", "integrations": []})),
        (
            404,
            json!({"requestId": "4al", "errors": ["No integration"]}),
        ),
    ];
    for (status, body) in nothing {
        let server = answering(status, body).await;
        let client = client(&server.uri());
        assert_eq!(client.integrations().await.unwrap(), []);
        let error = refused(client.the_integration().await);
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn integration_ids_are_exact() {
    for id in [calls::INTEGRATION_ID, i64::MAX, i64::MIN] {
        let list = json!({"integrations": [{"integrationId": id, "name": null, "color": "red"}]});
        let server = answering(200, list).await;
        let found = client(&server.uri()).the_integration().await.unwrap();
        assert_eq!(found.integration_id, IntegrationId::from(id));
        assert_eq!(found.name, None);
    }
    let server = answering(200, json!({"integrationId": calls::INTEGRATION_ID})).await;
    let registered = client(&server.uri())
        .register_integration("Acme", "a@acme.com")
        .await;
    assert_eq!(registered.unwrap(), calls::integration_id());
}

#[tokio::test]
async fn registration_without_an_id_is_not_a_success() {
    let server = answering(200, json!({"requestId": "4al"})).await;
    let error = refused(
        client(&server.uri())
            .register_integration("Acme", "a@acme.com")
            .await,
    );
    assert_eq!(error.kind(), ErrorKind::UnexpectedResponse);
    assert!(error.to_string().contains("integrationId"), "{error}");
    // Gong may have registered it anyway.
    assert!(error.is_outcome_unknown());
    assert_eq!(error.request_id(), Some("4al"));
}

#[tokio::test]
async fn error_is_one_line_of_limited_length() {
    let long = "x".repeat(100_000);
    let body = json!({"requestId": "4al\n5", "errors": ["first\r\nsecond", "\u{1b}[2Jgone", long]});
    let server = answering(400, body).await;
    let error = refused(client(&server.uri()).integrations().await);
    let said = error.to_string();
    assert!(said.contains("first  second;  [2Jgone; xxx"), "{said}");
    assert!(!said.chars().any(char::is_control), "{said:?}");
    assert!(said.len() < 5_000, "{}", said.len());
    assert_eq!(error.request_id(), Some("4al 5"));
}

#[tokio::test]
async fn a_schema_decodes_under_either_name_and_with_nulls_everywhere() {
    let server = answering(
        200,
        json!({"requestId": "4al", "objectTypeToSelectedFields": {"ACCOUNT": [
            {"uniqueName": "region", "label": "Region", "type": "PICKLIST", "orderedValueList": null,
             "referenceTo": null, "lastModified": null, "isDeleted": null},
            {"name": "rank", "label": "Rank", "type": "HOLOGRAM", "brandNew": true},
            {"uniqueName": "a", "name": "b", "label": null, "type": "STRING"},
        ]}}),
    )
    .await;
    let client = client(&server.uri());
    let schema = client
        .entity_schema(calls::integration_id(), None)
        .await
        .unwrap();
    let schema = serde_json::to_value(&schema).unwrap();
    let fields = schema["ACCOUNT"].as_array().unwrap();
    let of = |key: &str| -> Vec<&str> {
        fields
            .iter()
            .map(|field| field[key].as_str().unwrap())
            .collect()
    };
    assert_eq!(of("uniqueName"), ["region", "rank", "a"]);
    assert_eq!(of("type"), ["PICKLIST", "HOLOGRAM", "STRING"]);
}

#[tokio::test]
async fn what_is_pulled_into_a_schema_file_can_be_read_from_it() {
    let server = answering(
        200,
        json!({"objectTypeToSelectedFields": {
            "STAGE": [{"uniqueName": "name", "label": "Name", "type": "STRING"}],
            "DEAL": [
                {"uniqueName": "", "label": "Nothing", "type": "STRING"},
                {"uniqueName": "tier", "label": "Old tier", "type": "STRING"},
                {"uniqueName": "tier", "label": "Tier", "type": "NUMBER"},
                {"uniqueName": "tier", "label": "Older", "type": "DATE", "isDeleted": true},
            ],
        }}),
    )
    .await;
    let client = client(&server.uri());
    let answer = client.entity_schema(calls::integration_id(), None).await;
    let pulled = answer.unwrap().custom_only();
    let file = serde_json::to_string(&pulled).unwrap();
    assert_eq!(EntitySchema::from_json(&file).unwrap(), pulled);
    let fields = pulled.fields(ObjectType::Deal).unwrap();
    assert_eq!(fields, [SchemaField::new("tier", "Tier", "NUMBER")]);
}

#[tokio::test]
async fn declared_fields_are_confirmed_with_200_or_201() {
    for status in [200, 201] {
        for body in [
            json!({"requestId": "4al"}),
            json!({}),
            json!({"requestId": null, "new": 1}),
        ] {
            let server = answering(status, body).await;
            client(&server.uri())
                .upload_entity_schema(calls::integration_id(), ObjectType::Account, &[])
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn objects_that_gong_does_not_have_are_none() {
    let body = json!({"crmObjectsMap": {
        "acc-1": {"name": "Acme", "amount": 1e3, "tags": ["a"], "owner": null},
        "missing-1": null,
    }});
    let found = objects_of(body).await;
    assert_eq!(found.len(), 2);
    assert_eq!(found["acc-1"].as_ref().unwrap()["owner"], Value::Null);
    assert_eq!(found["missing-1"], None);
}

#[tokio::test]
async fn objects_that_a_response_does_not_name_are_not_known() {
    let empty = [
        json!({"crmObjectsMap": null}),
        json!({"crmObjectsMap": {}}),
        json!({}),
    ];
    for body in empty {
        assert!(objects_of(body.clone()).await.is_empty(), "{body}");
    }
}

/// Reads two records back from a Gong that answers with this body.
async fn objects_of(body: Value) -> BTreeMap<String, Option<Map<String, Value>>> {
    let server = answering(200, body).await;
    let (id, ids) = (calls::integration_id(), calls::object_ids());
    let client = client(&server.uri());
    client.objects(id, ObjectType::Account, &ids).await.unwrap()
}

#[tokio::test]
async fn a_deleted_meeting_is_confirmed_in_any_way() {
    let meeting_id = "7".parse().unwrap();
    let answers = [
        ResponseTemplate::new(200).set_body_json(json!({"organizerEmail": "a@acme.com"})),
        ResponseTemplate::new(200).set_body_json(json!({"requestId": "4al"})),
        ResponseTemplate::new(200),
        ResponseTemplate::new(204),
    ];
    for answer in answers {
        let server = server(answer).await;
        client(&server.uri())
            .delete_meeting(&meeting_id, None)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn empty_texts_of_a_readiness_response_are_absent() {
    let server = answering(
        200,
        json!({"users": [
            {"email": "a@acme.com", "exists": true, "valid": false, "fixUrl": "", "helpUrl": null,
             "userFacingError": "The Gong consent page is not enabled in your company."},
            {"email": "b@acme.com"},
        ]}),
    )
    .await;
    let emails = ["a@acme.com".to_owned(), "b@acme.com".to_owned()];
    let users = client(&server.uri())
        .meeting_readiness(&emails)
        .await
        .unwrap();
    assert_eq!((users[0].exists, users[0].valid), (true, false));
    assert_eq!((&users[0].fix_url, &users[0].help_url), (&None, &None));
    assert!(users[0].user_facing_error.is_some());
    assert!(!users[1].exists && !users[1].valid);
}
