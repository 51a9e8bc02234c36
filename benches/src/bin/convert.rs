//! `convert` beside `DuckDB`: `cargo xtask bench convert [--gate] [--rounds N]`.
//!
//! A CSV export of nearly 200 MB, as Python's csv module writes it: local dates with a zone, amounts
//! with a currency sign and a decimal comma. Each competitor runs in its own process, in turn.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use benches::figures::{self, median, say};
use gong_crm::ObjectType;
use gong_crm::mapping::{Mapping, Options, convert_file};

const BYTES: u64 = 199_000_000;

/// How fast it should be beside `DuckDB` on one thread.
const GOAL: f64 = 1.0;

/// Below this part of a goal, the benchmark fails: the noise of the machine.
const GATE: f64 = 0.7;

/// What the conversion may use, whatever the size of the file.
const MAX_KIB: u64 = 64 * 1024;

/// Python's exit code if a package is missing.
const NOT_AVAILABLE: i32 = 77;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Competitor {
    Convert,
    DuckDb,
}

impl Competitor {
    const ALL: [Self; 2] = [Self::Convert, Self::DuckDb];

    fn name(self) -> &'static str {
        match self {
            Self::Convert => "gong-crm convert",
            Self::DuckDb => "DuckDB, one thread",
        }
    }
}

/// Seconds of processor time and on the clock, and the peak memory.
#[derive(Debug)]
struct Sample {
    processor: f64,
    clock: f64,
    peak_kib: u64,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, csv, target] = &arguments[..]
        && one == "--one"
    {
        return convert(csv.as_ref(), target.as_ref());
    }
    let gate = arguments.iter().any(|argument| argument == "--gate");
    let rounds = arguments.iter().position(|argument| argument == "--rounds");
    let rounds = rounds.and_then(|at| arguments.get(at + 1)?.parse().ok());
    let csv = export()?;
    let folder = tempfile::tempdir()?;
    let mut samples: Vec<(Competitor, Vec<Sample>)> = Competitor::ALL
        .map(|competitor| (competitor, Vec::new()))
        .into();
    // The first round only warms the page cache.
    for round in 0..=rounds.unwrap_or(5) {
        for (competitor, samples) in &mut samples {
            let sample = measure(*competitor, &csv, &folder.path().join("deals.ldjson"))?;
            samples.extend(sample.filter(|_| round > 0));
        }
    }
    let failures = report(&samples)?;
    ensure!(
        !gate || failures.is_empty(),
        "below the gate:\n{}",
        failures.join("\n")
    );
    Ok(())
}

fn convert(csv: &Path, target: &Path) -> Result<()> {
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/export.toml");
    let mapping = Mapping::from_toml(&fs::read_to_string(mapping)?)?;
    let options = Options::new("2026-01-01T00:00:00Z".parse()?);
    let mut problems = 0;
    let converted = convert_file(
        csv,
        &mapping,
        ObjectType::Deal,
        &options,
        target,
        &mut |_| {
            problems += 1;
        },
    )?;
    ensure!(
        problems == 0 && converted.records == converted.rows,
        "a row was not converted"
    );
    say(&format!(
        "{} {}",
        figures::processor_seconds()?,
        figures::peak_kib()
    ));
    Ok(())
}

/// The export, written by Python if it is not there.
fn export() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../target/bench-convert");
    fs::create_dir_all(&folder)?;
    let path = folder.join("deals.csv");
    if !path.exists() {
        // A run that is stopped leaves no half of a file under the name.
        let part = path.with_extension("part");
        let python = Command::new("python3")
            .arg(root.join("data/export.py"))
            .arg(BYTES.to_string())
            .arg(&part)
            .status();
        ensure!(
            python.context("the benchmark needs python3")?.success(),
            "data/export.py failed"
        );
        fs::rename(part, &path)?;
    }
    Ok(path)
}

/// Runs a competitor in its own process; nothing if it is not installed.
fn measure(competitor: Competitor, csv: &Path, target: &Path) -> Result<Option<Sample>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/export_duckdb.py");
    let mut command = match competitor {
        Competitor::Convert => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("--one");
            command
        }
        Competitor::DuckDb => {
            let mut command = Command::new("python3");
            command.arg(script);
            command
        }
    };
    let start = Instant::now();
    let output = command.arg(csv).arg(target).output()?;
    let clock = start.elapsed().as_secs_f64();
    if output.status.code() == Some(NOT_AVAILABLE) {
        return Ok(None);
    }
    if !output.status.success() {
        bail!(
            "{} failed: {}",
            competitor.name(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8(output.stdout)?;
    let (processor, peak) = text.trim().split_once(' ').context("two numbers")?;
    Ok(Some(Sample {
        processor: processor.parse()?,
        clock,
        peak_kib: peak.parse()?,
    }))
}

/// Prints the table, and returns what is below the gate.
fn report(samples: &[(Competitor, Vec<Sample>)]) -> Result<Vec<String>> {
    let mut text = format!(
        "{:<22}{:>11}{:>9}{:>10}\n",
        "", "processor", "clock", "MB peak"
    );
    let mut failures = Vec::new();
    for (competitor, samples) in samples {
        let peak = samples
            .iter()
            .map(|sample| sample.peak_kib)
            .max()
            .unwrap_or_default();
        let processor = median(samples.iter().map(|sample| sample.processor));
        let clock = median(samples.iter().map(|sample| sample.clock));
        #[expect(clippy::cast_precision_loss, reason = "a number for people")]
        let megabytes = peak as f64 * 1.024 / 1e3;
        let name = competitor.name();
        writeln!(
            text,
            "{name:<22}{processor:>10.2}s{clock:>8.2}s{megabytes:>10.1}"
        )?;
        if *competitor == Competitor::Convert && peak > MAX_KIB {
            failures.push(format!("{name}: {peak} KiB, at most {MAX_KIB}"));
        }
    }
    if let [(_, own), (_, other)] = samples
        && !other.is_empty()
    {
        let pairs = own.iter().zip(other);
        let ratio = median(pairs.map(|(own, other)| other.processor / own.processor));
        writeln!(
            text,
            "{ratio:.2} times as fast as DuckDB by processor time (goal {GOAL})"
        )?;
        if ratio < GOAL * GATE {
            let gate = GOAL * GATE;
            failures.push(format!(
                "{ratio:.2} times as fast as DuckDB, gate {gate:.2}"
            ));
        }
    } else {
        writeln!(text, "DuckDB is not installed: pip install duckdb")?;
    }
    say(text.trim_end());
    Ok(failures)
}
