//! How many crates are compiled, and where the time of a first build goes: `cargo xtask bench compile`.
//!
//! The crates are those of `cargo tree -e normal,build`, each once. Then the command is built in an
//! empty folder, as the README's first command builds it and once more optimized; what is downloaded is
//! downloaded before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::say;

/// The crates that people depend on or install, and how many crates each may bring with its default
/// features.
const GOALS: [(&str, usize); 4] = [
    ("gong-records", 40),
    ("gong-client", 130),
    ("gong-crm", 145),
    ("gong-crm-cli", 205),
];

/// How many seconds of processor time the first build may take.
const SECONDS: f64 = 300.0;

/// How far beyond a goal the benchmark fails: other processors are slower.
const GATE: f64 = 1.0 / 0.7;

/// How many of the heaviest crates are listed.
const LISTED: usize = 16;

/// What heavy crates are for.
const PURPOSES: &[(&str, &str)] = &[
    ("axum", "the server of the simulator"),
    ("clap_builder", "arguments and help of the command"),
    ("clap_derive", "arguments of the command"),
    ("clap_complete", "completions of shells"),
    ("csv", "reading CSV exports"),
    ("encoding_rs", "exports that are not UTF-8"),
    ("gong-api-gen", "the generated client"),
    ("gong-client", "our own: calls to Gong"),
    ("gong-crm", "our own: ledger, push and sync"),
    ("gong-crm-cli", "our own: the command"),
    ("gong-records", "our own: records, check and mapping"),
    ("gong-sim", "our own: the simulator of `--sim`"),
    ("gong-sources", "our own: where records come from"),
    ("h2", "HTTP/2"),
    ("hyper", "HTTP, of reqwest and the simulator"),
    ("hyper-util", "connections, of reqwest and the simulator"),
    ("icu_properties_data", "domain names beyond ASCII, of url"),
    ("indicatif", "progress bars"),
    ("jiff", "dates and zones"),
    ("libsqlite3-sys", "SQLite in C: the ledger"),
    ("minijinja", "expressions of mappings"),
    ("proc-macro2", "code generation at compile time"),
    ("regex-automata", "patterns"),
    ("reqwest", "the HTTP client"),
    ("ring", "cryptography of TLS, in C and assembly"),
    ("rusqlite", "the ledger in SQLite"),
    ("rustix", "file locks and modes"),
    ("rustls", "TLS"),
    ("rustls-webpki", "certificates of TLS"),
    ("serde", "reading and writing formats"),
    ("serde_core", "reading and writing formats"),
    ("serde_derive", "reading and writing formats"),
    ("serde_json", "JSON"),
    ("syn", "code generation at compile time"),
    ("tokio", "the async runtime"),
    ("toml", "configuration and mappings"),
    ("toml_parser", "configuration and mappings"),
    ("tower-http", "redirects and compression, of reqwest"),
    ("unicode-normalization", "comparing texts"),
    ("wide", "sixteen bytes at a time, in the check"),
    ("winnow", "parsing TOML"),
    ("zerocopy", "a part of other crates"),
];

fn main() -> Result<()> {
    let gate = std::env::args().any(|argument| argument == "--gate");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let workspace = workspace.context("the benchmarks are in a workspace")?;
    let mut failures = Vec::new();
    say(&format!("{:<16}{:>8}{:>8}", "", "crates", "goal"));
    for (package, goal) in GOALS {
        let count = crates(workspace, package)?.len();
        say(&format!("{package:<16}{count:>8}{goal:>8}"));
        if count > goal {
            failures.push(format!("{package} brings {count} crates, goal {goal}"));
        }
    }
    let build = build(workspace, &[])?;
    let optimized = self::build(workspace, &["--release"])?;
    say("");
    say(&format!(
        "the first build: {:.0} s of processor time (goal {SECONDS}), {:.0} s by the clock",
        build.processor, build.clock
    ));
    say(&format!(
        "optimized, as `cargo install` builds: {:.0} s of processor time, {:.0} s by the clock",
        optimized.processor, optimized.clock
    ));
    say(&format!(
        "{:<24}{:>8}  {}",
        "heaviest, optimized", "s", "what for"
    ));
    let mut units: Vec<(&String, &f64)> = optimized.units.iter().collect();
    units.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    for (name, seconds) in units.into_iter().take(LISTED) {
        let purpose = PURPOSES.iter().find(|(known, _)| known == name);
        let purpose = purpose.map_or("", |(_, purpose)| purpose);
        say(&format!("{name:<24}{seconds:>8.1}  {purpose}"));
    }
    if build.processor > SECONDS * GATE {
        failures.push(format!("the first build takes {:.0} s", build.processor));
    }
    if gate && !failures.is_empty() {
        bail!("beyond the goal:\n{}", failures.join("\n"));
    }
    Ok(())
}

/// The crates that are compiled for a package, itself included.
fn crates(workspace: &Path, package: &str) -> Result<BTreeSet<String>> {
    let output = Command::new(cargo())
        .args(["tree", "--locked", "--package", package])
        .args([
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(workspace)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let failure = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{failure}");
    Ok(text.lines().filter_map(name_and_version).collect())
}

fn name_and_version(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// A build from nothing.
struct Build {
    /// Seconds of processor time of all its processes.
    processor: f64,
    clock: f64,
    /// Seconds of each crate, its build script included.
    units: BTreeMap<String, f64>,
}

fn build(workspace: &Path, profile: &[&str]) -> Result<Build> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(cargo());
    command
        .args(["build", "--locked", "--timings"])
        .args(profile)
        .args(["--package", "gong-crm-cli"])
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", folder.path());
    let before = processor_seconds_of_children()?;
    let start = Instant::now();
    let output = command.output()?;
    let clock = start.elapsed().as_secs_f64();
    let failure = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{failure}");
    let timings = fs::read_to_string(folder.path().join("cargo-timings/cargo-timing.html"))?;
    Ok(Build {
        processor: processor_seconds_of_children()? - before,
        clock,
        units: units(&timings)?,
    })
}

/// The seconds of each crate in cargo's page of timings.
fn units(page: &str) -> Result<BTreeMap<String, f64>> {
    #[derive(serde::Deserialize)]
    struct Unit {
        name: String,
        duration: f64,
    }
    let data = page.split("const UNIT_DATA = ").nth(1);
    let data = data.and_then(|rest| rest.split("];").next());
    let data = data.context("cargo's page of timings has no UNIT_DATA")?;
    let units: Vec<Unit> = serde_json::from_str(&format!("{data}]"))?;
    let mut seconds = BTreeMap::new();
    for unit in units {
        *seconds.entry(unit.name).or_default() += unit.duration;
    }
    Ok(seconds)
}

/// The processor time of processes that have ended.
fn processor_seconds_of_children() -> Result<f64> {
    /// What Linux counts per second.
    const TICKS: f64 = 100.0;
    let status = fs::read_to_string("/proc/self/stat")?;
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| -> Result<f64> { Ok(fields.get(at).context("a field")?.parse()?) };
    Ok((ticks(13)? + ticks(14)?) / TICKS)
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
