//! What a check is told to look for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::entity::ObjectType;
use crate::entity_schema::EntitySchema;
use crate::files::{Csvs, csvs_of_folders};
use crate::rule::{Rule, Severity};

/// How a check goes about it.
///
/// ```
/// use gong_crm::{Rule, check::Options};
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
    /// What makes records of CSVs; without it, CSVs are refused.
    #[cfg(feature = "convert")]
    pub conversion: Option<crate::convert::Conversion>,
}

impl Options {
    /// The CSVs in folders among the paths that are not checked, because nothing makes records of
    /// them. A folder of CSVs alone is refused instead.
    pub fn passed_over(&self, paths: &[impl AsRef<Path>]) -> Vec<PathBuf> {
        match self.csvs() {
            Csvs::Unmapped => csvs_of_folders(paths),
            Csvs::Mapped(_) | Csvs::MappedByName(_) => Vec::new(),
        }
    }

    /// How CSVs are found.
    #[cfg_attr(
        not(feature = "convert"),
        expect(clippy::unused_self, reason = "the conversion is looked at")
    )]
    pub(super) fn csvs(&self) -> Csvs {
        #[cfg(feature = "convert")]
        if let Some(conversion) = &self.conversion {
            return conversion.csvs();
        }
        Csvs::Unmapped
    }

    /// How much a breach of the rule weighs; `None` when it is allowed.
    pub(super) fn severity(&self, rule: Rule) -> Option<Severity> {
        if self.allow.contains(&rule) {
            None
        } else if self.strict || self.deny.contains(&rule) {
            Some(Severity::Error)
        } else {
            Some(rule.severity())
        }
    }
}
