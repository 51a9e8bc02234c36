//! Files as a source: exports that a CRM or a warehouse leaves in a folder.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gong_records::check::FileConverter;
use gong_records::io::dated::{is_older_by_name, sort_by_age};
use gong_records::io::discover::REJECTS_INFIX;
use gong_records::io::pattern::matching;
use jiff::{SignedDuration, Timestamp};

use super::sink::Stamp;
use super::{Completeness, Read, ReadFuture, Sink, Source, SourceError};

/// Names of files by which writers say that all parts are there.
const MARKERS: [&str; 2] = ["_SUCCESS", "manifest.json"];

/// Which files count where several fit the pattern.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Take {
    /// Only one may be there.
    #[default]
    One,
    /// The one with the latest date in its name, if the names have dates and are the same otherwise;
    /// or else the one that was modified last.
    Latest,
    /// All of them: they are parts of one export.
    Parts,
}

impl std::str::FromStr for Take {
    type Err = String;

    /// Reads `latest` or `parts`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "latest" => Ok(Self::Latest),
            "parts" => Ok(Self::Parts),
            _ => Err(format!("`{text}` must be latest or parts")),
        }
    }
}

/// Files as a source: LDJSON, or with a converter CSV; also packed as `.gz`.
///
/// ```
/// use gong_crm::source::{FilesSource, Source as _, Take};
///
/// let deals = FilesSource::new("exports/deals-*.ldjson").take(Take::Latest).complete(true);
/// assert_eq!(deals.name(), "exports/deals-*.ldjson");
/// ```
#[derive(Clone)]
pub struct FilesSource {
    pattern: PathBuf,
    take: Take,
    is_complete: bool,
    lag: Duration,
    stable_for: Duration,
    converter: Option<Arc<dyn FileConverter>>,
    mapping: String,
}

impl fmt::Debug for FilesSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FilesSource")
            .field("pattern", &self.pattern)
            .field("take", &self.take)
            .field("is_complete", &self.is_complete)
            .finish_non_exhaustive()
    }
}

impl FilesSource {
    /// The files that fit a pattern, in which `*`, `?`, `[…]` and `**` mean parts of names. A
    /// folder means the files in it.
    pub fn new(pattern: impl Into<PathBuf>) -> Self {
        Self {
            pattern: pattern.into(),
            take: Take::One,
            is_complete: false,
            lag: Duration::ZERO,
            stable_for: Duration::ZERO,
            converter: None,
            mapping: String::new(),
        }
    }

    /// Which files count where several fit.
    #[must_use]
    pub fn take(mut self, take: Take) -> Self {
        self.take = take;
        self
    }

    /// Whether the files hold all records that should be in Gong. Without it, they have changes,
    /// and nothing is deleted because it is not in them.
    #[must_use]
    pub fn complete(mut self, is_complete: bool) -> Self {
        self.is_complete = is_complete;
        self
    }

    /// How much older than its modification time a file's content may be.
    #[must_use]
    pub fn lag(mut self, lag: Duration) -> Self {
        self.lag = lag;
        self
    }

    /// For how long a file must not have changed before it is read.
    #[must_use]
    pub fn stable_for(mut self, stable_for: Duration) -> Self {
        self.stable_for = stable_for;
        self
    }

    /// The converter for CSVs, and the text of its mapping, which shows changes of the mapping.
    #[must_use]
    pub fn converter(
        mut self,
        converter: Arc<dyn FileConverter>,
        mapping: impl Into<String>,
    ) -> Self {
        self.converter = Some(converter);
        self.mapping = mapping.into();
        self
    }

    /// The files that fit, with their sizes and times; the order of their names.
    fn files(&self) -> Result<Vec<(PathBuf, Stamp)>, SourceError> {
        let mut found = Vec::new();
        for path in self.paths()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_hidden = name.starts_with('.') || name.starts_with('_');
            if is_hidden || name.contains(REJECTS_INFIX) || !path.is_file() {
                continue;
            }
            let stamp = Stamp::of(&path)?;
            found.push((path, stamp));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }

    fn paths(&self) -> Result<Vec<PathBuf>, SourceError> {
        if self.pattern.is_dir() {
            let entries = std::fs::read_dir(&self.pattern)?;
            return Ok(entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<_, _>>()?);
        }
        matching(&self.pattern).map_err(SourceError::failed)
    }

    /// When the file beside the parts was written that says that all of them are there. It is written
    /// last: one that is older than a part is left from an earlier export.
    fn marker(files: &[(PathBuf, Stamp)]) -> Option<Timestamp> {
        let newest = files.iter().map(|(_, stamp)| stamp.modified).max();
        let directory = files.first().and_then(|(path, _)| path.parent())?;
        let written = MARKERS.iter().filter_map(|marker| {
            let marker = Stamp::of(&directory.join(marker)).ok()?;
            (Some(latest(marker.modified)) >= newest).then_some(marker.modified)
        });
        Timestamp::try_from(written.max()?).ok()
    }

    /// Why there is no file to read.
    fn missing(&self) -> String {
        let name = self.name();
        match std::fs::metadata(&self.pattern) {
            Ok(of) if of.is_dir() => format!("the folder {name} has no files of records"),
            Ok(of) if !of.is_file() => {
                format!("{name} is not a file; read a pipe or a device with command")
            }
            Err(_) if self.pattern.is_symlink() => {
                format!("{name} is a link to a file that is not there")
            }
            _ => format!("no file matches {name}"),
        }
    }

    /// Says which file is taken if their names don't decide it: copying changes the times of files.
    fn note_undated(&self, files: &[(PathBuf, Stamp)], sink: &mut Sink) {
        let [.., (before, _), (latest, _)] = files else {
            return;
        };
        if !is_older_by_name(before, latest) {
            sink.note(format!(
                "of {} files that match {}, {} is read, because it was modified last: their names have no \
                 dates that begin with the year, such as 2026-09-30",
                files.len(),
                self.name(),
                latest.display()
            ));
        }
    }

    fn read_files(&self, sink: &mut Sink) -> Result<Read, SourceError> {
        let mut files = self.files()?;
        let marker = match self.take {
            Take::Parts => Self::marker(&files),
            _ => None,
        };
        match (self.take, files.len()) {
            (_, 0) => {
                return Err(SourceError::Missing(self.missing()));
            }
            (Take::One, 2..) => {
                let name = self.name();
                return Err(SourceError::failed(format!(
                    "{} files match {name}: set take = \"latest\" or \"parts\"",
                    files.len()
                )));
            }
            (Take::Latest, _) => {
                sort_by_age(&mut files, |(path, _)| path, |(_, of)| Some(of.modified));
                self.note_undated(&files, sink);
                files.drain(..files.len() - 1);
            }
            _ => {}
        }
        let now = SystemTime::from(sink.now());
        let mut as_of = None;
        let mut stamp = String::new();
        for (path, of_file) in &files {
            let age = now.duration_since(of_file.modified).unwrap_or_default();
            if age < self.stable_for {
                return Err(SourceError::NotReady(format!(
                    "{} changed {} s ago and must be unchanged for {} s",
                    path.display(),
                    age.as_secs(),
                    self.stable_for.as_secs()
                )));
            }
            let written = latest(of_file.modified);
            as_of = Some(as_of.map_or(written, |as_of: SystemTime| as_of.min(written)));
            stamp.push_str(&stamp_text(path, of_file));
        }
        for (path, _) in &files {
            sink.add_file(path, self.converter.as_ref())?;
        }
        let as_of = Timestamp::try_from(as_of.unwrap_or(now)).map_err(SourceError::failed)?;
        let lag = SignedDuration::try_from(self.lag).unwrap_or(SignedDuration::ZERO);
        Ok(Read {
            as_of: as_of.checked_sub(lag).unwrap_or(Timestamp::MIN),
            completeness: if self.is_complete {
                Completeness::Complete
            } else {
                Completeness::Changes
            },
            stamp: Some(stamp),
            parts: files.len(),
            marker,
            alternates: false,
        })
    }
}

/// The last moment at which a file with this time can have been written: some file systems keep
/// whole seconds only.
fn latest(modified: SystemTime) -> SystemTime {
    let since = modified.duration_since(SystemTime::UNIX_EPOCH);
    let is_coarse = since.is_ok_and(|since| since.subsec_nanos() == 0);
    if is_coarse {
        modified + Duration::from_millis(999)
    } else {
        modified
    }
}

fn stamp_text(path: &Path, stamp: &Stamp) -> String {
    let since = stamp
        .modified
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("{} {} {}\n", path.display(), stamp.bytes, since.as_nanos())
}

impl Source for FilesSource {
    fn name(&self) -> String {
        self.pattern.display().to_string()
    }

    fn definition(&self) -> String {
        let (name, take, complete) = (self.name(), self.take, self.is_complete);
        format!("files {name} {take:?} {complete}\n{}", self.mapping)
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(async move {
            // Unpacking and converting take long.
            let (source, mut moved) = (self.clone(), sink.take());
            let reading = tokio::task::spawn_blocking(move || {
                let read = source.read_files(&mut moved);
                (moved, read)
            });
            let (moved, read) = reading.await.map_err(SourceError::failed)?;
            *sink = moved;
            read
        })
    }
}
