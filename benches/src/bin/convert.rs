//! `convert` beside `DuckDB`: `cargo xtask bench convert [--gate] [--rounds N]`.
//!
//! A CSV export of nearly 200 MB, as Python's csv module writes it: local dates with a zone, amounts
//! with a currency sign and a decimal comma. Each competitor runs in its own process, in turn.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;
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

/// How fast two threads should be beside one, on the clock.
const GOAL_OF_TWO: f64 = 1.6;

/// Below this part of a goal, the benchmark fails: the noise of the machine.
const GATE: f64 = 0.7;

/// What the conversion may use, whatever the size of the file.
const MAX_KIB: u64 = 64 * 1024;

/// Python's exit code if a package is missing.
const NOT_AVAILABLE: i32 = 77;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Competitor {
    One,
    Two,
    DuckDb,
}

impl Competitor {
    const ALL: [Self; 3] = [Self::One, Self::Two, Self::DuckDb];

    fn name(self) -> &'static str {
        match self {
            Self::One => "convert, one thread",
            Self::Two => "convert, two threads",
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
    if let [convert_with, threads, csv, target] = &arguments[..]
        && convert_with == "--threads"
    {
        return convert(threads.parse()?, csv.as_ref(), target.as_ref());
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

fn convert(threads: NonZero<usize>, csv: &Path, target: &Path) -> Result<()> {
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/export.toml");
    let mapping = Mapping::from_toml(&fs::read_to_string(mapping)?)?;
    let mut options = Options::new("2026-01-01T00:00:00Z".parse()?);
    options.threads = Some(threads);
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
        Competitor::One | Competitor::Two => {
            let threads = if competitor == Competitor::One {
                "1"
            } else {
                "2"
            };
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["--threads", threads]);
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
        if *competitor != Competitor::DuckDb && peak > MAX_KIB {
            failures.push(format!("{name}: {peak} KiB, at most {MAX_KIB}"));
        }
    }
    let [(_, one), (_, two), (_, duckdb)] = samples else {
        bail!("three competitors");
    };
    let pairs = one.iter().zip(two);
    let of_two = median(pairs.map(|(one, two)| one.clock / two.clock));
    let mut ratios = vec![(
        "two threads as fast as one, on the clock",
        of_two,
        GOAL_OF_TWO,
    )];
    if duckdb.is_empty() {
        writeln!(text, "DuckDB is not installed: pip install duckdb")?;
    } else {
        let pairs = one.iter().zip(duckdb);
        let ratio = median(pairs.map(|(one, other)| other.processor / one.processor));
        ratios.push((
            "one thread as fast as DuckDB, by processor time",
            ratio,
            GOAL,
        ));
    }
    for (what, ratio, goal) in ratios {
        writeln!(text, "{what}: {ratio:.2} times (goal {goal})")?;
        if ratio < goal * GATE {
            failures.push(format!("{what}: {ratio:.2}, gate {:.2}", goal * GATE));
        }
    }
    say(text.trim_end());
    Ok(failures)
}
