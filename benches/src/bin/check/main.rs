//! The check beside JSON parsers and validators: `cargo xtask bench check [--gate]`.
//!
//! Each contender runs in a process of its own, one after another in each round, so that the noise
//! of the machine falls on all alike and memory is told apart. Ratios matter, not milliseconds.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use benches::figures::say;

mod contender;
mod data;
mod rounds;

use contender::Contender;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [one, name, file] = &arguments[..]
        && one == "--one"
    {
        return run_one(name, file.as_ref());
    }
    let gate = arguments.iter().any(|argument| argument == "--gate");
    let rounds = match arguments.iter().position(|argument| argument == "--rounds") {
        None => 9,
        Some(at) => {
            let count = arguments.get(at + 1).context("--rounds needs a number")?;
            count.parse().context("--rounds needs a number")?
        }
    };
    let table = rounds::run(&data::files()?, rounds)?;
    say(&table.to_string());
    match table.failures() {
        failures if failures.is_empty() || !gate => Ok(()),
        failures => bail!("below the gate:\n{}", failures.join("\n")),
    }
}

/// Runs one contender on one file, and prints its milliseconds and its peak memory in KiB.
fn run_one(name: &str, file: &Path) -> Result<()> {
    let contender = Contender::named(name).with_context(|| format!("no contender {name}"))?;
    let start = Instant::now();
    let records = contender.run(file)?;
    let elapsed = start.elapsed().as_secs_f64() * 1e3;
    // Another program's time is not this thread's.
    let own = processor_milliseconds().filter(|_| contender != Contender::Jq);
    let milliseconds = own.unwrap_or(elapsed);
    say(&format!("{milliseconds:.2} {} {records}", peak_kib()));
    Ok(())
}

/// The time that this thread has had a processor, which other programs disturb less than the time
/// that went by. Each contender works in one thread.
fn processor_milliseconds() -> Option<f64> {
    let figures = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = figures.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e6)
}

/// The most memory that this process has had; 0 where the system does not tell.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = peak.and_then(|text| text.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}
