//! What is in the example CRM, and is the committed copy up to date?
//!
//! `cargo xtask acme` writes the sales records of a made-up company, Acme, which sells scheduling
//! software to factories. Every line is a function of the seed, the scale and its own index, so the
//! files are the same on every machine and a large CRM is written in flat memory.

use std::fs::{self, File as OutputFile};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use self::crm::Crm;

mod crm;
mod dice;
mod names;
mod pipeline;
mod records;
mod relations;
mod schema;
#[cfg(test)]
mod tests;
mod time;

const FOLDER: &str = "examples/acme";
const SEED: u64 = 0xac3e;

/// Beyond this, six-digit object ids would run out.
const LARGEST_SCALE: u32 = 100_000;

/// Makes the record of an index.
type Record = fn(&Crm, u64) -> Value;

/// One file of the CRM, line by line and without line ends.
pub(crate) struct File {
    /// The file's name inside its folder.
    pub(crate) name: &'static str,
    /// The lines, made as they are asked for.
    pub(crate) lines: Box<dyn Iterator<Item = String>>,
}

/// Writes `examples/acme`, or with `check` compares it with what would be written.
///
/// # Errors
///
/// When a file can't be read or written or, with `check`, when one is missing or stale.
pub(crate) fn run(workspace_root: &Path, check: bool) -> anyhow::Result<()> {
    let folder = workspace_root.join(FOLDER);
    if !check {
        return write_into(&folder, 1);
    }
    let stale: Vec<String> = generate(1, SEED)
        .filter_map(|file| difference(&folder, file))
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\nrun `cargo xtask acme` and commit {FOLDER}",
        stale.join("\n")
    )
}

/// Writes a CRM `scale` times the size of the example into a folder, made if it is missing.
///
/// # Errors
///
/// When the scale is 0 or above 100,000, or a file can't be written.
pub(crate) fn write_into(folder: &Path, scale: u32) -> anyhow::Result<()> {
    ensure!(
        (1..=LARGEST_SCALE).contains(&scale),
        "the scale is {scale}; give a number from 1 to {LARGEST_SCALE}"
    );
    fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
    for file in generate(scale, SEED) {
        let path = folder.join(file.name);
        write_file(&path, file).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

/// The files of a CRM `scale` times the size of the example.
pub(crate) fn generate(scale: u32, seed: u64) -> impl Iterator<Item = File> {
    let crm = Rc::new(Crm::new(scale, seed));
    let relations = crm.relations;
    let stages = pipeline::STAGES.len() as u64;
    let ldjson: [(&'static str, u64, Record); 6] = [
        (
            "business_users.ldjson",
            relations.users(),
            records::business_user,
        ),
        ("stages.ldjson", stages, records::stage),
        ("accounts.ldjson", relations.accounts(), records::account),
        ("contacts.ldjson", relations.contacts(), records::contact),
        ("deals.ldjson", relations.deals(), records::deal),
        ("leads.ldjson", relations.leads(), records::lead),
    ];
    ldjson
        .into_iter()
        .map(move |(name, count, record)| {
            let crm = Rc::clone(&crm);
            let lines = (0..count).map(move |index| record(&crm, index).to_string());
            File {
                name,
                lines: Box::new(lines),
            }
        })
        .chain(std::iter::once_with(entity_schema))
}

fn entity_schema() -> File {
    let document = format!("{:#}", schema::document());
    let lines: Vec<String> = document.lines().map(str::to_owned).collect();
    File {
        name: "entity-schema.json",
        lines: Box::new(lines.into_iter()),
    }
}

fn write_file(path: &Path, file: File) -> std::io::Result<()> {
    let mut output = BufWriter::new(OutputFile::create(path)?);
    for line in file.lines {
        writeln!(output, "{line}")?;
    }
    output.flush()
}

/// Where a committed file differs from the generated one, if it does.
fn difference(folder: &Path, file: File) -> Option<String> {
    let name = format!("{FOLDER}/{}", file.name);
    let committed = match fs::read_to_string(folder.join(file.name)) {
        Ok(committed) => committed,
        Err(error) => return Some(format!("{name} can't be read: {error}")),
    };
    let generated: String = file
        .lines
        .flat_map(|line| [line, "\n".to_owned()])
        .collect();
    if committed == generated {
        return None;
    }
    let same = committed
        .lines()
        .zip(generated.lines())
        .take_while(|(old, new)| old == new);
    Some(format!("{name} is stale from line {}", same.count() + 1))
}
