//! Running the contenders in turn, and what comes out.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use benches::figures::median;

use crate::contender::Contender;
use crate::data::DataFile;

/// What is claimed of a file: how many times as long as the check a contender takes, at the least,
/// and below which ratio a change has to be looked at, noise of the machine considered.
const GOALS: [(&str, Contender, f64, f64); 4] = [
    ("deals", Contender::JsonSchema, 5.0, 3.5),
    ("deals", Contender::SonicTyped, 1.4, 1.1),
    ("deals", Contender::SonicSyntax, 1.0, 0.7),
    ("deals-shuffled", Contender::JsonSchema, 4.0, 3.0),
];

/// Memory: so much, and so much a record.
const BASE_KIB: f64 = 8.0 * 1e6 / 1024.0;
const RECORD_KIB: f64 = 20.0 / 1024.0;

/// Milliseconds and peak memory of each contender on each file.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    file: &'static str,
    contender: Contender,
    milliseconds: f64,
    /// The median over the rounds of this contender's time by the check's in the same round.
    ratio: f64,
    peak_kib: u64,
    records: u64,
    bytes: u64,
}

/// Runs all contenders on all files, one after another, this many times.
pub(crate) fn run(files: &[DataFile], rounds: usize) -> Result<Table> {
    let mut table = Table::default();
    for file in files {
        let bytes = std::fs::metadata(&file.path)?.len();
        let mut samples: BTreeMap<usize, Vec<(f64, u64, u64)>> = BTreeMap::new();
        // The first round only warms the page cache.
        for round in 0..=rounds {
            for (at, contender) in contenders(file.name).enumerate() {
                let sample = measure(contender, file)?;
                if round > 0 {
                    samples.entry(at).or_default().push(sample);
                }
            }
        }
        let check: Vec<f64> = samples[&0]
            .iter()
            .map(|(milliseconds, ..)| *milliseconds)
            .collect();
        for (contender, samples) in contenders(file.name).zip(samples.into_values()) {
            let times = samples.iter().map(|(milliseconds, ..)| *milliseconds);
            table.rows.push(Row {
                file: file.name,
                contender,
                milliseconds: median(times.clone()),
                ratio: median(times.zip(&check).map(|(time, check)| time / check)),
                peak_kib: samples
                    .iter()
                    .map(|(_, peak, _)| *peak)
                    .max()
                    .unwrap_or_default(),
                records: samples[0].2,
                bytes,
            });
        }
    }
    Ok(table)
}

/// The contenders for a file; only the check is of interest where the file is odd.
fn contenders(file: &str) -> impl Iterator<Item = Contender> + use<'_> {
    let is_odd = matches!(file, "deals-tiny" | "deals-bad");
    Contender::ALL
        .into_iter()
        .filter(move |contender| match contender {
            Contender::Check | Contender::SonicSyntax => true,
            // It takes its time.
            Contender::Jq => file == "deals" && contender.is_there(),
            _ => !is_odd,
        })
}

fn measure(contender: Contender, file: &DataFile) -> Result<(f64, u64, u64)> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--one")
        .arg(contender.name())
        .arg(&file.path)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failure = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{} failed: {failure}",
        contender.name()
    );
    let mut words = said.split_whitespace();
    let mut next = || words.next().context("a figure is missing");
    Ok((next()?.parse()?, next()?.parse()?, next()?.parse()?))
}

impl Table {
    /// What falls below the gate.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for (file, contender, _, gate) in GOALS {
            let row = self
                .rows
                .iter()
                .find(|row| row.file == file && row.contender == contender);
            let ratio = row.map_or(f64::NAN, |row| row.ratio);
            if ratio.is_nan() || ratio < gate {
                failures.push(format!(
                    "{file}, {}: {ratio:.2}, gate {gate}",
                    contender.name()
                ));
            }
        }
        for row in self
            .rows
            .iter()
            .filter(|row| row.contender == Contender::Check)
        {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a few million records are exact"
            )]
            let (peak, most) = (
                row.peak_kib as f64,
                BASE_KIB + RECORD_KIB * row.records as f64,
            );
            if peak > most {
                failures.push(format!(
                    "{}: {peak} KiB of memory, gate {most:.0}",
                    row.file
                ));
            }
        }
        failures
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:<16}{:<34}{:>9}{:>8}{:>9}{:>10}{:>11}",
            "file", "contender", "ms", "GB/s", "x check", "MB peak", "records"
        )?;
        for row in &self.rows {
            #[expect(clippy::cast_precision_loss, reason = "figures for people")]
            let (gigabytes, megabytes) = (
                row.bytes as f64 / row.milliseconds / 1e6,
                row.peak_kib as f64 / 1e3 * 1.024,
            );
            writeln!(
                formatter,
                "{:<16}{:<34}{:>9.1}{gigabytes:>8.2}{:>9.2}{megabytes:>10.1}{:>11}",
                row.file,
                row.contender.name(),
                row.milliseconds,
                row.ratio,
                row.records
            )?;
        }
        for (file, contender, goal, gate) in GOALS {
            let row = self
                .rows
                .iter()
                .find(|row| row.file == file && row.contender == contender);
            if let Some(row) = row {
                writeln!(
                    formatter,
                    "{file} beside {}: {:.2} times as fast (goal {goal}, gate {gate})",
                    contender.name(),
                    row.ratio
                )?;
            }
        }
        Ok(())
    }
}
