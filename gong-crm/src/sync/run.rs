//! A sync from its beginning to its report.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::held;
use super::look::look_if_due;
use super::options::{Only, SyncOptions};
use super::plan::{MadeFor, SourceProblem};
use super::reading::Reads;
use super::{Approve, SyncError, SyncPlan, SyncReport, plan_file};
use crate::client::Client;
use crate::coverage::{self, Coverage};
use crate::ledger::{Ledger, LedgerError, Space};
use crate::push::reads::{Agreed, Round};
use crate::push::round::{Preview, ReadContext, RoundFiles, run_round};
use crate::push::{Events, PushError};
use crate::{IntegrationId, ObjectType};

/// The context of a round, in addition to its sources.
struct Prepared {
    made_for: MadeFor,
    names: BTreeMap<ObjectType, String>,
    confirmed: HashSet<(ObjectType, String)>,
    agreed: Option<Arc<Agreed>>,
    /// Problems and notes of reading.
    found: Arc<Mutex<Found>>,
}

/// The results of reading the sources.
#[derive(Default)]
struct Found {
    problems: Vec<SourceProblem>,
    notes: Vec<String>,
    coverage: Option<Coverage>,
}

async fn prepare(
    client: &Client,
    integration_id: IntegrationId,
    options: &SyncOptions,
) -> Result<Prepared, SyncError> {
    if options.sources.is_empty() {
        return Err(SyncError::NoSources);
    }
    let made_for = MadeFor {
        ledger: client.ledger().identity().await?.ledger_id,
        integration: integration_id.to_string(),
        scope: options.scope.clone(),
    };
    let confirmed = match &options.confirm_deletions {
        Some(path) => held::read(path)?,
        None => HashSet::new(),
    };
    let agreed = match &options.plan_file {
        Some(path) => Some(Arc::new(plan_file::read(path, &made_for)?)),
        None => None,
    };
    let sources = options.sources.iter();
    Ok(Prepared {
        made_for,
        names: sources
            .filter(|(object_type, _)| options.includes(**object_type))
            .map(|(object_type, of_type)| (*object_type, of_type.source.name()))
            .collect(),
        confirmed,
        agreed,
        found: Arc::default(),
    })
}

impl Prepared {
    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan_of(&self, preview: Preview<'_>) -> SyncPlan {
        let found = self.found();
        let mut plan = SyncPlan::new(
            preview,
            &self.names,
            found.problems.clone(),
            self.made_for.clone(),
        );
        plan.notes.extend(found.notes.iter().cloned());
        plan.coverage.clone_from(&found.coverage);
        plan
    }

    /// The plan of a round that failed before it had one.
    fn empty_plan(&self) -> SyncPlan {
        let found = self.found();
        SyncPlan {
            problems: found.problems.clone(),
            notes: found.notes.clone(),
            made_for: self.made_for.clone(),
            ..SyncPlan::default()
        }
    }
}

/// Reads all sources of a round.
#[expect(clippy::too_many_arguments, reason = "each is given away to the round")]
async fn read_sources(
    context: ReadContext,
    options: SyncOptions,
    confirmed: HashSet<(ObjectType, String)>,
    agreed: Option<Arc<Agreed>>,
    found: Arc<Mutex<Found>>,
    is_dry: bool,
    client: Client,
    integration_id: IntegrationId,
    events: Arc<Events>,
) -> Result<RoundFiles, PushError> {
    let ledger = context.ledger.ledger();
    let known = ledger.scope(&options.scope).await?;
    let mut notes = Vec::new();
    if known.is_none() {
        notes = other_scopes(ledger, context.space, &options).await?;
    }
    let scope = match known {
        Some(known) => known,
        None if is_dry => 0,
        None => ledger.make_scope(&options.scope).await?,
    };
    if !is_dry {
        let looked = look_if_due(&client, integration_id, &context.ledger, context.space).await?;
        notes.extend(looked);
    }
    let mut confirmed = confirmed;
    confirmed.extend(ledger.confirmed_deletions(context.space, scope).await?);
    let last = ledger.last_reads(context.space, scope).await?;
    let mut reads = Reads::default();
    for (object_type, of_type) in &options.sources {
        if options.includes(*object_type) {
            reads
                .read(
                    *object_type,
                    of_type,
                    last.get(object_type),
                    &context.directory,
                    client.clock.now(),
                    &events,
                )
                .await;
        }
    }
    let coverage = if is_dry {
        coverage::of_sources(ledger, context.space, &reads.files).await?
    } else {
        None
    };
    let only = options.only.iter();
    let round = Round {
        scope,
        reads: reads.types,
        sources: options.sources.keys().copied().collect(),
        max_deletions: options.max_deletions,
        max_changes: options.max_changes,
        delete_after: options.delete_after,
        delete_referenced: options.delete_referenced,
        confirmed,
        only: only
            .filter_map(|(object_type, only)| match only {
                Only::All => None,
                Only::Ids(ids) => Some((*object_type, ids.iter().cloned().collect())),
            })
            .collect(),
        agreed,
    };
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    *found = Found {
        problems: reads.problems,
        notes,
        coverage,
    };
    Ok(RoundFiles {
        round,
        files: reads.files,
    })
}

/// Says if a scope is new while another one owns records of the same types: it may be the same one
/// under another name.
async fn other_scopes(
    ledger: &Ledger,
    space: Space,
    options: &SyncOptions,
) -> Result<Vec<String>, LedgerError> {
    let mut notes = Vec::new();
    for object_type in options.sources.keys() {
        for (scope, records) in ledger.owners(space, *object_type).await? {
            if scope == 0 {
                continue;
            }
            let name = ledger.scope_name(scope).await?.unwrap_or_default();
            notes.push(format!(
                "scope {:?} is new, and scope {name:?} owns {records} {object_type} records; if it \
                 was renamed: gong-crm ledger rename-scope {name:?} {:?}",
                options.scope, options.scope
            ));
        }
    }
    Ok(notes)
}

pub(super) async fn plan(
    client: Client,
    integration_id: IntegrationId,
    options: SyncOptions,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<SyncPlan, SyncError> {
    let prepared = prepare(&client, integration_id, &options).await?;
    let mut plan = None;
    let end = round(
        &client,
        integration_id,
        &options,
        &prepared,
        true,
        events,
        cancel,
        |preview| {
            plan = Some(prepared.plan_of(preview));
            false
        },
    )
    .await?;
    let mut plan = plan.unwrap_or_else(|| prepared.empty_plan());
    if let Some(path) = held_list(&options, &client).filter(|_| !plan.held.is_empty()) {
        held::write(&path, &plan.held, |of, id| is_open(&options, &plan, of, id))?;
        plan.held_deletions = Some(path);
    }
    // With --strict, errors of the check stop the plan as they stop a sync.
    for file in end.into_iter().flat_map(|report| report.files) {
        plan.notes.extend(file.reason);
    }
    Ok(plan)
}

pub(super) async fn sync(
    client: Client,
    integration_id: IntegrationId,
    options: SyncOptions,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
    approve: Option<Approve>,
) -> Result<SyncReport, SyncError> {
    let prepared = prepare(&client, integration_id, &options).await?;
    let began = client.clock.now();
    let calls_before = client.ledger().calls_since(began).await?;
    note_confirmed(&client, integration_id, &options, &prepared.confirmed).await?;
    let mut plan = None;
    let mut outdated = None;
    let report = round(
        &client,
        integration_id,
        &options,
        &prepared,
        false,
        events,
        cancel,
        |preview| {
            let made = prepared.plan_of(preview);
            let is_outdated = options.strict && !made.skipped.is_empty();
            if is_outdated {
                outdated = Some(made.skipped.len());
            }
            let is_wanted = !is_outdated && approve.is_none_or(|approve| approve(&made));
            plan = Some(made);
            is_wanted
        },
    )
    .await?;
    if let Some(skipped) = outdated {
        return Err(SyncError::PlanOutdated { skipped });
    }
    // A sync that was stopped before its plan says nothing of what is held back.
    let is_list_known = report.is_some() && plan.is_some();
    let mut plan = plan.unwrap_or_else(|| prepared.empty_plan());
    if let Some(path) = held_list(&options, &client).filter(|_| is_list_known) {
        let is_there = held::write(&path, &plan.held, |of, id| is_open(&options, &plan, of, id))?;
        plan.held_deletions = Some(path).filter(|_| is_there);
    }
    let calls = client.ledger().calls_since(began).await?;
    Ok(SyncReport::new(
        report,
        plan,
        calls.saturating_sub(calls_before),
    ))
}

/// Stores the deletions that the user confirmed: whichever sync of the scope runs next carries them
/// out, even if this one is stopped or another one is faster.
async fn note_confirmed(
    client: &Client,
    integration_id: IntegrationId,
    options: &SyncOptions,
    confirmed: &HashSet<(ObjectType, String)>,
) -> Result<(), LedgerError> {
    let ledger = client.ledger();
    // A scope that was never used owns nothing that could be deleted.
    if !confirmed.is_empty()
        && let Some(scope) = ledger.scope(&options.scope).await?
    {
        let space = ledger.space(client.base_url(), integration_id).await?;
        ledger
            .add_confirmed_deletions(space, scope, confirmed)
            .await?;
    }
    Ok(())
}

/// Whether a sync did not look at a vanished record, so that what an earlier one said of it stands.
fn is_open(options: &SyncOptions, plan: &SyncPlan, object_type: ObjectType, id: &str) -> bool {
    let is_left_out = match options.only.get(&object_type) {
        None => !options.only.is_empty(),
        Some(Only::All) => false,
        Some(Only::Ids(ids)) => !ids.iter().any(|only| only == id),
    };
    let mut problems = plan.problems.iter();
    let has_problem = problems.any(|problem| problem.object_type == object_type);
    options.has_source(object_type) && (is_left_out || has_problem)
}

/// Where the list of held-back deletions is written: beside the ledger, unless the options say
/// otherwise.
fn held_list(options: &SyncOptions, client: &Client) -> Option<PathBuf> {
    if let Some(path) = &options.held_deletions {
        return Some(path.clone());
    }
    let spool = client.ledger().store().spool_dir()?;
    let ledger = spool.with_extension("");
    let scope: String = options
        .scope
        .chars()
        .map(|character| {
            if character.is_alphanumeric() {
                character
            } else {
                '-'
            }
        })
        .collect();
    let name = ledger.file_name()?.to_string_lossy();
    Some(ledger.with_file_name(format!("{name}.held-deletions-{scope}.ldjson")))
}

#[expect(
    clippy::too_many_arguments,
    reason = "it is where everything comes together"
)]
async fn round(
    client: &Client,
    integration_id: IntegrationId,
    options: &SyncOptions,
    prepared: &Prepared,
    is_dry: bool,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
    decide: impl FnOnce(Preview<'_>) -> bool,
) -> Result<Option<crate::push::Report>, SyncError> {
    let (of_read, of_client) = (options.clone(), client.clone());
    let (confirmed, agreed) = (prepared.confirmed.clone(), prepared.agreed.clone());
    let (found, to) = (Arc::clone(&prepared.found), Arc::clone(&events));
    let read = |context| {
        read_sources(
            context,
            of_read,
            confirmed,
            agreed,
            found,
            is_dry,
            of_client,
            integration_id,
            to,
        )
    };
    let report = run_round(
        client.clone(),
        integration_id,
        options.push_options(),
        events,
        cancel,
        is_dry,
        read,
        decide,
    )
    .await?;
    Ok(report)
}
