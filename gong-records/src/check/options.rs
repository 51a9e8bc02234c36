//! The options of a check.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::severities::Severities;
use super::source::FileConverter;
use crate::io::discover::{CsvHandling, SourceFiles, unmapped_csvs};
use crate::object_type::ObjectType;
use crate::schema::EntitySchema;

/// The options of a check.
///
/// ```
/// use gong_records::{Rule, check::Options};
///
/// let mut options = Options::default();
/// options.severities.strict = true;
/// options.severities.allow.insert(Rule::ObjectIdUnderscore);
/// options.max_findings = Some(50);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Which rules are reported, and as errors or warnings.
    pub severities: Severities,
    /// The type of all records; otherwise it follows from each file's name.
    pub object_type: Option<ObjectType>,
    /// The types of the records of some files, whatever their names say.
    pub types: SourceFiles,
    /// The declared custom fields; without them, any custom field is accepted.
    pub entity_schema: Option<EntitySchema>,
    /// Converts CSV files to lines, such as a `Conversion` of the module `mapping`; without it, CSV
    /// files are rejected.
    pub converter: Option<Arc<dyn FileConverter>>,
    /// The maximum number of reported findings of single records. All are counted, and those of
    /// whole files and columns are always reported.
    pub max_findings: Option<u64>,
    /// Leave out the excerpts of findings, which only people need.
    pub without_excerpts: bool,
    /// Report a word with an open question, or a name that can't be looked up, for each record that
    /// has it and not only for the first: for whoever holds records back.
    pub repeats: bool,
    /// How many threads check; by default as many as the machine has cores.
    pub threads: Option<NonZero<usize>>,
    /// Types of which Gong has records already, so that records can refer to them even if no file
    /// has them.
    pub known_types: BTreeSet<ObjectType>,
}

impl Options {
    /// The CSV files in folders among the paths that are not checked, because there is no converter
    /// for them. A folder with only CSV files is an error instead.
    pub fn passed_over(&self, paths: &[impl AsRef<Path>]) -> Vec<PathBuf> {
        match self.csvs() {
            CsvHandling::Unmapped => unmapped_csvs(paths),
            _ => Vec::new(),
        }
    }

    /// How CSV files are found.
    pub(super) fn csvs(&self) -> CsvHandling {
        let converter = self.converter.as_ref();
        converter.map_or(CsvHandling::Unmapped, |converter| converter.csvs())
    }

    /// The number of threads.
    pub(super) fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        self.threads.map_or_else(cores, NonZero::get)
    }
}
