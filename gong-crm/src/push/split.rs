//! Into which uploads do the records of one file go, and in which order?
//!
//! Gong takes 200 MB at once, and wants several updates of one record in separate uploads, as it
//! wants the deletion of a user and another record with the same email address. Deletions go when
//! all else has gone, unless a later record of the file brings the object back. Everything here
//! follows from the file alone, so the same file always makes the same uploads.

use std::collections::{BTreeMap, HashMap};
use std::iter;
use std::ops::Range;

use jiff::Timestamp;

/// A record that must not share an upload with another one.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) line: u64,
    pub(super) object_id: String,
    /// The address, if a deletion contests it.
    pub(super) email_address: Option<String>,
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
}

/// The turns of contested lines; all other lines go in the first wave of their pass.
pub(super) fn turns(versions: &[Version]) -> HashMap<u64, Turn> {
    let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, version) in versions.iter().enumerate() {
        by_id.entry(&version.object_id).or_default().push(index);
    }
    let mut waves = vec![0_u32; versions.len()];
    for indices in by_id.values_mut() {
        indices.sort_by_key(|index| {
            let version = &versions[*index];
            // At the same moment, the deletion first: what stands beside it is a new beginning.
            let is_kept = !version.is_deleted;
            (
                version.modified_at,
                is_kept && has_deletion_at(versions, version),
                version.line,
            )
        });
    }
    let before_others = deletions_before_others(versions);
    // Every round settles at least one more step of the longest chain.
    for _ in 0..=versions.len() {
        let old = waves.clone();
        for indices in by_id.values() {
            for pair in indices.windows(2) {
                waves[pair[1]] = waves[pair[1]].max(waves[pair[0]] + 1);
            }
        }
        for (deletion, other) in &before_others {
            waves[*other] = waves[*other].max(waves[*deletion] + 1);
        }
        if old == waves {
            break;
        }
    }
    let mut last_kept: HashMap<&str, u32> = HashMap::new();
    for (index, version) in versions.iter().enumerate() {
        if !version.is_deleted {
            let last = last_kept.entry(&version.object_id).or_default();
            *last = (*last).max(waves[index] + 1);
        }
    }
    let makes_room: std::collections::HashSet<usize> = before_others
        .iter()
        .map(|(deletion, _)| *deletion)
        .collect();
    versions
        .iter()
        .enumerate()
        .map(|(index, version)| {
            let wave = waves[index];
            let comes_back = last_kept
                .get(version.object_id.as_str())
                .is_some_and(|last| wave < *last);
            let goes_last = version.is_deleted && !comes_back && !makes_room.contains(&index);
            let turn = Turn {
                wave,
                ..Turn::first(goes_last)
            };
            (version.line, turn)
        })
        .collect()
}

fn has_deletion_at(versions: &[Version], kept: &Version) -> bool {
    kept.email_address.is_some()
        && versions.iter().any(|other| {
            other.is_deleted
                && other.object_id == kept.object_id
                && other.modified_at == kept.modified_at
        })
}

/// Deletions of users, each with a record that takes over the address.
fn deletions_before_others(versions: &[Version]) -> Vec<(usize, usize)> {
    let mut by_address: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, version) in versions.iter().enumerate() {
        if let Some(address) = &version.email_address {
            by_address.entry(address).or_default().push(index);
        }
    }
    let mut pairs = Vec::new();
    for indices in by_address.values() {
        for deletion in indices.iter().filter(|index| versions[**index].is_deleted) {
            let others = indices.iter().filter(|index| {
                let (deleted, other) = (&versions[*deletion], &versions[**index]);
                !other.is_deleted && other.object_id != deleted.object_id
            });
            pairs.extend(others.map(|other| (*deletion, *other)));
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
