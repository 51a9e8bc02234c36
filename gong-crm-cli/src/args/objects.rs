//! Arguments of `gong-crm objects`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gong_crm::ObjectType;
use gong_crm::operation::Operation;

use super::operations::calls;

/// Read records back from Gong
///
/// Accounts, contacts, deals and leads only: Gong cannot return users and stages. Gong intends this
/// operation for verification during development; it returns only processed records.
#[derive(Debug, Args)]
pub(crate) struct Objects {
    #[command(subcommand)]
    pub(crate) action: ObjectsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ObjectsAction {
    /// Fetch records by id, 100 per call
    ///
    /// With -o json one object by id; null is a record that Gong does not have.
    #[command(after_long_help = calls(
        &[Operation::GetCrmObjects],
        "Examples:\n  gong-crm objects get --type DEAL 8608553 8608554\n  \
         cut -f1 ids.tsv | gong-crm objects get --type ACCOUNT - -o json",
    ))]
    Get {
        /// Record type
        #[arg(long = "type", value_name = "TYPE")]
        object_type: ObjectType,
        /// The records' objectIds; - reads them from standard input, one per line
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Compare files with what is in Gong, field by field
    ///
    /// Uses the files that a push of the same paths would send. Dates are compared as points in time,
    /// numbers by value, lists regardless of order. Deleted records must be gone. If a record occurs
    /// several times, the version that a push sends last is compared. Gong returns only processed
    /// records: right after a push, records and values can be missing or old. Exit code 5 on a
    /// difference.
    #[command(after_long_help = calls(
        &[Operation::GetCrmObjects],
        "Examples:\n  gong-crm objects verify accounts.ldjson\n  gong-crm objects verify exports\n  \
         gong-crm objects verify --type DEAL export.jsonl -o json",
    ))]
    Verify {
        /// Record files as they were pushed, directories, or patterns; .gz is unpacked
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Record type of all files [default: taken from each file name]
        #[arg(long = "type", value_name = "TYPE")]
        object_type: Option<ObjectType>,
        /// Maximum number of differences to show per file [default: 50 for people, all for programs]
        #[arg(long, value_name = "N")]
        max: Option<usize>,
    },
}
