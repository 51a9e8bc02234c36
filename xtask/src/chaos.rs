//! How are many lives of killed pushes run?

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The test that lives them; a plain test run has a few.
const TEST: &str = "seeds::a_life_of_kills_and_faults_ends_with_every_record_applied_once";

/// Runs the lives of these seeds.
pub(crate) fn run(root: &Path, from: u64, seeds: u64) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(&cargo)
        .args(["test", "-p", "gong-crm-cli", "--test", "chaos", "--"])
        .args(["--exact", TEST, "--nocapture"])
        .env("GONG_CHAOS_SEEDS", format!("{from}..{}", from + seeds))
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start {cargo}"))?;
    ensure!(status.success(), "a life went wrong; its seed stands above");
    Ok(())
}
