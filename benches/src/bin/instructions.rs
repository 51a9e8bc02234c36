//! Work of a fixed size, whose instructions `cargo xtask bench instructions` counts.
//!
//! `instructions --prepare FOLDER` writes the files; `instructions WORKLOAD FOLDER` does the work once.
//! A count is of the whole process; the same work needs the same number of instructions however
//! busy the machine is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use gong_crm::check::{Options, check_paths};
use gong_crm::ledger::Ledger;
use gong_crm::mapping::{self, Mapping, convert_file};
use gong_crm::rate_limit::RateLimit;
use gong_crm::source::FilesSource;
use gong_crm::sync::SyncOptions;
use gong_crm::write::EntityWriter;
use gong_crm::{Client, Credentials, Deal, DealStatus, IntegrationId, ObjectType, Rule};
use gong_sim::Simulator;
use serde_json::value::RawValue;

/// How many records each workload has.
const RECORDS: u32 = 20_000;

/// The order of fields in a file, and what is between names and values.
const FILES: [(&str, Form); 3] = [
    ("compact", Form::Compact),
    ("spaced", Form::Spaced),
    ("shuffled", Form::Shuffled),
];

#[derive(Debug, Clone, Copy)]
enum Form {
    Compact,
    Spaced,
    Shuffled,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [workload, folder] = &arguments[..] else {
        bail!("usage: instructions --prepare|WORKLOAD FOLDER");
    };
    let folder = Path::new(folder);
    match workload.as_str() {
        "--prepare" => prepare(folder),
        "check" => check(&folder.join("compact.ldjson"), None),
        "check-spaced" => check(&folder.join("spaced.ldjson"), None),
        "check-shuffled" => check(&folder.join("shuffled.ldjson"), None),
        // An error in each line, all of them made.
        "check-findings" => check(&folder.join("compact.ldjson"), Some(ObjectType::Contact)),
        "convert" => convert(folder),
        "writer" => write(),
        "plan" => runtime()?.block_on(plan(folder)),
        other => bail!("there is no workload {other}"),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.context("the runtime")
}

fn check(file: &Path, object_type: Option<ObjectType>) -> Result<()> {
    let mut options = Options::default();
    options.threads = NonZero::new(1);
    options.object_type = Some(object_type.unwrap_or(ObjectType::Deal));
    options
        .severities
        .allow
        .extend([Rule::Unsorted, Rule::MissingType]);
    let mut findings = 0;
    let summary = check_paths(&[file], &options, &mut |_| findings += 1)?;
    ensure!(
        summary.records() == u64::from(RECORDS),
        "{} records",
        summary.records()
    );
    ensure!(
        (findings > 0) == object_type.is_some(),
        "{findings} findings"
    );
    Ok(())
}

fn convert(folder: &Path) -> Result<()> {
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/export.toml");
    let mapping = Mapping::from_toml(&fs::read_to_string(mapping)?)?;
    let mut options = mapping::Options::new("2026-01-01T00:00:00Z".parse()?);
    options.threads = NonZero::new(1);
    let (csv, target) = (folder.join("deals.csv"), folder.join("converted.ldjson"));
    let converted = convert_file(
        &csv,
        &mapping,
        ObjectType::Deal,
        &options,
        &target,
        &mut |_| {},
    )?;
    ensure!(
        converted.records == u64::from(RECORDS),
        "{} records",
        converted.records
    );
    Ok(())
}

fn write() -> Result<()> {
    let mut writer = EntityWriter::new(File::create("/dev/null")?);
    let mut random = Rng::with_seed(7);
    for number in 0..RECORDS {
        writer.write(&deal(&mut random, number)?)?;
    }
    writer.finish()?;
    Ok(())
}

/// The plan of records that are in Gong already: no call is made.
async fn plan(folder: &Path) -> Result<()> {
    let place = fs::read_to_string(folder.join("place.txt"))?;
    let (base_url, integration_id) = place.trim().split_once(' ').context("a place")?;
    let client = Client::builder()
        .base_url(base_url)
        .credentials(Credentials::bearer_token("no call is made"))
        .ledger(Ledger::open(folder.join("ledger.db")).await?)
        .build()?;
    let plan = client
        .plan(integration_id.parse()?, options(folder))
        .await?;
    let unchanged = plan.types.first().map_or(0, |deals| deals.unchanged);
    ensure!(
        unchanged == u64::from(RECORDS),
        "{unchanged} unchanged records"
    );
    Ok(())
}

fn options(folder: &Path) -> SyncOptions {
    let deals = FilesSource::new(folder.join("compact.ldjson")).complete(true);
    SyncOptions::new("bench")
        .source(ObjectType::Deal, Arc::new(deals))
        .simulator()
}

/// Makes the simulator hold the records, and a ledger that knows it.
async fn sync(folder: &Path) -> Result<()> {
    let simulator = Simulator::start().await?;
    let integration_id: IntegrationId = simulator
        .register_integration("Bench CRM", "ada@acme.example")
        .into();
    let keys = Credentials::access_key(simulator.access_key(), simulator.access_key_secret());
    let client = Client::builder()
        .base_url(simulator.base_url())
        .credentials(keys)
        .ledger(Ledger::open(folder.join("ledger.db")).await?)
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let report = client.sync(integration_id, options(folder)).await?;
    drop(report.into_result()?);
    let place = format!("{} {integration_id}\n", simulator.base_url());
    fs::write(folder.join("place.txt"), place)?;
    Ok(())
}

/// Deals with standard and custom fields, a fifth of which have escapes.
fn deal(random: &mut Rng, number: u32) -> Result<Deal> {
    let statuses = [DealStatus::Open, DealStatus::Won, DealStatus::Lost];
    let deal = Deal::builder()
        .object_id(format!("d-{number}"))
        .modified_date("2026-03-01T09:30:00Z")
        .url(format!("https://crm.example.com/deals/{number}"))
        .account_id(format!("a-{}", random.u32(..1_000)))
        .owner_id(format!("u-{}", random.u32(..50)))
        .name(format!("Größe {number} – renewal"))
        .created_date("2025-11-02T08:15:42+01:00")
        .close_date(format!("2026-{:02}-28", random.u8(1..13)))
        .status(statuses[random.usize(..3)])
        .stage(format!("stage-{}", random.u8(1..9)))
        .amount(format!(
            "{}.{:02}",
            random.u32(1_000..900_000),
            random.u8(..100)
        ))
        .custom("region", "EMEA")
        .custom("probability", f64::from(random.u8(..100)) / 2.0)
        .custom("isStrategic", random.bool())
        .custom(
            "nextStep",
            if number.is_multiple_of(5) {
                "the \"pilot\" line"
            } else {
                "call"
            },
        )
        .build()?;
    Ok(deal)
}

/// The line as another program writes it.
fn in_form(line: &str, form: Form, random: &mut Rng) -> Result<String> {
    if matches!(form, Form::Compact) {
        return Ok(line.to_owned());
    }
    let record: Vec<(String, Box<RawValue>)> =
        serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(line)?
            .into_iter()
            .collect();
    let mut fields = record;
    let mut between = (",", ":");
    match form {
        Form::Shuffled => random.shuffle(&mut fields),
        _ => between = (", ", ": "),
    }
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("\"{name}\"{}{value}", between.1))
        .collect();
    Ok(format!("{{{}}}", fields.join(between.0)))
}

fn prepare(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (name, form) in FILES {
        let mut out = BufWriter::new(File::create(folder.join(format!("{name}.ldjson")))?);
        let mut random = Rng::with_seed(7);
        for number in 0..RECORDS {
            let line = serde_json::to_string(&deal(&mut random, number)?)?;
            writeln!(out, "{}", in_form(&line, form, &mut random)?)?;
        }
        out.flush()?;
    }
    let mut out = BufWriter::new(File::create(folder.join("deals.csv"))?);
    writeln!(
        out,
        "Nummer;Geändert am;Firma;Bearbeiter;Name;Angelegt am;Abschluss;Status;Phase;Betrag;Region;\
         Wahrscheinlichkeit;Strategisch;Notiz"
    )?;
    let mut random = Rng::with_seed(7);
    for number in 0..RECORDS {
        let (day, month, year) = (random.u8(1..29), random.u8(1..13), random.u16(2015..2027));
        let (whole, cents) = (random.u32(1..999_000), random.u8(..100));
        writeln!(
            out,
            "d-{number};{day:02}.{month:02}.{year} 09:30;a-{};u-{};Größe {number};\
             {day:02}.{month:02}.{year} 10:00;{day:02}.{month:02}.{year};Offen;Angebot;{}.{:03},{cents:02} €;\
             EMEA;{},5 %;ja;\"der \"\"Pilot\"\"; {number}\"",
            number % 1_000,
            number % 50,
            whole / 1_000 + 1,
            whole % 1_000,
            random.u8(..100),
        )?;
    }
    out.flush()?;
    runtime()?.block_on(sync(folder))
}
