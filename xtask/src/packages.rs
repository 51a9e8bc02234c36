//! `cargo xtask packages`: what the published crates must be, beyond a green `ci`.

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
            "gong-records",
            "-p",
            "gong-client",
            "-p",
            "gong-crm",
            "-p",
            "gong-api-gen",
            "-p",
            "gong-sources",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    ),
    (
        "tests of all sources",
        &["test", "--locked", "-p", "gong-sources", "--all-features"],
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
            "gong-records",
            "-p",
            "gong-client",
            "-p",
            "gong-crm",
            "-p",
            "gong-sim",
            "-p",
            "gong-sources",
            "-p",
            "gong-crm-cli",
        ],
        &[],
    ),
];

/// Looks at the spelling, the features one by one, the dependencies, the packages and their interface.
///
/// It takes `cargo install --locked cargo-hack cargo-deny cargo-semver-checks typos-cli`, and a
/// network: for the advisories, and for the registry that packages are resolved against.
pub(crate) fn run(root: &Path) -> Result<()> {
    say("== spelling: typos");
    let status = Command::new("typos").current_dir(root).status();
    let status = status.context("cannot start typos; cargo install --locked typos-cli")?;
    if !status.success() {
        bail!("spelling failed: typos; what is meant so goes into typos.toml");
    }
    steps(root, STEPS)?;
    interface(root)
}

/// Compares the libraries' interface with that of the last release, if there is one.
fn interface(root: &Path) -> Result<()> {
    let described = Command::new("git")
        .args(["describe", "--tags", "--match", "v*", "--abbrev=0"])
        .current_dir(root)
        .output()
        .context("cannot start git")?;
    let release = String::from_utf8_lossy(&described.stdout);
    let release = release.trim();
    if !described.status.success() || release.is_empty() {
        say("== interface: no release yet to compare with");
        return Ok(());
    }
    compare(root, release)
}

/// Checks the version numbers against the changes since a revision.
pub(crate) fn compare(root: &Path, revision: &str) -> Result<()> {
    let arguments = ["semver-checks", "--baseline-rev", revision];
    let crates = [
        "-p",
        "gong-records",
        "-p",
        "gong-client",
        "-p",
        "gong-crm",
        "-p",
        "gong-sim",
        "-p",
        "gong-api-gen",
        "-p",
        "gong-sources",
    ];
    say(&format!(
        "== interface: cargo {} {}",
        arguments.join(" "),
        crates.join(" ")
    ));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(arguments)
        .args(crates)
        .current_dir(root)
        .status()?;
    if !status.success() {
        bail!("the interface has changed more than the version says");
    }
    Ok(())
}
