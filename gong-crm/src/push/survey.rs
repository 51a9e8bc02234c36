//! One pass over the files of one type: the position of each record, and the hash for comparing it.
//!
//! Forty bytes are kept per record, so that a million records fit into 40 MB.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::thread;

use gong_records::io::lines::{Line, Lines, MAX_BYTES};
use gong_records::io::open::is_compressed;

use super::PushError;
use super::ids::{Prefixes, id_hash};
use super::input::{Doubt, OpenFile, Skipped, unreadable};
use super::known_lines::{Found, KnownLines};
use super::report::RecordError;
use crate::ObjectType;
use crate::compare::{HashKey, Reader};
use crate::ledger::Milliseconds;

/// The first records whose ids are kept, so that a small push need not scan a large ledger.
pub(super) const PROBED_RECORDS: usize = 20_000;

/// A version of a record in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// A keyed hash of the object id.
    pub(super) id: u64,
    /// The low half of the hash of the compared form.
    pub(super) hash: u64,
    /// `modifiedDate` in seconds; [`NO_DATE`] without one.
    pub(super) modified: i64,
    /// The offset of the line in all files of the type, one after another.
    pub(super) place: u64,
    /// The number of the line in its file.
    pub(super) line: u32,
    length: u32,
}

/// The `modified` of a record without a date: before all others.
pub(super) const NO_DATE: i64 = i64::MIN;

/// The bit of `length` that marks a deletion.
const DELETION: u32 = 1 << 31;

impl Entry {
    fn order(&self) -> (u64, i64, u64) {
        (self.id, self.modified, self.place)
    }

    pub(super) fn is_deletion(&self) -> bool {
        self.length & DELETION != 0
    }

    pub(super) fn length(&self) -> usize {
        (self.length & !DELETION) as usize
    }
}

/// The files of one type, as one range of offsets.
#[derive(Debug)]
pub(super) struct TypeFiles<'a> {
    pub(super) object_type: ObjectType,
    /// The files, by their place among all files of the push.
    pub(super) files: Vec<(usize, &'a OpenFile)>,
    starts: Vec<u64>,
}

impl<'a> TypeFiles<'a> {
    pub(super) fn new(object_type: ObjectType, all: &'a [OpenFile]) -> Self {
        let files: Vec<(usize, &OpenFile)> = all
            .iter()
            .enumerate()
            .filter(|(_, open)| open.file.object_type == object_type)
            .collect();
        let mut starts = Vec::with_capacity(files.len());
        let mut start = 0;
        for (_, open) in &files {
            starts.push(start);
            // One more, so that an empty file has its own place.
            start += open.bytes + 1;
        }
        Self {
            object_type,
            files,
            starts,
        }
    }

    /// The as-of of a line that was read earlier than this push began.
    pub(super) fn as_of(&self, file: usize, entry: &Entry) -> Option<Milliseconds> {
        self.files[file].1.as_of(u64::from(entry.line))
    }

    /// The place of the file in which an offset lies, and the offset in it.
    pub(super) fn locate(&self, place: u64) -> (usize, u64) {
        let file = self.starts.partition_point(|start| *start <= place);
        let file = file.saturating_sub(1);
        (file, place - self.starts.get(file).copied().unwrap_or(0))
    }
}

/// The results of one pass over the files of a type.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The versions, in the order of ids, dates and places.
    pub(super) entries: Vec<Entry>,
    /// The ids, if there are few enough.
    pub(super) ids: Option<Vec<String>>,
    /// What is in each file, by its place in the type.
    pub(super) files: Vec<FileFacts>,
    /// The hashes of the ids of lines that are held back by a finding.
    pub(super) present: HashSet<u64>,
    /// Whether a file ends in the middle of a record.
    pub(super) breaks_off: bool,
    /// Whether all files end with a line break, as far as that can be seen.
    pub(super) ends_with_line: bool,
    /// The places of the last rows of those that were converted and do not.
    pub(super) last_rows: Vec<u64>,
    /// The first line of which it is not known which records it holds, with the name of its file.
    pub(super) unclear: Option<(String, u64)>,
    /// How many lines or rows have no id that can be read, or one that is not valid.
    pub(super) without_id: u64,
    /// The addresses of business users that come.
    pub(super) addresses: HashSet<u64>,
    prefixes: Prefixes,
}

/// What is in one file.
#[derive(Debug, Default)]
pub(super) struct FileFacts {
    /// How many lines hold a record.
    pub(super) records: u64,
    /// How many of them Gong was given before, byte for byte. They have no entry.
    pub(super) unchanged: u64,
    /// How many of these are there once more.
    pub(super) repeated: u64,
    /// Lines that are not records.
    pub(super) invalid: Vec<RecordError>,
}

impl Survey {
    /// Puts the entries in order.
    fn sort(&mut self) {
        self.entries.sort_unstable_by_key(Entry::order);
    }

    /// Adds what another pass found in other lines of the same files.
    fn append(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.ids = match (self.ids.take(), other.ids) {
            (Some(ids), Some(more)) if ids.len() + more.len() <= PROBED_RECORDS => {
                Some(ids.into_iter().chain(more).collect())
            }
            _ => None,
        };
        self.present.extend(other.present);
        self.breaks_off |= other.breaks_off;
        self.unclear = self.unclear.take().or(other.unclear);
        self.without_id += other.without_id;
        self.addresses.extend(other.addresses);
    }

    /// Whether no record can be found in the files.
    pub(super) fn is_empty(&self) -> bool {
        let is_none_unchanged = self.files.iter().all(|file| file.unchanged == 0);
        self.entries.is_empty() && self.present.is_empty() && is_none_unchanged
    }

    /// How many lines hold a record.
    pub(super) fn records(&self) -> u64 {
        self.files.iter().map(|file| file.records).sum()
    }

    /// The place of the first entry with this id.
    pub(super) fn find(&self, id: u64) -> Option<usize> {
        self.find_among(id, self.prefixes.places(id, self.entries.len()))
    }

    /// The place of the first entry with each of these ids. Look-ups that don't depend on each other
    /// wait for memory together, so each step is made for all ids.
    pub(super) fn find_all(&self, ids: &[u64]) -> Vec<Option<usize>> {
        let among = ids
            .iter()
            .map(|id| self.prefixes.places(*id, self.entries.len()));
        let among: Vec<_> = among.collect();
        let found = ids.iter().zip(among);
        found
            .map(|(id, among)| self.find_among(*id, among))
            .collect()
    }

    fn find_among(&self, id: u64, among: Range<usize>) -> Option<usize> {
        self.prefixes
            .find(&self.entries, among, id, |entry| entry.id)
    }
}

/// Reads all files of a type once.
pub(super) fn survey(
    files: &TypeFiles<'_>,
    key: [u8; 16],
    generations: &(dyn Fn(&str) -> u32 + Sync),
    ignored: &BTreeSet<String>,
    known: Option<&mut KnownLines>,
) -> Result<Survey, PushError> {
    let pass = |known| {
        let key_of_hashes = HashKey::from_bytes(key);
        Pass {
            key,
            reader: Reader::ignoring(key_of_hashes, files.object_type, generations, ignored),
            known,
            survey: Survey {
                ids: Some(Vec::new()),
                ends_with_line: true,
                ..Survey::default()
            },
        }
    };
    let (mut pass, mut second) = (pass(known), pass(None));
    for ((_, open), start) in files.files.iter().zip(&files.starts) {
        let read = pass.file(open, *start, &mut second);
        read.map_err(|error| unreadable(&open.file.path, error))?;
    }
    Ok(merged(pass.survey, second.survey))
}

/// What two passes found, each in its lines.
fn merged(mut survey: Survey, mut second: Survey) -> Survey {
    thread::scope(|scope| {
        if !second.entries.is_empty() {
            scope.spawn(|| second.sort());
        }
        survey.sort();
    });
    let has_two_runs = !second.entries.is_empty();
    survey.append(second);
    if has_two_runs {
        // A stable sort merges runs that are in order.
        survey.entries.sort_by_key(Entry::order);
    }
    survey.prefixes = Prefixes::of(survey.entries.iter().map(|entry| entry.id));
    survey
}

/// One pass over the files of a type.
struct Pass<'a> {
    key: [u8; 16],
    reader: Reader<'a>,
    known: Option<&'a mut KnownLines>,
    survey: Survey,
}

/// What the lines of a file, or of a half of it, are.
#[derive(Debug, Default)]
struct ReadLines {
    facts: FileFacts,
    has_unreadable_row: bool,
    /// The place of the last line, and whether it ends with a line break.
    last: Option<(u64, bool)>,
}

impl ReadLines {
    /// Adds the lines after these.
    fn append(&mut self, mut next: Self) {
        let facts = &mut self.facts;
        facts.records += next.facts.records;
        facts.unchanged += next.facts.unchanged;
        facts.repeated += next.facts.repeated;
        facts.invalid.append(&mut next.facts.invalid);
        self.has_unreadable_row |= next.has_unreadable_row;
        self.last = next.last.or(self.last);
    }
}

impl Pass<'_> {
    /// Reads a file, whose offsets begin at `start`; half of a large one with `second`, on another
    /// thread.
    fn file(&mut self, open: &OpenFile, start: u64, second: &mut Self) -> io::Result<()> {
        // The known lines are one table, in which each line is marked.
        let middle = match self.known {
            None => middle_of(open)?,
            Some(_) => None,
        };
        let read = match middle {
            None => self.lines(open, start, Lines::open(&open.lines)?)?,
            Some(middle) => thread::scope(|scope| {
                let second = scope.spawn(|| {
                    let before = lines_before(open, middle)?;
                    let mut file = File::open(&open.lines)?;
                    file.seek(SeekFrom::Start(middle))?;
                    second.lines(open, start, Lines::after(file, before, middle))
                });
                let first = File::open(&open.lines)?.take(middle);
                let read = self.lines(open, start, Lines::new(first));
                let second = second.join();
                let mut read = read?;
                read.append(second.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
                Ok::<_, io::Error>(read)
            })?,
        };
        let last = read.last.unwrap_or((start, true));
        let ends_with_line = if open.converted.is_none() {
            last.1
        } else {
            // Of a packed file, the end is not that of its text.
            open.file.is_compressed() || ends_with_line(&open.file.path)
        };
        if open.converted.is_some() && !ends_with_line {
            self.survey.last_rows.push(last.0);
        }
        self.survey.ends_with_line &= ends_with_line;
        self.survey.breaks_off |= read.has_unreadable_row && !ends_with_line;
        self.survey.files.push(read.facts);
        Ok(())
    }

    /// Reads lines of a file, whose offsets begin at `start`.
    fn lines<R: Read>(
        &mut self,
        open: &OpenFile,
        start: u64,
        mut lines: Lines<R>,
    ) -> io::Result<ReadLines> {
        let mut read = ReadLines::default();
        let facts = &mut read.facts;
        loop {
            if let Some(known) = &mut self.known {
                known.look_ahead(lines.ahead());
            }
            let Some(line) = lines.next_line()? else {
                break;
            };
            read.last = Some((start + line.offset, line.has_line_feed));
            let known = self.known.as_deref_mut();
            let candidate = known.and_then(|known| known.candidate(line.bytes));
            let skipped = open.skipped.get(&line.number);
            if line.is_blank() {
                // The line of a row that can't be read as one; perhaps its id can.
                if let Some(skipped) = skipped {
                    read.has_unreadable_row = true;
                    let object_id = skipped.object_id.as_deref();
                    let doubt = skipped.doubt.max(of_id(object_id));
                    self.note_held(open, line.number, doubt, object_id);
                }
                continue;
            }
            facts.records += 1;
            let is_whole = skipped.is_none() && !line.is_too_long;
            let found = match (candidate.filter(|_| is_whole), &mut self.known) {
                (Some(candidate), Some(known)) => known.take(candidate),
                _ => Found::Other,
            };
            match found {
                Found::Unchanged => facts.unchanged += 1,
                Found::Repeated => facts.repeated += 1,
                Found::Other => facts.invalid.extend(self.line(open, start, &line, skipped)),
            }
        }
        Ok(read)
    }

    /// Reads a line. Gives the error if it is not a record and the check has not said so.
    fn line(
        &mut self,
        open: &OpenFile,
        start: u64,
        line: &Line<'_>,
        skipped: Option<&Skipped>,
    ) -> Option<RecordError> {
        let doubt = skipped.and_then(|skipped| skipped.doubt);
        let facts = match self.reader.read(line.bytes) {
            Ok(facts) => facts,
            Err(error) => {
                self.survey.breaks_off |= !line.has_line_feed;
                let object_id = error.object_id.as_deref();
                let of_line = Doubt::of(error.rule, None).max(of_id(object_id));
                self.note_held(open, line.number, doubt.max(of_line), object_id);
                return skipped.is_none().then(|| {
                    let source_line = open.source_line(line.number);
                    RecordError::unsent(source_line, error.object_id.clone(), error.to_string())
                });
            }
        };
        if skipped.is_some() {
            self.note_held(open, line.number, doubt, Some(&facts.object_id));
            return None;
        }
        let length = u32::try_from(line.length).unwrap_or(DELETION - 1);
        self.survey.entries.push(Entry {
            id: id_hash(&self.key, &facts.object_id),
            #[expect(clippy::cast_possible_truncation, reason = "its low half")]
            hash: facts.hash as u64,
            modified: facts.modified.unwrap_or(NO_DATE),
            place: start + line.offset,
            line: u32::try_from(line.number).unwrap_or(u32::MAX),
            length: length | if facts.is_deleted { DELETION } else { 0 },
        });
        if !facts.is_deleted {
            self.survey.addresses.extend(facts.address);
        }
        if let Some(ids) = &mut self.survey.ids {
            if ids.len() < PROBED_RECORDS {
                ids.push(facts.object_id.into_owned());
            } else {
                self.survey.ids = None;
            }
        }
        None
    }

    /// Notes a line that is not sent: which record it holds, as far as that is known.
    fn note_held(
        &mut self,
        open: &OpenFile,
        line: u64,
        doubt: Option<Doubt>,
        object_id: Option<&str>,
    ) {
        let survey = &mut self.survey;
        match doubt {
            Some(Doubt::Records) if survey.unclear.is_none() => {
                survey.unclear = Some((open.name(), open.source_line(line)));
            }
            Some(Doubt::Id) => survey.without_id += 1,
            _ => {}
        }
        survey
            .present
            .extend(object_id.map(|id| id_hash(&self.key, id)));
    }
}

/// From this size on, two threads read a file.
const LARGE: u64 = 8 << 20;

/// Where a line begins near the middle of a large file.
fn middle_of(open: &OpenFile) -> io::Result<Option<u64>> {
    if open.bytes < LARGE || is_compressed(&open.lines) {
        return Ok(None);
    }
    let half = open.bytes / 2;
    let mut file = File::open(&open.lines)?;
    file.seek(SeekFrom::Start(half))?;
    let mut rest = BufReader::new(file.take(MAX_BYTES as u64));
    let mut skipped = 0;
    loop {
        let buffer = rest.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        if let Some(end) = memchr::memchr(b'\n', buffer) {
            return Ok(Some(half + skipped + end as u64 + 1));
        }
        let length = buffer.len();
        skipped += length as u64;
        rest.consume(length);
    }
}

/// How many lines are before an offset at which one begins.
fn lines_before(open: &OpenFile, offset: u64) -> io::Result<u64> {
    let mut file = File::open(&open.lines)?.take(offset);
    let mut buffer = vec![0; 1 << 18];
    let mut lines = 0;
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..length]).count() as u64;
    }
}

/// What is not known of a line whose id can't be read.
fn of_id(object_id: Option<&str>) -> Option<Doubt> {
    object_id.is_none().then_some(Doubt::Id)
}

/// Whether the last row of a CSV is complete, as far as its end says.
fn ends_with_line(path: &Path) -> bool {
    let last = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    });
    // Unreadable lines are found when they are read.
    last.unwrap_or(true)
}

/// An entry for tests.
#[cfg(test)]
pub(super) fn entry(id: u64, hash: u64, modified: i64, is_deletion: bool) -> Entry {
    Entry {
        id,
        hash,
        modified,
        place: 0,
        line: 1,
        length: 0b1010 | if is_deletion { DELETION } else { 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_found_at_its_first_version() {
        for count in [0, 1, 7, 8, 9, 1_000, 5_000] {
            let mut random = fastrand::Rng::with_seed(count);
            let ids: Vec<u64> = (0..count).map(|_| random.u64(..)).collect();
            let (mut survey, mut second) = (Survey::default(), Survey::default());
            for version in 0..3 {
                let versions = ids.iter().map(|id| entry(*id, 0, version, false));
                let pass = if version == 1 {
                    &mut second
                } else {
                    &mut survey
                };
                pass.entries.extend(versions);
            }
            survey.entries.push(entry(0, 0, 0, false));
            survey.entries.push(entry(u64::MAX, 0, 0, false));
            survey = merged(survey, second);
            for id in ids.iter().copied().chain([0, u64::MAX]) {
                let first = survey.entries.iter().position(|entry| entry.id == id);
                assert_eq!(survey.find(id), first, "{id} of {count}");
                assert_eq!(survey.find_all(&[id, id]), [first, first]);
                let other = id ^ 0b10_0000;
                let known = survey.entries.iter().any(|entry| entry.id == other);
                assert_eq!(survey.find(other).is_some(), known);
            }
        }
        assert_eq!(Survey::default().find(7), None);
    }
}
