//! `cargo xtask ci`: everything a change has to pass, in order, stopping at the first failure.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A step's title, the command, and variables for its environment.
type Step = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// Warnings are errors, but only for our own code: no `RUSTFLAGS`, which would rebuild the rest.
const STEPS: &[Step] = &[
    ("formatting", &["fmt", "--all", "--check"], &[]),
    (
        "generated files",
        &["run", "-q", "-p", "xtask", "--", "codegen", "--check"],
        &[],
    ),
    (
        "example CRM",
        &["run", "-q", "-p", "xtask", "--", "acme", "--check"],
        &[],
    ),
    (
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
        &[],
    ),
    (
        "documentation",
        &["doc", "--workspace", "--no-deps", "--locked"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    ),
    (
        "tests and doctests",
        &["test", "--workspace", "--locked"],
        &[("INSTA_UPDATE", "no")],
    ),
];

/// Runs all steps in the workspace's root.
pub(crate) fn run(root: &Path) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    for (title, arguments, variables) in STEPS {
        say(&format!("== {title}: cargo {}", arguments.join(" ")));
        let status = Command::new(&cargo)
            .args(*arguments)
            .envs(variables.iter().copied())
            .current_dir(root)
            .status()
            .with_context(|| format!("cannot start {cargo}"))?;
        if !status.success() {
            bail!("{title} failed: cargo {}", arguments.join(" "));
        }
    }
    say("== all passed");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a chore says what it does")]
fn say(line: &str) {
    println!("{line}");
}
