//! How many crates does an app compile for gong-crm, and how long does that take from nothing?
//!
//! `cargo xtask bench compile`
//!
//! The crates are counted for the features that an app chooses. Then a program that depends on
//! gong-crm with client and TLS is built, optimized, in an empty folder, and beside it one that
//! depends on `gong-rs`, a client generated from Gong's own document, which has no upload. What is
//! downloaded is downloaded before.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use benches::figures::say;

/// What an app may choose, and what for.
const CHOICES: [(&str, &str); 5] = [
    ("", "records, files and the check"),
    ("convert", "and CSV"),
    ("client", "the client, with TLS of one's own"),
    ("client,rustls", "the client with TLS"),
    ("client,rustls,sqlite,convert", "all that the command uses"),
];

fn main() -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the benches are in a workspace")?;
    say(&format!("{:<32}{:>8}", "features of gong-crm", "crates"));
    for (features, meaning) in CHOICES {
        let crates = crates(workspace, features)?.len();
        let features = if features.is_empty() {
            "none"
        } else {
            features
        };
        say(&format!("{features:<32}{crates:>8}  {meaning}"));
    }
    say("");
    say(&format!(
        "{:<32}{:>8}{:>8}",
        "optimized build from nothing", "crates", "s"
    ));
    let own = format!(
        "{{ path = '{}', default-features = false, features = [\"client\", \"rustls\"] }}",
        workspace.join("gong-crm").display()
    );
    let lock = fs::read(workspace.join("Cargo.lock"))?;
    for (name, dependency, lock) in [
        ("gong-crm", &*own, Some(lock)),
        ("gong-rs", "\"=0.0.1\"", None),
    ] {
        let (crates, seconds) = build(name, dependency, lock.as_deref())?;
        say(&format!("{name:<32}{crates:>8}{seconds:>8.1}"));
    }
    Ok(())
}

/// The crates that are compiled for gong-crm with these features, itself included.
fn crates(workspace: &Path, features: &str) -> Result<BTreeSet<String>> {
    let output = Command::new(cargo())
        .args([
            "tree",
            "--locked",
            "--package",
            "gong-crm",
            "--no-default-features",
        ])
        .args([
            "--features",
            features,
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ])
        .args(["--format", "{p}"])
        .current_dir(workspace)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(said.lines().filter_map(name_and_version).collect())
}

fn name_and_version(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// Builds a program that depends on one crate; says how many were compiled and how long it took.
fn build(name: &str, dependency: &str, lock: Option<&[u8]>) -> Result<(usize, f64)> {
    let folder = tempfile::tempdir()?;
    let manifest = format!(
        "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{name} = \
         {dependency}\n\n[workspace]\n"
    );
    fs::write(folder.path().join("Cargo.toml"), manifest)?;
    fs::create_dir(folder.path().join("src"))?;
    fs::write(folder.path().join("src/main.rs"), "fn main() {}\n")?;
    if let Some(lock) = lock {
        fs::write(folder.path().join("Cargo.lock"), lock)?;
    }
    let mut fetch = Command::new(cargo());
    run(fetch.arg("fetch").current_dir(folder.path()))?;
    let mut build = Command::new(cargo());
    build
        .args(["build", "--release", "--offline"])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", folder.path().join("target"));
    let begun = Instant::now();
    let said = run(&mut build)?;
    let seconds = begun.elapsed().as_secs_f64();
    let compiled = said
        .lines()
        .filter(|line| line.trim_start().starts_with("Compiling "));
    Ok((compiled.count() - 1, seconds))
}

/// Runs cargo and gives what it said.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{said}");
    Ok(said)
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
