//! Short hashes of ids and addresses.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::FixedState;

/// The text as a number, the same in every process.
///
/// Two texts may share one: equal numbers are a reason to compare the texts.
#[inline]
pub fn hash(text: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(text);
    hasher.finish()
}
