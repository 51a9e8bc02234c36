//! Which suspected repeats of an id or an email address are real ones.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use super::blocks::{Block, Blocks};
use super::file::Reopen;
use super::ids::Suspect;
use super::record::Yardstick;

/// What a stream that can't be read twice must not repeat, one line after another.
#[derive(Debug, Default)]
pub(super) struct Arena {
    bytes: Vec<u8>,
    line: u64,
}

impl Arena {
    /// Keeps what a line has, and of which record if that matters. Ids have at most 64 characters of
    /// four bytes; what is absurdly long is not kept.
    pub(super) fn push(&mut self, key: &str, object_id: &str, line: u64) {
        let lengths = (u16::try_from(key.len()), u16::try_from(object_id.len()));
        let (Ok(of_key), Ok(of_id)) = lengths else {
            return;
        };
        let skipped = u32::try_from(line - self.line).unwrap_or(u32::MAX);
        self.line = line;
        self.bytes.extend(skipped.to_le_bytes());
        self.bytes.extend(of_key.to_le_bytes());
        self.bytes.extend(of_id.to_le_bytes());
        self.bytes.extend(key.as_bytes());
        self.bytes.extend(object_id.as_bytes());
    }

    fn iter(&self) -> impl Iterator<Item = (u64, Seen<'_>)> {
        let mut rest = &self.bytes[..];
        let mut line = 0;
        std::iter::from_fn(move || {
            let (skipped, after) = rest.split_first_chunk::<4>()?;
            let (of_key, after) = after.split_first_chunk::<2>()?;
            let (of_id, after) = after.split_first_chunk::<2>()?;
            let (key, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*of_key)))?;
            let (id, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*of_id)))?;
            rest = after;
            line += u64::from(u32::from_le_bytes(*skipped));
            let text = |bytes| Cow::Borrowed(str::from_utf8(bytes).unwrap_or_default());
            let seen = Seen {
                key: text(key),
                object_id: text(id),
                range: 0..0,
            };
            Some((line, seen))
        })
    }
}

/// What a line has that no other may have.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// In the form in which it is compared.
    pub(super) key: Cow<'a, str>,
    /// The record, of which a second line is no repeat; empty where the key is the record's id.
    pub(super) object_id: Cow<'a, str>,
    /// Where in the line it stands.
    pub(super) range: Range<usize>,
}

/// Finds in a line what no other may have.
pub(super) type Look = for<'line> fn(&'line str, &Yardstick<'_>) -> Option<Seen<'line>>;

/// A line with what an earlier one has too.
#[derive(Debug)]
pub(super) struct Repeat<'a> {
    pub(super) line: u64,
    pub(super) first_line: u64,
    pub(super) seen: &'a Seen<'a>,
    /// The line, if it could be read again.
    pub(super) text: &'a str,
}

/// Compares what suspects have, read again or kept, and tells of each repeat, by line.
pub(super) fn repeats(
    suspects: Vec<Suspect>,
    arena: Option<Arena>,
    reopen: Option<Reopen<'_>>,
    (look, yardstick): (Look, &Yardstick<'_>),
    on_repeat: &mut dyn FnMut(Repeat<'_>),
) -> io::Result<()> {
    let groups = suspects
        .iter()
        .map(|suspect| suspect.group as usize + 1)
        .max();
    let mut confirm = Confirm {
        suspects: suspects.into_iter().peekable(),
        firsts: (0..groups.unwrap_or_default())
            .map(|_| Vec::new())
            .collect(),
        look,
        yardstick,
        on_repeat,
    };
    match (arena, reopen) {
        (Some(arena), _) => {
            for (line, seen) in arena.iter() {
                confirm.line(line, |confirm, group| confirm.seen(line, group, &seen, ""));
            }
            Ok(())
        }
        (None, Some(reopen)) => confirm.read(reopen()?),
        (None, None) => Ok(()),
    }
}

/// The first line with something.
#[derive(Debug)]
struct First {
    key: Box<str>,
    object_id: Box<str>,
    line: u64,
}

struct Confirm<'a, S: Iterator<Item = Suspect>> {
    suspects: std::iter::Peekable<S>,
    /// What stood first of each group, nearly always one.
    firsts: Vec<Vec<First>>,
    look: Look,
    yardstick: &'a Yardstick<'a>,
    on_repeat: &'a mut dyn FnMut(Repeat<'_>),
}

impl<S: Iterator<Item = Suspect>> Confirm<'_, S> {
    fn read(&mut self, reader: impl Read) -> io::Result<()> {
        let mut blocks = Blocks::new(reader);
        let mut line = 0;
        while self.suspects.peek().is_some() {
            match blocks.next()? {
                Block::Lines { bytes, length, .. } => {
                    let mut start = 0;
                    for end in memchr::memchr_iter(b'\n', &bytes[..length]) {
                        line += 1;
                        let text = &bytes[start..end];
                        self.line(line, |confirm, group| confirm.text(line, group, text));
                        start = end + 1;
                    }
                }
                Block::LongLine { .. } => line += 1,
                Block::End => break,
            }
        }
        Ok(())
    }

    /// Looks at a line if it is a suspect.
    fn line(&mut self, line: u64, look: impl FnOnce(&mut Self, u32)) {
        while self
            .suspects
            .peek()
            .is_some_and(|suspect| u64::from(suspect.line) < line)
        {
            self.suspects.next();
        }
        let suspect = self
            .suspects
            .next_if(|suspect| u64::from(suspect.line) == line);
        if let Some(suspect) = suspect {
            look(self, suspect.group);
        }
    }

    fn text(&mut self, line: u64, group: u32, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let text = text.strip_suffix('\r').unwrap_or(&text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(seen) = (self.look)(text, self.yardstick) {
            self.seen(line, group, &seen, text);
        }
    }

    fn seen(&mut self, line: u64, group: u32, seen: &Seen<'_>, text: &str) {
        let firsts = &mut self.firsts[group as usize];
        let Some(first) = firsts.iter().find(|first| *first.key == *seen.key) else {
            firsts.push(First {
                key: (*seen.key).into(),
                object_id: (*seen.object_id).into(),
                line,
            });
            return;
        };
        if !seen.object_id.is_empty() && *first.object_id == *seen.object_id {
            return;
        }
        (self.on_repeat)(Repeat {
            line,
            first_line: first.line,
            seen,
            text,
        });
    }
}
