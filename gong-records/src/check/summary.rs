//! What a check counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::record::ObjectType;
use crate::rule::Rule;

/// What a check counted, file by file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The files, in the order in which their findings came.
    pub files: Vec<FileSummary>,
}

/// What a check counted in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSummary {
    /// The file; `-` is the standard input.
    pub path: Arc<Path>,
    /// What its records are.
    pub object_type: ObjectType,
    /// How many records it holds, good and bad.
    pub records: u64,
    /// How many lines it has, blank ones and comments too.
    pub lines: u64,
    /// Its size; of a compressed file, the size of what it holds.
    pub bytes: u64,
    /// How many errors were found.
    pub errors: u64,
    /// How many warnings were found.
    pub warnings: u64,
    /// How many findings each rule has.
    pub by_rule: BTreeMap<Rule, u64>,
}

impl Summary {
    /// How many records all files hold.
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
