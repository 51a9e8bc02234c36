//! A push from its beginning to its report.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use gong_records::io::discover::FilesError;
use tokio::sync::watch;
use tracing::Instrument as _;

use super::ended::{Ended, Places, add, unfinished};
use super::event::{Event, Events};
use super::execute::execute;
use super::graph::{Work, graph};
use super::input::{Checked, InputFile, OpenFile, check, open, open_input};
use super::level::Level;
use super::planned::{InFlightRecord, Plan, Planned};
use super::prepare::interrupted;
use super::records::Written;
use super::report::{FileReport, RecordError, Report, Status, UploadReport, Verdict};
use super::session::Session;
use super::spool::Spool;
use super::{Options, PushError, Wait, trace};
use crate::client::Client;
use crate::ledger::{
    Current, Direction, LockedLedger, Milliseconds, Pending, Upload, UploadState, low_64,
};
use crate::{IntegrationId, ObjectType};

/// The minimum number of calls for an upload: the upload, and two status checks.
const CALLS_PER_UPLOAD: u64 = 3;

/// Becomes ready when the push is canceled.
pub(super) async fn canceled(mut cancel: watch::Receiver<bool>) {
    if cancel.wait_for(|is_canceled| *is_canceled).await.is_err() {
        // Nobody can cancel any more.
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
    // All that earlier pushes left there was accepted meanwhile, or is not in its own folder.
    if let Err(FilesError::OnlyRejects { path }) = options.files() {
        let path = path.display();
        let note = format!("{path} contains only rejects files of earlier pushes: nothing to send");
        return Ok(Report::new(Vec::new(), vec![note], false, None));
    }
    let (until, is_dry) = (cancel.clone(), false);
    let preparing = prepare_files(client, integration_id, options, events, until, is_dry);
    let prepared = preparing.await?;
    push_prepared(prepared, cancel).await
}

/// Finds files, and plans their push.
pub(super) async fn prepare_files(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
    is_dry: bool,
) -> Result<Prepared, PushError> {
    let (input, files): (Vec<_>, Vec<_>) = options
        .files()?
        .into_iter()
        .partition(InputFile::is_standard_input);
    let of_input = options.clone();
    // Whoever writes it may take hours, and other commands need the ledger meanwhile.
    let reading = async move {
        let read = tokio::task::spawn_blocking(move || open_input(input, &of_input));
        read.await.map_err(|error| interrupted(&error))?
    };
    let opening = |options: Options, spool: Spool| async move {
        let opened = tokio::task::spawn_blocking(move || open(files, &options, &spool));
        opened.await.map_err(|error| interrupted(&error))?
    };
    let preparing = prepare(
        client,
        integration_id,
        options,
        events,
        cancel,
        is_dry,
        reading,
        opening,
    );
    preparing.await
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
    for (object_type, of_source) in &written.files {
        let metadata = std::fs::metadata(&of_source.lines).map_err(PushError::Spool)?;
        let file = InputFile {
            path: of_source.name.clone(),
            object_type: *object_type,
            bytes: metadata.len(),
        };
        files.push(OpenFile {
            converted: of_source.converted.clone(),
            stamp: of_source.stamp.clone(),
            is_rejects: false,
            is_in_memory: true,
            ..OpenFile::new(file, of_source.lines.clone(), metadata.len())
        });
    }
    let opening = |_: Options, _: Spool| std::future::ready(Ok(files));
    let prepared = prepare(
        client,
        integration_id,
        options,
        events,
        cancel.clone(),
        false,
        std::future::ready(Ok(Vec::new())),
        opening,
    );
    let prepared = prepared.await?;
    let report = push_prepared(prepared, cancel).await;
    drop(written);
    report
}

/// Plans a push. `reading` is done before the ledger is locked, and `opening` after that.
#[expect(clippy::too_many_arguments, reason = "it is where everything begins")]
async fn prepare<F>(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
    is_dry: bool,
    reading: impl Future<Output = Result<Vec<OpenFile>, PushError>>,
    opening: impl FnOnce(Options, Spool) -> F,
) -> Result<Prepared, PushError>
where
    F: Future<Output = Result<Vec<OpenFile>, PushError>>,
{
    let preparing = async {
        let mut files = reading.await?;
        let (ledger, spool) = if is_dry {
            look(&client).await?
        } else {
            begin(&client, &options, &events).await?
        };
        files.extend(opening(options.clone(), spool.clone()).await?);
        files.sort_by_key(|open| open.file.object_type);
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
    tokio::select! {
        biased;
        prepared = preparing => prepared,
        () = canceled(cancel) => Ok(Prepared::Canceled),
    }
}

async fn push_prepared(
    prepared: Prepared,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    match prepared {
        Prepared::Canceled => Ok(Report::canceled_before_its_plan()),
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

/// A push before anything of it is written or sent.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it is taken apart at once"
)]
pub(super) enum Prepared {
    Canceled,
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

/// Reads the ledger for a plan, which nothing keeps from reading it: it writes nothing.
pub(super) async fn look(client: &Client) -> Result<(LockedLedger, Spool), PushError> {
    let ledger = client.ledger().unlocked().await?;
    Ok((ledger, Spool::temporary().map_err(PushError::Spool)?))
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
        report.held_back = OpenFile::distinct(&errors);
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
    let places = Places::new(&files);
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
    let missing = session.missing_users(&plan.round.returning_users).await?;
    plan.notes.extend(missing);
    let mut report =
        Report::new(files, plan.notes, is_canceled, cause).stopped_by(session.own_failure());
    let nothing_valid = report
        .files
        .iter()
        .all(|file| file.held_back == file.records);
    let is_invalid = nothing_valid && ended.is_empty() && !plan.holds_dependents;
    if report.verdict == Verdict::Partial && is_invalid {
        report.verdict = Verdict::Invalid;
    }
    session.end().await;
    Ok(report)
}

/// The uploads of a push that ended without a verdict.
#[derive(Debug, Default)]
struct Unresolved(Mutex<Vec<Open>>);

#[derive(Debug)]
struct Open {
    object_type: ObjectType,
    /// Its push, and its step in it.
    version: (Milliseconds, u16),
    /// Whether deletions wait for it.
    keeps_deletions: bool,
}

impl Unresolved {
    fn add(&self, open: Open) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(open);
    }

    /// Why an upload must not be sent yet, if that is so.
    fn reason_against(&self, upload: &Upload, level: Level) -> Option<&'static str> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_deletion = level.direction() == Direction::Delete;
        if is_deletion && all.iter().any(|open| open.keeps_deletions) {
            return Some("not sent: deletions are sent after every earlier upload has its verdict");
        }
        let version = (upload.push, upload.step);
        let has_earlier_version =
            |open: &Open| open.object_type == upload.object_type && open.version < version;
        let is_planned = upload.state == UploadState::Planned;
        let waits = is_planned && upload.step > 0 && all.iter().any(has_earlier_version);
        waits.then_some("not sent: an earlier version of its records has no verdict yet")
    }
}

impl Session {
    /// Runs uploads in the order of their levels. Gives the result of each, and whether the push
    /// was canceled.
    pub(super) async fn run(
        &self,
        mut uploads: Vec<Planned>,
        cancel: watch::Receiver<bool>,
    ) -> (Vec<Ended>, bool) {
        uploads.sort_by_key(|planned| {
            let upload = &planned.upload;
            (!planned.is_older, upload.push, planned.level, upload.number)
        });
        let known: Vec<Upload> = uploads
            .iter()
            .map(|planned| planned.upload.clone())
            .collect();
        // Without them, nothing is sent: it could refer to what is not in Gong yet.
        let new_records = match self.note_open_uploads(&uploads).await {
            Ok(new_records) => new_records,
            Err(error) => {
                self.note_ledger(&error);
                HashMap::new()
            }
        };
        let (steps, places) = graph(uploads);
        let unresolved = Unresolved::default();
        let run = |work| {
            let (unresolved, new_records) = (&unresolved, &new_records);
            async move {
                match work {
                    Work::Barrier => None,
                    Work::AccountDelay => {
                        self.wait_for_accounts().await;
                        None
                    }
                    Work::Upload(planned) => {
                        let Planned {
                            upload,
                            level,
                            is_older,
                        } = *planned;
                        let object_type = upload.object_type;
                        let version = (upload.push, upload.step);
                        let mut reason =
                            unresolved.reason_against(&upload, level).map(str::to_owned);
                        if reason.is_none() {
                            reason = match self.parent_under_way(&upload).await {
                                Ok(reason) => reason,
                                Err(error) => {
                                    self.note_ledger(&error);
                                    Some(format!("not sent: {error}"))
                                }
                            };
                        }
                        let ended = match reason {
                            Some(reason) => self.not_yet(upload, reason).await,
                            None => {
                                let span = trace::upload(&upload);
                                let work = Box::pin(self.bring_to_end(upload, is_older));
                                let ended = work.instrument(span.clone()).await;
                                trace::record_upload(&span, &ended);
                                ended
                            }
                        };
                        if !ended.is_open() {
                            if let Some(new) = new_records.get(&ended.number) {
                                self.remove_under_way(new);
                            }
                            return Some(ended);
                        }
                        let is_waited_for = ended.status != Status::TimedOut
                            || self.options.wait == Wait::UntilDone;
                        if let Err(error) = self.note_under_way(&ended.upload).await {
                            self.note_ledger(&error);
                        }
                        unresolved.add(Open {
                            object_type,
                            version,
                            keeps_deletions: is_waited_for
                                && level.direction() == Direction::Upsert,
                        });
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

    /// An upload that waits, because an earlier one has no verdict.
    async fn not_yet(&self, upload: Upload, reason: String) -> Ended {
        let pending = self.pending_of(&upload).await;
        unfinished(upload, Status::NotSent, reason, None, &pending)
    }

    /// An upload that the push was canceled before or in.
    async fn interrupted(&self, upload: Upload) -> Ended {
        let known = self.ledger.ledger().upload_numbered(upload.number).await;
        let upload = known.ok().flatten().unwrap_or(upload);
        let (status, reason) = match upload.state {
            UploadState::Planned => (Status::NotSent, "not sent: the push was stopped"),
            UploadState::Sending | UploadState::Accepted => {
                (Status::Canceled, "the push was stopped before its verdict")
            }
            UploadState::Dropped | UploadState::Lost => {
                return Ended::without_records(upload, Status::Done);
            }
            UploadState::Done | UploadState::Failed => return Ended::concluded(upload),
        };
        let pending = self.pending_of(&upload).await;
        unfinished(upload, status, reason.to_owned(), None, &pending)
    }

    pub(super) async fn pending_of(&self, upload: &Upload) -> Vec<Pending> {
        // For the report only, which has the upload also without its records.
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

    /// Counts the records whose verdict comes from an older upload.
    async fn add_in_flight(
        &self,
        files: &mut [FileReport],
        in_flight: &[InFlightRecord],
        ended: &[Ended],
    ) -> Result<(), PushError> {
        let by_number: HashMap<u64, &Ended> =
            ended.iter().map(|ended| (ended.number, ended)).collect();
        let mut by_upload: BTreeMap<(usize, u64), (u64, u64, u64)> = BTreeMap::new();
        for record in in_flight {
            let Some(of) = by_number.get(&record.upload) else {
                continue;
            };
            // Already counted, if the older upload has records of this file.
            let source = of.upload.sources.get(record.source as usize);
            if source.is_some_and(|source| files[record.file].path.to_string_lossy() == **source) {
                continue;
            }
            let ids = [record.object_id.as_str()];
            let ledger = self.ledger.ledger();
            let states = ledger.records(self.space, record.object_type, ids).await?;
            let state = states.into_iter().flatten().next().unwrap_or_default();
            let is_current = matches!(state.current, Current::Version | Current::Deleted)
                && low_64(&state.hash) == record.hash;
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
                self.spool.discard(body);
            }
        }
    }

    /// Cleans up.
    pub(super) async fn end(&self) {
        drop(self.save_search_calls().await);
        // The next push deletes the files that remain.
        drop(sweep(&self.ledger, &self.spool).await);
    }
}
