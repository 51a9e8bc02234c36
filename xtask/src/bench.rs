//! `cargo xtask bench`: builds and runs a program of `benches/`, or all of them for the page.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

mod instructions;
mod page;

/// Runs the bench of this name with these arguments, optimized as what is shipped.
pub(crate) fn run(root: &Path, name: &str, arguments: &[String]) -> Result<()> {
    let folder = build(root)?;
    if name == "instructions" {
        let update = arguments.iter().any(|argument| argument == "--update");
        return instructions::run(root, &folder, update);
    }
    let mut command = command(root, &folder, name);
    let status = command.args(arguments).status();
    let status = status.with_context(|| format!("there is no bench {name}"))?;
    if !status.success() {
        bail!("the bench {name} failed");
    }
    Ok(())
}

/// Runs all benches that compare with others, and writes the page of their figures.
pub(crate) fn run_all(root: &Path) -> Result<()> {
    let folder = build(root)?;
    let mut figures = Vec::new();
    for chapter in page::CHAPTERS {
        crate::ci::say(&format!("== {}: {}", chapter.bench, chapter.title));
        let output = command(root, &folder, chapter.bench)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(
            output.status.success(),
            "the bench {} failed",
            chapter.bench
        );
        let said = String::from_utf8(output.stdout)?;
        crate::ci::say(&said);
        figures.push(said);
    }
    let path = root.join("docs/benchmarks.md");
    std::fs::write(&path, page::page(root, &figures)?)?;
    crate::ci::say(&format!("{} is written", path.display()));
    Ok(())
}

/// Builds the benches and the command that one of them runs; says where they are.
fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(&cargo)
        .args(["build", "--profile", "dist", "--locked"])
        .args(["-p", "benches", "-p", "gong-crm-cli"])
        .args(["--features", "gong-crm-cli/parquet"])
        .current_dir(root)
        .status()
        .with_context(|| format!("cannot start {cargo}"))?;
    ensure!(status.success(), "the benches can't be built");
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root.join("target"), |target| root.join(target));
    Ok(target.join("dist"))
}

fn command(root: &Path, folder: &Path, name: &str) -> Command {
    let mut command = Command::new(folder.join(name));
    command.current_dir(root);
    command
}
