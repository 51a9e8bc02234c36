//! A push from its beginning to its report.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::watch;

use super::event::{Event, Events};
use super::execute::{Step, execute};
use super::input::{Checked, InputFile, OpenFile, check, open};
use super::level::Level;
use super::outcome::{Ended, unfinished};
use super::plan::half;
use super::prepare::{InFlightRecord, Plan, Planned, interrupted};
use super::records::Written;
use super::report::{FileReport, RecordError, Report, Status, UploadReport, Verdict};
use super::session::Session;
use super::spool::Spool;
use super::{Options, PushError, Wait};
use crate::IntegrationId;
use crate::client::Client;
use crate::ledger::{Current, Direction, LockedLedger, Pending, Upload, UploadState};

/// How many calls an upload takes at least: the upload, and two status checks.
const CALLS_PER_UPLOAD: u64 = 3;

/// Becomes ready when the push is canceled.
pub(super) async fn canceled(mut cancel: watch::Receiver<bool>) {
    if cancel.wait_for(|is_canceled| *is_canceled).await.is_err() {
        // Nobody is left who could cancel.
        std::future::pending::<()>().await;
    }
}

pub(super) async fn push(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let files = options.files()?;
    let opening = |options: Options, spool: Spool| async move {
        let opened = tokio::task::spawn_blocking(move || open(files, &options, &spool));
        opened.await.map_err(|error| interrupted(&error))?
    };
    push_files(client, integration_id, options, events, cancel, opening).await
}

pub(super) async fn push_written(
    client: Client,
    integration_id: IntegrationId,
    written: Written,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let mut files = Vec::new();
    for (path, object_type, lines) in &written.files {
        let metadata = std::fs::metadata(lines).map_err(PushError::Spool)?;
        let file = InputFile {
            path: path.clone(),
            object_type: *object_type,
            bytes: metadata.len(),
        };
        files.push(OpenFile {
            is_in_memory: true,
            ..OpenFile::new(file, lines.to_path_buf(), metadata.len())
        });
    }
    let opening = |_: Options, _: Spool| std::future::ready(Ok(files));
    let report = push_files(client, integration_id, options, events, cancel, opening).await;
    drop(written);
    report
}

async fn push_files<F>(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
    opening: impl FnOnce(Options, Spool) -> F,
) -> Result<Report, PushError>
where
    F: Future<Output = Result<Vec<OpenFile>, PushError>>,
{
    let preparing = async {
        let (ledger, spool) = begin(&client, &options, &events).await?;
        let mut files = opening(options.clone(), spool.clone()).await?;
        let (of_check, to) = (options.clone(), Arc::clone(&events));
        let checking = tokio::task::spawn_blocking(move || {
            let checked = check(&mut files, &of_check, &to);
            (files, checked)
        });
        let (files, checked) = checking.await.map_err(|error| interrupted(&error))?;
        let checked = checked?;
        let space = ledger
            .ledger()
            .space(client.base_url(), integration_id)
            .await?;
        let session = Session::new(
            client,
            integration_id,
            space,
            options,
            ledger,
            spool,
            Arc::clone(&events),
            Arc::new(files),
        );
        if let Checked::Invalid(errors) = checked {
            return Ok::<_, PushError>(Prepared::Invalid(session, errors));
        }
        let plan = session.plan().await?;
        Ok(Prepared::Plan(session, plan))
    };
    let prepared = tokio::select! {
        biased;
        prepared = preparing => prepared?,
        () = canceled(cancel.clone()) => return Ok(Report::canceled()),
    };
    match prepared {
        Prepared::Invalid(session, errors) => {
            let report = invalid(&session, errors);
            session.end().await;
            Ok(report)
        }
        Prepared::Plan(session, plan) if plan.is_invalid => {
            session.discard(&plan);
            let notes = plan.notes.clone();
            let report = Report::new(plan.invalid_files(), notes, false, None);
            session.end().await;
            Ok(report)
        }
        Prepared::Plan(session, plan) => carry_out(session, plan, cancel).await,
    }
}

enum Prepared {
    Plan(Session, Plan),
    Invalid(Session, Vec<Vec<RecordError>>),
}

/// Locks the ledger and cleans up what an earlier push left.
pub(super) async fn begin(
    client: &Client,
    options: &Options,
    events: &Arc<Events>,
) -> Result<(LockedLedger, Spool), PushError> {
    let waiting = Arc::clone(events);
    let on_wait = move |owner| waiting.emit(Event::Waiting { owner });
    let ledger = client
        .ledger()
        .lock(options.wait_for_ledger, &*client.clock, &on_wait)
        .await?;
    let spool = Spool::new(ledger.ledger().spool_dir().map_err(PushError::Spool)?);
    sweep(&ledger, &spool).await?;
    Ok((ledger, spool))
}

async fn sweep(ledger: &LockedLedger, spool: &Spool) -> Result<(), PushError> {
    let open = ledger.open_uploads().await?;
    let needed = open.into_iter().filter_map(|upload| upload.body).collect();
    spool.sweep(&needed);
    Ok(())
}

pub(super) fn invalid(session: &Session, errors: Vec<Vec<RecordError>>) -> Report {
    let files = session.files.iter().zip(errors).map(|(open, errors)| {
        let mut report = FileReport::new(open.file.path.clone(), open.file.object_type);
        report.status = if errors.is_empty() {
            Status::NotSent
        } else {
            Status::Invalid
        };
        report.records = open.records;
        report.held_back = OpenFile::distinct(errors.iter().map(|error| error.source_line));
        report.errors = errors;
        report.reason = Some("the check found errors, and nothing was sent".to_owned());
        report
    });
    Report::new(files.collect(), Vec::new(), false, None)
}

/// Runs the uploads of a plan, and reports.
pub(super) async fn carry_out(
    session: Session,
    mut plan: Plan,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    session.write_down(&mut plan).await?;
    session.events.emit(Event::Planned {
        records: plan.records(),
        unchanged: plan.files.iter().map(|file| file.unchanged).sum(),
        uploads: plan
            .uploads
            .iter()
            .filter(|planned| !planned.is_older)
            .count(),
        bytes: plan.bytes(),
    });
    session.estimate(plan.uploads.len()).await?;
    let uploads = std::mem::take(&mut plan.uploads);
    let in_flight = std::mem::take(&mut plan.in_flight);
    let (ended, is_canceled) = session.run(uploads, cancel).await;
    let mut files = std::mem::take(&mut plan.files);
    let places = places(&files);
    for ended in &ended {
        add(&mut files, &places, ended);
    }
    session
        .add_in_flight(&mut files, &in_flight, &ended)
        .await?;
    for file in &mut files {
        file.settle();
        file.errors
            .sort_by_key(|error| (error.source_line, error.line));
    }
    for (place, written) in session.write_rejects().await {
        match written {
            Ok(path) => files[place].rejects = path,
            Err(reason) => files[place].reason = Some(reason),
        }
    }
    let cause = session.fatal().and_then(|fatal| fatal.error.clone());
    let cause = cause.or_else(|| ended.iter().find_map(|ended| ended.cause.clone()));
    let mut report = Report::new(files, plan.notes, is_canceled, cause);
    let nothing_valid = report
        .files
        .iter()
        .all(|file| file.held_back == file.records);
    if report.verdict == Verdict::Partial && nothing_valid && ended.is_empty() {
        report.verdict = Verdict::Invalid;
    }
    session.end().await;
    Ok(report)
}

/// Where each path is among the reports.
pub(super) fn places(files: &[FileReport]) -> HashMap<String, usize> {
    let paths = files.iter().enumerate();
    paths
        .map(|(place, file)| (file.path.to_string_lossy().into_owned(), place))
        .collect()
}

/// Adds what became of an upload to the reports of the files its records came from.
pub(super) fn add(files: &mut [FileReport], places: &HashMap<String, usize>, ended: &Ended) {
    let place_of = |source: u32| {
        let source = ended.upload.sources.get(source as usize)?;
        places.get(source.as_str()).copied()
    };
    for (source, counts) in &ended.counts {
        let Some(place) = place_of(*source) else {
            continue;
        };
        let file = &mut files[place];
        file.accepted += counts.accepted;
        file.rejected += counts.rejected;
        file.held_back += counts.held_back;
        file.uncertain += counts.uncertain;
        if counts.records > 0 {
            file.uploads.push(UploadReport {
                client_request_id: ended.upload.client_request_id.clone(),
                status: ended.status,
                records: counts.records,
                accepted: counts.accepted,
                rejected: counts.rejected,
            });
        }
        if !ended.reason.is_empty() {
            file.reason.get_or_insert_with(|| ended.reason.clone());
        }
    }
    for (source, error) in &ended.errors {
        if let Some(place) = place_of(*source) {
            files[place].errors.push(error.clone());
        }
    }
}

/// What runs in the graph of a push.
#[derive(Debug)]
enum Work {
    Upload(Box<Planned>),
    /// Nothing: it only stands between two levels, so that their edges are not multiplied.
    Barrier,
    /// Gong is given time to store new accounts.
    AccountDelay,
}

impl Session {
    /// Runs uploads in the order of their levels. Gives what became of each, and whether the push was
    /// canceled.
    pub(super) async fn run(
        &self,
        mut uploads: Vec<Planned>,
        cancel: watch::Receiver<bool>,
    ) -> (Vec<Ended>, bool) {
        uploads.sort_by_key(|planned| (planned.level, planned.upload.number));
        let known: Vec<Upload> = uploads
            .iter()
            .map(|planned| planned.upload.clone())
            .collect();
        let (steps, places) = graph(uploads);
        let deletions_may_go = std::sync::atomic::AtomicBool::new(true);
        let run = |work| {
            let deletions_may_go = &deletions_may_go;
            async move {
                match work {
                    Work::Barrier => None,
                    Work::AccountDelay => {
                        self.wait_for_accounts().await;
                        None
                    }
                    Work::Upload(planned) => {
                        use std::sync::atomic::Ordering::Relaxed;
                        let is_deletion = planned.level.direction() == Direction::Delete;
                        let ended = if is_deletion && !deletions_may_go.load(Relaxed) {
                            self.not_yet(planned.upload).await
                        } else {
                            Box::pin(self.bring_to_end(planned.upload, planned.is_older)).await
                        };
                        let is_open = match ended.status {
                            Status::TimedOut => self.options.wait == Wait::UntilDone,
                            Status::NotSent | Status::Unknown => true,
                            _ => false,
                        };
                        if !is_deletion && is_open {
                            deletions_may_go.store(false, Relaxed);
                        }
                        Some(ended)
                    }
                }
            }
        };
        let mut results = execute(steps, run, canceled(cancel.clone())).await;
        // A push that is stopped after its last step is not canceled.
        let is_canceled = results.iter().any(Option::is_none);
        let mut all = Vec::with_capacity(known.len());
        for (upload, place) in known.into_iter().zip(places) {
            let ended = results.get_mut(place).and_then(Option::take).flatten();
            all.push(match ended {
                Some(ended) => ended,
                None => self.interrupted(upload).await,
            });
        }
        (all, is_canceled)
    }

    /// A deletion that waits, because an earlier upload has no verdict.
    async fn not_yet(&self, upload: Upload) -> Ended {
        let reason = "not sent: deletions go when every earlier upload has its verdict".to_owned();
        let pending = self.pending_of(&upload).await;
        unfinished(upload, Status::NotSent, reason, None, &pending)
    }

    /// An upload that the push was canceled before or in.
    async fn interrupted(&self, upload: Upload) -> Ended {
        let known = self.ledger.ledger().upload_numbered(upload.number).await;
        let upload = known.ok().flatten().unwrap_or(upload);
        let (status, reason) = match upload.state {
            UploadState::Planned => (Status::NotSent, "not sent: the push was stopped"),
            UploadState::Done => (Status::Done, ""),
            _ => (Status::Canceled, "the push was stopped before its verdict"),
        };
        let pending = self.pending_of(&upload).await;
        unfinished(upload, status, reason.to_owned(), None, &pending)
    }

    async fn pending_of(&self, upload: &Upload) -> Vec<Pending> {
        // For the report only: what can't be read is not counted.
        self.ledger
            .manifest(upload.number)
            .await
            .unwrap_or_default()
    }

    /// Says so if the calls of the day may not be enough.
    async fn estimate(&self, uploads: usize) -> Result<(), PushError> {
        let needed = CALLS_PER_UPLOAD * uploads as u64;
        let quota = self.client.quota().await?;
        if let Some(left) = quota.map(|quota| quota.left).filter(|left| *left < needed) {
            self.events.emit(Event::FewCallsLeft { needed, left });
        }
        Ok(())
    }

    /// Counts the records whose verdict is that of an older upload.
    async fn add_in_flight(
        &self,
        files: &mut [FileReport],
        in_flight: &[InFlightRecord],
        ended: &[Ended],
    ) -> Result<(), PushError> {
        let by_number: HashMap<u64, &Ended> = ended
            .iter()
            .map(|ended| (ended.upload.number, ended))
            .collect();
        let mut by_upload: BTreeMap<(usize, u64), (u64, u64, u64)> = BTreeMap::new();
        for record in in_flight {
            let Some(of) = by_number.get(&record.upload) else {
                continue;
            };
            // Counted already, if the older upload came from this file.
            if of
                .upload
                .sources
                .iter()
                .any(|source| files[record.file].path.to_string_lossy() == **source)
            {
                continue;
            }
            let ids = [record.object_id.as_str()];
            let ledger = self.ledger.ledger();
            let states = ledger.records(self.space, record.object_type, ids).await?;
            let state = states.into_iter().flatten().next().unwrap_or_default();
            let is_current = matches!(state.current, Current::Version | Current::Deleted)
                && half(&state.hash) == record.hash;
            let counts = by_upload.entry((record.file, record.upload)).or_default();
            counts.0 += 1;
            let file = &mut files[record.file];
            if is_current {
                counts.1 += 1;
                file.accepted += 1;
            } else if let Some(last) = &state.last_try {
                counts.2 += 1;
                file.rejected += 1;
                file.errors.push(RecordError {
                    client_request_id: Some(of.upload.client_request_id.clone()),
                    line: 0,
                    source_line: record.line,
                    object_id: Some(record.object_id.clone()),
                    description: last.reason.clone(),
                });
            }
        }
        for ((file, upload), (records, accepted, rejected)) in by_upload {
            let of = by_number[&upload];
            files[file].uploads.push(UploadReport {
                client_request_id: of.upload.client_request_id.clone(),
                status: of.status,
                records,
                accepted,
                rejected,
            });
        }
        Ok(())
    }

    /// Deletes the bodies of a plan that is not carried out.
    pub(super) fn discard(&self, plan: &Plan) {
        for planned in plan.uploads.iter().filter(|planned| !planned.is_older) {
            if let Some(body) = &planned.upload.body {
                drop(std::fs::remove_file(self.spool.path(body)));
            }
        }
    }

    /// Cleans up.
    pub(super) async fn end(&self) {
        drop(self.save_search_calls().await);
        // What stays is swept by the next push.
        drop(sweep(&self.ledger, &self.spool).await);
    }
}

/// The graph of some uploads, and the place of each in it.
fn graph(uploads: Vec<Planned>) -> (Vec<Step<Work>>, Vec<usize>) {
    let mut steps: Vec<Step<Work>> = Vec::new();
    let mut places = Vec::with_capacity(uploads.len());
    let mut before: Option<usize> = None;
    let mut of_level: Vec<usize> = Vec::new();
    let mut level: Option<Level> = None;
    let mut has_delayed = false;
    for planned in uploads {
        if level.is_some_and(|level| level != planned.level) {
            steps.push(Step {
                work: Work::Barrier,
                after: std::mem::take(&mut of_level),
            });
            before = Some(steps.len() - 1);
        }
        if !has_delayed && planned.level.refers_to_accounts() {
            has_delayed = true;
            steps.push(Step {
                work: Work::AccountDelay,
                after: before.into_iter().collect(),
            });
            before = Some(steps.len() - 1);
        }
        level = Some(planned.level);
        of_level.push(steps.len());
        places.push(steps.len());
        steps.push(Step {
            work: Work::Upload(Box::new(planned)),
            after: before.into_iter().collect(),
        });
    }
    (steps, places)
}
