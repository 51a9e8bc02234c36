//! Arguments of `gong-crm objects`.

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
    /// With -o json, one object by id; null means that Gong does not have the record.
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
}
