//! Vanished records that may be deleted: which of them are, and why the deletion of others is held back.

use std::collections::{HashMap, HashSet};

use super::limits::Deletable;
use super::protect::Protections;
use crate::ObjectType;
use crate::compare::{deletion_line, stage_line};
use crate::ledger::{Action, Direction, LastTry, LedgerError, TryOutcome};
use crate::push::PushError;
use crate::push::lines::id_reader;
use crate::push::planned::{Chosen, Plan, TypePlan};
use crate::push::reads::{Absent, Deletions, HoldReason, Limit, Round, TypeRead};
use crate::push::session::Session;
use crate::push::waived::Waived;

/// What decides about the vanished records of one type.
pub(super) struct Candidates<'a> {
    pub(super) round: &'a Round,
    pub(super) read: &'a TypeRead,
    pub(super) protections: &'a Protections,
    /// The types with a source that was not read completely although it should have been.
    pub(super) unread: &'a [ObjectType],
}

impl Candidates<'_> {
    fn is_confirmed(&self, of_type: &TypePlan, absent: &Absent) -> bool {
        (self.round).is_confirmed(of_type.object_type, &absent.object_id)
    }

    /// A type that was there and is empty now is more likely a mistake than deleted.
    fn is_empty_now(&self, of_type: &TypePlan) -> bool {
        let mut absent = of_type.round.absent.iter();
        of_type.is_empty
            && self.read.is_complete
            && self.round.max_deletions != Limit::Unlimited
            && absent.any(|of| !self.is_confirmed(of_type, of))
    }

    /// Takes the vanished records, and holds those back that something speaks against: a deletion that
    /// Gong refused before, or what the user must confirm, or a finding. Gives the others.
    pub(super) fn judge(
        &self,
        of_type: &mut TypePlan,
        plan: &mut Plan,
        refused: &HashMap<String, Option<HoldReason>>,
    ) -> Vec<Absent> {
        let object_type = of_type.object_type;
        let is_empty_now = self.is_empty_now(of_type);
        if is_empty_now {
            let tracked = of_type.round.counts.tracked;
            plan.notes.push(format!(
                "{object_type}: the source has no {object_type} records at all now, but had {tracked}: \
                 look at it before you confirm the deletions"
            ));
        }
        let must_ask = self.must_ask(object_type, "gone from the source", is_empty_now);
        let mut going = Vec::new();
        let mut waived = Waived::default();
        for absent in std::mem::take(&mut of_type.round.absent) {
            if self.is_confirmed(of_type, &absent) {
                going.push(absent);
                continue;
            }
            let reason = match refused.get(&absent.object_id) {
                Some(None) => {
                    waived.add(&absent.object_id);
                    continue;
                }
                Some(Some(reason)) => Some(reason.clone()),
                None => {
                    let awaits = self.awaits_definition(object_type);
                    of_type.round.counts.awaits_definition |= awaits;
                    let doubted = of_type.round.doubted.get(&absent.object_id);
                    let doubted = doubted.map(String::as_str);
                    self.reason_against(object_type, &absent, doubted, must_ask.as_deref())
                }
            };
            match reason {
                Some(reason) => {
                    (plan.round).hold(object_type, absent.object_id, Action::Delete, reason);
                }
                None => going.push(absent),
            }
        }
        plan.notes.extend(waived.note_of_deletions(object_type));
        going
    }

    /// A confirmed list of a type is complete: only its records are deleted in this round.
    fn has_list(&self, object_type: ObjectType) -> bool {
        self.round
            .confirmed
            .iter()
            .any(|(of, _)| *of == object_type)
    }

    /// Why all deletions of the type must be confirmed, if that is so. `how` is how the source says that a
    /// record is to be deleted.
    fn must_ask(&self, object_type: ObjectType, how: &str, is_empty_now: bool) -> Option<String> {
        if self.has_list(object_type) {
            Some(format!("{how}, and not in the list of confirmed deletions"))
        } else if self.read.is_redefined {
            let last = if self.read.is_of_changes() {
                "sync"
            } else {
                "complete read"
            };
            Some(format!(
                "{how}; the source or its mapping changed since the last {last}, so the deletion needs to be \
                 confirmed once"
            ))
        } else if is_empty_now {
            Some(format!(
                "{how}, which has no {object_type} records at all now"
            ))
        } else if self.read.deletions == Deletions::Ask {
            Some(format!(
                "{how}; deletions of {object_type} records need to be confirmed"
            ))
        } else {
            None
        }
    }

    /// Whether the type keeps its old definition until the deletions are confirmed.
    fn awaits_definition(&self, object_type: ObjectType) -> bool {
        self.read.is_redefined && !self.has_list(object_type)
    }

    fn reason_against(
        &self,
        object_type: ObjectType,
        absent: &Absent,
        doubted: Option<&str>,
        must_ask: Option<&str>,
    ) -> Option<HoldReason> {
        let deletes_referenced = self.round.delete_referenced;
        let key = (object_type, absent.object_id.clone());
        let protection = self.protections.get(&key);
        let warning = protection.and_then(|of| of.reason(deletes_referenced));
        let warning = warning.or_else(|| {
            let scope = doubted?;
            Some(format!(
                "gone from the source; the source of scope {scope:?} has it, but other scopes own most of that"
            ))
        });
        let warning = warning.or_else(|| {
            let mut unread = self.unread.iter();
            let may_refer = unread.find(|of| !deletes_referenced && refers_to(**of, object_type));
            may_refer.map(|of| {
                format!(
                    "gone from the source; {of} records may refer to it, and not all of them were \
                     read"
                )
            })
        });
        // If the user must confirm, the reasons against it are in the message.
        match (must_ask, warning) {
            (Some(_), Some(warning)) => Some(HoldReason::Limit(format!(
                "{warning}; the deletion needs to be confirmed"
            ))),
            (Some(must_ask), None) => Some(HoldReason::Limit(must_ask.to_owned())),
            (None, warning) => warning.map(HoldReason::Finding),
        }
    }
}

/// Whether records of one type can refer to those of another, by Gong's own fields.
fn refers_to(object_type: ObjectType, other: ObjectType) -> bool {
    let mut fields = object_type.line_format().fields.iter();
    object_type != other && fields.any(|field| field.references == Some(other))
}

/// Holds deletions back that the source marks.
fn hold_flagged(
    of_type: &mut TypePlan,
    plan: &mut Plan,
    flagged: Vec<(u64, String)>,
    reason: &str,
) {
    let mut held = HashSet::new();
    for (place, id) in flagged {
        held.insert(place);
        let reason = HoldReason::Limit(reason.to_owned());
        plan.round
            .hold(of_type.object_type, id, Action::Delete, reason);
    }
    let is_held = |of: &Chosen| of.action == Action::Delete && held.contains(&of.entry.place);
    of_type.chosen.retain(|chosen| !is_held(chosen));
}

impl Session {
    /// Holds deletions of a type back that are too many: of records that vanished, and of those that
    /// their source marks. Gives the vanished ones that are deleted.
    pub(super) async fn limit_deletions(
        &self,
        candidates: &Candidates<'_>,
        of_type: &mut TypePlan,
        plan: &mut Plan,
        going: Vec<Absent>,
    ) -> Result<Vec<Absent>, PushError> {
        let object_type = of_type.object_type;
        let (round, read) = (candidates.round, candidates.read);
        // Records that Gong never had can be deleted safely: exports keep deleted rows for years.
        let may_harm = |chosen: &Chosen| chosen.action == Action::Delete && chosen.is_known;
        let must_ask = candidates.must_ask(object_type, "marked as deleted in the source", false);
        self.hold_marked(
            round,
            of_type,
            plan,
            candidates.protections,
            must_ask.is_some(),
        )?;
        let mut flagged = self.ids_of(of_type, may_harm)?;
        flagged.retain(|(_, id)| !round.is_confirmed(object_type, id));
        if let Some(reason) = must_ask.filter(|_| !flagged.is_empty()) {
            let awaits = candidates.awaits_definition(object_type);
            of_type.round.counts.awaits_definition |= awaits;
            hold_flagged(of_type, plan, std::mem::take(&mut flagged), &reason);
        }
        let harmless = |chosen: &&Chosen| chosen.action == Action::Delete && !chosen.is_known;
        of_type.round.counts.never_sent = of_type.chosen.iter().filter(harmless).count() as u64;
        let vanished = going
            .iter()
            .filter(|absent| !candidates.is_confirmed(of_type, absent));
        let now = (vanished.count() + flagged.len()) as u64;
        let refusal = if now > 0 {
            let deletable = Deletable {
                tracked: match of_type.round.counts.tracked {
                    // A source of changes owns nothing; then all records of the type count.
                    0 => self.in_gong(object_type).await?,
                    tracked => tracked,
                },
                now,
                today: self.today(object_type, Direction::Delete).await?,
                is_empty_now: of_type.is_empty && read.is_complete,
            };
            of_type.round.counts.allowed = deletable.allowed(round.max_deletions);
            of_type.round.counts.limit_base = deletable.base();
            deletable.refusal(round.max_deletions, object_type)
        } else {
            None
        };
        let Some(refusal) = refusal else {
            return Ok(going);
        };
        let (confirmed, vanished): (Vec<_>, Vec<_>) = going
            .into_iter()
            .partition(|absent| candidates.is_confirmed(of_type, absent));
        for absent in vanished {
            let reason = HoldReason::Limit(format!("gone from the source; {refusal}"));
            (plan.round).hold(object_type, absent.object_id, Action::Delete, reason);
        }
        hold_flagged(of_type, plan, flagged, &refusal);
        Ok(confirmed)
    }

    /// The deletions of vanished records that Gong rejected, or did not take, and that it is not time to
    /// try again. Without a reason, somebody waived the deletion.
    pub(super) async fn refused_before(
        &self,
        of_type: &TypePlan,
    ) -> Result<HashMap<String, Option<HoldReason>>, LedgerError> {
        let object_type = of_type.object_type;
        let tried: Vec<(&String, &LastTry)> = of_type
            .round
            .absent
            .iter()
            .filter(|absent| !self.options.resend.includes(&absent.object_id))
            .filter_map(|absent| Some((&absent.object_id, absent.last_try.as_ref()?)))
            .collect();
        let mut refused = HashMap::new();
        if tried.is_empty() {
            return Ok(refused);
        }
        let stages = if object_type == ObjectType::Stage {
            let ids: Vec<String> = tried.iter().map(|(id, _)| (*id).clone()).collect();
            self.sent_stages(&ids).await?
        } else {
            HashMap::new()
        };
        let mut reader = id_reader(self.key, object_type);
        let now = self.now().as_second();
        for (id, last) in tried {
            let mut line = Vec::new();
            if object_type == ObjectType::Stage {
                let stage = stages.get(id).map(Vec::as_slice);
                if stage_line(stage.unwrap_or_default(), false, None, &mut line).is_err() {
                    continue;
                }
            } else {
                deletion_line(id, "2000-01-01T00:00:00Z", &mut line);
            }
            // A try of another version says nothing about its deletion.
            let is_deletion = reader
                .read(&line)
                .is_ok_and(|facts| facts.hash.to_le_bytes() == last.hash);
            if !is_deletion {
                continue;
            }
            let text = format!("gone from the source; its deletion was {}", last.as_text());
            let reason = match last.outcome {
                _ if last.is_waived() => None,
                TryOutcome::Rejected if last.next > now => Some(HoldReason::Finding(text)),
                TryOutcome::Unconfirmed => Some(HoldReason::Finding(text)),
                TryOutcome::NotAccepted if last.next > now => Some(HoldReason::Waiting(text)),
                _ => continue,
            };
            refused.insert(id.clone(), reason);
        }
        Ok(refused)
    }
}
