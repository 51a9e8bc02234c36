//! The request of each operation, as it is sent.

use std::io::Write as _;

use base64::Engine as _;
use gong_crm::ids::MeetingId;
use gong_crm::value::ObjectId;
use gong_crm::{Client, Credentials, ObjectType};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::contract::{document, promises};
use crate::support::snapshot::snapshot;
use crate::support::{KEY, SECRET, calls, client, server, transcript, workspace};

/// Calls an operation like [`calls::facade`], compares the request with its snapshot, and makes
/// sure that the response counted as a success.
async fn pin(operation_id: &str, description: &str, status: u16, answer: Value) {
    let server = server(ResponseTemplate::new(status).set_body_json(answer)).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(calls::LINES.as_bytes()).unwrap();
    let outcome = calls::facade(&client(&server.uri()), operation_id, file.path()).await;
    let requests = server.received_requests().await.unwrap();
    let name = format!("wire__{}", snake_case(operation_id));
    snapshot(&name, description, &transcript::render(&requests));
    outcome.unwrap();
}

fn snake_case(camel_case: &str) -> String {
    let mut name = String::new();
    for character in camel_case.chars() {
        if character.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

#[tokio::test]
async fn listing_integrations_sends_nothing_but_credentials() {
    let answer = json!({"requestId": "4al", "integrations": []});
    let description = "Listing the integrations has no parameters and no body.";
    pin("listGenericCrmIntegration", description, 200, answer).await;
}

#[tokio::test]
async fn registering_names_the_crm_and_its_owner() {
    let answer = json!({"requestId": "4al", "integrationId": calls::INTEGRATION_ID});
    let description = "Registering an integration sends its name and its owner's address.";
    pin("registerGenericCrmIntegration", description, 200, answer).await;
}

#[tokio::test]
async fn deleting_an_integration_names_it_and_the_request() {
    let answer = json!({"requestId": "4al", "clientRequestId": "accounts-2026-03-01"});
    let description = "Deleting an integration names it and the request, all in the query.";
    pin("deleteGenericCrmIntegration", description, 201, answer).await;
}

#[tokio::test]
async fn reading_a_schema_names_the_object_type() {
    let answer = json!({"requestId": "4al", "objectTypeToSelectedFields": {}});
    let description = "Reading the entity schema of one type names it in the query.";
    pin("listCrmSchemaFields", description, 200, answer).await;
}

#[tokio::test]
async fn declaring_fields_sends_a_bare_array() {
    let description = "Declaring custom fields sends a bare array, without empty properties.";
    pin(
        "uploadCrmSchemaField",
        description,
        201,
        json!({"requestId": "4al"}),
    )
    .await;
}

#[tokio::test]
async fn reading_objects_sends_the_ids_as_the_body_of_a_get() {
    let answer = json!({"requestId": "4al", "crmObjectsMap": {"acc-1": {}, "missing-1": null}});
    let description = "Reading objects is a GET whose JSON body is the list of ids.";
    pin("getCrmObjects", description, 200, answer).await;
}

#[tokio::test]
async fn an_upload_is_one_file_part_of_known_length() {
    let answer = json!({"requestId": "4al", "clientRequestId": "accounts-2026-03-01"});
    let description =
        "An upload is one part named dataFile, with a file name of ours, of known length.";
    pin("uploadCrmData", description, 201, answer).await;
}

#[tokio::test]
async fn asking_for_a_status_names_integration_and_request() {
    let answer = json!({"requestId": "4al", "status": "DONE"});
    let description = "Asking for a status names the integration and the request in the query.";
    pin("getRequestStatus", description, 200, answer).await;
}

#[tokio::test]
async fn creating_a_meeting_keeps_the_offsets_of_its_times() {
    let answer = json!({"requestId": "4al", "meetingId": "12345678901234567890"});
    let description = "Creating a meeting sends its times with their offsets, without fractions.";
    pin("addMeeting", description, 200, answer).await;
}

#[tokio::test]
async fn updating_a_meeting_sends_it_whole() {
    let answer = json!({"requestId": "4al", "meetingId": "12345678901234567890"});
    let description = "Updating a meeting replaces it: the whole of it is sent.";
    pin("updateMeeting", description, 200, answer).await;
}

#[tokio::test]
async fn deleting_a_meeting_has_a_body() {
    let answer = json!({"organizerEmail": "ada.king@acme.com"});
    let description = "Deleting a meeting is a DELETE with a JSON body that names the organizer.";
    pin("deleteMeeting", description, 200, answer).await;
}

#[tokio::test]
async fn checking_readiness_sends_the_addresses() {
    let answer = json!({"requestId": "4al", "users": []});
    let description = "Checking who can book Gong meetings sends the addresses as JSON.";
    pin("integrationStatus", description, 200, answer).await;
}

#[tokio::test]
async fn listing_users_sends_no_cursor_for_the_first_page() {
    let answer = json!({"requestId": "4al", "records": {"totalRecords": 0}, "users": []});
    let description = "Listing the users asks for the first page without parameters.";
    pin("listUsers", description, 200, answer).await;
}

#[test]
fn every_operation_of_the_contract_has_its_snapshot() {
    for promise in promises(&document()) {
        let name = format!("tests/snapshots/wire__{}.snap", snake_case(&promise.id));
        assert!(workspace(&name).is_file(), "{name} is missing");
    }
}

#[tokio::test]
async fn parameters_that_are_not_given_are_not_sent() {
    let server = server(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let client = client(&server.uri());
    let meeting_id: MeetingId = "7".parse().unwrap();
    client
        .entity_schema(calls::integration_id(), None)
        .await
        .unwrap();
    client.delete_meeting(&meeting_id, None).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    snapshot(
        "wire__parameters_left_out",
        "The schema of all types is asked for without a type; a meeting is deleted without organizer.",
        &transcript::render(&requests),
    );
}

#[tokio::test]
async fn more_ids_than_gong_takes_are_sent_in_several_requests() {
    let server = server(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let client = client(&server.uri());
    let ids: Vec<ObjectId> = (0..250)
        .map(|id| format!("a-{id}").parse().unwrap())
        .collect();
    let found = client
        .objects(calls::integration_id(), ObjectType::Deal, &ids)
        .await
        .unwrap();
    assert!(found.is_empty(), "no response names one");
    let emails: Vec<String> = (0..101).map(|id| format!("u{id}@acme.com")).collect();
    client.meeting_readiness(&emails).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let counts: Vec<usize> = requests
        .iter()
        .map(|request| {
            let body: Value = request.body_json().unwrap();
            let list = body.get("emails").unwrap_or(&body);
            list.as_array().unwrap().len()
        })
        .collect();
    assert_eq!(counts, [100, 100, 50, 100, 1]);
}

#[tokio::test]
async fn credentials_travel_as_gong_documents_them() {
    let none = json!({"integrations": []});
    let server = server(ResponseTemplate::new(200).set_body_json(none)).await;
    client(&server.uri()).integrations().await.unwrap();
    let with_token = Client::builder()
        .base_url(format!("{}/v2/", server.uri()))
        .credentials(Credentials::bearer_token("a.bearer.token"))
        .user_agent("acme-sync/3.1")
        .build()
        .unwrap();
    with_token.integrations().await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let header = |index: usize, name: &str| {
        let request: &wiremock::Request = &requests[index];
        request.headers[name].to_str().unwrap().to_owned()
    };
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:{SECRET}"));
    assert_eq!(header(0, "authorization"), format!("Basic {pair}"));
    assert_eq!(header(1, "authorization"), "Bearer a.bearer.token");
    let own = concat!("gong-crm/", env!("CARGO_PKG_VERSION"));
    assert_eq!(header(0, "user-agent"), own);
    assert_eq!(header(1, "user-agent"), format!("acme-sync/3.1 {own}"));
    assert_eq!(
        requests[1].url.path(),
        "/v2/crm/integrations",
        "the version is not doubled"
    );
}
