//! Arguments of `gong-crm convert`.

use std::path::PathBuf;

use clap::Args;
use gong_crm::ObjectType;

/// Convert a CSV or JSON file to LDJSON with a mapping
///
/// The mapping says which column becomes which field, and how dates, numbers and words are written;
/// `gong-crm init` drafts one. The result is checked, and each problem is reported with row and
/// column of the file. Rows with a cell that can't be converted are omitted. Nothing is sent.
///
/// The lines go to standard output and problems to standard error; with --to, the lines go to the
/// file and problems to standard output. Exit code 3 if there are errors; everything that could be
/// converted is still written.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm convert examples/csv/deals.csv --map examples/csv/deals.toml --to deals.ldjson
  gong-crm convert export.csv.gz --map crm.toml --type ACCOUNT > accounts.ldjson")]
pub(crate) struct Convert {
    /// The CSV or JSON file; .gz is decompressed
    #[arg(value_name = "FILE")]
    pub(crate) csv: PathBuf,
    /// The mapping, a TOML file, and those of types in whose records it looks cells up; can be repeated
    /// [default: those of gong-crm.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Vec<PathBuf>,
    /// Write the lines to this file, which is complete or not written at all
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Type of all rows [default: taken from the mapping or the file name]
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Use the types of custom fields from this entity schema, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) schema: Option<PathBuf>,
    /// Keep rows with a cell that can't be converted, but omit that field
    #[arg(long)]
    pub(crate) keep_rows: bool,
}
