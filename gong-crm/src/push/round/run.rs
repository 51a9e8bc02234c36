//! One round of a sync: lock the ledger, read the sources, plan, ask, send.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::unknown::Unknown;
use crate::client::Client;
use crate::ledger::{Action, Ledger, LedgerError, LockedLedger, RecordHash, Space, TryOutcome};
use crate::push::begin::{Given, prepare, sendable};
use crate::push::finish::carry_out_and_look;
use crate::push::input::OpenFile;
use crate::push::kept::of_round;
use crate::push::planned::Plan;
use crate::push::reads::{PlannedAction, Round, RoundPlan};
use crate::push::report::{FileReport, Report, Verdict};
use crate::push::session::{Context, Session};
use crate::push::{Events, Options, PushError};
use crate::source::SourceFile;
use crate::{IntegrationId, ObjectType};

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
    /// How many records of each type wait for the verdict of an earlier upload with them.
    pub(crate) under_way: BTreeMap<ObjectType, u64>,
}

/// Where a round reads its sources: the locked ledger, and a directory for what they give.
pub(crate) struct ReadContext {
    pub(crate) ledger: LockedLedger,
    pub(crate) space: Space,
    pub(crate) directory: PathBuf,
}

/// Runs one round. `read` reads the sources; `decide` gets the plan and returns whether to carry it
/// out. With `is_dry`, the round only plans and does not wait for another push. There is no report if
/// only the plan was requested, or if it was declined.
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
) -> Result<Option<Report>, PushError>
where
    F: Future<Output = Result<RoundFiles, PushError>>,
{
    let beginning = async {
        let context = Context::begin(client, options, events, is_dry).await?;
        let space = context.space(integration_id).await?;
        let of_sources = ReadContext {
            ledger: context.ledger.clone(),
            space,
            directory: context.spool.directory().map_err(PushError::Spool)?,
        };
        let RoundFiles { round, files } = read(of_sources).await?;
        let files = files.into_iter();
        let files = files.map(|(object_type, file)| OpenFile::of_source(object_type, file));
        let mut files = files.collect::<Result<Vec<_>, _>>()?;
        let (kept, left) = of_round(&context, space, &round, &files).await?;
        files.extend(kept);
        let round = Some(round);
        Ok((context, Given { files, round, left }))
    };
    let prepared = prepare(integration_id, cancel.clone(), beginning).await?;
    let (session, mut plan) = match sendable(prepared).await {
        Ok(planned) => planned,
        Err(report) => return Ok(Some(report)),
    };
    let unknown = Unknown::of(&session);
    if is_dry {
        let planned = plan.round.actions.iter();
        let planned = planned.map(|of| (of.object_type, of.object_id.clone()));
        let planned = planned.collect();
        let noting = unknown.notes(session.ledger.ledger(), &planned);
        plan.notes.append(&mut noting.await?);
    }
    let unsent = plan.round.unsent;
    let uploads = plan.new_uploads().count() + unsent;
    let under_way = plan.under_way();
    let confirmed = session.planned_confirmed(&plan);
    let is_wanted = decide(Preview {
        round: &mut plan.round,
        files: &plan.files,
        uploads,
        older: plan.older.len().saturating_sub(unsent),
        notes: &plan.notes,
        under_way,
    });
    if is_dry || !is_wanted {
        session.discard(&plan);
        session.end().await;
        return Ok(None);
    }
    let scope = session.round.as_ref().map_or(0, |round| round.scope);
    let (ledger, space) = (session.ledger.clone(), session.space);
    let ledger = ledger.ledger();
    ledger.note_began(space, scope).await?;
    if let Some(round) = session.round.as_ref().filter(|of| !of.confirmed.is_empty()) {
        ledger
            .add_confirmed_deletions(space, scope, &round.confirmed)
            .await?;
    }
    session.write_last_reads(&plan).await?;
    session.write_definitions(&plan).await?;
    let judged = session.judged_types(&plan);
    let mut report = carry_out_and_look(session, plan, cancel).await?;
    if report.verdict != Verdict::Canceled {
        for note in unknown.settle(ledger).await? {
            report.doubt(note);
        }
        let open = without_verdict(ledger, space, &confirmed).await?;
        ledger
            .drop_confirmed_deletions(space, scope, &judged, &open)
            .await?;
    }
    Ok(Some(report))
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
        let is_done = state.current.is_certain() && is_it(&state.hash);
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

impl Session {
    /// The types whose missing records are known in this round.
    fn judged_types(&self, plan: &Plan) -> Vec<ObjectType> {
        let reads = self.round.iter().flat_map(|round| &round.reads);
        reads
            .filter(|(object_type, read)| {
                let counts = plan.round.types.get(object_type);
                let is_judged = !read.is_cut && !read.follows_complete();
                let is_whole = is_judged && !self.is_part(**object_type);
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

    /// Writes down the definitions of sources that give changes, unless deletions wait for a confirmation
    /// because of a new one.
    async fn write_definitions(&self, plan: &Plan) -> Result<(), LedgerError> {
        let Some(round) = &self.round else {
            return Ok(());
        };
        let ledger = self.ledger.ledger();
        let known = ledger.definitions(self.space, round.scope).await?;
        let mut definitions = known.clone();
        for (object_type, read) in &round.reads {
            let counts = plan.round.types.get(object_type);
            let is_accepted = counts.is_some_and(|counts| !counts.awaits_definition);
            if read.is_of_changes() && is_accepted && !self.is_part(*object_type) {
                definitions.insert(*object_type, read.last.definition.clone());
            }
        }
        if definitions == known {
            return Ok(());
        }
        ledger
            .put_definitions(self.space, round.scope, &definitions)
            .await
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
