//! `gong-crm integration`: show and register.

use gong_crm::ErrorKind;

use crate::arguments::{Global, Integration, IntegrationAction};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Connection;

pub(crate) async fn run(
    global: &Global,
    integration: &Integration,
    output: &Output,
) -> Result<Exit, Failure> {
    let connection = Connection::open(global).await?;
    let client = &connection.client;
    match &integration.action {
        IntegrationAction::Show => {
            let integration = client.the_integration().await?;
            if output.is_json() {
                output.json(&integration);
            } else {
                output.data(&integration.integration_id.to_string());
                let name = integration.name.as_deref().unwrap_or("without a name");
                let owner = integration.owner_email.as_deref().unwrap_or("nobody");
                output.talk(&format!("{name}, owned by {owner}"));
            }
        }
        IntegrationAction::Register { name, owner_email } => {
            let registered = client.register_integration(name, owner_email).await;
            let id = registered.map_err(|error| match error.kind() {
                ErrorKind::Conflict => Failure::from(error).with_hint(
                    "a company has one CRM integration, native ones included; see the present one \
                     with: gong-crm integration show",
                ),
                _ => error.into(),
            })?;
            if output.is_json() {
                output.json(&serde_json::json!({"integrationId": id}));
            } else {
                output.data(&id.to_string());
                output.talk(&format!("keep it: export GONG_INTEGRATION_ID={id}"));
            }
        }
    }
    Ok(Exit::Ok)
}
