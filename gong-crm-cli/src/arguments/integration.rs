//! `gong-crm integration`: what can be said.

use std::time::Duration;

use clap::{Args, Subcommand};
use gong_crm::operation::Operation;

use super::duration;
use super::operations::calls;

/// Show, register or delete the CRM integration
///
/// A company has one CRM integration, native ones included. It is registered once and never renamed;
/// every record belongs to it and goes with it.
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
    /// Register the integration unless it is there already
    ///
    /// One that is there is adopted when name and owner are the same; when they are not, nothing is
    /// changed and the command fails, because Gong has no renaming.
    #[command(after_long_help = calls(
        &[Operation::ListGenericCrmIntegration, Operation::RegisterGenericCrmIntegration],
        "Examples:\n  gong-crm integration ensure --name \"Acme CRM\" --owner-email admin@acme.example",
    ))]
    Ensure(Registration),
    /// Register the integration: once, and one is all there is
    #[command(after_long_help = calls(
        &[Operation::RegisterGenericCrmIntegration],
        "Examples:\n  gong-crm integration register --name \"Acme CRM\" --owner-email admin@acme.example",
    ))]
    Register(Registration),
    /// Delete the integration, and every account, contact, deal, lead and user that it brought
    ///
    /// Asks for the integration's name. Gong says it can take up to 24 hours; the command follows it
    /// to the end, and prints the line that takes it up again.
    #[command(after_long_help = calls(
        &[
            Operation::ListGenericCrmIntegration,
            Operation::DeleteGenericCrmIntegration,
            Operation::GetRequestStatus,
        ],
        "Examples:\n  gong-crm integration delete --dry-run\n  gong-crm integration delete\n  \
         gong-crm integration delete --yes --async",
    ))]
    Delete(Deletion),
}

/// What an integration is registered with.
#[derive(Debug, Args)]
pub(crate) struct Registration {
    /// The CRM's name
    #[arg(long)]
    pub(crate) name: String,
    /// The address of the person responsible
    #[arg(long, value_name = "EMAIL")]
    pub(crate) owner_email: String,
    /// Show the request that would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How an integration is deleted.
#[derive(Debug, Args)]
pub(crate) struct Deletion {
    /// Do not ask for the name
    #[arg(long)]
    pub(crate) yes: bool,
    /// How long to wait for the end, such as 10m or 24h
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration,
        default_value = "24h",
        conflicts_with = "no_wait"
    )]
    pub(crate) wait: Duration,
    /// Start it and return
    #[arg(long = "async")]
    pub(crate) no_wait: bool,
    /// Show the request that would be sent; changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
