//! Arguments of `gong-crm drift`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use gong_crm::ObjectType;
use gong_crm::operation::Operation;

use super::duration;
use super::operations::calls;

/// Read records back from Gong and compare them with what was sent, or with files
///
/// Without PATH, each record is compared with the version that Gong accepted last, as the ledger
/// knows it: 100 records per call, starting with those that were read back longest ago, within
/// --budget. Records that Gong accepted within the last hour, and records with another version in
/// the sources of gong-crm.toml, are skipped. Gong cannot return users and stages, nor records that
/// this ledger never sent.
///
/// With PATH, the files that a push of the same paths would send are compared value by value. Dates
/// are compared as points in time, numbers by value, lists regardless of order; deleted records
/// must be absent. If a record occurs several times, the version that a push sends last is
/// compared.
///
/// Gong returns only processed records: right after a push, records and values can be missing or old.
/// Exit code 5 on a difference. With -o json one object per line.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[
        Operation::GetCrmObjects,
        Operation::ListCrmSchemaFields,
    ],
    "Examples:
  gong-crm drift
  gong-crm drift --repair
  gong-crm drift --only DEAL -o json
  gong-crm drift exports
  gong-crm drift --type DEAL export.jsonl",
))]
pub(crate) struct Drift {
    /// Compare these files instead: record files as they were pushed, directories, or patterns; .gz
    /// is decompressed
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Record type of all files [default: taken from each file name]
    #[arg(long = "type", value_name = "TYPE", requires = "paths")]
    pub(crate) object_type: Option<ObjectType>,
    /// Maximum number of differences to show per file [default: 50 for people, all for programs]
    #[arg(long, value_name = "N", requires = "paths")]
    pub(crate) max: Option<usize>,
    /// Send records that differ once more, from the sources of gong-crm.toml
    ///
    /// If Gong then shows the date that was sent and the same values again, it stores them in its own
    /// form: this is reported once, and the record is left alone.
    #[arg(long, conflicts_with = "paths")]
    pub(crate) repair: bool,
    /// How long to wait until Gong has processed what is sent, such as 90s, 10m or 2h [default: 30m]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "repair")]
    pub(crate) wait: Option<Duration>,
    /// Initial interval between status checks; it grows up to 30s [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "repair")]
    pub(crate) poll_interval: Option<Duration>,
    /// How long to wait after new accounts, so that contacts and deals can refer to them
    /// [default: 1m; with --sim 0]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "repair")]
    pub(crate) account_delay: Option<Duration>,
    /// Only records of this type; repeat it for several
    #[arg(long, value_name = "TYPE", conflicts_with = "paths")]
    pub(crate) only: Vec<ObjectType>,
    /// Maximum number of calls within 24 hours for reading back
    #[arg(
        long,
        value_name = "N",
        default_value_t = 500,
        conflicts_with = "paths"
    )]
    pub(crate) budget: u32,
    /// Calls of the day to reserve for everything else
    #[arg(long, value_name = "N", default_value_t = gong_crm::drift::RESERVE, conflicts_with = "paths")]
    pub(crate) reserve: u64,
    /// Skip records that Gong accepted within this time, because it may not show them yet
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1h",
        value_parser = duration,
        conflicts_with = "paths"
    )]
    pub(crate) min_age: Duration,
}
