//! Reads valid lines, and accepts what is good in them.
//!
//! The scanner looks at each byte about once. Of a line of valid JSON it finds all fields; those
//! whose values it does not accept are doubts, which the exact check looks at one by one. Of any
//! other line it says nothing. So what is reported of a line never depends on the
//! scanner; a seeded test compares the two.

use std::borrow::Cow;
use std::ops::Range;

use super::context::{CheckContext, FieldSet, is_true};
use super::ids::{ReferenceLookup, hash_bytes};
use super::names::{Classifier, UnknownName};
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
use fields::{Entry, FieldTable, Kind, Manners};
use name_table::Window;
use order::OrderPredictor;

/// Reads lines of one type.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    context: CheckContext<'a>,
    classifier: Classifier,
    fields: FieldTable<'a>,
    order: OrderPredictor,
    /// For each name, the number of the last line that had it.
    last_lines: Vec<u32>,
    line: u32,
    takes_underscore: bool,
    /// Whether the bytes to be scanned are known to be UTF-8.
    is_utf_8: bool,
    /// Where the names of the line are for which the table has no room.
    unlisted: Vec<Range<usize>>,
}

/// In place of the place of a custom field for which the table has no room.
const UNLISTED: usize = usize::MAX;

/// From how many lines at the beginning of a file the order of names is learned.
const LINES_OF_ORDER: u32 = 64;

/// How many names of a line may be without a place in the table; they are compared one by one.
const MAX_UNLISTED: usize = 64;

/// A reference to another record.
#[derive(Debug)]
pub(super) struct ScannedReference {
    pub(super) target: ObjectType,
    /// Where the id is, without its quotes.
    pub(super) range: Range<usize>,
    slot: u16,
    name_at: usize,
    /// The standard field.
    bit: FieldSet,
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

/// The result of the scanner for a line.
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
    /// The standard fields whose reference leads to a record of the files.
    pub(super) resolved: FieldSet,
    /// The standard fields that it should have and has not.
    pub(super) missing: FieldSet,
    /// Where the first name is.
    pub(super) first_name_at: usize,
    /// Whether no line before had one of its names.
    pub(super) has_new_names: bool,
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
        self.resolved = 0;
        self.has_new_names = false;
    }

    /// Whether there is nothing to report, whatever the names.
    #[cfg(any(test, fuzzing))]
    pub(super) fn is_good(&self) -> bool {
        self.doubts.is_empty() && self.missing == 0
    }

    /// Makes doubts of references to records that are not there.
    #[inline]
    pub(super) fn doubt_references(&mut self, bytes: &[u8], context: &CheckContext<'_>) {
        for at in 0..self.references.len() {
            let reference = &self.references[at];
            let id = hash_bytes(&bytes[reference.range.clone()]);
            let found = context.known_ids.look_up(reference.target, id);
            match found {
                ReferenceLookup::Missing => self.doubt(at),
                ReferenceLookup::Deleted => {
                    self.resolved |= reference.bit;
                    self.doubt(at);
                }
                ReferenceLookup::Found => self.resolved |= reference.bit,
                ReferenceLookup::Unknown => {}
            }
        }
    }

    /// Makes a doubt of a reference.
    fn doubt(&mut self, at: usize) {
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
            context: *context,
            classifier: Classifier::new(context.format),
            fields,
            order: OrderPredictor::new(count),
            last_lines: vec![0; count],
            line: 0,
            takes_underscore: !severities.reports(Rule::ObjectIdUnderscore),
            is_utf_8: false,
            unlisted: Vec::new(),
        }
    }

    /// The name of a field of a line, and what it stands for.
    pub(super) fn field(&self, slot: u16) -> (&str, Identity<'a>) {
        let about = self.fields.about(usize::from(slot));
        (&about.name, about.identity)
    }

    /// How long a name is in the line, with its quotes.
    pub(super) fn raw_length(&self, slot: u16) -> usize {
        self.fields.about(usize::from(slot)).raw.len() + 2
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
    /// much cheaper than to look at single lines.
    pub(super) fn prepare(&mut self, bytes: &[u8]) {
        self.is_utf_8 = simdutf8::basic::from_utf8(bytes).is_ok();
    }

    /// Reads the line at `start`. Returns where the next one begins, if this one is valid JSON
    /// without repeated names. New names are learned on the way.
    ///
    /// A line ends with a line feed; bytes after it are never read as a part of the line.
    #[inline]
    pub(super) fn scan(
        &mut self,
        bytes: &[u8],
        start: usize,
        scanned: &mut Scanned,
    ) -> Option<usize> {
        if *bytes.get(start)? != b'{' || !(self.is_utf_8 || is_line_utf_8(bytes, start)) {
            return None;
        }
        scanned.clear();
        self.unlisted.clear();
        self.line = self.line.wrapping_add(1);
        if self.line == 0 {
            self.last_lines.fill(0);
            self.line = 1;
        }
        // The order of the names is learned from some of the lines; where it always changes, that would
        // take time for nothing.
        let learns = self.line < LINES_OF_ORDER || self.line.is_multiple_of(8);
        let mut previous = 0;
        let mut at = after_space(bytes, start + 1);
        scanned.first_name_at = at;
        loop {
            let name_at = at;
            let named = match self.name(bytes, at, previous, learns) {
                Some(named) => named,
                None => {
                    scanned.has_new_names = true;
                    self.new_name(bytes, at)?
                }
            };
            let (slot, after) = named;
            at = after_space(bytes, after);
            if slot == UNLISTED {
                at = value::custom(bytes, at)?;
                previous = UNLISTED;
            } else {
                let entry = self.fields.entry(slot);
                let last_line = self.last_lines.get_mut(usize::from(entry.canonical))?;
                if *last_line == self.line {
                    return None;
                }
                *last_line = self.line;
                scanned.present |= entry.standard_bit;
                previous = slot + 1;
                at = self.value(entry, bytes, at, slot, name_at, scanned)?;
            }
            let mut separator = *bytes.get(at)?;
            if separator <= b' ' {
                at = after_space(bytes, at);
                separator = *bytes.get(at)?;
            }
            match separator {
                b',' => at = after_space(bytes, at + 1),
                b'}' => break,
                _ => return None,
            }
        }
        let next = line_end(bytes, at + 1)?;
        scanned.missing = self.fields.missing(scanned.present, scanned.is_deleted);
        Some(next)
    }

    /// Learns the name whose quote is at `at`, and reads its colon. Returns its place in the table,
    /// [`UNLISTED`] if there is no room, and where it ends.
    #[cold]
    fn new_name(&mut self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        if *bytes.get(at)? != b'"' {
            return None;
        }
        let start = at + 1;
        let end = text::name(bytes, start)?;
        let colon = after_space(bytes, end + 1);
        if *bytes.get(colon)? != b':' {
            return None;
        }
        let raw = str::from_utf8(&bytes[start..end]).ok()?;
        let has_escapes = raw.contains('\\');
        let name = unescaped(&bytes[at..=end], raw)?;
        let (classifier, context) = (&self.classifier, &self.context);
        if let Some(slot) = self
            .fields
            .learn(raw.as_bytes(), &name, classifier, context)
        {
            self.last_lines.push(0);
            self.order.resize(self.fields.len());
            return Some((slot, colon + 1));
        }
        let is_repeated = |known: &Range<usize>| bytes[known.clone()] == bytes[start..end];
        let is_simple = !has_escapes
            && !self.fields.has_escapes()
            && self.unlisted.len() < MAX_UNLISTED
            && !self.unlisted.iter().any(is_repeated)
            && self.is_custom(&name);
        self.unlisted.push(start..end);
        is_simple.then_some((UNLISTED, colon + 1))
    }

    /// Whether a name is that of a custom field that is not declared, and breaks no rule.
    fn is_custom(&self, name: &str) -> bool {
        let format = self.context.format;
        let mut schemas = self.context.schema.iter();
        let is_declared = schemas.any(|schema| schema.field(format.object_type, name).is_some());
        let is_known = is_declared || format.field(name).is_some();
        let unknown = || -> UnknownName { self.classifier.classify(name) };
        !is_known && Manners::of(unknown(), &self.context) == Manners::Good
    }

    /// Reads a name and its colon. Returns its place in the table, and where it ends.
    #[inline]
    fn name(
        &mut self,
        bytes: &[u8],
        at: usize,
        previous: usize,
        learns: bool,
    ) -> Option<(usize, usize)> {
        let first: &Window = bytes.get(at..)?.first_chunk()?;
        let mut learns = learns;
        if let Some(predicted) = self.order.predicted(previous) {
            if let Some(after) = self.fields.begins(predicted, bytes, at, first) {
                return Some((predicted, after));
            }
            learns = true;
        }
        let names = self.fields.names();
        if let Some((candidates, length)) = names.candidates(bytes, at, first) {
            for candidate in candidates {
                let Some(after) = self.fields.is_named(candidate, bytes, at, first, length) else {
                    continue;
                };
                if learns {
                    self.order.learn(previous, candidate);
                }
                return Some((candidate, after));
            }
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
        entry: &Entry,
        bytes: &[u8],
        at: usize,
        slot: usize,
        name_at: usize,
        scanned: &mut Scanned,
    ) -> Option<usize> {
        let narrow = |slot: usize| u16::try_from(slot).unwrap_or_default();
        if entry.is_noted {
            let slot = narrow(slot);
            scanned.names.push(NotedName { slot, name_at });
        }
        if let Some(end) = self.good_value(entry, bytes, at, slot, name_at, scanned) {
            return Some(end);
        }
        let end = value::any(bytes, at)?;
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
        entry: &Entry,
        bytes: &[u8],
        at: usize,
        slot: usize,
        name_at: usize,
        scanned: &mut Scanned,
    ) -> Option<usize> {
        let first = *bytes.get(at)?;
        if entry.takes_null && first == b'n' {
            return value::literal(bytes, at, b"null");
        }
        // The start of a string's text. The kind of a value depends on its name more than on its
        // first byte, so processors predict best in this order.
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
                        bit: entry.standard_bit,
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
            Kind::Text => text::any(bytes, start()?)?,
            Kind::NonEmptyText => {
                let start = start()?;
                let end = text::any(bytes, start)?;
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
            Kind::TextList => return value::text_list(bytes, at),
            Kind::Custom => return value::custom(bytes, at),
            Kind::Any => return value::any(bytes, at),
            Kind::Doubt => return None,
        };
        Some(after_quote + 1)
    }
}

/// The text of a name in quotes, if it is valid JSON; `raw` is what is between the quotes.
fn unescaped<'line>(quoted: &[u8], raw: &'line str) -> Option<Cow<'line, str>> {
    if raw.contains('\\') {
        serde_json::from_slice(quoted).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(raw))
    }
}

/// The first place that is not white space within a line.
#[inline]
fn after_space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(byte) if *byte > b' ' => at,
        _ => after_spaces(bytes, at),
    }
}

#[inline]
fn after_spaces(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Whether the line is UTF-8 that begins here.
#[cold]
fn is_line_utf_8(bytes: &[u8], start: usize) -> bool {
    let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |end| start + end);
    simdutf8::basic::from_utf8(&bytes[start..end]).is_ok()
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
