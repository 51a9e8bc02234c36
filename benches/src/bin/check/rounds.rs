//! Runs the competitors in turn, and evaluates the times.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use benches::figures::median;

use crate::competitor::Competitor;
use crate::shape::Shape;

/// Below this part of a goal, the benchmark fails: the noise of the machine.
const GATE: f64 = 0.7;

/// Memory: this much, this much per record, and this much more for several threads.
const BASE_KIB: f64 = 8.0 * 1e6 / 1024.0;
const RECORD_KIB: f64 = 20.0 / 1024.0;
const PARALLEL_KIB: f64 = 8.0 * 1e6 / 1024.0;

/// Milliseconds and peak memory of each competitor with each shape.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    /// Shapes without a file.
    left_out: Vec<&'static str>,
}

#[derive(Debug)]
struct Row {
    shape: Shape,
    competitor: Competitor,
    milliseconds: f64,
    /// How many times as fast as sonic-rs, syntax alone: the median of the ratios in each round.
    ratio: f64,
    peak_kib: u64,
    records: u64,
    bytes: u64,
}

struct Sample {
    milliseconds: f64,
    peak_kib: u64,
    records: u64,
}

/// Runs all competitors with all shapes, one after another, this many times.
pub(crate) fn run(shapes: &[Shape], rounds: usize) -> Result<Table> {
    let mut table = Table::default();
    for shape in shapes {
        let Some(path) = shape.file()? else {
            table.left_out.push(shape.name);
            continue;
        };
        let bytes = std::fs::metadata(&path)?.len();
        let competitors: Vec<Competitor> = Competitor::ALL
            .into_iter()
            .filter(|competitor| competitor.reads(shape))
            .collect();
        let mut samples: Vec<Vec<Sample>> = competitors.iter().map(|_| Vec::new()).collect();
        // The first round only warms the page cache.
        for round in 0..=rounds {
            for (competitor, samples) in competitors.iter().zip(&mut samples) {
                let sample = measure(*competitor, shape, &path)?;
                if round > 0 {
                    samples.push(sample);
                }
            }
        }
        let syntax = competitors
            .iter()
            .position(|competitor| *competitor == Competitor::SonicSyntax);
        let syntax: Vec<f64> = samples[syntax.context("sonic-rs reads all shapes")?]
            .iter()
            .map(|sample| sample.milliseconds)
            .collect();
        for (competitor, samples) in competitors.into_iter().zip(samples) {
            let times = samples.iter().map(|sample| sample.milliseconds);
            table.rows.push(Row {
                shape: *shape,
                competitor,
                milliseconds: median(times.clone()),
                ratio: median(syntax.iter().zip(times).map(|(syntax, time)| syntax / time)),
                peak_kib: samples
                    .iter()
                    .map(|sample| sample.peak_kib)
                    .max()
                    .unwrap_or_default(),
                records: samples.first().map_or(0, |sample| sample.records),
                bytes,
            });
        }
    }
    Ok(table)
}

fn measure(competitor: Competitor, shape: &Shape, path: &Path) -> Result<Sample> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--one", competitor.name(), shape.name])
        .arg(path)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let failure = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{} failed with {}: {failure}",
        competitor.name(),
        shape.name
    );
    let mut words = text.split_whitespace();
    let mut next = || words.next().context("a number is missing");
    Ok(Sample {
        milliseconds: next()?.parse()?,
        peak_kib: next()?.parse()?,
        records: next()?.parse()?,
    })
}

impl Row {
    fn goal(&self) -> Option<f64> {
        match self.competitor {
            Competitor::Check => Some(self.shape.goal),
            Competitor::CheckJson => self.shape.json_goal,
            _ => None,
        }
    }

    /// The most memory that the check may use.
    fn max_kib(&self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a few million records are exact"
        )]
        let records = self.records as f64;
        let of_emails = if self.shape.name == "user" { 1.6 } else { 1.0 };
        let parallel = if self.shape.is_parallel() {
            PARALLEL_KIB
        } else {
            0.0
        };
        BASE_KIB + RECORD_KIB * records * of_emails + parallel
    }
}

impl Table {
    /// What is below the gate.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for row in &self.rows {
            let Some(goal) = row.goal() else {
                continue;
            };
            let (shape, name) = (row.shape.name, row.competitor.name());
            let gate = goal * GATE;
            if row.ratio.is_nan() || row.ratio < gate {
                failures.push(format!("{shape}, {name}: {:.2}, gate {gate:.2}", row.ratio));
            }
            #[expect(clippy::cast_precision_loss, reason = "kilobytes for people")]
            let peak = row.peak_kib as f64;
            if peak > row.max_kib() {
                let most = row.max_kib();
                failures.push(format!("{shape}, {name}: {peak} KiB, gate {most:.0}"));
            }
        }
        failures
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{:<15}{:<28}{:>9}{:>7}{:>9}{:>7}{:>10}{:>10}",
            "shape", "program", "ms", "GB/s", "x sonic", "goal", "MB peak", "records"
        )?;
        for row in &self.rows {
            #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
            let (gigabytes, megabytes) = (
                row.bytes as f64 / row.milliseconds / 1e6,
                row.peak_kib as f64 / 1e3 * 1.024,
            );
            let goal = row.goal().map(|goal| format!("{goal:.2}"));
            writeln!(
                formatter,
                "{:<15}{:<28}{:>9.1}{gigabytes:>7.2}{:>9.2}{:>7}{megabytes:>10.1}{:>10}",
                row.shape.name,
                row.competitor.name(),
                row.milliseconds,
                row.ratio,
                goal.unwrap_or_default(),
                row.records
            )?;
        }
        for shape in &self.left_out {
            writeln!(
                formatter,
                "{shape}: not measured, a package of Python is missing"
            )?;
        }
        Ok(())
    }
}
