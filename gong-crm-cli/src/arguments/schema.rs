//! `gong-crm schema`: what can be said.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gong_crm::ObjectType;
use gong_crm::operation::Operation;

use super::operations::calls;

/// Keep the custom fields of accounts, contacts, deals and leads as a file
///
/// Gong takes the custom fields of a type as a whole. A field that is left out is an error, a changed
/// type drops the field's values on all records, and so does a removal: the plan says so beforehand.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    #[command(subcommand)]
    pub(crate) action: SchemaAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaAction {
    /// Write the custom fields that Gong has to a file: YAML, or JSON
    #[command(after_long_help = calls(
        &[Operation::ListCrmSchemaFields],
        "Examples:\n  gong-crm schema pull --to entity-schema.yaml\n  gong-crm schema pull --type DEAL -o json",
    ))]
    Pull {
        /// Only the fields of this type
        #[arg(long = "type", value_name = "TYPE")]
        object_type: Option<ObjectType>,
        /// Write this file; JSON when its name ends in .json, else YAML
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Show what a file would change: added, changed, retyped and removed fields
    ///
    /// Reads what Gong has, changes nothing. Types that the file does not list are left alone; a
    /// listed type's fields that are missing in the file are to be removed.
    #[command(after_long_help = calls(
        &[Operation::ListCrmSchemaFields],
        "Examples:\n  gong-crm schema plan entity-schema.yaml\n  gong-crm --sim schema plan examples/acme/entity-schema.json",
    ))]
    Plan(SchemaFile),
    /// Bring Gong's custom fields to what a file says
    ///
    /// Sends the complete list of each type that changes, fields that stay included. Where values of
    /// records would be lost, nothing is sent without --allow-data-loss.
    #[command(after_long_help = calls(
        &[Operation::ListCrmSchemaFields, Operation::UploadCrmSchemaField],
        "Examples:\n  gong-crm schema apply entity-schema.yaml\n  gong-crm schema apply --dry-run entity-schema.yaml",
    ))]
    Apply {
        #[command(flatten)]
        file: SchemaFile,
        /// Go on when values of records are lost
        #[arg(long)]
        allow_data_loss: bool,
        /// Show the requests that would be sent; changes nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// A file of custom fields.
#[derive(Debug, Args)]
pub(crate) struct SchemaFile {
    /// The file, YAML or JSON, as pull writes it; - for the standard input
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// Only the fields of this type; needed for a bare list of fields
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
}
