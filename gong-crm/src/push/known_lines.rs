//! Lines that Gong was given before, byte for byte: they need not be read to be known as unchanged.
//!
//! Most lines of a nightly export are those of the night before. Of each record that could only be
//! found unchanged, 16 bytes are read from the ledger: the hash of its id, and the hash of the line
//! that its version in Gong was given as. A line with both is unchanged. Every other line is read and
//! compared field by field.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Range;

use memchr::Memchr;
use memchr::memmem::Finder;

use super::ids::{Prefixes, id_hash};
use crate::ObjectType;
use crate::compare::LineKey;
use crate::ledger::{LineHash, MissingParents, Seconds};

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
    /// Some of those that were sent without what they refer to, by the types of these.
    sent_without: BTreeMap<u8, Vec<Sent>>,
    prefixes: Prefixes,
    /// Whether the ledger has other records that Gong has or may have.
    has_others: bool,
    key_of_ids: [u8; 16],
    key_of_lines: LineKey,
    id_member: Finder<'static>,
    /// The candidates of the next lines.
    ahead: VecDeque<Option<Candidate>>,
    hashes: Vec<Option<(u64, LineHash)>>,
}

/// A record that a line may be of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    place: usize,
    /// The hash of the line.
    line: u64,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    id: u64,
    /// The hash of the line; its lowest bits are the state, and the types of records that it refers
    /// to and that Gong may not have.
    line: u64,
}

/// A record, and when it was sent.
#[derive(Debug)]
struct Sent {
    object_id: String,
    at: Seconds,
}

/// Of how many records the id is kept, so that a note can name one.
const NAMED: usize = 100;

/// The bits of [`Record::line`] that are its state.
const STATE: u64 = 0b11;

/// The bits that are the types that were missing.
const MISSING: u64 = 0b1111_1100;

/// The bits that are the hash: 56 tell two lines of one record apart.
const HASH: u64 = !(STATE | MISSING);

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
            sent_without: BTreeMap::new(),
            prefixes: Prefixes::default(),
            has_others: false,
            key_of_ids,
            key_of_lines,
            id_member: Finder::new(b"\"objectId\""),
            ahead: VecDeque::new(),
            hashes: Vec::new(),
        }
    }

    /// Adds a record, which was sent at a time without records of some types that it refers to.
    pub(super) fn add(
        &mut self,
        object_id: &str,
        line: LineHash,
        missing: MissingParents,
        at: Seconds,
    ) {
        let bits = missing.bits();
        self.records.push(Record {
            id: id_hash(&self.key_of_ids, object_id),
            line: u64::from_le_bytes(line) & HASH | u64::from(bits) << STATE.count_ones(),
        });
        if bits == 0 {
            return;
        }
        let sent = self.sent_without.entry(bits).or_default();
        if sent.len() < NAMED {
            let object_id = object_id.to_owned();
            sent.push(Sent { object_id, at });
        }
    }

    /// What those lack whose lines were found: how many they are, since when, and the id of one, if it
    /// is among those that are named.
    pub(super) fn without_parents(
        &self,
    ) -> impl Iterator<Item = (ObjectType, u64, Seconds, Option<&str>)> {
        let mut counts = [0; 64];
        for record in self.records.iter().filter(|of| of.line & STATE == FOUND) {
            counts[(record.line & MISSING) as usize >> STATE.count_ones()] += 1;
        }
        self.sent_without.iter().flat_map(move |(bits, sent)| {
            let is_found =
                |sent: &&Sent| self.has_found(id_hash(&self.key_of_ids, &sent.object_id));
            let named = sent.iter().filter(is_found).min_by_key(|sent| sent.at);
            let first = named.or_else(|| sent.iter().min_by_key(|sent| sent.at));
            let since = first.map_or(0, |first| first.at);
            let id = named.map(|named| named.object_id.as_str());
            let count = counts[usize::from(*bits)];
            let types = MissingParents::from_bits(*bits).types();
            types.map(move |parent| (parent, count, since, id))
        })
    }

    /// How many they are.
    pub(super) fn len(&self) -> u64 {
        self.records.len() as u64
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

    /// Finds the candidates of the lines that come next. Look-ups that don't depend on each other wait
    /// for memory together: one by one, they were a quarter of the time of a plan.
    pub(super) fn look_ahead(&mut self, lines: &[u8]) {
        if !self.ahead.is_empty() || lines.is_empty() {
            return;
        }
        self.hashes.clear();
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        for line in Memchr::new(b'\n', lines)
            .chain([lines.len()])
            .scan(0, |begin, end| {
                let line = &lines[*begin..end];
                *begin = end + 1;
                Some(line)
            })
        {
            let hashes = self
                .object_id(line)
                .map(|id| (id, self.key_of_lines.hash(line)));
            self.hashes.push(hashes);
        }
        let among = self.hashes.iter();
        let among =
            among.map(|hashes| hashes.map(|(id, _)| self.prefixes.places(id, self.records.len())));
        let among: Vec<_> = among.collect();
        let found = self.hashes.iter().zip(among).map(|(hashes, among)| {
            let (hashes, among) = (*hashes, among?);
            self.found_among(hashes?, among)
        });
        let found: Vec<_> = found.collect();
        self.ahead.extend(found);
    }

    /// The record that a line may be of, by the id where one would expect it. If it is not the line's,
    /// the line's hash is not that of the record. To be called for each line of a file, in order.
    pub(super) fn candidate(&mut self, line: &[u8]) -> Option<Candidate> {
        if let Some(candidate) = self.ahead.pop_front() {
            return candidate;
        }
        let id = self.object_id(line)?;
        let among = self.prefixes.places(id, self.records.len());
        self.found_among((id, self.key_of_lines.hash(line)), among)
    }

    fn found_among(&self, (id, line): (u64, LineHash), among: Range<usize>) -> Option<Candidate> {
        let place = self
            .prefixes
            .find(&self.records, among, id, |record| record.id)?;
        let line = u64::from_le_bytes(line) & HASH;
        Some(Candidate { place, line })
    }

    /// Takes a line, if Gong was given it.
    pub(super) fn take(&mut self, candidate: Candidate) -> Found {
        let hash = candidate.line;
        let record = &mut self.records[candidate.place];
        let is_same = record.line & HASH == hash;
        match (record.line & STATE, is_same) {
            (0, true) => {
                record.line |= FOUND;
                return Found::Unchanged;
            }
            (FOUND, true) => return Found::Repeated,
            (0, false) => record.line = hash | record.line & MISSING | OTHER,
            (OTHER, _) => record.line |= OTHERS,
            _ => {}
        }
        Found::Other
    }

    /// The hash of the id of a line, if it is where one would expect it.
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
        Some((record.line & HASH).to_le_bytes())
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

    /// Whether a record that was found has other versions too, which have these ids, so that all must
    /// be compared.
    pub(super) fn have_versions_in(&self, mut ids: impl Iterator<Item = u64>) -> bool {
        ids.any(|id| self.has_found(id))
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
    use std::collections::{BTreeSet, HashMap};

    use super::*;
    use crate::compare::HashKey;

    const KEY: [u8; 16] = [7; 16];

    fn key() -> LineKey {
        LineKey::new(HashKey::from_bytes(KEY), &HashMap::new(), &BTreeSet::new())
    }

    fn known(lines: &[(&str, &str)]) -> KnownLines {
        let mut known = KnownLines::new(KEY, key());
        for (id, line) in lines {
            known.add(
                id,
                key().hash(line.as_bytes()),
                MissingParents::default(),
                0,
            );
        }
        known.finish();
        known
    }

    fn take(known: &mut KnownLines, line: &[u8]) -> Found {
        let candidate = known.candidate(line);
        candidate.map_or(Found::Other, |candidate| known.take(candidate))
    }

    #[test]
    fn a_line_is_found_whatever_its_end_and_only_for_its_record() {
        let (one, two) = (r#"{"objectId":"a"}"#, r#"{"name":"N", "objectId" : "b"}"#);
        let mut known = known(&[("a", one), ("b", two), ("c", one)]);
        assert_eq!(
            take(&mut known, b"\xef\xbb\xbf{\"objectId\":\"a\"}\r"),
            Found::Unchanged
        );
        assert_eq!(take(&mut known, one.as_bytes()), Found::Repeated);
        assert!(!known.are_all());
        assert_eq!(take(&mut known, two.as_bytes()), Found::Unchanged);
        assert_eq!(known.found(), 2);
        for other in [
            r#"{"objectId":"c"}"#,
            r#"{"objectId":"d"}"#,
            "{}",
            r#"{"objectId":3}"#,
        ] {
            assert_eq!(take(&mut known, other.as_bytes()), Found::Other, "{other}");
        }
    }

    #[test]
    fn an_id_in_a_text_is_not_taken_for_the_id_of_the_line() {
        let line = r#"{"name":"\"objectId\":\"a\"","objectId":"b"}"#;
        let text = r#"{"x":{"objectId":"a"},"objectId":"b"}"#;
        let mut known = known(&[("a", r#"{"objectId":"a"}"#), ("b", line)]);
        assert_eq!(take(&mut known, text.as_bytes()), Found::Other);
        assert!(!known.has_found(id_hash(&KEY, "a")));
        assert_eq!(take(&mut known, line.as_bytes()), Found::Unchanged);
        assert!(known.has_found(id_hash(&KEY, "b")));
    }

    #[test]
    fn the_only_other_line_of_a_record_is_noted() {
        let id = id_hash(&KEY, "a");
        let other = r#"{"objectId":"a","name":"B"}"#;
        let mut known = known(&[("a", r#"{"objectId":"a","name":"A"}"#)]);
        assert_eq!(known.other_line(id), None);
        assert_eq!(take(&mut known, other.as_bytes()), Found::Other);
        let hash = known.other_line(id).unwrap();
        let mut next = KnownLines::new(KEY, key());
        next.add("a", hash, MissingParents::default(), 0);
        next.finish();
        assert_eq!(take(&mut next, other.as_bytes()), Found::Unchanged);
        // The line is not in Gong, so it is not a repetition.
        assert_eq!(take(&mut known, other.as_bytes()), Found::Other);
        assert_eq!(known.other_line(id), None);
    }

    #[test]
    fn lines_that_come_next_have_the_candidates_that_they_have_alone() {
        let lines: Vec<String> = (0..50)
            .map(|id| match id % 7 {
                3 => String::new(),
                5 => format!(r#"{{"name":"N","objectId":{id}}}"#),
                _ => format!(r#"{{"name":"N","objectId":"{id}"}}"#),
            })
            .collect();
        let ids: Vec<String> = (0..50).map(|id| id.to_string()).collect();
        let pairs: Vec<(&str, &str)> = ids
            .iter()
            .zip(&lines)
            .map(|(id, line)| (id.as_str(), line.as_str()))
            .collect();
        let (mut ahead, mut alone) = (known(&pairs), known(&pairs));
        for block in lines.chunks(20) {
            let text = block.join("\r\n") + "\r\n";
            for (place, line) in block.iter().enumerate() {
                // A file's first line is read before others are known.
                if place > 0 {
                    let rest = text.split_inclusive('\n').skip(place).collect::<String>();
                    ahead.look_ahead(rest.as_bytes());
                }
                let line = format!("{line}\r");
                assert_eq!(
                    take(&mut ahead, line.as_bytes()),
                    take(&mut alone, line.as_bytes()),
                    "{line}"
                );
            }
        }
        assert_eq!(ahead.found(), alone.found());
        assert_eq!(alone.found(), 36);
    }
}
