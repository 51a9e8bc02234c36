//! Arguments of `gong-crm doctor`.

use std::time::Duration;

use clap::Args;
use gong_crm::operation::Operation;

use super::duration;
use super::operations::calls;

/// Check settings, connection, credentials, scopes and quota, and say how to fix what is wrong
///
/// Shows where each setting comes from, and checks the ledger, the base URL, the credentials, this
/// machine's clock, the integration, each scope, the entity schema, the owners of deals who are not Gong
/// users, and the day's quota. Without --probe it makes only calls without side effects. Exit code 0 if
/// everything is all right, 4 for credentials or a scope, 8 for the quota, otherwise 1.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[
        Operation::ListGenericCrmIntegration,
        Operation::ListCrmSchemaFields,
        Operation::GetRequestStatus,
        Operation::GetCrmObjects,
        Operation::IntegrationStatus,
        Operation::ListUsers,
    ],
    "Examples:\n  gong-crm doctor\n  gong-crm --sim doctor\n  gong-crm doctor --probe",
))]
pub(crate) struct Doctor {
    /// Test what Gong does not document, with one account and one contact that are deleted
    /// afterwards
    ///
    /// Both have ids that begin with gong-crm-probe-. The contact is changed several times and read
    /// back, with about 40 calls. The results are stored in the ledger, and push and sync use them:
    /// whether versions with older dates are accepted, whether the good lines of an upload with a
    /// bad one are, what null and an omitted field do, whether ids are case-sensitive, whether the
    /// deletion of an absent record is accepted.
    #[arg(long)]
    pub(crate) probe: bool,
    /// Do not ask before the probe
    #[arg(short, long, requires = "probe")]
    pub(crate) yes: bool,
    /// How long to wait for Gong to store the account of the probe [default: 1m]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "probe")]
    pub(crate) account_delay: Option<Duration>,
    /// How long to wait until a change of the probe is visible; after that, it counts as ignored
    /// [default: 2m]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "probe")]
    pub(crate) visible_within: Option<Duration>,
}
