//! Finding a name among those that are known.

use super::text;

/// The names that the scanner knows, as files spell them; each has a place, counted from 0.
#[derive(Debug)]
pub(super) struct NameTable {
    names: Vec<Box<[u8]>>,
    /// An open table of places. It is small enough to stay in the nearest cache.
    places: Vec<u16>,
}

/// Marks what is empty in the table.
const EMPTY: u16 = u16::MAX;

impl NameTable {
    /// How many names there are at most.
    pub(super) const MAX_NAMES: usize = 4_096;

    pub(super) fn new() -> Self {
        Self {
            names: Vec::new(),
            places: vec![EMPTY; 256],
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.names.len() < Self::MAX_NAMES
    }

    /// Adds a name, for which there is room.
    pub(super) fn add(&mut self, name: &[u8]) {
        self.names.push(name.into());
        if self.names.len() * 8 > self.places.len() {
            self.places = vec![EMPTY; self.places.len() * 4];
            for place in 0..self.names.len() {
                self.enter(place);
            }
        } else {
            self.enter(self.names.len() - 1);
        }
    }

    fn enter(&mut self, place: usize) {
        let mut slot = hash_of(&self.names[place]) & (self.places.len() - 1);
        while self.places[slot] != EMPTY {
            slot = (slot + 1) & (self.places.len() - 1);
        }
        self.places[slot] = u16::try_from(place).unwrap_or(EMPTY);
    }

    /// The names that the one whose quote is at `at`, and whose first bytes are these, may be, the
    /// likeliest first; and how long that one is.
    #[inline]
    pub(super) fn candidates(
        &self,
        bytes: &[u8],
        at: usize,
        first: &Window,
    ) -> Option<(impl Iterator<Item = usize>, usize)> {
        let (hash, length) = hash(bytes, at, first)?;
        let most = self.places.len() - 1;
        let mut slot = hash & most;
        let candidates = std::iter::from_fn(move || {
            let place = *self.places.get(slot & most)?;
            slot += 1;
            (place != EMPTY).then_some(usize::from(place))
        });
        Some((candidates, length))
    }

    /// The place of the name whose quote is at `at`, and where its closing quote is.
    #[cold]
    pub(super) fn look_up(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        if *bytes.get(at)? != b'"' {
            return None;
        }
        let start = at + 1;
        let end = text::name(bytes, start)?;
        Some((self.find(&bytes[start..end])?, end))
    }

    /// The place of a name.
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        let mut slot = hash_of(name) & (self.places.len() - 1);
        loop {
            let place = usize::from(self.places[slot]);
            if **self.names.get(place)? == *name {
                return Some(place);
            }
            slot = (slot + 1) & (self.places.len() - 1);
        }
    }
}

/// What is at least there of a line and what follows it, from any place in the line on. Parts of it
/// are taken without looking for its end.
pub(super) type Window = [u8; 64];

/// The hash of a name by itself.
fn hash_of(name: &[u8]) -> usize {
    let quoted = [b"\"", name, b"\"", &[0; 64]].concat();
    let first = quoted.first_chunk();
    first
        .and_then(|first| hash(&quoted, 0, first))
        .map_or(0, |(hash, _)| hash)
}

/// A hash of the name whose quote is at `at`, up to the next quote: of the first, the middle and
/// the last eight bytes. And how long it is.
#[inline]
fn hash(bytes: &[u8], at: usize, first: &Window) -> Option<(usize, usize)> {
    /// Where the 32 bytes begin in the window of which the words are taken.
    const START: usize = 1;
    let quotes = text::quotes(first.get(START..)?.first_chunk()?);
    let word = |at: usize| {
        // Never more than 31, which the compiler cannot know.
        let at = at & 31;
        let mut word = [0; 8];
        word.copy_from_slice(&first[START + at..START + at + 8]);
        u64::from_le_bytes(word)
    };
    // Lengths cannot be predicted, so that nothing branches by them but the long ones.
    let (last, length) = if quotes == 0 {
        let end = long_end(bytes, at + START)?;
        let last = *bytes.get(end - 8..)?.first_chunk()?;
        (u64::from_le_bytes(last), end - at - START)
    } else {
        let length = quotes.trailing_zeros() as usize;
        (word(length.saturating_sub(8)), length)
    };
    let (first, middle) = (word(0), word((length.min(32) / 2).saturating_sub(4)));
    // Of a short name, the three are the same word, whose last bytes are not of the name. This
    // shifts them out.
    let beyond = 64 - 8 * length.clamp(1, 8);
    let mixed =
        first << beyond ^ (middle << beyond).rotate_left(21) ^ (last << beyond).rotate_left(43);
    let product = u128::from(mixed) * 0x9e37_79b9_7f4a_7c15;
    // Both halves, so that the low bits depend on all.
    let hash = usize::try_from((product ^ product >> 64) & u128::from(u32::MAX)).ok()?;
    Some((hash, length))
}

/// Where a name of at least 32 bytes ends that begins at `start`.
#[inline(never)]
fn long_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 32;
    loop {
        match text::quotes(bytes.get(at..)?.first_chunk()?) {
            0 => at += 32,
            quotes => return Some(at + quotes.trailing_zeros() as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_length_and_spelling() {
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
        }
        let guessed = names.iter().enumerate().filter(|(place, name)| {
            let line = line(name);
            let found = table.candidates(&line, 0, line.first_chunk().unwrap());
            found.is_some_and(|(mut candidates, _)| candidates.next() == Some(*place))
        });
        assert!(guessed.count() > 900, "most names are found at once");
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
                .map(|number| hash_of(format!("{prefix}{number}").as_bytes()) & 4_095)
                .collect();
            assert!(hashes.len() > 700, "{prefix}: {}", hashes.len());
        }
    }
}
