//! Arguments of `gong-crm plan` and `gong-crm sync`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gong_crm::operation::Operation;
use gong_crm::sync::{Limit, Only};
use gong_crm::{ObjectType, Rule};

use super::duration;
use super::operations::calls;
use super::push::Delivery;
use super::source::SourceArgs;

/// Show what a sync would send and delete; nothing is sent
///
/// The sources of gong-crm.toml are read and compared with what Gong holds, as the ledger knows. No
/// call is made.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Sources in gong-crm.toml:
  [sync]
  scope = \"acme-prod\"                 records that this name brought, and only those, are deleted
  max-deletions = \"5%\"

  [sources.ACCOUNT]
  files = \"exports/accounts.ldjson\"
  complete = true                     the file holds all accounts: those that vanish are deleted

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
    /// Write the plan into this file, for sync --plan
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 10 if there are changes
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Make Gong equal to the sources: send what differs, delete what vanished, within limits
///
/// The sources are those of gong-crm.toml; `gong-crm help plan` shows them. The first sync on a
/// terminal shows its plan and asks. Exit code 0 only if Gong is equal to the sources.
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
    /// Do exactly what this plan says, and list what is not possible any more
    #[arg(long, value_name = "FILE", conflicts_with = "every")]
    pub(crate) plan: Option<PathBuf>,
    /// Do not ask before the first sync
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[expect(
        clippy::option_option,
        reason = "a flag with an optional value, as clap reads it"
    )]
    /// Run for ever, this often [default: `every` of gong-crm.toml]; less often if the day's calls
    /// would not last
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) every: Option<Option<Duration>>,
    /// Write the state after each round into this file, in Prometheus' text format
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,
    /// Let a running sync of this scope pause after its round
    #[arg(long, conflicts_with_all = ["continue_", "every", "plan"])]
    pub(crate) pause: bool,
    /// Let a paused sync of this scope go on
    #[arg(long = "continue", conflicts_with_all = ["every", "plan"])]
    pub(crate) continue_: bool,
    /// Say whether a running sync --every of this scope is alive: exit code 0 if its next round is
    /// not more than half an hour late or it is paused, 1 otherwise
    #[arg(long, conflicts_with_all = ["pause", "continue_", "every", "plan"])]
    pub(crate) health: bool,
    /// Send everything, although Gong has it already
    #[arg(long, conflicts_with = "every")]
    pub(crate) resend: bool,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

/// What is read, and what may be deleted.
#[derive(Debug, Default, Args)]
pub(crate) struct Scope {
    /// Name under which this sync owns records [default: `scope` of gong-crm.toml, or `default`]
    #[arg(long, value_name = "NAME")]
    #[expect(clippy::struct_field_names, reason = "it has the flag's name")]
    pub(crate) scope: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Only this type, or only these records of it; repeat it for several types
    #[arg(long, value_name = "TYPE[:ID,...]", value_parser = only)]
    pub(crate) only: Vec<(ObjectType, Only)>,
    /// Deletions of a type within 24 hours, at most: a number, a percentage or `unlimited` [default:
    /// the larger of 5% and 20]
    #[arg(long, value_name = "N|N%", value_parser = limit)]
    pub(crate) max_deletions: Option<Limit>,
    /// New and changed records of a type within 24 hours, at most [default: any number]
    #[arg(long, value_name = "N|N%", value_parser = limit)]
    pub(crate) max_changes: Option<Limit>,
    /// Delete a record once it is absent from this many complete reads [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) delete_after: Option<u8>,
    /// Delete vanished records although others in the sources refer to them
    #[arg(long)]
    pub(crate) delete_referenced: bool,
    /// Delete what this list names and is still gone, as a sync wrote it for held-back deletions
    #[arg(long, value_name = "FILE")]
    pub(crate) confirm_deletions: Option<PathBuf>,
    /// Send nothing if a record has an error, or if a plan is not possible as it is any more
    #[arg(long)]
    pub(crate) strict: bool,
    /// Ignore what this rule of the check finds
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<Rule>,
    /// Treat what this rule of the check finds as an error
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
        Some(ids) => Only::Ids(ids.split(',').map(str::to_owned).collect()),
    };
    Ok((object_type, only))
}
