//! The Python package: its wheel is built, installed where nothing else is, and used.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Outside;
use super::tools::{program, quiet, run as shown};
use crate::ci::say;

/// Commands that a user types after `pip install gong-crm`; each of them must work.
const COMMANDS: &[&[&str]] = &[
    &["gong-crm", "--version"],
    &["target-gong-crm", "--about", "--format", "json"],
    &["python", "-m", "gong_crm", "--version"],
];

pub(super) fn run(outside: &Outside) -> Result<()> {
    let folder = outside.folder.join("python");
    let wheels = folder.join("wheels");
    drop(std::fs::remove_dir_all(&wheels));
    std::fs::create_dir_all(&wheels)?;

    let tools = folder.join("tools");
    outside
        .tools
        .python_packages(&tools, "python/requirements.txt")?;
    say("-- the wheel");
    // The layout of the wheel is what counts here: a release is the same, built with optimizations.
    quiet(
        program(&tools, "maturin")
            .args(["build", "--profile", "dev", "--out"])
            .arg(&wheels)
            .current_dir(&outside.root),
    )?;
    let wheel = only_file(&wheels)?;

    say("-- a clean environment");
    let clean = folder.join("clean");
    quiet(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&clean),
    )?;
    install(&clean, &wheel)?;
    for words in COMMANDS {
        quiet(program(&clean, words[0]).args(&words[1..]))?;
    }
    shown(
        program(&clean, "python")
            .args(["-W", "error", "-m", "unittest", "discover", "python/tests"])
            .current_dir(&outside.root),
    )?;
    shown(
        program(&tools, "mypy")
            .args(["--strict", "--no-error-summary", "python/gong_crm"])
            .current_dir(&outside.root),
    )?;

    install(&tools, &wheel)?;
    let examples = outside.root.join("examples/python");
    for example in ["dlt_destination.py", "dagster_asset.py"] {
        say(&format!("-- {example}"));
        // dlt keeps its pipelines, and Dagster its runs, in the home folder by default.
        quiet(
            program(&tools, "python")
                .arg(example)
                .env("DLT_DATA_DIR", folder.join("dlt"))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("RUNTIME__DLTHUB_TELEMETRY", "false")
                .env("DAGSTER_DISABLE_TELEMETRY", "1")
                // As people do: in the folder of the example.
                .current_dir(&examples),
        )?;
    }
    say("-- notebook.ipynb");
    quiet(
        program(&tools, "python")
            .args(["-m", "nbconvert", "--to", "notebook", "--execute"])
            .arg("--output-dir")
            .arg(folder.join("notebook"))
            .arg("notebook.ipynb")
            .current_dir(&examples),
    )
}

fn install(venv: &Path, wheel: &Path) -> Result<()> {
    quiet(
        program(venv, "python")
            .args(["-m", "pip", "install", "--quiet", "--no-index"])
            .args(["--force-reinstall", "--no-deps"])
            .arg(wheel),
    )
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut entries = std::fs::read_dir(folder)?;
    let first = entries.next().context("maturin wrote no wheel")??.path();
    if let Some(second) = entries.next() {
        bail!(
            "one wheel carries everything, and there is also {}",
            second?.path().display()
        );
    }
    Ok(first)
}
