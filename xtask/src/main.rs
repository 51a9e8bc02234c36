//! The workspace's own tasks: `cargo xtask codegen | scale | bench | chaos | docs | ci | packages`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod chaos;
mod ci;
mod codegen;
mod outside;
mod packages;
mod scale;

/// The workspace's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write everything that follows from openapi.yaml
    Codegen {
        /// Change nothing; fail with a diff when a committed file is stale
        #[arg(long)]
        check: bool,
    },
    /// Write the example CRM of examples/acme, several times as large
    Scale {
        /// How many times as large
        times: u32,
        /// The folder to write into
        out: PathBuf,
    },
    /// Run a bench of benches/, such as `check`; or all, and write docs/benchmarks.md
    Bench {
        /// The bench
        name: Option<String>,
        /// Its arguments, such as `--gate`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill the command at each step and let its calls fail, in many histories
    Chaos {
        /// How many histories
        #[arg(long, default_value_t = 1_000)]
        seeds: u64,
        /// The first seed, to see a history again
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
    let outcome = match arguments.task {
        Task::Codegen { check } => codegen::run(&root, check),
        Task::Scale { times, out } => scale::write_into(&root, &out, times),
        Task::Bench { name, arguments } => match name {
            Some(name) => bench::run(&root, &name, &arguments),
            None => bench::run_all(&root),
        },
        Task::Chaos { seeds, from } => chaos::run(&root, from, seeds),
        Task::Docs => ci::pages(&root),
        Task::Ci => ci::run(&root),
        Task::Outside { list: true, .. } => {
            outside::list();
            Ok(())
        }
        Task::Outside { suites, .. } => outside::run(&root, &suites),
        Task::Packages { since: None } => packages::run(&root),
        Task::Packages {
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
    reason = "a task reports its failure on the terminal"
)]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// The folder with the workspace's `Cargo.toml`.
fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
