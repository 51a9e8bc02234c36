//! Arguments of `gong-crm plan` and `gong-crm sync`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gong_crm::operation::Operation;
use gong_crm::sync::{Limit, Only};
use gong_crm::{ObjectType, Rule};

use super::interval;
use super::operations::calls;
use super::push::Delivery;
use super::source::SourceArgs;

/// Show what a sync would send and delete; nothing is sent
///
/// Reads the sources of gong-crm.toml and compares them with the versions in the ledger. No call is
/// made. Exit code 3 if the check finds an error, 6 if a source cannot be read.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Sources in gong-crm.toml:
  [sync]
  scope = \"acme-prod\"                 only records of this scope are deleted
  max-deletions = \"5%\"

  [sources.ACCOUNT]
  files = \"exports/accounts.ldjson\"
  complete = true                     the file has all accounts: vanished ones are deleted

  [sources.DEAL]
  files = { glob = \"exports/deals-*.csv\", take = \"latest\" }
  map = \"deals.toml\"
  complete = true

  [sources.CONTACT]
  sql = { url = \"env:CRM_DATABASE_URL\", query = \"contacts.sql\" }

  [sources.LEAD]
  command = [\"duckdb\", \"-jsonlines\", \"crm.duckdb\", \"-c\", \"from leads\"]

  [sources]                           or one Singer tap for all types without a section
  tap = [\"tap-pipedrive\", \"--config\", \"tap.json\"]
  preset = \"pipedrive\"

Examples:
  gong-crm plan
  gong-crm plan --exit-code -o json
  gong-crm plan --out today.plan && gong-crm sync --plan today.plan")]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Write the plan to this file, for sync --plan
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 10 if Gong differs from the sources, also if all differences are held back
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Make Gong match the sources: send differences, delete vanished records, within limits
///
/// The sources are those of gong-crm.toml; `gong-crm help plan` shows them. The first sync on a
/// terminal shows its plan and asks for confirmation. Exit code 0 only if Gong matches the sources.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[
        Operation::UploadCrmData,
        Operation::GetRequestStatus,
        Operation::GetCrmObjects,
        Operation::ListGenericCrmIntegration,
        Operation::ListCrmSchemaFields,
    ],
    "Examples:
  gong-crm sync
  gong-crm sync --every 5m --metrics /var/lib/node_exporter/gong-crm.prom
  gong-crm sync --confirm-deletions held-deletions.ldjson
  gong-crm sync --only DEAL:deal-0042,deal-0900",
))]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line"
)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Do exactly what this plan says, and list what is no longer possible
    #[arg(long, value_name = "FILE", conflicts_with = "every")]
    pub(crate) plan: Option<PathBuf>,
    /// Do not ask for confirmation before the first sync
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[expect(
        clippy::option_option,
        reason = "a flag with an optional value, as clap reads it"
    )]
    /// Run continuously, at this interval [default: `every` of gong-crm.toml]; less often if the
    /// day's calls would not last
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub(crate) every: Option<Option<Duration>>,
    /// Write metrics to this file after each round, in Prometheus' text format
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    /// Pause a running sync of this scope after its current round
    #[arg(long, conflicts_with_all = ["continue_", "every", "plan"])]
    pub(crate) pause: bool,
    /// Resume a paused sync of this scope
    #[arg(long = "continue", conflicts_with_all = ["every", "plan"])]
    pub(crate) continue_: bool,
    /// Report whether a running sync --every of this scope is alive: exit code 0 if it is paused or
    /// its next round is at most half an hour late, otherwise 1
    #[arg(long, conflicts_with_all = ["pause", "continue_", "every", "plan"])]
    pub(crate) health: bool,
    /// Send all records, even if Gong has them already
    #[arg(long, conflicts_with = "every")]
    pub(crate) resend: bool,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

/// What to read, and what may be deleted.
#[derive(Debug, Default, Args)]
pub(crate) struct Scope {
    /// Scope: the name that owns the records of this sync [default: `scope` of gong-crm.toml, or
    /// `default`]
    #[arg(long, value_name = "NAME")]
    #[expect(clippy::struct_field_names, reason = "it has the flag's name")]
    pub(crate) scope: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Only this type, or only these records of it; repeat it for several types
    #[arg(long, value_name = "TYPE[:ID,...]", value_parser = only)]
    pub(crate) only: Vec<(ObjectType, Only)>,
    /// Maximum number of deletions of a type within 24 hours: a number, a percentage or `unlimited`
    /// [default: the larger of 5% and 20]
    #[arg(long, value_name = "N|N%", value_parser = limit)]
    pub(crate) max_deletions: Option<Limit>,
    /// Maximum number of new and changed records of a type within 24 hours [default: unlimited]
    #[arg(long, value_name = "N|N%", value_parser = limit)]
    pub(crate) max_changes: Option<Limit>,
    /// Delete a record after it is absent from this many complete reads [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) delete_after: Option<u8>,
    /// Delete vanished records even if others in the sources refer to them
    #[arg(long)]
    pub(crate) delete_referenced: bool,
    /// Delete the records in this list of held-back deletions that are still missing
    #[arg(long, value_name = "FILE")]
    pub(crate) confirm_deletions: Option<PathBuf>,
    /// Send nothing if a record has an error, or if a plan is no longer possible
    #[arg(long)]
    pub(crate) strict: bool,
    /// Ignore findings of this rule of the check
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<Rule>,
    /// Treat findings of this rule of the check as errors
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<Rule>,
    /// Check custom fields against this entity schema: YAML or JSON, as `schema pull` writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
}

fn limit(text: &str) -> Result<Limit, String> {
    text.parse()
}

fn only(text: &str) -> Result<(ObjectType, Only), String> {
    let (name, ids) = match text.split_once(':') {
        Some((name, ids)) => (name, Some(ids)),
        None => (text, None),
    };
    let object_type = name
        .parse()
        .map_err(|error: gong_crm::record::UnknownObjectType| error.to_string())?;
    let only = match ids {
        None => Only::All,
        Some(ids) if ids.split(',').any(|id| id.trim().is_empty()) => {
            return Err(format!(
                "an id is missing; write {name}:ID, or {name} for all of them"
            ));
        }
        Some(ids) => Only::Ids(ids.split(',').map(str::to_owned).collect()),
    };
    Ok((object_type, only))
}
