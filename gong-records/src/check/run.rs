//! The check of many files: what refers to others after the others, and several at a time.

use std::io::{self, Read};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::CheckError;
use super::file::{Outcome, check_stream};
use super::finding::Finding;
use super::ids::{Ids, KnownIds};
use super::options::Options;
use super::source::LineSource;
use super::summary::{FileSummary, Summary};
use crate::io::discover::{CsvHandling, EntityFilePath, FilesError, entity_files, type_of_input};
use crate::io::open::open;
use crate::record::ObjectType;
use crate::schema::SchemaField;

/// A file to be checked.
#[derive(Debug, Clone)]
pub struct Input {
    /// What findings call it.
    pub path: PathBuf,
    /// What its records are.
    pub object_type: ObjectType,
    /// Where its lines are.
    pub lines: Lines,
}

impl Input {
    fn is_readable_again(&self) -> bool {
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
    /// In another file, which was made of it.
    In(PathBuf),
    /// Nowhere yet: the options' converter makes them.
    Unconverted,
    /// In what was made of the file.
    Converted(Arc<dyn LineSource>),
}

/// The path that stands for the standard input.
pub const STANDARD_INPUT: &str = "-";

/// How many findings of a file may wait until those of the files before it are told. Each file has
/// room for so many from the beginning, and there may be thousands of files.
const WAITING: usize = 16;

/// Checks files, folders, patterns such as `exports/*.ldjson`, and `-`, the standard input.
///
/// A folder gives its files that end in `.ldjson`, `.ndjson` or `.jsonl`, also with `.gz`, but not
/// what a push wrote of refused records (`….rejects.ldjson`) unless that is named. Each file's name tells the type of its records, as `accounts.ldjson` does, unless the options do. With
/// a conversion in the options, CSVs are checked too, and what is found is told of their rows and
/// columns: what can't be converted, and all that is wrong with the records.
///
/// Findings come file by file, in the order in which types are loaded; within a file line by line,
/// and after them what only the whole file shows, such as a repeated `objectId`. References are
/// looked up when files of the other type are checked along.
///
/// Memory stays below 8 MB and 20 bytes a record for each file that is open, of which there are at
/// most as many as the machine has cores; business users take 12 bytes more. Ids of the standard input are kept whole.
///
/// # Errors
///
/// [`CheckError::Files`] when the paths lead to no entity files, [`CheckError::Read`] when one can't
/// be read to its end.
///
/// ```
/// use gong_records::{Rule, check};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("accounts.ldjson"), r#"{"objectId":"A/1"}"#)?;
/// let mut rules = Vec::new();
/// let options = check::Options::default();
/// let summary = check::check_paths(&[folder.path()], &options, &mut |finding| rules.push(finding.rule))?;
/// assert_eq!(rules, [Rule::MissingField, Rule::ObjectIdCharset]);
/// assert_eq!((summary.records(), summary.errors()), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check_paths(
    paths: &[impl AsRef<Path>],
    options: &Options,
    on_finding: &mut dyn FnMut(Finding),
) -> Result<Summary, CheckError> {
    check_inputs(sources(paths, options)?, options, on_finding)
}

/// Checks files in the order in which types are loaded, which they have.
///
/// # Errors
///
/// As [`check_paths`].
pub fn check_inputs(
    files: Vec<Input>,
    options: &Options,
    on_finding: &mut dyn FnMut(Finding),
) -> Result<Summary, CheckError> {
    let mut known_ids = KnownIds::default();
    for target in declared_targets(&files, options) {
        let all = files.iter().filter(|file| file.object_type == target);
        let named: Vec<Input> = all.cloned().collect();
        // What can be read only once is read when its turn comes; without it, ids would be missing.
        if !named.iter().all(Input::is_readable_again) {
            continue;
        }
        let outcomes = check_together(&named, options, &KnownIds::default(), &mut |_| {})?;
        let ids: Vec<Ids> = outcomes.into_iter().map(|outcome| outcome.ids).collect();
        known_ids.insert(target, &ids);
    }
    let mut summary = Summary::default();
    let mut files = files.into_iter().peekable();
    while let Some(first) = files.next() {
        let mut together = vec![first];
        // Types of one rank do not refer to each other, so their files can be checked together.
        let rank = rank(together[0].object_type);
        while let Some(file) = files.next_if(|file| self::rank(file.object_type) == rank) {
            together.push(file);
        }
        let outcomes = check_together(&together, options, &known_ids, on_finding)?;
        let mut ids_by_type: Vec<(ObjectType, Vec<Ids>)> = Vec::new();
        for outcome in outcomes {
            let object_type = outcome.summary.object_type;
            summary.files.push(outcome.summary);
            match ids_by_type.last_mut() {
                Some((last, ids)) if *last == object_type => ids.push(outcome.ids),
                _ => ids_by_type.push((object_type, vec![outcome.ids])),
            }
        }
        // Only files that are still to come can look anything up.
        if files.peek().is_some() {
            for (object_type, ids) in ids_by_type {
                known_ids.insert(object_type, &ids);
            }
        }
    }
    Ok(summary)
}

/// Checks one stream of records of one type; `path` is what findings call it.
///
/// # Errors
///
/// [`CheckError::Read`] when the stream can't be read to its end.
///
/// ```
/// use gong_records::{ObjectType, Rule, check};
///
/// let lines = "{\"objectId\":\"won\",\"name\":\"Closed won\"}\n// the end\n";
/// let mut found = Vec::new();
/// let options = check::Options::default();
/// check::check_reader(lines.as_bytes(), "stages.ldjson", ObjectType::Stage, &options, &mut |finding| {
///     found.push((finding.line, finding.rule));
/// })?;
/// assert_eq!(found, [(2, Rule::CommentLine)]);
/// # Ok::<(), check::CheckError>(())
/// ```
pub fn check_reader(
    reader: impl Read,
    path: impl AsRef<Path>,
    object_type: ObjectType,
    options: &Options,
    on_finding: &mut dyn FnMut(Finding),
) -> Result<FileSummary, CheckError> {
    let path: Arc<Path> = path.as_ref().into();
    let known_ids = KnownIds::default();
    let outcome = check_stream(
        reader,
        None,
        Arc::clone(&path),
        object_type,
        options,
        &known_ids,
        on_finding,
    );
    match outcome {
        Ok(outcome) => Ok(outcome.summary),
        Err(source) => Err(CheckError::Read {
            path: path.to_path_buf(),
            source,
        }),
    }
}

fn sources(paths: &[impl AsRef<Path>], options: &Options) -> Result<Vec<Input>, FilesError> {
    let csvs = options.csvs();
    let is_standard_input = |path: &&Path| path.as_os_str() == STANDARD_INPUT;
    let all = || paths.iter().map(AsRef::as_ref);
    let named: Vec<&Path> = all().filter(|path| !is_standard_input(path)).collect();
    let mut files = if named.is_empty() && !paths.is_empty() {
        Vec::new()
    } else {
        entity_files(&named, options.object_type, &csvs)?
    };
    if let Some(path) = all().find(is_standard_input) {
        files.push(EntityFilePath {
            path: path.to_path_buf(),
            object_type: type_of_input(options.object_type, &csvs)?,
        });
        files.sort_by_key(|file| file.object_type);
    }
    let input = |file: EntityFilePath| Input {
        lines: lines(&file.path, &csvs),
        path: file.path,
        object_type: file.object_type,
    };
    Ok(files.into_iter().map(input).collect())
}

fn lines(path: &Path, csvs: &CsvHandling) -> Lines {
    if csvs.include(path) {
        Lines::Unconverted
    } else {
        Lines::Itself
    }
}

/// The types that custom fields of these files refer to and whose turn comes with them or later: a
/// parent account, an account's latest deal. Their ids have to be known beforehand.
fn declared_targets(files: &[Input], options: &Options) -> Vec<ObjectType> {
    let Some(schema) = &options.entity_schema else {
        return Vec::new();
    };
    let is_there = |target: &ObjectType| files.iter().any(|file| file.object_type == *target);
    let mut targets: Vec<ObjectType> = ObjectType::ALL
        .into_iter()
        .filter(is_there)
        .flat_map(|source| {
            let fields = schema.fields(source).unwrap_or_default();
            let targets = fields.iter().filter_map(SchemaField::target);
            targets.filter(move |target| rank(*target) >= rank(source))
        })
        .filter(is_there)
        .collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// How many types have to be read before this one, one after another: 0 for one that refers to none.
fn rank(object_type: ObjectType) -> usize {
    let fields = object_type.line_format().fields;
    let targets = fields.iter().filter_map(|field| field.references);
    targets.map(|target| rank(target) + 1).max().unwrap_or(0)
}

/// Checks files on as many threads as the machine has cores, and tells of them in their order.
fn check_together(
    files: &[Input],
    options: &Options,
    known_ids: &KnownIds,
    on_finding: &mut dyn FnMut(Finding),
) -> Result<Vec<Outcome>, CheckError> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(files.len());
    if threads < 2 {
        let check = |file| check_file(file, options, known_ids, on_finding);
        return files.iter().map(check).collect();
    }
    let mut senders: Vec<Mutex<Option<SyncSender<Finding>>>> = Vec::new();
    let mut receivers = Vec::new();
    for _ in files {
        let (sender, receiver) = sync_channel(WAITING);
        senders.push(Mutex::new(Some(sender)));
        receivers.push(receiver);
    }
    let outcomes: Vec<Mutex<Option<Result<Outcome, CheckError>>>> =
        files.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // Files are begun in order, so the one whose findings are awaited is always at work.
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(at) else {
                        return;
                    };
                    // Dropped at the end of the file, which ends the waiting for more.
                    let sender = lock(&senders[at]).take();
                    let outcome = check_file(file, options, known_ids, &mut |finding| {
                        // It fails only when nobody listens any more.
                        if let Some(sender) = &sender {
                            drop(sender.send(finding));
                        }
                    });
                    *lock(&outcomes[at]) = Some(outcome);
                }
            });
        }
        for receiver in receivers {
            for finding in receiver {
                on_finding(finding);
            }
        }
    });
    outcomes
        .into_iter()
        .filter_map(|outcome| outcome.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check_file(
    file: &Input,
    options: &Options,
    known_ids: &KnownIds,
    on_finding: &mut dyn FnMut(Finding),
) -> Result<Outcome, CheckError> {
    let path: Arc<Path> = file.path.as_path().into();
    let is_standard_input = file.path.as_os_str() == STANDARD_INPUT;
    let readable = match &file.lines {
        Lines::Itself => Some(&file.path).filter(|_| !is_standard_input),
        Lines::In(readable) => Some(readable),
        Lines::Unconverted => {
            let lines = converted(file, options)?;
            return check_converted(file, &*lines, options, known_ids, on_finding);
        }
        Lines::Converted(lines) => {
            return check_converted(file, &**lines, options, known_ids, on_finding);
        }
    };
    let outcome = match readable {
        None => check_stream(
            io::stdin().lock(),
            None,
            path,
            file.object_type,
            options,
            known_ids,
            on_finding,
        ),
        Some(readable) => {
            let reopen = || open(readable).map(|reader| reader as Box<dyn Read>);
            open(readable).and_then(|reader| {
                // A pipe can be read once only.
                let is_file = readable.is_file();
                let reopen: Option<super::file::Reopen<'_>> =
                    if is_file { Some(&reopen) } else { None };
                check_stream(
                    reader,
                    reopen,
                    path,
                    file.object_type,
                    options,
                    known_ids,
                    on_finding,
                )
            })
        }
    };
    outcome.map_err(|source| unreadable(file, source))
}

fn unreadable(file: &Input, source: io::Error) -> CheckError {
    CheckError::Read {
        path: file.path.clone(),
        source,
    }
}

fn converted(file: &Input, options: &Options) -> Result<Arc<dyn LineSource>, CheckError> {
    match &options.converter {
        Some(converter) => converter.convert(&file.path, file.object_type),
        None => {
            let path = file.path.clone();
            Err(FilesError::NoMapping { path }.into())
        }
    }
}

/// Checks the lines that were made of a file; findings are located in the file.
fn check_converted(
    file: &Input,
    lines: &dyn LineSource,
    options: &Options,
    known_ids: &KnownIds,
    on_finding: &mut dyn FnMut(Finding),
) -> Result<Outcome, CheckError> {
    let path: Arc<Path> = file.path.as_path().into();
    let mut of_lines = options.clone();
    of_lines.allow.extend(lines.ignored_rules());
    let severity = |rule| options.severity(rule);
    let mut locator = lines.locator(Arc::clone(&path), &severity);
    let reopen = || lines.open();
    let outcome = lines.open().and_then(|reader| {
        check_stream(
            reader,
            Some(&reopen),
            path,
            file.object_type,
            &of_lines,
            known_ids,
            &mut |finding| locator.finding(finding, on_finding),
        )
    });
    let mut outcome = outcome.map_err(|source| unreadable(file, source))?;
    locator.remaining(on_finding);
    locator.correct(&mut outcome.summary);
    Ok(outcome)
}
