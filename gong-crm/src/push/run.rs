//! Which upload goes when, and what must have ended before?

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::SignedDuration;

use super::conclusion::brief;
use super::context::Context;
use super::delivery::{Delivered, Delivery, Ending, finished_before};
use super::event::Event;
use super::job::{Purpose, new_job};
use super::report::FileStatus;
use super::request_id::Fingerprint;
use super::source::{Source, first_kins};
use super::split::{Pass, Turn};
use super::verdict::PieceOutcome;
use crate::ledger::{Job, JobState};
use gong_records::ObjectType;
use gong_records::ids::ClientRequestId;

/// A file of the push, and what became of it so far.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) source: Arc<Source>,
    /// One a piece, in the same order.
    pub(super) jobs: Vec<Job>,
    pub(super) outcomes: Vec<PieceOutcome>,
    /// Why lines were left out by the check.
    pub(super) left_out: super::rejects::Reasons,
}

/// What of a file goes in one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit {
    course: usize,
    object_type: ObjectType,
    turn: Turn,
    /// The first of the courses that share records with this one.
    kin: usize,
}

impl Unit {
    /// Whether it holds older versions of records than the other.
    fn is_older(&self, other: &Self) -> bool {
        self.kin == other.kin && self.turn < other.turn
    }
}

/// What one step of the order ended with.
enum Ended {
    Unit(Unit, Vec<PieceOutcome>),
    Settled,
}

/// How far the order has come.
#[derive(Debug, Default)]
struct Order {
    waiting: Vec<Unit>,
    running: Vec<Unit>,
    /// Types of which a file did not go well, by pass.
    failed: Vec<(Pass, ObjectType)>,
    /// What did not come to its end, with the id that it is stuck at.
    stuck: Vec<(Unit, ClientRequestId)>,
    /// What ended, in this order.
    traces: Vec<(Unit, Trace)>,
    /// How much longer accounts need to settle; what refers to them waits so long.
    settling: Option<Duration>,
}

/// Whether a unit can begin.
enum Readiness {
    Now,
    Later,
    Never(String),
}

/// Sends everything in its order; stops where it is when `cancel` comes true.
///
/// Says whether it was stopped.
pub(super) async fn run(
    context: &Context,
    courses: &mut [Course],
    failed: &[ObjectType],
    mut cancel: Cancel,
) -> bool {
    let mut order = Order::default();
    order.failed.extend(
        failed
            .iter()
            .map(|object_type| (Pass::Records, *object_type)),
    );
    order.waiting = units(courses);
    let mut running = FuturesUnordered::new();
    loop {
        let mut index = 0;
        while index < order.waiting.len() {
            let unit = order.waiting[index];
            match order.readiness(context, unit) {
                Readiness::Later => index += 1,
                Readiness::Now => {
                    order.waiting.remove(index);
                    order.running.push(unit);
                    let course = &courses[unit.course];
                    let (source, jobs) = (Arc::clone(&course.source), course.jobs.clone());
                    let before = order.before(unit);
                    running.push(either_unit(context, unit, source, jobs, before));
                }
                Readiness::Never(reason) => {
                    order.waiting.remove(index);
                    let course = &mut courses[unit.course];
                    let outcomes = not_sent(course, unit.turn, &reason);
                    order.end(unit, &outcomes);
                    course.outcomes.extend(outcomes);
                    finish(context, courses, unit.course, &order);
                }
            }
        }
        if order.is_waiting_for_accounts()
            && let Some(pause) = order.settling
            && !order
                .running
                .iter()
                .any(|unit| unit.object_type == ObjectType::Account)
            && !pause.is_zero()
            && running.len() == order.running.len()
        {
            context.events.emit(Event::Settling { pause });
            running.push(either_settling(context, pause));
        }
        let ended = tokio::select! {
            biased;
            () = canceled(&mut cancel) => return true,
            ended = running.next() => ended,
        };
        match ended {
            None => return false,
            Some(Ended::Settled) => order.settling = None,
            Some(Ended::Unit(unit, outcomes)) => {
                order.running.retain(|running| *running != unit);
                order.note_accounts(context, unit, &courses[unit.course].jobs, &outcomes);
                order.end(unit, &outcomes);
                courses[unit.course].outcomes.extend(outcomes);
                finish(context, courses, unit.course, &order);
            }
        }
    }
}

/// All that is to go, in its order.
fn units(courses: &[Course]) -> Vec<Unit> {
    let sources: Vec<&Source> = courses.iter().map(|course| &*course.source).collect();
    let kins = first_kins(&sources);
    let mut units = Vec::new();
    for (index, (course, kin)) in courses.iter().zip(kins).enumerate() {
        let object_type = course.source.file.object_type;
        let turns: BTreeSet<Turn> = course
            .source
            .pieces
            .iter()
            .map(|piece| piece.piece.turn)
            .collect();
        units.extend(turns.into_iter().map(|turn| Unit {
            course: index,
            object_type,
            turn,
            kin,
        }));
    }
    units.sort_by_key(|unit| unit.turn.rank(unit.object_type));
    units
}

type Running<'a> = std::pin::Pin<Box<dyn Future<Output = Ended> + Send + 'a>>;

fn either_unit(
    context: &Context,
    unit: Unit,
    source: Arc<Source>,
    jobs: Vec<Job>,
    before: Vec<Trace>,
) -> Running<'_> {
    Box::pin(async move {
        let outcomes = run_unit(context, unit.turn, &source, &jobs, &before).await;
        Ended::Unit(unit, outcomes)
    })
}

fn either_settling(context: &Context, pause: Duration) -> Running<'_> {
    Box::pin(async move {
        context.client.clock.sleep(pause).await;
        Ended::Settled
    })
}

/// Comes true when the push is to stop.
pub(super) type Cancel = tokio::sync::watch::Receiver<bool>;

pub(super) async fn canceled(cancel: &mut Cancel) {
    if cancel.wait_for(|is_canceled| *is_canceled).await.is_err() {
        // Nobody is left who could cancel.
        std::future::pending::<()>().await;
    }
}

impl Order {
    fn readiness(&self, context: &Context, unit: Unit) -> Readiness {
        if let Some(reason) = context.hopeless() {
            return Readiness::Never(reason.to_owned());
        }
        let ignores = context.options.ignore_dependencies;
        let failed = self
            .failed
            .iter()
            .find(|(pass, object_type)| depends_on(unit, *pass, *object_type));
        if let (Some((_, object_type)), false) = (failed, ignores) {
            return Readiness::Never(format!(
                "records of type {object_type}, to which it refers, did not all go through"
            ));
        }
        if self
            .waiting
            .iter()
            .chain(&self.running)
            .any(|other| *other != unit && goes_before(other, unit))
        {
            return Readiness::Later;
        }
        // What deletions wait for is a matter of types, above.
        let stuck = self
            .stuck
            .iter()
            .find(|(other, _)| other.turn.pass == unit.turn.pass && other.is_older(&unit));
        if let Some((_, id)) = stuck {
            return Readiness::Never(format!(
                "{id}, which goes before it, did not come to its end"
            ));
        }
        let settles = self.settling.is_some_and(|left| !left.is_zero());
        if settles
            && unit.turn.pass == Pass::Records
            && refers_to(unit.object_type, ObjectType::Account)
        {
            return Readiness::Later;
        }
        Readiness::Now
    }

    fn is_waiting_for_accounts(&self) -> bool {
        self.waiting.iter().any(|unit| {
            unit.turn.pass == Pass::Records && refers_to(unit.object_type, ObjectType::Account)
        })
    }

    /// Accounts need time to settle after they were processed, in this process or just before it.
    fn note_accounts(
        &mut self,
        context: &Context,
        unit: Unit,
        jobs: &[Job],
        outcomes: &[PieceOutcome],
    ) {
        if unit.object_type != ObjectType::Account || unit.turn.pass != Pass::Records {
            return;
        }
        let settle = context.options.settle_time;
        let now = context.client.clock.now();
        let since = |at: jiff::Timestamp| {
            let passed = now.duration_since(at).max(SignedDuration::ZERO);
            settle.saturating_sub(Duration::try_from(passed).unwrap_or_default())
        };
        let before = jobs
            .iter()
            .filter_map(|job| job.finished_at)
            .map(since)
            .max();
        if context.options.acceptance_only {
            return;
        }
        let left = if outcomes.iter().any(|outcome| outcome.sent) {
            settle
        } else {
            before.unwrap_or_default()
        };
        let left = left.max(self.settling.unwrap_or_default());
        self.settling = Some(left).filter(|left| !left.is_zero());
    }

    fn end(&mut self, unit: Unit, outcomes: &[PieceOutcome]) {
        let went_well = outcomes.iter().all(|outcome| {
            matches!(
                outcome.upload.status,
                FileStatus::Done | FileStatus::Partial | FileStatus::Accepted
            )
        });
        if !went_well {
            self.failed.push((unit.turn.pass, unit.object_type));
        }
        let is_stuck = |outcome: &&PieceOutcome| match outcome.upload.status {
            FileStatus::Done | FileStatus::Partial => false,
            // Gong refused it all, which settles it too.
            FileStatus::Failed => outcome.cause.is_some(),
            _ => true,
        };
        if let Some(outcome) = outcomes.iter().find(is_stuck) {
            let id = outcome.upload.client_request_id.clone();
            self.stuck.push((unit, id));
        }
        let traces = outcomes.iter().filter_map(Trace::of);
        self.traces.extend(traces.map(|trace| (unit, trace)));
    }

    /// What ended that holds older versions of records than the unit.
    fn before(&self, unit: Unit) -> Vec<Trace> {
        let older = self.traces.iter().filter(|(of, _)| of.is_older(&unit));
        older.map(|(_, trace)| trace.clone()).collect()
    }
}

/// Whether records of one type name records of the other, by the contract's line formats.
pub(super) fn refers_to(one: ObjectType, other: ObjectType) -> bool {
    one.line_format()
        .fields
        .iter()
        .any(|field| field.references == Some(other))
}

/// Whether a unit must have ended before the other begins.
fn goes_before(unit: &Unit, other: Unit) -> bool {
    unit.is_older(&other) || depends_on(other, unit.turn.pass, unit.object_type) || {
        // Deletions of all types go after all other records.
        (unit.turn.pass, other.turn.pass) == (Pass::Records, Pass::Deletions)
    }
}

/// Whether a unit makes no sense if others did not go well: what it refers to, or, for deletions, what
/// refers to them, and the records of the same type.
fn depends_on(unit: Unit, pass: Pass, object_type: ObjectType) -> bool {
    match (pass, unit.turn.pass) {
        (Pass::Records, Pass::Records) => refers_to(unit.object_type, object_type),
        (Pass::Records, Pass::Deletions) => object_type == unit.object_type,
        (Pass::Deletions, Pass::Records) => false,
        (Pass::Deletions, Pass::Deletions) => refers_to(object_type, unit.object_type),
    }
}

/// Sends what of a file goes in one turn.
async fn run_unit(
    context: &Context,
    turn: Turn,
    source: &Arc<Source>,
    jobs: &[Job],
    before: &[Trace],
) -> Vec<PieceOutcome> {
    let places = (0..source.pieces.len()).filter(|place| source.pieces[*place].piece.turn == turn);
    let deliveries =
        places.map(|place| deliver_in_turn(context, source, place, &jobs[place], before));
    join_all(deliveries).await
}

/// When an upload came to its end, for those that have to come after it.
#[derive(Debug, Clone)]
struct Trace {
    id: ClientRequestId,
    sent: bool,
    finished_at: jiff::Timestamp,
}

impl Trace {
    fn of(outcome: &PieceOutcome) -> Option<Self> {
        Some(Self {
            id: outcome.upload.client_request_id.clone(),
            sent: outcome.sent,
            finished_at: outcome.finished_at?,
        })
    }
}

/// Delivers a piece, and does so again if Gong turns out to have had it before something that has to
/// come first: an older version of a record, sent again, must not have the last word.
async fn deliver_in_turn(
    context: &Context,
    source: &Arc<Source>,
    place: usize,
    job: &Job,
    before: &[Trace],
) -> PieceOutcome {
    let outcome = deliver_piece(context, source, place, job).await;
    // Another file with the same content may have gone in its place, after what stands before that.
    let id = &outcome.upload.client_request_id;
    let went = before
        .iter()
        .rposition(|trace| trace.sent && trace.id == *id);
    let before = &before[went.map_or(0, |place| place + 1)..];
    // What had ended before this push was put in order when it was planned.
    let was_open = job.is_unfinished() && job.state != JobState::Planned;
    let is_early = |first: &Trace| first.sent || (was_open && first.finished_at > job.updated_at);
    let had_it = outcome.finished_at.is_some() && !outcome.sent;
    if !had_it || !before.iter().any(is_early) {
        return outcome;
    }
    let again = new_job(
        context,
        source,
        &source.pieces[place],
        job.piece,
        Purpose::RecordsAgain,
    );
    let Ok(again) = again.await else {
        return outcome;
    };
    if context.journal.record(vec![again.clone()]).await.is_err() {
        return outcome;
    }
    deliver_piece(context, source, place, &again).await
}

async fn deliver_piece(
    context: &Context,
    source: &Arc<Source>,
    place: usize,
    job: &Job,
) -> PieceOutcome {
    let piece = &source.pieces[place];
    let pieces = u32::try_from(source.pieces.len()).unwrap_or(u32::MAX);
    let object_type = source.file.object_type;
    let fingerprint = Fingerprint::new(context.integration_id, object_type, &piece.hash);
    let delivered = context
        .deliver(Delivery {
            file: &source.file,
            pieces,
            job: job.clone(),
            content: Some(&piece.content),
            fingerprint: Some(fingerprint).filter(|_| context.options.request_id.is_none()),
        })
        .await;
    let mut outcome = PieceOutcome::of(delivered, &piece.piece.lines);
    let drains = job.content.as_ref().is_some_and(|content| content.drain);
    if (context.options.drain || drains) && outcome.hidden_errors > 0 {
        // Seldom, and as much as a delivery itself.
        Box::pin(context.drain(source, place, pieces, &mut outcome)).await;
    }
    outcome
}

fn not_sent(course: &Course, turn: Turn, reason: &str) -> Vec<PieceOutcome> {
    let pieces = course.source.pieces.iter().zip(&course.jobs);
    pieces
        .filter(|(piece, _)| piece.piece.turn == turn)
        .map(|(piece, job)| {
            let delivered = Delivered {
                job: job.clone(),
                // What has ended before has not to be sent.
                ending: finished_before(job).unwrap_or_else(|| Ending::NotSent(reason.to_owned())),
                sent: false,
            };
            PieceOutcome::of(delivered, &piece.piece.lines)
        })
        .collect()
}

/// Tells of a file's end, if it has come.
fn finish(context: &Context, courses: &[Course], course: usize, order: &Order) {
    let is_open = |unit: &Unit| unit.course == course;
    if order.waiting.iter().chain(&order.running).any(is_open) {
        return;
    }
    let course = &courses[course];
    let mut report = brief(course);
    let uploads = course.outcomes.iter();
    report.sent = uploads.clone().any(|outcome| outcome.sent);
    let statuses: Vec<FileStatus> = uploads.clone().flat_map(PieceOutcome::statuses).collect();
    report.status = super::report::status_of(&statuses);
    report.succeeded = uploads
        .clone()
        .map(|outcome| outcome.upload.succeeded)
        .sum();
    report.failed = uploads.map(|outcome| outcome.upload.failed).sum();
    context.events.emit(Event::Finished {
        report: Arc::new(report),
    });
}
