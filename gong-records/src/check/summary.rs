//! The counts of a check.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::object_type::ObjectType;
use crate::rule::{Rule, Severity};

/// The counts of a check, file by file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The files, in the order of their findings.
    pub files: Vec<FileSummary>,
}

/// The counts of a check in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSummary {
    /// The file; `-` is the standard input.
    pub path: Arc<Path>,
    /// The type of its records.
    pub object_type: ObjectType,
    /// How many records it has, good and bad.
    pub records: u64,
    /// How many lines it has, blank ones and comments too.
    pub lines: u64,
    /// Its size; the uncompressed size of a compressed file.
    pub bytes: u64,
    /// How many errors were found; one for a whole column.
    pub errors: u64,
    /// How many warnings were found; one for a whole column.
    pub warnings: u64,
    /// How many findings each rule has.
    pub by_rule: BTreeMap<Rule, u64>,
}

impl FileSummary {
    /// Counts findings of a rule.
    pub(crate) fn add(&mut self, rule: Rule, severity: Severity, count: u64) {
        match severity {
            Severity::Error => self.errors += count,
            Severity::Warning => self.warnings += count,
        }
        *self.by_rule.entry(rule).or_default() += count;
    }
}

impl Summary {
    /// How many records all files have.
    pub fn records(&self) -> u64 {
        self.files.iter().map(|file| file.records).sum()
    }

    /// The size of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// How many errors were found in all files.
    pub fn errors(&self) -> u64 {
        self.files.iter().map(|file| file.errors).sum()
    }

    /// How many warnings were found in all files.
    pub fn warnings(&self) -> u64 {
        self.files.iter().map(|file| file.warnings).sum()
    }

    /// How many findings each rule has in all files.
    pub fn by_rule(&self) -> BTreeMap<Rule, u64> {
        let mut counts = BTreeMap::new();
        for (rule, count) in self.files.iter().flat_map(|file| &file.by_rule) {
            *counts.entry(*rule).or_default() += count;
        }
        counts
    }

    /// Whether no error was found; there may be warnings.
    ///
    /// ```
    /// use gong_records::check;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("stages.ldjson");
    /// std::fs::write(&path, "{\"objectId\":\"discovery\"}\n")?;
    /// let mut findings = Vec::new();
    /// let summary = check::check_paths(&[path], &check::Options::default(), &mut |finding| findings.push(finding))?;
    /// assert!(!summary.is_clean());
    /// assert_eq!(findings[0].rule.name(), "missing-field");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_clean(&self) -> bool {
        self.errors() == 0
    }
}
