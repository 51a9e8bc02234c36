//! The JSON Schemas in a validator of others.

use std::process::Command;

use anyhow::Result;

use super::Outside;
use super::tools;

pub(super) fn run(outside: &Outside) -> Result<()> {
    // Node finds packages upwards from the program.
    let program = outside.tools.node_folder().join("compile.mjs");
    std::fs::copy(
        outside.root.join("xtask/outside/schemas/compile.mjs"),
        &program,
    )?;
    tools::run(
        Command::new("node")
            .arg(program)
            .arg(outside.root.join("schemas")),
    )
}
