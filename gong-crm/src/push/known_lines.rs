//! Lines that Gong was given before, byte for byte: they need not be read to be known as unchanged.
//!
//! Most lines of a nightly export are those of the night before. Of each record that could only be
//! found unchanged, 16 bytes are read from the ledger: the hash of its id, and the hash of the line
//! that its version in Gong was given as. A line with both is unchanged. Every other line is read and
//! compared field by field.

use std::collections::HashMap;
use std::fmt;

use memchr::memmem::Finder;

use super::ids::{Prefixes, id_hash};
use crate::ObjectType;
use crate::compare::LineKey;
use crate::ledger::{LineHash, MissingParents, Seconds};

/// Of how many records that were sent without what they refer to the ids are kept, as examples.
const NAMED: usize = 100;

/// What is known of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Gong was given it, and has it.
    Unchanged,
    /// It was found unchanged before.
    Repeated,
    /// It must be read.
    Other,
}

/// The records of one type that can only be unchanged, if the line that Gong was given comes again.
pub(super) struct KnownLines {
    /// In the order of the hashes of their ids.
    records: Vec<Record>,
    /// Those of them that were sent without what they refer to.
    waiting: Vec<Waiting>,
    /// The ids of some of these, by their hashes.
    named: HashMap<u64, String>,
    prefixes: Prefixes,
    /// Whether the ledger has other records that Gong has or may have.
    has_others: bool,
    key_of_ids: [u8; 16],
    key_of_lines: LineKey,
    id_member: Finder<'static>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    id: u64,
    /// The hash of the line; its lowest bits are the state.
    line: u64,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    id: u64,
    since: u32,
    missing: MissingParents,
}

/// The bits of [`Record::line`] that are its state: 62 bits tell two lines of one record apart.
const STATE: u64 = 0b11;

/// The line was found.
const FOUND: u64 = 0b01;

/// Another line was found, and the hash is that line's.
const OTHER: u64 = 0b10;

/// Several other lines were found.
const OTHERS: u64 = 0b11;

impl KnownLines {
    pub(super) fn new(key_of_ids: [u8; 16], key_of_lines: LineKey) -> Self {
        Self {
            records: Vec::new(),
            waiting: Vec::new(),
            named: HashMap::new(),
            prefixes: Prefixes::default(),
            has_others: false,
            key_of_ids,
            key_of_lines,
            id_member: Finder::new(b"\"objectId\""),
        }
    }

    /// Adds a record.
    pub(super) fn add(&mut self, object_id: &str, line: LineHash) {
        self.records.push(Record {
            id: id_hash(&self.key_of_ids, object_id),
            line: u64::from_le_bytes(line) & !STATE,
        });
    }

    /// Notes that one of them was sent at a time without records of these types, to which it refers.
    pub(super) fn note_waiting(
        &mut self,
        object_id: &str,
        missing: MissingParents,
        since: Seconds,
    ) {
        let id = id_hash(&self.key_of_ids, object_id);
        self.waiting.push(Waiting {
            id,
            since: u32::try_from(since.max(0)).unwrap_or(u32::MAX),
            missing,
        });
        if self.named.len() < NAMED {
            self.named.insert(id, object_id.to_owned());
        }
    }

    /// What those lack whose lines were found, since when, and the ids of some of them.
    pub(super) fn without_parents(
        &self,
    ) -> impl Iterator<Item = (ObjectType, Seconds, Option<&str>)> {
        let found = self.waiting.iter();
        let found = found.filter(|waiting| self.has_found(waiting.id));
        found.flat_map(|waiting| {
            let id = self.named.get(&waiting.id).map(String::as_str);
            let since = Seconds::from(waiting.since);
            (waiting.missing.types()).map(move |parent| (parent, since, id))
        })
    }

    /// Notes that the ledger has a record that is not among them.
    pub(super) fn note_other(&mut self) {
        self.has_others = true;
    }

    /// Puts the records in order, so that they can be found.
    pub(super) fn finish(&mut self) {
        self.records.sort_unstable_by_key(|record| record.id);
        self.prefixes = Prefixes::of(self.records.iter().map(|record| record.id));
    }

    /// Takes a line, if Gong was given it.
    pub(super) fn take(&mut self, line: &[u8]) -> Found {
        let Some(place) = self.object_id(line).and_then(|id| self.place(id)) else {
            return Found::Other;
        };
        let hash = u64::from_le_bytes(self.key_of_lines.hash(line)) & !STATE;
        let record = &mut self.records[place];
        let is_same = record.line & !STATE == hash;
        match (record.line & STATE, is_same) {
            (0, true) => {
                record.line |= FOUND;
                return Found::Unchanged;
            }
            (FOUND, true) => return Found::Repeated,
            (0, false) => record.line = hash | OTHER,
            (OTHER, _) => record.line |= OTHERS,
            _ => {}
        }
        Found::Other
    }

    /// The hash of the id of a line, if it is where one would expect it. If it is not the line's,
    /// the line's hash is not that of the record.
    fn object_id(&self, line: &[u8]) -> Option<u64> {
        let name = self.id_member.find(line)?;
        let after = line.get(name + self.id_member.needle().len()..)?;
        let value = after.trim_ascii_start().strip_prefix(b":")?;
        let text = value.trim_ascii_start().strip_prefix(b"\"")?;
        let end = memchr::memchr2(b'"', b'\\', text)?;
        let id = std::str::from_utf8(&text[..end]).ok()?;
        Some(id_hash(&self.key_of_ids, id))
    }

    fn place(&self, id: u64) -> Option<usize> {
        let among = self.prefixes.places(id, self.records.len());
        self.prefixes
            .find(&self.records, among, id, |record| record.id)
    }

    fn state(&self, id: u64) -> Option<&Record> {
        self.place(id).map(|place| &self.records[place])
    }

    /// Whether the line of a record was found.
    pub(super) fn has_found(&self, id: u64) -> bool {
        self.state(id)
            .is_some_and(|record| record.line & STATE == FOUND)
    }

    /// The hash of the only other line of a record.
    pub(super) fn other_line(&self, id: u64) -> Option<LineHash> {
        let record = self.state(id).filter(|of| of.line & STATE == OTHER)?;
        Some((record.line & !STATE).to_le_bytes())
    }

    /// How many lines were found.
    pub(super) fn found(&self) -> u64 {
        let found = self.records.iter();
        found.filter(|of| of.line & STATE == FOUND).count() as u64
    }

    /// Whether the ledger has no record but those that were found.
    pub(super) fn are_all(&self) -> bool {
        !self.has_others && self.found() == self.records.len() as u64
    }

    /// Whether a record that was found has other versions among entries with these hashes of ids, so
    /// that all must be compared.
    pub(super) fn have_versions_in(&self, mut entries: impl Iterator<Item = u64>) -> bool {
        entries.any(|id| self.has_found(id))
    }
}

impl fmt::Debug for KnownLines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KnownLines")
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::compare::HashKey;

    const KEY: [u8; 16] = [7; 16];

    fn key() -> LineKey {
        LineKey::new(HashKey::from_bytes(KEY), &HashMap::new(), &BTreeSet::new())
    }

    fn known(lines: &[(&str, &str)]) -> KnownLines {
        let mut known = KnownLines::new(KEY, key());
        for (id, line) in lines {
            known.add(id, key().hash(line.as_bytes()));
        }
        known.finish();
        known
    }

    #[test]
    fn a_line_is_found_whatever_its_end_and_only_for_its_record() {
        let (one, two) = (r#"{"objectId":"a"}"#, r#"{"name":"N", "objectId" : "b"}"#);
        let mut known = known(&[("a", one), ("b", two), ("c", one)]);
        assert_eq!(
            known.take(b"\xef\xbb\xbf{\"objectId\":\"a\"}\r"),
            Found::Unchanged
        );
        assert_eq!(known.take(one.as_bytes()), Found::Repeated);
        assert!(!known.are_all());
        assert_eq!(known.take(two.as_bytes()), Found::Unchanged);
        assert_eq!(known.found(), 2);
        for other in [
            r#"{"objectId":"c"}"#,
            r#"{"objectId":"d"}"#,
            "{}",
            r#"{"objectId":3}"#,
        ] {
            assert_eq!(known.take(other.as_bytes()), Found::Other, "{other}");
        }
    }

    #[test]
    fn an_id_in_a_text_is_not_taken_for_the_id_of_the_line() {
        let line = r#"{"name":"\"objectId\":\"a\"","objectId":"b"}"#;
        let text = r#"{"x":{"objectId":"a"},"objectId":"b"}"#;
        let mut known = known(&[("a", r#"{"objectId":"a"}"#), ("b", line)]);
        assert_eq!(known.take(text.as_bytes()), Found::Other);
        assert!(!known.has_found(id_hash(&KEY, "a")));
        assert_eq!(known.take(line.as_bytes()), Found::Unchanged);
        assert!(known.has_found(id_hash(&KEY, "b")));
    }

    #[test]
    fn the_only_other_line_of_a_record_is_noted() {
        let id = id_hash(&KEY, "a");
        let other = r#"{"objectId":"a","name":"B"}"#;
        let mut known = known(&[("a", r#"{"objectId":"a","name":"A"}"#)]);
        assert_eq!(known.other_line(id), None);
        assert_eq!(known.take(other.as_bytes()), Found::Other);
        let hash = known.other_line(id).unwrap();
        let mut next = KnownLines::new(KEY, key());
        next.add("a", hash);
        next.finish();
        assert_eq!(next.take(other.as_bytes()), Found::Unchanged);
        // The line is not in Gong, so it is no repetition.
        assert_eq!(known.take(other.as_bytes()), Found::Other);
        assert_eq!(known.other_line(id), None);
    }
}
