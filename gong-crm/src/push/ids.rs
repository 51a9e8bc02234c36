//! Hashes of ids, and how one is found among millions.

use std::hash::Hasher as _;
use std::ops::Range;

use siphasher::sip::SipHasher13;

/// A keyed hash of an id.
pub(super) fn id_hash(key: &[u8; 16], object_id: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(object_id.as_bytes());
    hasher.finish()
}

/// Where the hashes begin that begin with the same bits. A binary search among a million waits for
/// memory twenty times, which was two fifths of the time of a plan.
#[derive(Debug, Default)]
pub(super) struct Prefixes(Vec<u32>);

/// About how many hashes begin with the same bits: they fit into one or two lines of the
/// processor's cache.
const HASHES_OF_PREFIX: usize = 2;

impl Prefixes {
    /// The prefixes of hashes, which are in ascending order.
    pub(super) fn of(hashes: impl ExactSizeIterator<Item = u64>) -> Self {
        if u32::try_from(hashes.len()).is_err() {
            return Self::default();
        }
        let prefixes = (hashes.len() / HASHES_OF_PREFIX).next_power_of_two();
        let bits = prefixes.trailing_zeros();
        let mut begins = vec![0; prefixes + 1];
        for hash in hashes {
            begins[prefix(hash, bits) + 1] += 1;
        }
        let mut begin = 0;
        for count in &mut begins {
            begin += *count;
            *count = begin;
        }
        Self(begins)
    }

    /// The places of the hashes, among so many, that begin as this one does.
    pub(super) fn places(&self, hash: u64, count: usize) -> Range<usize> {
        let Some(prefixes) = self.0.len().checked_sub(1) else {
            return 0..count;
        };
        let at = prefix(hash, prefixes.trailing_zeros());
        self.0[at] as usize..self.0[at + 1] as usize
    }

    /// The place of the first entry with this hash, among entries in the order of their hashes.
    /// `among` is what [`places`](Self::places) gave.
    pub(super) fn find<T>(
        &self,
        entries: &[T],
        among: Range<usize>,
        hash: u64,
        hash_of: impl Fn(&T) -> u64,
    ) -> Option<usize> {
        let begin = among.start;
        let among = &entries[among];
        let place = if self.0.is_empty() {
            among.partition_point(|entry| hash_of(entry) < hash)
        } else {
            among
                .iter()
                .take_while(|entry| hash_of(entry) < hash)
                .count()
        };
        let is_there = among.get(place).is_some_and(|entry| hash_of(entry) == hash);
        is_there.then_some(begin + place)
    }
}

/// The first bits of a hash.
fn prefix(hash: u64, bits: u32) -> usize {
    let prefix = hash.checked_shr(u64::BITS - bits).unwrap_or(0);
    usize::try_from(prefix).unwrap_or(0)
}
