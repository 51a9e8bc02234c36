//! A separate simulator for each suite, as a program in any language gets one: through its
//! environment.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// What a client has to know of the simulator.
const NEEDED: [&str; 5] = [
    "GONG_SIM_TOKEN",
    "GONG_BASE_URL",
    "GONG_ACCESS_KEY",
    "GONG_ACCESS_KEY_SECRET",
    "GONG_INTEGRATION_ID",
];

/// A running simulator with one integration; stops when dropped.
pub(super) struct Simulator {
    process: Child,
    environment: BTreeMap<String, String>,
}

impl Simulator {
    /// Starts one, and waits until it has printed its settings.
    pub(super) fn start(root: &Path, arguments: &[&str]) -> Result<Self> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = Command::new(&cargo);
        command
            .args(["build", "--quiet", "-p", "gong-sim", "--example", "serve"])
            .current_dir(root);
        super::tools::run(&mut command)?;
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or_else(|| root.join("target"), |target| root.join(target));
        let program = target
            .join("debug/examples/serve")
            .with_extension(std::env::consts::EXE_EXTENSION);
        let mut process = Command::new(&program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let output = process.stdout.take();
        let mut simulator = Self {
            process,
            environment: BTreeMap::new(),
        };
        for line in BufReader::new(output.context("the simulator has no output")?).lines() {
            let line = line?;
            if let Some((name, value)) = line
                .strip_prefix("export ")
                .and_then(|line| line.split_once('='))
            {
                let (name, value) = (name.to_owned(), value.trim_matches('\'').to_owned());
                simulator.environment.insert(name, value);
            }
            if NEEDED
                .iter()
                .all(|name| simulator.environment.contains_key(*name))
            {
                return Ok(simulator);
            }
        }
        bail!("the simulator ended before it said where it is");
    }

    pub(super) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
