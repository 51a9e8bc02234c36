//! `EntityFile`: records as lines into a file that is complete or does not exist.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::encoder::LineEncoder;
use super::error::WriteError;
use super::object_ids;
use crate::io::atomic_file::{NewFile, Readers, sync_folder};
use crate::record::Record;

/// Writes records of one type into an entity file, which is complete or does not exist.
///
/// The lines go into a hidden file in the same folder; [`finish`](EntityFile::finish) syncs it and
/// renames it. If it is dropped before that, nothing is left behind, and an existing file at the path
/// does not change.
///
/// A file from [`create`](EntityFile::create) rejects a record that it has already or that does not
/// fit. A file from [`rolling`](EntityFile::rolling) starts the next file for such a record: Gong
/// requires several updates of one record in several files, sent in order.
///
/// ```
/// use gong_records::{Deal, EntityFile};
///
/// let folder = tempfile::tempdir()?;
/// let mut file = EntityFile::rolling(folder.path().join("deals.ldjson"))?;
/// for (modified, amount) in [("2026-03-01T09:30:00Z", 5000), ("2026-03-02T16:00:00Z", 7000)] {
///     let deal = Deal::builder().object_id("8608553").modified_date(modified).amount(amount).build()?;
///     file.write(&deal)?;
/// }
/// let written = file.finish()?;
/// assert_eq!(written.files.len(), 2);
/// assert_eq!(written.files[1].path(), folder.path().join("deals-2.ldjson"));
/// assert_eq!(written.files[1].object_id(1), Some("8608553"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EntityFile<T> {
    path: PathBuf,
    rolls_over: bool,
    lines: LineEncoder<T>,
    current: NewFile,
    complete: Vec<SyncedFile>,
}

/// A file that is synced and waits for its name.
#[derive(Debug)]
struct SyncedFile {
    aside: TempPath,
    bytes: u64,
    object_ids: object_ids::Lines,
}

/// The location of a written record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RecordLocation {
    /// The file's index in [`WriteSummary::files`].
    pub file: usize,
    /// The line in it, from 1, as Gong counts.
    pub line: u64,
}

/// The files that were written.
#[derive(Debug)]
#[non_exhaustive]
pub struct WriteSummary {
    /// The files in the order in which they must be sent; none if there was no record.
    pub files: Vec<FinishedFile>,
}

impl WriteSummary {
    /// The number of records in all files together.
    pub fn records(&self) -> u64 {
        self.files.iter().map(FinishedFile::records).sum()
    }
}

/// One complete file.
#[derive(Debug)]
pub struct FinishedFile {
    path: PathBuf,
    bytes: u64,
    object_ids: object_ids::Lines,
}

impl FinishedFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of records, one per line.
    pub fn records(&self) -> u64 {
        self.object_ids.len()
    }

    /// The number of bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The record of this line, from 1: for the line errors that Gong lists.
    pub fn object_id(&self, line: u64) -> Option<&str> {
        self.object_ids.get(line)
    }
}

impl<T: Record> EntityFile<T> {
    /// A file at this path, which rejects a record that cannot be in it.
    ///
    /// # Errors
    ///
    /// [`WriteError::File`] if no file can be created in the path's folder.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, WriteError> {
        Self::new(path.into(), false)
    }

    /// A file at this path, and more files beside it for records that cannot be in the first.
    ///
    /// One file keeps the name, `deals.ldjson`; several are numbered from 1, `deals-1.ldjson` and on,
    /// with as many digits as keep them in order by name.
    ///
    /// # Errors
    ///
    /// [`WriteError::File`] if no file can be created in the path's folder.
    pub fn rolling(path: impl Into<PathBuf>) -> Result<Self, WriteError> {
        Self::new(path.into(), true)
    }

    fn new(path: PathBuf, rolls_over: bool) -> Result<Self, WriteError> {
        if path.file_name().is_none() {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "it names no file");
            return Err(WriteError::File { path, source });
        }
        let current =
            NewFile::create(&path, Readers::Default).map_err(|source| failed(&path, source))?;
        Ok(Self {
            path,
            rolls_over,
            lines: LineEncoder::new(),
            current,
            complete: Vec::new(),
        })
    }

    /// The same with another maximum size per file; never more than Gong accepts.
    ///
    /// ```
    /// use gong_records::{EntityFile, Stage};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let mut file = EntityFile::rolling(folder.path().join("stages.ldjson"))?.with_max_bytes(100);
    /// for name in ["Discovery", "Proposal", "Negotiation"] {
    ///     file.write(&Stage::builder().object_id(name.to_lowercase()).name(name).build()?)?;
    /// }
    /// assert_eq!(file.finish()?.files.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.lines.set_max_bytes(max_bytes);
        self
    }

    /// Writes a record and returns its location.
    ///
    /// # Errors
    ///
    /// [`WriteError::TooLong`] for a record longer than a file may be; [`WriteError::Repeated`] and
    /// [`WriteError::Full`] when the file does not roll over; [`WriteError::File`] when writing
    /// fails, after which the files are lost.
    pub fn write(&mut self, record: &T) -> Result<RecordLocation, WriteError> {
        let line = match self.lines.push(record) {
            Err(WriteError::Repeated { .. } | WriteError::Full { .. }) if self.rolls_over => {
                self.next_file()?;
                self.lines.push(record)?
            }
            pushed => pushed?,
        };
        if let Some(due) = self.lines.due() {
            let written = self.current.write_all(due);
            written.map_err(|source| failed(self.current.temporary_path(), source))?;
            self.lines.written();
        }
        Ok(RecordLocation {
            file: self.complete.len(),
            line,
        })
    }

    /// Writes records, one after the other.
    ///
    /// # Errors
    ///
    /// As [`EntityFile::write`], for the first record that is rejected.
    pub fn write_all<'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a T>,
    ) -> Result<(), WriteError>
    where
        T: 'a,
    {
        records
            .into_iter()
            .try_for_each(|record| self.write(record).map(drop))
    }

    /// The number of records written so far, in all files together.
    pub fn records(&self) -> u64 {
        let before: u64 = self.complete.iter().map(|file| file.object_ids.len()).sum();
        before + self.lines.records()
    }

    /// Renames the files to their names, in order; existing files are replaced.
    ///
    /// Each file appears complete. If the machine stops in between, the first files exist. Without
    /// records there is not a file, because Gong rejects an empty one.
    ///
    /// # Errors
    ///
    /// [`WriteError::File`] if a file cannot be synced or renamed.
    pub fn finish(mut self) -> Result<WriteSummary, WriteError> {
        if self.lines.records() > 0 {
            self.complete.push(complete(self.current, &mut self.lines)?);
        }
        let count = self.complete.len();
        let mut files = Vec::with_capacity(count);
        for (index, complete) in self.complete.into_iter().enumerate() {
            let path = numbered(&self.path, index + 1, count);
            complete
                .aside
                .persist(&path)
                .map_err(|error| failed(&path, error.error))?;
            files.push(FinishedFile {
                path,
                bytes: complete.bytes,
                object_ids: complete.object_ids,
            });
        }
        sync_folder(&self.path).map_err(|source| failed(&self.path, source))?;
        Ok(WriteSummary { files })
    }

    fn next_file(&mut self) -> Result<(), WriteError> {
        let next = NewFile::create(&self.path, Readers::Default)
            .map_err(|source| failed(&self.path, source))?;
        let full = std::mem::replace(&mut self.current, next);
        self.complete.push(complete(full, &mut self.lines)?);
        Ok(())
    }
}

/// Writes the rest of a file, syncs and closes it, and resets the encoder for the next file.
fn complete<T: Record>(
    mut file: NewFile,
    lines: &mut LineEncoder<T>,
) -> Result<SyncedFile, WriteError> {
    let written = file
        .write_all(lines.waiting())
        .and_then(|()| file.as_file().sync_all());
    written.map_err(|source| failed(file.temporary_path(), source))?;
    Ok(SyncedFile {
        bytes: lines.bytes(),
        object_ids: lines.next_file(),
        aside: file.into_temp_path(),
    })
}

/// `deals.ldjson` when it is the only one, else `deals-2.ldjson`, or `deals-02.ldjson` of 10 or more.
fn numbered(path: &Path, number: usize, count: usize) -> PathBuf {
    if count == 1 {
        return path.to_path_buf();
    }
    let digits = count.to_string().len();
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("-{number:0digits$}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

fn failed(path: &Path, source: io::Error) -> WriteError {
    WriteError::File {
        path: path.to_path_buf(),
        source,
    }
}
