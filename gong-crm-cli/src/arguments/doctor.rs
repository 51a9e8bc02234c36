//! `gong-crm doctor`: what can be said.

use clap::Args;
use gong_crm::Operation;

use super::operations::calls;

/// Find out why it does not work: base URL, credentials, scopes, integration, schema, clock
///
/// Makes harmless calls only, and tells the cause and the cure of each failure. Exit code 0 when all
/// is well, 4 when credentials or a scope are the matter, else 1.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[
        Operation::ListGenericCrmIntegration,
        Operation::ListCrmSchemaFields,
        Operation::GetRequestStatus,
        Operation::GetCrmObjects,
        Operation::IntegrationStatus,
    ],
    "Examples:\n  gong-crm doctor\n  gong-crm --sim doctor",
))]
pub(crate) struct Doctor {}
