//! The check of one block of lines, given a few facts about the lines before it.
//!
//! Line numbers of a block count from 1 in it. [`FileCheck`](super::file) puts blocks together.

use super::context::FieldSet;
use super::duplicates::emails::EmailKey;
use super::duplicates::versions::Version;
use super::duplicates::without_ends;
use super::finding::RawFinding;
use super::ids::hash_bytes;
use super::names::NameCache;
use super::record::{FixedLines, LineReport, RecordChecker, inspect};
use super::scan::{Scanned, Scanner};
use crate::object_type::ObjectType;
use crate::rule::Rule;

mod findings;
mod report;

pub(super) use findings::finding;
use findings::{line_of, unsorted};
pub(super) use report::{
    BlockFinding, BlockReport, BlockSettings, BlockStart, Counts, KeptKey, LineId, MissingCount,
    NameCount, UnresolvedCount,
};

/// In how many lines a wrong type of file is looked for; a file of one shows it in the first.
const DOUBTED_LINES: u64 = 100;

/// Checks blocks of a file.
#[derive(Debug)]
pub(super) struct BlockChecker<'a> {
    settings: BlockSettings<'a>,
    scanner: Scanner<'a>,
    names: NameCache,
    wants_emails: bool,
    start: BlockStart,
    report: BlockReport,
    /// For how many ids of the next block there should be room: some more than this one had.
    room: usize,
    built: u64,
    /// The number of findings of each missing field that have messages.
    built_missing: Vec<u64>,
    /// For each name of the scanner, alone or beside all standard fields, its place in the report.
    name_places: Vec<u32>,
    /// Places of names that the scanner does not know.
    other_names: std::collections::HashMap<(Rule, String), u32>,
    is_type_doubted: bool,
    /// A line whose mistakes were fixed.
    fixed: Scanned,
    fixed_bytes: Vec<u8>,
}

impl<'a> BlockChecker<'a> {
    pub(super) fn new(settings: BlockSettings<'a>) -> Self {
        let object_type = settings.context.format.object_type;
        let wants_emails = object_type == ObjectType::BusinessUser
            && settings.severities.reports(Rule::DuplicateEmail);
        let scanner = Scanner::new(&settings.context, settings.severities);
        let start = BlockStart {
            is_first: false,
            is_before_records: false,
            spread: None,
            open: 0,
            wanted: 0,
            watches_order: false,
        };
        let fields = settings.context.format.fields.len();
        Self {
            scanner,
            names: NameCache::new(settings.context.format),
            wants_emails,
            start,
            report: BlockReport::new(fields),
            room: 0,
            built: 0,
            built_missing: vec![0; fields],
            name_places: Vec::new(),
            other_names: std::collections::HashMap::new(),
            is_type_doubted: false,
            fixed: Scanned::default(),
            fixed_bytes: Vec::new(),
            settings,
        }
    }

    /// The standard fields that records should have.
    pub(super) fn expected(&self) -> FieldSet {
        self.scanner.expected()
    }

    /// Checks whole lines: the first `length` bytes. Padding has to follow them.
    pub(super) fn check(&mut self, bytes: &[u8], length: usize, start: BlockStart) -> BlockReport {
        let mut start = start;
        self.scanner.prepare(&bytes[..length]);
        loop {
            let report = self.lines(bytes, length, start);
            let closed = report.present & start.open;
            if closed == 0 {
                return report;
            }
            // A record has a field that no record before had: once per field.
            start.open &= !closed;
        }
    }

    fn lines(&mut self, bytes: &[u8], length: usize, start: BlockStart) -> BlockReport {
        let fields = self.settings.context.format.fields.len();
        self.start = start;
        self.report = BlockReport::new(fields);
        self.report.open = start.open;
        self.report.ids.reserve(self.room);
        if self.wants_emails {
            self.report.emails.reserve(self.room);
        }
        self.report.spread = start.spread;
        self.built = 0;
        self.built_missing.fill(0);
        self.name_places.clear();
        self.other_names.clear();
        self.is_type_doubted = false;
        let mut scanned = Scanned::default();
        let mut at = 0;
        while at < length {
            if self.report.spread.is_none()
                && let Some(next) = self.scanner.scan(bytes, at, &mut scanned)
                && !(scanned.has_new_names && self.doubts_type(self.report.lines + 1))
            {
                self.scanned(bytes, at, next, &mut scanned);
                at = next;
                continue;
            }
            let end = memchr::memchr(b'\n', &bytes[at..length]).map_or(length, |end| at + end);
            self.inspect(&bytes[at..end]);
            if self.report.stops_file {
                break;
            }
            at = end + 1;
        }
        self.room = self.report.ids.len() + self.report.ids.len() / 8;
        std::mem::replace(&mut self.report, BlockReport::new(0))
    }

    /// Adds a line that the scanner read.
    #[inline]
    fn scanned(&mut self, bytes: &[u8], start: usize, next: usize, scanned: &mut Scanned) {
        scanned.doubt_references(bytes, &self.settings.context);
        self.report.lines += 1;
        self.report.records += 1;
        let line = self.report.lines;
        if !scanned.names.is_empty() {
            self.scanned_names(bytes, start, next, scanned);
        }
        self.report.present |= scanned.present;
        self.report.resolved |= scanned.resolved;
        let are_counted = self.are_only_counted(scanned.missing);
        if scanned.doubts.is_empty() && are_counted {
            if scanned.missing != 0 {
                self.count_missing(scanned.missing, line);
            }
        } else {
            self.doubtful(bytes, start, next, scanned);
            return;
        }
        if self.start.watches_order
            && let Some(modified) = &scanned.modified
        {
            let (settings, places) = (&self.settings, &*scanned);
            let finding = || {
                let text = line_of(bytes, start, next);
                let id = places.object_id.clone();
                let id = Some(String::from_utf8_lossy(&bytes[id])).filter(|id| !id.is_empty());
                unsorted(settings, &text, line, modified.start - start, id.as_deref())
            };
            self.report
                .order
                .add(&bytes[modified.clone()], line, finding);
        }
        if scanned.object_id.is_empty() {
            return;
        }
        let id = &bytes[scanned.object_id.clone()];
        self.push_id(hash_bytes(id), scanned.is_deleted);
        if self.settings.keeps_keys {
            let modified = scanned.modified.clone().map(|range| &bytes[range]);
            let version = Version::of_bytes(&bytes[start..next], modified);
            let id = str::from_utf8(id).unwrap_or_default();
            self.keep_id(id, version);
        }
        if self.wants_emails
            && !scanned.is_deleted
            && let Some(address) = scanned.email_address.clone()
        {
            let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
            if self.settings.keeps_keys {
                self.push_email(text(&bytes[address]), text(id));
            } else if let Ok(line) = u32::try_from(line) {
                // The scanner accepts addresses of ASCII alone.
                let email = EmailKey::of_ascii(&bytes[address], line);
                self.report.emails.push(email);
            }
        }
    }

    /// Adds a line of valid JSON that has values in doubt, or lacks fields.
    fn doubtful(&mut self, bytes: &[u8], start: usize, next: usize, scanned: &Scanned) {
        let text = line_of(bytes, start, next);
        let detail = self.built < self.start.wanted || !self.are_only_counted(scanned.missing);
        let context = self.settings.context;
        let checker = RecordChecker::new(&context, &mut self.names, detail);
        let report = checker.doubts(&text, start, &self.scanner, scanned, false);
        self.line_report(report, &text, &bytes[start..next]);
    }

    /// Whether the names of this line may be those of another type.
    fn doubts_type(&self, line: u64) -> bool {
        self.start.is_first && !self.is_type_doubted && line <= DOUBTED_LINES
    }

    /// Finds out what is wrong with a line that the scanner could not read.
    fn inspect(&mut self, bytes: &[u8]) {
        self.report.lines += 1;
        let line = self.report.lines;
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                self.not_utf8(bytes, error.valid_up_to());
                return;
            }
        };
        let mut text = text.strip_suffix('\r').unwrap_or(text);
        if self.is_within_spread(text) {
            return;
        }
        if self.start.is_first && line == 1 && text.starts_with('\u{feff}') {
            text = without_ends(text);
            let message = "the file begins with a byte order mark";
            let problem = RawFinding::new(Rule::ByteOrderMark, 0..0, message);
            let hint = "save it as UTF-8 without byte order mark";
            self.add(problem.with_hint(hint), text, None);
        }
        if text.trim().is_empty() {
            let problem = RawFinding::new(Rule::BlankLine, 0..text.len(), "the line is blank");
            self.add(problem.with_hint("delete the line"), text, None);
            return;
        }
        let is_first = self.start.is_before_records && self.report.records == 0;
        let doubts_type = self.doubts_type(line);
        let context = self.settings.context;
        let fixed = FixedLines {
            scanner: &mut self.scanner,
            scanned: &mut self.fixed,
            bytes: &mut self.fixed_bytes,
        };
        let names = &mut self.names;
        let report = inspect(text, is_first, doubts_type, &context, names, Some(fixed));
        self.report.records += u64::from(report.is_record);
        self.line_report(report, text, bytes);
    }

    /// Adds what is known of a line; `bytes` are the whole line.
    fn line_report(&mut self, mut report: LineReport, text: &str, bytes: &[u8]) {
        let line = self.report.lines;
        let object_id = report.object_id.take();
        self.report.present |= report.present;
        self.report.resolved |= report.resolved;
        for problem in report.problems.drain(..) {
            self.add(problem, text, object_id.as_deref());
        }
        if let Some(object_type) = report.looks_like {
            self.is_type_doubted = true;
            self.add(
                self.wrong_type(object_type, text),
                text,
                object_id.as_deref(),
            );
        }
        if let Some((modified, at)) = &report.modified
            && self.start.watches_order
        {
            let settings = &self.settings;
            let id = object_id.as_deref();
            let finding = || unsorted(settings, text, line, *at, id);
            self.report.order.add(modified.as_bytes(), line, finding);
        }
        if report.is_id_good
            && let Some(id) = &object_id
        {
            self.push_id(hash_bytes(id.as_bytes()), report.is_deleted);
            if self.settings.keeps_keys {
                let modified = report.modified.as_ref();
                let modified = modified.map(|(text, _)| text.as_bytes());
                self.keep_id(id, Version::of_bytes(bytes, modified));
            }
            if self.wants_emails
                && !report.is_deleted
                && let Some((address, _)) = &report.email_address
            {
                self.push_email(address, id);
            }
        }
        if report.is_spread {
            self.report.spread = Some(text.len() - text.trim_start().len());
        }
        self.report.stops_file = report.stops_file;
    }

    fn wrong_type(&self, object_type: ObjectType, text: &str) -> RawFinding {
        let checked_as = self.settings.context.format.object_type;
        let message =
            format!("the file is checked as {checked_as}, but has the fields of {object_type}");
        let hint = format!(
            "use --type {object_type}, or rename the file to {}.ldjson",
            object_type.file_stem()
        );
        RawFinding::new(Rule::WrongFileType, 0..text.len().min(1), message).with_hint(hint)
    }

    fn push_id(&mut self, hash: u64, is_deleted: bool) {
        if let Ok(line) = u32::try_from(self.report.lines) {
            self.report.ids.push(LineId {
                hash,
                line,
                is_deleted,
            });
        }
    }

    fn keep_id(&mut self, id: &str, version: Version) {
        self.report.kept_ids.push(KeptKey {
            key: id.into(),
            version,
            line: self.report.lines,
        });
    }

    fn push_email(&mut self, address: &str, object_id: &str) {
        if let Ok(line) = u32::try_from(self.report.lines) {
            let is_kept = self.settings.keeps_keys;
            let email = EmailKey::new(address, object_id, line, is_kept);
            self.report.emails.push(email);
        }
    }

    /// Whether the line is part of a record that began on an earlier line, and was reported there.
    fn is_within_spread(&mut self, text: &str) -> bool {
        let Some(indent) = self.report.spread else {
            return false;
        };
        let content = text.trim_start();
        if !content.is_empty() && text.len() - content.len() <= indent {
            self.report.spread = None;
            return content.starts_with(['}', ']']);
        }
        true
    }

    fn not_utf8(&mut self, bytes: &[u8], at: usize) {
        let text = String::from_utf8_lossy(bytes);
        let message = format!("byte 0x{:02x} is not UTF-8", bytes[at]);
        let replacement = '\u{fffd}'.len_utf8();
        let problem = RawFinding::new(Rule::Encoding, at..at + replacement, message);
        let hint = "save the file as UTF-8; it may be in Windows-1252 or ISO 8859-1";
        self.report.records += u64::from(text.trim_start().starts_with('{'));
        self.add(problem.with_hint(hint), &text, None);
    }
}
