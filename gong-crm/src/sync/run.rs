//! A sync from its beginning to its report.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use tokio::sync::watch;

use super::confirmed::{is_open, note_left};
use super::held;
use super::look::{look_if_doubtful, look_if_due};
use super::options::{Only, SyncOptions};
use super::plan::{MadeFor, SourceProblem};
use super::reading::Reads;
use super::{Approve, SyncError, SyncPlan, SyncReport, plan_file};
use crate::client::Client;
use crate::coverage::{self, Coverage};
use crate::ledger::{Ledger, LedgerError, Space, hexadecimal};
use crate::push::late::Late;
use crate::push::reads::{Agreed, Held, Round};
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
    /// Records of which Gong may have an older version again.
    late: Late,
}

async fn prepare(
    client: &Client,
    integration_id: IntegrationId,
    options: &SyncOptions,
) -> Result<Prepared, SyncError> {
    if options.sources.is_empty() {
        return Err(SyncError::NoSources);
    }
    if options.scope.trim().is_empty() {
        return Err(SyncError::NoScope);
    }
    let mut only = options.only.keys();
    if let Some(object_type) = only.find(|of| !options.has_source(**of)) {
        let object_type = *object_type;
        return Err(SyncError::NoSourceOf { object_type });
    }
    let made_for = MadeFor {
        ledger: client.ledger().identity().await?.ledger_id,
        integration: integration_id.to_string(),
        scope: options.scope.clone(),
    };
    let mut confirmed = match &options.confirm_deletions {
        Some(path) => held::read(path)?,
        None => HashSet::new(),
    };
    let agreed = match &options.plan_file {
        Some(path) => Some(Arc::new(plan_file::read(path, &made_for)?)),
        None => None,
    };
    let of_plan = agreed.iter().flat_map(|agreed| &agreed.confirmed);
    confirmed.extend(of_plan.cloned());
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
    notes.extend(kept_without_source(ledger, context.space, scope, &options).await?);
    let mut late = Late::default();
    if is_dry {
        let looking = look_if_doubtful(&client, integration_id, &context.ledger, context.space);
        notes.extend(looking.await?);
    } else {
        late = look_if_due(&client, integration_id, &context.ledger, context.space).await?;
        notes.append(&mut late.notes);
    }
    let mut confirmed = confirmed;
    confirmed.extend(ledger.confirmed_deletions(context.space, scope).await?);
    let last = ledger.last_reads(context.space, scope).await?;
    let definitions = ledger.definitions(context.space, scope).await?;
    let mut of_confirmed = confirmed.iter().map(|(object_type, _)| object_type);
    let mut reads = Reads {
        need_everything: of_confirmed.any(|object_type| options.includes(*object_type)),
        ..Reads::default()
    };
    for (object_type, of_type) in &options.sources {
        if options.includes(*object_type) {
            reads
                .read(
                    *object_type,
                    of_type,
                    last.get(object_type),
                    definitions.get(object_type),
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
        held_before: held_list(&options, &client)
            .map(|list| held::earlier(&list).into_iter().map(Held::from).collect())
            .unwrap_or_default(),
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
        notes: [notes, reads.notes].concat(),
        coverage,
        late,
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

/// Notes about records that rounds of a scope kept, and whose type has no source any more.
async fn kept_without_source(
    ledger: &Ledger,
    space: Space,
    scope: u32,
    options: &SyncOptions,
) -> Result<Vec<String>, LedgerError> {
    let mut notes = Vec::new();
    for object_type in ObjectType::ALL {
        if scope == 0 || options.has_source(object_type) {
            continue;
        }
        let kept = ledger.rejects_of(space, object_type).await?;
        let kept = kept.iter().filter(|of| of.kept_by == scope).count();
        if kept > 0 {
            let (records, are) = if kept == 1 {
                ("record", "is")
            } else {
                ("records", "are")
            };
            notes.push(format!(
                "{object_type}: {kept} {records} that earlier syncs kept {are} not sent, because no source of \
                 the type is declared any more; gong-crm rejects {object_type} lists what is kept"
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
    plan.confirmed.clone_from(&prepared.confirmed);
    note_unknown(&client, integration_id, &options, &mut plan).await?;
    note_left(
        &client,
        integration_id,
        &options,
        &prepared.confirmed,
        &mut plan,
    )
    .await?;
    if let Some(path) = held_list(&options, &client) {
        if !plan.held.is_empty() {
            write_held(&options, &mut plan, path);
        } else if path.exists() {
            // Its options may be other ones than those of the sync whose list it is.
            plan.notes.push(format!(
                "{} is the list of an earlier plan or sync; this plan holds no deletion back",
                path.display()
            ));
        }
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
    if prepared.agreed.is_none() {
        note_confirmed(&client, integration_id, &options, &prepared.confirmed).await?;
    }
    let mut plan = None;
    let mut outdated = None;
    let mut report = round(
        &client,
        integration_id,
        &options,
        &prepared,
        false,
        events,
        cancel,
        |preview| {
            let made = prepared.plan_of(preview);
            let is_outdated = options.strict && made.outdated > 0;
            if is_outdated {
                outdated = Some(made.outdated);
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
    if is_list_known {
        note_unknown(&client, integration_id, &options, &mut plan).await?;
        note_left(
            &client,
            integration_id,
            &options,
            &prepared.confirmed,
            &mut plan,
        )
        .await?;
    }
    if let Some(path) = held_list(&options, &client).filter(|_| is_list_known) {
        write_held(&options, &mut plan, path);
    }
    let late = std::mem::take(&mut prepared.found().late);
    if let Some(report) = &mut report {
        let ledger = client.ledger();
        let space = ledger.space(client.base_url(), integration_id).await?;
        if late.is_unsettled(ledger, space).await? {
            report.note_overwritten();
        }
    }
    let calls = client.ledger().calls_since(began).await?;
    Ok(SyncReport::new(
        report,
        plan,
        calls.saturating_sub(calls_before),
    ))
}

/// Adds the ids of single records that are wanted, and that neither a source nor the ledger has: they are
/// misspelt, or another system's.
async fn note_unknown(
    client: &Client,
    integration_id: IntegrationId,
    options: &SyncOptions,
    plan: &mut SyncPlan,
) -> Result<(), LedgerError> {
    let ledger = client.ledger();
    let space = ledger.space(client.base_url(), integration_id).await?;
    let mut under_way = None;
    for (object_type, only) in &options.only {
        let Only::Ids(ids) = only else { continue };
        let mut problems = plan.problems.iter();
        if problems.any(|problem| problem.object_type == *object_type) {
            continue;
        }
        let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let states = ledger
            .records(space, *object_type, ids.iter().copied())
            .await?;
        let unknown = ids
            .into_iter()
            .zip(states)
            .filter(|(_, state)| state.is_none());
        let mut unknown: Vec<&str> = unknown.map(|(id, _)| id).collect();
        let is_planned = |id: &str| {
            let mut changes = plan.changes.iter();
            changes.any(|of| of.object_type == *object_type && of.object_id.as_deref() == Some(id))
        };
        unknown.retain(|id| !is_planned(id));
        if unknown.is_empty() {
            continue;
        }
        let under_way = match &mut under_way {
            Some(under_way) => under_way,
            none => none.insert(ledger.records_under_way(space).await?),
        };
        unknown.retain(|id| !under_way.contains(&(*object_type, (*id).to_owned())));
        if unknown.is_empty() {
            continue;
        }
        let source = options.sources.get(object_type);
        plan.problems.push(SourceProblem {
            object_type: *object_type,
            source: source.map(|of| of.source.name()).unwrap_or_default(),
            message: format!(
                "no record with the id {}, neither in the source nor in the ledger",
                unknown.join(" or ")
            ),
            is_finding: false,
        });
    }
    Ok(())
}

/// Stores the deletions that the user confirmed: whichever sync of the scope runs next carries them
/// out, even if this one is stopped or another one is faster. What a plan confirms counts only once the
/// plan is carried out.
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

/// Writes the list of held-back deletions. That it can't be written is a note: what was sent is sent all
/// the same.
fn write_held(options: &SyncOptions, plan: &mut SyncPlan, path: PathBuf) {
    match held::write(&path, &plan.held, |of, id| is_open(options, plan, of, id)) {
        Ok(is_there) => plan.held_deletions = Some(path).filter(|_| is_there),
        Err(error) => plan.notes.push(error.to_string()),
    }
}

/// Where the list of held-back deletions is written: beside the ledger, unless the options say
/// otherwise.
fn held_list(options: &SyncOptions, client: &Client) -> Option<PathBuf> {
    if let Some(path) = &options.held_deletions {
        return Some(path.clone());
    }
    let spool = client.ledger().store().spool_dir()?;
    let ledger = spool.with_extension("");
    let scope = file_name_of(&options.scope);
    let name = ledger.file_name()?.to_string_lossy();
    Some(ledger.with_file_name(format!("{name}.held-deletions-{scope}.ldjson")))
}

/// A scope as a part of a file's name: what is changed for that is told apart by a hash.
fn file_name_of(scope: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_kept = |letter: char| is_plain(letter) || letter == '-' || letter == '_';
    if scope.chars().all(is_kept) {
        return scope.to_owned();
    }
    let letters = scope.chars().take(40);
    let name: String = letters
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    let hash = digest(&SHA256, scope.as_bytes());
    format!("{name}-{}", hexadecimal(&hash.as_ref()[..4]))
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
    let running = run_round(
        client.clone(),
        integration_id,
        options.push_options(),
        events,
        cancel,
        is_dry,
        read,
        decide,
    );
    let report = Box::pin(running).await?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_has_a_list_of_its_own() {
        assert_eq!(file_name_of("acme-prod_2"), "acme-prod_2");
        let scopes = ["a-b", "a/b", "a b", "a.b", "A-B", "\u{e4}-b", "..", "a-b/"];
        let names: BTreeSet<String> = scopes.map(file_name_of).into();
        assert_eq!(names.len(), scopes.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.contains(['/', '.'])));
    }
}
