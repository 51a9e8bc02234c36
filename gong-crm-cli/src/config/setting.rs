//! A setting and where it comes from.

use std::fmt;
use std::path::{Path, PathBuf};

/// A value and its line, from 1.
#[derive(Debug, Clone)]
pub(crate) struct Entry<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The command line.
    Flag(&'static str),
    /// The environment.
    Variable(&'static str),
    /// A config file and the line in it.
    File(PathBuf, usize),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => formatter.write_str(name),
            Self::File(path, line) => write!(formatter, "{}:{line}", path.display()),
        }
    }
}

/// A value, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

impl<T> Setting<T> {
    pub(crate) fn flag(name: &'static str, value: Option<T>) -> Option<Self> {
        let source = Source::Flag(name);
        value.map(|value| Self { value, source })
    }

    pub(crate) fn variable(name: &'static str, value: Option<T>) -> Option<Self> {
        let source = Source::Variable(name);
        value.map(|value| Self { value, source })
    }

    pub(crate) fn file(path: &Path, entry: Option<Entry<T>>) -> Option<Self> {
        entry.map(|entry| Self {
            value: entry.value,
            source: Source::File(path.to_path_buf(), entry.line),
        })
    }
}

/// An environment variable; an empty one counts as not set.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
