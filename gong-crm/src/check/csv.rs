//! The check of a CSV: its lines as all lines, and what is found told of its rows and columns.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::file::{Outcome, check_stream};
use super::finding::{Excerpt, Finding};
use super::ids::KnownIds;
use super::options::Options;
use super::summary::FileSummary;
use crate::convert::{CsvLines, Problem, Walk, WalkedRow};
use crate::rule::{Rule, Severity};

/// Checks what a CSV became; `path` is what findings call it.
pub(super) fn check_csv(
    csv: &CsvLines,
    path: Arc<Path>,
    options: &Options,
    known_ids: &KnownIds,
    on_finding: &mut dyn FnMut(Finding),
) -> io::Result<Outcome> {
    let mut of_lines = options.clone();
    // The line of a row that could not be converted; and the rows of a CSV need not fit one upload.
    of_lines.allow.extend([Rule::BlankLine, Rule::FileSize]);
    if csv.problems() > 0 {
        of_lines.allow.insert(Rule::NoRecords);
    }
    let mut review = Review::new(csv, Arc::clone(&path), options);
    let reopen = || File::open(csv.path()).map(|file| Box::new(file) as Box<dyn io::Read>);
    let mut outcome = check_stream(
        File::open(csv.path())?,
        Some(&reopen),
        path,
        csv.object_type(),
        &of_lines,
        known_ids,
        &mut |finding| review.finding(finding, on_finding),
    )?;
    if csv.problems() > 0 {
        review.go_on(u64::MAX, on_finding);
    }
    outcome.summary.records = csv.rows();
    review.correct(&mut outcome.summary);
    Ok(outcome)
}

/// Tells of the cells and rows that could not be converted, without a check.
#[cfg(feature = "client")]
pub(crate) fn problems_of_csv(
    csv: &CsvLines,
    path: Arc<Path>,
    options: &Options,
    on_finding: &mut dyn FnMut(Finding),
) {
    if csv.problems() > 0 {
        Review::new(csv, path, options).go_on(u64::MAX, on_finding);
    }
}

/// Goes through the CSV beside the check of its lines, so that everything is told of in the order of
/// rows, and each finding with its row. A CSV in which nothing is found is not read again.
struct Review<'a> {
    csv: &'a CsvLines,
    path: Arc<Path>,
    options: &'a Options,
    walk: Option<Walk>,
    current: Option<WalkedRow>,
    /// Whether the end was reached, after which the check comes back to repeated ids.
    is_looking_back: bool,
    /// Problems that were told of, by rule.
    told: BTreeMap<(Rule, Severity), u64>,
    /// Findings that say again what was told of a cell, by rule.
    repeated: BTreeMap<(Rule, Severity), u64>,
}

impl<'a> Review<'a> {
    fn new(csv: &'a CsvLines, path: Arc<Path>, options: &'a Options) -> Self {
        Self {
            csv,
            path,
            options,
            walk: None,
            current: None,
            is_looking_back: false,
            told: BTreeMap::new(),
            repeated: BTreeMap::new(),
        }
    }

    /// Tells of a finding in a line, after the problems of all rows up to its.
    fn finding(&mut self, finding: Finding, on_finding: &mut dyn FnMut(Finding)) {
        let line = finding.line;
        let known = self.current.as_ref().map_or(0, |row| row.number);
        if line < known || (line == 0 && !self.is_looking_back) {
            if self.csv.problems() > 0 && !self.is_looking_back {
                self.go_on(u64::MAX, on_finding);
            }
            (self.is_looking_back, self.walk, self.current) = (true, None, None);
        }
        if line > 0 {
            self.go_on(line, on_finding);
        }
        let row = self.current.as_ref().filter(|row| row.number == line);
        let is_told = row.is_some_and(|row| {
            let mut problems = row.problems.iter();
            let is_same = |problem: &Problem| problem.field == finding.field;
            self.severity(Rule::Cell).is_some() && problems.any(is_same)
        });
        // That a field is missing, where its cell could not be converted.
        if is_told && !self.is_looking_back {
            *self
                .repeated
                .entry((finding.rule, finding.severity))
                .or_default() += 1;
            return;
        }
        let mut finding = self.csv.source_map().finding_in_csv(&self.path, finding);
        finding.excerpt = row.map(|row| excerpt(row, finding.column));
        on_finding(finding);
    }

    /// Walks on to the row of this line, telling of problems on the way.
    fn go_on(&mut self, line: u64, on_finding: &mut dyn FnMut(Finding)) {
        if self.walk.is_none() {
            self.walk = self.csv.walk().ok();
        }
        while self.current.as_ref().is_none_or(|row| row.number < line) {
            let Some(row) = self.walk.as_mut().and_then(Walk::next) else {
                return;
            };
            if !self.is_looking_back {
                for problem in &row.problems {
                    self.problem(problem, &row, on_finding);
                }
            }
            self.current = Some(row);
        }
    }

    fn problem(&mut self, problem: &Problem, row: &WalkedRow, on_finding: &mut dyn FnMut(Finding)) {
        let rule = problem.rule();
        let Some(severity) = self.severity(rule) else {
            return;
        };
        *self.told.entry((rule, severity)).or_default() += 1;
        let mut finding = Finding {
            path: Arc::clone(&self.path),
            line: problem.place.line,
            column: problem.column_number,
            rule,
            severity,
            field: problem.field.clone(),
            object_id: row.object_id.clone(),
            message: match &problem.field {
                Some(field) => format!("{field}: {}", problem.message),
                None => problem.message.clone(),
            },
            hint: problem.hint.clone(),
            row: Some(problem.place.row),
            excerpt: Some(excerpt(row, problem.column_number)),
        };
        finding.name_place(problem.column.as_deref());
        on_finding(finding);
    }

    fn severity(&self, rule: Rule) -> Option<Severity> {
        self.options.severity(rule)
    }

    /// Counts what was told of besides the findings of the lines, and what was not.
    fn correct(&self, summary: &mut FileSummary) {
        for ((rule, severity), count) in &self.told {
            *of_severity(summary, *severity) += count;
            *summary.by_rule.entry(*rule).or_default() += count;
        }
        for ((rule, severity), count) in &self.repeated {
            let of_severity = of_severity(summary, *severity);
            *of_severity = of_severity.saturating_sub(*count);
            if let Some(of_rule) = summary.by_rule.get_mut(rule) {
                *of_rule = of_rule.saturating_sub(*count);
            }
        }
        summary.by_rule.retain(|_, count| *count > 0);
    }
}

fn of_severity(summary: &mut FileSummary, severity: Severity) -> &mut u64 {
    match severity {
        Severity::Error => &mut summary.errors,
        Severity::Warning => &mut summary.warnings,
    }
}

fn excerpt(row: &WalkedRow, column: u64) -> Excerpt {
    let (text, range) = row.text(column);
    Excerpt::new(&text, range)
}
