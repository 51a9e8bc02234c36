//! Finding a name among those that are known.

use super::short::{ShortText, folded};
use super::text;

/// The names that the scanner knows, as files spell them; each has a place, counted from 0.
#[derive(Debug)]
pub(super) struct NameTable {
    names: Vec<Box<[u8]>>,
    /// The names that are short, at the same places.
    short_names: Vec<ShortText>,
    /// Open tables of places: by the whole name, and by a short one.
    by_name: Vec<u16>,
    by_short_name: Vec<u16>,
    /// An open table of beginnings.
    by_beginning: Vec<Beginning>,
}

/// The first eight bytes of a name, which tell most names apart.
#[derive(Debug, Clone, Copy)]
struct Beginning {
    bytes: u64,
    /// `EMPTY` in an empty entry, and where several names begin alike.
    place: u16,
}

const EMPTY: u16 = u16::MAX;

/// No name begins like this: it would begin with its end.
const NO_BEGINNING: Beginning = Beginning {
    bytes: 0,
    place: EMPTY,
};

impl NameTable {
    /// How many names there are at most.
    pub(super) const MAX_NAMES: usize = 4_096;

    const SIZE: usize = 256;

    pub(super) fn new() -> Self {
        Self {
            names: Vec::new(),
            short_names: Vec::new(),
            by_name: vec![EMPTY; Self::SIZE],
            by_short_name: vec![EMPTY; Self::SIZE],
            by_beginning: vec![NO_BEGINNING; Self::SIZE],
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.names.len() < Self::MAX_NAMES
    }

    /// Adds a name, for which there is room.
    pub(super) fn add(&mut self, name: &[u8]) {
        let place = self.names.len();
        self.names.push(name.into());
        self.short_names
            .push(ShortText::new(name).unwrap_or(ShortText::NONE));
        if self.names.len() * 4 > self.by_name.len() {
            let size = self.by_name.len() * 4;
            self.by_name = vec![EMPTY; size];
            self.by_short_name = vec![EMPTY; size];
            self.by_beginning = vec![NO_BEGINNING; size];
            for place in 0..self.names.len() {
                self.enter(place);
            }
        } else {
            self.enter(place);
        }
    }

    fn enter(&mut self, place: usize) {
        let most = self.by_name.len() - 1;
        let name = &self.names[place];
        let number = u16::try_from(place).unwrap_or(EMPTY);
        let enter = |table: &mut [u16], hash: usize| {
            let mut slot = hash & most;
            while table[slot] != EMPTY {
                slot = (slot + 1) & most;
            }
            table[slot] = number;
        };
        enter(&mut self.by_name, hash(name));
        if let Some(short) = ShortText::new(name) {
            enter(&mut self.by_short_name, short.hash());
        }
        let quoted = [name, &b"\""[..], &[0; 8]].concat();
        let Some(bytes) = beginning(&quoted, 0) else {
            return;
        };
        let mut slot = folded(bytes) & most;
        while self.by_beginning[slot].bytes != NO_BEGINNING.bytes {
            if self.by_beginning[slot].bytes == bytes {
                self.by_beginning[slot].place = EMPTY;
                return;
            }
            slot = (slot + 1) & most;
        }
        self.by_beginning[slot] = Beginning {
            bytes,
            place: number,
        };
    }

    /// The only name that begins like the one whose quote is at `at`, if there is one. This is
    /// faster than to find the end of the name.
    #[inline]
    pub(super) fn candidate(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let beginning = beginning(bytes, at + 1)?;
        let most = self.by_beginning.len() - 1;
        let mut slot = folded(beginning) & most;
        loop {
            let known = self.by_beginning.get(slot)?;
            if known.bytes == beginning {
                return (known.place != EMPTY).then_some(usize::from(known.place));
            }
            if known.bytes == NO_BEGINNING.bytes {
                return None;
            }
            slot = (slot + 1) & most;
        }
    }

    /// The place of the name whose quote is at `at`, and where its closing quote is.
    #[inline]
    pub(super) fn look_up(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        if let Some((name, length)) = ShortText::read(bytes, at) {
            let most = self.by_short_name.len() - 1;
            let mut slot = name.hash() & most;
            loop {
                let place = usize::from(*self.by_short_name.get(slot)?);
                let Some(known) = self.short_names.get(place) else {
                    break;
                };
                if known.is(name) {
                    return Some((place, at + length));
                }
                slot = (slot + 1) & most;
            }
        }
        self.look_up_long(bytes, at)
    }

    #[cold]
    fn look_up_long(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        if *bytes.get(at)? != b'"' {
            return None;
        }
        let start = at + 1;
        let end = text::name(bytes, start)?;
        Some((self.find(&bytes[start..end])?, end))
    }

    /// The place of a name.
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        let most = self.by_name.len() - 1;
        let mut slot = hash(name) & most;
        loop {
            let place = usize::from(self.by_name[slot]);
            if **self.names.get(place)? == *name {
                return Some(place);
            }
            slot = (slot + 1) & most;
        }
    }
}

/// The first eight bytes of a name, up to its closing quote.
#[inline]
fn beginning(bytes: &[u8], start: usize) -> Option<u64> {
    const ONES: u64 = u64::MAX / 255;
    const QUOTE: u64 = 0x22;
    let word = u64::from_le_bytes(*bytes.get(start..)?.first_chunk()?);
    // The high bit of each byte that is a quote; after the first one, other bits may be set too.
    let other = word ^ (ONES * QUOTE);
    let quotes = other.wrapping_sub(ONES) & !other & (ONES * 0x80);
    // All bits up to the first one; without a quote, all.
    Some(word & (quotes ^ quotes.wrapping_sub(1)))
}

/// A hash of the first, the middle and the last eight bytes.
fn hash(name: &[u8]) -> usize {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let length = name.len();
    let word = |at: usize| -> u64 {
        match name.get(at..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => name
                .iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte)),
        }
    };
    let mut mixed = word(0) ^ (length as u64) << 32;
    if length > 8 {
        mixed = (mixed.wrapping_mul(FACTOR) ^ word(length - 8)).rotate_left(29);
        if length > 16 {
            mixed = (mixed.wrapping_mul(FACTOR) ^ word(length / 2 - 4)).rotate_left(29);
        }
    }
    let mixed = mixed.wrapping_mul(FACTOR);
    usize::try_from(mixed >> 40).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_their_length_and_spelling() {
        let mut names: Vec<String> = (0..1_000)
            .map(|number| format!("custom_field_{number}__c"))
            .collect();
        let long = "a_name_that_is_longer_than_thirty-two_bytes";
        for name in [
            "objectId",
            "object",
            "objectIds",
            "n",
            "größe",
            "gr\\u00f6\\u00dfe",
            "a\\\"b",
            long,
        ] {
            names.push(name.to_owned());
        }
        let mut table = NameTable::new();
        for name in &names {
            table.add(name.as_bytes());
        }
        let line = |name: &str| [b"\"", name.as_bytes(), b"\":\"value\"}\n", &[0; 64]].concat();
        for (place, name) in names.iter().enumerate() {
            let found = table.look_up(&line(name), 0);
            assert_eq!(found, Some((place, name.len() + 1)), "{name}");
            assert_eq!(table.find(name.as_bytes()), Some(place));
            let candidate = table.candidate(&line(name), 0);
            assert!(
                candidate.is_none_or(|candidate| candidate == place),
                "{name}"
            );
        }
        assert!(table.candidate(&line("object"), 0).is_some());
        assert!(
            table.candidate(&line("objectId"), 0).is_none(),
            "two begin alike"
        );
        for name in [
            "",
            "object_",
            "custom_field_1000__c",
            "a_name_that_is_longer",
        ] {
            assert_eq!(table.look_up(&line(name), 0), None, "{name}");
        }
        assert_eq!(table.look_up(b"x", 0), None);
    }

    #[test]
    fn hashes_of_numbered_names_differ() {
        for prefix in ["f", "custom_field_", "a_rather_long_prefix_of_a_name_"] {
            let hashes: std::collections::HashSet<usize> = (0..1_000)
                .map(|number| hash(format!("{prefix}{number}").as_bytes()) & 4_095)
                .collect();
            assert!(hashes.len() > 700, "{prefix}: {}", hashes.len());
        }
    }
}
