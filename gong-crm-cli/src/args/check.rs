//! Arguments of `gong-crm check`.

use std::path::PathBuf;

use clap::Args;
use gong_crm::{ObjectType, Rule};

use super::source::SourceArgs;

/// Find every problem in record files before Gong does
///
/// Gong lists at most 20 errors per upload, and accepts some records that it never displays.
/// `check` finds every problem before you upload, and reports line, column, record, rule and fix. A
/// folder is checked as a whole, so a deal whose account is in none of its files is found too.
/// Nothing is sent.
///
/// Exit code 0 without errors, 3 with errors. An error is something that Gong rejects, by its
/// documentation or a recorded response, or that makes it unclear which record or value is meant.
/// Everything else is a warning. --strict, --allow and --deny change this.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm check examples/acme
  gong-crm check --schema entity-schema.json --strict deals.ldjson
  zcat deals.ldjson.gz | gong-crm check --type DEAL -
  gong-crm check exports/*.csv --map crm.toml
  gong-crm check --source 'DEAL={ sql = { url = \"sqlite:crm.db\", query = \"deals.sql\" } }'
  gong-crm check --fix fixed deals.ldjson
  gong-crm check --explain object-id-charset")]
pub(crate) struct Check {
    /// Files, folders, patterns, or - for the standard input; .gz is decompressed; in a folder,
    /// rejects files of earlier pushes (NAME.rejects.ldjson) are skipped [default: the sources of
    /// gong-crm.toml]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Record type of all files [default: taken from each file name]
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Mapping of CSV files; repeat it for several types [default: `map` of gong-crm.toml, for .csv
    /// and .tsv]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Vec<PathBuf>,
    /// Check custom fields against this entity schema: YAML or JSON, as `schema pull` writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) severities: SeverityArgs,
    /// Maximum number of findings of records to show, and also of columns and files; the others are
    /// counted [default: 50 in text, all in other formats]
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<u64>,
    /// Count the deals whose owner is not one of these Gong users: a list of addresses, or users as
    /// Gong's interface lists them
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// Write fixed copies into this folder (only unambiguous fixes) and check those; the originals
    /// are not changed
    #[arg(long, value_name = "DIR")]
    pub(crate) fix: Option<PathBuf>,
    /// Print why a rule exists, with its source and examples
    #[arg(long, value_name = "RULE", conflicts_with = "paths")]
    pub(crate) explain: Option<Rule>,
}

/// Which findings of the check are reported, and as errors or warnings
#[derive(Debug, Args)]
pub(crate) struct SeverityArgs {
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Ignore findings of this rule; can be repeated
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<Rule>,
    /// Treat findings of this rule as errors; can be repeated
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<Rule>,
}
