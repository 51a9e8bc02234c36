//! What a list of confirmed deletions does not delete, and why.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Only, PlanAction, SyncOptions, SyncPlan};
use crate::client::Client;
use crate::ledger::LedgerError;
use crate::{IntegrationId, ObjectType};

/// Says how many records of a list are not deleted: somebody who confirms a list believes that they are.
/// Those that the plan deletes, or names as held back or skipped, are not among them.
pub(super) async fn note_left(
    client: &Client,
    integration_id: IntegrationId,
    options: &SyncOptions,
    confirmed: &HashSet<(ObjectType, String)>,
    plan: &mut SyncPlan,
) -> Result<(), LedgerError> {
    let Some(list) = &options.confirm_deletions else {
        return Ok(());
    };
    let list = list.display();
    if confirmed.is_empty() {
        plan.notes
            .push(format!("{list} names no record: it confirms no deletion"));
        return Ok(());
    }
    let left = left(confirmed, plan);
    let ledger = client.ledger();
    let space = ledger.space(client.base_url(), integration_id).await?;
    let mut why: BTreeMap<&str, u64> = BTreeMap::new();
    for (object_type, ids) in left {
        let of_ids = ids.iter().copied();
        let states = ledger.records(space, object_type, of_ids).await?;
        for (id, state) in ids.into_iter().zip(states) {
            let reason = match state {
                None => "not known to this ledger",
                Some(state) if state.is_absent_from_gong() => "not in Gong any more",
                _ if !options.has_source(object_type) => "of a type without a source",
                _ if is_open(options, plan, object_type, id) => "not looked at by this sync",
                Some(_) => "in the source, or of another scope",
            };
            *why.entry(reason).or_default() += 1;
        }
    }
    let count: u64 = why.values().sum();
    if count == 0 {
        return Ok(());
    }
    let why: Vec<String> = why
        .into_iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let not_deleted = if count == 1 {
        "1 is not deleted".to_owned()
    } else {
        format!("{count} are not deleted")
    };
    let records = match confirmed.len() {
        1 => "the record".to_owned(),
        count => format!("the {count} records"),
    };
    plan.notes.push(format!(
        "of {records} in {list}, {not_deleted}: {}",
        why.join(", ")
    ));
    Ok(())
}

/// The confirmed records of which the plan says nothing.
fn left<'c>(
    confirmed: &'c HashSet<(ObjectType, String)>,
    plan: &SyncPlan,
) -> HashMap<ObjectType, Vec<&'c str>> {
    let named = plan
        .changes
        .iter()
        .filter(|change| matches!(change.action, PlanAction::Delete | PlanAction::HoldBack));
    let named = named.filter_map(|change| Some((change.object_type, change.object_id.as_deref()?)));
    let skipped = plan.skipped.iter();
    let skipped = skipped.map(|skipped| (skipped.object_type, skipped.object_id.as_str()));
    let named: HashSet<(ObjectType, &str)> = named.chain(skipped).collect();
    let mut left: HashMap<ObjectType, Vec<&str>> = HashMap::new();
    for (object_type, id) in confirmed {
        if !named.contains(&(*object_type, id.as_str())) {
            left.entry(*object_type).or_default().push(id);
        }
    }
    left
}

/// Whether a sync did not look at a vanished record, so that what an earlier one said of it stands.
pub(super) fn is_open(
    options: &SyncOptions,
    plan: &SyncPlan,
    object_type: ObjectType,
    id: &str,
) -> bool {
    let is_left_out = match options.only.get(&object_type) {
        None => !options.only.is_empty(),
        Some(Only::All) => false,
        Some(Only::Ids(ids)) => !ids.iter().any(|only| only == id),
    };
    let mut problems = plan.problems.iter();
    let has_problem = problems.any(|problem| problem.object_type == object_type);
    options.has_source(object_type) && (is_left_out || has_problem)
}
