//! A page of the findings of a check.

use std::collections::BTreeMap;

use gong_crm::check::{Finding, Summary};

use super::{Chart, Fill, MAX_ROWS, Page, Section, Table, Tone};
use crate::output::table::{count, counted};

/// Collects findings: the first ones as they are, all of them as numbers.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    rows: Vec<Vec<String>>,
    by_field: BTreeMap<String, u64>,
    total: u64,
    owners: Option<Section>,
}

/// The most fields that are counted by themselves.
const MAX_FIELDS: usize = 10_000;

impl Findings {
    pub(crate) fn add(&mut self, found: &Finding) {
        self.total += 1;
        if let Some(field) = &found.field
            && (self.by_field.len() < MAX_FIELDS || self.by_field.contains_key(field))
        {
            *self.by_field.entry(field.clone()).or_default() += found.count;
        }
        if self.rows.len() >= MAX_ROWS {
            return;
        }
        let place = match found.line {
            0 => String::new(),
            line => count(line),
        };
        let message = match &found.hint {
            Some(hint) => format!("{}. {hint}", found.message.trim_end_matches('.')),
            None => found.message.clone(),
        };
        self.rows.push(vec![
            found.severity.to_string(),
            found.path.display().to_string(),
            place,
            found.object_id.clone().unwrap_or_default(),
            found.rule.to_string(),
            message,
            count(found.count),
        ]);
    }

    /// Whose deals nobody sees.
    pub(crate) fn owners(&mut self, section: Section) {
        self.owners = Some(section);
    }

    pub(crate) fn page(self, summary: &Summary) -> Page {
        let (errors, warnings) = (summary.errors(), summary.warnings());
        let page = Page::new("Check of the files for Gong");
        let page = match (errors, warnings) {
            (0, 0) => page.verdict("no problem", "A push would send these files.", Tone::Good),
            (0, warnings) => page.verdict(
                counted(warnings, "warning"),
                "A push would send these files.",
                Tone::Warn,
            ),
            (errors, _) => page.verdict(
                counted(errors, "error"),
                "A push would send nothing until they are corrected.",
                Tone::Bad,
            ),
        };
        let mut by_rule: Vec<(String, Vec<u64>)> = summary
            .by_rule()
            .iter()
            .map(|(rule, times)| (rule.to_string(), vec![*times]))
            .collect();
        by_rule.sort_by(|(_, left), (_, right)| right.cmp(left));
        let mut by_field: Vec<(String, Vec<u64>)> = self
            .by_field
            .into_iter()
            .map(|(field, times)| (field, vec![times]))
            .collect();
        by_field.sort_by(|(_, left), (_, right)| right.cmp(left));
        let files = summary.files.iter().map(|file| {
            vec![
                file.object_type.to_string(),
                file.path.display().to_string(),
                count(file.records),
                count(file.errors),
                count(file.warnings),
            ]
        });
        let columns = [
            ("type", false),
            ("file", false),
            ("records", true),
            ("errors", true),
            ("warnings", true),
        ];
        let files = Table::new("The files", &columns, files, summary.files.len() as u64);
        let columns = [
            ("severity", false),
            ("file", false),
            ("line", true),
            ("id", false),
            ("rule", false),
            ("what is wrong, and what to do", false),
            ("records", true),
        ];
        let findings = Table::new("Findings", &columns, self.rows, self.total);
        let of_rules = Chart::new("Findings by rule", &[("findings", Fill::Gone)], by_rule);
        let of_fields = Chart::new("Findings by field", &[("findings", Fill::Gone)], by_field);
        let owners = self.owners.unwrap_or_default();
        page.fact("files", summary.files.len() as u64)
            .fact("records", summary.records())
            .fact("errors", errors)
            .fact("warnings", warnings)
            .section(Section::new("Rules").chart(of_rules))
            .section(Section::new("Fields").chart(of_fields))
            .section(owners)
            .section(Section::new("Files").table(files))
            .section(Section::new("Findings").table(findings))
    }
}
