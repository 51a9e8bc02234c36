//! schemathesis: thousands of requests made from the contract, good and bad, against the simulator.

use anyhow::{Context as _, Result};

use super::Outside;
use super::simulator::Simulator;
use super::tools::run as run_tool;
use crate::ci::say;

/// Requests per operation and phase.
const EXAMPLES: &str = "100";

/// The same requests in every run.
const SEED: &str = "20261126";

pub(super) fn run(outside: &Outside) -> Result<()> {
    for (mode, arguments) in [("default", &[][..]), ("strict", &["--strict"][..])] {
        say(&format!("-- schemathesis against the simulator, {mode}"));
        // The simulator has changed its mind about nothing: each mode begins with an empty company.
        let simulator = Simulator::start(&outside.root, arguments)?;
        let key = format!(
            "{}:{}",
            simulator.variable("GONG_ACCESS_KEY"),
            simulator.variable("GONG_ACCESS_KEY_SECRET")
        );
        let mut command = outside.tools.python("schemathesis");
        command
            .arg("run")
            .arg(outside.contract())
            .args(["--url", simulator.variable("GONG_BASE_URL")])
            .args(["--auth", &key])
            .args(["--checks", "all", "--continue-on-failure"])
            .args(["--max-examples", EXAMPLES, "--seed", SEED])
            .current_dir(&outside.folder);
        run_tool(&mut command).with_context(|| format!("in {mode} mode"))?;
    }
    Ok(())
}
