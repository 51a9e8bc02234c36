//! Runs the tests of random histories over many seeds.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// A test of random histories, of which a plain test run has a few.
struct Test {
    package: &'static str,
    target: &'static str,
    name: &'static str,
    /// The environment variable with the range of its seeds.
    seeds: &'static str,
}

const TESTS: [Test; 4] = [
    // Pushes of the library, with everything that the simulator can do wrong.
    Test {
        package: "gong-crm",
        target: "model",
        name: "any_history_ends_with_gong_as_it_was_told",
        seeds: "GONG_MODEL_SEEDS",
    },
    // Syncs of the library: a CRM that lives, exports that fail, and kills.
    Test {
        package: "gong-crm",
        target: "sync",
        name: "model::gong_holds_what_the_crm_holds_after_a_quiet_round",
        seeds: "GONG_SYNC_SEEDS",
    },
    // The command, killed at any moment.
    Test {
        package: "gong-crm-cli",
        target: "chaos",
        name: "seeds::kills_and_faults_lose_and_undo_nothing",
        seeds: "GONG_CHAOS_SEEDS",
    },
    // Rounds of a sync, killed and disturbed while the CRM changes.
    Test {
        package: "gong-crm-cli",
        target: "chaos",
        name: "syncs::killed_rounds_of_a_sync_leave_gong_equal_to_the_crm",
        seeds: "GONG_CHAOS_SYNC_SEEDS",
    },
];

/// Runs these seeds.
pub(crate) fn run(root: &Path, from: u64, seeds: u64) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    for test in TESTS {
        let status = Command::new(&cargo)
            .args(["test", "-p", test.package, "--all-features"])
            .args(["--test", test.target, "--"])
            .args(["--exact", test.name, "--nocapture"])
            .env(test.seeds, format!("{from}..{}", from + seeds))
            .current_dir(root)
            .status()
            .with_context(|| format!("cannot start {cargo}"))?;
        ensure!(status.success(), "a seed failed; it is named above");
    }
    Ok(())
}
