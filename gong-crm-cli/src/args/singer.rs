//! Arguments of `gong-crm singer` and `gong-crm presets`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use gong_crm::operation::Operation;
use gong_crm::sync::Limit;

use super::duration;
use super::operations::calls;
use super::push::Delivery;

/// Send the output of a Singer tap to Gong, and emit its state after Gong's verdict
///
/// Reads the messages of a tap from standard input, or runs a tap with --tap. A state is written to
/// standard output when every record before it is in Gong, or rejected and stored in the ledger;
/// everything else goes to standard error. Also installed as `target-gong-crm`.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[
        Operation::UploadCrmData,
        Operation::GetRequestStatus,
        Operation::GetCrmObjects,
        Operation::ListGenericCrmIntegration,
    ],
    "Settings: flags override the file of --config, a flat JSON object as Singer runners write it, which \
overrides the environment (TARGET_GONG_CRM_PRESET, ..., and GONG_ACCESS_KEY, ...) and gong-crm.toml.
`gong-crm singer --about --format json` lists the keys.

Examples:
  tap-pipedrive --config tap.json | gong-crm singer --config gong.json > state.json
  gong-crm singer --preset pipedrive --tap 'tap-pipedrive --config tap.json' --state state.json
  gong-crm singer --preset hubspot --input recorded.jsonl --sim",
))]
pub(crate) struct Singer {
    /// Mapping for the tap of a CRM, as `gong-crm presets list` names them
    #[arg(long, value_name = "NAME", conflicts_with = "mapping")]
    pub(crate) preset: Option<String>,
    /// Mapping file, whose tables name the streams of the tap
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// The company's currency; if the CRM does not convert amounts, deals in another currency are
    /// held back
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
    /// Run this tap; without a state, its read is complete, and vanished records are deleted
    #[arg(long, value_name = "COMMAND", conflicts_with = "input")]
    pub(crate) tap: Option<String>,
    /// Pass the state in this file to the tap, and write the new one to it
    #[arg(long, value_name = "FILE", requires = "tap")]
    pub(crate) state: Option<PathBuf>,
    /// Read the tap's messages from this file instead of standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Scope: the name that owns the records of this tap [default: the preset's name, or singer]
    #[arg(long, value_name = "NAME")]
    pub(crate) scope: Option<String>,
    /// Send the received records after this time, even if the tap is still writing [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) flush_after: Option<Duration>,
    /// Exit with 5 if a record is rejected or held back; its content is in the ledger either way
    #[arg(long)]
    pub(crate) fail_on_rejected: bool,
    /// Maximum number of deletions of a type within 24 hours: a number, a percentage or `unlimited`
    /// [default: the larger of 5% and 20]
    #[arg(long, value_name = "N|N%", value_parser = limit)]
    pub(crate) max_deletions: Option<Limit>,
    /// Delete the records in this list of held-back deletions that are still missing
    #[arg(long, value_name = "FILE")]
    pub(crate) confirm_deletions: Option<PathBuf>,
    /// Check custom fields against this entity schema: YAML or JSON, as `schema pull` writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Describe this target: its settings and capabilities
    #[arg(long)]
    pub(crate) about: bool,
    /// Format of --about
    #[arg(long, value_enum, value_name = "FORMAT", requires = "about", default_value_t = About::Text)]
    pub(crate) format: About,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

fn limit(text: &str) -> Result<Limit, String> {
    text.parse()
}

/// Format of `--about`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum About {
    /// For people
    Text,
    /// For Singer runners
    Json,
    /// For documentation
    Markdown,
}

/// Show the mappings for the Singer taps of well-known CRMs
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm presets list
  gong-crm presets show pipedrive
  gong-crm presets show pipedrive > pipedrive.toml    to start your own mapping")]
pub(crate) struct Presets {
    #[command(subcommand)]
    pub(crate) action: PresetsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PresetsAction {
    /// List the presets
    List,
    /// Print a preset: its mapping and the limitations of its tap
    Show {
        /// The preset
        #[arg(value_name = "NAME")]
        name: String,
    },
}
