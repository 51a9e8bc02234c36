//! Arguments of `gong-crm trust`.

use std::path::PathBuf;

use clap::Args;

/// Let a gong-crm.toml that you did not name run commands, use paths and name a host
///
/// A gong-crm.toml in the current folder or above it may be a stranger's, as in a cloned repository.
/// Until you trust it, it may only choose names and limits, and a base URL at https://*.gong.io. This
/// shows what else it would do, and keeps the hash of the file. When the file changes, it is not
/// trusted any more.
///
/// A file that you name with --config, your own configuration, and what gong-crm init wrote are trusted
/// anyway.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm trust --show
  gong-crm trust
  gong-crm trust --revoke ../gong-crm.toml")]
pub(crate) struct Trust {
    /// Config file [default: the gong-crm.toml in the current folder or above it]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Show what the file would do, and do not trust it
    #[arg(long, conflicts_with = "revoke")]
    pub(crate) show: bool,
    /// Do not trust the file any more
    #[arg(long)]
    pub(crate) revoke: bool,
}
