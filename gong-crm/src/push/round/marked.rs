//! Deletions that the input itself marks: Gong may delete another record with them, whose id differs
//! only in spelling or that is of another type.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::protect::{Protections, folded_id};
use crate::ObjectType;
use crate::ledger::{Action, Content, Current, Head, LedgerError, Pending, Question};
use crate::push::PushError;
use crate::push::parents::HELD_BACK;
use crate::push::planned::{Chosen, Plan, TypePlan};
use crate::push::reads::{HoldReason, Round};
use crate::push::session::Session;

/// Ids of records, by type.
pub(super) type Ids = BTreeMap<ObjectType, Vec<String>>;

fn is_marked(chosen: &Chosen) -> bool {
    chosen.action == Action::Delete
}

impl Session {
    /// The records that the input marks as deleted, also those that the ledger does not know: Gong may
    /// have another record that is the same.
    pub(super) fn marked(&self, types: &[TypePlan]) -> Result<Ids, PushError> {
        let mut marked = Ids::new();
        for of_type in types {
            let ids = self.ids_of(of_type, is_marked)?;
            if !ids.is_empty() {
                let ids = ids.into_iter().map(|(_, id)| id);
                marked.insert(of_type.object_type, ids.collect());
            }
        }
        Ok(marked)
    }

    /// Finds records of the ledger whose ids differ from those of candidates in spelling alone, or that
    /// are of another type: a webhook, another scope, or a source of changes may have brought them. What
    /// is `going` in this round, too, is none of them.
    pub(super) async fn add_spellings_in_ledger(
        &self,
        candidates: &Ids,
        going: &Ids,
        ids_have_case: bool,
        found: &mut Protections,
    ) -> Result<(), LedgerError> {
        let mut by_folded: HashMap<String, Vec<(ObjectType, &str)>> = HashMap::new();
        for (object_type, ids) in candidates {
            for id in ids {
                let of_folded = by_folded.entry(folded_id(id)).or_default();
                of_folded.push((*object_type, id));
            }
        }
        for of_twin in ObjectType::ALL {
            let going = going.get(&of_twin).into_iter().flatten();
            let going: HashSet<&str> = going.map(String::as_str).collect();
            let visit = |twin: &str, head: &Head| {
                let is_there = matches!(head.current, Current::Version | Current::Unknown);
                if !is_there || going.contains(twin) {
                    return true;
                }
                let folded = folded_id(twin);
                // Many CRMs number the records of each type from 1.
                let is_number = folded.bytes().all(|byte| byte.is_ascii_digit());
                for (object_type, id) in by_folded.get(&folded).into_iter().flatten() {
                    let is_same_type = *object_type == of_twin;
                    if is_same_type && *id == twin || !is_same_type && is_number {
                        continue;
                    }
                    let is_recased = is_same_type && id.eq_ignore_ascii_case(twin);
                    if is_recased && ids_have_case {
                        continue;
                    }
                    let protection = found.entry((*object_type, (*id).to_owned())).or_default();
                    protection.twin.get_or_insert((of_twin, twin.to_owned()));
                    if is_recased {
                        protection.recased.get_or_insert(twin.to_owned());
                    }
                }
                true
            };
            let ledger = self.ledger.ledger();
            ledger.each_head(self.space, of_twin, visit).await?;
        }
        Ok(())
    }

    /// If ids that differ only in case are the same record for Gong, a marked record whose id is there
    /// in another case is not deleted: Gong has one record, which is the other.
    pub(super) async fn release_marked(
        &self,
        of_type: &mut TypePlan,
        plan: &mut Plan,
        protections: &Protections,
    ) -> Result<(), PushError> {
        let object_type = of_type.object_type;
        let of_protections = protections.iter();
        let recased: HashSet<&str> = of_protections
            .filter(|((of, _), of_id)| {
                *of == object_type && of_id.is_marked && of_id.recased.is_some()
            })
            .map(|((_, id), _)| id.as_str())
            .collect();
        if recased.is_empty() || !self.facts().await?.is(Question::IdsIgnoreCase, true) {
            return Ok(());
        }
        let mut released = self.ids_of(of_type, is_marked)?;
        released.retain(|(_, id)| recased.contains(id.as_str()));
        let places = released.iter().map(|(place, _)| *place).collect();
        leave_out(of_type, &places);
        let released = released.into_iter().map(|(_, id)| id).collect();
        plan.round.writes.released.push((object_type, released));
        Ok(())
    }

    /// Holds back the deletions of a round that may delete another record, unless somebody confirmed
    /// them. `must_ask` is why all deletions of the type must be confirmed, if that is so.
    pub(super) fn hold_marked(
        &self,
        round: &Round,
        of_type: &mut TypePlan,
        plan: &mut Plan,
        protections: &Protections,
        must_ask: bool,
    ) -> Result<(), PushError> {
        let object_type = of_type.object_type;
        let mut held = HashSet::new();
        for (place, id) in self.marked_twins(of_type, protections)? {
            if round.is_confirmed(object_type, &id) {
                continue;
            }
            let Some(twin) = twin_of(object_type, &id, protections) else {
                continue;
            };
            held.insert(place);
            let reason = format!(
                "marked as deleted in the source, and {} {} may be the same record",
                twin.0, twin.1
            );
            let reason = if must_ask {
                HoldReason::Limit(format!("{reason}; the deletion needs to be confirmed"))
            } else {
                HoldReason::Finding(reason)
            };
            plan.round.hold(object_type, id, Action::Delete, reason);
        }
        leave_out(of_type, &held);
        Ok(())
    }

    /// The same for a push, in which `--resend` confirms a deletion.
    pub(super) async fn hold_pushed(
        &self,
        types: &mut [TypePlan],
        plan: &mut Plan,
    ) -> Result<(), PushError> {
        let protections = self.protections(types).await?;
        if protections.is_empty() {
            return Ok(());
        }
        for of_type in &mut *types {
            self.release_marked(of_type, plan, &protections).await?;
            let object_type = of_type.object_type;
            let mut twins: HashMap<u64, (ObjectType, String)> = HashMap::new();
            for (place, id) in self.marked_twins(of_type, &protections)? {
                let twin = twin_of(object_type, &id, &protections);
                if let Some(twin) = twin.filter(|_| !self.options.resend.includes(&id)) {
                    twins.insert(place, twin.clone());
                }
            }
            let held = of_type.chosen.iter();
            let held =
                held.filter(|chosen| is_marked(chosen) && twins.contains_key(&chosen.entry.place));
            let held: Vec<Chosen> = held.copied().collect();
            self.each_chosen(object_type, held, |chosen, facts, file, line| {
                let Some((of_twin, twin)) = twins.get(&chosen.entry.place) else {
                    return;
                };
                let reason = format!(
                    "{HELD_BACK}{of_twin} {twin} may be the same record, and Gong would delete it, too; to \
                     delete it nevertheless: --resend, and {of_twin} {twin} once more after it"
                );
                let pending = Pending {
                    sent_date: facts.modified,
                    source: u32::try_from(file).unwrap_or(u32::MAX),
                    line: self.files[file].source_line(u64::from(chosen.entry.line)),
                    ..Pending::new(
                        facts.object_id.into_owned(),
                        chosen.action,
                        facts.hash.to_le_bytes(),
                    )
                };
                let content = Content {
                    line: line.to_vec(),
                    ..Content::default()
                };
                plan.hold_back(file, object_type, (pending, reason, content));
            })?;
            leave_out(of_type, &twins.into_keys().collect());
        }
        self.doubt_twins(types, &protections, plan).await
    }

    /// The marked records of a type that may be the same as another one, with their places.
    pub(super) fn marked_twins(
        &self,
        of_type: &TypePlan,
        protections: &Protections,
    ) -> Result<Vec<(u64, String)>, PushError> {
        let mut of_protections = protections.keys();
        if !of_protections.any(|(of, _)| *of == of_type.object_type) {
            return Ok(Vec::new());
        }
        let mut marked = self.ids_of(of_type, is_marked)?;
        marked.retain(|(_, id)| twin_of(of_type.object_type, id, protections).is_some());
        Ok(marked)
    }
}

/// The record that may be the same as another one.
pub(super) fn twin_of<'p>(
    object_type: ObjectType,
    object_id: &str,
    protections: &'p Protections,
) -> Option<&'p (ObjectType, String)> {
    let protection = protections.get(&(object_type, object_id.to_owned()));
    protection.and_then(|protection| protection.twin.as_ref())
}

/// Takes deletions out of the plan of a type, by their places.
fn leave_out(of_type: &mut TypePlan, places: &HashSet<u64>) {
    let is_out = |chosen: &Chosen| is_marked(chosen) && places.contains(&chosen.entry.place);
    of_type.chosen.retain(|chosen| !is_out(chosen));
}
