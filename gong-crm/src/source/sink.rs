//! Where a source puts the records that it reads.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use gong_records::check::{CheckError, FileConverter, LineSource};
use gong_records::record::Record;
use jiff::Timestamp;
use tempfile::{NamedTempFile, TempPath};

use super::{RowFormat, Rows, SourceError};
use crate::ObjectType;

/// The longest run of bytes without a line break in a packed file: a file that unpacks to more is
/// not one of records.
const MAX_LINE: usize = 16 << 20;

/// Where a source puts the records that it reads: into a temporary file, or as files that hold them
/// already.
#[derive(Debug)]
pub struct Sink {
    object_type: ObjectType,
    directory: Option<PathBuf>,
    name: PathBuf,
    now: Timestamp,
    needs_everything: bool,
    files: Vec<SourceFile>,
    open: Option<BufWriter<NamedTempFile>>,
    line: Vec<u8>,
    notes: Vec<String>,
}

/// A file with records of a source.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The name in reports.
    pub(crate) name: PathBuf,
    /// Where its lines are.
    pub(crate) lines: PathBuf,
    /// The converted lines of a CSV.
    pub(crate) converted: Option<Arc<dyn LineSource>>,
    /// The original file, as it was before it was read.
    pub(crate) stamp: Option<Stamp>,
    /// Deleted when the round ends.
    pub(crate) temporary: Option<TempPath>,
}

/// A file's size and time at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) modified: SystemTime,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            bytes: metadata.len(),
            modified: metadata.modified()?,
        })
    }

    /// Whether the file is still as it was.
    pub(crate) fn is_current(&self) -> bool {
        Self::of(&self.path).is_ok_and(|now| now == *self)
    }
}

impl Sink {
    pub(crate) fn new(
        object_type: ObjectType,
        name: PathBuf,
        directory: Option<PathBuf>,
        now: Timestamp,
    ) -> Self {
        Self {
            object_type,
            now,
            needs_everything: false,
            directory,
            name,
            files: Vec::new(),
            open: None,
            line: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Returns the sink away, to another thread, and leaves an empty one.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let directory = self.directory.clone();
        let empty = Self::new(self.object_type, self.name.clone(), directory, self.now);
        std::mem::replace(self, empty)
    }

    /// The same for a round that needs a complete read, if the source can give one.
    pub(crate) fn needing_everything(mut self, needs: bool) -> Self {
        self.needs_everything = needs;
        self
    }

    /// Whether a complete read is needed now: the user confirmed deletions, and only a complete read
    /// shows which of those records are still missing. A source that usually gives changes should
    /// give everything.
    pub fn needs_everything(&self) -> bool {
        self.needs_everything
    }

    /// The type of the records.
    pub fn object_type(&self) -> ObjectType {
        self.object_type
    }

    /// When the reading began, by the client's clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// The system's error when the temporary file can't be written.
    pub fn add<R: Record>(&mut self, record: &R) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        record.write_line(&mut line);
        let added = self.write(&line);
        self.line = line;
        added
    }

    /// Adds a record as a line of JSON, with or without its line break.
    ///
    /// # Errors
    ///
    /// The system's error when the temporary file can't be written.
    pub fn add_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.write(line)?;
        if line.last() == Some(&b'\n') {
            return Ok(());
        }
        self.write(b"\n")
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let file = self.temporary()?;
                self.open.insert(BufWriter::with_capacity(256 * 1024, file))
            }
        };
        open.write_all(bytes)
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        self.temporary_of(".ldjson")
    }

    fn temporary_of(&self, ending: &str) -> io::Result<NamedTempFile> {
        let mut named = tempfile::Builder::new();
        named.prefix("input-").suffix(ending);
        match &self.directory {
            Some(directory) => named.tempfile_in(directory),
            None => named.tempfile(),
        }
    }

    /// A temporary file for rows, which [`add_rows`](Self::add_rows) converts to records.
    ///
    /// # Errors
    ///
    /// The system's error when it can't be made.
    pub fn rows(&self, format: RowFormat) -> io::Result<Rows> {
        self.temporary_of(format.ending()).map(Rows::new)
    }

    /// Adds the records that a converter makes of rows; without a converter, the rows are records
    /// already, one JSON object per line.
    ///
    /// Findings give the row by its number.
    ///
    /// # Errors
    ///
    /// [`SourceError::Failed`] when the mapping does not fit the rows, or when the disk fails.
    pub async fn add_rows(
        &mut self,
        rows: Rows,
        converter: Option<&Arc<dyn FileConverter>>,
    ) -> Result<(), SourceError> {
        self.close()?;
        let temporary = rows.finish()?;
        let mut file = SourceFile {
            name: self.name.clone(),
            lines: temporary.to_path_buf(),
            converted: None,
            stamp: None,
            temporary: None,
        };
        if let Some(converter) = converter {
            let (converter, object_type) = (Arc::clone(converter), self.object_type);
            let path = temporary.to_path_buf();
            let converting =
                tokio::task::spawn_blocking(move || converter.convert(&path, object_type));
            let converted = match converting.await.map_err(SourceError::failed)? {
                Ok(converted) => converted,
                // The temporary file has a name that says nothing to anybody.
                Err(CheckError::Convert { source, .. }) => return Err(SourceError::Failed(source)),
                Err(error) => return Err(SourceError::failed(error)),
            };
            file.lines = converted.path().to_path_buf();
            file.converted = Some(converted);
        }
        file.temporary = Some(temporary);
        self.files.push(file);
        Ok(())
    }

    /// Adds the records of a file: lines of JSON, or, with a converter, what that makes of it. A
    /// name that ends in `.gz` is unpacked.
    ///
    /// Lines are read where they are, so the file must not change before the sync ends; if it does,
    /// the read counts as incomplete.
    ///
    /// # Errors
    ///
    /// [`SourceError::Failed`] when it can't be read or converted.
    pub fn add_file(
        &mut self,
        path: &Path,
        converter: Option<&Arc<dyn FileConverter>>,
    ) -> Result<(), SourceError> {
        self.add_file_named(path, path, converter)
    }

    /// Like [`add_file`](Self::add_file), but with another name in reports, such as the name of its
    /// stream or table.
    ///
    /// # Errors
    ///
    /// [`SourceError::Failed`] when it can't be read or converted.
    pub fn add_file_named(
        &mut self,
        name: &Path,
        path: &Path,
        converter: Option<&Arc<dyn FileConverter>>,
    ) -> Result<(), SourceError> {
        self.close()?;
        let failed = |error: io::Error| {
            SourceError::failed(format!("{} can't be read: {error}", path.display()))
        };
        let stamp = Stamp::of(path).map_err(failed)?;
        let mut file = SourceFile {
            name: name.to_path_buf(),
            lines: path.to_path_buf(),
            converted: None,
            stamp: Some(stamp),
            temporary: None,
        };
        if let Some(converter) = converter.filter(|converter| converter.csvs().include(path)) {
            let converted = converter
                .convert(path, self.object_type)
                .map_err(|error: CheckError| SourceError::failed(error))?;
            file.lines = converted.path().to_path_buf();
            file.converted = Some(converted);
        } else if is_packed(path) {
            let mut to = self.temporary().map_err(failed)?;
            unpack(path, to.as_file_mut()).map_err(failed)?;
            let temporary = to.into_temp_path();
            file.lines = temporary.to_path_buf();
            file.temporary = Some(temporary);
        }
        self.files.push(file);
        Ok(())
    }

    /// Adds files that another sink has, which lives longer than this one.
    pub(crate) fn replay(&mut self, files: &[SourceFile]) {
        self.files.extend(files.iter().map(|file| SourceFile {
            name: file.name.clone(),
            lines: file.lines.clone(),
            converted: file.converted.clone(),
            stamp: file.stamp.clone(),
            temporary: None,
        }));
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        open.flush()?;
        let (file, _) = open.into_parts();
        let temporary = file.into_temp_path();
        self.files.push(SourceFile {
            name: self.name.clone(),
            lines: temporary.to_path_buf(),
            converted: None,
            stamp: None,
            temporary: Some(temporary),
        });
        Ok(())
    }

    /// Says something about this read that is no error, such as which of several files was taken. It is
    /// a note of the plan.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// What was said about this read.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The files that hold the records; at least one, which may be empty.
    pub(crate) fn finish(mut self) -> io::Result<Vec<SourceFile>> {
        if self.files.is_empty() {
            self.write(b"")?;
        }
        self.close()?;
        Ok(self.files)
    }
}

fn is_packed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

/// Unpacks a file; stops where a line is longer than any record.
fn unpack(path: &Path, to: &mut File) -> io::Result<()> {
    let mut plain = gong_records::io::open::unpack(File::open(path)?)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut without_break = 0;
    loop {
        let read = match plain.read(&mut buffer) {
            Ok(0) => return to.flush(),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &buffer[..read];
        without_break = match memchr::memrchr(b'\n', bytes) {
            Some(last) => read - last - 1,
            None => without_break + read,
        };
        if without_break > MAX_LINE {
            return Err(io::Error::other(format!(
                "it unpacks to a line of more than {MAX_LINE} bytes"
            )));
        }
        to.write_all(bytes)?;
    }
}
