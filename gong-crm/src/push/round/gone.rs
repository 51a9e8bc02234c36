//! Records that are missing from a complete read: which of them are deleted, and which are held
//! back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::candidates::Candidates;
use super::protect::{Protections, protect};
use super::stages::is_retired;
use super::unclaimed::judge_unclaimed;
use crate::ObjectType;
use crate::ledger::{Action, LedgerError, Question, Upload, UploadState};
use crate::push::PushError;
use crate::push::ids::id_hash;
use crate::push::input::blocking;
use crate::push::planned::{Chosen, Plan, TypePlan};
use crate::push::reads::{Absent, Deletions, HoldReason, Round, Skipped, TypeRead};
use crate::push::session::Session;
use crate::push::survey::Survey;
use crate::push::without_parents::WithoutParents;

/// Records that are missing from fewer complete reads than it takes to delete them.
#[derive(Debug, Default)]
struct Kept {
    count: u64,
    /// Some of them, and from how many reads each is missing.
    named: Vec<(String, u8)>,
}

impl Kept {
    /// How many records a note names.
    const NAMED: usize = 5;

    fn add(&mut self, object_id: &str, times: u8) {
        self.count += 1;
        if self.named.len() < Self::NAMED {
            self.named.push((object_id.to_owned(), times));
        }
    }

    fn note(&self, object_type: ObjectType, reads: u8) -> Option<String> {
        let (records, they_are) = match self.count {
            0 => return None,
            1 => ("1 record is".to_owned(), "it is"),
            count => (format!("{count} records are"), "they are"),
        };
        let of = self
            .named
            .iter()
            .map(|(id, times)| format!("{id} ({times} of {reads})"));
        let named = of.collect::<Vec<_>>().join(", ");
        let more = match self.count - self.named.len() as u64 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "{object_type}: {records} missing from the source and still in Gong, until {they_are} missing from \
             {reads} complete reads in a row: {named}{more}"
        ))
    }
}

impl Session {
    /// The read of a type, if this is a sync.
    pub(crate) fn read_of(&self, object_type: ObjectType) -> Option<(&Round, &TypeRead)> {
        let round = self.round.as_ref()?;
        Some((round, round.reads.get(&object_type)?))
    }

    /// Whether the read of a type may be used, and whether it is complete.
    pub(crate) fn judge_read(&self, of_type: &mut TypePlan, surveyed: &Survey) {
        let object_type = of_type.object_type;
        let Some((_, read)) = self.read_of(object_type) else {
            return;
        };
        let mut files = self.files.iter();
        let has_changed = files.any(|file| {
            let is_of_type = file.file.object_type == object_type;
            is_of_type && file.stamp.as_ref().is_some_and(|stamp| !stamp.is_current())
        });
        let is_last_row = |chosen: &Chosen| surveyed.last_rows.contains(&chosen.entry.place);
        let counts = &mut of_type.round.counts;
        counts.ends_with_line = surveyed.ends_with_line;
        if has_changed {
            counts.incomplete = Some("it changed while it was read".to_owned());
            of_type.chosen.clear();
            of_type.orphans.clear();
            of_type.without_parents = WithoutParents::default();
        } else if read.is_complete && surveyed.breaks_off {
            counts.incomplete = Some("it ends in the middle of a record".to_owned());
        } else if read.is_complete
            && !surveyed.ends_with_line
            && let Some(before) = read.ended_with_line
            && (before > surveyed.records() || of_type.chosen.iter().any(is_last_row))
        {
            // Its last cell may be cut off.
            let last_row = if of_type.chosen.iter().any(is_last_row) {
                ", so its last row is not sent"
            } else {
                ""
            };
            of_type.chosen.retain(|chosen| !is_last_row(chosen));
            counts.incomplete = Some(format!(
                "it does not end with a line break, as the last complete one did: it may be cut off\
                 {last_row}"
            ));
        } else if let (true, Some((file, line))) = (read.is_complete, &surveyed.unclear) {
            counts.incomplete = Some(format!(
                "line {line} of {file} can't be read as a record, so it is not known which records \
                 are missing"
            ));
        } else if read.is_complete && surveyed.without_id > 0 {
            let count = surveyed.without_id;
            let plural = if count == 1 { "" } else { "s" };
            counts.incomplete = Some(format!(
                "{count} record{plural} cannot be identified, so it is not known which records are missing"
            ));
        }
        if counts.incomplete.is_some() || !read.is_complete {
            of_type.round.absent.clear();
            of_type.round.claims.clear();
            of_type.round.dropped.clear();
            of_type.round.unclaimed.clear();
        }
        of_type.is_empty = surveyed.is_empty();
    }

    /// Decides which vanished records are deleted, and writes into the plan which are held back.
    /// Adds the records that come after what they refer to: that is known when the limits are.
    pub(crate) async fn decide_deletions(
        &self,
        types: &mut [TypePlan],
        open: &[Upload],
        plan: &mut Plan,
    ) -> Result<(), PushError> {
        let Some(round) = &self.round else {
            for place in 0..types.len() {
                self.send_orphans_of(types, place, open, plan).await?;
            }
            return self.hold_pushed(types, plan).await;
        };
        for of_type in &mut *types {
            self.leave_out(round, of_type, plan).await?;
            let dropped = std::mem::take(&mut of_type.round.dropped).into_iter();
            let dropped = dropped.map(|id| (of_type.object_type, id));
            plan.writes.settled.extend(dropped);
        }
        let protections = self.protections(types).await?;
        let unread = unread(round, types);
        for place in 0..types.len() {
            self.send_orphans_of(types, place, open, plan).await?;
            let of_type = &mut types[place];
            self.release_recased(of_type, plan, &protections).await?;
            self.release_marked(of_type, plan, &protections).await?;
            let is_read_once = self.is_read_once(of_type.object_type);
            let before = is_read_once.then(|| of_type.chosen.clone());
            self.hold_overtaken(of_type, plan).await?;
            self.limit(round, of_type, plan, &protections, &unread)
                .await?;
            if let Some(before) = before {
                self.keep_held(of_type, before, plan)?;
            }
            let object_type = of_type.object_type;
            let claims = std::mem::take(&mut of_type.round.claims);
            if !claims.is_empty() {
                plan.round.writes.claims.push((object_type, claims));
            }
            let counts = std::mem::take(&mut of_type.round.counts);
            plan.round.types.insert(object_type, counts);
        }
        self.doubt_twins(types, &protections, plan).await?;
        Ok(())
    }

    /// Leaves out what is not deleted in this round anyway.
    async fn leave_out(
        &self,
        round: &Round,
        of_type: &mut TypePlan,
        plan: &mut Plan,
    ) -> Result<(), LedgerError> {
        let object_type = of_type.object_type;
        let Some(read) = round.reads.get(&object_type) else {
            return Ok(());
        };
        if let Some(only) = round.only.get(&object_type) {
            let absent = &mut of_type.round.absent;
            absent.retain(|absent| only.contains(&absent.object_id));
            let unclaimed = &mut of_type.round.unclaimed;
            unclaimed.retain(|unclaimed| only.contains(&unclaimed.object_id));
        }
        self.note_refused(round, read, of_type, plan).await?;
        self.hand_over(round, of_type, plan).await?;
        if object_type == ObjectType::Stage {
            self.leave_out_retired(&mut of_type.round.absent).await?;
            self.leave_out_retired(&mut of_type.round.unclaimed).await?;
        }
        if read.deletions == Deletions::Never {
            let kept = std::mem::take(&mut of_type.round.absent).into_iter();
            of_type.round.counts.kept = kept.map(|absent| absent.object_id).collect();
        }
        let mut waiting = Vec::new();
        let mut kept = Kept::default();
        let not_due = &mut of_type.round.not_due;
        of_type.round.absent.retain(|absent| {
            let times = absent.times.saturating_add(u8::from(read.is_new));
            let is_due = times >= round.delete_after
                || round.is_confirmed(object_type, &absent.object_id)
                // With one read, it is due whenever it is absent.
                || round.delete_after <= 1;
            // Also of what is due and may be held back, so that it stays due.
            if read.is_new && absent.times < round.delete_after && round.delete_after > 1 {
                waiting.push(absent.object_id.clone());
            }
            if !is_due {
                kept.add(&absent.object_id, times);
                not_due.push(absent.object_id.clone());
            }
            is_due
        });
        plan.notes
            .extend(kept.note(object_type, round.delete_after));
        if !waiting.is_empty() {
            plan.round.writes.absent.push((object_type, waiting));
        }
        Ok(())
    }

    /// Stages that were retired before are not retired again, unless Gong may have made them active since.
    async fn leave_out_retired(&self, absent: &mut Vec<Absent>) -> Result<(), LedgerError> {
        if absent.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = absent
            .iter()
            .map(|absent| absent.object_id.clone())
            .collect();
        let lines = self.ledger.ledger().stage_lines(self.space, &ids).await?;
        let states = self
            .states(ObjectType::Stage, ids.iter().map(String::as_str))
            .await?;
        let mut known = lines.into_iter().zip(states);
        absent.retain(|_| {
            known.next().is_none_or(|(line, state)| {
                let is_certain = state.is_some_and(|state| state.current.is_certain());
                !is_certain || !is_retired(&line)
            })
        });
        Ok(())
    }

    /// What speaks against deleting each vanished or marked record.
    pub(super) async fn protections(&self, types: &[TypePlan]) -> Result<Protections, PushError> {
        let marked = self.marked(types)?;
        let mut going = marked.clone();
        for of_type in types {
            let absent = of_type.round.absent.iter();
            let of_going = going.entry(of_type.object_type).or_default();
            of_going.extend(absent.map(|absent| absent.object_id.clone()));
        }
        let mut candidates = going.clone();
        for of_type in types {
            let unclaimed = of_type.round.unclaimed.iter();
            let others = unclaimed.map(|absent| &absent.object_id);
            let others = others.chain(&of_type.round.not_due).cloned();
            let of_candidates = candidates.entry(of_type.object_type).or_default();
            of_candidates.extend(others);
        }
        candidates.retain(|_, ids| !ids.is_empty());
        if candidates.is_empty() {
            return Ok(HashMap::new());
        }
        let ids_have_case = self.facts().await?.is(Question::IdsIgnoreCase, false);
        let files = Arc::clone(&self.files);
        let of_files = candidates.clone();
        let readers = ObjectType::ALL.map(|object_type| (object_type, self.reader(object_type)));
        let reading = blocking(move || protect(&files, &of_files, ids_have_case, readers.into()));
        let mut found = reading.await??;
        self.add_twins_in_ledger(&candidates, &mut found).await?;
        self.add_spellings_in_ledger(&candidates, &going, ids_have_case, &mut found)
            .await?;
        for (object_type, ids) in marked {
            for id in ids {
                if let Some(protection) = found.get_mut(&(object_type, id)) {
                    protection.is_marked = true;
                }
            }
        }
        Ok(found)
    }

    /// Holds deletions and changes of a type back that a limit or a finding speaks against.
    async fn limit(
        &self,
        round: &Round,
        of_type: &mut TypePlan,
        plan: &mut Plan,
        protections: &Protections,
        unread: &[ObjectType],
    ) -> Result<(), PushError> {
        let Some(read) = round.reads.get(&of_type.object_type) else {
            return Ok(());
        };
        let refused = self.refused_before(of_type).await?;
        if !of_type.round.unclaimed.is_empty() {
            let is_of_other = self.has_changes_of_other(round, of_type.object_type);
            of_type.round.has_other_owner |= is_of_other.await?;
        }
        let mut going = judge_unclaimed(round, read, of_type, plan, protections);
        let candidates = Candidates {
            round,
            read,
            protections,
            unread,
        };
        going.extend(candidates.judge(of_type, plan, &refused));
        of_type.gone = self
            .limit_deletions(&candidates, of_type, plan, going)
            .await?;
        self.hold_new(round, of_type, plan, protections).await?;
        for (id, action, reason) in self.limit_changes(round, of_type).await? {
            plan.round.hold(of_type.object_type, id, action, reason);
        }
        Ok(())
    }

    /// Holds records back that Gong does not have and that may be the same as one which it has.
    async fn hold_new(
        &self,
        round: &Round,
        of_type: &mut TypePlan,
        plan: &mut Plan,
        protections: &Protections,
    ) -> Result<(), PushError> {
        let object_type = of_type.object_type;
        let vanished = protections.iter().filter(|((of, id), protection)| {
            *of == object_type && !protection.is_marked && !round.is_confirmed(*of, id)
        });
        let twins = vanished.clone().filter_map(|((_, id), protection)| {
            let (of_twin, twin) = protection.twin.as_ref()?;
            // In another case it may be a new version for Gong, which would be missing.
            let are_numbers = [id, twin]
                .into_iter()
                .all(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
            let is_twin = *of_twin == object_type && are_numbers;
            is_twin.then_some((twin.as_str(), id.as_str()))
        });
        let mut held = self.hold_twins(of_type, &twins.collect())?;
        let recased = vanished.filter_map(|((_, id), protection)| {
            Some((protection.recased.as_deref()?, id.as_str()))
        });
        let recased: HashMap<&str, &str> = recased.collect();
        if self.is_export_recased(of_type, &recased).await? {
            held.extend(self.hold_twins(of_type, &recased)?);
        }
        for (id, reason) in held {
            let reason = HoldReason::Finding(reason);
            plan.round.hold(object_type, id, Action::Create, reason);
        }
        for (id, reason) in self.hold_before_deletion(round, of_type, protections)? {
            let reason = HoldReason::Waiting(reason);
            plan.round.hold(object_type, id, Action::Create, reason);
        }
        Ok(())
    }
}

/// The types with a source that was not read completely although it should have been.
fn unread(round: &Round, types: &[TypePlan]) -> Vec<ObjectType> {
    let is_whole = |object_type: &ObjectType| {
        let read = round.reads.get(object_type);
        let of_type = types.iter().find(|of| of.object_type == *object_type);
        read.is_some_and(|read| !read.is_cut)
            && of_type.is_some_and(|of| of.round.counts.incomplete.is_none())
    };
    let sources = round.sources.iter().copied();
    sources
        .filter(|object_type| !is_whole(object_type))
        .collect()
}

impl Session {
    /// The scope that becomes the owner of records of a type that are sent; 0 if the source holds
    /// changes only.
    pub(crate) fn owner(&self, object_type: ObjectType) -> u32 {
        self.read_of(object_type)
            .filter(|(_, read)| read.owns())
            .map_or(0, |(round, _)| round.scope)
    }

    /// Whether records of a type that are not in its read should not be in Gong.
    pub(crate) fn is_complete(&self, object_type: ObjectType) -> bool {
        self.read_of(object_type)
            .is_some_and(|(_, read)| read.is_complete)
    }

    /// Whether the next read of a type may not name the records of this one, so that what is not sent
    /// of them must be kept.
    pub(crate) fn is_read_once(&self, object_type: ObjectType) -> bool {
        self.read_of(object_type)
            .is_some_and(|(_, read)| read.gives_changes() || read.alternates)
    }

    /// The hashes of the ids of the only records of a type that are looked at.
    pub(crate) fn only(&self, object_type: ObjectType) -> Option<HashSet<u64>> {
        let only = self.round.as_ref()?.only.get(&object_type)?;
        Some(only.iter().map(|id| id_hash(&self.key, id)).collect())
    }

    /// Takes uploads out that an earlier round planned from a complete read and did not send: this
    /// round plans their records again.
    pub(crate) fn drop_planned(&self, open: &mut Vec<Upload>, plan: &mut Plan) {
        let is_dropped = |upload: &Upload| {
            upload.state == UploadState::Planned
                && upload.space() == self.space
                && upload.scope != 0
                && upload.scope == self.owner(upload.object_type)
                && self.is_complete(upload.object_type)
        };
        open.retain(|upload| {
            if is_dropped(upload) {
                plan.round.writes.dropped.push(upload.clone());
                return false;
            }
            true
        });
    }

    /// Notes the actions of a plan file that this plan does not hold.
    pub(crate) async fn note_skipped(&self, plan: &mut Plan) -> Result<(), LedgerError> {
        let Some(agreed) = self.round.as_ref().and_then(|round| round.agreed.clone()) else {
            return Ok(());
        };
        let planned: HashSet<(ObjectType, &str)> = plan
            .round
            .actions
            .iter()
            .map(|action| (action.object_type, action.object_id.as_str()))
            // What is held back says so by itself, and how it can go on.
            .chain((plan.round.held.iter()).map(|held| (held.object_type, held.object_id.as_str())))
            .collect();
        let mut missing: BTreeMap<ObjectType, Vec<&str>> = BTreeMap::new();
        for (object_type, object_id) in agreed.actions.keys() {
            if !planned.contains(&(*object_type, object_id.as_str())) {
                missing.entry(*object_type).or_default().push(object_id);
            }
        }
        let mut skipped: BTreeSet<Skipped> = plan.round.skipped.drain(..).collect();
        for (object_type, ids) in missing {
            let states = self.states(object_type, ids.iter().copied()).await?;
            for (id, state) in ids.into_iter().zip(states) {
                let key = (object_type, id.to_owned());
                let basis = agreed.actions.get(&key).map(|(_, basis)| *basis);
                let is_done = state.is_some_and(|state| {
                    state.current.is_certain()
                        && basis.is_some_and(|basis| basis.hash == state.hash)
                });
                if !is_done {
                    skipped.insert(Skipped {
                        object_type: key.0,
                        object_id: key.1,
                        is_planned: true,
                    });
                }
            }
        }
        plan.round.skipped = skipped.into_iter().collect();
        Ok(())
    }
}
