//! Benchmark of a push, from a file to the verdict, compared with `curl`.
//!
//! `cargo xtask bench push [--gate] [--rounds N]`
//!
//! 99 MB of accounts, as Python's json.dumps writes them. A simulator in its own process takes them,
//! begun again for each competitor of each round; the first round is dropped. By hand means what a
//! careful person would script: the upload, and questions until Gong says that it is done. The same
//! beside a server that takes 5 s for the upload, in one round. curl and Python must be installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::{median, say};
use benches::gong::{self, Gong};
use gong_sim::{Effect, Fault, Operation};

const BYTES: u64 = 99_000_000;

/// How fast a push should be beside curl.
const GOAL: f64 = 0.5;

/// The same beside a server that takes its time.
const GOAL_SLOW: f64 = 0.9;

/// The part of the time of a push that the same push should take once more.
const GOAL_AGAIN: f64 = 0.5;

/// Bytes of the ledger per record.
const GOAL_LEDGER: f64 = 180.0;

/// Below this part of a goal, the benchmark fails: the noise of the machine.
const GATE: f64 = 0.7;

const SLOW: Duration = Duration::from_secs(5);

/// The seconds of one round.
#[derive(Debug, Clone, Copy)]
struct Round {
    push: f64,
    again: f64,
    curl: f64,
    ledger_bytes: u64,
    records: u64,
}

fn main() -> Result<()> {
    if gong::is_asked_for() {
        return gong::serve();
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let gate = arguments.iter().any(|argument| argument == "--gate");
    let rounds = arguments.iter().position(|argument| argument == "--rounds");
    let rounds = rounds.and_then(|at| arguments.get(at + 1)?.parse().ok());
    let file = accounts()?;
    let mut measured = Vec::new();
    // The first round warms the file system's cache up.
    for round in 0..=rounds.unwrap_or(5) {
        let one = one_round(&file, None)?;
        measured.extend(Some(one).filter(|_| round > 0));
    }
    let slow = one_round(&file, Some(SLOW))?;
    let failures = report(&measured, slow);
    ensure!(
        !gate || failures.is_empty(),
        "below the gate:\n{}",
        failures.join("\n")
    );
    Ok(())
}

/// The file, written by Python if it is not there.
fn accounts() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../target/bench-push");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("accounts.ldjson");
    if !path.exists() {
        // A run that is stopped leaves no half of a file under the name.
        let part = path.with_extension("part");
        let python = Command::new("python3")
            .arg(root.join("data/records.py"))
            .args(["account", &BYTES.to_string()])
            .arg(&part)
            .status();
        ensure!(
            python.context("the benchmark needs python3")?.success(),
            "data/records.py failed"
        );
        std::fs::rename(part, &path)?;
    }
    Ok(path)
}

fn one_round(file: &Path, upload_takes: Option<Duration>) -> Result<Round> {
    let gong = start(upload_takes)?;
    let folder = tempfile::tempdir()?;
    let push = timed(|| push(&gong, file, folder.path()))?;
    let again = timed(|| self::push(&gong, file, folder.path()))?;
    let records = gong.end()?;
    let mut ledger_bytes = 0;
    for entry in std::fs::read_dir(folder.path())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("ledger") {
            ledger_bytes += entry.metadata()?.len();
        }
    }
    let gong = start(upload_takes)?;
    let curl = timed(|| by_hand(&gong, file))?;
    ensure!(gong.end()? == records, "curl and push sent other records");
    Ok(Round {
        push,
        again,
        curl,
        ledger_bytes,
        records,
    })
}

fn start(upload_takes: Option<Duration>) -> Result<Gong> {
    let gong = Gong::start()?;
    if let Some(time) = upload_takes {
        let fault = Fault::new(Effect::Delay(time)).on(Operation::UploadEntities);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(gong.set_faults(&[fault]))?;
    }
    Ok(gong)
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Prints the table, and returns what is below the gate.
fn report(rounds: &[Round], slow: Round) -> Vec<String> {
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
    say(&format!("{:<34}{:>9}{:>16}", "", "s", "5 s an upload, s"));
    let rows = [
        ("gong-crm push", of(|round| round.push), slow.push),
        (
            "the same records once more",
            of(|round| round.again),
            slow.again,
        ),
        ("curl by hand", of(|round| round.curl), slow.curl),
    ];
    for (name, seconds, of_slow) in rows {
        say(&format!("{name:<34}{seconds:>9.2}{of_slow:>16.2}"));
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
    let per_record = slow.ledger_bytes as f64 / slow.records as f64;
    say(&format!("{} accounts; each with its check", slow.records));
    let speed = of(|round| round.curl / round.push);
    let of_slow = slow.curl / slow.push;
    let again = of(|round| round.again / round.push);
    let goals = [
        ("speed beside curl", speed, GOAL, true),
        ("speed beside curl, slow server", of_slow, GOAL_SLOW, true),
        ("time of the same push again", again, GOAL_AGAIN, false),
        (
            "bytes of the ledger per record",
            per_record,
            GOAL_LEDGER,
            false,
        ),
    ];
    let mut failures = Vec::new();
    for (what, value, goal, more_is_better) in goals {
        let bound = if more_is_better {
            "at least"
        } else {
            "at most"
        };
        say(&format!("{what}: {value:.2} (goal: {bound} {goal})"));
        let fails = if more_is_better {
            value < goal * GATE
        } else {
            value > goal / GATE
        };
        if fails {
            failures.push(format!("{what}: {value:.2}"));
        }
    }
    failures
}

/// By the command, which is beside this program.
fn push(gong: &Gong, file: &Path, folder: &Path) -> Result<()> {
    let gong_crm = std::env::current_exe()?.with_file_name("gong-crm");
    let mut command = Command::new(&gong_crm);
    command
        .arg("push")
        .arg(file)
        .args(["--ledger", "ledger.sqlite", "--poll-interval", "1ms"])
        .args(["--no-progress", "--calls-per-second", "1000000"])
        .current_dir(folder)
        .env_clear()
        .env("GONG_BASE_URL", &gong.base_url)
        .env("GONG_ACCESS_KEY", &gong.access_key)
        .env("GONG_ACCESS_KEY_SECRET", &gong.access_key_secret);
    run(&mut command)?;
    Ok(())
}

fn by_hand(gong: &Gong, file: &Path) -> Result<()> {
    let ids = format!(
        "integrationId={}&clientRequestId=by-hand",
        gong.integration_id
    );
    let mut call = curl(gong);
    call.arg("--form")
        .arg(format!("dataFile=@{}", file.display()))
        .arg(format!(
            "{}/v2/crm/entities?{ids}&objectType=ACCOUNT",
            gong.base_url
        ));
    run(&mut call)?;
    loop {
        let mut call = curl(gong);
        call.arg(format!("{}/v2/crm/request-status?{ids}", gong.base_url));
        let said = String::from_utf8_lossy(&run(&mut call)?.stdout).into_owned();
        if said.contains("FAILED") {
            bail!("curl: {said}");
        }
        if said.contains("DONE") {
            return Ok(());
        }
    }
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("{} can't be run", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{}: {}{}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

fn curl(gong: &Gong) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--user"])
        .arg(format!("{}:{}", gong.access_key, gong.access_key_secret));
    curl
}
