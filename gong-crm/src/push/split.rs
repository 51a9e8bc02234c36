//! Into which uploads do the records of files of one type go, and in which order?
//!
//! Gong takes 200 MB at once, and wants several updates of one record in separate uploads, as it
//! wants the deletion of a user and another record with the same email address. Deletions go when
//! all else has gone, unless a later record brings the object back. Everything here follows from the
//! files alone, so the same files always make the same uploads.

use std::collections::HashMap;
use std::iter;
use std::ops::Range;

use jiff::Timestamp;

use gong_records::ObjectType;

/// A record that must not share an upload with another one.
#[derive(Debug, Clone)]
pub(super) struct Version {
    /// Which of the files that go together.
    pub(super) file: usize,
    pub(super) line: u64,
    /// The `objectId` as a number. Two that share one are kept apart in vain, which does no harm.
    pub(super) object: u64,
    /// The address, if a deletion contests it, as a number.
    pub(super) address: Option<u64>,
    pub(super) modified_at: Option<Timestamp>,
    pub(super) is_deleted: bool,
}

/// Whether records come or go: deletions go in the reverse order of types, after all else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Pass {
    Records,
    Deletions,
}

/// When a line goes: waves of a pass go one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Turn {
    pub(super) pass: Pass,
    pub(super) wave: u32,
}

impl Turn {
    pub(super) fn first(is_deleted: bool) -> Self {
        let pass = if is_deleted {
            Pass::Deletions
        } else {
            Pass::Records
        };
        Self { pass, wave: 0 }
    }

    /// What uploads are sorted by: what is referred to goes before what refers to it, and is deleted
    /// after it.
    pub(super) fn rank(self, object_type: ObjectType) -> (Pass, usize, u32) {
        let place = object_type as usize;
        let place = match self.pass {
            Pass::Records => place,
            Pass::Deletions => usize::MAX - place,
        };
        (self.pass, place, self.wave)
    }
}

/// When the contested lines of files go that go together.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// By file and line; all other lines go in the first wave of their pass.
    by_line: HashMap<(usize, u64), Turn>,
    /// Of each file with contested lines, the first that it shares records with.
    kin: HashMap<usize, usize>,
}

impl Turns {
    pub(super) fn of(&self, file: usize, line: u64) -> Option<Turn> {
        self.by_line.get(&(file, line)).copied()
    }

    /// Whether the file has lines that must not go with others of it, or not before those of others.
    pub(super) fn are_needed(&self, file: usize) -> bool {
        self.kin.contains_key(&file)
    }

    /// The first of the files whose waves go one after another with those of this one.
    pub(super) fn first_kin(&self, file: usize) -> usize {
        let mut first = file;
        while let Some(other) = self.kin.get(&first).filter(|other| **other != first) {
            first = *other;
        }
        first
    }

    /// Both files go wave by wave.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first_kin(one), self.first_kin(other));
        self.kin.insert(one.max(other), one.min(other));
        self.kin.entry(one.min(other)).or_insert(one.min(other));
    }
}

/// Puts the versions of each record in order, whatever files they stand in: the oldest
/// `modifiedDate` goes first.
pub(super) fn turns(mut versions: Vec<Version>) -> Turns {
    sort(&mut versions);
    let same_object = |one: &Version, other: &Version| one.object == other.object;
    let before_others = deletions_before_others(&versions);
    let mut waves = vec![0_u32; versions.len()];
    // Every round settles all steps of objects, and at least one more step between two of them.
    for _ in 0..=before_others.len() + 1 {
        let old = waves.clone();
        for next in 1..versions.len() {
            if same_object(&versions[next - 1], &versions[next]) {
                waves[next] = waves[next].max(waves[next - 1] + 1);
            }
        }
        for (deletion, other) in &before_others {
            waves[*other] = waves[*other].max(waves[*deletion] + 1);
        }
        if old == waves {
            break;
        }
    }
    let mut turns = Turns::default();
    let mut makes_room = vec![false; versions.len()];
    for (deletion, other) in &before_others {
        makes_room[*deletion] = true;
        turns.join(versions[*deletion].file, versions[*other].file);
    }
    let mut start = 0;
    for of_object in versions.chunk_by(same_object) {
        let last_kept = of_object.iter().rposition(|version| !version.is_deleted);
        for (place, version) in of_object.iter().enumerate() {
            let comes_back = last_kept.is_some_and(|last| place < last);
            let goes_last = version.is_deleted && !comes_back && !makes_room[start + place];
            let turn = Turn {
                wave: waves[start + place],
                ..Turn::first(goes_last)
            };
            turns.by_line.insert((version.file, version.line), turn);
            turns.join(of_object[0].file, version.file);
        }
        start += of_object.len();
    }
    turns
}

/// By object, the oldest first. At the same moment the deletion of a user goes first: what stands
/// beside it is a new beginning.
fn sort(versions: &mut [Version]) {
    let moment = |version: &Version| (version.object, version.modified_at);
    versions.sort_unstable_by_key(|version| (moment(version), version.file, version.line));
    for at_once in versions.chunk_by_mut(|one, other| moment(one) == moment(other)) {
        if at_once.iter().any(|version| version.is_deleted) {
            at_once.sort_by_key(|version| !version.is_deleted && version.address.is_some());
        }
    }
}

/// Deletions of users, each with a record that takes over the address.
fn deletions_before_others(versions: &[Version]) -> Vec<(usize, usize)> {
    let mut addresses: Vec<(u64, usize)> = (0..)
        .zip(versions)
        .filter_map(|(index, version)| Some((version.address?, index)))
        .collect();
    addresses.sort_unstable();
    let mut pairs = Vec::new();
    for same in addresses.chunk_by(|one, other| one.0 == other.0) {
        for (_, deletion) in same.iter().filter(|(_, index)| versions[*index].is_deleted) {
            let others = same.iter().map(|(_, index)| *index).filter(|index| {
                let (deleted, other) = (&versions[*deletion], &versions[*index]);
                !other.is_deleted && other.object != deleted.object
            });
            pairs.extend(others.map(|other| (*deletion, other)));
        }
    }
    pairs
}

/// One upload of a file: which bytes of it, and which line of the upload is which of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) turn: Turn,
    pub(super) ranges: Vec<Range<u64>>,
    pub(super) lines: LineMap,
    pub(super) bytes: u64,
    pub(super) records: u64,
}

/// From the lines of an upload to those of the file, in runs of lines that stand together in both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LineMap {
    /// The first line of a run in the upload and in the file.
    runs: Vec<(u64, u64)>,
}

impl LineMap {
    pub(super) fn of_runs(runs: Vec<(u64, u64)>) -> Self {
        Self { runs }
    }

    pub(super) fn runs(&self) -> &[(u64, u64)] {
        &self.runs
    }

    /// Every line is the same in both.
    pub(super) fn identity() -> Self {
        Self { runs: vec![(1, 1)] }
    }

    /// The line of the file; 0, which stands for the whole upload, stays 0.
    pub(super) fn source_line(&self, uploaded: u64) -> u64 {
        let run = self.runs.partition_point(|(first, _)| *first <= uploaded);
        match run.checked_sub(1).map(|run| self.runs[run]) {
            Some((first, source)) => source + (uploaded - first),
            None => 0,
        }
    }

    fn push(&mut self, uploaded: u64, source: u64) {
        let follows = self
            .runs
            .last()
            .is_some_and(|(first, of_file)| of_file + (uploaded - first) == source);
        if !follows {
            self.runs.push((uploaded, source));
        }
    }
}

impl Piece {
    /// The whole file.
    pub(super) fn whole(turn: Turn, bytes: u64, records: u64) -> Self {
        Self {
            turn,
            ranges: iter::once(0..bytes).collect(),
            lines: LineMap::identity(),
            bytes,
            records,
        }
    }

    fn empty(turn: Turn) -> Self {
        Self {
            turn,
            ranges: Vec::new(),
            lines: LineMap::default(),
            bytes: 0,
            records: 0,
        }
    }
}

/// Cuts a file into pieces, one line after another.
#[derive(Debug)]
pub(super) struct Cutter {
    most_bytes: u64,
    pieces: Vec<Piece>,
    /// The piece of each turn to which lines are added.
    open: HashMap<Turn, usize>,
}

impl Cutter {
    /// Pieces of at most so many bytes.
    pub(super) fn new(most_bytes: u64) -> Self {
        Self {
            most_bytes,
            pieces: Vec::new(),
            open: HashMap::new(),
        }
    }

    /// Adds a line of the file to the piece of its turn. Lines come in their order.
    pub(super) fn push(&mut self, turn: Turn, line: u64, range: Range<u64>) {
        let bytes = range.end - range.start;
        let open = self.open.get(&turn).copied();
        let has_room = |place: &usize| self.pieces[*place].bytes + bytes <= self.most_bytes;
        let place = open.filter(has_room).unwrap_or(self.pieces.len());
        if place == self.pieces.len() {
            self.pieces.push(Piece::empty(turn));
            self.open.insert(turn, place);
        }
        let piece = &mut self.pieces[place];
        piece.records += 1;
        piece.bytes += bytes;
        piece.lines.push(piece.records, line);
        match piece.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => piece.ranges.push(range),
        }
    }

    /// The pieces in the order in which they go.
    pub(super) fn finish(mut self) -> Vec<Piece> {
        // Stable: pieces of one turn stay in the order of their lines.
        self.pieces.sort_by_key(|piece| piece.turn);
        self.pieces
    }
}

#[cfg(test)]
mod tests;
