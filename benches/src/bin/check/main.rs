//! The check beside JSON parsers and validators: `cargo xtask bench check [--gate] [SHAPE…]`.
//!
//! Each competitor runs in its own process, one after another in each round, so that the noise of
//! the machine falls on all alike and memory is measured for each. Ratios matter, not milliseconds.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use benches::figures::{peak_kib, say};

mod competitor;
mod rounds;
mod shape;

use competitor::Competitor;
use shape::{SHAPES, Shape};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, name, shape, file] = &arguments[..]
        && one == "--one"
    {
        return run_one(name, shape, file.as_ref());
    }
    let mut gate = false;
    let mut rounds = 9;
    let mut shapes = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--gate" => gate = true,
            "--rounds" => {
                let count = arguments.next().context("--rounds needs a number")?;
                rounds = count.parse().context("--rounds needs a number")?;
            }
            name => {
                shapes.push(Shape::named(name).with_context(|| format!("no shape {name}"))?);
            }
        }
    }
    if shapes.is_empty() {
        shapes = SHAPES.to_vec();
    }
    let table = rounds::run(&shapes, rounds)?;
    say(&table.to_string());
    match table.failures() {
        failures if failures.is_empty() || !gate => Ok(()),
        failures => bail!("below the gate:\n{}", failures.join("\n")),
    }
}

/// Runs one competitor on one file, and prints its milliseconds, peak memory in KiB and records.
fn run_one(name: &str, shape: &str, file: &Path) -> Result<()> {
    let competitor = Competitor::named(name).with_context(|| format!("no competitor {name}"))?;
    let shape = Shape::named(shape).with_context(|| format!("no shape {shape}"))?;
    let start = Instant::now();
    let records = competitor.run(&shape, file)?;
    let elapsed = start.elapsed().as_secs_f64() * 1e3;
    // The time of another program or of several threads is not the time of this thread.
    let is_alone = competitor != Competitor::Jq && !shape.is_parallel();
    let own = processor_milliseconds().filter(|_| is_alone);
    let milliseconds = own.unwrap_or(elapsed);
    say(&format!("{milliseconds:.2} {} {records}", peak_kib()));
    Ok(())
}

/// The processor time of this thread, which other programs disturb less than the time on the clock.
fn processor_milliseconds() -> Option<f64> {
    let figures = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = figures.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e6)
}
