//! New records of a push that Gong may have already, under another spelling of their ids.

use std::collections::BTreeMap;

use super::planned::Plan;
use super::round::salesforce_suffix;
use super::session::Session;
use crate::ObjectType;
use crate::ledger::{Action, LedgerError, Question};
use crate::named::some_of;

/// So many new records of a type are looked up: of a first load, there is nothing to find.
const MAX_LOOKED_UP: usize = 10_000;

/// How many records a note names.
const NAMED: usize = 3;

impl Session {
    /// Names new records whose ids differ in spelling alone from those of records in Gong: Gong may take
    /// both for one record. A sync looks at all spellings when one of them vanishes.
    pub(super) async fn note_spellings(&self, plan: &mut Plan) -> Result<(), LedgerError> {
        if self.round.is_some() {
            return Ok(());
        }
        let ids_have_case = self.facts().await?.is(Question::IdsIgnoreCase, false);
        let mut by_type: BTreeMap<ObjectType, Vec<(String, String)>> = BTreeMap::new();
        let mut looked_up: BTreeMap<ObjectType, usize> = BTreeMap::new();
        for new in &plan.writes.new {
            let of_type = by_type.entry(new.upload.object_type).or_default();
            let looked_up = looked_up.entry(new.upload.object_type).or_default();
            for pending in new.records.records() {
                if *looked_up >= MAX_LOOKED_UP {
                    break;
                }
                if !pending.is_known && pending.action == Action::Create {
                    *looked_up += 1;
                    let others = other_spellings(&pending.object_id, ids_have_case);
                    of_type.extend(others.map(|other| (pending.object_id.clone(), other)));
                }
            }
        }
        for (object_type, mut spellings) in by_type {
            if spellings.is_empty() || self.is_first(object_type).await? {
                continue;
            }
            let others = spellings.iter().map(|(_, other)| other.as_str());
            let states = self.states(object_type, others).await?;
            let mut states = states.into_iter();
            spellings.retain(|_| {
                let state = states.next().flatten();
                state.is_some_and(|state| !state.is_absent_from_gong())
            });
            plan.notes.extend(note(object_type, &spellings));
        }
        Ok(())
    }
}

/// Other ways in which an export may write an id: in one case, and with or without the check characters
/// of Salesforce.
fn other_spellings(id: &str, ids_have_case: bool) -> impl Iterator<Item = String> {
    let mut others = Vec::new();
    if !ids_have_case {
        others.extend([id.to_lowercase(), id.to_uppercase()]);
    }
    if let Some(suffix) = salesforce_suffix(id) {
        others.push(format!("{id}{suffix}"));
    } else if let Some((short, suffix)) = id.split_at_checked(15)
        && salesforce_suffix(short).as_deref() == Some(suffix)
    {
        others.push(short.to_owned());
    }
    others.dedup();
    others.retain(|other| other != id);
    others.into_iter()
}

fn note(object_type: ObjectType, spellings: &[(String, String)]) -> Option<String> {
    let spellings = spellings.iter();
    let spellings = spellings.map(|(id, other)| format!("{id} as {other}"));
    let records = match spellings.len() {
        0 => return None,
        1 => "1 new record is".to_owned(),
        count => format!("{count} new records are"),
    };
    Some(format!(
        "{object_type}: {records} in Gong already under another spelling of the id, as far as this ledger knows \
         ({}): Gong may take both for one record, or show it twice; push each record under one spelling, \
         and delete the other",
        some_of(spellings, NAMED)
    ))
}
