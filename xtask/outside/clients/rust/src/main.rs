//! Uploads a file with the client of openapi-generator's rust generator, and waits for its verdict.

use std::error::Error;
use std::time::Duration;

use openapi::apis::configuration::Configuration;
use openapi::apis::{crm_api, users_api};
use openapi::models::{GenericCrmRegistrationRequest, ObjectType};
use openapi::models::request_status_response::Status;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = std::env::var;
    let mut configuration = Configuration::new();
    configuration.base_path = variable("GONG_BASE_URL")?;
    configuration.basic_auth = Some((
        variable("GONG_ACCESS_KEY")?,
        Some(variable("GONG_ACCESS_KEY_SECRET")?),
    ));
    let registration = GenericCrmRegistrationRequest::new(
        "Acme CRM".to_owned(),
        "admin@acme.example".to_owned(),
    );
    let registered = crm_api::register_generic_crm_integration(&configuration, registration).await?;
    let integration_id = registered.integration_id.ok_or("no integrationId")?;
    let request_id = variable("CLIENT_REQUEST_ID")?;
    let file = variable("FILE")?.into();
    crm_api::upload_crm_data(&configuration, integration_id, ObjectType::Account, &request_id, file)
        .await?;
    let mut status = None;
    for _ in 0..100 {
        let answer = crm_api::get_request_status(&configuration, integration_id, &request_id).await?;
        let is_final = matches!(answer.status, Some(Status::Done | Status::Failed));
        status = Some(answer);
        if is_final {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let status = status.ok_or("no status")?;
    if status.status != Some(Status::Done) || status.total_success_count != Some(2) {
        return Err(format!("the verdict is {status:?}").into());
    }
    let page = users_api::list_users(&configuration, None, None).await?;
    page.records.and_then(|records| records.total_records).ok_or("no count of users")?;
    Ok(())
}
