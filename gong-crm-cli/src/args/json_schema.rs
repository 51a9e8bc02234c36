//! Arguments of `gong-crm json-schema`.

use clap::Args;
use gong_crm::ObjectType;

/// Print the JSON Schema of one line of a file
///
/// JSON Schema 2020-12, for editors and for validation in other languages.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm json-schema DEAL > deal.schema.json")]
pub(crate) struct JsonSchema {
    /// Record type
    #[arg(value_name = "TYPE")]
    pub(crate) object_type: ObjectType,
}
