//! The end of a push: what became of its uploads, file by file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::watch;

use super::PushError;
use super::ended::{Ended, Places, add, add_sources};
use super::event::Event;
use super::late::{self, Check};
use super::planned::{InFlightRecord, Plan, Planned};
use super::reads::{Round, RoundWrites};
use super::report::{FileReport, RecordError, Report, UploadReport, Verdict};
use super::session::Session;
use crate::ObjectType;
use crate::ledger::low_64;

/// Records that Gong accepted before what they refer to.
type TooEarly<'a> = BTreeMap<ObjectType, Vec<&'a str>>;

/// The minimum number of calls for an upload: the upload, and two status checks.
const CALLS_PER_UPLOAD: u64 = 3;

/// Writes a plan into the ledger, runs its uploads, and reports.
pub(super) async fn carry_out(
    session: Session,
    mut plan: Plan,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let (ledger, space) = (session.ledger.clone(), session.space);
    let doubted = plan.round.writes.doubted.clone();
    let planned = Event::Planned {
        records: plan.new_uploads().map(|upload| upload.records).sum(),
        unchanged: plan.files.iter().map(|file| file.unchanged).sum(),
        uploads: plan.new_uploads().count(),
        bytes: plan.new_uploads().map(|upload| upload.bytes).sum(),
    };
    let uploads = session.write_down(&mut plan).await?;
    session.events.emit(planned);
    session.estimate(uploads.len()).await?;
    let (is_push, push) = (session.round.is_none(), session.push);
    let clock = Arc::clone(&session.client.clock);
    let (mut report, in_flight) = follow(&session, plan, uploads, cancel.clone()).await?;
    let too_early = session.sent_too_early(&in_flight).await?;
    if report.verdict == Verdict::Done && !too_early.is_empty() {
        let again = send_once_more(&session, &too_early, cancel).await?;
        report.notes.extend(again.notes);
        if again.verdict != Verdict::Done {
            report.verdict = again.verdict;
            report.files.extend(again.files);
        }
    }
    for note in notes_of_early(&session.sent_too_early(&in_flight).await?) {
        report.doubt(note);
    }
    session.end().await;
    for doubted in doubted {
        let ledger = ledger.ledger();
        // Once more, because it may have been sent.
        ledger.doubt(space, &doubted, push, clock.now()).await?;
        // A sync says so in its plan.
        if is_push {
            let (object_type, id) = (doubted.object_type, doubted.object_id);
            let (of_gone, gone) = doubted.gone;
            report.doubt(format!(
                "{object_type} {id} may have been deleted with {of_gone} {gone}: push it again"
            ));
        }
    }
    Ok(report)
}

/// The same, and then asks about uploads that were given up, if calls were made anyway or it names their
/// records.
pub(super) async fn carry_out_and_look(
    session: Session,
    plan: Plan,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let makes_calls = !plan.older.is_empty() || !plan.writes.new.is_empty();
    let looks = makes_calls || plan.names_late;
    let (client, ledger) = (session.client.clone(), session.ledger.clone());
    let space = session.space;
    let mut report = carry_out(session, plan, cancel).await?;
    if looks && !report.is_stopped() {
        let looking = late::look(&client, &ledger, space, Check::Due);
        let late = Box::pin(looking).await?;
        if late.is_unsettled(ledger.ledger(), space).await? {
            report.note_overwritten();
        }
        report.notes.extend(late.notes);
    }
    Ok(report)
}

/// Sends the records once more that Gong accepted before what they refer to: it has that now.
async fn send_once_more(
    session: &Session,
    too_early: &TooEarly<'_>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let round = session.round.as_ref();
    if round.is_some_and(|round| round.agreed.is_some()) {
        // Nothing is done that a plan file does not name.
        return Ok(Report::new(Vec::new(), Vec::new(), false, None));
    }
    let mut again = session.again().await?;
    again.round = round.map(|round| {
        let ids = |object_type: ObjectType| {
            let ids = too_early.get(&object_type).into_iter().flatten();
            (object_type, ids.map(|id| (*id).to_owned()).collect())
        };
        Round {
            only: round.reads.keys().copied().map(ids).collect(),
            ..round.clone()
        }
    });
    let mut plan = Box::pin(again.plan()).await?;
    // The first plan has said all that is to be said of the records and of the read.
    plan.notes.clear();
    plan.round.writes = RoundWrites::default();
    let uploads = again.write_down(&mut plan).await?;
    let (report, _) = follow(&again, plan, uploads, cancel).await?;
    again.end().await;
    Ok(report)
}

/// Runs the uploads of a plan that is written down, and reports.
pub(super) async fn finish(
    session: Session,
    plan: Plan,
    uploads: Vec<Planned>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let (mut report, in_flight) = follow(&session, plan, uploads, cancel).await?;
    for note in notes_of_early(&session.sent_too_early(&in_flight).await?) {
        report.doubt(note);
    }
    session.end().await;
    Ok(report)
}

/// The same, with the records whose verdict came from older uploads.
async fn follow(
    session: &Session,
    mut plan: Plan,
    uploads: Vec<Planned>,
    cancel: watch::Receiver<bool>,
) -> Result<(Report, Vec<InFlightRecord>), PushError> {
    let in_flight = std::mem::take(&mut plan.in_flight);
    let (ended, is_canceled) = session.run(uploads, cancel).await;
    let mut files = std::mem::take(&mut plan.files);
    let given = files.len();
    if session.round.is_some() {
        add_sources(&mut files, &ended);
    }
    let places = Places::new(&files);
    for ended in &ended {
        add(&mut files, &places, ended);
    }
    session
        .add_in_flight(&mut files, given, &in_flight, &ended)
        .await?;
    for (place, file) in files.iter_mut().enumerate() {
        // Of what is resumed, there are no files.
        if session.files.is_empty() || place >= given {
            file.records = file.uploads.iter().map(|upload| upload.records).sum();
        }
        file.settle();
        file.errors
            .sort_by_key(|error| (error.source_line, error.line));
    }
    for (place, written) in session.write_rejects().await {
        match written {
            Ok(written) => {
                let edited = written
                    .as_ref()
                    .and_then(|of| Some((of.edited.as_ref()?, &of.path)));
                plan.notes.extend(edited.map(|(edited, path)| {
                    format!(
                        "{} was edited, and is kept: the rejected records are in {}",
                        edited.display(),
                        path.display()
                    )
                }));
                files[place].rejects = written.map(|written| written.path);
            }
            Err(reason) => files[place].reason = Some(reason),
        }
    }
    // What earlier rounds left is in the reports after those of the session's files, and was checked then.
    let given = files.iter().take(session.files.len());
    let has_nothing_valid = given.clone().all(|file| file.held_back == file.records)
        && given.map(|file| file.records).sum::<u64>() > 0;
    let cause = session.fatal().and_then(|fatal| fatal.error.clone());
    let cause = cause.or_else(|| ended.iter().find_map(|ended| ended.cause.clone()));
    let returning = std::mem::take(&mut plan.round.returning_users);
    let missing = session.missing_users(returning, &ended).await?;
    plan.notes.extend(missing);
    plan.notes.extend(session.unseen_accounts.get().cloned());
    let mut report =
        Report::new(files, plan.notes, is_canceled, cause).stopped_by(session.own_failure());
    let is_invalid = has_nothing_valid && ended.is_empty() && !plan.holds_dependents;
    if report.verdict == Verdict::Partial && is_invalid {
        report.verdict = Verdict::Invalid;
    }
    Ok((report, in_flight))
}

/// Notes about records that were sent too early, and not again.
fn notes_of_early(early: &TooEarly<'_>) -> Vec<String> {
    let notes = early.iter().map(|(object_type, ids)| match ids[..] {
        [id] => format!(
            "{object_type} {id} was accepted before a record that it refers to, so Gong may not show it: \
             push or sync it again"
        ),
        _ => format!(
            "{} {object_type} records were accepted before records that they refer to, such as {}, so Gong \
             may not show them: push or sync them again",
            ids.len(),
            ids[0]
        ),
    });
    notes.collect()
}

impl Session {
    /// Says so if the calls of the day may not be enough.
    async fn estimate(&self, uploads: usize) -> Result<(), PushError> {
        let needed = CALLS_PER_UPLOAD * uploads as u64;
        let quota = self.client.quota().await?;
        if let Some(left) = quota.map(|quota| quota.left).filter(|left| *left < needed) {
            self.events.emit(Event::FewCallsLeft { needed, left });
        }
        Ok(())
    }

    /// Counts the records whose verdict comes from an older upload. The files after those that were given
    /// have all records of their uploads.
    async fn add_in_flight(
        &self,
        files: &mut [FileReport],
        given: usize,
        in_flight: &[InFlightRecord],
        ended: &[Ended],
    ) -> Result<(), PushError> {
        let by_number: HashMap<u64, &Ended> =
            ended.iter().map(|ended| (ended.number, ended)).collect();
        let mut by_upload: BTreeMap<(usize, u64), UploadReport> = BTreeMap::new();
        for record in in_flight {
            let Some(of) = by_number.get(&record.upload) else {
                continue;
            };
            // Already counted, if the older upload has records of this file, or of one that was added.
            let source = of.upload.sources.get(record.source as usize);
            let is_counted = |file: &FileReport| {
                let is_of_type = file.object_type == record.object_type;
                is_of_type && source.is_some_and(|source| file.path.to_string_lossy() == **source)
            };
            if is_counted(&files[record.file]) || files[given..].iter().any(is_counted) {
                continue;
            }
            let ids = [record.object_id.as_str()];
            let states = self.states(record.object_type, ids).await?;
            let state = states.into_iter().flatten().next().unwrap_or_default();
            let is_current = state.current.is_certain() && low_64(&state.hash) == record.hash;
            let counts = by_upload.entry((record.file, record.upload));
            let counts = counts.or_insert_with(|| UploadReport::new(&of.upload, of.status));
            counts.records += 1;
            let file = &mut files[record.file];
            if is_current {
                counts.accepted += 1;
                file.accepted += 1;
            } else if let Some(last) = &state.last_try {
                counts.rejected += 1;
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
        for ((file, _), upload) in by_upload {
            files[file].uploads.push(upload);
        }
        Ok(())
    }

    /// The records that Gong accepted from earlier uploads, before what they refer to came: it may have
    /// dropped them.
    async fn sent_too_early<'a>(
        &self,
        in_flight: &'a [InFlightRecord],
    ) -> Result<TooEarly<'a>, PushError> {
        let mut early = TooEarly::new();
        for record in in_flight.iter().filter(|record| record.parents_come) {
            let id = record.object_id.as_str();
            let states = self.states(record.object_type, [id]).await?;
            let mut states = states.into_iter().flatten();
            // What was sent again after what it refers to lacks nothing.
            if states.any(|state| state.current.is_certain() && !state.missing_parents.is_empty()) {
                early.entry(record.object_type).or_default().push(id);
            }
        }
        Ok(early)
    }

    /// Deletes the bodies of a plan that is not carried out.
    pub(super) fn discard(&self, plan: &Plan) {
        for upload in plan.new_uploads() {
            self.discard_body(upload);
        }
    }
}
