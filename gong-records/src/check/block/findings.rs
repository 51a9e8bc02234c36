//! Collecting the findings in the lines of a block.

use std::ops::Range;
use std::sync::Arc;

use super::BlockChecker;
use super::report::{BlockFinding, BlockSettings, NameCount};
use crate::check::context::FieldSet;
use crate::check::finding::{About, Excerpt, Finding, RawFinding};
use crate::check::record::RecordChecker;
use crate::check::scan::{Identity, Scanned};
use crate::rule::{Rule, Severity};

/// How many names that the scanner does not know are distinguished in a block.
const MAX_OTHER_NAMES: usize = 4_096;

impl BlockChecker<'_> {
    /// Whether findings of these missing fields need no messages.
    pub(super) fn are_only_counted(&self, missing: FieldSet) -> bool {
        let mut rest = missing & !self.start.open;
        while rest != 0 {
            let index = rest.trailing_zeros() as usize;
            if self.built_missing[index] < self.start.wanted {
                return false;
            }
            rest &= rest - 1;
        }
        true
    }

    pub(super) fn count_missing(&mut self, missing: FieldSet, line: u64) {
        self.report.absent |= missing;
        let mut rest = missing;
        while rest != 0 {
            let count = &mut self.report.missing[rest.trailing_zeros() as usize];
            if count.records == 0 {
                count.first_line = line;
            }
            count.records += 1;
            rest &= rest - 1;
        }
    }

    /// Counts the names of a line that break a rule.
    pub(super) fn scanned_names(
        &mut self,
        bytes: &[u8],
        start: usize,
        next: usize,
        scanned: &Scanned,
    ) {
        let context = self.settings.context;
        self.name_places.resize(self.scanner.names() * 2, u32::MAX);
        for noted in &scanned.names {
            let (name, identity) = self.scanner.field(noted.slot);
            let Identity::Unknown(unknown) = identity else {
                continue;
            };
            let Some(rule) = unknown.rule(&context, scanned.present) else {
                continue;
            };
            let Some(severity) = self.settings.severities.of(rule) else {
                continue;
            };
            let place = usize::from(noted.slot) * 2 + usize::from(rule == Rule::MisspelledName);
            let known = self.name_places[place];
            if severity == Severity::Warning
                && let Some(count) = self.report.names.get_mut(known as usize)
            {
                count.records += 1;
                continue;
            }
            let name_at = noted.name_at - start;
            let range = name_at..name_at + self.scanner.raw_length(noted.slot);
            let name = name.to_owned();
            let mut checker = RecordChecker::new(&context, &mut self.names, true);
            let problem = checker.name_problem(unknown, &name, range, scanned.present);
            let Some(problem) = problem else {
                continue;
            };
            let text = line_of(bytes, start, next);
            let id = &bytes[scanned.object_id.clone()];
            let id = Some(String::from_utf8_lossy(id)).filter(|id| !id.is_empty());
            if severity == Severity::Error {
                self.add_value(problem, severity, &text, id.as_deref());
                continue;
            }
            self.name_places[place] = u32::try_from(self.report.names.len()).unwrap_or(u32::MAX);
            let first = self.finding(problem, severity, &text, id.as_deref());
            self.report.names.push(NameCount { records: 1, first });
        }
    }

    /// Adds a problem of the current line.
    pub(super) fn add(&mut self, problem: RawFinding, text: &str, object_id: Option<&str>) {
        let Some(severity) = self.settings.severities.of(problem.rule) else {
            return;
        };
        match problem.about {
            About::Name if severity == Severity::Warning => {
                self.add_name(problem, severity, text, object_id);
            }
            About::Missing(index) => {
                let bit = 1 << index;
                self.count_missing(bit, self.report.lines);
                if !self.are_only_counted(bit) && !problem.message.is_empty() {
                    self.built_missing[index] += 1;
                    let finding = self.finding(problem, severity, text, object_id);
                    self.report.findings.push(BlockFinding {
                        finding,
                        missing: Some(index),
                        unresolved: None,
                    });
                }
            }
            About::Reference(index) if severity == Severity::Warning => {
                self.count_unresolved(index, &problem, text);
                self.add_value(problem, severity, text, object_id);
            }
            About::Name | About::Value | About::Reference(_) => {
                self.add_value(problem, severity, text, object_id);
            }
        }
    }

    fn count_unresolved(&mut self, index: usize, problem: &RawFinding, text: &str) {
        const MAX_IDS: usize = 3;
        let line = self.report.lines;
        let count = self.report.unresolved.entry(index).or_default();
        if count.records == 0 {
            count.first_line = line;
        }
        count.records += 1;
        if count.ids.len() < MAX_IDS {
            let id = text.get(problem.range.clone()).unwrap_or_default();
            count.ids.extend(serde_json::from_str::<String>(id).ok());
        }
    }

    pub(super) fn add_value(
        &mut self,
        problem: RawFinding,
        severity: Severity,
        text: &str,
        object_id: Option<&str>,
    ) {
        self.report.counts[problem.rule as usize] += 1;
        if self.built < self.start.wanted && !problem.message.is_empty() {
            self.built += 1;
            let unresolved = match problem.about {
                About::Reference(index) if severity == Severity::Warning => Some(index),
                _ => None,
            };
            let finding = self.finding(problem, severity, text, object_id);
            self.report.findings.push(BlockFinding {
                finding,
                missing: None,
                unresolved,
            });
        }
    }

    /// Adds a name of a line that the scanner could not read.
    pub(super) fn add_name(
        &mut self,
        problem: RawFinding,
        severity: Severity,
        text: &str,
        object_id: Option<&str>,
    ) {
        let key = (problem.rule, problem.field.clone().unwrap_or_default());
        if let Some(place) = self.other_names.get(&key) {
            self.report.names[*place as usize].records += 1;
            return;
        }
        // Names beyond these are of no use to anybody, and are counted under the last.
        if self.other_names.len() < MAX_OTHER_NAMES {
            let place = u32::try_from(self.report.names.len()).unwrap_or(u32::MAX);
            self.other_names.insert(key, place);
            let first = self.finding(problem, severity, text, object_id);
            self.report.names.push(NameCount { records: 1, first });
        } else if let Some(last) = self.report.names.last_mut() {
            last.records += 1;
        }
    }

    pub(super) fn finding(
        &self,
        problem: RawFinding,
        severity: Severity,
        text: &str,
        object_id: Option<&str>,
    ) -> Finding {
        let line = self.report.lines;
        finding(&self.settings, problem, severity, text, line, object_id)
    }
}

/// A finding in a line.
pub(in crate::check) fn finding(
    settings: &BlockSettings<'_>,
    problem: RawFinding,
    severity: Severity,
    text: &str,
    line: u64,
    object_id: Option<&str>,
) -> Finding {
    let Range { start, end } = problem.range;
    let start = text.floor_char_boundary(start);
    Finding {
        path: Arc::clone(&settings.path),
        object_type: settings.context.format.object_type,
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
        count: 1,
        record: None,
        is_repeat: false,
        first_line: None,
        message: problem.message,
        hint: problem.hint,
        row: None,
        excerpt: (settings.excerpts && line > 0 && !text.is_empty())
            .then(|| Excerpt::new(text, start..end)),
    }
}

/// The finding at a date that is earlier than one before it; the line of that one is not known yet.
pub(super) fn unsorted(
    settings: &BlockSettings<'_>,
    text: &str,
    line: u64,
    at: usize,
    object_id: Option<&str>,
) -> Finding {
    let severity = settings.severities.of(Rule::Unsorted);
    let problem = RawFinding::new(Rule::Unsorted, at..at + 1, "")
        .with_field(Some("modifiedDate".to_owned()))
        .with_hint("sort the records by modifiedDate, oldest first");
    let severity = severity.unwrap_or(Severity::Warning);
    finding(settings, problem, severity, text, line, object_id)
}

/// A line that the scanner read, without its end.
pub(super) fn line_of(bytes: &[u8], start: usize, next: usize) -> std::borrow::Cow<'_, str> {
    let line = &bytes[start..next];
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match simdutf8::basic::from_utf8(line) {
        Ok(line) => line.into(),
        // The scanner reads UTF-8 only.
        Err(_) => String::from_utf8_lossy(line),
    }
}
