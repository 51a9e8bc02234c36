//! Arguments of `gong-crm init`.

use std::path::PathBuf;

use clap::Args;
use gong_crm::ObjectType;

/// Draft mappings and gong-crm.toml from a CRM's exports
///
/// Reads every CSV and JSON file of a folder and finds out which records it has, which column is
/// which field, how dates and numbers are written, and how the files refer to each other. If no
/// file has stages or users, they are drafted from the deals. Everything that the files don't say
/// is an open question, a todo in the mapping; `gong-crm check` reports each.
///
/// Writes gong-crm.toml into the current folder and a mapping per file into mappings/. Run it again for
/// new exports: it adds what is missing, and leaves mappings that are already there as they are. Nothing
/// is sent.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm init exports
  gong-crm init exports --zone Europe/Berlin
  gong-crm init --print examples/csv/deals.csv > deals.toml")]
pub(crate) struct Init {
    /// Folders or files with the exports
    #[arg(required_unless_present = "print", value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Print the mapping of this file, and write nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "force"])]
    pub(crate) print: Option<PathBuf>,
    /// Type of all rows [default: taken from the file's name and columns]
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Time zone of times without a zone, such as Europe/Berlin [default: the draft asks]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// Replace mappings of an earlier draft, and keep those as NAME.bak
    #[arg(long)]
    pub(crate) force: bool,
}
