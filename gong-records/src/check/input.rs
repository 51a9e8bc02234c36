//! Files to be checked, and where their lines are.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::source::LineSource;
use crate::io::open::open;
use crate::object_type::ObjectType;

/// A file to be checked.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name in findings.
    pub path: PathBuf,
    /// The type of its records.
    pub object_type: ObjectType,
    /// Where its lines are.
    pub lines: Lines,
}

impl Input {
    pub(super) fn is_readable_again(&self) -> bool {
        match &self.lines {
            Lines::Itself | Lines::Unconverted => self.path.is_file(),
            Lines::In(path) => path.is_file(),
            Lines::Converted(_) => true,
        }
    }
}

/// Where the lines of a file are.
#[derive(Debug, Clone)]
pub enum Lines {
    /// In the file itself, perhaps compressed, or in the standard input.
    Itself,
    /// In another file, from which this one was converted.
    In(PathBuf),
    /// Nowhere yet: the options' converter makes them.
    Unconverted,
    /// In the converted lines of the file.
    Converted(Arc<dyn LineSource>),
}

/// Opens the lines of a file again.
pub(super) fn reopen(file: &Input) -> Option<io::Result<Box<dyn Read>>> {
    match &file.lines {
        Lines::Itself if file.path.is_file() => {
            Some(open(&file.path).map(|reader| reader as Box<dyn Read>))
        }
        Lines::In(path) if path.is_file() => Some(open(path).map(|reader| reader as Box<dyn Read>)),
        Lines::Converted(lines) => Some(lines.open()),
        Lines::Itself | Lines::In(_) | Lines::Unconverted => None,
    }
}
