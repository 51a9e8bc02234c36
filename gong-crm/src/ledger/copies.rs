//! Exporting a ledger to another machine, and taking an exported one over.

use std::io::{BufRead, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::{Batch, Table};
use super::{COUNTER, Identity, Ledger, LedgerError, hexadecimal};

/// The first line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    gong_crm_ledger: u32,
    exported_at: Timestamp,
}

/// One entry of an export; keys and values are bytes as hexadecimal digits.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    table: String,
    key: String,
    value: String,
}

/// The format of exports.
const FORMAT: u32 = 3;

/// The tables of an export. Calls are counted where they are made.
const TABLES: [(Table, &str); 7] = [
    (Table::Meta, "meta"),
    (Table::Uploads, "uploads"),
    (Table::Manifests, "manifests"),
    (Table::Records, "records"),
    (Table::History, "history"),
    (Table::Contents, "contents"),
    (Table::ReadBacks, "read-backs"),
];

const PAGE: usize = 1_000;

impl Ledger {
    /// Writes the whole ledger as lines of JSON, and seals this one: a sealed ledger does not push,
    /// because two copies of one ledger would use the same ids.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read or the output can't be written.
    pub async fn export(&self, out: &mut (dyn Write + Send)) -> Result<(), LedgerError> {
        let failed = |error: std::io::Error| LedgerError::storage("", error);
        let exported_at = Timestamp::now();
        let head = Head {
            gong_crm_ledger: FORMAT,
            exported_at,
        };
        self.identity().await?;
        write_json(out, &head).map_err(failed)?;
        for (table, name) in TABLES {
            let mut from = Vec::new();
            loop {
                let page = self.store().scan(table, from, None, PAGE).await?;
                for (key, value) in &page {
                    let line = Line {
                        table: name.to_owned(),
                        key: hexadecimal(key),
                        value: hexadecimal(value),
                    };
                    write_json(out, &line).map_err(failed)?;
                }
                match page.last() {
                    Some((key, _)) if page.len() == PAGE => {
                        from = [key.as_slice(), &[0]].concat();
                    }
                    _ => break,
                }
            }
        }
        out.flush().map_err(failed)?;
        self.seal(Some(exported_at)).await
    }

    /// Imports an exported ledger into this one, which must be empty: two ledgers can't be merged,
    /// because each has its own numbers for fields and uploads. The ids of records are kept but
    /// their versions are forgotten, unless `as_is`; a smaller counter never replaces a larger one.
    ///
    /// Returns the number of records.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotEmpty`] when this ledger knows records or uploads,
    /// [`LedgerError::Held`] while a push uses it, and [`LedgerError::Storage`] when the input is not an export, or the ledger can't be written.
    pub async fn import(
        &self,
        input: &mut (dyn BufRead + Send),
        as_is: bool,
    ) -> Result<u64, LedgerError> {
        let failed = |message: String| LedgerError::storage("", message);
        let lock = self.store().try_lock().await?;
        for table in [Table::Records, Table::Uploads] {
            let first = self.store().scan(table, Vec::new(), None, 1).await?;
            if !first.is_empty() {
                return Err(LedgerError::NotEmpty);
            }
        }
        let counter = self.counter().await?;
        let mut lines = input.lines();
        let head = lines.next().and_then(Result::ok).unwrap_or_default();
        let head: Head = serde_json::from_str(&head)
            .map_err(|_| failed("the input is not an exported ledger".to_owned()))?;
        if head.gong_crm_ledger != FORMAT {
            let format = head.gong_crm_ledger;
            return Err(failed(format!(
                "an export of format {format} can't be read"
            )));
        }
        let mut batch = Batch::new();
        let mut records = 0;
        for (number, line) in (2_u64..).zip(lines) {
            let line = line.map_err(|error| failed(error.to_string()))?;
            let entry: Option<Line> = serde_json::from_str(&line).ok();
            let entry = entry.and_then(|line| {
                let (table, _) = TABLES.into_iter().find(|(_, name)| *name == line.table)?;
                Some((table, bytes(&line.key)?, bytes(&line.value)?))
            });
            let Some((table, key, mut value)) = entry else {
                return Err(failed(format!("line {number} is not an entry of a ledger")));
            };
            if table == Table::Meta && key == COUNTER {
                let imported: u64 = serde_json::from_slice(&value).unwrap_or_default();
                value = imported.max(counter).to_string().into_bytes();
            }
            records += u64::from(table == Table::Records);
            batch.put(table, &key, &value);
            if batch.len() >= 100_000 {
                self.store().commit(std::mem::take(&mut batch)).await?;
            }
        }
        self.store().commit(batch).await?;
        *self.known_identity() = None;
        self.seal(None).await?;
        if !as_is {
            let locked = self.locked_by(lock).await?;
            locked.recover(Timestamp::now()).await?;
        }
        Ok(records)
    }

    async fn seal(&self, at: Option<Timestamp>) -> Result<(), LedgerError> {
        self.change_identity(move |identity| identity.sealed_at = at)
            .await
    }

    /// Unseals a ledger and returns it a new identity: another copy may have used the ids that it
    /// would generate next.
    pub(super) async fn unseal(&self) -> Result<(), LedgerError> {
        let fresh = Identity::new()?;
        self.change_identity(move |identity| {
            identity.sealed_at = None;
            identity.ledger_id.clone_from(&fresh.ledger_id);
        })
        .await
    }
}

fn write_json(out: &mut (dyn Write + Send), value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
