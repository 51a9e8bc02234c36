//! The ids of a file, in twelve bytes each.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::FixedState;

use crate::object_type::ObjectType;

/// An id as a number. Two ids may share one, so a repeated number must be confirmed.
pub(super) fn hash(id: &str) -> u64 {
    hash_bytes(id.as_bytes())
}

/// [`hash`] of an id whose characters were not looked at. Ids that differ only in the case of ASCII
/// letters share all bits but the last ones, so that they collide, and are told apart as references.
#[inline]
pub(super) fn hash_bytes(id: &[u8]) -> u64 {
    let mut lower = FixedState::default().build_hasher();
    let last = last_word(id);
    lower.write_u64(last | CASES);
    // Of up to 64 characters, each bit has a place of its own.
    let mut cases = last & CASES;
    let mut rest = id;
    // The last word may have some bytes of the one before.
    while let Some((word, after)) = rest.split_first_chunk()
        && !after.is_empty()
    {
        let word = u64::from_le_bytes(*word);
        lower.write_u64(word | CASES);
        cases = cases.rotate_left(1) ^ (word & CASES);
        rest = after;
    }
    lower.write_usize(id.len());
    let spelling = cases.wrapping_mul(ODD) >> (u64::BITS - SPELLING_BITS);
    lower.finish() & !((1 << SPELLING_BITS) - 1) | spelling
}

/// The last eight bytes, or all that there are.
#[inline]
fn last_word(id: &[u8]) -> u64 {
    if let Some(word) = id.last_chunk() {
        return u64::from_le_bytes(*word);
    }
    if let (Some(first), Some(last)) = (id.first_chunk(), id.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) << 32 | u64::from(last);
    }
    let bytes = id.iter().map(|byte| u64::from(*byte));
    bytes.fold(0, |word, byte| word << 8 | byte)
}

/// The bits of eight letters that are set in lower case. Other characters with such a bit are not in ids.
const CASES: u64 = 0x2020_2020_2020_2020;

/// Spreads bits to the first ones: 2^64 divided by the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The last bits of a hash, in which the spellings of one id differ.
const SPELLING_BITS: u32 = 12;

/// By the first bits of the hash: small tables are faster than one large one. The ends of all buckets
/// are written in turn, so there must not be more than a processor keeps at hand.
const BUCKETS: usize = 128;

/// Where these bits begin in the upper half of a hash.
const BUCKET_SHIFT: u32 = u32::BITS - BUCKETS.ilog2();

/// Set in the word with the line number when the record is a deletion.
const DELETED: u32 = 1 << 31;

/// The two halves of a hash, and a line.
type Entry = [u32; 3];

/// The number of entries per chunk. Growing in small chunks never copies and wastes little.
const CHUNK: usize = 128;

/// Entries whose hashes have the same prefix, in chunks.
#[derive(Debug, Clone, Default)]
struct Bucket {
    full: Vec<Vec<Entry>>,
    /// The last chunk.
    open: Vec<Entry>,
}

impl Bucket {
    #[inline]
    fn push(&mut self, entry: Entry) {
        if self.open.len() == self.open.capacity() {
            self.make_room();
        }
        self.open.push(entry);
    }

    #[cold]
    fn make_room(&mut self) {
        let chunk = std::mem::replace(&mut self.open, Vec::with_capacity(CHUNK));
        if !chunk.is_empty() {
            self.full.push(chunk);
        }
    }

    fn len(&self) -> usize {
        self.full.len() * CHUNK + self.open.len()
    }

    fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.full.iter().flatten().chain(&self.open)
    }
}

/// The ids of a file, each with its line.
#[derive(Debug)]
pub(super) struct Ids {
    buckets: Vec<Bucket>,
    /// All of them in the order of the buckets, once [packed](Self::packed).
    few: Vec<Entry>,
}

/// Up to this number of ids, they are kept without room for more: a folder may have thousands of
/// small files.
const FEW: usize = 32_768;

/// A line whose id may equal that of another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HashCollision {
    pub(super) line: u32,
    /// Lines with the same hash have the same number.
    pub(super) group: u32,
    /// Whether the line deletes its record.
    pub(super) is_deleted: bool,
}

impl HashCollision {
    fn of(entry: Entry, group: u32) -> Self {
        Self {
            line: entry[2] & !DELETED,
            group,
            is_deleted: entry[2] & DELETED != 0,
        }
    }
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            buckets: vec![Bucket::default(); BUCKETS],
            few: Vec::new(),
        }
    }

    /// The same ids for a file that was read completely, in as little memory as possible.
    pub(super) fn packed(mut self) -> Self {
        let count = self.buckets.iter().map(Bucket::len).sum();
        if count <= FEW {
            self.few.reserve_exact(count);
            self.few.extend(self.buckets.iter().flat_map(Bucket::iter));
            self.buckets = Vec::new();
        }
        self
    }

    /// The entries whose hashes begin with these bits.
    fn bucket(&self, first: usize) -> impl Iterator<Item = &Entry> {
        let of = |entry: &Entry| place(entry[0]);
        let start = self.few.partition_point(|entry| of(entry) < first);
        let few = self.few[start..]
            .iter()
            .take_while(move |entry| of(entry) == first);
        let many = self.buckets.get(first).into_iter().flat_map(Bucket::iter);
        few.chain(many)
    }

    /// Notes the id of a line. Lines beyond the two thousand millionth are not noted.
    #[inline]
    pub(super) fn push(&mut self, hash: u64, line: u64, is_deleted: bool) {
        let Some(line) = u32::try_from(line).ok().filter(|line| *line < DELETED) else {
            return;
        };
        let (high, low) = halves(hash);
        let line = line | if is_deleted { DELETED } else { 0 };
        self.buckets[place(high)].push([high, low, line]);
    }

    /// Lines that share their hash with another line, by line.
    pub(super) fn collisions(&self) -> Vec<HashCollision> {
        let mut collisions = Vec::new();
        let mut group = 0;
        let (mut seen, mut again) = (Vec::new(), Vec::new());
        for bucket in &self.buckets {
            let mut suspects = suspects(bucket, &mut seen, &mut again);
            suspects.sort_unstable_by_key(|entry| (entry[0], entry[1] >> SPELLING_BITS));
            let same_hash = |one: &Entry, other: &Entry| is_same_but_for_spelling(*one, *other);
            for same in suspects.chunk_by(same_hash).filter(|same| same.len() > 1) {
                collisions.extend(same.iter().map(|entry| HashCollision::of(*entry, group)));
                group += 1;
            }
        }
        collisions.sort_unstable();
        collisions
    }
}

/// A record that several files of one type may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileCollision {
    /// The index of the file.
    pub(super) file: u32,
    /// The line, and whether it deletes its record.
    entry: u32,
    /// Lines with the same hash, and those whose ids differ in case alone, have the same number.
    pub(super) group: u32,
}

impl FileCollision {
    pub(super) fn line(self) -> u32 {
        self.entry & !DELETED
    }

    pub(super) fn is_deleted(self) -> bool {
        self.entry & DELETED != 0
    }
}

/// Lines that share their hash with a line of another file, by file and line. Also those whose ids
/// differ from another one only in case, but only so many groups of these: each line is read again, and
/// ids of Salesforce with 15 characters have such neighbors in every file.
pub(super) fn file_collisions(files: &[Ids], mut spellings: usize) -> Vec<FileCollision> {
    let mut collisions = Vec::new();
    let mut group = 0;
    let mut entries: Vec<(Entry, u32)> = Vec::new();
    let is_of_several = |same: &[(Entry, u32)]| same.iter().any(|(_, file)| *file != same[0].1);
    for bucket in 0..BUCKETS {
        entries.clear();
        for (file, ids) in (0..).zip(files) {
            entries.extend(ids.bucket(bucket).map(|entry| (*entry, file)));
        }
        entries.sort_unstable_by_key(|(entry, file)| (entry[0], entry[1], *file, entry[2]));
        let is_same = |one: &(Entry, u32), other: &(Entry, u32)| one.0[..2] == other.0[..2];
        let is_alike =
            |one: &(Entry, u32), other: &(Entry, u32)| is_same_but_for_spelling(one.0, other.0);
        for alike in entries.chunk_by(is_alike) {
            if alike.len() < 2 || !is_of_several(alike) {
                continue;
            }
            let before = collisions.len();
            let mut add = |same: &[(Entry, u32)]| {
                collisions.extend(same.iter().map(|(entry, file)| FileCollision {
                    file: *file,
                    entry: entry[2],
                    group,
                }));
            };
            let is_spelled = alike.last().is_some_and(|last| !is_same(&alike[0], last));
            if is_spelled && spellings > 0 {
                spellings -= 1;
                add(alike);
            } else {
                let same = alike.chunk_by(is_same);
                same.filter(|same| is_of_several(same)).for_each(add);
            }
            group += u32::from(collisions.len() > before);
        }
    }
    collisions.sort_unstable_by_key(|collision| (collision.file, collision.line()));
    collisions
}

/// The entries of a bucket that may share their hash with another: nearly all that do not are left
/// out, with a look at a few bits each.
fn suspects(bucket: &Bucket, seen: &mut Vec<u64>, again: &mut Vec<u64>) -> Vec<Entry> {
    let bits = (bucket.len() * 16).next_power_of_two().max(64);
    for set in [&mut *seen, again] {
        set.clear();
        set.resize(bits / 64, 0);
    }
    // The first bits of a hash are those of the bucket, and the last ones differ.
    let place = |entry: &Entry| {
        let bit = entry[0] as usize & (bits - 1);
        (bit / 64, 1_u64 << (bit % 64))
    };
    for entry in bucket.iter() {
        let (word, bit) = place(entry);
        again[word] |= seen[word] & bit;
        seen[word] |= bit;
    }
    let is_suspect = |entry: &&Entry| {
        let (word, bit) = place(entry);
        again[word] & bit != 0
    };
    bucket.iter().filter(is_suspect).copied().collect()
}

/// Where the entries are whose hashes have this upper half.
#[inline]
fn place(high: u32) -> usize {
    (high >> BUCKET_SHIFT) as usize
}

fn is_same_but_for_spelling(one: Entry, other: Entry) -> bool {
    one[0] == other[0] && one[1] >> SPELLING_BITS == other[1] >> SPELLING_BITS
}

fn halves(hash: u64) -> (u32, u32) {
    let half = |half: u64| u32::try_from(half).unwrap_or_default();
    (half(hash >> 32), half(hash & u64::from(u32::MAX)))
}

/// The result of looking up a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReferenceLookup {
    /// No file of its type is checked.
    Unknown,
    /// A file has it.
    Found,
    /// No file has it.
    Missing,
    /// Files have only its deletion.
    Deleted,
}

/// The records of other files, by type.
#[derive(Debug, Default)]
pub(super) struct IdIndex {
    types: [Option<IdSet>; ObjectType::ALL.len()],
}

/// Hashes in order, the last bit replaced by whether the record is deleted.
#[derive(Debug, Default)]
struct IdSet {
    hashes: Vec<u64>,
    /// Where the hashes begin that share their first bits.
    starts: Vec<u32>,
    shift: u32,
}

impl IdIndex {
    /// Adds all records of a type.
    pub(super) fn insert(&mut self, object_type: ObjectType, files: &[Ids]) {
        let mut hashes: Vec<u64> = Vec::new();
        for bucket in 0..BUCKETS {
            let start = hashes.len();
            for [high, low, line] in files.iter().flat_map(|ids| ids.bucket(bucket)) {
                let hash = u64::from(*high) << 32 | u64::from(*low);
                hashes.push(hash & !1 | u64::from(line & DELETED != 0));
            }
            hashes[start..].sort_unstable();
        }
        // Of a record that is there and deleted, the first, which is there, is kept.
        hashes.dedup_by_key(|hash| *hash & !1);
        self.types[object_type as usize] = Some(IdSet::new(hashes));
    }

    /// Whether the records of a type are known.
    pub(super) fn knows(&self, object_type: ObjectType) -> bool {
        self.types[object_type as usize].is_some()
    }

    /// Looks up the record of this type whose id has this hash.
    #[inline]
    pub(super) fn look_up(&self, object_type: ObjectType, hash: u64) -> ReferenceLookup {
        match &self.types[object_type as usize] {
            None => ReferenceLookup::Unknown,
            Some(set) => set.look_up(hash),
        }
    }
}

impl IdSet {
    fn new(hashes: Vec<u64>) -> Self {
        // About four hashes a start.
        let bits = (hashes.len() / 4)
            .next_power_of_two()
            .trailing_zeros()
            .clamp(1, 24);
        let shift = 64 - bits;
        let mut starts = vec![0; (1 << bits) + 1];
        for hash in &hashes {
            starts[first_bits(*hash, shift) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self {
            hashes,
            starts,
            shift,
        }
    }

    fn look_up(&self, hash: u64) -> ReferenceLookup {
        let start = first_bits(hash, self.shift);
        let range = self.starts[start] as usize..self.starts[start + 1] as usize;
        let found = self.hashes[range]
            .iter()
            .find(|known| **known & !1 == hash & !1);
        match found {
            None => ReferenceLookup::Missing,
            Some(known) if known & 1 == 1 => ReferenceLookup::Deleted,
            Some(_) => ReferenceLookup::Found,
        }
    }
}

/// At most 24 bits, which fit into any index.
fn first_bits(hash: u64, shift: u32) -> usize {
    usize::try_from(hash >> shift).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_the_same_id_collide() {
        let mut ids = Ids::new();
        for line in 1..=10_000_u64 {
            ids.push(hash(&format!("id-{}", line % 9_998)), line, false);
        }
        let collisions = ids.collisions();
        let lines: Vec<_> = collisions.iter().map(|collision| collision.line).collect();
        assert_eq!(lines, [1, 2, 9_999, 10_000]);
        assert_eq!(collisions[0].group, collisions[2].group);
        assert_ne!(collisions[0].group, collisions[1].group);
    }

    #[test]
    fn spellings_of_one_id_collide_and_are_told_apart() {
        let mut ids = Ids::new();
        for line in 1..=1_000_u64 {
            ids.push(hash(&format!("Acc-{line}")), line, false);
        }
        ids.push(hash("aCC-7"), 1_001, false);
        let lines = ids.collisions().into_iter().map(|of| of.line);
        assert_eq!(lines.collect::<Vec<_>>(), [7, 1_001]);
        let mut known = IdIndex::default();
        known.insert(ObjectType::Account, &[ids]);
        let look_up = |id: &str| known.look_up(ObjectType::Account, hash(id));
        assert_eq!(look_up("Acc-7"), ReferenceLookup::Found);
        assert_eq!(look_up("acc-8"), ReferenceLookup::Missing);
    }

    #[test]
    fn spellings_of_any_length_share_all_but_the_last_bits() {
        let text = "Ab9-".repeat(20);
        for length in 0..text.len() {
            let id = &text[..length];
            let (one, other) = (hash(id), hash(&id.to_lowercase()));
            assert_eq!(one >> SPELLING_BITS, other >> SPELLING_BITS, "{id}");
            assert_eq!(one == other, length == 0, "{id}");
            // Another character, wherever it is, and another length give another hash.
            for at in 0..length {
                let mut changed = id.as_bytes().to_vec();
                changed[at] = b'x';
                let changed = hash_bytes(&changed);
                assert_ne!(one >> SPELLING_BITS, changed >> SPELLING_BITS, "{id} {at}");
            }
            assert_ne!(one, hash(&text[..=length]));
        }
    }

    #[test]
    fn references_are_looked_up_by_type() {
        // As a file is kept that has few records, and one that has many.
        for packs in [true, false] {
            looks_up(if packs { Ids::packed } else { |ids| ids });
        }
    }

    fn looks_up(kept: fn(Ids) -> Ids) {
        let mut ids = Ids::new();
        for number in 0..1_000_u64 {
            ids.push(hash(&format!("a{number}")), number + 1, number % 2 == 1);
        }
        let mut later = Ids::new();
        later.push(hash("a3"), 1, false);
        let mut known = IdIndex::default();
        known.insert(ObjectType::Account, &[kept(ids), kept(later)]);
        let look_up = |id: &str| known.look_up(ObjectType::Account, hash(id));
        assert_eq!(look_up("a2"), ReferenceLookup::Found);
        assert_eq!(look_up("a3"), ReferenceLookup::Found);
        assert_eq!(look_up("a5"), ReferenceLookup::Deleted);
        assert_eq!(look_up("b"), ReferenceLookup::Missing);
        assert_eq!(
            known.look_up(ObjectType::Stage, 1),
            ReferenceLookup::Unknown
        );
    }
}
