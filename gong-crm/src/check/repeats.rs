//! Which suspected repeats of an id are real ones.

use std::io::{self, Read};

use super::blocks::{Block, Blocks};
use super::file::Reopen;
use super::ids::Suspect;
use super::object::{parse, unescaped};

/// The ids of a stream that can't be read twice, one after another.
#[derive(Debug, Default)]
pub(super) struct IdArena {
    bytes: Vec<u8>,
    line: u64,
}

impl IdArena {
    /// Keeps the id of a line. Ids have at most 64 characters of four bytes.
    pub(super) fn push(&mut self, id: &[u8], line: u64) {
        let Ok(length) = u8::try_from(id.len()) else {
            return;
        };
        let skipped = u32::try_from(line - self.line).unwrap_or(u32::MAX);
        self.line = line;
        self.bytes.extend(skipped.to_le_bytes());
        self.bytes.push(length);
        self.bytes.extend(id);
    }

    fn iter(&self) -> impl Iterator<Item = (u64, &str)> {
        let mut rest = &self.bytes[..];
        let mut line = 0;
        std::iter::from_fn(move || {
            let (skipped, after) = rest.split_first_chunk::<4>()?;
            let (length, after) = after.split_first()?;
            let (id, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            line += u64::from(u32::from_le_bytes(*skipped));
            Some((line, str::from_utf8(id).unwrap_or_default()))
        })
    }
}

/// An id that stands in an earlier line too.
#[derive(Debug)]
pub(super) struct Repeat<'a> {
    pub(super) line: u64,
    pub(super) first_line: u64,
    pub(super) object_id: &'a str,
    /// The line, if it could be read again.
    pub(super) text: &'a str,
    /// Where in it the id stands.
    pub(super) at: usize,
}

/// Compares the ids of the suspects, read again or kept, and tells of each repeat, by line.
pub(super) fn repeats(
    suspects: Vec<Suspect>,
    arena: Option<IdArena>,
    reopen: Option<Reopen<'_>>,
    on_repeat: &mut dyn FnMut(Repeat<'_>),
) -> io::Result<()> {
    let groups = suspects
        .iter()
        .map(|suspect| suspect.group as usize + 1)
        .max();
    let mut confirm = Confirm {
        suspects: suspects.into_iter().peekable(),
        firsts: vec![Vec::new(); groups.unwrap_or_default()],
        on_repeat,
    };
    match (arena, reopen) {
        (Some(arena), _) => {
            for (line, id) in arena.iter() {
                confirm.line(line, |confirm, group| confirm.id(line, group, id, "", 0));
            }
            Ok(())
        }
        (None, Some(reopen)) => confirm.read(reopen()?),
        (None, None) => Ok(()),
    }
}

struct Confirm<'a, S: Iterator<Item = Suspect>> {
    suspects: std::iter::Peekable<S>,
    /// The ids of each group, nearly always one, each with the line where it stood first.
    firsts: Vec<Vec<(Box<str>, u64)>>,
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
        let parsed = parse(text);
        let pair = parsed.pairs.iter().find(|pair| pair.name == "objectId");
        if let Some(pair) = pair {
            let id = unescaped(pair.value.get());
            self.id(line, group, &id, text, pair.range.start);
        }
    }

    fn id(&mut self, line: u64, group: u32, id: &str, text: &str, at: usize) {
        let firsts = &mut self.firsts[group as usize];
        match firsts.iter().find(|(first, _)| **first == *id) {
            None => firsts.push((id.into(), line)),
            Some((_, first_line)) => (self.on_repeat)(Repeat {
                line,
                first_line: *first_line,
                object_id: id,
                text,
                at,
            }),
        }
    }
}
