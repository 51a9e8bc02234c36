//! What has to be known and written down before the first byte leaves?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::context::Context;
use super::cut::{Uncut, cut};
use super::delivery::Delivery;
use super::event::Event;
use super::job::{Purpose, new_job};
use super::journal::as_error;
use super::plan::PlannedFile;
use super::rejects::Reasons;
use super::report::{FileReport, FileStatus, RecordError};
use super::request_id::Fingerprint;
use super::run::Course;
use super::source::{Readable, Source, SourcePiece, first_kins};
use super::split::Turn;
use super::spool::Spool;
use super::{Options, PushError};
use crate::ledger::{Job, JobState};
use gong_client::{Error, ErrorKind};
use gong_records::check::{self, Finding, Severity};
use gong_records::mapping::CsvLines;
use gong_records::rule::Rule;

/// What the check says of the files that push itself sees to: it leaves blank lines out, splits
/// what is too large, and sends updates of one record one after another.
const SEEN_TO: [Rule; 4] = [
    Rule::BlankLine,
    Rule::FileSize,
    Rule::Unsorted,
    Rule::DuplicateObjectId,
];

/// How often the status of an upload is asked for, as a rule.
const POLLS: u64 = 2;

/// A file whose lines can be read.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: Arc<PlannedFile>,
    readable: Result<Readable, Error>,
    left_out: Reasons,
}

/// Unpacks what has to be unpacked, and converts what has to be converted.
pub(super) async fn open(
    files: Vec<PlannedFile>,
    options: &Options,
    spool: &Spool,
) -> Result<Vec<Opened>, PushError> {
    let mut opened = Vec::new();
    for file in files {
        let file = Arc::new(file);
        let readable = readable(&file, options, spool).await?;
        opened.push(Opened {
            file,
            readable,
            left_out: Reasons::new(),
        });
    }
    Ok(opened)
}

/// The file's lines; fails only where nothing can be sent of any file.
async fn readable(
    file: &Arc<PlannedFile>,
    options: &Options,
    spool: &Spool,
) -> Result<Result<Readable, Error>, PushError> {
    if options.csvs().include(&file.path) {
        let (file, options, spool) = (Arc::clone(file), options.clone(), spool.clone());
        let converting =
            tokio::task::spawn_blocking(move || super::csv::converted(&file, &options, &spool));
        let converted = converting
            .await
            .map_err(|error| PushError::Request(interrupted(&error)))?;
        if let Some(readable) = converted? {
            return Ok(Ok(readable));
        }
    }
    let (file, spool) = (Arc::clone(file), spool.clone());
    let readable = tokio::task::spawn_blocking(move || Readable::of(&file, &spool)).await;
    Ok(readable.unwrap_or_else(|error| Err(interrupted(&error))))
}

fn interrupted(error: &tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::File, format!("reading was interrupted: {error}"))
}

impl Opened {
    /// Reasons by the lines that can be read, where the file that was named has others.
    fn by_line(&self, reasons: Reasons) -> Reasons {
        if let Some(csv) = self.readable.as_ref().ok().and_then(Readable::csv) {
            return super::csv::by_line(csv, reasons);
        }
        reasons
    }
}

/// Where the check finds the lines; without a check, only a CSV can have anything wrong.
fn lines(opened: &Opened, is_checked: bool) -> Option<check::Lines> {
    let readable = opened.readable.as_ref().ok()?;
    if let Some(csv) = readable.csv() {
        return Some(check::Lines::Converted(Arc::<CsvLines>::clone(csv)));
    }
    is_checked.then(|| check::Lines::In(readable.path().to_path_buf()))
}

/// Checks the files. Gives the reports of all if there are errors and bad lines are not left out.
pub(super) async fn checked(
    context: &Context,
    opened: &mut [Opened],
) -> Result<Option<Vec<FileReport>>, PushError> {
    let is_checked = context.options.check.is_some();
    let inputs: Vec<check::Input> = opened
        .iter()
        .filter_map(|one| {
            let lines = lines(one, is_checked)?;
            Some(check::Input {
                path: one.file.path.clone(),
                object_type: one.file.object_type,
                lines,
            })
        })
        .collect();
    if inputs.is_empty() {
        return Ok(None);
    }
    let mut options = context.options.check.clone().unwrap_or_default();
    options.severities.allow.extend(SEEN_TO);
    let events = Arc::clone(&context.events);
    let checking = tokio::task::spawn_blocking(move || {
        let mut errors: HashMap<PathBuf, Vec<RecordError>> = HashMap::new();
        let mut records: HashMap<PathBuf, u64> = HashMap::new();
        let mut on_finding = |finding: Finding| {
            if finding.severity == Severity::Error {
                let of_file = errors.entry(finding.path.to_path_buf()).or_default();
                of_file.push(RecordError::found(&finding));
            }
            events.emit(Event::Found {
                finding: Box::new(finding),
            });
        };
        if is_checked {
            for of in check::check_inputs(inputs, &options, &mut on_finding)?.files {
                records.insert(of.path.to_path_buf(), of.records);
            }
        } else {
            super::csv::problems(&inputs, &options, &mut on_finding, &mut records);
        }
        Ok::<_, check::CheckError>((errors, records))
    });
    let checked = checking
        .await
        .map_err(|error| PushError::Request(interrupted(&error)))?;
    let (mut errors, records) = checked?;
    if errors.is_empty() {
        return Ok(None);
    }
    let is_of_whole_file = errors
        .values()
        .flatten()
        .any(|error| error.source_line == 0);
    if context.options.skip_invalid && !is_of_whole_file {
        for one in opened {
            let mut reasons = Reasons::new();
            for error in errors.remove(&one.file.path).unwrap_or_default() {
                let of_line = reasons.entry(error.source_line).or_default();
                of_line.push(error.description);
            }
            one.left_out = one.by_line(reasons);
        }
        return Ok(None);
    }
    let reports = opened.iter().map(|one| {
        let file = &one.file;
        let bad = errors.remove(&file.path);
        let status = if bad.is_some() {
            FileStatus::Invalid
        } else {
            FileStatus::NotSent
        };
        let mut report = FileReport::new(file.path.clone(), file.object_type, status);
        report.records = records.get(&file.path).copied().unwrap_or_default();
        report.errors = bad.unwrap_or_default();
        let lines = report.errors.iter().map(|error| error.source_line);
        report.failed = lines.collect::<BTreeSet<u64>>().len() as u64;
        report.not_sent_because = Some("the check found errors".to_owned());
        report
    });
    Ok(Some(reports.collect()))
}

/// Reads all files and makes the jobs of their uploads; files that can't go are reported.
pub(super) async fn courses(
    context: &Context,
    opened: Vec<Opened>,
) -> Result<(Vec<Course>, Vec<FileReport>), PushError> {
    let mut courses = Vec::new();
    let mut failed = Vec::new();
    let mut fails = |file: Arc<PlannedFile>, error: Error| {
        let report = FileReport::new(file.path.clone(), file.object_type, FileStatus::Failed);
        failed.push(report.with_cause(Arc::new(error)));
    };
    let mut of_types: BTreeMap<gong_records::ObjectType, Vec<(Uncut, Reasons)>> = BTreeMap::new();
    for one in opened {
        let Opened {
            file,
            readable,
            left_out,
        } = one;
        match readable {
            Ok(readable) => {
                let uncut = Uncut {
                    file: Arc::clone(&file),
                    readable,
                    left_out: left_out.keys().copied().collect(),
                };
                let of_type = of_types.entry(file.object_type).or_default();
                of_type.push((uncut, left_out));
            }
            Err(error) => fails(file, error),
        }
    }
    let mut begun = Vec::new();
    for (_, of_type) in of_types {
        let (files, reasons): (Vec<Uncut>, Vec<Reasons>) = of_type.into_iter().unzip();
        let planned: Vec<_> = files.iter().map(|of| Arc::clone(&of.file)).collect();
        let most_bytes = context.options.most_bytes();
        // All types at once: each is a thread's work.
        let cutting = tokio::task::spawn_blocking(move || cut(files, most_bytes));
        begun.push((planned, reasons, cutting));
    }
    for (planned, reasons, cutting) in begun {
        let cut = cutting
            .await
            .map_err(|error| PushError::Request(interrupted(&error)))?;
        let mut sources = Vec::new();
        for ((file, source), left_out) in planned.into_iter().zip(cut).zip(reasons) {
            match source.and_then(|source| sendable(context, source)) {
                Ok(source) => sources.push((source, left_out)),
                Err(error) => fails(file, error),
            }
        }
        let jobs = jobs(context, &sources).await;
        for ((source, left_out), jobs) in sources.into_iter().zip(jobs) {
            match jobs {
                Ok(jobs) => courses.push(course(source, jobs, left_out)),
                Err(error) => fails(source.file, error),
            }
        }
    }
    Ok((courses, failed))
}

fn sendable(context: &Context, source: Source) -> Result<Source, Error> {
    let refuse = |why: &str| {
        let message = format!("{} {why}", source.file.path.display());
        Err(Error::new(ErrorKind::InvalidRequest, message))
    };
    if source.pieces.is_empty() {
        return refuse("holds no record that could be sent");
    }
    if context.options.request_id.is_some() && source.pieces.len() > 1 {
        return refuse("takes several uploads, and an id of your own can name one only");
    }
    Ok(source)
}

/// The jobs of the uploads of files of one type.
async fn jobs(context: &Context, sources: &[(Source, Reasons)]) -> Vec<Result<Vec<Job>, Error>> {
    let mut places: Vec<(Turn, usize, usize)> = Vec::new();
    for (file, (source, _)) in sources.iter().enumerate() {
        let pieces = source.pieces.iter().enumerate();
        places.extend(pieces.map(|(place, piece)| (piece.piece.turn, file, place)));
    }
    places.sort_unstable();
    let mut jobs: Vec<Result<Vec<Job>, Error>> = sources.iter().map(|_| Ok(Vec::new())).collect();
    // The first turn in which something goes, of files that share records.
    let mut begins: HashMap<usize, Turn> = HashMap::new();
    let kins = first_kins(&sources.iter().map(|(source, _)| source).collect::<Vec<_>>());
    for (turn, file, place) in places {
        let source = &sources[file].0;
        // The pieces of a file are in the order of their turns.
        let Ok(of_file) = &mut jobs[file] else {
            continue;
        };
        let begun = begins.get(&kins[file]);
        match job(
            context,
            source,
            place,
            begun.is_some_and(|begun| *begun < turn),
        )
        .await
        {
            Ok(job) => {
                if job.is_unfinished() {
                    begins.entry(kins[file]).or_insert(turn);
                }
                of_file.push(job);
            }
            Err(error) => jobs[file] = Err(error),
        }
    }
    jobs
}

/// The job of one upload. If an older version of a record goes, again perhaps, the newer must not
/// stay behind it.
async fn job(
    context: &Context,
    source: &Source,
    place: usize,
    comes_after_others: bool,
) -> Result<Job, Error> {
    let piece = &source.pieces[place];
    let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
    let mut job = new_job(context, source, piece, number, Purpose::Records).await?;
    if comes_after_others {
        if job.is_unfinished() && job.state != JobState::Planned {
            // Gong may have it already, and then it has to come once more. That must be in the
            // ledger before the older version goes.
            job = settle(context, source, piece, job).await?;
        }
        if !job.is_unfinished() {
            job = new_job(context, source, piece, number, Purpose::RecordsAgain).await?;
        }
    }
    Ok(job)
}

fn course(source: Source, mut jobs: Vec<Job>, left_out: Reasons) -> Course {
    if let Some(content) = jobs.first_mut().and_then(|job| job.content.as_mut()) {
        content.left_out.clone_from(&left_out);
        if let Some(rows) = &source.rows {
            content.rows = rows.runs().to_vec();
        }
    }
    Course {
        source: Arc::new(source),
        jobs,
        outcomes: Vec::new(),
        left_out,
    }
}

/// Brings an upload to its end that was on its way before.
async fn settle(
    context: &Context,
    source: &Source,
    piece: &SourcePiece,
    job: Job,
) -> Result<Job, Error> {
    let (id, content) = (&job.client_request_id, job.content.clone());
    let known = context.journal.job(job.integration_id, id).await;
    // Until all uploads of the file are written down anew, they belong together as they were: what
    // is killed before is resumed as one file, in its order.
    let known = known.map_err(as_error)?.unwrap_or(job);
    let fingerprint =
        Fingerprint::new(context.integration_id, source.file.object_type, &piece.hash);
    let delivery = Delivery {
        file: &source.file,
        pieces: u32::try_from(source.pieces.len()).unwrap_or(u32::MAX),
        job: known,
        content: Some(&piece.content),
        fingerprint: Some(fingerprint).filter(|_| context.options.request_id.is_none()),
    };
    let settled = context.deliver(delivery).await.job;
    Ok(Job { content, ..settled })
}

/// Writes all uploads down, before the first is sent. Of a file of which some is to be sent, what
/// was sent before is noted too: a resumed push reports on the whole file.
pub(super) async fn write_down(
    context: &Context,
    courses: &[Course],
    superseded: Vec<Job>,
) -> Result<(), PushError> {
    let open = courses
        .iter()
        .filter(|course| course.jobs.iter().any(Job::is_unfinished));
    let planned: BTreeMap<&str, &Job> = open
        .flat_map(|course| &course.jobs)
        .map(|job| (job.client_request_id.as_str(), job))
        .collect();
    // In the order of files, which a map of ids has lost.
    let mut planned: Vec<Job> = planned.into_values().cloned().collect();
    planned.sort_by(|one, other| {
        (one.object_type, &one.source_path, one.piece).cmp(&(
            other.object_type,
            &other.source_path,
            other.piece,
        ))
    });
    context
        .journal
        .record_instead_of(planned, superseded)
        .await
        .map_err(PushError::Ledger)
}

/// Tells if the day's budget may not be enough.
pub(super) async fn estimate(context: &Context, courses: &[Course]) -> Result<(), PushError> {
    let jobs = courses.iter().flat_map(|course| &course.jobs);
    let calls = jobs
        .map(|job| match job.state {
            JobState::Done | JobState::Failed => 0,
            JobState::Planned => 1 + POLLS,
            _ => POLLS,
        })
        .sum();
    let left = context.client.calls_left().await;
    if let Some(left) = left.filter(|left| *left < calls) {
        context.events.emit(Event::Short { calls, left });
    }
    Ok(())
}

impl Options {
    /// The most bytes of one upload.
    pub(super) fn most_bytes(&self) -> u64 {
        self.max_upload_bytes.clamp(1, super::MAX_UPLOAD_BYTES)
    }
}
