//! Benchmark of the ledger: the verdict of 100,000 records, as many as one upload has, written into
//! SQLite as a push does.
//!
//! `cargo xtask bench ledger [--gate] [--records N] [--rounds N]`
//!
//! Deals of 16 fields are pushed in one upload to a simulator in its own process, each round with a new
//! ledger; the first round is dropped. Only the time from Gong's last status to the end of the upload
//! is counted: it is the time in which the ledger learns what became of each record, in one
//! transaction that outlives a crash of the machine.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::{median, say};
use benches::gong::{self, Gong};
use gong_crm::ledger::Ledger;
use gong_crm::push::{Event, Options};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials};

/// Records that are written per second.
const GOAL_SPEED: f64 = 250_000.0;

/// Bytes of the ledger per record.
const GOAL_BYTES: f64 = 180.0;

/// Below this part of a goal, the benchmark fails: the noise of the machine.
const GATE: f64 = 0.7;

/// What one round measured.
struct Round {
    per_second: f64,
    bytes: f64,
}

fn main() -> Result<()> {
    if gong::is_asked_for() {
        return gong::serve();
    }
    let mut arguments = std::env::args().skip(1);
    let (mut records, mut rounds, mut gate) = (100_000_u32, 3_usize, false);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().context("a number is missing");
        match argument.as_str() {
            "--gate" => gate = true,
            "--records" => records = value()?.parse()?,
            "--rounds" => rounds = value()?.parse()?,
            _ => bail!("cargo xtask bench ledger [--gate] [--records N] [--rounds N]"),
        }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("deals.ldjson");
    std::fs::write(&path, deals(records)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut measured = Vec::new();
    for round in 0..=rounds {
        let one = runtime.block_on(push(&path, f64::from(records)))?;
        measured.extend(Some(one).filter(|_| round > 0));
    }
    ensure!(!measured.is_empty(), "at least one round is needed");
    let failures = report(records, &measured);
    ensure!(
        !gate || failures.is_empty(),
        "below the gate:\n{}",
        failures.join("\n")
    );
    Ok(())
}

/// Deals of 16 fields.
fn deals(records: u32) -> Result<String> {
    let mut text = String::new();
    for number in 0..records {
        let (day, group) = (number % 28 + 1, number % 9);
        writeln!(
            text,
            r#"{{"objectId":"d{number}","modifiedDate":"2026-01-{day:02}T09:30:00Z","name":"{number}","accountId":"a{group}","ownerId":"u{group}","stage":"s{group}","amount":{number},"a":{group},"b":{day},"c":1,"d":2,"e":3,"f":4,"g":5,"h":6,"i":7}}"#
        )?;
    }
    Ok(text)
}

/// Pushes the file with a new ledger.
async fn push(path: &Path, records: f64) -> Result<Round> {
    let gong = Gong::start()?;
    let folder = tempfile::tempdir()?;
    let ledger = Ledger::open(folder.path().join("ledger.sqlite")).await?;
    let client = Client::builder()
        .base_url(gong.base_url.as_str())
        .credentials(Credentials::access_key(
            gong.access_key.as_str(),
            gong.access_key_secret.as_str(),
        ))
        .rate_limit(RateLimit::unlimited())
        .ledger(ledger)
        .build()?;
    let options = Options::new([path]).simulator().unchecked();
    let (mut handle, work) = client.push(gong.integration_id.parse()?, options).start();
    let watching = async {
        let mut polled = Instant::now();
        let mut seconds = Vec::new();
        while let Some(event) = handle.next_event().await {
            match event {
                Event::Polled { .. } => polled = Instant::now(),
                Event::Finished { .. } => seconds.push(polled.elapsed().as_secs_f64()),
                _ => {}
            }
        }
        seconds
    };
    let (report, seconds) = tokio::join!(work, watching);
    let report = report?;
    #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
    let accepted = report.accepted() as f64;
    ensure!((accepted - records).abs() < 0.5, "accepted: {accepted}");
    let [seconds] = seconds[..] else {
        bail!("{} uploads instead of one", seconds.len())
    };
    drop(client);
    gong.end()?;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder.path())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("ledger") {
            bytes += entry.metadata()?.len();
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
    let bytes = bytes as f64;
    Ok(Round {
        per_second: records / seconds,
        bytes: bytes / records,
    })
}

/// Prints the table, and returns what is below the gate.
fn report(records: u32, rounds: &[Round]) -> Vec<String> {
    let per_second = median(rounds.iter().map(|round| round.per_second));
    let bytes = median(rounds.iter().map(|round| round.bytes));
    say(&format!("{records} new deals of 16 fields, in one verdict"));
    say(&format!("{:<28}{:>10}{:>12}", "", "", "goal"));
    say(&format!(
        "{:<28}{per_second:>10.0}{:>12}",
        "records written per second",
        format!(">= {GOAL_SPEED}")
    ));
    say(&format!(
        "{:<28}{bytes:>10.1}{:>12}",
        "bytes per record",
        format!("<= {GOAL_BYTES}")
    ));
    let mut failures = Vec::new();
    if per_second < GOAL_SPEED * GATE {
        failures.push(format!("records written per second: {per_second:.0}"));
    }
    if bytes > GOAL_BYTES / GATE {
        failures.push(format!("bytes per record: {bytes:.1}"));
    }
    failures
}
