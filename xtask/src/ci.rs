//! `cargo xtask ci`: everything a change has to pass, in order, stopping at the first failure.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A step's title, the command, and variables for its environment.
pub(crate) type Step = (
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
        // A million mutated lines through both ways of the check, the fast and the exact one.
        &[("INSTA_UPDATE", "no"), ("CHECK_MUTATIONS", "1000000")],
    ),
];

/// The pages that follow from tables in the code: a test of each writes it when asked.
const PAGES: &[Step] = &[
    (
        "docs/check-rules.md",
        &[
            "test",
            "-q",
            "-p",
            "gong-records",
            "--lib",
            "the_reference_is_what_the_rules_say",
        ],
        &[("WRITE_CHECK_RULES", "1")],
    ),
    (
        "docs/mapping-reference.md",
        &[
            "test",
            "-q",
            "-p",
            "gong-records",
            "--all-features",
            "--lib",
            "the_mapping_reference_is_up_to_date",
        ],
        &[("WRITE_MAPPING_REFERENCE", "1")],
    ),
    (
        "docs/simulator-rules.md",
        &["test", "-q", "-p", "gong-sim", "--test", "it", "rules"],
        &[("GONG_SIM_WRITE_RULES", "1")],
    ),
    (
        "docs/commands.md, docs/man",
        &[
            "test",
            "-q",
            "-p",
            "gong-crm-cli",
            "--test",
            "cli",
            "reference",
        ],
        &[("WRITE_COMMAND_REFERENCE", "1")],
    ),
];

/// Runs everything that a change has to pass.
pub(crate) fn run(root: &Path) -> Result<()> {
    steps(root, STEPS)
}

/// Writes the reference pages again.
pub(crate) fn pages(root: &Path) -> Result<()> {
    steps(root, PAGES)
}

/// Runs the steps in the workspace's root, and stops at the first failure.
pub(crate) fn steps(root: &Path, steps: &[Step]) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    for (title, arguments, variables) in steps {
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

#[expect(clippy::print_stdout, reason = "a task says what it does")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
