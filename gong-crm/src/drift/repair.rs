//! Sends records that differ once more.

use std::collections::{BTreeMap, HashSet};

use gong_client::error::{Error, ErrorKind};

use super::read::states;
use super::report::{Difference, DifferenceKind, DriftReport, Handled, Repair};
use super::{DriftError, DriftOptions};
use crate::client::Client;
use crate::compare::deletion_line;
use crate::ledger::{Current, Handling, LastTry, Seconds, Space};
use crate::push::{CheckMode, Records, Resend, Verdict};
use crate::sync::{Only, SyncReport};
use crate::{IntegrationId, ObjectType};

/// Records of one type.
type Ids = BTreeMap<ObjectType, Vec<String>>;

/// Sends what differs and was not sent once more before: records from their sources, deletions as
/// they are.
pub(super) async fn repair(
    client: &Client,
    integration_id: IntegrationId,
    space: Space,
    options: &DriftOptions,
    report: &mut DriftReport,
) -> Result<(), DriftError> {
    let is_wanted = |of: &Difference| of.is_open() && of.handled == Handled::Nothing;
    let mut records = Ids::new();
    let mut deletions = Ids::new();
    for of in report.differences.iter().filter(|of| is_wanted(of)) {
        let ids = match of.kind {
            DifferenceKind::NotDeleted => &mut deletions,
            _ => &mut records,
        };
        let of_type = ids.entry(of.object_type).or_default();
        of_type.push(of.object_id.clone());
    }
    if records.is_empty() && deletions.is_empty() {
        return Ok(());
    }
    let shown = report.differences.iter().filter(|of| is_wanted(of));
    note_shown(client, space, shown).await?;
    let began = client.clock.now().as_second();
    let mut verdicts = Vec::new();
    let mut not_sent = Ids::new();
    if !deletions.is_empty() {
        verdicts.push(delete_again(client, integration_id, options, &deletions).await?);
    }
    if let Some(sources) = &options.sources {
        let mut sources = sources.clone();
        sources.only = records
            .iter()
            .filter(|(object_type, _)| sources.has_source(**object_type))
            .map(|(object_type, ids)| (*object_type, Only::Ids(ids.clone())))
            .collect();
        if !sources.only.is_empty() {
            let lost = report.differences.iter().filter(|of| {
                is_wanted(of)
                    && of.kind == DifferenceKind::Missing
                    && sources.has_source(of.object_type)
            });
            note_lost(client, space, lost, began).await?;
            let ids = sources.only.values().filter_map(|only| match only {
                Only::Ids(ids) => Some(ids.clone()),
                Only::All => None,
            });
            sources.push.resend = Resend::Ids(ids.flatten().collect());
            let wanted = sources.only.clone();
            let synced = client.sync(integration_id, sources).await?;
            not_sent = not_given(client, space, &wanted, &synced).await?;
            note_not_given(client, space, &not_sent, report).await?;
            verdicts.push(synced.verdict);
        }
    } else if !records.is_empty() {
        let count: usize = records.values().map(Vec::len).sum();
        let (records, them, their_files) = match count {
            1 => ("1 record".to_owned(), "it", "its file"),
            count => (format!("{count} records"), "them", "their files"),
        };
        report.notes.push(format!(
            "{records} cannot be re-sent, because no source has {them}: push {their_files} again with \
             --resend"
        ));
    }
    let mut repair = Repair {
        accepted: 0,
        not_accepted: 0,
        verdicts,
    };
    for (ids, is_deletion) in [(&records, false), (&deletions, true)] {
        for (object_type, ids) in ids {
            let not_sent = not_sent.get(object_type).filter(|_| !is_deletion);
            let sent = ids
                .iter()
                .filter(|id| not_sent.is_none_or(|not| !not.contains(id)));
            let sent: Vec<String> = sent.cloned().collect();
            let accepted = mark(client, space, *object_type, &sent, is_deletion, began).await?;
            repair.accepted += accepted.len() as u64;
            repair.not_accepted += (ids.len() - accepted.len()) as u64;
            for of in &mut report.differences {
                if of.object_type == *object_type && ids.contains(&of.object_id) && is_wanted(of) {
                    of.handled = if accepted.contains(&of.object_id) {
                        Handled::SentAgain
                    } else {
                        Handled::NotSent
                    };
                }
            }
        }
    }
    report.repair = Some(repair);
    Ok(())
}

/// Notes the dates that Gong shows, so that repairs have later ones: Gong may ignore earlier ones, and
/// others may have sent later ones than this ledger.
async fn note_shown(
    client: &Client,
    space: Space,
    differences: impl Iterator<Item = &Difference>,
) -> Result<(), DriftError> {
    let mut dates: BTreeMap<ObjectType, BTreeMap<String, Seconds>> = BTreeMap::new();
    for of in differences {
        if let Some(shown) = of.shown {
            let of_type = dates.entry(of.object_type).or_default();
            of_type.insert(of.object_id.clone(), shown);
        }
    }
    if dates.is_empty() {
        return Ok(());
    }
    let ledger = client.ledger();
    let _lock = ledger.lock(true, &*client.clock, &|_| {}).await?;
    for (object_type, dates) in dates {
        ledger.note_dates(space, object_type, &dates).await?;
    }
    Ok(())
}

/// The records that their sources did not give: a source of changes may not name them for years.
async fn not_given(
    client: &Client,
    space: Space,
    wanted: &BTreeMap<ObjectType, Only>,
    synced: &SyncReport,
) -> Result<Ids, DriftError> {
    let is_problem = |of: ObjectType| {
        let mut problems = synced.plan.problems.iter();
        problems.any(|problem| problem.object_type == of)
    };
    let changes = synced.plan.changes.iter();
    let given: HashSet<(ObjectType, &str)> = changes
        .filter_map(|change| Some((change.object_type, change.object_id.as_deref()?)))
        .collect();
    let mut not_given = Ids::new();
    for (object_type, only) in wanted {
        let Only::Ids(ids) = only else { continue };
        if is_problem(*object_type) {
            continue;
        }
        let of_ledger = states(client, space, *object_type, ids).await?;
        let ids = ids.iter().zip(of_ledger).filter(|(id, state)| {
            // An earlier drift did not find it.
            let last = state.as_ref().and_then(|state| state.last_try.as_ref());
            !given.contains(&(*object_type, id)) || last.is_some_and(LastTry::is_doubt)
        });
        let ids: Vec<String> = ids.map(|(id, _)| id.clone()).collect();
        if !ids.is_empty() {
            not_given.insert(*object_type, ids);
        }
    }
    Ok(not_given)
}

/// Says which records could not be sent again, and lets syncs and drifts name those that Gong does not
/// have.
async fn note_not_given(
    client: &Client,
    space: Space,
    not_given: &Ids,
    report: &mut DriftReport,
) -> Result<(), DriftError> {
    if not_given.is_empty() {
        return Ok(());
    }
    let ledger = client.ledger();
    let _lock = ledger.lock(true, &*client.clock, &|_| {}).await?;
    for (object_type, ids) in not_given {
        let (records, them) = match ids.len() {
            1 => ("1 record".to_owned(), "it"),
            count => (format!("{count} records"), "them"),
        };
        report.notes.push(format!(
            "{object_type}: {records} cannot be re-sent, because the source gives changes and does not have \
             {them} now: push {them} with --resend"
        ));
        let now = client.clock.now();
        ledger.doubt_lost(space, *object_type, ids, now).await?;
    }
    Ok(())
}

fn by_type(differences: &[&Difference]) -> Ids {
    let mut by_type = Ids::new();
    for of in differences {
        let ids = by_type.entry(of.object_type).or_default();
        ids.push(of.object_id.clone());
    }
    by_type
}

/// Notes that Gong does not have records that it had, so that they are created again: what refers to
/// them waits, as for every new record.
async fn note_lost(
    client: &Client,
    space: Space,
    lost: impl Iterator<Item = &Difference>,
    began: i64,
) -> Result<(), DriftError> {
    let by_type = by_type(&lost.collect::<Vec<_>>());
    if by_type.is_empty() {
        return Ok(());
    }
    let ledger = client.ledger();
    let _lock = ledger.lock(true, &*client.clock, &|_| {}).await?;
    for (object_type, ids) in by_type {
        ledger.mark_lost(space, object_type, &ids, began).await?;
    }
    Ok(())
}

/// Notes which records Gong did not keep when they were sent once more.
pub(super) async fn note_not_kept(
    client: &Client,
    space: Space,
    report: &DriftReport,
) -> Result<(), DriftError> {
    let differences = report.differences.iter();
    let not_kept = differences
        .filter(|of| of.kind == DifferenceKind::Missing && of.handled == Handled::SentBefore);
    let by_type = by_type(&not_kept.collect::<Vec<_>>());
    if by_type.is_empty() {
        return Ok(());
    }
    let ledger = client.ledger();
    let _lock = ledger.lock(true, &*client.clock, &|_| {}).await?;
    let now = client.clock.now();
    for (object_type, ids) in by_type {
        ledger.mark_not_kept(space, object_type, &ids, now).await?;
    }
    Ok(())
}

async fn delete_again(
    client: &Client,
    integration_id: IntegrationId,
    options: &DriftOptions,
    deletions: &Ids,
) -> Result<Verdict, DriftError> {
    let unwritable = |error: std::io::Error| {
        let message = "a temporary file for deletions can't be written";
        Error::new(ErrorKind::File, message).with_source(error)
    };
    let now = client
        .clock
        .now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let mut records = Records::new();
    let mut line = Vec::new();
    for (object_type, ids) in deletions {
        for id in ids {
            line.clear();
            deletion_line(id, &now, &mut line);
            records.add_line(*object_type, &line).map_err(unwritable)?;
        }
    }
    let mut push = match &options.sources {
        Some(sources) => sources.push.clone(),
        None => options.push.clone(),
    };
    push.check = CheckMode::Off;
    push.resend = Resend::Ids(deletions.values().flatten().cloned().collect());
    let report = client.push_records(integration_id, records, push).await?;
    Ok(report.verdict)
}

/// Marks the records that were sent once more and accepted, and returns them.
async fn mark(
    client: &Client,
    space: Space,
    object_type: ObjectType,
    ids: &[String],
    is_deletion: bool,
    began: i64,
) -> Result<Vec<String>, DriftError> {
    let states = states(client, space, object_type, ids).await?;
    let wanted = if is_deletion {
        Current::Deleted
    } else {
        Current::Version
    };
    let accepted = ids.iter().zip(states).filter(|(_, state)| {
        state.as_ref().is_some_and(|state| {
            state.current == wanted && state.last_accepted >= began && state.last_try.is_none()
        })
    });
    let accepted: Vec<String> = accepted.map(|(id, _)| id.clone()).collect();
    let keys: Vec<Vec<u8>> = accepted
        .iter()
        .map(|id| space.key(object_type, id))
        .collect();
    let mut known = client.ledger().read_backs(keys.clone()).await?;
    for read_back in &mut known {
        for difference in &mut read_back.differences {
            if difference.handling == Handling::Found {
                difference.handling = Handling::Repaired;
            }
        }
    }
    let written: Vec<_> = keys.into_iter().zip(known).collect();
    client.ledger().put_read_backs(&written).await?;
    Ok(accepted)
}
