//! `gong-crm json-schema`: what can be said.

use clap::Args;
use gong_crm::ObjectType;

/// Print the JSON Schema of one line of a file
///
/// For editors, and for checks in other languages: JSON Schema 2020-12.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm json-schema DEAL > deal.schema.json")]
pub(crate) struct JsonSchema {
    /// What the line is
    #[arg(value_name = "TYPE")]
    pub(crate) object_type: ObjectType,
}
