//! Keyed hashes of fields and records.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use siphasher::sip128::SipHasher13;

/// The key of a ledger: all its hashes depend on it.
///
/// # Collisions
///
/// The hash of a record is the sum, modulo 2^128, of one keyed SipHash-1-3-128 per field. The key
/// is random and never leaves the ledger, so nobody can search for two records with the same hash,
/// and for records that were not chosen with the key the sums are as good as random: a changed
/// record counts as unchanged with probability 2^-128, and among a billion versions any two share a
/// hash with probability below 2^-68. The 32 bits per field only identify the fields that changed;
/// they never decide whether a record is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashKey([u8; 16]);

impl HashKey {
    /// The key of these bytes, which must be random.
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The key for values of one field.
    ///
    /// Fields that share a value still differ, because each has its own key, and so do two
    /// generations of one field.
    pub(super) fn of_field(&self, name: &str, generation: u32) -> FieldKey {
        self.derive(b'f', &generation.to_le_bytes(), name.as_bytes())
    }

    /// The key for folded email addresses.
    pub(super) fn of_addresses(&self) -> FieldKey {
        self.derive(b'a', &[], &[])
    }

    /// The hash of an email address, regardless of case and surrounding space.
    pub(crate) fn of_address(&self, address: &str) -> u64 {
        low_64(
            self.of_addresses()
                .hash(address.trim().to_lowercase().as_bytes()),
        )
    }

    fn derive(&self, purpose: u8, prefix: &[u8], name: &[u8]) -> FieldKey {
        let message = [&[purpose], prefix, name].concat();
        let derived = SipHasher13::new_with_key(&self.0).hash(&message);
        FieldKey(SipHasher13::new_with_keys(derived.h1, derived.h2))
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HashKey(…)")
    }
}

/// Hashes the values of one field.
#[derive(Clone, Copy)]
pub(super) struct FieldKey(SipHasher13);

impl FieldKey {
    #[inline]
    pub(super) fn hash(&self, bytes: &[u8]) -> u128 {
        self.0.hash(bytes).into()
    }
}

impl fmt::Debug for FieldKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FieldKey(…)")
    }
}

/// Hashes whole lines, byte for byte: equal lines have equal compared forms.
///
/// A line that Gong was given need not be read again to know that it did not change. What else its
/// compared form depends on, the generations of custom fields and the fields that are ignored, is
/// part of the key: when it changes, no line counts as known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineKey(FieldKey);

impl LineKey {
    pub(crate) fn new(
        key: HashKey,
        generations: &HashMap<String, u32>,
        ignored: &BTreeSet<String>,
    ) -> Self {
        let mut message = Vec::new();
        let ordered: BTreeMap<&String, &u32> = generations.iter().collect();
        for (name, generation) in ordered {
            message.extend_from_slice(&generation.to_le_bytes());
            message.extend_from_slice(name.as_bytes());
            message.push(0);
        }
        // No generation in use is 0.
        message.extend_from_slice(&[0; 4]);
        for name in ignored {
            message.extend_from_slice(name.as_bytes());
            message.push(0);
        }
        Self(key.derive(b'l', &[], &message))
    }

    /// The hash of a line, with or without its line break and a byte order mark.
    #[inline]
    pub(crate) fn hash(&self, line: &[u8]) -> [u8; 8] {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        low_64(self.0.hash(line.trim_ascii_end())).to_le_bytes()
    }
}

/// The lowest 32 bits.
pub(super) fn low_32(hash: u128) -> u32 {
    u32::try_from(hash & u128::from(u32::MAX)).unwrap_or_default()
}

/// The lowest 64 bits.
pub(super) fn low_64(hash: u128) -> u64 {
    u64::try_from(hash & u128::from(u64::MAX)).unwrap_or_default()
}
