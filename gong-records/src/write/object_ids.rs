//! Which record is in which line.

use std::hash::BuildHasher as _;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// The ids of a file's lines: their texts in one string, and a table of line numbers by hash.
///
/// Equal hashes do not mean equal ids: the texts are compared. It takes some 20 bytes per record in
/// addition to the id's text.
#[derive(Debug, Default)]
pub(super) struct ObjectIds {
    lines: Lines,
    by_hash: HashTable<Known>,
    hasher: DefaultHashBuilder,
}

/// An id's line, from 0, and half of its hash, so that growing the table does not hash every id again.
#[derive(Debug)]
struct Known {
    index: u32,
    hash: u32,
}

impl Known {
    fn hash(&self) -> u64 {
        spread(self.hash)
    }
}

/// Expands half a hash to both ends of a whole one, which the table uses.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// The ids by line, once no more are added.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    /// Where each id ends. A file has less than 2^32 bytes, and so have its ids.
    ends: Vec<u32>,
}

impl ObjectIds {
    /// Adds the id of the next line, or returns the line, from 1, in which it is already.
    pub(super) fn push(&mut self, id: &str) -> Result<(), u64> {
        let lines = &mut self.lines;
        let hash = half(self.hasher.hash_one(id));
        let same = |known: &Known| known.hash == hash && lines.id(known.index) == id;
        match self.by_hash.entry(spread(hash), same, Known::hash) {
            Entry::Occupied(known) => Err(u64::from(known.get().index) + 1),
            Entry::Vacant(place) => {
                let index = to_u32(lines.ends.len());
                place.insert(Known { index, hash });
                lines.text.push_str(id);
                lines.ends.push(to_u32(lines.text.len()));
                Ok(())
            }
        }
    }

    /// The line of the id, from 1.
    pub(super) fn line(&self, id: &str) -> Option<u64> {
        let hash = half(self.hasher.hash_one(id));
        let same = |known: &Known| known.hash == hash && self.lines.id(known.index) == id;
        let found = self.by_hash.find(spread(hash), same)?;
        Some(u64::from(found.index) + 1)
    }

    pub(super) fn into_lines(self) -> Lines {
        self.lines
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }
}

impl Lines {
    pub(super) fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    /// The id of the record in this line, from 1.
    pub(super) fn get(&self, line: u64) -> Option<&str> {
        let index = u32::try_from(line.checked_sub(1)?).ok()?;
        (u64::from(index) < self.len()).then(|| self.id(index))
    }

    /// The id with this index, from 0, which must be there.
    fn id(&self, index: u32) -> &str {
        let index = index as usize;
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1],
        };
        &self.text[start as usize..self.ends[index] as usize]
    }
}

fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// A count that a file's greatest size keeps below 2^32.
fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
