//! Arguments of the commands that read or change the ledger; none of them makes a call.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use gong_crm::ObjectType;

use super::age;

/// List uploads from the ledger; no call is made
///
/// With -o json one object per line.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm uploads
  gong-crm uploads --unfinished -o json")]
pub(crate) struct Uploads {
    /// Only uploads whose outcome is not known
    #[arg(long)]
    pub(crate) unfinished: bool,
    /// Number of uploads to list, the newest last
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        conflicts_with = "unfinished"
    )]
    pub(crate) limit: usize,
}

/// List records whose newest version is not in Gong, with the reasons; no call is made
///
/// Records that Gong rejected, that it did not confirm, and that were held back because of an error or of
/// a record that they refer to. What a limit such as --max-changes holds back of a complete source is in
/// the source: plan and sync show it. With -o json one object per line.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_long_help = "\
Examples:
  gong-crm rejects
  gong-crm rejects DEAL --out deals.ldjson
  gong-crm rejects waive DEAL deal-0007")]
pub(crate) struct Rejects {
    #[command(subcommand)]
    pub(crate) action: Option<RejectsAction>,
    /// Only records of this type
    #[arg(value_name = "TYPE")]
    pub(crate) object_type: Option<ObjectType>,
    /// Write the records to this file, to be fixed and pushed again; of one type only
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RejectsAction {
    /// Stop retrying a rejected record until it changes, or drop what is kept of a held-back one
    Waive(RecordName),
}

/// A record by type and id.
#[derive(Debug, Args)]
pub(crate) struct RecordName {
    /// Record type
    #[arg(value_name = "TYPE")]
    pub(crate) object_type: ObjectType,
    /// The record's objectId
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) object_id: String,
}

/// Show what was sent of a record and when, from the ledger; no call is made
///
/// With -o json one object per line.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm history DEAL deal-0007")]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) record: RecordName,
}

/// List what was sent to Gong since a time, record by record, from the ledger; no call is made
///
/// With -o json one object per line.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm changes --since 24h
  gong-crm changes --since 2026-03-02T08:00:00Z -o json")]
pub(crate) struct Changes {
    /// An age such as 24h or 7d, or a time in ISO 8601
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = since)]
    pub(crate) since: Since,
}

/// A time, or how long ago it was.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Since {
    /// So long ago.
    Age(Duration),
    /// Exactly then.
    Time(jiff::Timestamp),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse() {
        return Ok(Since::Time(time));
    }
    age(text)
        .map(Since::Age)
        .map_err(|_| format!("{text:?} is not a time; write 24h, 7d or 2026-03-02T08:00:00Z"))
}

/// Move, repair or clean up the ledger; no call is made
///
/// The ledger stores which version of each record Gong has. Never use two copies of a ledger:
/// neither knows what the other has sent.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    pub(crate) action: LedgerAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerAction {
    /// Write the ledger to a file for another machine, and seal this one
    ///
    /// A sealed ledger does not push: after that, use the exported copy.
    Export {
        /// File to write
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Read an exported ledger into an empty one
    ///
    /// The new ledger knows which records Gong has, but not in which version, so the next push
    /// sends all of them again.
    Import {
        /// File to read, or - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Keep the versions too: only if nothing was sent with any other copy since the export
        #[arg(long)]
        as_is: bool,
    },
    /// Make a restored or copied ledger safe: the next push sends every record again
    ///
    /// The ledger keeps the list of records that Gong has, but forgets their versions.
    Recover,
    /// Delete old uploads and their history
    ///
    /// Records in Gong, rejected records and unfinished uploads are always kept.
    Prune {
        /// Minimum age of the uploads to delete, such as 90d
        #[arg(long, value_name = "AGE", default_value = "90d", value_parser = age)]
        before: Duration,
    },
    /// Forget the version that Gong has of a record, so that the next push sends it again
    ///
    /// What Gong was sent before stays known: the last date, and the fields to clear. A record that
    /// was deleted in Gong is erased from the ledger.
    Forget(RecordName),
    /// Rename the scope of a sync, which keeps its records
    ///
    /// A sync deletes only records that an earlier sync of the same scope has read. If you change
    /// `scope` in gong-crm.toml, rename it in the ledger too.
    RenameScope {
        /// Old name
        #[arg(value_name = "OLD")]
        old: String,
        /// New name, as in gong-crm.toml
        #[arg(value_name = "NEW")]
        new: String,
        /// Also take the records that syncs named NEW have read since
        #[arg(long)]
        merge: bool,
    },
}
