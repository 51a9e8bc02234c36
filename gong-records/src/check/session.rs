//! The check of several files: types after those that they refer to, and files at the same time.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::CheckError;
use super::blocks::Blocks;
use super::conflicts::{ConflictSearch, conflicts};
use super::file::{FileCheck, OnFinding, Outcome, Stream};
use super::finding::Finding;
use super::ids::{IdIndex, Ids};
use super::input::{Input, Lines};
use super::options::Options;
use super::parallel;
use super::references::missing_types;
use super::severities::SeverityTable;
use super::source::LineSource;
use super::summary::{FileSummary, Summary};
use crate::io::discover::{CsvHandling, EntityFilePath, FilesError, entity_files, type_of_input};
use crate::io::open::open;
use crate::object_type::ObjectType;
use crate::schema::SchemaField;

/// The path that means the standard input.
pub const STANDARD_INPUT: &str = "-";

/// How many findings of a file are handed over at a time, and how many such batches may wait until
/// those of the files before it are reported. There may be thousands of files.
const BATCH: usize = 128;
const MAX_BATCHES: usize = 2;

/// From this size on, a file is checked by several threads. Tests have no time for large files.
const LARGE_BYTES: u64 = if cfg!(test) { 1 << 20 } else { 32 << 20 };

/// Checks files, folders, patterns such as `exports/*.ldjson`, and `-`, the standard input.
///
/// A folder means its files that end in `.ldjson`, `.ndjson` or `.jsonl`, also with `.gz`, but not
/// for rejects files of a push (`….rejects.ldjson`), which must be named. The type of the records
/// follows from the file's name, such as `accounts.ldjson`, unless the options name it. With a
/// converter in the options, CSV files are checked too, and findings are about their rows and
/// columns: what cannot be converted, and everything that is wrong with the records.
///
/// Findings are reported file by file, in the order in which types are loaded; within a file line
/// by line, followed by those of the whole file. If a file has more than a thousand findings, those
/// that need the whole file, such as duplicates, come after the others. After all files of a type
/// come records with conflicting versions. References are looked up only if files of the other type
/// are checked too.
///
/// Memory stays below 8 MB and 20 bytes per record for each open file, of which there are at most
/// as many as the machine has cores. Business users need 12 more bytes, and a file of more than 32
/// MB, which several threads check, 8 MB. Ids from standard input are kept completely.
///
/// # Errors
///
/// [`CheckError::Files`] if the paths lead to no record files, [`CheckError::Read`] if one cannot be
/// read completely.
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
    let mut known_ids = IdIndex::default();
    for target in declared_targets(&files, options) {
        let all = files.iter().filter(|file| file.object_type == target);
        let named: Vec<Input> = all.cloned().collect();
        // A stream that can be read only once is read in order; otherwise ids would be missing.
        if !named.iter().all(Input::is_readable_again) {
            continue;
        }
        let options = Options {
            max_findings: Some(0),
            ..options.clone()
        };
        let outcomes = check_together(&named, &options, &IdIndex::default(), &mut |_| {})?;
        let ids: Vec<Ids> = outcomes.into_iter().map(|outcome| outcome.ids).collect();
        known_ids.insert(target, &ids);
    }
    let mut summary = Summary::default();
    let mut delivered = 0;
    let mut files = files.into_iter().peekable();
    while let Some(first) = files.next() {
        let mut together = vec![first];
        // Types of one rank do not refer to each other, so their files can be checked together.
        let rank = rank(together[0].object_type);
        while let Some(file) = files.next_if(|file| self::rank(file.object_type) == rank) {
            together.push(file);
        }
        let left = options
            .max_findings
            .map(|max| max.saturating_sub(delivered));
        let of_rank = Options {
            max_findings: left,
            ..options.clone()
        };
        let mut on_finding = |finding: Finding| {
            if finding.line == 0 {
                on_finding(finding);
            } else if options.max_findings.is_none_or(|max| delivered < max) {
                delivered += 1;
                on_finding(finding);
            }
        };
        let outcomes = check_together(&together, &of_rank, &known_ids, &mut on_finding)?;
        let first = summary.files.len();
        let mut ids_by_type: Vec<(ObjectType, Vec<Ids>)> = Vec::new();
        for outcome in outcomes {
            let object_type = outcome.summary.object_type;
            summary.files.push(outcome.summary);
            match ids_by_type.last_mut() {
                Some((last, ids)) if *last == object_type => ids.push(outcome.ids),
                _ => ids_by_type.push((object_type, vec![outcome.ids])),
            }
        }
        let mut start = 0;
        for (_, ids) in &ids_by_type {
            let range = start..start + ids.len();
            start = range.end;
            let search = ConflictSearch {
                files: &together[range.clone()],
                ids,
                options: &of_rank,
            };
            let of_files = first + range.start..first + range.end;
            conflicts(&search, &mut summary.files[of_files], &mut on_finding)?;
        }
        // Only files that are still to come can look anything up.
        if files.peek().is_some() {
            for (object_type, ids) in ids_by_type {
                known_ids.insert(object_type, &ids);
            }
        }
    }
    missing_types(&mut summary, options, on_finding);
    Ok(summary)
}

/// Checks one stream of records of one type; `path` is what findings call it.
///
/// # Errors
///
/// [`CheckError::Read`] if the stream cannot be read completely.
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
    let stream = Stream {
        path: Arc::clone(&path),
        object_type,
        reopen: None,
    };
    let severities = SeverityTable::new(&options.severities);
    let known_ids = IdIndex::default();
    let file = FileCheck::new(&stream, options, &severities, &known_ids, on_finding);
    match check_in_sequence(file, reader) {
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
        entity_files(&named, options.object_type, &options.types, &csvs)?
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
/// parent account, an account's latest deal. Their ids must be known beforehand.
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

/// How many types must be read before this one, one after another: 0 for one that refers to none.
fn rank(object_type: ObjectType) -> usize {
    let fields = object_type.line_format().fields;
    let targets = fields.iter().filter_map(|field| field.references);
    targets.map(|target| rank(target) + 1).max().unwrap_or(0)
}

/// Checks files at the same time, and reports their findings in their order.
fn check_together(
    files: &[Input],
    options: &Options,
    known_ids: &IdIndex,
    on_finding: OnFinding<'_>,
) -> Result<Vec<Outcome>, CheckError> {
    let severities = &SeverityTable::new(&options.severities);
    let all_threads = options.threads();
    let at_once = all_threads.min(files.len());
    // The remaining threads help with large files.
    let threads = all_threads / at_once.max(1);
    if at_once < 2 {
        let check = |file| check_file(file, options, severities, known_ids, threads, on_finding);
        return files.iter().map(check).collect();
    }
    let mut senders: Vec<Mutex<Option<SyncSender<Vec<Finding>>>>> = Vec::new();
    let mut receivers = Vec::new();
    for _ in files {
        let (sender, receiver) = sync_channel(MAX_BATCHES);
        senders.push(Mutex::new(Some(sender)));
        receivers.push(receiver);
    }
    let outcomes: Vec<Mutex<Option<Result<Outcome, CheckError>>>> =
        files.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                // Files are begun in order, so the one whose findings are next is always worked on.
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(at) else {
                        return;
                    };
                    // Dropped at the end of the file, so that the receiver does not wait for more.
                    let sender = lock(&senders[at]).take();
                    let mut batch = Vec::new();
                    let send = |batch: Vec<Finding>| {
                        // It fails only if the receiver was dropped.
                        if let Some(sender) = &sender {
                            drop(sender.send(batch));
                        }
                    };
                    let mut add = |finding| {
                        batch.push(finding);
                        if batch.len() == BATCH {
                            send(std::mem::take(&mut batch));
                        }
                    };
                    let outcome =
                        check_file(file, options, severities, known_ids, threads, &mut add);
                    if !batch.is_empty() {
                        send(batch);
                    }
                    *lock(&outcomes[at]) = Some(outcome);
                }
            });
        }
        for receiver in receivers {
            for finding in receiver.into_iter().flatten() {
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
    severities: &SeverityTable,
    known_ids: &IdIndex,
    threads: usize,
    on_finding: OnFinding<'_>,
) -> Result<Outcome, CheckError> {
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
    let stream = |reopen| Stream {
        path: file.path.as_path().into(),
        object_type: file.object_type,
        reopen,
    };
    let outcome = match readable {
        None => {
            let check = FileCheck::new(&stream(None), options, severities, known_ids, on_finding);
            check_with_threads(check, io::stdin(), threads, None)
        }
        Some(readable) => {
            let reopen = || open(readable).map(|reader| reader as Box<dyn Read>);
            // A pipe can be read once only.
            let stream = stream(if readable.is_file() {
                Some(&reopen)
            } else {
                None
            });
            let check = FileCheck::new(&stream, options, severities, known_ids, on_finding);
            let size = std::fs::metadata(readable).ok().map(|file| file.len());
            open(readable).and_then(|reader| check_with_threads(check, reader, threads, size))
        }
    };
    outcome.map_err(|source| unreadable(file, source))
}

/// Checks a stream with one thread.
fn check_in_sequence(mut file: FileCheck<'_>, reader: impl Read) -> io::Result<Outcome> {
    let mut blocks = Blocks::new(reader);
    if !file.is_unreadable(blocks.beginning()?) {
        let _ = file.read(&mut blocks, u64::MAX)?;
    }
    file.finish()
}

/// Checks a stream with one thread, and the rest of a large one with several. `size` is the size of
/// the file, perhaps compressed.
fn check_with_threads(
    mut file: FileCheck<'_>,
    reader: impl Read + Send,
    threads: usize,
    size: Option<u64>,
) -> io::Result<Outcome> {
    let mut blocks = Blocks::new(reader);
    if file.is_unreadable(blocks.beginning()?) {
        return file.finish();
    }
    if threads > 1 {
        let is_large = size.is_some_and(|size| size > LARGE_BYTES);
        let alone = if is_large { 1 } else { LARGE_BYTES };
        if file.read(&mut blocks, alone)? == ControlFlow::Continue(()) {
            let _ = parallel::check(&mut file, blocks, threads)?;
        }
    } else {
        let _ = file.read(&mut blocks, u64::MAX)?;
    }
    file.finish()
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

/// Checks the lines that a file was converted to; findings are located in the file.
fn check_converted(
    file: &Input,
    lines: &dyn LineSource,
    options: &Options,
    known_ids: &IdIndex,
    on_finding: OnFinding<'_>,
) -> Result<Outcome, CheckError> {
    let path: Arc<Path> = file.path.as_path().into();
    let mut of_lines = options.clone();
    of_lines.severities.allow.extend(lines.ignored_rules());
    // The locator has to see all findings, because it counts them.
    of_lines.max_findings = None;
    let severities = SeverityTable::new(&of_lines.severities);
    let severity = |rule| options.severities.of(rule);
    let mut locator = lines.locator(Arc::clone(&path), &severity);
    let on_finding: OnFinding<'_> = &mut |finding: Finding| {
        if options.repeats || !finding.is_repeat {
            on_finding(finding);
        }
    };
    let reopen = || lines.open();
    let stream = Stream {
        path,
        object_type: file.object_type,
        reopen: Some(&reopen),
    };
    let outcome = lines.open().and_then(|reader| {
        let mut on_finding = |finding| locator.finding(finding, on_finding);
        let check = FileCheck::new(&stream, &of_lines, &severities, known_ids, &mut on_finding);
        check_in_sequence(check, reader)
    });
    let mut outcome = outcome.map_err(|source| unreadable(file, source))?;
    locator.remaining(on_finding);
    locator.correct(&mut outcome.summary);
    Ok(outcome)
}
