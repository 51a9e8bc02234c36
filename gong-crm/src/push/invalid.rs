//! Records that the check found invalid: they are kept as rejects.

use super::PushError;
use super::input::{MAX_LINES, OpenFile, unreadable};
use super::lines::each_line;
use crate::ObjectType;
use crate::compare::{HashKey, Reader};
use crate::ledger::{Action, Content, Pending};

/// The lines that the check found invalid and that say which record they are.
pub(super) fn invalid_records(
    files: &[OpenFile],
    key: [u8; 16],
) -> Result<Vec<(ObjectType, Pending, String, Content)>, PushError> {
    let none = |_: &str| 0;
    let mut invalid = Vec::new();
    for (place, open) in files.iter().enumerate() {
        let Some(last) = open.skipped.keys().rfind(|line| **line <= MAX_LINES) else {
            continue;
        };
        let object_type = open.file.object_type;
        let mut reader = Reader::new(HashKey::from_bytes(key), object_type, &none);
        let read = each_line(&open.lines, |line| {
            let Some(skipped) = open
                .skipped
                .get(&line.number)
                .filter(|_| line.number <= *last)
            else {
                return Ok::<(), std::io::Error>(());
            };
            let (object_id, hash) = match reader.read(line.bytes) {
                Ok(facts) => (facts.object_id.into_owned(), facts.hash),
                Err(error) => match error.object_id {
                    Some(object_id) => (object_id, 0),
                    None => return Ok(()),
                },
            };
            let pending = Pending {
                object_id,
                action: Action::Update,
                hash: hash.to_le_bytes(),
                fields: Vec::new(),
                changed: Vec::new(),
                sent_date: None,
                address: None,
                source: u32::try_from(place).unwrap_or(u32::MAX),
                line: open.source_line(line.number),
                is_known: true,
                is_unsure: false,
            };
            let converted = open.converted.as_ref();
            let content = Content {
                line: line.bytes.to_vec(),
                row: converted
                    .and_then(|rows| rows.row_text(line.number))
                    .unwrap_or_default(),
                head: converted
                    .and_then(|rows| rows.head_text())
                    .unwrap_or_default(),
            };
            invalid.push((object_type, pending, skipped.reasons.join("; "), content));
            Ok(())
        });
        read.map_err(|error| unreadable(&open.file.path, error))?;
    }
    Ok(invalid)
}
