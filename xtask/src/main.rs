//! The workspace's own chores: `cargo xtask codegen | acme | bench | chaos | docs | ci | packages`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod acme;
mod bench;
mod chaos;
mod ci;
mod codegen;
mod outside;
mod packages;

/// The workspace's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Write everything that follows from openapi.yaml
    Codegen {
        /// Change nothing; fail with a diff when a committed file is stale
        #[arg(long)]
        check: bool,
    },
    /// Write the example CRM into examples/acme
    Acme {
        /// Change nothing; fail when a committed file is stale
        #[arg(long, conflicts_with_all = ["out", "scale"])]
        check: bool,
        /// Write into this folder instead
        #[arg(long)]
        out: Option<PathBuf>,
        /// Make the CRM this many times as large
        #[arg(long, default_value_t = 1, requires = "out")]
        scale: u32,
    },
    /// Run a bench of benches/, such as `check`; or all, and write docs/benchmarks.md
    Bench {
        /// The bench
        name: Option<String>,
        /// What it is given, such as `--gate`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill the command at each step and strike its calls, in as many lives as wanted
    Chaos {
        /// How many lives
        #[arg(long, default_value_t = 1_000)]
        seeds: u64,
        /// The first seed, to see a life again
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Write the reference pages of docs/ from the tables in the code and the command's help
    Docs,
    /// Run everything a change has to pass, in order
    Ci,
    /// Run tools and clients of others: linters, generated clients, schemathesis
    Outside {
        /// The suites, such as `clients`; all by default
        suites: Vec<String>,
        /// Only list the suites and what they need
        #[arg(long)]
        list: bool,
    },
    /// Look at the spelling, each feature alone, the dependencies, the packages and their interface
    Packages {
        /// Only compare the interface, with this revision instead of the last release
        #[arg(long)]
        since: Option<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let root = workspace_root();
    let outcome = match arguments.chore {
        Chore::Codegen { check } => codegen::run(&root, check),
        Chore::Acme { check, out, scale } => match out {
            Some(folder) => acme::write_into(&folder, scale),
            None => acme::run(&root, check),
        },
        Chore::Bench { name, arguments } => match name {
            Some(name) => bench::run(&root, &name, &arguments),
            None => bench::run_all(&root),
        },
        Chore::Chaos { seeds, from } => chaos::run(&root, from, seeds),
        Chore::Docs => ci::pages(&root),
        Chore::Ci => ci::run(&root),
        Chore::Outside { list: true, .. } => {
            outside::list();
            Ok(())
        }
        Chore::Outside { suites, .. } => outside::run(&root, &suites),
        Chore::Packages { since: None } => packages::run(&root),
        Chore::Packages {
            since: Some(revision),
        } => packages::compare(&root, &revision),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a chore reports its failure on the terminal"
)]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// The folder that holds the workspace's `Cargo.toml`.
fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
