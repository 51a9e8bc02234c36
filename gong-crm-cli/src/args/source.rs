//! Arguments that name sources.

use clap::Args;

/// Sources on the command line.
#[derive(Debug, Default, Args)]
pub(crate) struct SourceArgs {
    /// Read this source, in the notation of gong-crm.toml, instead of those of the file; repeat it
    /// for several types
    #[arg(long, value_name = "TYPE={...}")]
    pub(crate) source: Vec<String>,
}
