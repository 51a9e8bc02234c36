//! Arguments of `gong-crm trust`.

use std::path::PathBuf;

use clap::Args;

/// Let a gong-crm.toml that you did not name run commands, use paths and name a host
///
/// A gong-crm.toml in the current folder or above it may come from someone else, as in a cloned
/// repository. Until you trust it, it can only choose names and limits, and a base URL at
/// https://*.gong.io. This command shows what else it would do, and stores the hash of the file. If
/// the file changes, it is no longer trusted.
///
/// A file that you name with --config, your own configuration, and what gong-crm init wrote are
/// always trusted.
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
    /// Show what the file would do, without trusting it
    #[arg(long, conflicts_with = "revoke")]
    pub(crate) show: bool,
    /// Remove the trust in the file
    #[arg(long)]
    pub(crate) revoke: bool,
}
