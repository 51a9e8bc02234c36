//! Arguments of `gong-crm push` and `gong-crm resume`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gong_crm::operation::Operation;
use gong_crm::{ClientRequestId, ObjectType, Rule};

use super::duration;
use super::operations::calls;
use super::source::SourceArgs;

/// Send records to Gong and wait until it has accepted or rejected each of them
///
/// Only differences are sent: records that are already in Gong, according to the ledger, are not
/// sent again. The files are checked first; if there are errors, nothing is sent. Types are sent in
/// the order in which records refer to each other: stages, users, accounts, contacts, deals, leads;
/// deletions in the reverse order. Files over 200 MB are split.
///
/// Exit code 0 only if every record is in Gong as given.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[Operation::UploadCrmData, Operation::GetRequestStatus, Operation::GetCrmObjects],
    "Examples:
  gong-crm --sim push examples/acme
  gong-crm push accounts.ldjson contacts.ldjson
  gong-crm push deals.csv --map deals.toml
  gong-crm push --type DEAL export.jsonl.gz --wait 10m -o json
  gong-crm push exports --no-wait; gong-crm resume",
))]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line"
)]
pub(crate) struct Push {
    /// Files, directories, patterns, or - for standard input; names end in .ldjson, .ndjson or
    /// .jsonl, optionally with .gz; in a directory, rejects files from earlier pushes
    /// (NAME.rejects.ldjson) are skipped [default: the sources of gong-crm.toml]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Record type of all files [default: taken from each file name]
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Mapping of CSV files; repeat it for several types [default: `map` of gong-crm.toml, for .csv
    /// and .tsv]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Check, compare with the versions in the ledger, and show the uploads; nothing is sent
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Hold back records with errors and send all others, instead of sending nothing
    #[arg(long)]
    pub(crate) skip_invalid: bool,
    /// Do not check first; Gong finds the errors
    #[arg(long, conflicts_with_all = ["skip_invalid", "strict", "schema", "allow", "deny"])]
    pub(crate) no_check: bool,
    /// Treat the check's warnings as errors
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
    /// Set the clientRequestId instead of taking the next one of the ledger (one upload only)
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<ClientRequestId>,
    /// Send records even if Gong has them already or has rejected this version: all of them, or
    /// only those with these ids
    #[arg(
        long,
        value_name = "ID,...",
        num_args = 0..=1,
        require_equals = true,
        value_delimiter = ',',
        default_missing_value = ""
    )]
    pub(crate) resend: Option<Vec<String>>,
    /// Send all versions of a record, oldest first, instead of the newest only
    #[arg(long)]
    pub(crate) history: bool,
    /// Send records even if only modifiedDate has changed
    #[arg(long)]
    pub(crate) touch: bool,
    /// Send every modifiedDate unchanged, even if a later one was sent before
    #[arg(long)]
    pub(crate) keep_dates: bool,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

/// How uploads are sent and waited for, and what is done with rejected records.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch on the command line"
)]
pub(crate) struct Delivery {
    /// How long to wait until Gong has processed an upload, such as 90s, 10m or 2h
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30m")]
    pub(crate) wait: Duration,
    /// Initial interval between status checks; it grows up to 30s [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) poll_interval: Option<Duration>,
    /// Stop when everything is sent, without waiting for Gong (exit code 7); resume waits
    #[arg(long, conflicts_with = "wait")]
    pub(crate) no_wait: bool,
    /// How long to wait after new accounts, so that contacts and deals can refer to them
    /// [default: 1m; with --sim 0]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) account_delay: Option<Duration>,
    /// Send records even if a record that they refer to is not in Gong
    #[arg(long)]
    pub(crate) ignore_dependencies: bool,
    /// Stop retrying a request after this time [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) retry_timeout: Option<Duration>,
    /// Pause before the first retry; it grows up to 30s [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) retry_backoff: Option<Duration>,
    /// Longest wait to accept if Gong asks for one; if it asks for more, resume later [default: 20m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) max_retry_after: Option<Duration>,
    /// Calls per day for finding rejected records that Gong did not list (it lists 20 per upload)
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        conflicts_with = "find_all_errors"
    )]
    pub(crate) search_calls: u32,
    /// Re-send subsets until every rejected record is identified, whatever it costs in calls
    #[arg(long)]
    pub(crate) find_all_errors: bool,
    /// Write rejected records into this directory [default: beside each file]
    #[arg(long, value_name = "DIR", conflicts_with = "no_rejects")]
    pub(crate) rejects_dir: Option<PathBuf>,
    /// Do not write rejected records to files; `gong-crm rejects` shows them
    #[arg(long)]
    pub(crate) no_rejects: bool,
}

/// Finish uploads whose outcome is not known
///
/// Use it after a kill, Ctrl-C, a timeout, --no-wait or a reboot. Before re-sending, it asks Gong
/// for the status of anything that may have arrived. Records with a newer version are not sent.
///
/// Records that Gong's verdict did not cover, and those of uploads that failed as a whole, are sent
/// again from the copy beside the ledger. Rejected records are not: fix and push them.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[Operation::GetRequestStatus, Operation::UploadCrmData, Operation::GetCrmObjects],
    "Examples:
  gong-crm resume
  gong-crm resume upload-5f1c0d2e-17 --wait 2h",
))]
pub(crate) struct Resume {
    /// Uploads to finish, as `gong-crm uploads` lists them [default: all unfinished uploads, and all
    /// records that a verdict left open]
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<ClientRequestId>,
    /// Show the first request for each upload; nothing is sent
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}
