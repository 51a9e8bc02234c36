//! `gong-crm objects`: what can be said.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gong_crm::ObjectType;
use gong_crm::operation::Operation;

use super::operations::calls;

/// Read records back from Gong
///
/// Accounts, contacts, deals and leads only: Gong has no way to read users and stages. It means the
/// operation for verification while developing, and answers from what it has processed.
#[derive(Debug, Args)]
pub(crate) struct Objects {
    #[command(subcommand)]
    pub(crate) action: ObjectsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ObjectsAction {
    /// Fetch records by id, 100 a call
    ///
    /// With -o json an object by id, in which null is a record that Gong does not have.
    #[command(after_long_help = calls(
        &[Operation::GetCrmObjects],
        "Examples:\n  gong-crm objects get --type DEAL 8608553 8608554\n  \
         cut -f1 ids.tsv | gong-crm objects get --type ACCOUNT - -o json",
    ))]
    Get {
        /// What the records are
        #[arg(long = "type", value_name = "TYPE")]
        object_type: ObjectType,
        /// The records' ids in the CRM; - reads them from the standard input, one a line
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Compare files with what Gong holds, field by field
    ///
    /// Takes the files that a push of the same paths would send. Dates are compared by the moment,
    /// numbers by value, lists without regard to order. Deleted records must be gone. Of several lines
    /// of one record, in one file or in several, the one counts that a push sends last. Gong answers
    /// from what it has processed: right after a push, records and values can be missing or old for a
    /// while. Exit code 5 on a difference.
    #[command(after_long_help = calls(
        &[Operation::GetCrmObjects],
        "Examples:\n  gong-crm objects verify accounts.ldjson\n  gong-crm objects verify exports\n  \
         gong-crm objects verify --type DEAL export.jsonl -o json",
    ))]
    Verify {
        /// Files of records, as they were pushed, folders of them, or patterns; .gz is unpacked
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// What all records are; otherwise each file's name tells
        #[arg(long = "type", value_name = "TYPE")]
        object_type: Option<ObjectType>,
        /// Show no more than this many differences of a file [default: 50 for people, all for
        /// programs]
        #[arg(long, value_name = "N")]
        max: Option<usize>,
    },
}
