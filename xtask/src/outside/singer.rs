//! Singer: the SDK's tests of targets, Meltano, and a real tap, with target-gong-crm.

use std::process::Command;

use anyhow::Result;

use super::Outside;
use super::simulator::Simulator;
use super::tools::{program, quiet, run as shown};
use crate::ci::say;

/// Packages that don't go together, so that each has its own environment.
const PACKAGES: [&str; 3] = ["sdk", "tap", "meltano"];

pub(super) fn run(outside: &Outside) -> Result<()> {
    let folder = outside.folder.join("singer");
    std::fs::create_dir_all(&folder)?;
    for name in PACKAGES {
        let list = format!("singer/{name}.txt");
        outside.tools.python_packages(&folder.join(name), &list)?;
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    quiet(
        Command::new(cargo)
            .args(["build", "--quiet", "-p", "gong-crm-cli"])
            .current_dir(&outside.root),
    )?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(
        || outside.root.join("target"),
        |target| outside.root.join(target),
    );
    let built = target.join("debug");
    let programs = outside.root.join("xtask/outside/singer");
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    for (tests, about) in [
        ("test_target.py", "the SDK's tests of targets"),
        (
            "test_taps.py",
            "tap-pipedrive, alone and by Meltano, with a server that breaks uploads off",
        ),
    ] {
        say(&format!("-- {about}"));
        let simulator = Simulator::start(&outside.root, &[])?;
        shown(
            program(&folder.join("sdk"), "python")
                .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
                .arg(programs.join(tests))
                .envs(simulator.environment())
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("BIN", &built)
                .env("TARGET", built.join("target-gong-crm"))
                .env("LEDGER", folder.join("target.sqlite"))
                .env("TAP", folder.join("tap").join(bin))
                .env("MELTANO", folder.join("meltano").join(bin))
                .current_dir(&folder),
        )?;
    }
    Ok(())
}
