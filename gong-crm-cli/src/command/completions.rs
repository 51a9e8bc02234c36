//! `gong-crm completions`: completion scripts for shells.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::args::completions::Completions;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(arguments: &Completions, output: Output) -> Exit {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, "gong-crm", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if arguments.shell == Shell::Bash {
        script = with_one_name(&script);
    }
    output.raw(script.trim_end());
    Exit::Ok
}

/// Makes the two names agree that the script has for a command with a hyphen: `clap_complete`
/// sets `gong__crm`, and compares it with `gong__subcmd__crm` (clap-rs/clap#6421), so that nothing after the
/// first word was completed.
fn with_one_name(script: &str) -> String {
    script.replace("gong__subcmd__crm", "gong__crm")
}
