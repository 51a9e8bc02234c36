//! Measures two syncs of millions of records from Parquet files.
//!
//! `cargo xtask bench parquet [--records N]`
//!
//! The first sync sends all records to a simulator in another process; the second finds them
//! unchanged and must make no call. Python with its package `duckdb` must be installed.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::say;
use benches::gong::{self, Environment, Gong};
use benches::workplace::{Measured, Workplace};

const PARTS: u64 = 20;

fn main() -> Result<()> {
    if gong::is_asked_for() {
        return gong::serve();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let records = match arguments.as_slice() {
        [] => 10_000_000_u64,
        [name, value] if name == "--records" => value.parse()?,
        _ => bail!("cargo xtask bench parquet [--records N]"),
    };
    let place = Workplace::new()?;
    let (number, parts) = (records.to_string(), PARTS.to_string());
    place.python("parts.py", &[&number, &parts, "export"])?;
    place.configure(
        "[sources.ACCOUNT]\nparquet = { url = \"export\", take = \"parts\" }\ncomplete = true\n",
    )?;
    let gong = Gong::start()?;
    let environment = gong.environment();
    say(&format!(
        "{:<16}{:>10}{:>12}{:>14}{:>9}",
        "", "s", "s of CPU", "MiB at peak", "uploads"
    ));
    let first = sync(&place, &environment)?;
    let second = sync(&place, &environment)?;
    for (name, round) in [("first sync", &first), ("second sync", &second)] {
        say(&format!(
            "{name:<16}{:>10.0}{:>12.0}{:>14.0}{:>9}",
            round.clock, round.measured.seconds, round.measured.peak_mib, round.uploads
        ));
    }
    let ledger = std::fs::metadata(place.path("ledger.sqlite"))?.len();
    say(&format!(
        "{records} accounts in {PARTS} files; the ledger has {} bytes a record",
        ledger / records
    ));
    let held = gong.end()?;
    ensure!(held == records, "the simulator holds {held} of them");
    ensure!(second.uploads == 0, "the second sync sent something");
    Ok(())
}

struct Round {
    clock: f64,
    measured: Measured,
    uploads: u64,
}

fn sync(place: &Workplace, environment: &Environment) -> Result<Round> {
    let begun = Instant::now();
    let (measured, output) = place.run(environment, &["sync", "--yes", "--no-progress"])?;
    let clock = begun.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let plan = said.lines().find(|line| line.starts_with("Plan: "));
    let uploads = plan
        .and_then(|plan| plan.split_once(" upload"))
        .and_then(|(before, _)| before.rsplit(' ').next())
        .context("the sync printed no plan")?;
    Ok(Round {
        clock,
        measured,
        uploads: uploads.parse()?,
    })
}
