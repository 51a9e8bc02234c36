//! Benchmark of a plan for a million unchanged records, compared with `DuckDB`.
//!
//! `cargo xtask bench plan [--records N] [--rounds N]`
//!
//! An export of deals is synced once, so that the ledger knows them. Then the same records in
//! another order are planned, and `DuckDB` compares the two exports with `EXCEPT`. Both are timed
//! by processor time; the plan makes no call. Python must be installed; `DuckDB` as its package
//! `duckdb`, or it is omitted.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail, ensure};
use benches::figures::{median, say};
use benches::gong::{self, Gong};

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
    let place = Place::new(records)?;
    place.sync()?;
    let mut plans = Vec::new();
    let mut excepts = Vec::new();
    // The first round warms the file system's cache up.
    for round in 0..=rounds {
        let plan = place.plan()?;
        let except = place.except()?;
        if round > 0 {
            plans.push(plan);
            excepts.extend(except);
        }
    }
    say(&format!(
        "{records} unchanged deals, {} bytes, in another order",
        place.bytes()?
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

/// What a program took.
struct Measured {
    seconds: f64,
    peak_mib: f64,
}

/// A folder with two exports, a config file and a ledger.
struct Place {
    folder: tempfile::TempDir,
    data: PathBuf,
}

impl Place {
    fn new(records: u64) -> Result<Self> {
        let place = Self {
            folder: tempfile::tempdir()?,
            data: Path::new(env!("CARGO_MANIFEST_DIR")).join("data"),
        };
        run(Command::new("python3")
            .arg(place.data.join("deals.py"))
            .args([records.to_string(), "1".to_owned()])
            .args([place.path("first.ldjson"), place.path("second.ldjson")]))?;
        place.use_export("first.ldjson")?;
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.path("second.ldjson"))?.len())
    }

    fn use_export(&self, name: &str) -> Result<()> {
        let config = format!(
            "ledger = \"ledger.sqlite\"\n[sources.DEAL]\nfiles = \"{name}\"\ncomplete = true\n"
        );
        std::fs::write(self.path("gong-crm.toml"), config)?;
        Ok(())
    }

    /// Syncs the first export, so that the ledger knows every record.
    fn sync(&self) -> Result<()> {
        let gong = Gong::start()?;
        let settings = format!(
            "{}\n{}\n{}\n{}",
            gong.base_url, gong.access_key, gong.access_key_secret, gong.integration_id
        );
        std::fs::write(self.path("settings"), settings)?;
        run(&mut self.command(&["sync", "--yes", "--account-delay", "0", "--no-progress"])?)?;
        gong.end()?;
        self.use_export("second.ldjson")
    }

    /// The command, which is beside this program.
    fn command(&self, words: &[&str]) -> Result<Command> {
        let settings = std::fs::read_to_string(self.path("settings"))?;
        let mut settings = settings.lines();
        let mut setting = || settings.next().context("no settings");
        let mut command = Command::new("python3");
        command
            .arg(self.data.join("measure.py"))
            .arg(std::env::current_exe()?.with_file_name("gong-crm"))
            .args(words)
            .args(["--config", "gong-crm.toml"])
            .current_dir(self.folder.path())
            .env("GONG_BASE_URL", setting()?)
            .env("GONG_ACCESS_KEY", setting()?)
            .env("GONG_ACCESS_KEY_SECRET", setting()?)
            .env("GONG_INTEGRATION_ID", setting()?);
        Ok(command)
    }

    fn plan(&self) -> Result<Measured> {
        let output = run(&mut self.command(&["plan", "--exit-code", "-o", "json"])?)?;
        measured(&output)
    }

    fn except(&self) -> Result<Option<Measured>> {
        let mut command = Command::new("python3");
        command
            .arg(self.data.join("measure.py"))
            .arg("python3")
            .arg(self.data.join("except.py"))
            .args([self.path("first.ldjson"), self.path("second.ldjson")]);
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
}

/// What `measure.py` printed last.
fn measured(output: &Output) -> Result<Measured> {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().last().context("nothing was measured")?;
    let (seconds, kib) = line.split_once(' ').context("nothing was measured")?;
    Ok(Measured {
        seconds: seconds.parse()?,
        peak_mib: kib.parse::<f64>()? / 1024.0,
    })
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}
