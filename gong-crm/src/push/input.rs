//! The records of a push: files that are found, unpacked, converted and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_client::error::{Error, ErrorKind};
use gong_records::check::{
    self, CheckError, FileConverter, Finding, Input, LineSource, Lines, Severity,
};
use gong_records::io::discover::{
    CsvHandling, EntityFilePath, FilesError, entity_files, is_rejects_file, type_of_input,
    unmapped_csvs,
};
use gong_records::io::open::unpack;
use gong_records::rule::Rule;
use tempfile::TempPath;

use super::event::{Event, Events};
use super::origins::Origins;
use super::report::RecordError;
use super::spool::Spool;
use super::{CheckMode, Options, PushError};
use crate::ObjectType;
use crate::ledger::Milliseconds;
use crate::source::{SourceFile, Stamp};

/// The path that means standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// How many findings are reported while a push is under way.
const REPORTED_FINDINGS: usize = 50;

/// Things that the push handles itself, so the check must not report them: it omits blank lines,
/// splits large files, and orders versions of a record.
const HANDLED_RULES: [Rule; 4] = [
    Rule::BlankLine,
    Rule::FileSize,
    Rule::Unsorted,
    Rule::DuplicateObjectId,
];

/// A file that a push sends, as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputFile {
    /// Its path; `-` for standard input.
    pub path: PathBuf,
    /// The type of its records.
    pub object_type: ObjectType,
    /// Its size; 0 for standard input.
    pub bytes: u64,
}

impl InputFile {
    pub(super) fn is_standard_input(&self) -> bool {
        self.path.as_os_str() == STANDARD_INPUT
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
    }
}

/// A file that is ready to be read: plain lines on disk.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: InputFile,
    /// Where its lines are: in the file itself, or in the spool.
    pub(super) lines: PathBuf,
    pub(super) bytes: u64,
    /// The converted lines of a CSV.
    pub(super) converted: Option<Arc<dyn LineSource>>,
    /// Lines that are not sent; by number in `lines`.
    pub(super) skipped: BTreeMap<u64, Skipped>,
    /// Whether it holds records that were rejected before, by its name.
    pub(super) is_rejects: bool,
    /// Whether its records came from memory, so that there is no file for rejects beside it.
    pub(super) is_in_memory: bool,
    /// The file as it was before it was read, if it must not change.
    pub(super) stamp: Option<Stamp>,
    /// How many records it has, with those that could not be converted.
    pub(super) records: u64,
    /// Where its records came from, if they were taken from the spool.
    pub(super) origins: Option<Origins>,
    /// Its lines, if they are deleted with it.
    pub(super) _temporary: Option<TempPath>,
}

/// Why a line is not sent.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    /// The record's id, as far as it can be read.
    pub(super) object_id: Option<String>,
    pub(super) reasons: Vec<String>,
    /// What is not known of a file because of this line.
    pub(super) doubt: Option<Doubt>,
}

/// What an error in a line leaves open about the records of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubt {
    /// The id of the line's record: the record may be in the file, under an id that was damaged.
    Id,
    /// Which records the line holds: it may have swallowed others, or be the end of a cut export.
    Records,
}

impl Doubt {
    /// What an error of this rule, perhaps of a field, leaves open.
    pub(super) fn of(rule: Rule, field: Option<&str>) -> Option<Self> {
        match rule {
            Rule::Row
            | Rule::LineSize
            | Rule::JsonArray
            | Rule::PrettyPrinted
            | Rule::JsonSyntax
            | Rule::UnquotedWord
            | Rule::SingleQuotes
            | Rule::TrailingComma
            | Rule::TwoObjects
            | Rule::NotAnObject => Some(Self::Records),
            // Its id is known, and which version is meant is not.
            Rule::ConflictingVersions | Rule::ObjectIdCase => None,
            _ if field == Some("objectId") => Some(Self::Id),
            _ => None,
        }
    }
}

/// The lines of a file, or those that were made of it.
pub(super) fn lines_to_check(converted: Option<&Arc<dyn LineSource>>, lines: &Path) -> Lines {
    match converted {
        Some(converted) => Lines::Converted(Arc::clone(converted)),
        None => Lines::In(lines.to_path_buf()),
    }
}

/// One file can be the source of several types: deals and their stages come from one export.
type Key = (ObjectType, PathBuf);

impl OpenFile {
    fn key(&self) -> Key {
        (self.file.object_type, self.file.path.clone())
    }

    fn as_input(&self) -> Input {
        Input {
            path: self.file.path.clone(),
            object_type: self.file.object_type,
            lines: lines_to_check(self.converted.as_ref(), &self.lines),
        }
    }

    /// A file of records that a source or an app gave.
    pub(super) fn of_source(
        object_type: ObjectType,
        source: SourceFile,
    ) -> Result<Self, PushError> {
        let metadata = fs::metadata(&source.lines).map_err(PushError::Spool)?;
        let file = InputFile {
            path: source.name,
            object_type,
            bytes: metadata.len(),
        };
        Ok(Self {
            converted: source.converted,
            stamp: source.stamp,
            is_rejects: false,
            is_in_memory: true,
            _temporary: source.temporary,
            ..Self::new(file, source.lines, metadata.len())
        })
    }

    pub(super) fn new(file: InputFile, lines: PathBuf, bytes: u64) -> Self {
        Self {
            is_rejects: is_rejects_file(&file.path),
            file,
            lines,
            bytes,
            converted: None,
            skipped: BTreeMap::new(),
            is_in_memory: false,
            stamp: None,
            records: 0,
            origins: None,
            _temporary: None,
        }
    }
}

impl Options {
    /// Finds the files that the options name; nothing is read but directories.
    ///
    /// # Errors
    ///
    /// [`FilesError`] when a path can't be read, has no records, or when the type of a file is not
    /// known.
    pub fn files(&self) -> Result<Vec<InputFile>, FilesError> {
        let is_input = |path: &&PathBuf| path.as_os_str() == STANDARD_INPUT;
        let (input, named): (Vec<&PathBuf>, Vec<&PathBuf>) = self.paths.iter().partition(is_input);
        let mut files = Vec::new();
        if !input.is_empty() {
            files.push(InputFile {
                path: STANDARD_INPUT.into(),
                object_type: type_of_input(self.object_type, &self.csvs())?,
                bytes: 0,
            });
        }
        if !named.is_empty() || files.is_empty() {
            for file in entity_files(&named, self.object_type, &self.types, &self.csvs())? {
                let EntityFilePath { path, object_type } = file;
                let bytes = match fs::metadata(&path) {
                    Ok(metadata) => metadata.len(),
                    Err(source) => return Err(FilesError::Unreadable { path, source }),
                };
                files.push(InputFile {
                    path,
                    object_type,
                    bytes,
                });
            }
        }
        files.sort_by_key(|file| file.object_type);
        Ok(files)
    }

    /// The CSVs in the named folders that are skipped, because nothing says how to convert them.
    pub fn skipped_csvs(&self) -> Vec<PathBuf> {
        match self.csvs() {
            CsvHandling::Unmapped => unmapped_csvs(&self.paths),
            _ => Vec::new(),
        }
    }

    /// The check that a push with these options makes; `None` if it makes none.
    ///
    /// Rules about things that a push handles itself are allowed: blank lines, large files, several
    /// versions of a record and their order.
    pub fn push_check(&self) -> Option<check::Options> {
        self.check.options().map(|options| {
            let mut options = options.clone();
            options.severities.allow.extend(HANDLED_RULES);
            options
        })
    }

    fn csvs(&self) -> CsvHandling {
        let converter = self.converter.as_ref();
        converter.map_or(CsvHandling::Unmapped, |converter| converter.csvs())
    }
}

/// Reads standard input to its end.
pub(super) fn open_input(
    files: Vec<InputFile>,
    options: &Options,
) -> Result<Vec<OpenFile>, PushError> {
    let open = |file: InputFile| {
        if let Some(converter) = converter_of(&file, options) {
            return convert(file, &**converter);
        }
        let copy = || -> io::Result<(TempPath, u64)> {
            let mut copy = tempfile::Builder::new().prefix("gong-crm-").tempfile()?;
            let bytes = io::copy(&mut io::stdin().lock(), &mut copy)?;
            Ok((copy.into_temp_path(), bytes))
        };
        let (copied, bytes) = copy().map_err(|error| unreadable(&file.path, error))?;
        let lines = copied.to_path_buf();
        Ok(OpenFile {
            _temporary: Some(copied),
            ..OpenFile::new(file, lines, bytes)
        })
    };
    files.into_iter().map(open).collect()
}

/// Opens files: unpacks them, converts CSVs.
pub(super) fn open(
    files: Vec<InputFile>,
    options: &Options,
    spool: &Spool,
) -> Result<Vec<OpenFile>, PushError> {
    files
        .into_iter()
        .map(|file| open_one(file, options, spool))
        .collect()
}

fn open_one(file: InputFile, options: &Options, spool: &Spool) -> Result<OpenFile, PushError> {
    let path = file.path.clone();
    let unreadable = |error: io::Error| unreadable(&path, error);
    if let Some(converter) = converter_of(&file, options) {
        return convert(file, &**converter);
    }
    let lines = if file.is_compressed() {
        let packed = fs::File::open(&file.path).map_err(unreadable)?;
        let unpacked = unpack(packed).map_err(unreadable)?;
        spool.copy(unpacked).map_err(unreadable)?
    } else {
        file.path.clone()
    };
    let bytes = fs::metadata(&lines).map_err(unreadable)?.len();
    Ok(OpenFile::new(file, lines, bytes))
}

fn converter_of<'o>(file: &InputFile, options: &'o Options) -> Option<&'o Arc<dyn FileConverter>> {
    let converter = options.converter.as_ref();
    converter.filter(|converter| converter.csvs().include(&file.path))
}

fn convert(file: InputFile, converter: &dyn FileConverter) -> Result<OpenFile, PushError> {
    let converted = converter.convert(&file.path, file.object_type)?;
    let lines = converted.path().to_path_buf();
    let bytes = fs::metadata(&lines).map_err(|error| unreadable(&file.path, error))?;
    Ok(OpenFile {
        converted: Some(converted),
        ..OpenFile::new(file, lines, bytes.len())
    })
}

/// Runs what reads files on a thread that may wait for them.
pub(super) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PushError> {
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|error| {
        let message = format!("reading was interrupted: {error}");
        PushError::Request(Error::new(ErrorKind::File, message))
    })
}

/// A file that can't be read.
pub(super) fn unreadable(path: &Path, error: io::Error) -> PushError {
    let message = format!("{} can't be read", path.display());
    PushError::Request(Error::new(ErrorKind::File, message).with_source(error))
}

/// The result of the check of a push's files.
#[derive(Debug)]
pub(super) enum Checked {
    /// They can be sent, except for the lines that the files now skip.
    Sendable,
    /// There are errors, and nothing is sent: the errors of each file, in the order of the files.
    Invalid(Vec<Vec<RecordError>>),
}

/// An error of a record, and its line in what the mapping made of the file.
struct Found {
    record: Option<u64>,
    error: RecordError,
    doubt: Option<Doubt>,
}

/// What a check finds.
#[derive(Default)]
struct Findings {
    /// The errors of each file.
    found: BTreeMap<Key, Vec<Found>>,
    /// The first errors, which are reported.
    first: Vec<Finding>,
    errors: u64,
    warnings: u64,
}

impl Findings {
    fn add(&mut self, finding: Finding) {
        if finding.severity != Severity::Error {
            self.warnings += 1;
            return;
        }
        let key = (finding.object_type, finding.path.to_path_buf());
        self.found.entry(key).or_default().push(Found {
            record: finding.record,
            error: RecordError::unsent(
                finding.line,
                finding.object_id.clone(),
                finding.message.clone(),
            ),
            doubt: Doubt::of(finding.rule, finding.field.as_deref()),
        });
        if !finding.is_repeat {
            self.errors += 1;
            if self.first.len() < REPORTED_FINDINGS {
                self.first.push(finding);
            }
        }
    }
}

/// Checks the files, as the options say.
pub(super) fn check(
    files: &mut [OpenFile],
    options: &Options,
    events: &Events,
) -> Result<Checked, CheckError> {
    let is_checked = options.check.options().is_some();
    let is_input = |open: &OpenFile| is_checked || open.converted.is_some();
    if !files.iter().any(is_input) {
        return Ok(Checked::Sendable);
    }
    let mut check_options = options.push_check().unwrap_or_else(|| {
        let mut unchecked = check::Options::default();
        unchecked.severities.allow.extend(HANDLED_RULES);
        unchecked
    });
    // Each record with a word that is not known is held back, not the first alone.
    check_options.repeats = true;
    let mut findings = Findings::default();
    let mut on_finding = |finding| findings.add(finding);
    let mut records: BTreeMap<Key, u64> = BTreeMap::new();
    if is_checked {
        let inputs = files.iter().map(OpenFile::as_input).collect();
        let summary = check::check_inputs(inputs, &check_options, &mut on_finding)?;
        let counts = summary.files.iter();
        records.extend(counts.map(|of| ((of.object_type, of.path.to_path_buf()), of.records)));
    } else {
        // What could not be converted can't be sent, checked or not.
        for open in files.iter() {
            let Some(converted) = &open.converted else {
                continue;
            };
            let path = Arc::from(open.file.path.as_path());
            let severity = |rule| check_options.severities.of(rule);
            let mut locator = converted.locator(path, &severity);
            locator.remaining(&mut on_finding);
            records.insert(open.key(), converted.records());
        }
    }
    for open in files.iter_mut() {
        open.records = records.get(&open.key()).copied().unwrap_or_default();
    }
    let Findings {
        mut found,
        first,
        errors,
        warnings,
    } = findings;
    events.emit(Event::Checked {
        findings: first,
        errors,
        warnings,
    });
    if found.is_empty() {
        return Ok(Checked::Sendable);
    }
    let is_of_whole_file = found.values().flatten().any(|of| of.error.source_line == 0);
    let skips = options.check.skips_invalid() || !is_checked;
    if !skips || is_of_whole_file {
        let of_file = files.iter().map(|open| {
            let of_file = found.remove(&open.key()).unwrap_or_default();
            of_file.into_iter().map(|of| of.error).collect()
        });
        return Ok(Checked::Invalid(of_file.collect()));
    }
    for open in files {
        let of_file = found.remove(&open.key()).unwrap_or_default();
        for Found {
            record,
            error,
            doubt,
        } in of_file
        {
            // Several records of a CSV or a JSON file can begin on one line.
            let line = record.unwrap_or(error.source_line);
            let skipped = open.skipped.entry(line).or_default();
            skipped.object_id = skipped.object_id.take().or(error.object_id);
            skipped.reasons.push(error.description);
            skipped.doubt = skipped.doubt.max(doubt);
        }
    }
    Ok(Checked::Sendable)
}

/// Checks the files of a round: a source may be empty, and then nothing of its type should be in Gong.
/// If records may be held back, unusable files are removed, together with all others of their type.
pub(super) fn check_usable(
    open: &mut Vec<OpenFile>,
    mut options: Options,
    events: &Events,
    unusable: &mut Vec<(ObjectType, String)>,
) -> Result<Checked, CheckError> {
    if let CheckMode::Strict(check) | CheckMode::SkipInvalid(check) = &mut options.check {
        check.severities.allow.insert(Rule::NoRecords);
    }
    loop {
        let errors = match check(open, &options, events)? {
            Checked::Invalid(errors) if options.check.skips_invalid() => errors,
            checked => return Ok(checked),
        };
        let of_files = open.iter().zip(&errors);
        let bad: Vec<(ObjectType, String)> = of_files
            .filter_map(|(open, errors)| {
                let error = errors.iter().find(|error| error.source_line == 0)?;
                let path = open.file.path.display();
                let message = format!("source cannot be used: {path}: {}", error.description);
                Some((open.file.object_type, message))
            })
            .collect();
        if bad.is_empty() {
            return Ok(Checked::Invalid(errors));
        }
        open.retain(|open| bad.iter().all(|(of, _)| *of != open.file.object_type));
        for open in &mut *open {
            open.skipped.clear();
        }
        unusable.extend(bad);
    }
}

impl OpenFile {
    /// How many records errors of `skipped` concern.
    pub(super) fn skipped_records(&self) -> u64 {
        self.skipped.len() as u64
    }

    /// The name of its file, without the folder.
    pub(super) fn name(&self) -> String {
        let name = self
            .file
            .path
            .file_name()
            .unwrap_or(self.file.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The line of a record as people see it in the file: a row of a CSV, or the line itself.
    pub(super) fn source_line(&self, line: u64) -> u64 {
        match (&self.converted, &self.origins) {
            (Some(converted), _) => converted.row_of(line).unwrap_or(line),
            (None, Some(origins)) => origins.line(line).unwrap_or(line),
            (None, None) => line,
        }
    }

    /// The as-of of a record that was read earlier than this push began.
    pub(super) fn as_of(&self, line: u64) -> Option<Milliseconds> {
        self.origins.as_ref()?.as_of(line)
    }

    /// How many records the errors are about.
    pub(super) fn distinct(errors: &[RecordError]) -> u64 {
        let places = errors
            .iter()
            .map(|error| (error.source_line, error.object_id.as_deref()));
        places.collect::<BTreeSet<_>>().len() as u64
    }
}
