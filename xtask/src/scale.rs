//! `cargo xtask scale`: the example CRM, several times as large, for benchmarks.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

/// The example.
const FOLDER: &str = "examples/acme";

/// Files that are copied as they are: a CRM that grows gets no more of these.
const COPIED: [&str; 3] = [
    "stages.ldjson",
    "business_users.ldjson",
    "entity-schema.json",
];

/// Files whose records are repeated with other ids.
const REPEATED: [&str; 4] = [
    "accounts.ldjson",
    "contacts.ldjson",
    "deals.ldjson",
    "leads.ldjson",
];

/// Fields that hold the id of a repeated record.
const IDS: [&str; 6] = [
    "objectId",
    "accountId",
    "primaryContactId",
    "convertedToAccountId",
    "convertedToContactId",
    "convertedToDealId",
];

/// Writes a CRM `times` as large as the example into a folder, which is made if it is missing.
pub(crate) fn write_into(root: &Path, folder: &Path, times: u32) -> Result<()> {
    ensure!(
        times > 0,
        "the CRM cannot be 0 times as large; give 1 or more"
    );
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let example = root.join(FOLDER);
    for name in COPIED {
        fs::copy(example.join(name), folder.join(name)).with_context(|| name.to_owned())?;
    }
    for name in REPEATED {
        let text = fs::read_to_string(example.join(name)).with_context(|| name.to_owned())?;
        let mut out = BufWriter::new(File::create(folder.join(name))?);
        // The whole file again and again, so that each repetition is in the order of its dates.
        for repetition in 0..times {
            for line in text.lines() {
                let record: Map<String, Value> =
                    serde_json::from_str(line).with_context(|| format!("{name}: {line}"))?;
                serde_json::to_writer(&mut out, &renamed(record, repetition))?;
                out.write_all(b"\n")?;
            }
        }
        out.flush()?;
    }
    Ok(())
}

/// The record under the ids of a repetition; the first keeps its own.
fn renamed(mut record: Map<String, Value>, repetition: u32) -> Map<String, Value> {
    if repetition > 0 {
        for name in IDS {
            if let Some(Value::String(id)) = record.get_mut(name) {
                id.push_str(&format!("-{repetition}"));
            }
        }
        if let Some(Value::String(address)) = record.get_mut("emailAddress") {
            *address = format!("r{repetition}.{address}");
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn larger_crm_repeats_records_under_ids_of_their_own() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folder = tempfile::tempdir().unwrap();
        write_into(root, folder.path(), 3).unwrap();
        let ids = |name: &str| -> Vec<String> {
            let text = fs::read_to_string(folder.path().join(name)).unwrap();
            let ids = text.lines().map(|line| {
                let record: Value = serde_json::from_str(line).unwrap();
                record["objectId"].as_str().unwrap().to_owned()
            });
            ids.collect()
        };
        let accounts = ids("accounts.ldjson");
        assert_eq!(accounts.len(), 1_500);
        assert_eq!(accounts.iter().collect::<BTreeSet<_>>().len(), 1_500);
        assert_eq!(ids("stages.ldjson").len(), 8);
        let deals = fs::read_to_string(folder.path().join("deals.ldjson")).unwrap();
        let last: Value = serde_json::from_str(deals.lines().last().unwrap()).unwrap();
        let account = last["accountId"].as_str().unwrap();
        assert!(accounts.iter().any(|id| id == account), "{account}");
    }

    #[test]
    fn scale_of_zero_is_rejected() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let error = write_into(root, &root.join("target/nothing"), 0).unwrap_err();
        assert!(error.to_string().contains("1 or more"), "{error}");
    }
}
