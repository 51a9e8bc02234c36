//! Records that the check found invalid: they are kept as rejects.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::PushError;
use super::ids::id_hash;
use super::input::{OpenFile, unreadable};
use super::lines::{each_line, id_reader};
use super::planned::HeldBack;
use crate::ObjectType;
use crate::ledger::{Action, Content, NO_ID, Pending, RecordHash};

/// The hash of a line that can't be compared. A recovery sets those of all tries to 0.
const NO_HASH: RecordHash = [1; 16];

/// A line that is not sent.
struct HeldLine {
    number: u64,
    bytes: Vec<u8>,
    /// The record's id and the hash of its compared form, if the line says which record it is.
    record: Option<(String, RecordHash)>,
}

/// A record that is not sent and does not say which one it is, so that the ledger can't know it.
pub(super) struct Unidentified {
    /// Its line in the file, or that of its row.
    pub(super) source_line: u64,
    /// Its text in the file, without the line break.
    pub(super) text: Vec<u8>,
    pub(super) reasons: String,
}

/// What stands for the id of a line that has none: its place, and a hash of its text, since the next
/// file has other lines there.
fn place_of(open: &OpenFile, line: &HeldLine, row: &str) -> String {
    let mut text = line.bytes.trim_ascii_end().to_vec();
    text.extend_from_slice(row.as_bytes());
    let hash = id_hash(&[0; 16], &String::from_utf8_lossy(&text));
    let number = open.source_line(line.number);
    format!("{}:{number}#{:08x}", open.name(), hash >> 32)
}

/// The lines that the check found invalid and that say which record they are; those that do not, where
/// `is_kept` says that their source may not give them again.
pub(super) fn invalid_records(
    files: &[OpenFile],
    key: [u8; 16],
    is_kept: impl Fn(ObjectType) -> bool,
) -> Result<Vec<(ObjectType, HeldBack)>, PushError> {
    let mut invalid = Vec::new();
    for (place, open) in files.iter().enumerate() {
        let held = held_lines(open, key);
        let mut held = held.map_err(|error| unreadable(&open.file.path, error))?;
        if !is_kept(open.file.object_type) {
            held.retain(|line| line.record.is_some());
        }
        let mut rows = rows(open, &held.iter().map(|line| line.number).collect());
        let head = match &open.converted {
            Some(converted) if !held.is_empty() => converted.head_text().unwrap_or_default(),
            _ => String::new(),
        };
        for mut line in held {
            let row = rows.remove(&line.number).unwrap_or_default();
            let record = line.record.take();
            let (object_id, hash) = record.unwrap_or_else(|| (place_of(open, &line, &row), NO_ID));
            let pending = Pending {
                source: u32::try_from(place).unwrap_or(u32::MAX),
                line: open.source_line(line.number),
                ..Pending::new(object_id, Action::Update, hash)
            };
            let content = Content {
                line: line.bytes,
                row,
                head: head.clone(),
                ..Content::default()
            };
            let reasons = open.skipped[&line.number].reasons.join("; ");
            invalid.push((open.file.object_type, (pending, reasons, content)));
        }
    }
    Ok(invalid)
}

/// The records of a file that are not sent and that the ledger can't know.
pub(super) fn unidentified(open: &OpenFile) -> io::Result<Vec<Unidentified>> {
    let mut held = held_lines(open, [0; 16])?;
    held.retain(|line| line.record.is_none());
    let mut rows = rows(open, &held.iter().map(|line| line.number).collect());
    let unidentified = held.into_iter().map(|line| Unidentified {
        source_line: open.source_line(line.number),
        text: match rows.remove(&line.number) {
            Some(row) => row.into_bytes(),
            None => line.bytes,
        },
        reasons: open.skipped[&line.number].reasons.join("; "),
    });
    Ok(unidentified.collect())
}

fn held_lines(open: &OpenFile, key: [u8; 16]) -> io::Result<Vec<HeldLine>> {
    let mut held = Vec::new();
    let Some(last) = open.skipped.keys().next_back() else {
        return Ok(held);
    };
    let mut reader = id_reader(key, open.file.object_type);
    each_line(&open.lines, |line| {
        if line.number > *last || !open.skipped.contains_key(&line.number) {
            return Ok::<(), io::Error>(());
        }
        let record = match reader.read(line.bytes) {
            Ok(facts) => Some((facts.object_id.into_owned(), facts.hash.to_le_bytes())),
            Err(error) => {
                // The check knows the id of some lines that can't be read as records.
                let of_check = || open.skipped[&line.number].object_id.clone();
                let object_id = error.object_id.or_else(of_check);
                object_id.map(|object_id| (object_id, NO_HASH))
            }
        };
        held.push(HeldLine {
            number: line.number,
            bytes: line.bytes.to_vec(),
            record,
        });
        Ok(())
    })?;
    Ok(held)
}

/// The texts of the rows that the lines were made of.
fn rows(open: &OpenFile, numbers: &BTreeSet<u64>) -> BTreeMap<u64, String> {
    let converted = open.converted.as_ref();
    converted.map_or_else(BTreeMap::new, |converted| converted.row_texts(numbers))
}
