//! Arguments of `gong-crm convert`.

use std::path::PathBuf;

use clap::Args;
use gong_crm::ObjectType;

/// Turn a CSV into LDJSON, by a small mapping file
///
/// The mapping says which column becomes which field, and how dates, numbers and yes or no are
/// written; --guess makes a first one. The result is checked, and what is wrong is told by row and
/// column of the CSV. Rows with a cell that can't be converted are left out. Nothing is sent.
///
/// The lines go to the standard output and problems to the standard error; with --to, the lines go
/// into the file and problems to the standard output. Exit code 3 when there are errors; what could
/// be converted is written all the same.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm convert --guess examples/csv/deals.csv > deals.toml
  gong-crm convert examples/csv/deals.csv --map deals.toml --to deals.ldjson
  gong-crm convert export.csv.gz --map crm.toml --type ACCOUNT > accounts.ldjson")]
pub(crate) struct Convert {
    /// The CSV; .gz is unpacked
    #[arg(required_unless_present = "guess", value_name = "CSV")]
    pub(crate) csv: Option<PathBuf>,
    /// The mapping, a TOML file [default: that of gong-crm.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Write the lines into this file: complete, or not there
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// What all rows are; otherwise the file's name tells, or the mapping if it has one type only
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Take the types of custom fields from this entity schema, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Keep rows with a cell that can't be converted, without that field
    #[arg(long)]
    pub(crate) keep_rows: bool,
    /// Print a first mapping for this CSV, guessed from its header and cells
    #[arg(long, value_name = "CSV", conflicts_with_all = ["csv", "map", "to", "schema", "keep_rows"])]
    pub(crate) guess: Option<PathBuf>,
}
