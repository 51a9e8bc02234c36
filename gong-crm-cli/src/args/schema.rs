//! Arguments of `gong-crm schema`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gong_crm::ObjectType;
use gong_crm::operation::Operation;

use super::operations::calls;

/// Manage the custom fields of accounts, contacts, deals and leads as a file
///
/// Gong replaces the custom fields of a type as a whole. Changing a field's type or removing it drops
/// its values on all records; the plan shows this beforehand.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    #[command(subcommand)]
    pub(crate) action: SchemaAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaAction {
    /// Write the custom fields that Gong has to a file: YAML or JSON
    #[command(after_long_help = calls(
        &[Operation::ListCrmSchemaFields],
        "Examples:\n  gong-crm schema pull --to entity-schema.yaml\n  gong-crm schema pull --type DEAL -o json",
    ))]
    Pull {
        /// Only the fields of this type
        #[arg(long = "type", value_name = "TYPE")]
        object_type: Option<ObjectType>,
        /// File to write; JSON if its name ends in .json, otherwise YAML
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Show what a file would change: added, changed, retyped and removed fields
    ///
    /// Changes nothing. Types that the file does not list are left alone; fields that are missing in
    /// a listed type will be removed.
    #[command(after_long_help = calls(
        &[Operation::ListCrmSchemaFields],
        "Examples:\n  gong-crm schema plan entity-schema.yaml\n  gong-crm --sim schema plan examples/acme/entity-schema.json",
    ))]
    Plan(SchemaFile),
    /// Make Gong's custom fields match a file
    ///
    /// Sends the complete list of fields of each type that changes. If values of records would be
    /// lost, nothing is sent without --allow-data-loss.
    #[command(after_long_help = calls(
        &[Operation::ListCrmSchemaFields, Operation::UploadCrmSchemaField],
        "Examples:\n  gong-crm schema apply entity-schema.yaml\n  gong-crm schema apply --dry-run entity-schema.yaml",
    ))]
    Apply {
        #[command(flatten)]
        file: SchemaFile,
        /// Apply changes that drop values of records
        #[arg(long)]
        allow_data_loss: bool,
        /// Show the requests; nothing is sent
        #[arg(long)]
        dry_run: bool,
    },
}

/// A file of custom fields.
#[derive(Debug, Args)]
pub(crate) struct SchemaFile {
    /// File, YAML or JSON, as `schema pull` writes it; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// Only the fields of this type; required if the file is a list of fields without types
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
}
