//! What has to be known and written down before the first byte leaves?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::context::Context;
use super::delivery::Delivery;
use super::event::Event;
use super::job::{Purpose, absolute, new_job};
use super::plan::PlannedFile;
use super::rejects::Reasons;
use super::report::{FileReport, FileStatus};
use super::request_id::Fingerprint;
use super::run::Course;
use super::source::{Readable, Source, SourcePiece};
use super::spool::Spool;
use super::{Options, PushError};
use crate::check::{self, Finding, Severity};
use crate::error::{Error, ErrorKind};
use crate::ledger::{Job, JobState};
use crate::rule::Rule;

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
    #[cfg(feature = "convert")]
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
    #[cfg(not(feature = "convert"))]
    let _ = options;
    let (file, spool) = (Arc::clone(file), spool.clone());
    let readable = tokio::task::spawn_blocking(move || Readable::of(&file, &spool)).await;
    Ok(readable.unwrap_or_else(|error| Err(interrupted(&error))))
}

fn interrupted(error: &tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::File, format!("reading was interrupted: {error}"))
}

impl Opened {
    /// Reasons by the lines that can be read, where the file that was named has others.
    #[cfg_attr(
        not(feature = "convert"),
        expect(clippy::unused_self, reason = "only CSVs have rows")
    )]
    fn by_line(&self, reasons: Reasons) -> Reasons {
        #[cfg(feature = "convert")]
        if let Some(csv) = self.readable.as_ref().ok().and_then(Readable::csv) {
            return super::csv::by_line(csv, reasons);
        }
        reasons
    }
}

/// Where the check finds the lines; without a check, only a CSV can have anything wrong.
fn lines(opened: &Opened, is_checked: bool) -> Option<check::Lines> {
    let readable = opened.readable.as_ref().ok()?;
    #[cfg(feature = "convert")]
    if let Some(csv) = readable.csv() {
        return Some(check::Lines::Converted(Arc::clone(csv)));
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
    options.allow.extend(SEEN_TO);
    let events = Arc::clone(&context.events);
    let checking = tokio::task::spawn_blocking(move || {
        let mut errors: HashMap<PathBuf, Reasons> = HashMap::new();
        let mut records: HashMap<PathBuf, u64> = HashMap::new();
        let mut on_finding = |finding: Finding| {
            if finding.severity == Severity::Error {
                let reasons = errors.entry(finding.path.to_path_buf()).or_default();
                reasons
                    .entry(finding.line)
                    .or_default()
                    .push(finding.message.clone());
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
            #[cfg(feature = "convert")]
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
    let is_of_whole_file = errors.values().any(|reasons| reasons.contains_key(&0));
    if context.options.skip_invalid && !is_of_whole_file {
        for one in opened {
            let reasons = errors.remove(&one.file.path).unwrap_or_default();
            one.left_out = one.by_line(reasons);
        }
        return Ok(None);
    }
    let reports = opened.iter().map(|one| {
        let file = &one.file;
        let bad = errors.get(&file.path);
        let status = if bad.is_some() {
            FileStatus::Invalid
        } else {
            FileStatus::NotSent
        };
        let mut report = FileReport::new(file.path.clone(), file.object_type, status);
        report.records = records.get(&file.path).copied().unwrap_or_default();
        report.failed = bad.map_or(0, |bad| bad.len() as u64);
        report.not_sent_because = Some("the check found errors".to_owned());
        report
    });
    Ok(Some(reports.collect()))
}

/// Reads each file and makes the jobs of its uploads; files that can't go are reported.
pub(super) async fn courses(
    context: &Context,
    opened: Vec<Opened>,
) -> Result<(Vec<Course>, Vec<FileReport>), PushError> {
    let mut courses = Vec::new();
    let mut failed = Vec::new();
    for Opened {
        file,
        readable,
        left_out,
    } in opened
    {
        let course = match readable {
            Ok(readable) => course(context, Arc::clone(&file), readable, left_out).await,
            Err(error) => Err(error),
        };
        match course {
            Ok(course) => courses.push(course),
            Err(error) => {
                let report =
                    FileReport::new(file.path.clone(), file.object_type, FileStatus::Failed);
                failed.push(report.with_cause(Arc::new(error)));
            }
        }
    }
    Ok((courses, failed))
}

async fn course(
    context: &Context,
    file: Arc<PlannedFile>,
    readable: Readable,
    left_out: Reasons,
) -> Result<Course, Error> {
    let most_bytes = context.options.most_bytes();
    let lines: BTreeSet<u64> = left_out.keys().copied().collect();
    let of = Arc::clone(&file);
    let preparing =
        tokio::task::spawn_blocking(move || Source::prepare(of, readable, most_bytes, &lines));
    let source = preparing
        .await
        .unwrap_or_else(|error| Err(interrupted(&error)))?;
    let refuse = |why: &str| {
        let message = format!("{} {why}", file.path.display());
        Err(Error::new(ErrorKind::InvalidRequest, message))
    };
    if source.pieces.is_empty() {
        return refuse("holds no record that could be sent");
    }
    if context.options.request_id.is_some() && source.pieces.len() > 1 {
        return refuse("takes several uploads, and an id of your own can name one only");
    }
    let mut jobs = Vec::new();
    // The first turn in which something goes.
    let mut begins = None;
    for (number, piece) in (1..).zip(&source.pieces) {
        let turn = piece.piece.turn;
        let mut job = new_job(context, &source, piece, number, Purpose::Records).await?;
        // An older version of a record goes, again perhaps: the newer must not stay behind it.
        if begins.is_some_and(|begins| begins < turn) {
            if job.is_unfinished() && job.state != JobState::Planned {
                // Gong may have it already, and then it has to come once more. That must be in the
                // ledger before the older version goes.
                job = settle(context, &source, piece, job).await;
            }
            if !job.is_unfinished() {
                job = new_job(context, &source, piece, number, Purpose::RecordsAgain).await?;
            }
        }
        if job.is_unfinished() {
            begins = begins.or(Some(turn));
        }
        jobs.push(job);
    }
    if let Some(content) = jobs.first_mut().and_then(|job| job.content.as_mut()) {
        content.left_out.clone_from(&left_out);
        if let Some(rows) = &source.rows {
            content.rows = rows.runs().to_vec();
        }
    }
    Ok(Course {
        source: Arc::new(source),
        jobs,
        outcomes: Vec::new(),
        left_out,
    })
}

/// Brings an upload to its end that was on its way before.
async fn settle(context: &Context, source: &Source, piece: &SourcePiece, job: Job) -> Job {
    let fingerprint =
        Fingerprint::new(context.integration_id, source.file.object_type, &piece.hash);
    let delivery = Delivery {
        file: &source.file,
        pieces: u32::try_from(source.pieces.len()).unwrap_or(u32::MAX),
        job,
        content: Some(&piece.content),
        fingerprint: Some(fingerprint).filter(|_| context.options.request_id.is_none()),
    };
    context.deliver(delivery).await.job
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

/// Brings older uploads of the same files to their end: an older version that is still on its way
/// must not arrive after the newer one. Gives those of which nobody needs to be told any more.
pub(super) async fn supersede(
    context: &Context,
    courses: &[Course],
) -> Result<Vec<Job>, PushError> {
    let mut superseded = Vec::new();
    let paths: BTreeSet<(PathBuf, crate::ObjectType)> = courses
        .iter()
        .map(|course| &course.source.file)
        .map(|file| (absolute(file), file.object_type))
        .collect();
    let ids: BTreeSet<&str> = courses
        .iter()
        .flat_map(|course| &course.jobs)
        .map(|job| job.client_request_id.as_str())
        .collect();
    let open = context
        .journal
        .open_jobs()
        .await
        .map_err(PushError::Ledger)?;
    let spool = context.journal.spool();
    // The same content anew makes for a verdict anew; what else was read from the standard input
    // before has still to be told.
    let anew: BTreeSet<&str> = courses
        .iter()
        .flat_map(|course| &course.jobs)
        .map(|job| job.content_hash.as_str())
        .collect();
    let is_anew = |job: &&Job| anew.contains(job.content_hash.as_str());
    let copies: BTreeSet<PathBuf> = open
        .iter()
        .filter(is_anew)
        .filter_map(|job| Some(job.content.as_ref()?.path.clone()))
        .collect();
    for job in open {
        let is_older = job.integration_id == context.integration_id
            && paths.contains(&(job.source_path.clone(), job.object_type))
            && !ids.contains(job.client_request_id.as_str());
        if !is_older {
            continue;
        }
        let copied = kept_copy(&job, &spool).await;
        let copy = job.content.as_ref().map(|content| &content.path);
        let is_told =
            !job.source_path.is_absolute() && !copy.is_some_and(|path| copies.contains(path));
        let file = Arc::new(PlannedFile {
            path: job.source_path.clone(),
            object_type: job.object_type,
            bytes: job.bytes,
        });
        // What was copied is sent if need be: nothing else holds it. A file has changed since: its
        // older uploads are asked about, waited for, or dropped.
        let delivery = Delivery {
            file: &file,
            pieces: 1,
            job,
            content: copied.as_ref().map(|piece| &piece.content),
            fingerprint: None,
        };
        let delivered = context.deliver(delivery).await;
        if !is_told {
            superseded.push(delivered.job);
        }
    }
    Ok(superseded)
}

/// The bytes of a job, if the ledger keeps a copy of them.
async fn kept_copy(job: &Job, spool: &Spool) -> Option<SourcePiece> {
    let content = job.content.as_ref().filter(|content| content.is_spooled)?;
    let path = spool.path(&content.path)?;
    let job = job.clone();
    let reading = tokio::task::spawn_blocking(move || SourcePiece::again(&path, &job));
    reading.await.ok().flatten()
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
    let client = context.client.clone();
    let left = tokio::task::spawn_blocking(move || {
        client.rate.left_today(client.clock.now(), &*client.ledger)
    });
    let left = left
        .await
        .map_err(|error| PushError::Request(interrupted(&error)))?;
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
