//! Arguments of `gong-crm doctor`.

use clap::Args;
use gong_crm::operation::Operation;

use super::operations::calls;

/// Check settings, connection, credentials, scopes and quota, and say how to fix what is wrong
///
/// Shows where each setting comes from, and checks the ledger, the base URL, the credentials, this
/// machine's clock, the integration, each scope, the entity schema and the day's quota. It makes only
/// calls without side effects. Exit code 0 if everything is all right, 4 for credentials or a scope,
/// 8 for the quota, otherwise 1.
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
