//! Benchmark of writing typed deals, compared with `serde_json` and Python's `json` and `orjson`.
//!
//! `cargo xtask bench writer [--records N --rounds N --python PROGRAM --only NAME --gate]`
//!
//! All competitors write the same deals to the null device, in turn within each round. The first
//! round is dropped; medians are compared. The check for repeated ids and for the size of the file
//! is part of what gong-crm does and of nothing else here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use benches::figures::median;
use fastrand::Rng;
use gong_crm::write::{EntityWriter, WriteError};
use gong_crm::{Deal, DealStatus, EntityFile};

/// What the slowest machine of the project's checks must still reach.
const GATES: [(&str, f64); 2] = [("python json", 8.0), ("python orjson", 1.2)];

/// Python's side: the deals as dictionaries in memory, one timed pass a request.
const PYTHON: &str = r#"
import json, sys, time
with open(sys.argv[1], encoding="utf-8") as lines:
    deals = [json.loads(line) for line in lines]
passes = int(sys.argv[2])
null = open("/dev/null", "wb", buffering=256 * 1024)
def with_json():
    for deal in deals:
        null.write(json.dumps(deal, ensure_ascii=False).encode() + b"\n")
try:
    import orjson
    def with_orjson():
        for deal in deals:
            null.write(orjson.dumps(deal, option=orjson.OPT_APPEND_NEWLINE))
except ImportError:
    with_orjson = None
competitors = {"python json": with_json, "python orjson": with_orjson}
print(json.dumps([name for name, write in competitors.items() if write]), flush=True)
for name in sys.stdin:
    begin = time.perf_counter()
    for _ in range(passes):
        competitors[name.strip()]()
    print(time.perf_counter() - begin, flush=True)
"#;

/// What the others are compared with.
const OURS: &str = "gong-crm EntityWriter";

type Write = fn(&[Deal]) -> Result<()>;

const CONTENDERS: [(&str, Write); 4] = [
    ("serde_json, typed", with_serde_json),
    ("gong-crm write_line", write_line),
    (OURS, entity_writer),
    // Last, because the system goes on writing for a while.
    ("gong-crm EntityFile", entity_file),
];

struct Settings {
    only: Option<String>,
    records: usize,
    rounds: usize,
    python: String,
    gate: bool,
}

/// How often the deals in memory are written in a pass: a million records take too much memory as
/// Python's dictionaries.
const PASSES: usize = 10;

fn main() -> Result<()> {
    let settings = settings()?;
    let mut out = io::stdout().lock();
    let deals = deals(settings.records / PASSES)?;
    let folder = tempfile::tempdir()?;
    let sample = folder.path().join("sample.ldjson");
    let mut writer = EntityWriter::new(File::create(&sample)?);
    for deal in &deals {
        writer.write(deal)?;
    }
    let bytes = writer.bytes() * PASSES as u64;
    drop(writer.finish()?);
    writeln!(
        out,
        "{} deals, {} bytes, {} rounds",
        deals.len() * PASSES,
        bytes,
        settings.rounds
    )?;

    let wanted = |name: &str| {
        let only = settings.only.as_deref();
        name == OURS || only.is_none_or(|only| name.contains(only))
    };
    let mut python = Python::start(&settings.python, &sample)?;
    let mut seconds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let python_names: Vec<&str> = GATES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| wanted(name) && python.competitors.iter().any(|known| known == name))
        .collect();
    for round in 0..=settings.rounds {
        let mut timed = Vec::new();
        for (name, write) in CONTENDERS {
            if wanted(name) {
                timed.push((name, time(|| write(&deals))?));
            }
        }
        for name in &python_names {
            timed.push((*name, python.time(name)?));
        }
        if round > 0 {
            for (name, took) in timed {
                seconds.entry(name).or_default().push(took);
            }
        }
    }
    python.stop()?;

    let medians: BTreeMap<&str, f64> = seconds
        .into_iter()
        .map(|(name, times)| (name, median(times)))
        .collect();
    let ours = medians[OURS];
    writeln!(
        out,
        "{:<24} {:>8} {:>8} {:>10}",
        "", "seconds", "GB/s", "time ratio"
    )?;
    for (name, took) in &medians {
        #[expect(clippy::cast_precision_loss, reason = "a rate for a person to read")]
        let rate = bytes as f64 / took / 1e9;
        writeln!(
            out,
            "{name:<24} {took:>8.3} {rate:>8.2} {:>10.2}",
            took / ours
        )?;
    }
    if settings.gate {
        for (name, least) in GATES {
            let took = medians
                .get(name)
                .with_context(|| format!("{name} did not run"))?;
            if took / ours < least {
                bail!("EntityWriter must be {least} times as fast as {name}");
            }
        }
    }
    Ok(())
}

fn settings() -> Result<Settings> {
    let mut settings = Settings {
        records: 1_000_000,
        rounds: 5,
        python: "python3".to_owned(),
        only: None,
        gate: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .with_context(|| format!("{name} needs a value"))
        };
        match name.as_str() {
            "--records" => settings.records = value()?.parse()?,
            "--rounds" => settings.rounds = value()?.parse()?,
            "--python" => settings.python = value()?,
            "--only" => settings.only = Some(value()?),
            "--gate" => settings.gate = true,
            _ => bail!("unknown argument {name}"),
        }
    }
    Ok(settings)
}

/// Deals of some 500 bytes: every standard field, six custom ones, text of several alphabets.
fn deals(count: usize) -> Result<Vec<Deal>> {
    let mut rng = Rng::with_seed(8_608_553);
    let companies = [
        "Acme \"Werke\" GmbH",
        "Łódź Foundry",
        "北京 Line",
        "Plain Industries",
    ];
    let statuses = [DealStatus::Open, DealStatus::Won, DealStatus::Lost];
    let regions = ["EMEA", "APAC", "Americas"];
    (0..count)
        .map(|number| {
            let id = format!("0061t{number:08}AbCdE");
            let builder = Deal::builder()
                .modified_date(format!("2026-03-{:02}T09:30:00+01:00", rng.u8(1..29)))
                .url(format!("https://crm.acme.example/lightning/deals/{id}"))
                .object_id(id)
                .account_id(format!("0011t{:08}AbCdE", rng.u32(0..50_000)))
                .owner_id(format!("user{}@acme.example", rng.u8(..)))
                .name(format!("{} – renewal {number}", companies[rng.usize(..4)]))
                .created_date("2025-11-02T08:15:42Z")
                .close_date(format!("2026-{:02}-28", rng.u8(1..13)))
                .status(statuses[rng.usize(..3)])
                .stage(format!("stage-{}", rng.u8(1..9)))
                .amount(format!("{}.{:02}", rng.u32(1000..900_000), rng.u8(..100)))
                .custom("region", regions[rng.usize(..3)])
                .custom("probability", f64::from(rng.u8(..100)) / 2.0)
                .custom("isStrategic", rng.bool())
                .custom(
                    "nextStep",
                    "Call back about the \"pilot\" line / safety review",
                )
                .custom("renewalDate", "2027-03-01")
                .custom("partnerAccountId", rng.bool().then_some("0011t00000AbCdE"));
            builder.build().map_err(anyhow::Error::from)
        })
        .collect()
}

fn null() -> Result<File> {
    File::options()
        .write(true)
        .open("/dev/null")
        .context("the null device can't be opened")
}

fn entity_writer(deals: &[Deal]) -> Result<()> {
    for _ in 0..PASSES {
        let mut writer = EntityWriter::new(null()?);
        for deal in deals {
            match writer.write(deal) {
                Err(WriteError::Full { .. }) => {
                    writer.finish()?;
                    writer = EntityWriter::new(null()?);
                    writer.write(deal)?;
                }
                written => drop(written?),
            }
        }
        writer.finish()?;
    }
    Ok(())
}

fn write_line(deals: &[Deal]) -> Result<()> {
    use gong_crm::Record as _;
    flushed(deals, |deal, buffer| {
        deal.write_line(buffer);
        Ok(())
    })
}

fn with_serde_json(deals: &[Deal]) -> Result<()> {
    flushed(deals, |deal, buffer| {
        serde_json::to_writer(&mut *buffer, deal)?;
        buffer.push(b'\n');
        Ok(())
    })
}

/// Writes the deals by way of a buffer of 256 KiB.
fn flushed(deals: &[Deal], append: impl Fn(&Deal, &mut Vec<u8>) -> Result<()>) -> Result<()> {
    let mut sink = null()?;
    let mut buffer = Vec::new();
    for _ in 0..PASSES {
        for deal in deals {
            append(deal, &mut buffer)?;
            if buffer.len() >= 256 * 1024 {
                sink.write_all(&buffer)?;
                buffer.clear();
            }
        }
    }
    sink.write_all(&buffer).context("the null device fails")
}

/// A real file, synced and renamed: what an app does.
fn entity_file(deals: &[Deal]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut file = EntityFile::rolling(folder.path().join("deals.ldjson"))?;
    for _ in 0..PASSES {
        file.write_all(deals)?;
    }
    file.finish()?;
    Ok(())
}

fn time(work: impl Fn() -> Result<()>) -> Result<f64> {
    let begin = now();
    work()?;
    Ok(begin.elapsed().as_secs_f64())
}

fn now() -> Instant {
    Instant::now()
}

struct Python {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
    competitors: Vec<String>,
}

impl Python {
    fn start(program: &str, sample: &std::path::Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["-c", PYTHON])
            .arg(sample)
            .arg(PASSES.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program} can't be run"))?;
        let stdout = child.stdout.take().context("no answers")?;
        let mut python = Self {
            child,
            answers: BufReader::new(stdout),
            competitors: Vec::new(),
        };
        python.competitors = serde_json::from_str(&python.answer()?)?;
        Ok(python)
    }

    fn time(&mut self, name: &str) -> Result<f64> {
        let stdin = self.child.stdin.as_mut().context("no requests")?;
        writeln!(stdin, "{name}")?;
        Ok(self.answer()?.trim().parse()?)
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }

    fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}
