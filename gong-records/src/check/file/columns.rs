//! Findings about a whole column: a standard field that no record has, a name that violates a rule.

use std::io;

use super::FileCheck;
use crate::check::block::{
    BlockChecker, BlockFinding, BlockStart, MissingCount, NameCount, finding,
};
use crate::check::context::FieldSet;
use crate::check::finding::{Finding, RawFinding};
use crate::check::record::missing_message;
use crate::io::blocks::{Block, Blocks};
use crate::record::Presence;
use crate::rule::Rule;

/// How many names of custom fields are distinguished in a file.
const MAX_NAMES: usize = 4_096;

/// The records at the beginning of a file that lack a standard field.
#[derive(Debug, Default)]
pub(super) struct Leading {
    pub(super) records: u64,
    pub(super) first_line: u64,
    /// The finding of the first of them.
    pub(super) first: Option<Finding>,
    /// If a later record has the field: the last line of these records.
    pub(super) ended_at: Option<u64>,
}

impl FileCheck<'_> {
    /// Adds the fields that records of a block lack, and those that they have. Returns the findings
    /// that are not those of a whole column.
    pub(super) fn columns(
        &mut self,
        findings: Vec<BlockFinding>,
        missing: &[MissingCount],
        present: FieldSet,
        base: u64,
    ) -> Vec<Finding> {
        let mut kept = Vec::with_capacity(findings.len());
        for (index, leading) in self.leading.iter_mut().enumerate() {
            let bit = 1 << index;
            if self.open & bit != 0 && present & bit != 0 {
                self.open &= !bit;
                if leading.records > 0 {
                    leading.ended_at = Some(base);
                }
            }
        }
        for BlockFinding {
            finding,
            missing,
            unresolved,
        } in findings
        {
            match missing.filter(|index| self.open & (1 << index) != 0) {
                None => match unresolved {
                    Some(index) => kept.extend(self.unresolved.hold(index, finding, base)),
                    None => kept.push(finding),
                },
                Some(index) => {
                    let leading = &mut self.leading[index];
                    if leading.first.is_none() && leading.records == 0 {
                        leading.first = Some(finding);
                    }
                }
            }
        }
        for (index, count) in missing.iter().enumerate() {
            if count.records == 0 {
                continue;
            }
            if self.open & (1 << index) != 0 {
                let leading = &mut self.leading[index];
                if leading.records == 0 {
                    leading.first_line = base + count.first_line;
                }
                leading.records += count.records;
            } else {
                let rule = self.rule_of_missing(index);
                self.counts[rule as usize] += count.records;
            }
        }
        kept
    }

    pub(super) fn rule_of_missing(&self, index: usize) -> Rule {
        match self.settings.context.format.fields[index].presence {
            Presence::Required | Presence::UnlessDeleted => Rule::MissingField,
            Presence::Optional => Rule::NotVisible,
        }
    }

    pub(super) fn add_name(&mut self, mut name: NameCount, base: u64) {
        name.first.line += base;
        let is_full = self.names.len() >= MAX_NAMES;
        let key = (name.first.rule, name.first.field.clone());
        if let Some(known) = self.names.get_mut(&key) {
            known.records += name.records;
        } else if !is_full {
            self.names.insert(key, name);
        } else {
            // Too many different names are a separate mistake: one finding covers the rest.
            let rest = self.names.entry((name.first.rule, None));
            let rest = rest.or_insert_with(|| {
                name.first.field = None;
                name.first.message = format!(
                    "the file has more than {MAX_NAMES} names of custom fields; the rest are not listed"
                );
                NameCount {
                    records: 0,
                    first: name.first,
                }
            });
            rest.records += name.records;
        }
    }

    /// Reports standard fields that no record has; or, if a later record has them, the records
    /// before it.
    pub(super) fn missing_columns(&mut self) -> io::Result<()> {
        let mut ended: FieldSet = 0;
        let mut last_line = 0;
        for index in 0..self.leading.len() {
            let leading = std::mem::take(&mut self.leading[index]);
            if leading.records == 0 {
                continue;
            }
            let rule = self.rule_of_missing(index);
            if let Some(line) = leading.ended_at
                && self.reopen.is_some()
            {
                ended |= 1 << index;
                last_line = last_line.max(line);
                self.leading[index].ended_at = Some(line);
                continue;
            }
            self.counts[rule as usize] += 1;
            if let Some(first) = leading.first
                && leading.records == 1
            {
                self.delivery.of_record(first);
                continue;
            }
            let field = &self.settings.context.format.fields[index];
            let missing = match leading.ended_at {
                None => "no record has it".to_owned(),
                Some(line) => format!("no record up to line {line} has it"),
            };
            let message = missing_message(field, rule, &missing);
            let problem = RawFinding::of_field(rule, 0..0, field.name, &message);
            self.column(problem, leading.records, leading.first_line);
        }
        if ended != 0 {
            self.leading_records(ended, last_line)?;
        }
        Ok(())
    }

    /// Reads the records at the beginning again, and reports which of these fields they lack.
    pub(super) fn leading_records(&mut self, fields: FieldSet, last_line: u64) -> io::Result<()> {
        let Some(reopen) = self.reopen else {
            return Ok(());
        };
        let mut blocks = Blocks::new(reopen()?);
        let mut base = 0;
        let mut checker = BlockChecker::new(self.settings.clone());
        while base < last_line {
            let Block::Lines { bytes, length, .. } = blocks.next()? else {
                base += 1;
                continue;
            };
            let start = BlockStart {
                is_first: false,
                is_before_records: false,
                spread: None,
                open: 0,
                wanted: self.delivery.wanted(),
                watches_order: false,
            };
            let report = checker.check(bytes, length, start);
            for (index, count) in report.missing.iter().enumerate() {
                // Blocks are cut in the same places each time.
                let ended_at = self.leading[index].ended_at.unwrap_or_default();
                if fields & (1 << index) != 0 && base < ended_at {
                    let rule = self.rule_of_missing(index);
                    self.counts[rule as usize] += count.records;
                }
            }
            for BlockFinding {
                mut finding,
                missing,
                unresolved: _,
            } in report.findings
            {
                let Some(index) = missing.filter(|index| fields & (1 << index) != 0) else {
                    continue;
                };
                if base < self.leading[index].ended_at.unwrap_or_default() {
                    finding.line += base;
                    self.delivery.of_record(finding);
                }
            }
            base += report.lines;
        }
        Ok(())
    }

    /// Reports names that break a rule, once per name.
    pub(super) fn name_columns(&mut self) {
        let names = std::mem::take(&mut self.names);
        let mut names: Vec<NameCount> = names.into_values().collect();
        names.sort_by_key(|name| name.first.line);
        for NameCount { records, first } in names {
            self.counts[first.rule as usize] += 1;
            if records == 1 {
                self.delivery.of_record(first);
                continue;
            }
            let line = first.line;
            self.delivery.of_column(Finding {
                line: 0,
                column: 0,
                object_id: None,
                count: records,
                first_line: Some(line),
                excerpt: None,
                ..first
            });
        }
    }

    pub(super) fn column(&mut self, problem: RawFinding, records: u64, first_line: u64) {
        let rule = problem.rule;
        let Some(severity) = self.settings.severities.of(rule) else {
            return;
        };
        let finding = finding(&self.settings, problem, severity, "", 0, None);
        self.delivery.of_column(Finding {
            count: records,
            first_line: Some(first_line),
            ..finding
        });
    }
}
