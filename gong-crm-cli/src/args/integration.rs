//! Arguments of `gong-crm integration`.

use std::time::Duration;

use clap::{Args, Subcommand};
use gong_crm::operation::Operation;

use super::duration;
use super::operations::calls;

/// Show, register or delete the CRM integration
///
/// A company has one CRM integration, native ones included. It is registered once and cannot be
/// renamed. Every record belongs to it and is deleted with it.
#[derive(Debug, Args)]
pub(crate) struct Integration {
    #[command(subcommand)]
    pub(crate) action: IntegrationAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IntegrationAction {
    /// Show the registered integration
    #[command(after_long_help = calls(
        &[Operation::ListGenericCrmIntegration],
        "Examples:\n  gong-crm integration show\n  gong-crm integration show -o json",
    ))]
    Show,
    /// Register the integration unless it exists
    ///
    /// If one exists with this name and owner, nothing is done. If name or owner differ, the command
    /// fails and changes nothing, because Gong cannot rename an integration.
    #[command(after_long_help = calls(
        &[Operation::ListGenericCrmIntegration, Operation::RegisterGenericCrmIntegration],
        "Examples:\n  gong-crm integration ensure --name \"Acme CRM\" --owner-email admin@acme.example",
    ))]
    Ensure(Registration),
    /// Register the integration (Gong allows one per company)
    #[command(after_long_help = calls(
        &[Operation::RegisterGenericCrmIntegration],
        "Examples:\n  gong-crm integration register --name \"Acme CRM\" --owner-email admin@acme.example",
    ))]
    Register(Registration),
    /// Delete the integration with all its accounts, contacts, deals, leads and users
    ///
    /// Asks for the integration's name. According to Gong, a deletion can take up to 24 hours; the
    /// command waits for completion and prints the command to resume waiting.
    #[command(after_long_help = calls(
        &[
            Operation::ListGenericCrmIntegration,
            Operation::DeleteGenericCrmIntegration,
            Operation::GetRequestStatus,
        ],
        "Examples:\n  gong-crm integration delete --dry-run\n  gong-crm integration delete\n  \
         gong-crm integration delete --yes --no-wait",
    ))]
    Delete(Deletion),
}

/// Name and owner of an integration.
#[derive(Debug, Args)]
pub(crate) struct Registration {
    /// Name of the CRM
    #[arg(long)]
    pub(crate) name: String,
    /// Email address of the person responsible
    #[arg(long, value_name = "EMAIL")]
    pub(crate) owner_email: String,
    /// Show the request; nothing is sent
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How an integration is deleted.
#[derive(Debug, Args)]
pub(crate) struct Deletion {
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
    /// How long to wait until it is deleted, such as 10m or 24h
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration,
        default_value = "24h",
        conflicts_with = "no_wait"
    )]
    pub(crate) wait: Duration,
    /// Start the deletion and do not wait for it (exit code 7)
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Show the request; nothing is deleted
    #[arg(long)]
    pub(crate) dry_run: bool,
}
