//! `cargo xtask packages`: what the published crates have to be, beyond a green `ci`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::ci::{Step, say, steps};

const STEPS: &[Step] = &[
    (
        "each feature alone",
        &[
            "hack",
            "clippy",
            "--each-feature",
            "--no-dev-deps",
            "-p",
            "gong-crm",
            "-p",
            "gong-api-gen",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    ),
    (
        "licenses, bans, sources and advisories",
        &["deny", "--locked", "check"],
        &[],
    ),
    (
        "packages",
        &[
            "package",
            "--locked",
            "-p",
            "gong-api-gen",
            "-p",
            "gong-crm",
            "-p",
            "gong-sim",
            "-p",
            "gong-crm-cli",
        ],
        &[],
    ),
];

/// Looks at the spelling, the features one by one, the dependencies and the packages.
///
/// It takes `cargo install --locked cargo-hack cargo-deny typos-cli`, and a network: for the
/// advisories, and for the registry that packages are resolved against.
pub(crate) fn run(root: &Path) -> Result<()> {
    say("== spelling: typos");
    let status = Command::new("typos").current_dir(root).status();
    let status = status.context("cannot start typos; cargo install --locked typos-cli")?;
    if !status.success() {
        bail!("spelling failed: typos; what is meant so goes into typos.toml");
    }
    steps(root, STEPS)
}
