//! `cargo xtask bench`: builds and runs a program of `benches/`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs the bench of this name with these arguments, optimized as what is shipped.
pub(crate) fn run(root: &Path, name: &str, arguments: &[String]) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(&cargo)
        .args([
            "run",
            "--profile",
            "dist",
            "--locked",
            "-p",
            "benches",
            "--bin",
            name,
            "--",
        ])
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start {cargo}"))?;
    if !status.success() {
        bail!("the bench {name} failed");
    }
    Ok(())
}
