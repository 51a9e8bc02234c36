//! Arguments of `gong-crm why`.

use clap::Args;
use gong_crm::operation::Operation;

use super::ledger::RecordName;
use super::operations::calls;

/// Explain whether people see a record in Gong, why not, and what to do
///
/// Gong accepts records that it shows to nobody: a deal whose owner is not a Gong user, a contact
/// without account. This looks at the ledger, the sources of gong-crm.toml, the record and its account
/// in Gong, and Gong's users, and names every reason, with whether it was seen or inferred. Exit code 0
/// if people see the record everywhere, 5 if not, or if it is not known.
#[derive(Debug, Args)]
#[command(after_long_help = calls(
    &[
        Operation::GetCrmObjects,
        Operation::ListUsers,
        Operation::ListCrmSchemaFields,
    ],
    "Examples:
  gong-crm why DEAL deal-0042
  gong-crm why CONTACT jane.doe@acme.example -o json",
))]
pub(crate) struct Why {
    #[command(flatten)]
    pub(crate) record: RecordName,
}
