//! The check of a CSV: checks its converted lines, and reports findings for rows and columns.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::lines::{Conversion, CsvInput, CsvLines, Walk, WalkedRow};
use super::problem::Problem;
use super::source_map::name_place;
use crate::check::{
    CheckError, Excerpt, FileConverter, FileSummary, Finding, LineSource, Locator, STANDARD_INPUT,
};
use crate::io::discover::CsvHandling;
use crate::record::ObjectType;
use crate::rule::{Rule, Severity};

impl FileConverter for Conversion {
    fn csvs(&self) -> CsvHandling {
        self.csvs()
    }

    fn convert(
        &self,
        path: &Path,
        object_type: ObjectType,
    ) -> Result<Arc<dyn LineSource>, CheckError> {
        let input = if path.as_os_str() == STANDARD_INPUT {
            CsvInput::standard_input().map_err(|source| CheckError::Read {
                path: path.to_path_buf(),
                source,
            })?
        } else {
            CsvInput::File(path.to_path_buf())
        };
        match CsvLines::make(input, object_type, self) {
            Ok(lines) => Ok(Arc::new(lines)),
            Err(source) => Err(CheckError::Convert {
                path: path.to_path_buf(),
                source: Box::new(source),
            }),
        }
    }
}

impl LineSource for CsvLines {
    fn open(&self) -> io::Result<Box<dyn Read>> {
        File::open(self.path()).map(|file| Box::new(file) as Box<dyn Read>)
    }

    fn path(&self) -> &Path {
        self.path()
    }

    fn row_of(&self, line: u64) -> Option<u64> {
        self.source_map().place(line).map(|place| place.line)
    }

    fn row_text(&self, row: u64, object_id: &str) -> Option<String> {
        let walked = self.walk().ok()?.find(|walked| {
            let is_in_row = self.row_of(walked.number) == Some(row);
            is_in_row && walked.object_id.as_deref() == Some(object_id)
        });
        Some(walked?.text(0).0)
    }

    fn row_texts(&self, lines: &BTreeSet<u64>) -> BTreeMap<u64, String> {
        let Some(last) = lines.last() else {
            return BTreeMap::new();
        };
        let walk = self.walk().into_iter().flatten();
        walk.take_while(|walked| walked.number <= *last)
            .filter(|walked| lines.contains(&walked.number))
            .map(|walked| (walked.number, walked.text(0).0))
            .collect()
    }

    fn head_text(&self) -> Option<String> {
        let walk = self.walk().ok()?;
        (!walk.is_json()).then(|| walk.head())
    }

    fn records(&self) -> u64 {
        self.rows()
    }

    fn ignored_rules(&self) -> Vec<Rule> {
        // The line of a row that could not be converted; and the rows of a CSV need not fit one
        // upload.
        let mut rules = vec![Rule::BlankLine, Rule::FileSize];
        if self.problems() > 0 {
            rules.push(Rule::NoRecords);
        }
        rules
    }

    fn locator<'a>(
        &'a self,
        path: Arc<Path>,
        severity: &'a dyn Fn(Rule) -> Option<Severity>,
    ) -> Box<dyn Locator + 'a> {
        Box::new(Review::new(self, path, severity))
    }
}

/// Reads the CSV in parallel with the check of its lines, so that everything is reported in the
/// order of rows, and each finding with its row. A CSV without findings is not read again.
struct Review<'a> {
    csv: &'a CsvLines,
    path: Arc<Path>,
    severity: &'a dyn Fn(Rule) -> Option<Severity>,
    walk: Option<Walk>,
    current: Option<WalkedRow>,
    /// Words and names that were reported: each once, not once per row.
    reported: BTreeSet<(Option<String>, String)>,
    has_reported_file: bool,
    /// Whether the end was reached, after which the check comes back to repeated ids.
    is_looking_back: bool,
    /// How many problems were reported, by rule.
    counts: BTreeMap<(Rule, Severity), u64>,
    /// How many errors were reported, by field.
    errors_of_field: BTreeMap<String, u64>,
    /// How many findings repeat what was reported of a cell, by rule.
    repeated: BTreeMap<(Rule, Severity), u64>,
}

impl<'a> Review<'a> {
    fn new(
        csv: &'a CsvLines,
        path: Arc<Path>,
        severity: &'a dyn Fn(Rule) -> Option<Severity>,
    ) -> Self {
        Self {
            csv,
            path,
            severity,
            walk: None,
            current: None,
            reported: BTreeSet::new(),
            has_reported_file: false,
            is_looking_back: false,
            counts: BTreeMap::new(),
            errors_of_field: BTreeMap::new(),
            repeated: BTreeMap::new(),
        }
    }

    /// Walks on to the row of this line, telling of problems on the way.
    fn go_on(&mut self, line: u64, on_finding: &mut dyn FnMut(Finding)) {
        if self.walk.is_none() {
            self.walk = self.csv.walk().ok();
        }
        while self.current.as_ref().is_none_or(|row| row.number < line) {
            let Some(row) = self.walk.as_mut().and_then(Walk::next) else {
                self.problems_of_file(on_finding);
                return;
            };
            if !self.is_looking_back {
                for problem in &row.problems {
                    self.problem(problem, Some(&row), on_finding);
                }
            }
            self.current = Some(row);
        }
    }

    /// Reports what is wrong with the file as a whole, once.
    fn problems_of_file(&mut self, on_finding: &mut dyn FnMut(Finding)) {
        if std::mem::replace(&mut self.has_reported_file, true) {
            return;
        }
        let problems = self.walk.as_ref().map(|walk| walk.of_file().to_vec());
        for problem in problems.unwrap_or_default() {
            self.problem(&problem, None, on_finding);
        }
    }

    fn problem(
        &mut self,
        problem: &Problem,
        row: Option<&WalkedRow>,
        on_finding: &mut dyn FnMut(Finding),
    ) {
        let rule = problem.rule;
        let Some(severity) = self.severity(rule) else {
            return;
        };
        // The finding of its column says it already.
        if let Some(field) = problem.field.as_ref().filter(|field| {
            problem.is_other_notation
                && self.csv.is_of_other_notation(field)
                && self.severity(Rule::Notation).is_some()
        }) {
            *self.errors_of_field.entry(field.clone()).or_default() += 1;
            return;
        }
        let is_of_several =
            matches!(rule, Rule::OpenQuestion | Rule::Lookup) || problem.is_of_several;
        let is_repeat = is_of_several
            && row.is_some()
            && !self
                .reported
                .insert((problem.field.clone(), problem.message.clone()));
        if !is_repeat {
            *self.counts.entry((rule, severity)).or_default() += 1;
        }
        if let (false, Severity::Error, Some(field)) = (is_repeat, severity, &problem.field) {
            *self.errors_of_field.entry(field.clone()).or_default() += 1;
        }
        let mut finding = Finding {
            path: Arc::clone(&self.path),
            object_type: self.csv.object_type,
            line: problem.place.line,
            column: problem.column_number,
            rule,
            severity,
            field: problem.field.clone(),
            object_id: row.and_then(|row| row.object_id.clone()),
            count: 1,
            record: row.map(|row| row.number),
            is_repeat,
            first_line: None,
            message: match &problem.field {
                Some(field) => format!("{field}: {}", problem.message),
                None => problem.message.clone(),
            },
            hint: problem.hint.clone(),
            row: row.map(|_| problem.place.row),
            excerpt: row.map(|row| excerpt(row, problem.column_number)),
        };
        name_place(&mut finding, problem.column.as_deref());
        on_finding(finding);
    }

    fn severity(&self, rule: Rule) -> Option<Severity> {
        (self.severity)(rule)
    }

    /// Notes that a finding is not reported, because another says it already.
    fn repeat(&mut self, finding: &Finding) {
        let repeated = self.repeated.entry((finding.rule, finding.severity));
        *repeated.or_default() += 1;
    }
}

impl Locator for Review<'_> {
    fn finding(&mut self, finding: Finding, on_finding: &mut dyn FnMut(Finding)) {
        // The question says it already.
        let field = finding.field.as_deref();
        if field.is_some_and(|field| self.csv.is_open(field)) {
            self.repeat(&finding);
            return;
        }
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
        let is_reported = row.is_some_and(|row| {
            let mut problems = row.problems.iter();
            let is_same = |problem: &Problem| problem.field == finding.field;
            problems.any(|problem| self.severity(problem.rule).is_some() && is_same(problem))
        });
        // That a field is missing, where its cell could not be converted.
        if is_reported && !self.is_looking_back {
            self.repeat(&finding);
            return;
        }
        // That no record has a field, where no cell of it could be converted.
        let of_field = finding
            .field
            .as_ref()
            .and_then(|field| self.errors_of_field.get(field));
        if finding.rule == Rule::MissingField && of_field >= Some(&finding.count) {
            self.repeat(&finding);
            return;
        }
        let mut finding = self.csv.source_map().finding_in_csv(&self.path, finding);
        finding.excerpt = row.map(|row| excerpt(row, finding.column));
        on_finding(finding);
    }

    fn remaining(&mut self, on_finding: &mut dyn FnMut(Finding)) {
        if self.csv.problems() > 0 {
            self.go_on(u64::MAX, on_finding);
        }
    }

    fn correct(&self, summary: &mut FileSummary) {
        summary.records = self.csv.rows();
        for ((rule, severity), count) in &self.counts {
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
