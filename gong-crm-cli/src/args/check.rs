//! Arguments of `gong-crm check`.

use std::path::PathBuf;

use clap::Args;
use gong_crm::{ObjectType, Rule};

/// Find every problem in files of records before Gong does
///
/// Gong tells of at most 20 bad lines, after the upload, and takes some records that it never shows.
/// This tells of all of them, with line, column, record, rule and what to do. A folder is checked as
/// a whole: a deal whose account is in none of its files is found too. Nothing is sent.
///
/// Exit code 0 without errors, 3 with some. What Gong documents or was seen to refuse is an error;
/// what it merely suggests, or contradicts itself about, is a warning.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm check examples/acme
  gong-crm check --schema entity-schema.json --strict deals.ldjson
  zcat deals.ldjson.gz | gong-crm check --type DEAL -
  gong-crm check exports/*.csv --map crm.toml
  gong-crm check --fix mended deals.ldjson
  gong-crm check --explain object-id-charset")]
pub(crate) struct Check {
    /// Files, folders, patterns, or - for the standard input; .gz is unpacked; of a folder, what a
    /// push wrote of refused records (NAME.rejects.ldjson) is left out [default: the sources of
    /// gong-crm.toml]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// What all records are; otherwise each file's name tells
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Check CSVs too, by this mapping; may be given several times, one for each type [default: for
    /// .csv and .tsv that of gong-crm.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Vec<PathBuf>,
    /// Check custom fields against this entity schema, YAML or JSON as schema pull writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Count warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Leave out what this rule finds
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<Rule>,
    /// Count what this rule finds as errors
    #[arg(long, value_name = "RULE")]
    pub(crate) deny: Vec<Rule>,
    /// Show no more than this many findings [default: 50 for people, all for programs]
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<u64>,
    /// Write the files anew into this folder, mended where that needs no guessing, and check those;
    /// a folder of its own, because the files stay as they are
    #[arg(long, value_name = "DIR")]
    pub(crate) fix: Option<PathBuf>,
    /// Say why a rule is there, with its source and examples
    #[arg(long, value_name = "RULE", conflicts_with = "paths")]
    pub(crate) explain: Option<Rule>,
}
