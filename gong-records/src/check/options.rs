//! What a check is told to look for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::source::FileConverter;
use crate::io::discover::{CsvHandling, unmapped_csvs};
use crate::record::ObjectType;
use crate::rule::{Rule, Severity};
use crate::schema::EntitySchema;

/// How a check goes about it.
///
/// ```
/// use gong_records::{Rule, check::Options};
///
/// let mut options = Options::default();
/// options.strict = true;
/// options.allow.insert(Rule::ObjectIdUnderscore);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Warnings count as errors.
    pub strict: bool,
    /// Rules whose breach is not reported, whatever the other settings say.
    pub allow: BTreeSet<Rule>,
    /// Rules whose breach is an error.
    pub deny: BTreeSet<Rule>,
    /// The type of all records; otherwise each file's name tells.
    pub object_type: Option<ObjectType>,
    /// The declared custom fields; without them, any custom field is taken.
    pub entity_schema: Option<EntitySchema>,
    /// What makes lines of CSVs, such as a `Conversion` of the module `mapping`; without it, CSVs are
    /// refused.
    pub converter: Option<Arc<dyn FileConverter>>,
}

impl Options {
    /// The CSVs in folders among the paths that are not checked, because nothing makes records of
    /// them. A folder of CSVs alone is refused instead.
    pub fn passed_over(&self, paths: &[impl AsRef<Path>]) -> Vec<PathBuf> {
        match self.csvs() {
            CsvHandling::Unmapped => unmapped_csvs(paths),
            _ => Vec::new(),
        }
    }

    /// How CSVs are found.
    pub(super) fn csvs(&self) -> CsvHandling {
        let converter = self.converter.as_ref();
        converter.map_or(CsvHandling::Unmapped, |converter| converter.csvs())
    }

    /// How much a breach of the rule weighs; `None` when it is allowed.
    pub fn severity(&self, rule: Rule) -> Option<Severity> {
        if self.allow.contains(&rule) {
            None
        } else if self.strict || self.deny.contains(&rule) {
            Some(Severity::Error)
        } else {
            Some(rule.severity())
        }
    }
}
