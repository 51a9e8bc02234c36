//! Runs the chaos test over many seeds.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The test; a plain test run has a few seeds.
const TEST: &str = "seeds::kills_and_faults_lose_and_undo_nothing";

/// Runs these seeds.
pub(crate) fn run(root: &Path, from: u64, seeds: u64) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(&cargo)
        .args(["test", "-p", "gong-crm-cli", "--test", "chaos", "--"])
        .args(["--exact", TEST, "--nocapture"])
        .env("GONG_CHAOS_SEEDS", format!("{from}..{}", from + seeds))
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start {cargo}"))?;
    ensure!(status.success(), "a seed failed; it is named above");
    Ok(())
}
