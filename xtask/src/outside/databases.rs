//! Sources: databases and object stores as a user has them, read by the command with all features.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::Outside;
use super::simulator::Simulator;
use super::tools::{program, run};
use crate::ci::say;

pub(super) fn postgres(outside: &Outside) -> Result<()> {
    run_program(outside, "postgres.py", &[])?;
    say("-- the ledger in Postgres");
    let example = ["-p", "gong-sources", "--example", "ledger_conformance"];
    let example = [&example[..], &["--features", "postgres"]].concat();
    let suite = build(outside, &example, "examples/ledger_conformance")?;
    run_program(
        outside,
        "postgres_ledger.py",
        &[("LEDGER_CONFORMANCE", suite)],
    )
}

pub(super) fn mariadb(outside: &Outside) -> Result<()> {
    run_program(outside, "mariadb.py", &[])
}

pub(super) fn parquet(outside: &Outside) -> Result<()> {
    run_program(outside, "parquet.py", &[])
}

/// Builds a program of the workspace; returns where it is.
fn build(outside: &Outside, arguments: &[&str], name: &str) -> Result<PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    run(Command::new(cargo)
        .args(["build", "--quiet"])
        .args(arguments)
        .current_dir(&outside.root))?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| "target".into(), PathBuf::from);
    let built = outside.root.join(target).join("debug").join(name);
    Ok(built.with_extension(std::env::consts::EXE_EXTENSION))
}

/// Runs a program of `xtask/outside/sources` with the command, against its own simulator.
fn run_program(outside: &Outside, name: &str, variables: &[(&str, PathBuf)]) -> Result<()> {
    let all = ["-p", "gong-crm-cli", "--all-features"];
    let command = build(outside, &all, "gong-crm")?;
    let packages = outside.folder.join("sources");
    let list = "sources/requirements.txt";
    outside.tools.python_packages(&packages, list)?;
    let simulator = Simulator::start(&outside.root, &[])?;
    let source = outside.root.join("xtask/outside/sources").join(name);
    run(program(&packages, "python")
        .arg(source)
        .env("GONG_CRM", command)
        .envs(simulator.environment())
        .envs(variables.iter().map(|(name, path)| (name, path)))
        .current_dir(&outside.folder))
}
