//! Rows on their way from a source to records.

use std::io::{self, BufWriter, Write};

use tempfile::{NamedTempFile, TempPath};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowFormat {
    /// One JSON object per line, or an array of objects.
    Json,
    /// CSV with a header.
    Csv,
}

impl RowFormat {
    /// The ending of a file's name by which a mapping knows it.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Json => ".ndjson",
            Self::Csv => ".csv",
        }
    }
}

/// Rows of a source that a mapping converts to records: a temporary file beside the ledger, so that
/// a million rows need no more memory than one.
///
/// [`Sink::rows`](super::Sink::rows) makes it, [`Sink::add_rows`](super::Sink::add_rows) takes it.
#[derive(Debug)]
pub struct Rows {
    file: BufWriter<NamedTempFile>,
}

impl Rows {
    pub(super) fn new(file: NamedTempFile) -> Self {
        Self {
            file: BufWriter::with_capacity(256 * 1024, file),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<TempPath> {
        self.file.flush()?;
        let (file, _) = self.file.into_parts();
        Ok(file.into_temp_path())
    }
}

impl Write for Rows {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
