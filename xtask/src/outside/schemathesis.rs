//! schemathesis: thousands of requests made from the contract, good and bad, against the simulator.

use anyhow::{Context as _, Result};

use super::Outside;
use super::simulator::Simulator;
use super::tools;
use crate::ci::say;

/// Requests per operation and phase.
const EXAMPLES: &str = "100";

/// The same requests in every run.
const SEED: &str = "20261126";

/// Runs on its own simulator: after it, all other operations find no integration.
const DELETION: &str = "deleteGenericCrmIntegration";

pub(super) fn run(outside: &Outside) -> Result<()> {
    for (mode, arguments) in [("default", &[][..]), ("strict", &["--strict"][..])] {
        for selection in ["--exclude-operation-id", "--include-operation-id"] {
            say(&format!("-- {mode} mode, {selection} {DELETION}"));
            let simulator = Simulator::start(&outside.root, arguments)?;
            let mut command = outside.tools.python("schemathesis");
            // Address, key and integration reach it by the variables that this file names.
            command
                .arg("--config-file")
                .arg(outside.root.join("xtask/outside/schemathesis.toml"))
                .arg("run")
                .arg(outside.contract())
                .args([selection, DELETION])
                .args(["--checks", "all", "--continue-on-failure"])
                .args(["--max-examples", EXAMPLES, "--seed", SEED])
                .envs(simulator.environment())
                .current_dir(&outside.folder);
            tools::run(&mut command).with_context(|| format!("in {mode} mode"))?;
        }
    }
    Ok(())
}
