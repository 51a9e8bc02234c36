//! Records that may be the same as a vanished one, under another spelling of its id or another type.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::marked::twin_of;
use super::protect::Protections;
use crate::ObjectType;
use crate::ledger::{Action, Current, Doubted, LedgerError, Question};
use crate::push::PushError;
use crate::push::ids::id_hash;
use crate::push::planned::{Chosen, Plan, TypePlan};
use crate::push::reads::{Absent, HoldReason, Round};
use crate::push::session::Session;

/// How many new records are looked up in the other types at most: those of an initial load are all new,
/// and nothing later is in Gong.
const MAX_LOOKED_UP: usize = 10_000;

impl Session {
    /// Whether an export writes the ids of its type in another case than before, so that most of the
    /// known records would be in Gong twice. A single id may have been changed in the CRM.
    pub(super) async fn is_export_recased(
        &self,
        of_type: &TypePlan,
        recased: &HashMap<&str, &str>,
    ) -> Result<bool, PushError> {
        const MIN_RECORDS: u64 = 5;
        if recased.len() < 3 || self.facts().await?.is(Question::IdsIgnoreCase, true) {
            return Ok(false);
        }
        let is_new = |chosen: &Chosen| !chosen.is_known && chosen.action != Action::Delete;
        let new = self.ids_of(of_type, is_new)?;
        let of_new = new
            .iter()
            .filter(|(_, id)| recased.contains_key(id.as_str()));
        let count = of_new.count() as u64;
        let tracked = of_type.round.counts.tracked;
        Ok(count >= MIN_RECORDS && count * 2 >= tracked || count >= 3 && count >= tracked)
    }

    /// Finds records of other types that have the id of a candidate, in the ledger: their source may
    /// not have been read in this round, or be another scope's. What is not in a complete read either
    /// is a candidate itself.
    pub(super) async fn add_twins_in_ledger(
        &self,
        candidates: &BTreeMap<ObjectType, Vec<String>>,
        found: &mut Protections,
    ) -> Result<(), LedgerError> {
        // Also those whose first version has no verdict yet.
        let under_way = self.ledger.ledger().records_under_way(self.space).await?;
        for (object_type, ids) in candidates {
            for other in ObjectType::ALL.into_iter().filter(|of| of != object_type) {
                let also: HashSet<&String> = candidates.get(&other).into_iter().flatten().collect();
                let ids: Vec<&str> = ids
                    .iter()
                    // Many CRMs number the records of each type from 1.
                    .filter(|id| !id.bytes().all(|byte| byte.is_ascii_digit()))
                    .filter(|id| !also.contains(id))
                    .map(String::as_str)
                    .collect();
                let states = self.states(other, ids.iter().copied()).await?;
                for (id, state) in ids.into_iter().zip(states) {
                    let is_in_gong = state.is_some_and(|state| !state.is_absent_from_gong());
                    if is_in_gong || under_way.contains(&(other, id.to_owned())) {
                        let protection = found.entry((*object_type, id.to_owned())).or_default();
                        protection.twin.get_or_insert((other, id.to_owned()));
                    }
                }
            }
        }
        Ok(())
    }

    /// If ids that differ only in case are the same record for Gong, a vanished one whose id the source
    /// has in another case is not deleted: that would be its new version.
    pub(super) async fn release_recased(
        &self,
        of_type: &mut TypePlan,
        plan: &mut Plan,
        protections: &Protections,
    ) -> Result<(), LedgerError> {
        let object_type = of_type.object_type;
        let mut of_protections = protections.iter();
        let is_any = of_protections
            .any(|((of, _), protection)| *of == object_type && protection.recased.is_some());
        if !is_any || !self.facts().await?.is(Question::IdsIgnoreCase, true) {
            return Ok(());
        }
        let is_recased = |absent: &Absent| {
            let protection = protections.get(&(object_type, absent.object_id.clone()));
            protection.is_some_and(|protection| protection.recased.is_some())
        };
        let mut released = Vec::new();
        for absent in [&mut of_type.round.absent, &mut of_type.round.unclaimed] {
            let gone = absent.extract_if(.., |absent| is_recased(absent));
            released.extend(gone.map(|absent| absent.object_id));
        }
        if !released.is_empty() {
            plan.round.writes.released.push((object_type, released));
        }
        Ok(())
    }

    /// Takes new records out whose ids differ from that of a vanished one in spelling alone: they would
    /// be there twice. They are sent once the deletion of the other is confirmed.
    pub(super) fn hold_twins(
        &self,
        of_type: &mut TypePlan,
        twins: &HashMap<&str, &str>,
    ) -> Result<Vec<(String, String)>, PushError> {
        if twins.is_empty() {
            return Ok(Vec::new());
        }
        let is_new = |chosen: &Chosen| chosen.action == Action::Create;
        let new = self.take(of_type, is_new, |id| twins.contains_key(id))?;
        let object_type = of_type.object_type;
        let held = new.into_iter().map(|id| {
            let known = twins.get(id.as_str()).copied().unwrap_or_default();
            let reason = format!(
                "Gong has {object_type} {known}, which is gone from the source: this may be the same record \
                 under another id; correct the id, or confirm the deletion of the other"
            );
            (id, reason)
        });
        Ok(held.collect())
    }

    /// Holds back records that Gong does not have if it has a record of another type with the same id
    /// from a later read or push: a lead that was converted since would take the place of its contact.
    /// The next read knows which of the two there is.
    pub(super) async fn hold_overtaken(
        &self,
        of_type: &mut TypePlan,
        plan: &mut Plan,
    ) -> Result<(), PushError> {
        let object_type = of_type.object_type;
        let Some((_, read)) = self.read_of(object_type) else {
            return Ok(());
        };
        let count = |is_sent: &dyn Fn(&Chosen) -> bool| {
            let sent = of_type.chosen.iter().filter(|chosen| is_sent(chosen));
            sent.count()
        };
        // Of those that the ledger has, only few can be unknown in Gong.
        let looks_at_all = count(&|chosen| chosen.action != Action::Delete) <= MAX_LOOKED_UP;
        let is_sent = move |chosen: &Chosen| {
            chosen.action == Action::Create || looks_at_all && chosen.action == Action::Update
        };
        if !(1..=MAX_LOOKED_UP).contains(&count(&is_sent)) {
            return Ok(());
        }
        let mut ids: Vec<String> = self
            .ids_of(of_type, is_sent)?
            .into_iter()
            .map(|(_, id)| id)
            .collect();
        // Many CRMs number the records of each type from 1.
        ids.retain(|id| !id.bytes().all(|byte| byte.is_ascii_digit()));
        let known = self
            .states(object_type, ids.iter().map(String::as_str))
            .await?;
        let mut known = known.into_iter();
        ids.retain(|_| {
            let known = known.next().flatten();
            known.is_none_or(|known| known.current != Current::Version)
        });
        let mut twins: HashMap<String, ObjectType> = HashMap::new();
        for of_twin in ObjectType::ALL.into_iter().filter(|of| *of != object_type) {
            let states = self.states(of_twin, ids.iter().map(String::as_str)).await?;
            for (id, state) in ids.iter().zip(states) {
                let is_later = state
                    .is_some_and(|state| !state.is_absent_from_gong() && state.as_of > read.as_of);
                if is_later {
                    twins.insert(id.clone(), of_twin);
                }
            }
        }
        if twins.is_empty() {
            return Ok(());
        }
        for id in self.take(of_type, is_sent, |id| twins.contains_key(id))? {
            let Some(of_twin) = twins.get(&id) else {
                continue;
            };
            let reason = format!(
                "Gong has {of_twin} {id} from after this read: this may be the same record, which the next \
                 read knows"
            );
            let reason = HoldReason::Waiting(reason);
            plan.round.hold(object_type, id, Action::Create, reason);
        }
        Ok(())
    }

    /// Takes records out that Gong gets now. Gives their ids.
    fn take(
        &self,
        of_type: &mut TypePlan,
        is_wanted: impl Fn(&Chosen) -> bool,
        is_taken: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, PushError> {
        let mut new = self.ids_of(of_type, is_wanted)?;
        new.retain(|(_, id)| is_taken(id));
        let places: HashSet<u64> = new.iter().map(|(place, _)| *place).collect();
        let chosen = &mut of_type.chosen;
        chosen.retain(|chosen| !places.contains(&chosen.entry.place));
        Ok(new.into_iter().map(|(_, id)| id).collect())
    }

    /// Takes new records out that may be the same as one whose deletion was confirmed, under another id
    /// or type: deletions are sent last, and would take them along. The same with changed ones that the
    /// next read may not name again.
    pub(super) fn hold_before_deletion(
        &self,
        round: &Round,
        of_type: &mut TypePlan,
        protections: &Protections,
    ) -> Result<Vec<(String, String)>, PushError> {
        let object_type = of_type.object_type;
        let confirmed = protections
            .iter()
            .filter(|(key, _)| round.confirmed.contains(key));
        let twins: HashMap<&str, &(ObjectType, String)> = confirmed
            .filter_map(|(gone, protection)| {
                let (of_twin, twin) = protection.twin.as_ref()?;
                (*of_twin == object_type).then_some((twin.as_str(), gone))
            })
            .collect();
        if twins.is_empty() {
            return Ok(Vec::new());
        }
        let is_read_once = self.is_read_once(object_type);
        let is_taken = |chosen: &Chosen| match chosen.action {
            Action::Create => true,
            Action::Update => is_read_once,
            Action::Delete => false,
        };
        let taken = self.take(of_type, is_taken, |id| twins.contains_key(id))?;
        let held = taken.into_iter().filter_map(|id| {
            let (of_gone, gone) = twins.get(id.as_str())?;
            let reason = format!(
                "sent by the next sync, after the deletion of {of_gone} {gone}, which may be the same record"
            );
            Some((id, reason))
        });
        Ok(held.collect())
    }

    /// Notes the records that may be the same as one whose deletion was confirmed: if they are, Gong
    /// loses them, so that the next round sends them again.
    pub(super) async fn doubt_twins(
        &self,
        types: &[TypePlan],
        protections: &Protections,
        plan: &mut Plan,
    ) -> Result<(), PushError> {
        for of_type in types {
            let object_type = of_type.object_type;
            let gone = of_type.gone.iter().map(|absent| absent.object_id.clone());
            let marked = self.marked_twins(of_type, protections)?;
            for gone in gone.chain(marked.into_iter().map(|(_, id)| id)) {
                let Some((of_twin, twin)) = twin_of(object_type, &gone, protections).cloned()
                else {
                    continue;
                };
                if !self.will_be_in_gong(types, plan, of_twin, &twin).await? {
                    continue;
                }
                let mut held = plan.round.held.iter();
                let is_kept = held.any(|of| {
                    let is_twin = of.object_type == of_twin && of.object_id == twin;
                    is_twin && of.action != Action::Delete
                });
                if !is_kept {
                    let what = if self.owner(of_twin) == 0 {
                        // Changes may not name it again.
                        "until it is sent again, its source or a push must name it"
                    } else {
                        "so the next sync sends it again"
                    };
                    let reason =
                        format!("may be deleted together with {object_type} {gone}, {what}");
                    let reason = HoldReason::Waiting(reason);
                    let held = &mut plan.round;
                    held.hold(of_twin, twin.clone(), Action::Update, reason);
                }
                plan.round.writes.doubted.push(Doubted {
                    object_type: of_twin,
                    object_id: twin,
                    gone: (object_type, gone),
                });
            }
        }
        Ok(())
    }

    /// Whether Gong has a record, or gets it with this round.
    async fn will_be_in_gong(
        &self,
        types: &[TypePlan],
        plan: &Plan,
        object_type: ObjectType,
        object_id: &str,
    ) -> Result<bool, LedgerError> {
        let hash = id_hash(&self.key, object_id);
        let is_sent = |chosen: &Chosen| chosen.entry.id == hash && chosen.action != Action::Delete;
        let mut of_types = types.iter().filter(|of| of.object_type == object_type);
        let mut in_flight = plan.in_flight.iter();
        if of_types.any(|of| of.chosen.iter().any(is_sent))
            || in_flight.any(|of| of.object_type == object_type && of.object_id == object_id)
        {
            return Ok(true);
        }
        let states = self.states(object_type, [object_id]).await?;
        let mut states = states.into_iter().flatten();
        Ok(states.any(|state| !state.is_absent_from_gong()))
    }
}
