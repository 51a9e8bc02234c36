//! The fast way: says that a line is good, or nothing.
//!
//! It looks at each byte about once and keeps no details. What it does not accept, be it wrong or
//! only unusual, the exact way looks at again. So it must never accept a line of which the exact
//! way has something to say; a seeded test compares the two.

use std::ops::Range;

use super::options::Options;
use super::record::Yardstick;
use crate::record::ObjectType;
use crate::rule::Rule;

mod text;
mod value;
mod vocabulary;

use value::Scalar;
use vocabulary::{Kind, Vocabulary};

/// Reads lines of one type.
#[derive(Debug)]
pub(super) struct Scanner {
    vocabulary: Vocabulary,
    guess: Guess,
    takes_underscore: bool,
    /// Whether the bytes that come are known to be UTF-8.
    is_utf_8: bool,
}

/// What of a good line matters beyond it.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// Where the id stands, without its quotes.
    pub(super) object_id: Range<usize>,
    /// Where `modifiedDate` stands, without its quotes.
    pub(super) modified: Option<Range<usize>>,
    pub(super) is_deleted: bool,
    /// Where a business user's own email address stands, without its quotes.
    pub(super) email_address: Option<Range<usize>>,
    /// Ids of other records, and where they stand.
    pub(super) references: Vec<(ObjectType, Range<usize>)>,
}

/// Programs write the fields of each record in the same order: which follows upon which.
#[derive(Debug)]
struct Guess {
    is_on: bool,
    lines: u32,
    misses: u32,
}

impl Guess {
    /// After how many lines the guesses are looked at.
    const ROUND: u32 = 64;

    /// How many wrong guesses a line cost more than the right ones save.
    const MOST_MISSES: u32 = 2;

    #[inline]
    fn note_line(&mut self) {
        self.lines += 1;
        if self.lines == Self::ROUND {
            self.is_on = self.misses <= Self::ROUND * Self::MOST_MISSES;
            self.lines = 0;
            self.misses = 0;
        }
    }
}

impl Scanner {
    pub(super) fn new(yardstick: &Yardstick<'_>, options: &Options) -> Self {
        Self {
            vocabulary: Vocabulary::new(yardstick, options),
            guess: Guess {
                is_on: true,
                lines: 0,
                misses: 0,
            },
            takes_underscore: options.severity(Rule::ObjectIdUnderscore).is_none(),
            is_utf_8: false,
        }
    }

    /// Takes a custom field's name for granted from now on; if `as_long_as` is given, only beside
    /// the field of that name.
    pub(super) fn learn(&mut self, name: &str, as_long_as: Option<&str>) {
        self.vocabulary.learn(name, as_long_as);
    }

    /// Looks whether these bytes, of which lines will be read next, are UTF-8 as a whole: much
    /// cheaper than to look at single texts.
    pub(super) fn prepare(&mut self, bytes: &[u8]) {
        self.is_utf_8 = simdutf8::basic::from_utf8(bytes).is_ok();
    }

    /// Reads the line at `start`. Gives where the next one begins, if this one is good.
    ///
    /// A line ends with a line feed; bytes beyond it are never taken for a part of it.
    #[inline]
    pub(super) fn scan(
        &mut self,
        bytes: &[u8],
        start: usize,
        scanned: &mut Scanned,
    ) -> Option<usize> {
        if *bytes.get(start)? != b'{' {
            return None;
        }
        scanned.modified = None;
        scanned.is_deleted = false;
        scanned.email_address = None;
        scanned.references.clear();
        if self.guess.is_on {
            self.guess.note_line();
        }
        let mut seen = [0_u64; Vocabulary::MOST / 64];
        let mut slot = Vocabulary::START;
        let mut at = after_space(bytes, start + 1);
        loop {
            (slot, at) = self.name(bytes, at, slot)?;
            let (word, bit) = (slot / 64, 1 << (slot % 64));
            if seen[word] & bit != 0 {
                return None;
            }
            seen[word] |= bit;
            at = self.value(bytes, after_space(bytes, at), slot, scanned)?;
            at = after_space(bytes, at);
            match *bytes.get(at)? {
                b',' => at = after_space(bytes, at + 1),
                b'}' => break,
                _ => return None,
            }
        }
        let next = line_end(bytes, at + 1)?;
        self.vocabulary
            .is_complete(seen, scanned.is_deleted)
            .then_some(next)
    }

    /// Reads a name and its colon. Gives its place in the vocabulary.
    #[inline]
    fn name(&mut self, bytes: &[u8], at: usize, previous: usize) -> Option<(usize, usize)> {
        if self.guess.is_on {
            let guess = self.vocabulary.successor(previous);
            if let Some(after) = self.vocabulary.entry(guess).begins(bytes, at) {
                return Some((guess, after));
            }
        }
        let (slot, after) = self.look_up(bytes, at)?;
        if self.guess.is_on {
            self.guess.misses += 1;
            self.vocabulary.set_successor(previous, slot);
        }
        Some((slot, after))
    }

    fn look_up(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        if *bytes.get(at)? != b'"' {
            return None;
        }
        let start = at + 1;
        let end = text::plain(bytes, start)?.end;
        let slot = self.vocabulary.find(&bytes[start..end])?;
        let colon = after_space(bytes, end + 1);
        (*bytes.get(colon)? == b':').then_some((slot, colon + 1))
    }

    /// Reads a value. Gives where it ends.
    #[inline]
    fn value(&self, bytes: &[u8], at: usize, slot: usize, scanned: &mut Scanned) -> Option<usize> {
        let entry = self.vocabulary.entry(slot);
        let first = *bytes.get(at)?;
        if first == b'"' {
            let start = at + 1;
            let end = match &entry.kind {
                Kind::ObjectId => {
                    let end = text::id(bytes, start, self.takes_underscore)?;
                    scanned.object_id = start..end;
                    end
                }
                Kind::Reference(target) => {
                    let end = text::id(bytes, start, true)?;
                    if let Some(target) = target {
                        scanned.references.push((*target, start..end));
                    }
                    end
                }
                Kind::Modified => {
                    let end = text::timestamp(bytes, start)?;
                    scanned.modified = Some(start..end);
                    end
                }
                Kind::Timestamp => text::timestamp(bytes, start)?,
                Kind::Day => text::day(bytes, start)?,
                Kind::Url => text::url(bytes, start)?,
                Kind::EmailAddress => text::email_address(bytes, start)?,
                Kind::EmailOfUser => {
                    let end = text::email_address(bytes, start)?;
                    scanned.email_address = Some(start..end);
                    end
                }
                Kind::Text => text::any(bytes, start, self.is_utf_8)?.end,
                Kind::SomeText => {
                    let end = text::any(bytes, start, self.is_utf_8)?.end;
                    if end == start {
                        return None;
                    }
                    end
                }
                Kind::Words(words) => text::one_of(bytes, start, words)?,
                Kind::Custom => text::custom(bytes, start, self.is_utf_8)?,
                Kind::Scalar(_) | Kind::TextList | Kind::Slow => return None,
            };
            return Some(end + 1);
        }
        if entry.takes_null && first == b'n' {
            return value::literal(bytes, at, b"null");
        }
        match &entry.kind {
            Kind::Scalar(Scalar::Deleted) => {
                scanned.is_deleted = first == b't';
                value::scalar(bytes, at, Scalar::Boolean)
            }
            Kind::Scalar(scalar) => value::scalar(bytes, at, *scalar),
            Kind::TextList => value::text_list(bytes, at, self.is_utf_8),
            Kind::Custom => value::custom(bytes, at, self.is_utf_8),
            _ => None,
        }
    }
}

/// The first place that is no white space within a line.
#[inline]
fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Where the next line begins, if nothing follows in this one.
#[inline]
fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    let at = if bytes.get(at) == Some(&b'\n') {
        return Some(at + 1);
    } else {
        after_space(bytes, at)
    };
    let at = at + usize::from(bytes.get(at) == Some(&b'\r'));
    (bytes.get(at) == Some(&b'\n')).then_some(at + 1)
}
