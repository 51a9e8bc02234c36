//! `cargo xtask bench instructions`: how many instructions fixed work takes, by callgrind.
//!
//! Times of a busy machine vary by a third; counts of instructions hardly vary at all. So a change that
//! makes something slower by a few percent is seen on any machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// The counted workloads, by their names in `benches/src/bin/instructions.rs`.
const WORKLOADS: [&str; 7] = [
    "check",
    "check-spaced",
    "check-shuffled",
    "check-findings",
    "convert",
    "writer",
    "plan",
];

/// The committed counts, in millions.
const COUNTS: &str = "benches/data/instructions.txt";

/// How many percent a count may grow; the same work on another processor differs by less.
const MAX_GROWTH: f64 = 4.0;

/// From how many percent less on, the committed count should be lowered.
const MAX_GAIN: f64 = 8.0;

/// Counts, and compares with the committed counts; with `update`, commits the new ones.
pub(super) fn run(root: &Path, binaries: &Path, update: bool) -> Result<()> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    ensure!(
        valgrind.is_ok_and(|output| output.status.success()),
        "valgrind is not installed; instructions are counted by its tool callgrind"
    );
    let program = binaries.join("instructions");
    let folder = root.join("target/bench-instructions");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let prepared = Command::new(&program)
        .arg("--prepare")
        .arg(&folder)
        .status()?;
    ensure!(prepared.success(), "the files could not be prepared");
    let path = root.join(COUNTS);
    let committed = read(&fs::read_to_string(&path).unwrap_or_default())?;
    let mut counts = BTreeMap::new();
    let mut failures = Vec::new();
    for workload in WORKLOADS {
        let count = count(&program, workload, &folder)?;
        let growth = committed
            .get(workload)
            .map(|known| (count / known - 1.0) * 100.0);
        let shown = growth.map_or("new".to_owned(), |growth| format!("{growth:+.1} %"));
        crate::ci::say(&format!("{workload:<16}{count:>10.1} million{shown:>10}"));
        match growth {
            Some(growth) if growth > MAX_GROWTH => {
                failures.push(format!("{workload}: {growth:+.1} %, at most +{MAX_GROWTH} %"));
            }
            Some(growth) if growth < -MAX_GAIN => failures.push(format!(
                "{workload}: {growth:+.1} %: commit the gain with `cargo xtask bench instructions --update`"
            )),
            Some(_) => {}
            None => failures.push(format!("{workload}: {COUNTS} has no count of it")),
        }
        counts.insert(workload, count);
    }
    if update {
        let mut text = String::new();
        for (workload, count) in &counts {
            writeln!(text, "{workload} {count:.1}")?;
        }
        fs::write(&path, text)?;
        return Ok(());
    }
    if failures.is_empty() {
        return Ok(());
    }
    bail!(
        "counts of instructions are out of bounds:\n{}",
        failures.join("\n")
    )
}

fn read(text: &str) -> Result<BTreeMap<String, f64>> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, count) = line.split_once(' ').context("a name and a count")?;
            Ok((name.to_owned(), count.parse()?))
        })
        .collect()
}

/// Millions of instructions of the whole process.
fn count(program: &Path, workload: &str, folder: &Path) -> Result<f64> {
    let profile = folder.join(format!("{workload}.callgrind"));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .arg(workload)
        .arg(folder)
        // Threads of a pool would wait for each other by spinning.
        .env("TOKIO_WORKER_THREADS", "1")
        .output()?;
    ensure!(
        output.status.success(),
        "{workload} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let profile = fs::read_to_string(profile)?;
    let total = profile.lines().find_map(|line| {
        line.strip_prefix("totals: ")
            .or(line.strip_prefix("summary: "))
    });
    let total: f64 = total.context("callgrind wrote no total")?.trim().parse()?;
    Ok(total / 1e6)
}
