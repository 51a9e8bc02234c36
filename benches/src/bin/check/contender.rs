//! What reads the files: the check, and others that do a part of its work.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use gong_crm::check::{Options, check_paths};
use gong_crm::schema::EntitySchema;
use gong_crm::{ObjectType, Rule};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::data::SCHEMA;

/// Something that reads a file of deals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The whole check, with a schema and repeated ids.
    Check,
    /// The check without the search for repeated ids, which no other contender makes.
    CheckWithoutRepeats,
    /// The `jsonschema` crate on values of `serde_json`.
    JsonSchema,
    /// sonic-rs into a struct of the fields.
    SonicTyped,
    /// sonic-rs, syntax alone.
    SonicSyntax,
    /// `serde_json`, syntax alone.
    SerdeSyntax,
    /// Finding the line feeds.
    Lines,
    /// jq, syntax alone: a program of its own.
    Jq,
}

impl Contender {
    pub(crate) const ALL: [Self; 8] = [
        Self::Check,
        Self::CheckWithoutRepeats,
        Self::JsonSchema,
        Self::SonicTyped,
        Self::SonicSyntax,
        Self::SerdeSyntax,
        Self::Lines,
        Self::Jq,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Check => "gong-crm check",
            Self::CheckWithoutRepeats => "gong-crm check, repeats allowed",
            Self::JsonSchema => "jsonschema, valid or not",
            Self::SonicTyped => "sonic-rs, typed",
            Self::SonicSyntax => "sonic-rs, syntax",
            Self::SerdeSyntax => "serde_json, syntax",
            Self::Lines => "memchr, lines",
            Self::Jq => "jq, syntax",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|contender| contender.name() == name)
    }

    /// Reads the file. Gives how many records it saw.
    pub(crate) fn run(self, file: &Path) -> Result<u64> {
        match self {
            Self::Check | Self::CheckWithoutRepeats => {
                let mut options = Options::default();
                options.entity_schema = Some(EntitySchema::from_json(SCHEMA)?);
                options.object_type = Some(ObjectType::Deal);
                // Deals of a bench need no order, and the tiny ones show nowhere.
                options.allow.extend([Rule::Unsorted, Rule::NotVisible]);
                if self == Self::CheckWithoutRepeats {
                    options.allow.insert(Rule::DuplicateObjectId);
                }
                let mut findings = 0_u64;
                let summary = check_paths(&[file], &options, &mut |_| findings += 1)?;
                ensure!(
                    findings == summary.errors() + summary.warnings(),
                    "a finding was lost"
                );
                Ok(summary.records())
            }
            Self::JsonSchema => {
                let schema =
                    serde_json::from_str(ObjectType::Deal.line_format().json_schema_text())?;
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
                sonic_rs::from_slice::<IgnoredAny>(line)?;
                Ok(())
            }),
            Self::SerdeSyntax => lines(file, |line| {
                serde_json::from_slice::<IgnoredAny>(line)?;
                Ok(())
            }),
            Self::Lines => lines(file, |_| Ok(())),
            Self::Jq => {
                let status = Command::new("jq").arg("empty").arg(file).status()?;
                ensure!(status.success(), "jq refused the file");
                lines(file, |_| Ok(()))
            }
        }
    }

    /// Whether it can be run here.
    pub(crate) fn is_there(self) -> bool {
        self != Self::Jq || Command::new("jq").arg("--version").output().is_ok()
    }
}

/// The fields of a deal, borrowed where they have no escapes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "reading the fields is the work; nobody looks at them"
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

/// Gives each line to `each`, read in blocks of 256 KiB as the check reads them.
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
