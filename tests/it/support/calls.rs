//! One call of each operation, by the façade and by the raw client, with the same arguments.

use std::path::Path;

use futures_util::TryStreamExt as _;
use gong_api_gen::types;
use gong_crm::ids::MeetingId;
use gong_crm::meeting::{Invitee, Meeting};
use gong_crm::schema::SchemaField;
use gong_crm::upload::Upload;
use gong_crm::value::{ObjectId, Timestamp};
use gong_crm::{Client, ClientRequestId, Error, IntegrationId, ObjectType};

/// Larger than a floating-point number can represent exactly.
pub(crate) const INTEGRATION_ID: i64 = 5_517_027_188_234_205_706;
const CLIENT_REQUEST_ID: &str = "accounts-2026-03-01";
const MEETING_ID: &str = "12345678901234567890";
const OWNER: &str = "ada.king@acme.com";
/// Two records with non-English names.
pub(crate) const LINES: &str = concat!(
    r#"{"objectId":"acc-1","modifiedDate":"2026-01-15T09:30:00+01:00","name":"Żubr & Søn"}"#,
    "\n",
    r#"{"objectId":"acc-2","modifiedDate":"2026-01-15T09:30:00Z","name":"白鷺","isDeleted":true}"#,
    "\n"
);

pub(crate) fn integration_id() -> IntegrationId {
    INTEGRATION_ID.into()
}

pub(crate) fn client_request_id() -> ClientRequestId {
    CLIENT_REQUEST_ID.parse().unwrap()
}

pub(crate) fn meeting() -> Meeting {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut guest = Invitee::from_email("jane.doe@example.com");
    guest.display_name = Some("Jane Doe".to_owned());
    let start = time("2026-03-02T10:00:00+01:00");
    let end = time("2026-03-02T10:30:00+01:00");
    Meeting::new(OWNER, start, end)
        .invitees([guest])
        .title("Renewal")
        .external_id("crm-event-77")
        .provider("zoom")
}

pub(crate) fn object_ids() -> Vec<ObjectId> {
    ["acc-1", "missing-1"]
        .map(|id| id.parse().unwrap())
        .to_vec()
}

/// Calls the operation with the façade; `file` contains [`LINES`].
pub(crate) async fn facade(client: &Client, operation_id: &str, file: &Path) -> Result<(), Error> {
    let (integration, request) = (integration_id(), client_request_id());
    let meeting_id: MeetingId = MEETING_ID.parse().unwrap();
    match operation_id {
        "listGenericCrmIntegration" => client.integrations().await.map(drop),
        "registerGenericCrmIntegration" => client
            .register_integration("Acme CRM", OWNER)
            .await
            .map(drop),
        "deleteGenericCrmIntegration" => client.delete_integration(integration, &request).await,
        "listCrmSchemaFields" => {
            let object_type = Some(ObjectType::Account);
            client
                .entity_schema(integration, object_type)
                .await
                .map(drop)
        }
        "uploadCrmSchemaField" => {
            let fields = [
                SchemaField::new("region", "Region", "PICKLIST").with_values(["EMEA", "APAC"]),
                SchemaField::new("manager", "Manager", "REFERENCE").with_reference_to("USER"),
                SchemaField::new("fax", "Fax", "PHONENUMBER").with_deletion(),
            ];
            client
                .upload_entity_schema(integration, ObjectType::Account, &fields)
                .await
        }
        "getCrmObjects" => client
            .objects(integration, ObjectType::Account, &object_ids())
            .await
            .map(drop),
        "uploadCrmData" => {
            let upload = Upload::new(integration, ObjectType::Account, request, file);
            client.upload(&upload, |_| {}).await
        }
        "getRequestStatus" => client.request_status(integration, &request).await.map(drop),
        "addMeeting" => client.add_meeting(&meeting()).await.map(drop),
        "updateMeeting" => client.update_meeting(&meeting_id, &meeting()).await,
        "deleteMeeting" => client.delete_meeting(&meeting_id, Some(OWNER)).await,
        "integrationStatus" => {
            let emails = [OWNER.to_owned(), "jane.doe@example.com".to_owned()];
            client.meeting_readiness(&emails).await.map(drop)
        }
        "listUsers" => client.users().try_collect::<Vec<_>>().await.map(drop),
        other => unreachable!("openapi.yaml has an operation that no test calls: {other}"),
    }
}

/// Calls the operation with the raw client; the response does not matter.
pub(crate) async fn raw(client: &gong_api_gen::Client, operation_id: &str) {
    let (integration, request) = (INTEGRATION_ID, CLIENT_REQUEST_ID);
    match operation_id {
        "listGenericCrmIntegration" => drop(client.list_generic_crm_integration().await),
        "registerGenericCrmIntegration" => {
            let body = types::GenericCrmRegistrationRequest {
                name: "Acme CRM".to_owned(),
                owner_email: OWNER.to_owned(),
            };
            drop(client.register_generic_crm_integration(&body).await);
        }
        "deleteGenericCrmIntegration" => {
            drop(
                client
                    .delete_generic_crm_integration(request, integration)
                    .await,
            );
        }
        "listCrmSchemaFields" => {
            let object_type = Some(types::SchemaObjectType::Account);
            drop(
                client
                    .list_crm_schema_fields(integration, object_type)
                    .await,
            );
        }
        "uploadCrmSchemaField" => {
            let object_type = types::SchemaObjectType::Account;
            let fields = Vec::new();
            let call = client.upload_crm_schema_field(integration, object_type, &fields);
            drop(call.await);
        }
        "getCrmObjects" => {
            let ids = object_ids().iter().map(ObjectId::to_string).collect();
            let object_type = types::SchemaObjectType::Account;
            drop(client.get_crm_objects(integration, object_type, &ids).await);
        }
        "uploadCrmData" => {
            let part = reqwest::multipart::Part::text(LINES).file_name("accounts.ldjson");
            let form = reqwest::multipart::Form::new().part("dataFile", part);
            let object_type = types::ObjectType::Account;
            let call = client.upload_crm_data(request, integration, object_type, form);
            drop(call.await);
        }
        "getRequestStatus" => drop(client.get_request_status(request, integration).await),
        "addMeeting" => {
            let body = types::NewMeetingRequest {
                start_time: "2026-03-02T10:00:00Z".to_owned(),
                end_time: "2026-03-02T10:30:00Z".to_owned(),
                organizer_email: OWNER.to_owned(),
                invitees: Vec::new(),
                title: None,
                external_id: None,
                provider: None,
            };
            drop(client.add_meeting(&body).await);
        }
        "updateMeeting" => {
            let body = types::UpdateMeetingRequest {
                start_time: "2026-03-02T10:00:00Z".to_owned(),
                end_time: "2026-03-02T10:30:00Z".to_owned(),
                organizer_email: OWNER.to_owned(),
                invitees: Vec::new(),
                title: None,
                external_id: None,
                provider: None,
            };
            drop(client.update_meeting(MEETING_ID, &body).await);
        }
        "deleteMeeting" => {
            let body = types::DeleteMeetingRequest {
                organizer_email: Some(OWNER.to_owned()),
            };
            drop(client.delete_meeting(MEETING_ID, &body).await);
        }
        "integrationStatus" => {
            let body = types::IntegrationStatusRequest {
                emails: vec![OWNER.to_owned()],
            };
            drop(client.integration_status(&body).await);
        }
        "listUsers" => drop(client.list_users(None, None).await),
        other => unreachable!("openapi.yaml has an operation that no test calls: {other}"),
    }
}

/// Uploads a file of this content.
pub(crate) async fn upload_of(client: &Client, content: &[u8]) -> Result<(), Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.ldjson");
    std::fs::write(&path, content).unwrap();
    let upload = Upload::new(
        integration_id(),
        ObjectType::Account,
        client_request_id(),
        path,
    );
    client.upload(&upload, |_| {}).await
}
