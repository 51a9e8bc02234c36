//! The check of one file, line by line.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::blocks::{Block, Blocks};
use super::emails::{Emails, lower};
use super::finding::{Excerpt, Finding, Problem};
use super::ids::{Ids, KnownIds, Resolution, Suspect, hash, hash_bytes};
use super::object::{parse, unescaped};
use super::options::Options;
use super::order::Order;
use super::record::{Yardstick, inspect};
use super::repeats::{Arena, Look, Seen, repeats};
use super::scan::{Scanned, Scanner};
use super::summary::FileSummary;
use crate::io::discover::{FRAMING_BYTES, MAX_BODY_BYTES};
use crate::record::ObjectType;
use crate::rule::{Rule, Severity};

/// What a file left behind.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) summary: FileSummary,
    pub(super) ids: Ids,
}

/// Opens the file again, to look at lines a second time.
pub(super) type Reopen<'a> = &'a dyn Fn() -> io::Result<Box<dyn Read>>;

/// Checks a stream. Without `reopen`, the ids are kept, to tell real repeats from chance ones.
pub(super) fn check_stream(
    reader: impl Read,
    reopen: Option<Reopen<'_>>,
    path: Arc<Path>,
    object_type: ObjectType,
    options: &Options,
    known_ids: &KnownIds,
    on_finding: &mut dyn FnMut(Finding),
) -> io::Result<Outcome> {
    let schema = options.entity_schema.as_ref();
    let yardstick = Yardstick {
        format: object_type.line_format(),
        schema: schema.filter(|schema| schema.fields(object_type).is_some()),
        known_ids,
    };
    let mut check = FileCheck {
        scanner: Scanner::new(&yardstick, options),
        yardstick,
        options,
        on_finding,
        summary: FileSummary {
            path,
            object_type,
            records: 0,
            lines: 0,
            bytes: 0,
            errors: 0,
            warnings: 0,
            by_rule: std::collections::BTreeMap::new(),
        },
        ids: Ids::new(),
        arena: reopen.is_none().then(Arena::default),
        emails: Emails::of(object_type, options, reopen.is_none()),
        order: Order::new(options),
        spread: None,
        is_type_doubted: false,
    };
    check.run(reader)?;
    check.repeats(reopen)?;
    check.whole_file();
    Ok(Outcome {
        summary: check.summary,
        ids: check.ids.packed(),
    })
}

/// In how many lines a wrong type of file is looked for; a file of one shows it in the first.
const DOUBTED_LINES: u64 = 100;

/// The check of a file as far as it has come.
struct FileCheck<'a> {
    yardstick: Yardstick<'a>,
    scanner: Scanner,
    options: &'a Options,
    on_finding: &'a mut dyn FnMut(Finding),
    summary: FileSummary,
    ids: Ids,
    arena: Option<Arena>,
    emails: Option<Emails>,
    order: Order,
    /// While a record is spread over lines: how far its first line is indented.
    spread: Option<usize>,
    is_type_doubted: bool,
}

impl FileCheck<'_> {
    fn run(&mut self, reader: impl Read) -> io::Result<()> {
        let mut blocks = Blocks::new(reader);
        if let Some(name) = foreign_encoding(blocks.beginning()?) {
            let message = format!("the file is in {name}; Gong reads UTF-8");
            let hint = "save it as UTF-8 without byte order mark; nothing more of it was checked";
            self.summary.lines = 1;
            let problem = Problem::new(Rule::Encoding, 0..0, message).with_hint(hint);
            self.report(problem, "", None);
            return Ok(());
        }
        loop {
            match blocks.next()? {
                Block::Lines {
                    bytes,
                    length,
                    is_open,
                } => {
                    self.summary.bytes += length as u64 - u64::from(is_open);
                    if self.lines(bytes, length) == Go::Stop {
                        return Ok(());
                    }
                }
                Block::LongLine {
                    beginning, length, ..
                } => {
                    self.summary.bytes += length;
                    self.summary.lines += 1;
                    let line = String::from_utf8_lossy(beginning);
                    let message = format!("the line has {length} bytes and was not looked into");
                    let problem = Problem::new(Rule::LineSize, 0..1, message);
                    self.report(
                        problem.with_hint("write each record on a line of its own"),
                        &line,
                        None,
                    );
                }
                Block::End => return Ok(()),
            }
        }
    }

    /// Checks whole lines: the first `length` bytes.
    fn lines(&mut self, bytes: &[u8], length: usize) -> Go {
        let mut at = 0;
        let mut scanned = Scanned::default();
        self.scanner.prepare(&bytes[..length]);
        while at < length {
            if let Some(next) = self.scanner.scan(bytes, at, &mut scanned)
                && self.accept(bytes, at, &scanned)
            {
                at = next;
                continue;
            }
            let end = memchr::memchr(b'\n', &bytes[at..length]).map_or(length, |end| at + end);
            if self.inspect(&bytes[at..end]) == Go::Stop {
                return Go::Stop;
            }
            at = end + 1;
        }
        Go::On
    }

    /// Counts a line in which the scanner found nothing wrong; false if it refers to nothing.
    #[inline]
    fn accept(&mut self, bytes: &[u8], start: usize, scanned: &Scanned) -> bool {
        let missing = |(target, range): &(ObjectType, Range<usize>)| {
            let id = hash_bytes(&bytes[range.clone()]);
            let resolution = self.yardstick.known_ids.resolve(*target, id);
            matches!(resolution, Resolution::Missing | Resolution::Deleted)
        };
        if scanned.references.iter().any(missing) {
            return false;
        }
        let line = self.summary.lines + 1;
        if self.order.is_watching()
            && let Some(modified) = &scanned.modified
            && !self.order.follows(&bytes[modified.clone()], line)
        {
            let text = &bytes[start..];
            let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
            let text = String::from_utf8_lossy(&text[..end]).into_owned();
            self.summary.lines += 1;
            self.report_unsorted(&text, modified.start - start, None);
            self.summary.lines -= 1;
        }
        let id = &bytes[scanned.object_id.clone()];
        self.ids.push(hash_bytes(id), line, scanned.is_deleted);
        let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
        if let Some(arena) = &mut self.arena {
            arena.push(text(id), "", line);
        }
        if let Some(emails) = &mut self.emails
            && let Some(address) = &scanned.email_address
            && !scanned.is_deleted
        {
            emails.push(text(&bytes[address.clone()]), text(id), line);
        }
        self.summary.lines = line;
        self.summary.records += 1;
        self.spread = None;
        true
    }

    /// Finds out what is wrong with a line.
    fn inspect(&mut self, bytes: &[u8]) -> Go {
        self.summary.lines += 1;
        let line = self.summary.lines;
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                self.not_utf8(bytes, error.valid_up_to());
                return Go::On;
            }
        };
        let mut text = text.strip_suffix('\r').unwrap_or(text);
        if self.is_within_spread(text) {
            return Go::On;
        }
        if line == 1
            && let Some(rest) = text.strip_prefix('\u{feff}')
        {
            let message = "the file begins with a byte order mark";
            let problem = Problem::new(Rule::ByteOrderMark, 0..0, message);
            let hint = "save it as UTF-8 without byte order mark";
            self.report(problem.with_hint(hint), rest, None);
            text = rest;
        }
        if text.trim().is_empty() {
            let problem = Problem::new(Rule::BlankLine, 0..text.len(), "the line is blank");
            self.report(problem.with_hint("delete the line"), text, None);
            return Go::On;
        }
        let is_first = self.summary.records == 0;
        let doubts_type = !self.is_type_doubted && line <= DOUBTED_LINES;
        let mut inspection = inspect(text, is_first, doubts_type, &self.yardstick);
        self.summary.records += u64::from(inspection.is_record);
        for (name, as_long_as) in inspection.custom_names.drain(..) {
            self.scanner.learn(&name, as_long_as);
        }
        let object_id = inspection.object_id.take();
        for problem in inspection.problems.drain(..) {
            self.report(problem, text, object_id.as_deref());
        }
        if let Some(object_type) = inspection.looks_like {
            self.is_type_doubted = true;
            let is = self.summary.object_type;
            let message =
                format!("the file is checked as {is}, and its fields are those of {object_type}");
            let problem = Problem::new(Rule::WrongFileType, 0..text.len().min(1), message);
            let hint = format!(
                "name the type {object_type}, or the file {}",
                object_type.file_stem()
            );
            self.report(problem.with_hint(hint), text, object_id.as_deref());
        }
        if let Some((modified, at)) = inspection.modified
            && self.order.is_watching()
            && !self.order.follows(modified.as_bytes(), line)
        {
            self.report_unsorted(text, at, object_id.as_deref());
        }
        if inspection.is_id_good
            && let Some(id) = &object_id
        {
            self.ids.push(hash(id), line, inspection.is_deleted);
            if let Some(arena) = &mut self.arena {
                arena.push(id, "", line);
            }
            if let Some(emails) = &mut self.emails
                && let Some((address, _)) = &inspection.email_address
                && !inspection.is_deleted
            {
                emails.push(address, id, line);
            }
        }
        if inspection.is_spread {
            self.spread = Some(text.len() - text.trim_start().len());
        }
        if inspection.stops_file {
            Go::Stop
        } else {
            Go::On
        }
    }

    /// Whether the line is part of a record that began on an earlier line, and told of there.
    fn is_within_spread(&mut self, text: &str) -> bool {
        let Some(indent) = self.spread else {
            return false;
        };
        let content = text.trim_start();
        if !content.is_empty() && text.len() - content.len() <= indent {
            self.spread = None;
            return content.starts_with(['}', ']']);
        }
        true
    }

    fn not_utf8(&mut self, bytes: &[u8], at: usize) {
        let text = String::from_utf8_lossy(bytes);
        let message = format!("byte 0x{:02x} is not UTF-8 here", bytes[at]);
        let replacement = '\u{fffd}'.len_utf8();
        let problem = Problem::new(Rule::Encoding, at..at + replacement, message);
        let hint = "save the file as UTF-8; it may be in Windows-1252 or ISO 8859-1";
        self.summary.records += u64::from(text.trim_start().starts_with('{'));
        self.report(problem.with_hint(hint), &text, None);
    }

    fn report_unsorted(&mut self, text: &str, at: usize, object_id: Option<&str>) {
        let earlier = self.order.previous_line();
        let message = format!(
            "modifiedDate: it is earlier than that of line {earlier}; the file is not sorted"
        );
        let problem = Problem::new(Rule::Unsorted, at..at + 1, message)
            .with_field(Some("modifiedDate".to_owned()))
            .with_hint("sort the records by modifiedDate, oldest first");
        self.report(problem, text, object_id);
    }

    /// Tells of what stands in more than one line, once it is known to be the same.
    fn repeats(&mut self, reopen: Option<Reopen<'_>>) -> io::Result<()> {
        if self.options.severity(Rule::DuplicateObjectId).is_some() {
            let (suspects, arena) = (self.ids.suspects(), self.arena.take());
            self.repeated(Rule::DuplicateObjectId, suspects, arena, reopen)?;
        }
        if let Some(emails) = self.emails.take() {
            let suspects = emails.addresses.suspects();
            self.repeated(Rule::DuplicateEmail, suspects, emails.arena, reopen)?;
        }
        Ok(())
    }

    fn repeated(
        &mut self,
        rule: Rule,
        suspects: Vec<Suspect>,
        arena: Option<Arena>,
        reopen: Option<Reopen<'_>>,
    ) -> io::Result<()> {
        if suspects.is_empty() {
            return Ok(());
        }
        let total = self.summary.lines;
        let yardstick = self.yardstick;
        let is_of_ids = rule == Rule::DuplicateObjectId;
        let look: Look = if is_of_ids { id_in } else { email_in };
        let look = (look, &yardstick);
        repeats(suspects, arena, reopen, look, &mut |repeat| {
            self.summary.lines = repeat.line;
            let (line, seen) = (repeat.first_line, repeat.seen);
            let (field, message, hint, object_id) = if is_of_ids {
                let message = format!("objectId: it stands in line {line} already");
                let hint = "keep the latest of the two, or put it into another file";
                ("objectId", message, hint, &seen.key)
            } else {
                let message = format!("emailAddress: the user in line {line} has it already");
                let hint = "Gong ties one user to an address: keep the one who owns the records, \
                            or delete the other (isDeleted)";
                ("emailAddress", message, hint, &seen.object_id)
            };
            let problem = Problem::new(rule, seen.range.clone(), message)
                .with_field(Some(field.to_owned()))
                .with_hint(hint);
            self.report(problem, repeat.text, Some(object_id));
        })?;
        self.summary.lines = total;
        Ok(())
    }

    /// Tells what is wrong with the file as a whole.
    fn whole_file(&mut self) {
        let lines = std::mem::take(&mut self.summary.lines);
        let most = MAX_BODY_BYTES - FRAMING_BYTES;
        let bytes = self.summary.bytes;
        if bytes > most {
            let message =
                format!("the file has {bytes} bytes; Gong takes at most {most} an upload");
            let problem = Problem::new(Rule::FileSize, 0..0, message);
            self.report(problem.with_hint("split it into several files"), "", None);
        }
        // A file that could not be read at all has been told of.
        if self.summary.records == 0 && self.summary.errors == 0 {
            let problem = Problem::new(Rule::NoRecords, 0..0, "the file holds no record");
            self.report(
                problem.with_hint("look at the export, or leave the file out"),
                "",
                None,
            );
        }
        self.summary.lines = lines;
    }

    /// Reports a problem of the present line, unless its rule is allowed.
    fn report(&mut self, problem: Problem, text: &str, object_id: Option<&str>) {
        let Some(severity) = self.options.severity(problem.rule) else {
            return;
        };
        match severity {
            Severity::Error => self.summary.errors += 1,
            Severity::Warning => self.summary.warnings += 1,
        }
        *self.summary.by_rule.entry(problem.rule).or_default() += 1;
        let line = self.summary.lines;
        let Range { start, end } = problem.range;
        let start = text.floor_char_boundary(start);
        (self.on_finding)(Finding {
            path: Arc::clone(&self.summary.path),
            line,
            column: if line == 0 {
                0
            } else {
                text[..start].chars().count() as u64 + 1
            },
            rule: problem.rule,
            severity,
            field: problem.field,
            object_id: object_id.map(str::to_owned),
            message: problem.message,
            hint: problem.hint,
            row: None,
            excerpt: (line > 0 && !text.is_empty()).then(|| Excerpt::new(text, start..end)),
        });
    }
}

/// The id in a line that is looked at again; of one with mistakes, as it was read the first time.
fn id_in<'line>(text: &'line str, yardstick: &Yardstick<'_>) -> Option<Seen<'line>> {
    let seen = |key: Cow<'line, str>, range| Seen {
        key,
        object_id: Cow::Borrowed(""),
        range,
    };
    let parsed = parse(text);
    if parsed.error.is_none() {
        let mut pairs = parsed.pairs.into_iter();
        let pair = pairs.find(|pair| pair.name == "objectId")?;
        return Some(seen(unescaped(pair.value.get()), pair.range));
    }
    let inspection = inspect(text, false, false, yardstick);
    let id = inspection.object_id?;
    let range = inspection.object_id_at..inspection.object_id_at + id.len() + 2;
    Some(seen(Cow::Owned(id), range))
}

/// The email address of the user in a line that is looked at again.
fn email_in<'line>(text: &'line str, yardstick: &Yardstick<'_>) -> Option<Seen<'line>> {
    let inspection = inspect(text, false, false, yardstick);
    let (address, at) = inspection.email_address?;
    Some(Seen {
        key: Cow::Owned(lower(&address).into_owned()),
        object_id: Cow::Owned(inspection.object_id?),
        range: at..at + address.len() + 2,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Stop,
}

/// The encoding of a text that is evidently not in UTF-8.
fn foreign_encoding(beginning: &[u8]) -> Option<&'static str> {
    match beginning {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] => Some("UTF-16 (little endian)"),
        [0xfe, 0xff, ..] => Some("UTF-16 (big endian)"),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some("UTF-16 (little endian)"),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some("UTF-16 (big endian)"),
        [0x1f, 0x8b, ..] => Some("gzip, but its name does not end in .gz"),
        [b'P', b'K', 3, 4, ..] => Some("a ZIP archive or a spreadsheet"),
        _ => None,
    }
}
