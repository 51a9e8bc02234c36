//! `gong-crm completions`: completion scripts for shells.

use clap::CommandFactory as _;

use crate::args::Arguments;
use crate::args::completions::Completions;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(arguments: &Completions, output: Output) -> Exit {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "gong-crm", &mut script);
    output.raw(String::from_utf8_lossy(&script).trim_end());
    Exit::Ok
}
