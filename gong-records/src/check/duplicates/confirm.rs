//! Which possible duplicates of an id or an email address are real ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use super::emails::lower;
use super::log::{Key, KeyLog};
use super::versions::Version;
use super::without_ends;
use crate::check::blocks::{Block, Blocks};
use crate::check::context::CheckContext;
use crate::check::ids::HashCollision;
use crate::check::json::parse::{parse, unescaped};
use crate::check::names::NameCache;
use crate::check::record::inspect;

/// Opens a file again, to read lines a second time.
pub(in crate::check) type Reopen<'a> = &'a dyn Fn() -> io::Result<Box<dyn Read>>;

/// What must not repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum KeyKind {
    ObjectId,
    EmailAddress,
}

impl KeyKind {
    /// The key of a line that is read again.
    pub(in crate::check) fn in_line<'line>(
        self,
        text: &'line str,
        context: &CheckContext<'_>,
        names: &mut NameCache,
    ) -> Option<Key<'line>> {
        match self {
            Self::ObjectId => id_in(text, context, names),
            Self::EmailAddress => email_in(text, context, names),
        }
    }
}

/// The id of a line; of a line with mistakes, as it was read the first time.
fn id_in<'line>(
    text: &'line str,
    context: &CheckContext<'_>,
    names: &mut NameCache,
) -> Option<Key<'line>> {
    let parsed = parse(text);
    let version = Version::of(&parsed);
    if parsed.error.is_none() {
        let mut pairs = parsed.pairs.into_iter();
        let pair = pairs.find(|pair| pair.name == "objectId")?;
        return Some(Key {
            text: unescaped(pair.value.get()),
            object_id: Cow::Borrowed(""),
            range: pair.range,
            version,
        });
    }
    let report = inspect(text, false, false, context, names, None);
    let id = report.object_id?;
    let range = report.object_id_at..report.object_id_at + id.len() + 2;
    Some(Key {
        text: Cow::Owned(id),
        object_id: Cow::Borrowed(""),
        range,
        // A line that cannot be read whole is an error already, and not compared.
        version: Version::default(),
    })
}

/// The email address of the user in a line.
fn email_in<'line>(
    text: &'line str,
    context: &CheckContext<'_>,
    names: &mut NameCache,
) -> Option<Key<'line>> {
    let report = inspect(text, false, false, context, names, None);
    let (address, at) = report.email_address?;
    Some(Key {
        text: Cow::Owned(lower(&address).into_owned()),
        object_id: Cow::Owned(report.object_id?),
        range: at..at + address.len() + 2,
        version: Version::default(),
    })
}

/// A line with the key of another one.
#[derive(Debug)]
pub(in crate::check) struct Duplicate<'a> {
    pub(in crate::check) line: u64,
    /// The other line, the first one unless both conflict.
    pub(in crate::check) first_line: u64,
    /// Whether both are versions of one record with equal dates and different content.
    pub(in crate::check) conflicts: bool,
    /// The id of the other line, if it differs from this one's in case.
    pub(in crate::check) other_case: Option<&'a str>,
    pub(in crate::check) key: &'a Key<'a>,
    /// The line, if it could be read again.
    pub(in crate::check) text: &'a str,
}

/// Compares the keys of lines whose hashes collide, read again or kept, and reports each duplicate,
/// by line.
pub(in crate::check) fn confirm(
    collisions: Vec<HashCollision>,
    log: Option<KeyLog>,
    reopen: Option<Reopen<'_>>,
    kind: KeyKind,
    context: &CheckContext<'_>,
    on_duplicate: &mut dyn FnMut(Duplicate<'_>),
) -> io::Result<()> {
    let groups = collisions
        .iter()
        .map(|collision| collision.group as usize + 1)
        .max();
    let mut confirmer = DuplicateConfirmer {
        collisions: collisions.into_iter().peekable(),
        groups: (0..groups.unwrap_or_default())
            .map(|_| Vec::new())
            .collect(),
        kind,
        context,
        names: NameCache::new(context.format),
        on_duplicate,
    };
    match (log, reopen) {
        (Some(log), _) => {
            for (line, key) in log.iter() {
                confirmer.line(line, |confirmer, collision| {
                    confirmer.key(collision, &key, "");
                });
            }
            Ok(())
        }
        (None, Some(reopen)) => confirmer.read(reopen()?),
        (None, None) => Ok(()),
    }
}

/// The lines with a key so far.
#[derive(Debug)]
struct Occurrence {
    key: Box<str>,
    object_id: Box<str>,
    first_line: u64,
    /// The first line with it that does not delete the record.
    record_line: Option<u64>,
    /// Whether it was reported that another id differs from it in case alone.
    is_respelled: bool,
    /// By date, the first version with it.
    versions: BTreeMap<Option<i64>, FirstVersion>,
}

#[derive(Debug)]
struct FirstVersion {
    line: u64,
    content: u64,
    /// Whether another version conflicts with it, and that was reported.
    conflicts: bool,
}

struct DuplicateConfirmer<'a, C: Iterator<Item = HashCollision>> {
    collisions: std::iter::Peekable<C>,
    /// The keys of each group, nearly always one.
    groups: Vec<Vec<Occurrence>>,
    kind: KeyKind,
    context: &'a CheckContext<'a>,
    names: NameCache,
    on_duplicate: &'a mut dyn FnMut(Duplicate<'_>),
}

impl<C: Iterator<Item = HashCollision>> DuplicateConfirmer<'_, C> {
    fn read(&mut self, reader: impl Read) -> io::Result<()> {
        let mut blocks = Blocks::new(reader);
        let mut line = 0;
        while self.collisions.peek().is_some() {
            match blocks.next()? {
                Block::Lines { bytes, length, .. } => {
                    let mut start = 0;
                    for end in memchr::memchr_iter(b'\n', &bytes[..length]) {
                        line += 1;
                        let text = &bytes[start..end];
                        self.line(line, |confirmer, collision| confirmer.text(collision, text));
                        start = end + 1;
                    }
                }
                Block::LongLine { .. } => line += 1,
                Block::End => break,
            }
        }
        Ok(())
    }

    /// Looks at a line if its hash collides.
    fn line(&mut self, line: u64, look: impl FnOnce(&mut Self, HashCollision)) {
        while self
            .collisions
            .peek()
            .is_some_and(|collision| u64::from(collision.line) < line)
        {
            self.collisions.next();
        }
        let collision = self
            .collisions
            .next_if(|collision| u64::from(collision.line) == line);
        if let Some(collision) = collision {
            look(self, collision);
        }
    }

    fn text(&mut self, collision: HashCollision, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let text = without_ends(&text);
        let key = self.kind.in_line(text, self.context, &mut self.names);
        if let Some(key) = key {
            self.key(collision, &key, text);
        }
    }

    fn key(&mut self, collision: HashCollision, key: &Key<'_>, text: &str) {
        let line = u64::from(collision.line);
        let version = key.version;
        let new = FirstVersion {
            line,
            content: version.content,
            conflicts: false,
        };
        let occurrences = &mut self.groups[collision.group as usize];
        let is_record = self.kind == KeyKind::ObjectId && !collision.is_deleted;
        if is_record {
            respelled(occurrences, line, key, text, self.on_duplicate);
        }
        let mut known = occurrences.iter_mut();
        let Some(first) = known.find(|first| *first.key == *key.text) else {
            occurrences.push(Occurrence {
                record_line: is_record.then_some(line),
                is_respelled: false,
                key: (*key.text).into(),
                object_id: (*key.object_id).into(),
                first_line: line,
                versions: BTreeMap::from([(version.moment, new)]),
            });
            return;
        };
        if !key.object_id.is_empty() && *first.object_id == *key.object_id {
            return;
        }
        let of_date = first.versions.entry(version.moment).or_insert(new);
        let are_known = of_date.content != 0 && version.content != 0;
        let conflicts = are_known && of_date.content != version.content;
        if conflicts && !of_date.conflicts {
            of_date.conflicts = true;
            // The first of them is no more certain than the second.
            (self.on_duplicate)(Duplicate {
                line: of_date.line,
                first_line: line,
                conflicts,
                other_case: None,
                key,
                text: "",
            });
        }
        let first_line = if conflicts {
            of_date.line
        } else {
            first.first_line
        };
        (self.on_duplicate)(Duplicate {
            line,
            first_line,
            conflicts,
            other_case: None,
            key,
            text,
        });
    }
}

/// Reports an id that differs from that of an earlier line in case alone, and that of the earlier line:
/// the first of them is no more certain than the second. A line that deletes the old spelling does not count.
fn respelled(
    occurrences: &mut [Occurrence],
    line: u64,
    key: &Key<'_>,
    text: &str,
    on_duplicate: &mut dyn FnMut(Duplicate<'_>),
) {
    if let Some(known) = occurrences.iter_mut().find(|of| *of.key == *key.text) {
        if known.record_line.is_some() {
            return;
        }
        known.record_line = Some(line);
    }
    let mut others = occurrences.iter_mut();
    let other = others.find(|of| {
        let is_other = *of.key != *key.text && of.key.eq_ignore_ascii_case(&key.text);
        is_other && of.record_line.is_some()
    });
    let Some(other) = other else {
        return;
    };
    let other_line = other.record_line.unwrap_or(other.first_line);
    if !other.is_respelled {
        other.is_respelled = true;
        on_duplicate(Duplicate {
            line: other_line,
            first_line: line,
            conflicts: false,
            other_case: Some(&key.text),
            key: &Key {
                text: Cow::Borrowed(&other.key),
                object_id: Cow::Borrowed(""),
                range: 0..0,
                version: Version::default(),
            },
            text: "",
        });
    }
    on_duplicate(Duplicate {
        line,
        first_line: other_line,
        conflicts: false,
        other_case: Some(&other.key),
        key,
        text,
    });
}
