//! What reads the files: the check, and others that do a part of its work.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use gong_crm::Rule;
use gong_crm::check::{Options, check_paths};
use gong_crm::schema::EntitySchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::shape::Shape;

/// Something that reads a file of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Competitor {
    /// The whole check, with duplicates; of the findings 50 are wanted, as on a terminal.
    Check,
    /// The same, with all findings written as JSON.
    CheckJson,
    /// The `jsonschema` crate on values of `serde_json`.
    JsonSchema,
    /// sonic-rs into a struct of the fields of a deal.
    SonicTyped,
    /// sonic-rs, syntax alone.
    SonicSyntax,
    /// jq, syntax alone: another program.
    Jq,
}

/// How many findings a terminal shows.
const SHOWN: u64 = 50;

impl Competitor {
    pub(crate) const ALL: [Self; 6] = [
        Self::Check,
        Self::CheckJson,
        Self::JsonSchema,
        Self::SonicTyped,
        Self::SonicSyntax,
        Self::Jq,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Check => "gong-crm check",
            Self::CheckJson => "gong-crm check, all as JSON",
            Self::JsonSchema => "jsonschema, valid or not",
            Self::SonicTyped => "sonic-rs, typed",
            Self::SonicSyntax => "sonic-rs, syntax",
            Self::Jq => "jq, syntax",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|competitor| competitor.name() == name)
    }

    /// Whether it takes part with files of a shape.
    pub(crate) fn reads(self, shape: &Shape) -> bool {
        match self {
            Self::Check | Self::SonicSyntax => true,
            Self::CheckJson => shape.json_goal.is_some(),
            Self::JsonSchema => shape.name != "syntax" && shape.name != "large",
            Self::SonicTyped => matches!(shape.name, "declared" | "undeclared"),
            // It is slow.
            Self::Jq => shape.name == "declared" && is_installed("jq"),
        }
    }

    /// Reads the file. Returns how many records it saw.
    pub(crate) fn run(self, shape: &Shape, file: &Path) -> Result<u64> {
        match self {
            Self::Check => {
                let mut options = options(shape)?;
                options.max_findings = Some(SHOWN);
                Ok(check_paths(&[file], &options, &mut |_| {})?.records())
            }
            Self::CheckJson => {
                let mut out = BufWriter::new(File::create("/dev/null")?);
                let mut failure = None;
                let mut options = options(shape)?;
                options.without_excerpts = true;
                let summary = check_paths(&[file], &options, &mut |finding| {
                    let written = serde_json::to_writer(&mut out, &finding);
                    failure = written.err().or(failure.take());
                })?;
                out.flush()?;
                ensure!(failure.is_none(), "a finding was not written");
                Ok(summary.records())
            }
            Self::JsonSchema => {
                let format = shape.object_type.line_format();
                let schema = serde_json::from_str(format.json_schema_text())?;
                let validator = jsonschema::options()
                    .should_validate_formats(true)
                    .build(&schema)
                    .context("the schema")?;
                lines(file, |line| {
                    let value: serde_json::Value = serde_json::from_slice(line)?;
                    std::hint::black_box(validator.is_valid(&value));
                    Ok(())
                })
            }
            Self::SonicTyped => lines(file, |line| {
                std::hint::black_box(sonic_rs::from_slice::<Deal<'_>>(line)?);
                Ok(())
            }),
            Self::SonicSyntax => lines(file, |line| {
                // In one shape, no line is valid.
                std::hint::black_box(sonic_rs::from_slice::<IgnoredAny>(line).is_ok());
                Ok(())
            }),
            Self::Jq => {
                let status = Command::new("jq").arg("empty").arg(file).status()?;
                ensure!(status.success(), "jq rejected the file");
                lines(file, |_| Ok(()))
            }
        }
    }
}

fn options(shape: &Shape) -> Result<Options> {
    let mut options = Options::default();
    options.object_type = Some(shape.object_type);
    options.entity_schema = shape.schema.map(EntitySchema::from_json).transpose()?;
    options.threads = NonZero::new(if shape.is_parallel() { 2 } else { 1 });
    // The records are in no order, and alone; tiny ones lack what Gong displays.
    let severities = &mut options.severities;
    severities.allow.extend([Rule::Unsorted, Rule::MissingType]);
    if shape.name == "tiny" {
        severities.allow.insert(Rule::NotVisible);
    }
    Ok(options)
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// The fields of a deal, borrowed where they have no escapes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "reading the fields is the work; they are not used"
)]
struct Deal<'a> {
    object_id: &'a str,
    modified_date: &'a str,
    url: Option<&'a str>,
    account_id: Option<&'a str>,
    owner_id: Option<&'a str>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    created_date: Option<&'a str>,
    close_date: Option<&'a str>,
    status: Option<&'a str>,
    stage: Option<&'a str>,
    amount: Option<f64>,
    region: Option<&'a str>,
    win_probability: Option<f64>,
    is_competitive: Option<bool>,
    next_step: Option<Cow<'a, str>>,
    renewal_date: Option<&'a str>,
    partner_id: Option<&'a str>,
    #[serde(skip)]
    others: HashMap<String, serde_json::Value>,
}

/// Returns each line to `each`, read in blocks of 256 KiB as the check reads them.
fn lines(file: &Path, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<u64> {
    let mut file = File::open(file)?;
    let mut buffer = vec![0; 256 * 1024];
    let (mut filled, mut count) = (0, 0);
    loop {
        let read = file.read(&mut buffer[filled..])?;
        filled += read;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &buffer[..filled]) {
            each(&buffer[start..end])?;
            count += 1;
            start = end + 1;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
        if read == 0 {
            return Ok(count);
        }
    }
}
