//! `target-gong-crm`: the name under which Meltano and other Singer runners look for a target. It runs
//! `gong-crm singer` with the same arguments.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut command = Command::new(gong_crm());
    command.arg("singer").args(std::env::args_os().skip(1));
    let error = run(command);
    // There is no other way to report the failure.
    drop(writeln!(
        std::io::stderr(),
        "error: gong-crm can't be started: {error}\nhint: install gong-crm beside target-gong-crm"
    ));
    ExitCode::from(1)
}

/// The program beside this one, or where programs are searched for.
fn gong_crm() -> PathBuf {
    let name = format!("gong-crm{}", std::env::consts::EXE_SUFFIX);
    let here = std::env::current_exe().ok();
    let here = here.and_then(|path| path.canonicalize().ok());
    let beside = here.and_then(|path| Some(path.parent()?.join(&name)));
    beside
        .filter(|path| path.is_file())
        .unwrap_or_else(|| name.into())
}

/// Replaces this process; returns only with an error.
#[cfg(unix)]
fn run(mut command: Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(&mut command)
}

/// Runs it and exits with its code; returns only with an error.
#[cfg(not(unix))]
#[expect(
    clippy::exit,
    reason = "the code of the other program is the code of this one"
)]
fn run(mut command: Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
