//! `gong-crm doctor`: what can be said.

use clap::Args;
use gong_crm::operation::Operation;

use super::operations::calls;

/// Find out why it does not work: settings, host, credentials, scopes, quota
///
/// Looks at where each setting comes from, the ledger, the base URL, the credentials, this machine's
/// clock, the integration, each scope, the entity schema and the day's quota, by harmless calls only.
/// Tells the cause and the cure of each failure. Exit code 0 when all is well, 4 when credentials or
/// a scope are the matter, 8 when the quota is, else 1.
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
