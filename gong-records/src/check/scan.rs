//! Reads valid lines of known names, and accepts what is good in them.
//!
//! The scanner looks at each byte about once. Of a line of valid JSON whose names it knows it finds
//! all fields; those whose values it does not accept are doubts, which the exact check looks at one
//! by one. Of any other line it says nothing. So what is reported of a line never depends on the
//! scanner; a seeded test compares the two.

use std::ops::Range;

use super::context::{CheckContext, FieldSet, is_true};
use super::names::LearnedName;
use super::severities::SeverityTable;
use crate::object_type::ObjectType;
use crate::rule::Rule;

mod fields;
mod name_table;
mod order;
mod short;
mod text;
mod value;

pub(super) use fields::Identity;
use fields::{FieldTable, Kind};
use order::OrderPredictor;

/// Reads lines of one type.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    fields: FieldTable<'a>,
    order: OrderPredictor,
    /// For each name, the number of the last line that had it.
    last_lines: Vec<u32>,
    line: u32,
    takes_underscore: bool,
    /// Whether the bytes to be scanned are known to be UTF-8.
    is_utf_8: bool,
}

/// A reference to another record.
#[derive(Debug)]
pub(super) struct ScannedReference {
    pub(super) target: ObjectType,
    /// Where the id is, without its quotes.
    pub(super) range: Range<usize>,
    slot: u16,
    name_at: usize,
}

/// A field whose value the scanner did not accept.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) slot: u16,
    /// Where the name is, with its quotes.
    pub(super) name_at: usize,
    pub(super) value: Range<usize>,
}

/// A name that may break a rule.
#[derive(Debug)]
pub(super) struct NotedName {
    pub(super) slot: u16,
    pub(super) name_at: usize,
}

/// What the scanner found in a line.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// Where a good id is, without its quotes; empty if there is none.
    pub(super) object_id: Range<usize>,
    /// Where a good `modifiedDate` is, without its quotes.
    pub(super) modified: Option<Range<usize>>,
    pub(super) is_deleted: bool,
    /// Where a business user's own, good email address is, without its quotes.
    pub(super) email_address: Option<Range<usize>>,
    /// Ids of other records.
    pub(super) references: Vec<ScannedReference>,
    pub(super) doubts: Vec<Doubt>,
    pub(super) names: Vec<NotedName>,
    /// The standard fields of the line.
    pub(super) present: FieldSet,
    /// The standard fields that it should have and has not.
    pub(super) missing: FieldSet,
    /// Where the first name is.
    pub(super) first_name_at: usize,
}

impl Scanned {
    fn clear(&mut self) {
        self.object_id = 0..0;
        self.modified = None;
        self.is_deleted = false;
        self.email_address = None;
        self.references.clear();
        self.doubts.clear();
        self.names.clear();
        self.present = 0;
    }

    /// Whether there is nothing to report, whatever the names.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_good(&self) -> bool {
        self.doubts.is_empty() && self.missing == 0
    }

    /// Makes a doubt of a reference.
    pub(super) fn doubt(&mut self, at: usize) {
        let reference = &self.references[at];
        self.doubts.push(Doubt {
            slot: reference.slot,
            name_at: reference.name_at,
            value: reference.range.start - 1..reference.range.end + 1,
        });
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn new(context: &CheckContext<'a>, severities: &SeverityTable) -> Self {
        let fields = FieldTable::new(context, severities);
        let count = fields.len();
        Self {
            fields,
            order: OrderPredictor::new(count),
            last_lines: vec![0; count],
            line: 0,
            takes_underscore: !severities.reports(Rule::ObjectIdUnderscore),
            is_utf_8: false,
        }
    }

    /// Adds a name that the exact check found in a line.
    pub(super) fn learn(&mut self, line: &str, learned: &LearnedName, context: &CheckContext<'_>) {
        let Some(raw) = line.get(learned.raw.clone()) else {
            return;
        };
        // A line that was fixed to read on may have no valid name there.
        let Ok(name) = serde_json::from_str::<String>(&format!("\"{raw}\"")) else {
            return;
        };
        self.fields
            .learn(raw.as_bytes(), &name, learned.unknown, context);
        self.last_lines.resize(self.fields.len(), 0);
        self.order.resize(self.fields.len());
    }

    /// The name of a field of a line, and what it stands for.
    pub(super) fn field(&self, slot: u16) -> (&str, Identity<'a>) {
        let entry = self.fields.entry(usize::from(slot));
        (&entry.about.name, entry.about.identity)
    }

    /// How long a name is in the line, with its quotes.
    pub(super) fn raw_length(&self, slot: u16) -> usize {
        self.fields.entry(usize::from(slot)).about.raw.len() + 2
    }

    /// The standard fields that records should have.
    pub(super) fn expected(&self) -> FieldSet {
        self.fields.expected()
    }

    /// How many names it knows.
    pub(super) fn names(&self) -> usize {
        self.fields.len()
    }

    /// Finds out whether these bytes, whose lines are scanned next, are UTF-8 as a whole, which is
    /// much cheaper than to look at single texts.
    pub(super) fn prepare(&mut self, bytes: &[u8]) {
        self.is_utf_8 = simdutf8::basic::from_utf8(bytes).is_ok();
    }

    /// Reads the line at `start`. Returns where the next one begins, if this one is valid JSON and
    /// has known names only.
    ///
    /// A line ends with a line feed; bytes after it are never read as a part of the line.
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
        scanned.clear();
        self.line = self.line.wrapping_add(1);
        if self.line == 0 {
            self.last_lines.fill(0);
            self.line = 1;
        }
        let mut previous = 0;
        let mut at = after_space(bytes, start + 1);
        scanned.first_name_at = at;
        loop {
            let name_at = at;
            let slot;
            (slot, at) = self.name(bytes, at, previous)?;
            previous = slot + 1;
            let entry = self.fields.entry(slot);
            let last_line = self.last_lines.get_mut(entry.canonical)?;
            if *last_line == self.line {
                return None;
            }
            *last_line = self.line;
            scanned.present |= entry.standard_bit;
            at = self.value(bytes, after_space(bytes, at), slot, name_at, scanned)?;
            at = after_space(bytes, at);
            match *bytes.get(at)? {
                b',' => at = after_space(bytes, at + 1),
                b'}' => break,
                _ => return None,
            }
        }
        let next = line_end(bytes, at + 1)?;
        scanned.missing = self.fields.missing(scanned.present, scanned.is_deleted);
        Some(next)
    }

    /// Reads a name and its colon. Returns its place in the table, and where it ends.
    #[inline]
    fn name(&mut self, bytes: &[u8], at: usize, previous: usize) -> Option<(usize, usize)> {
        if let Some(predicted) = self.order.predicted(previous)
            && let Some(after) = self.fields.entry(predicted).begins(bytes, at)
        {
            return Some((predicted, after));
        }
        let names = self.fields.names();
        if let Some(candidate) = names.candidate(bytes, at)
            && let Some(after) = self.fields.entry(candidate).begins(bytes, at)
        {
            self.order.learn(previous, candidate);
            return Some((candidate, after));
        }
        let (slot, end) = names.look_up(bytes, at)?;
        let colon = after_space(bytes, end + 1);
        if *bytes.get(colon)? != b':' {
            return None;
        }
        self.order.learn(previous, slot);
        Some((slot, colon + 1))
    }

    /// Reads a value. Returns where it ends.
    #[inline]
    fn value(
        &self,
        bytes: &[u8],
        at: usize,
        slot: usize,
        name_at: usize,
        scanned: &mut Scanned,
    ) -> Option<usize> {
        let entry = self.fields.entry(slot);
        let narrow = |slot: usize| u16::try_from(slot).unwrap_or_default();
        if entry.is_noted {
            let slot = narrow(slot);
            scanned.names.push(NotedName { slot, name_at });
        }
        if let Some(end) = self.good_value(bytes, at, slot, name_at, scanned) {
            return Some(end);
        }
        let end = value::any(bytes, at, self.is_utf_8)?;
        if entry.is_deletion {
            let json = str::from_utf8(&bytes[at..end]).unwrap_or_default();
            scanned.is_deleted = is_true(json);
        }
        scanned.doubts.push(Doubt {
            slot: narrow(slot),
            name_at,
            value: at..end,
        });
        Some(end)
    }

    /// Reads a value if it is good without doubt. Returns where it ends.
    #[inline]
    fn good_value(
        &self,
        bytes: &[u8],
        at: usize,
        slot: usize,
        name_at: usize,
        scanned: &mut Scanned,
    ) -> Option<usize> {
        let entry = self.fields.entry(slot);
        let first = *bytes.get(at)?;
        if entry.takes_null && first == b'n' {
            return value::literal(bytes, at, b"null");
        }
        // Where the text of a string begins. What a value is depends on its name more than on its
        // first byte, so that a processor predicts best in this order.
        let start = || (first == b'"').then_some(at + 1);
        let after_quote = match &entry.kind {
            Kind::ObjectId => {
                let start = start()?;
                let end = text::id(bytes, start, self.takes_underscore)?;
                scanned.object_id = start..end;
                end
            }
            Kind::Reference(target) => {
                let start = start()?;
                let end = text::id(bytes, start, true)?;
                if let Some(target) = target {
                    scanned.references.push(ScannedReference {
                        target: *target,
                        range: start..end,
                        slot: u16::try_from(slot).unwrap_or_default(),
                        name_at,
                    });
                }
                end
            }
            Kind::Modified => {
                let start = start()?;
                let end = text::timestamp(bytes, start)?;
                scanned.modified = Some(start..end);
                end
            }
            Kind::Timestamp => text::timestamp(bytes, start()?)?,
            Kind::Day => text::day(bytes, start()?)?,
            Kind::Url => text::url(bytes, start()?)?,
            Kind::EmailAddress => text::email_address(bytes, start()?)?,
            Kind::EmailOfUser => {
                let start = start()?;
                let end = text::email_address(bytes, start)?;
                scanned.email_address = Some(start..end);
                end
            }
            Kind::Text => text::any(bytes, start()?, self.is_utf_8)?,
            Kind::NonEmptyText => {
                let start = start()?;
                let end = text::any(bytes, start, self.is_utf_8)?;
                if end == start {
                    return None;
                }
                end
            }
            Kind::Words(words) => {
                start()?;
                words.end(bytes, at)?
            }
            Kind::Deleted => {
                let end = value::boolean(bytes, at)?;
                scanned.is_deleted = first == b't';
                return Some(end);
            }
            Kind::Boolean => return value::boolean(bytes, at),
            Kind::Number => return value::number(bytes, at),
            Kind::Percent => return value::percent(bytes, at),
            Kind::Integer { minimum } => return value::integer(bytes, at, *minimum),
            Kind::TextList => return value::text_list(bytes, at, self.is_utf_8),
            Kind::Custom => match start() {
                Some(start) => text::custom(bytes, start, self.is_utf_8)?,
                None => return value::custom(bytes, at, self.is_utf_8),
            },
            Kind::Any => return value::any(bytes, at, self.is_utf_8),
            Kind::Doubt => return None,
        };
        Some(after_quote + 1)
    }
}

/// The first place that is not white space within a line.
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
