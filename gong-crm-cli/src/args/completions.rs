//! Arguments of `gong-crm completions` and `gong-crm man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm completions bash > ~/.local/share/bash-completion/completions/gong-crm
  gong-crm completions zsh > ~/.zfunc/_gong-crm
  gong-crm completions fish > ~/.config/fish/completions/gong-crm.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Print the manual page, or write one per command
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  gong-crm man > gong-crm.1
  gong-crm man --dir ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write one page per command into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
