//! Benchmark of a plan for a million unchanged records, compared with `DuckDB`.
//!
//! `cargo xtask bench plan [--records N] [--rounds N]`
//!
//! An export of deals is synced once, so that the ledger knows them. Then the same records in
//! another order are planned, and `DuckDB` compares the two exports with `EXCEPT`. Then they are
//! planned with another `modifiedDate` in every line, so that each line must be read. All are timed
//! by processor time; a plan makes no call. Python must be installed; `DuckDB` as its package
//! `duckdb`, or it is omitted.

use anyhow::{Result, bail, ensure};
use benches::figures::{median, say};
use benches::gong::{self, Environment, Gong};
use benches::workplace::{Measured, Workplace, measured};

/// By how much the plan must be faster than `DuckDB`, and how much memory it may take.
const GOAL: f64 = 2.5;
const GOAL_MIB: f64 = 64.0;

/// Says that a program is not installed.
const NOT_AVAILABLE: i32 = 77;

fn main() -> Result<()> {
    if gong::is_asked_for() {
        return gong::serve();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mut records, mut rounds) = (1_000_000_u64, 5_usize);
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--records" => records = value.parse()?,
            [name, value] if name == "--rounds" => rounds = value.parse()?,
            _ => bail!("cargo xtask bench plan [--records N] [--rounds N]"),
        }
    }
    let place = Workplace::new()?;
    let number = records.to_string();
    place.python("deals.py", &[&number, "1", "first.ldjson", "second.ldjson"])?;
    let environment = sync(&place)?;
    let mut plans = Vec::new();
    let mut excepts = Vec::new();
    // The first round warms the file system's cache up.
    for round in 0..=rounds {
        let (plan, _) = place.run(&environment, &["plan", "--exit-code", "-o", "json"])?;
        let except = except(&place)?;
        if round > 0 {
            plans.push(plan);
            excepts.extend(except);
        }
    }
    place.configure(&source("touched.ldjson"))?;
    touch(&place)?;
    let mut touched = Vec::new();
    for _ in 0..2 {
        let (plan, _) = place.run(&environment, &["plan", "--exit-code", "-o", "json"])?;
        touched.push(plan);
    }
    say(&format!(
        "{records} unchanged deals, {} bytes, in another order",
        std::fs::metadata(place.path("second.ldjson"))?.len()
    ));
    say(&format!(
        "{:<28}{:>10}{:>12}",
        "", "s of CPU", "MiB at peak"
    ));
    let row = |name: &str, measured: &[Measured]| {
        let seconds = median(measured.iter().map(|of| of.seconds));
        let mib = measured.iter().map(|of| of.peak_mib).fold(0.0, f64::max);
        say(&format!("{name:<28}{seconds:>10.2}{mib:>12.1}"));
        (seconds, mib)
    };
    let (plan, mib) = row("gong-crm plan", &plans);
    row("  with other dates", &touched);
    if excepts.is_empty() {
        say("DuckDB is not installed");
    } else {
        let (except, _) = row("DuckDB, EXCEPT, one thread", &excepts);
        say(&format!(
            "plan beside DuckDB: {:.2} times as fast (goal {GOAL}); {mib:.1} MiB (goal {GOAL_MIB})",
            except / plan
        ));
    }
    Ok(())
}

/// Syncs the first export, so that the ledger knows every record, and makes the second one the source.
fn sync(place: &Workplace) -> Result<Environment> {
    let gong = Gong::start()?;
    let environment = gong.environment();
    place.configure(&source("first.ldjson"))?;
    let words = ["sync", "--yes", "--account-delay", "0", "--no-progress"];
    place.run(&environment, &words)?;
    gong.end()?;
    place.configure(&source("second.ldjson"))?;
    Ok(environment)
}

/// Writes the second export with other seconds in each `modifiedDate`: no record is changed by that,
/// and no line is as it was.
fn touch(place: &Workplace) -> Result<()> {
    const NAME: &str = "\"modifiedDate\": \"2026-01-01T00:00:";
    let mut touched = String::new();
    for line in std::fs::read_to_string(place.path("second.ldjson"))?.lines() {
        let date = line.find(&NAME[..17]).map(|start| start + NAME.len());
        let Some(seconds) = date else {
            bail!("no modifiedDate: {line}");
        };
        let other = if &line[seconds..seconds + 2] == "59" {
            "58"
        } else {
            "59"
        };
        touched.push_str(&line[..seconds]);
        touched.push_str(other);
        touched.push_str(&line[seconds + 2..]);
        touched.push('\n');
    }
    Ok(std::fs::write(place.path("touched.ldjson"), touched)?)
}

fn source(export: &str) -> String {
    format!("[sources.DEAL]\nfiles = \"{export}\"\ncomplete = true\n")
}

fn except(place: &Workplace) -> Result<Option<Measured>> {
    let mut command = place.measuring();
    command
        .arg("python3")
        .arg(place.data.join("except.py"))
        .args([place.path("first.ldjson"), place.path("second.ldjson")]);
    let output = command.output()?;
    if output.status.code() == Some(NOT_AVAILABLE) {
        return Ok(None);
    }
    ensure!(
        output.stdout.trim_ascii() == b"0",
        "DuckDB finds other records"
    );
    measured(&output).map(Some)
}
