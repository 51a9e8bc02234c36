//! The check of one file: its blocks in sequence, and what only the whole file shows.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::block::{
    BlockChecker, BlockReport, BlockSettings, BlockStart, Counts, NameCount, finding,
};
use super::blocks::{Block, Blocks};
use super::context::{CheckContext, FieldSet};
use super::delivery::Delivery;
use super::duplicates::confirm::{Duplicate, KeyKind, Reopen, confirm};
use super::duplicates::emails::Emails;
use super::duplicates::log::KeyLog;
use super::finding::{Finding, RawFinding};
use super::ids::{HashCollision, IdIndex, Ids};
use super::options::Options;
use super::order::Order;
use super::severities::SeverityTable;
use super::summary::FileSummary;
use crate::io::discover::{FRAMING_BYTES, MAX_BODY_BYTES};
use crate::record::ObjectType;
use crate::rule::{Rule, Severity};

mod columns;
mod unresolved;

use columns::Leading;
use unresolved::UnresolvedColumns;

/// What remains of a file.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) summary: FileSummary,
    pub(super) ids: Ids,
}

/// A file or a stream to be checked.
pub(super) struct Stream<'a> {
    pub(super) path: Arc<Path>,
    pub(super) object_type: ObjectType,
    /// Without it, ids are kept, to distinguish real duplicates from equal hashes.
    pub(super) reopen: Option<Reopen<'a>>,
}

/// The check of a file as far as it has come.
pub(super) struct FileCheck<'a> {
    pub(super) settings: BlockSettings<'a>,
    pub(super) checker: BlockChecker<'a>,
    delivery: Delivery<'a>,
    reopen: Option<Reopen<'a>>,
    bytes: u64,
    lines: u64,
    records: u64,
    counts: Counts,
    ids: Ids,
    log: Option<KeyLog>,
    emails: Option<Emails>,
    order: Order,
    spread: Option<usize>,
    /// Standard fields that no record has had so far.
    open: FieldSet,
    /// By the index of the field: the number of records without it while it is open, and the first
    /// finding.
    leading: Vec<Leading>,
    names: BTreeMap<(Rule, Option<String>), NameCount>,
    unresolved: UnresolvedColumns,
}

/// The caller's callback for each finding.
pub(super) type OnFinding<'a> = &'a mut dyn FnMut(Finding);

impl<'a> FileCheck<'a> {
    pub(super) fn new(
        stream: &Stream<'a>,
        options: &'a Options,
        severities: &'a SeverityTable,
        known_ids: &'a IdIndex,
        on_finding: OnFinding<'a>,
    ) -> Self {
        let object_type = stream.object_type;
        let keeps_keys = stream.reopen.is_none();
        let settings = BlockSettings {
            context: CheckContext::new(object_type, options.entity_schema.as_ref(), known_ids),
            severities,
            path: Arc::clone(&stream.path),
            keeps_keys,
            excerpts: !options.without_excerpts,
        };
        let checker = BlockChecker::new(settings.clone());
        let finds_emails =
            object_type == ObjectType::BusinessUser && severities.reports(Rule::DuplicateEmail);
        let mut leading = Vec::new();
        leading.resize_with(settings.context.format.fields.len(), Leading::default);
        Self {
            open: checker.expected(),
            checker,
            delivery: Delivery::new(options.max_findings, on_finding),
            reopen: stream.reopen,
            bytes: 0,
            lines: 0,
            records: 0,
            counts: [0; Rule::ALL.len()],
            ids: Ids::new(),
            log: keeps_keys.then(KeyLog::default),
            emails: finds_emails.then(|| Emails::new(keeps_keys)),
            order: Order::new(severities.reports(Rule::Unsorted)),
            spread: None,
            leading,
            names: BTreeMap::new(),
            unresolved: UnresolvedColumns::default(),
            settings,
        }
    }

    /// Reports a file that is not UTF-8 at all; `beginning` are its first bytes.
    pub(super) fn is_unreadable(&mut self, beginning: &[u8]) -> bool {
        let Some(name) = foreign_encoding(beginning) else {
            return false;
        };
        let message = format!("the file is {name}; Gong reads UTF-8");
        let hint = "save it as UTF-8 without byte order mark; the rest of it was not checked";
        self.lines = 1;
        self.report(
            RawFinding::new(Rule::Encoding, 0..0, message).with_hint(hint),
            1,
        );
        true
    }

    /// Checks blocks in sequence, until so many bytes were read or the file ends.
    pub(super) fn read<R: Read>(
        &mut self,
        blocks: &mut Blocks<R>,
        bytes: u64,
    ) -> io::Result<ControlFlow<()>> {
        while self.bytes < bytes {
            let flow = match blocks.next()? {
                Block::Lines {
                    bytes,
                    length,
                    is_open,
                } => {
                    self.bytes += length as u64 - u64::from(is_open);
                    let start = self.start();
                    let report = self.checker.check(bytes, length, start);
                    self.append(report)
                }
                Block::LongLine {
                    beginning, length, ..
                } => {
                    self.long_line(beginning, length);
                    ControlFlow::Continue(())
                }
                Block::End => ControlFlow::Break(()),
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The start of the next block.
    pub(super) fn start(&self) -> BlockStart {
        let is_first = self.lines == 0;
        BlockStart {
            is_first,
            is_before_records: self.records == 0,
            spread: self.spread,
            // In the first block, all findings have messages, in case the file is short.
            open: if is_first { 0 } else { self.open },
            wanted: self.delivery.wanted(),
            watches_order: self.order.is_watching(),
        }
    }

    /// Whether the report of a block is still valid after all blocks before it: its assumptions
    /// equal what is known now.
    pub(super) fn is_valid(&self, start: &BlockStart, report: &BlockReport) -> bool {
        let stale = report.open & !self.open;
        !start.is_first
            && self.spread == start.spread
            && (self.records == 0) == start.is_before_records
            && stale & report.absent == 0
    }

    pub(super) fn add_bytes(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Adds the report of the next block.
    pub(super) fn append(&mut self, report: BlockReport) -> ControlFlow<()> {
        let base = self.lines;
        self.lines += report.lines;
        self.records += report.records;
        self.spread = report.spread;
        for (all, count) in self.counts.iter_mut().zip(&report.counts) {
            *all += count;
        }
        for id in &report.ids {
            self.ids
                .push(id.hash, base + u64::from(id.line), id.is_deleted);
        }
        if let Some(log) = &mut self.log {
            for kept in &report.kept_ids {
                log.push(&kept.key, "", kept.version, base + kept.line);
            }
        }
        if let Some(emails) = &mut self.emails {
            for email in &report.emails {
                emails.push(email, base + u64::from(email.line));
            }
        }
        let (counts, resolved) = (report.unresolved, report.resolved);
        self.resolve_columns(resolved, counts, base);
        let mut findings = self.columns(report.findings, &report.missing, report.present, base);
        if let Some((mut finding, earlier)) = self.order.append(report.order, base) {
            finding.message = format!(
                "modifiedDate: it is earlier than in line {earlier}; the file is not sorted"
            );
            self.counts[Rule::Unsorted as usize] += 1;
            findings.push(finding);
            findings.sort_by_key(|finding| finding.line);
        }
        for mut finding in findings {
            finding.line += base;
            self.delivery.of_record(finding);
        }
        for name in report.names {
            self.add_name(name, base);
        }
        if report.stops_file {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Adds a line that is too long to be checked.
    pub(super) fn long_line(&mut self, beginning: &[u8], length: u64) {
        self.bytes += length;
        self.lines += 1;
        let line = String::from_utf8_lossy(beginning);
        let message = format!("the line has {length} bytes and was not checked");
        let problem = RawFinding::new(Rule::LineSize, 0..1, message);
        let problem = problem.with_hint("write each record on its own line");
        self.report_in(problem, self.lines, &line, None);
    }

    /// Reports what only the whole file shows, and ends the check.
    pub(super) fn finish(mut self) -> io::Result<Outcome> {
        self.duplicates()?;
        self.missing_columns()?;
        self.unresolved_columns();
        self.name_columns();
        self.whole_file();
        self.delivery.finish();
        let mut summary = FileSummary {
            path: Arc::clone(&self.settings.path),
            object_type: self.settings.context.format.object_type,
            records: self.records,
            lines: self.lines,
            bytes: self.bytes,
            errors: 0,
            warnings: 0,
            by_rule: BTreeMap::new(),
        };
        for rule in Rule::ALL {
            let count = self.counts[*rule as usize];
            if count > 0
                && let Some(severity) = self.settings.severities.of(*rule)
            {
                summary.add(*rule, severity, count);
            }
        }
        Ok(Outcome {
            summary,
            ids: self.ids.packed(),
        })
    }

    /// Reports keys that are in more than one line, after it is certain that they are the same.
    fn duplicates(&mut self) -> io::Result<()> {
        let severities = self.settings.severities;
        let of_ids = [
            Rule::DuplicateObjectId,
            Rule::ConflictingVersions,
            Rule::ObjectIdCase,
        ];
        if of_ids.into_iter().any(|rule| severities.reports(rule)) {
            let (collisions, log) = (self.ids.collisions(), self.log.take());
            self.confirm(KeyKind::ObjectId, collisions, log)?;
        }
        if let Some(emails) = self.emails.take() {
            let collisions = emails.addresses.collisions();
            self.confirm(KeyKind::EmailAddress, collisions, emails.log)?;
        }
        Ok(())
    }

    fn confirm(
        &mut self,
        kind: KeyKind,
        collisions: Vec<HashCollision>,
        log: Option<KeyLog>,
    ) -> io::Result<()> {
        if collisions.is_empty() {
            return Ok(());
        }
        let (reopen, context) = (self.reopen, self.settings.context);
        let mut respelled: Vec<(RawFinding, u64, String)> = Vec::new();
        let mut others = 0;
        // As errors, all records are named.
        let is_error = self.settings.severities.of(Rule::ObjectIdCase) == Some(Severity::Error);
        confirm(collisions, log, reopen, kind, &context, &mut |duplicate| {
            let object_id = match kind {
                KeyKind::ObjectId => &duplicate.key.text,
                KeyKind::EmailAddress => &duplicate.key.object_id,
            };
            let problem = duplicate_problem(kind, &duplicate);
            if duplicate.other_case.is_some() && !is_error {
                others += 1;
                if respelled.len() < 2 {
                    respelled.push((problem, duplicate.line, object_id.to_string()));
                }
                return;
            }
            self.report_in(problem, duplicate.line, duplicate.text, Some(object_id));
        })?;
        // The first of them is the earlier line of the second.
        let Some((problem, line, object_id)) = respelled.pop() else {
            return Ok(());
        };
        if others == 2 {
            self.report_in(problem, line, "", Some(&object_id));
        } else {
            self.counts[Rule::ObjectIdCase as usize] += 1;
            let message = format!(
                "{others} objectIds differ from another one only in case, such as {object_id:?} in line {line}"
            );
            let problem = RawFinding {
                message: format!("objectId: {message}"),
                ..problem
            };
            self.column(problem, others, line);
        }
        Ok(())
    }

    /// Reports what is wrong with the file as a whole.
    fn whole_file(&mut self) {
        let most = MAX_BODY_BYTES - FRAMING_BYTES;
        let bytes = self.bytes;
        if bytes > most {
            let message = format!("the file has {bytes} bytes; an upload has at most {most}");
            let problem = RawFinding::new(Rule::FileSize, 0..0, message);
            let hint = "gong-crm push splits it; split it yourself to upload it with another tool";
            self.report(problem.with_hint(hint), 0);
        }
        // A file that could not be read at all has an error already.
        if self.records == 0 && !self.has_errors() {
            let problem = RawFinding::new(Rule::NoRecords, 0..0, "the file has no records");
            let hint = "check the export, or do not send the file";
            self.report(problem.with_hint(hint), 0);
        }
    }

    fn has_errors(&self) -> bool {
        let severities = self.settings.severities;
        let mut rules = Rule::ALL.iter();
        rules.any(|rule| {
            self.counts[*rule as usize] > 0 && severities.of(*rule) == Some(Severity::Error)
        })
    }

    /// Reports a problem of a line without its text, or of the whole file with line 0.
    fn report(&mut self, problem: RawFinding, line: u64) {
        self.report_in(problem, line, "", None);
    }

    fn report_in(&mut self, problem: RawFinding, line: u64, text: &str, object_id: Option<&str>) {
        let rule = problem.rule;
        let Some(severity) = self.settings.severities.of(rule) else {
            return;
        };
        self.counts[rule as usize] += 1;
        if line > 0 && self.delivery.wanted() == 0 {
            return;
        }
        let finding = finding(&self.settings, problem, severity, text, line, object_id);
        if line == 0 {
            self.delivery.of_column(finding);
        } else {
            self.delivery.of_record(finding);
        }
    }
}

/// What to do about ids that differ only in case.
pub(super) const CASE_HINT: &str = "if both are one record, keep one spelling; if not, make the ids \
                                    differ otherwise (Salesforce: use ids of 18 characters)";

fn duplicate_problem(kind: KeyKind, duplicate: &Duplicate<'_>) -> RawFinding {
    let line = duplicate.first_line;
    let other_case = duplicate.other_case;
    let (rule, field, message, hint) = match kind {
        KeyKind::ObjectId if other_case.is_some() => (
            Rule::ObjectIdCase,
            "objectId",
            format!(
                "it differs from {:?} in line {line} only in case",
                other_case.unwrap_or_default()
            ),
            CASE_HINT,
        ),
        KeyKind::ObjectId if duplicate.conflicts => (
            Rule::ConflictingVersions,
            "objectId",
            format!("another version in line {line} has the same modifiedDate"),
            "keep the current version, or give it a later modifiedDate",
        ),
        KeyKind::ObjectId => (
            Rule::DuplicateObjectId,
            "objectId",
            format!("it is in line {line} already"),
            "gong-crm push sends the newest version; keep one to upload the file with another tool",
        ),
        KeyKind::EmailAddress => (
            Rule::DuplicateEmail,
            "emailAddress",
            format!("the user in line {line} has it already"),
            "Gong assigns one user per address: keep the one who owns the records, or delete the \
             other (isDeleted)",
        ),
    };
    let range = duplicate.key.range.clone();
    RawFinding::of_field(rule, range, field, &message).with_hint(hint)
}

/// The encoding of a text that is evidently not UTF-8.
fn foreign_encoding(beginning: &[u8]) -> Option<&'static str> {
    match beginning {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("in UTF-32"),
        [0xff, 0xfe, ..] => Some("in UTF-16 (little endian)"),
        [0xfe, 0xff, ..] => Some("in UTF-16 (big endian)"),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => {
            Some("in UTF-16 (little endian)")
        }
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some("in UTF-16 (big endian)"),
        [0x1f, 0x8b, ..] => Some("compressed by gzip, and its name does not end in .gz"),
        [b'P', b'K', 3, 4, ..] => Some("a ZIP archive or a spreadsheet"),
        _ => None,
    }
}
