//! One round of a sync: lock the ledger, read the sources, plan, ask, send.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use gong_records::check::CheckError;
use tokio::sync::watch;

use crate::client::Client;
use crate::ledger::{
    Action, Current, Ledger, LedgerError, LockedLedger, RecordHash, Space, TryOutcome,
};
use crate::push::event::Events;
use crate::push::input::{Checked, InputFile, OpenFile, check};
use crate::push::kept::of_round;
use crate::push::planned::Plan;
use crate::push::prepare::interrupted;
use crate::push::reads::{PlannedAction, Round, RoundPlan};
use crate::push::report::{FileReport, Report, Verdict};
use crate::push::run::{begin, canceled, carry_out, invalid, look};
use crate::push::session::Session;
use crate::push::{CheckMode, Options, PushError};
use crate::source::SourceFile;
use crate::{IntegrationId, ObjectType, Rule};

/// The results of the sources of a round.
#[derive(Debug)]
pub(crate) struct RoundFiles {
    pub(crate) round: Round,
    pub(crate) files: Vec<(ObjectType, SourceFile)>,
}

/// A plan, before anything of it is written or sent.
#[derive(Debug)]
pub(crate) struct Preview<'a> {
    /// Its actions can be taken: nothing else needs them.
    pub(crate) round: &'a mut RoundPlan,
    pub(crate) files: &'a [FileReport],
    pub(crate) uploads: usize,
    /// Uploads of earlier rounds that are followed to their verdict.
    pub(crate) older: usize,
    pub(crate) notes: &'a [String],
}

/// The result of a round.
#[derive(Debug)]
pub(crate) struct RoundEnd {
    /// `None` if only the plan was requested, or it was declined.
    pub(crate) report: Option<Report>,
}

/// Where a round reads its sources: the locked ledger, and a directory for what they give.
pub(crate) struct ReadContext {
    pub(crate) ledger: LockedLedger,
    pub(crate) space: Space,
    pub(crate) directory: PathBuf,
}

/// Runs one round. `read` reads the sources; `decide` gets the plan and returns whether to carry it
/// out. A dry one only plans, and does not wait for another push.
#[expect(clippy::too_many_arguments, reason = "it is where everything begins")]
pub(crate) async fn run_round<F>(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
    is_dry: bool,
    read: impl FnOnce(ReadContext) -> F,
    decide: impl FnOnce(Preview<'_>) -> bool,
) -> Result<RoundEnd, PushError>
where
    F: Future<Output = Result<RoundFiles, PushError>>,
{
    let mut temporary = Vec::new();
    let preparing = async {
        let (ledger, spool) = if is_dry {
            look(&client).await?
        } else {
            begin(&client, &options, &events).await?
        };
        let space = ledger
            .ledger()
            .space(client.base_url(), integration_id)
            .await?;
        let context = ReadContext {
            ledger: ledger.clone(),
            space,
            directory: spool.directory().map_err(PushError::Spool)?,
        };
        let RoundFiles { round, files } = read(context).await?;
        let mut open = Vec::with_capacity(files.len());
        for (object_type, file) in files {
            let metadata = std::fs::metadata(&file.lines).map_err(PushError::Spool)?;
            let input = InputFile {
                path: file.name,
                object_type,
                bytes: metadata.len(),
            };
            temporary.extend(file.temporary);
            open.push(OpenFile {
                converted: file.converted,
                stamp: file.stamp,
                is_rejects: false,
                is_in_memory: true,
                ..OpenFile::new(input, file.lines, metadata.len())
            });
        }
        let (kept, left) = of_round(&ledger, &spool, space, &round, &open).await?;
        open.extend(kept);
        open.sort_by_key(|open| open.file.object_type);
        let (of_check, to) = (with_empty_files(options.clone()), Arc::clone(&events));
        let checking = tokio::task::spawn_blocking(move || {
            let mut unusable = Vec::new();
            let checked = check_usable(&mut open, &of_check, &to, &mut unusable);
            (open, checked, unusable)
        });
        let (open, checked, unusable) = checking.await.map_err(|error| interrupted(&error))?;
        let checked = checked?;
        let mut session = Session::new(
            client.clone(),
            integration_id,
            space,
            options,
            ledger,
            spool,
            Arc::clone(&events),
            Arc::new(open),
        );
        let mut round = round;
        for (object_type, _) in &unusable {
            round.reads.remove(object_type);
        }
        session.round = Some(round);
        if let Checked::Invalid(errors) = checked {
            let report = invalid(&session, errors);
            return Ok::<_, PushError>((session, Err(report)));
        }
        let mut plan = session.plan().await?;
        plan.round.unusable = unusable;
        plan.files.extend(left);
        Ok((session, Ok(plan)))
    };
    let (session, planned) = tokio::select! {
        biased;
        prepared = preparing => prepared?,
        () = canceled(cancel.clone()) => {
            return Ok(RoundEnd { report: Some(Report::canceled_before_its_plan()) });
        }
    };
    let mut plan = match planned {
        Ok(plan) => plan,
        Err(report) => {
            session.end().await;
            return Ok(RoundEnd {
                report: Some(report),
            });
        }
    };
    if plan.is_invalid {
        session.discard(&plan);
        let notes = plan.notes.clone();
        let report = Report::new(plan.invalid_files(), notes, false, None);
        session.end().await;
        return Ok(RoundEnd {
            report: Some(report),
        });
    }
    let new = plan.uploads.iter().filter(|planned| !planned.is_older);
    let uploads = new.count();
    let confirmed = session.planned_confirmed(&plan);
    let is_wanted = decide(Preview {
        round: &mut plan.round,
        files: &plan.files,
        uploads,
        older: plan.uploads.len() - uploads,
        notes: &plan.notes,
    });
    if is_dry || !is_wanted {
        session.discard(&plan);
        session.end().await;
        return Ok(RoundEnd { report: None });
    }
    if let Some(round) = &session.round {
        session.ledger.ledger().note_began(round.scope).await?;
    }
    session.write_last_reads(&plan).await?;
    let space_of_round = session.space;
    let (ledger, judged) = (session.ledger.clone(), session.judged_types(&plan));
    let scope = session.round.as_ref().map_or(0, |round| round.scope);
    let doubted = plan.round.writes.doubted.clone();
    let report = carry_out(session, plan, cancel).await?;
    // Once more, because the round may have sent them.
    for (object_type, id) in doubted {
        let ledger = ledger.ledger();
        ledger.doubt(space_of_round, object_type, &[id]).await?;
    }
    drop(temporary);
    if report.verdict != Verdict::Canceled {
        let ledger = ledger.ledger();
        let open = without_verdict(ledger, space_of_round, &confirmed).await?;
        ledger
            .drop_confirmed_deletions(space_of_round, scope, &judged, &open)
            .await?;
    }
    Ok(RoundEnd {
        report: Some(report),
    })
}

/// The deletions that have no verdict: whoever confirmed them need not do so again.
async fn without_verdict(
    ledger: &Ledger,
    space: Space,
    deletions: &[PlannedAction],
) -> Result<HashSet<(ObjectType, String)>, LedgerError> {
    let mut open = HashSet::new();
    for deletion in deletions {
        let id = deletion.object_id.as_str();
        let states = ledger.records(space, deletion.object_type, [id]).await?;
        let state = states.into_iter().flatten().next().unwrap_or_default();
        let is_it = |hash: &RecordHash| *hash == deletion.basis.hash;
        let is_done =
            matches!(state.current, Current::Version | Current::Deleted) && is_it(&state.hash);
        let is_rejected = state.last_try.as_ref().is_some_and(|last| {
            let has_verdict =
                matches!(last.outcome, TryOutcome::Rejected | TryOutcome::Unconfirmed);
            has_verdict && is_it(&last.hash)
        });
        if !is_done && !is_rejected {
            open.insert((deletion.object_type, deletion.object_id.clone()));
        }
    }
    Ok(open)
}

/// A source may be empty: then nothing of its type should be in Gong.
fn with_empty_files(mut options: Options) -> Options {
    if let CheckMode::Strict(check) | CheckMode::SkipInvalid(check) = &mut options.check {
        check.severities.allow.insert(Rule::NoRecords);
    }
    options
}

/// Checks the files. If records may be held back, unusable files are removed, together with all
/// others of their type.
fn check_usable(
    open: &mut Vec<OpenFile>,
    options: &Options,
    events: &Events,
    unusable: &mut Vec<(ObjectType, String)>,
) -> Result<Checked, CheckError> {
    loop {
        let errors = match check(open, options, events)? {
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
        open.retain(|open| {
            bad.iter()
                .all(|(object_type, _)| *object_type != open.file.object_type)
        });
        for open in &mut *open {
            open.skipped.clear();
        }
        unusable.extend(bad);
    }
}

impl Session {
    /// The types whose missing records are known in this round.
    fn judged_types(&self, plan: &Plan) -> Vec<ObjectType> {
        let reads = self.round.iter().flat_map(|round| &round.reads);
        reads
            .filter(|(object_type, read)| {
                let counts = plan.round.types.get(object_type);
                let is_whole = !read.is_cut && !self.is_part(**object_type);
                is_whole && counts.is_some_and(|counts| counts.incomplete.is_none())
            })
            .map(|(object_type, _)| *object_type)
            .collect()
    }

    /// The deletions of a plan that somebody confirmed.
    fn planned_confirmed(&self, plan: &Plan) -> Vec<PlannedAction> {
        let Some(round) = self.round.as_ref().filter(|of| !of.confirmed.is_empty()) else {
            return Vec::new();
        };
        let is_confirmed = |action: &&PlannedAction| {
            let key = (action.object_type, action.object_id.clone());
            action.action == Action::Delete && round.confirmed.contains(&key)
        };
        let actions = plan.round.actions.iter();
        actions.filter(is_confirmed).cloned().collect()
    }

    /// Whether only some records of a type are looked at.
    fn is_part(&self, object_type: ObjectType) -> bool {
        let round = self.round.as_ref();
        round.is_some_and(|round| round.only.contains_key(&object_type))
    }

    /// Writes down the reads that were complete.
    async fn write_last_reads(&self, plan: &Plan) -> Result<(), LedgerError> {
        let Some(round) = &self.round else {
            return Ok(());
        };
        let ledger = self.ledger.ledger();
        let mut reads = ledger.last_reads(self.space, round.scope).await?;
        let mut is_changed = false;
        for (object_type, read) in &round.reads {
            let counts = plan.round.types.get(object_type);
            let is_complete =
                read.is_complete && counts.is_some_and(|counts| counts.incomplete.is_none());
            if !is_complete {
                continue;
            }
            let mut last = read.last.clone();
            last.ends_with_line = counts.is_some_and(|counts| counts.ends_with_line);
            let files = plan.files.iter();
            last.records = files
                .filter(|file| file.object_type == *object_type)
                .map(|file| file.records)
                .sum();
            let before = reads.get(object_type);
            if let Some(before) = before
                && counts.is_some_and(|counts| counts.awaits_definition)
            {
                last.definition.clone_from(&before.definition);
            }
            is_changed |= before != Some(&last);
            reads.insert(*object_type, last);
        }
        if is_changed {
            ledger
                .put_last_reads(self.space, round.scope, &reads)
                .await?;
        }
        Ok(())
    }
}
