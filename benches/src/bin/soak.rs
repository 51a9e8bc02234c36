//! Checks that memory does not grow in an hour of pushes with faults.
//!
//! `cargo xtask bench soak [--minutes N --every SECONDS --seed N]`
//!
//! One process has a client and a ledger in a file, and pushes a folder of changing files again and
//! again, while a simulator in another process breaks connections, loses answers and fails. Each
//! minute gives a line; at the end, memory, file handles and ledger are held to their bounds.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::say;
use benches::gong::{self, Gong};
use fastrand::Rng;
use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials, IntegrationId};
use gong_sim::{Effect, Fault, RetryAfter};

/// What may go wrong in a round.
const FAULTS: [Effect; 10] = [
    Effect::ResetBeforeBody,
    Effect::ResetAfterBody,
    Effect::LoseAnswer,
    Effect::TruncateBody,
    Effect::Status(500),
    Effect::Status(503),
    Effect::HtmlPage(502),
    Effect::UnknownFields,
    Effect::NewEnumValue,
    Effect::TooManyRequests(RetryAfter::Seconds(0)),
];

/// The most bytes of the ledger for each upload that it knows, its answers included.
const LEDGER_BYTES_AN_UPLOAD: u64 = 1_500;

/// What SQLite's write-ahead log grows to before it begins again: a thousand pages, and some more.
const LOG_BYTES: u64 = 8 * 1024 * 1024;

/// How much memory may grow from the first quarter to the end: what an allocator keeps.
const GROWTH_KIB: u64 = 4 * 1024;

struct Settings {
    minutes: u64,
    every: Duration,
    seed: u64,
}

/// The memory of the process.
#[derive(Debug, Clone, Copy)]
struct Held {
    memory_kib: u64,
    handles: usize,
    ledger_bytes: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    if gong::is_asked_for() {
        return gong::serve();
    }
    let settings = settings()?;
    let mut random = Rng::with_seed(settings.seed);
    let gong = Gong::start()?;
    let integration_id = gong.integration_id.parse()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ledger.sqlite");
    let ledger = Ledger::open(&path).await?;
    let client = Client::builder()
        .base_url(&gong.base_url)
        .credentials(Credentials::access_key(
            gong.access_key.as_str(),
            gong.access_key_secret.as_str(),
        ))
        .ledger(ledger.clone())
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let crm = folder.path().join("crm");
    std::fs::create_dir(&crm)?;

    let started = Instant::now();
    let whole = Duration::from_secs(settings.minutes * 60);
    let (mut rounds, mut again, mut minute) = (0_u64, 0_u64, 0);
    let mut early = None;
    while started.elapsed() < whole {
        let begun = Instant::now();
        write_crm(&mut random, &crm, rounds)?;
        let faults: Vec<Fault> = (0..random.u64(0..4))
            .map(|_| {
                let effect = FAULTS[random.usize(..FAULTS.len())].clone();
                Fault::new(effect).nth(random.u64(1..12))
            })
            .collect();
        gong.set_faults(&faults).await?;
        again += push(&client, integration_id, &crm).await?;
        rounds += 1;
        let elapsed = started.elapsed();
        if early.is_none() && elapsed * 4 >= whole {
            early = Some(held(&path)?);
        }
        if elapsed.as_secs() / 60 >= minute {
            minute = elapsed.as_secs() / 60 + 1;
            let now = held(&path)?;
            say(&format!(
                "minute {:>3}: {rounds} pushes, {again} of them resumed, {} KiB of memory, {} file \
                 handles, {} KiB of ledger",
                minute - 1,
                now.memory_kib,
                now.handles,
                now.ledger_bytes / 1024
            ));
        }
        tokio::time::sleep(settings.every.saturating_sub(begun.elapsed())).await;
    }
    let early = early.context("there was no first quarter")?;
    let end = held(&path)?;
    let uploads = ledger.uploads(usize::MAX).await?.len() as u64;
    say(&format!(
        "{rounds} pushes, {uploads} uploads: memory from {} to {} KiB, file handles from {} to {}, {} \
         bytes of ledger an upload",
        early.memory_kib,
        end.memory_kib,
        early.handles,
        end.handles,
        end.ledger_bytes / uploads.max(1)
    ));
    ensure!(
        ledger.open_uploads().await?.is_empty(),
        "an upload was left without a verdict"
    );
    ensure!(
        end.memory_kib <= early.memory_kib + GROWTH_KIB,
        "memory grew"
    );
    ensure!(end.handles <= early.handles + 4, "file handles grew");
    let most = LOG_BYTES + LEDGER_BYTES_AN_UPLOAD * uploads;
    ensure!(end.ledger_bytes <= most, "the ledger grew beyond its bound");
    Ok(())
}

/// Pushes until everything has arrived; says how often it had to be resumed.
async fn push(client: &Client, integration_id: IntegrationId, crm: &Path) -> Result<u64> {
    let report = client
        .push(integration_id, Options::new([crm]).simulator())
        .await?;
    let mut verdict = report.verdict;
    for again in 0..5 {
        if verdict == Verdict::Done {
            return Ok(u64::from(again > 0));
        }
        let options = Options::default().simulator();
        drop(client.resume([], options).await?);
        let report = client
            .push(integration_id, Options::new([crm]).simulator())
            .await?;
        verdict = report.verdict;
    }
    bail!("a push did not arrive: {verdict:?}");
}

/// The same records in each round, with other values.
fn write_crm(random: &mut Rng, crm: &Path, round: u64) -> Result<()> {
    use std::fmt::Write as _;
    for stem in ["accounts", "contacts", "deals"] {
        let mut text = String::new();
        for number in 0..random.u64(20..60) {
            writeln!(
                text,
                "{{\"objectId\":\"{stem}-{number}\",\"modifiedDate\":\"2026-03-01T09:30:00Z\",\"name\":\
                 \"Round {round}\",\"emailAddress\":\"{number}@acme.example\",\"title\":\"Round {round}\"}}"
            )?;
        }
        std::fs::write(crm.join(format!("{stem}.ldjson")), text)?;
    }
    Ok(())
}

fn held(ledger: &Path) -> Result<Held> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let memory_kib = memory
        .and_then(|text| text.split_whitespace().next())
        .context("the system does not report how much memory is used")?
        .parse()?;
    Ok(Held {
        memory_kib,
        handles: std::fs::read_dir("/proc/self/fd")?.count(),
        ledger_bytes: ledger_bytes(ledger)?,
    })
}

/// The ledger with its write-ahead log, lock and copies.
fn ledger_bytes(ledger: &Path) -> Result<u64> {
    let folder = ledger.parent().context("the ledger is in a folder")?;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("ledger.") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

fn settings() -> Result<Settings> {
    let mut settings = Settings {
        minutes: 60,
        every: Duration::from_secs(3),
        seed: 1,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--minutes" => settings.minutes = value.parse()?,
            "--every" => settings.every = Duration::from_secs_f64(value.parse()?),
            "--seed" => settings.seed = value.parse()?,
            _ => bail!("unknown argument {name}"),
        }
    }
    Ok(settings)
}
