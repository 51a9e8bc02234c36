//! The interface of converters, which produce lines from files in other formats.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::CheckError;
use super::finding::Finding;
use super::summary::FileSummary;
use crate::io::discover::CsvHandling;
use crate::object_type::ObjectType;
use crate::rule::{Rule, Severity};

/// Makes lines of files that hold something else, as a mapping does of CSVs.
pub trait FileConverter: fmt::Debug + Send + Sync {
    /// Which files it is for.
    fn csvs(&self) -> CsvHandling;

    /// Converts one file; `-` is the standard input.
    ///
    /// # Errors
    ///
    /// [`CheckError::Read`] if the file cannot be read, [`CheckError::Convert`] if it cannot be
    /// converted to lines.
    fn convert(
        &self,
        path: &Path,
        object_type: ObjectType,
    ) -> Result<Arc<dyn LineSource>, CheckError>;
}

/// The lines that were converted from one file, and their positions in the file.
pub trait LineSource: fmt::Debug + Send + Sync {
    /// Reads the lines from the first one, each time it is called.
    ///
    /// # Errors
    ///
    /// The system's error when the lines cannot be opened.
    fn open(&self) -> io::Result<Box<dyn Read>>;

    /// The file on disk with the lines.
    fn path(&self) -> &Path;

    /// The number of the file's line, from 1, at which the row of a converted line begins; `None`
    /// for a line that does not exist.
    fn row_of(&self, line: u64) -> Option<u64>;

    /// The text of the row, as it is in the file, that the record with this id was made of; `row` is
    /// the line of the file at which it begins, on which other rows can begin too.
    fn row_text(&self, row: u64, object_id: &str) -> Option<String>;

    /// The texts of the rows, as they are in the file, that these lines were made of.
    fn row_texts(&self, lines: &BTreeSet<u64>) -> BTreeMap<u64, String>;

    /// The header row, as it is in the file; `None` for files that have none, as of JSON.
    fn head_text(&self) -> Option<String>;

    /// How many records the file has.
    fn records(&self) -> u64;

    /// Rules that do not apply to the original file, such as that of blank lines, because a line is
    /// blank if its row could not be converted.
    fn ignored_rules(&self) -> Vec<Rule>;

    /// Starts the way back from findings in lines to places in the file; `path` is the file, and
    /// `severity` says how severe a rule is, if it is reported at all.
    fn locator<'a>(
        &'a self,
        path: Arc<Path>,
        severity: &'a dyn Fn(Rule) -> Option<Severity>,
    ) -> Box<dyn Locator + 'a>;
}

/// Maps findings from lines to positions in the original file, and adds the findings of the
/// conversion.
pub trait Locator {
    /// Reports a finding in a line, after the conversion's own findings up to that line.
    fn finding(&mut self, finding: Finding, on_finding: &mut dyn FnMut(Finding));

    /// Reports the conversion's findings after the last line that had one.
    fn remaining(&mut self, on_finding: &mut dyn FnMut(Finding));

    /// Corrects what the check of the lines counted by what this reported besides, or did not.
    fn correct(&self, summary: &mut FileSummary);
}
