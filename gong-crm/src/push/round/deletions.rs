//! The lines that delete vanished records and deactivate vanished stages.

use std::collections::{BTreeMap, HashMap};

use crate::ObjectType;
use crate::compare::{deletion_line, stage_line};
use crate::ledger::{Action, Direction, Pending, RecordState, SentField, hexadecimal};
use crate::push::PushError;
use crate::push::bodies::{Bodies, CHUNK, text_of};
use crate::push::body::Group;
use crate::push::chosen_lines::locked;
use crate::push::ids::id_hash;
use crate::push::level::Level;
use crate::push::plan::Share;
use crate::push::reads::{Absent, Basis, Gone, HoldReason, PlannedAction, Skipped};

impl Bodies<'_> {
    /// Writes the lines that delete vanished records.
    pub(crate) async fn write_gone(&mut self, gone: Gone) -> Result<(), PushError> {
        let object_type = self.files.object_type;
        // Stages are deactivated with their last lines.
        let stages = if object_type == ObjectType::Stage {
            let ids = gone.iter().map(|gone| gone.object_id.clone());
            self.session.sent_stages(&ids.collect::<Vec<_>>()).await?
        } else {
            HashMap::new()
        };
        for chunk in gone.chunks(CHUNK) {
            let ids = chunk.iter().map(|gone| gone.object_id.as_str());
            let states = self.session.states(object_type, ids).await?;
            for (gone, state) in chunk.iter().zip(states) {
                let state = state.unwrap_or_default();
                if object_type == ObjectType::Stage {
                    let stage = stages.get(&gone.object_id).map(Vec::as_slice);
                    self.retire(gone, &state, stage.unwrap_or_default())?;
                } else {
                    self.delete(gone, &state)?;
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn delete(&mut self, gone: &Absent, state: &RecordState) -> Result<(), PushError> {
        let (id, step) = (gone.object_id.as_str(), gone.step);
        let Some((date, text)) = self.date_of_deletion(state) else {
            return Ok(());
        };
        let mut line = Vec::new();
        deletion_line(id, &text, &mut line);
        let pending = self.gone_pending(id, Action::Delete, Some(date), &line);
        let frees_address = self.files.object_type == ObjectType::BusinessUser
            && step == 0
            && state
                .address
                .is_some_and(|address| self.addresses.contains(&address));
        // A user who gets the address is sent after the previous one is deleted.
        let order = if frees_address {
            Direction::Upsert
        } else {
            Direction::Delete
        };
        let group = Group {
            level: Level::new(self.files.object_type, order, step),
            direction: Direction::Delete,
            share: share_of(&pending, state),
            as_of: None,
        };
        let action = self.gone_action(&pending, state, "gone from the source");
        if self.is_skipped(&action) {
            return Ok(());
        }
        self.writer.push(group, &line, pending)?;
        self.plan.round.actions.push(action);
        Ok(())
    }

    fn retire(
        &mut self,
        gone: &Absent,
        state: &RecordState,
        stored: &[u8],
    ) -> Result<(), PushError> {
        let id = gone.object_id.as_str();
        let dated = state.sent_date.and_then(|_| self.date_of_deletion(state));
        let mut line = Vec::new();
        let text = dated.as_ref().map(|(_, text)| text.as_str());
        if stage_line(stored, false, text, &mut line).is_err() {
            let reason = "gone from the source, and its last version is not known: push the stage once \
                     more, with isActive false";
            let reason = HoldReason::Finding(reason.to_owned());
            let held = &mut self.plan.round;
            held.hold(ObjectType::Stage, id.to_owned(), Action::Delete, reason);
            return Ok(());
        }
        let date = dated.map(|(date, _)| date);
        let pending = self.gone_pending(id, Action::Update, date, &line);
        let group = Group {
            level: Level::new(ObjectType::Stage, Direction::Delete, gone.step),
            direction: Direction::Upsert,
            share: share_of(&pending, state),
            as_of: None,
        };
        let reason = "gone from the source; deactivated with isActive false";
        let mut action = self.gone_action(&pending, state, reason);
        action.action = Action::Delete;
        if self.is_skipped(&action) {
            return Ok(());
        }
        self.writer.push(group, &line, pending)?;
        self.plan.round.actions.push(action);
        Ok(())
    }

    /// Now, or the second after the last date that Gong was sent.
    fn date_of_deletion(&mut self, state: &RecordState) -> Option<(i64, String)> {
        let now = self.now.as_second();
        let after = match self.last_sent_date(Some(state), 0) {
            Some(sent) if !self.keeps_dates => now.max(self.next_date(sent)),
            _ => now,
        };
        Some((after, text_of(after)?))
    }

    fn gone_pending(
        &mut self,
        id: &str,
        action: Action,
        sent_date: Option<i64>,
        line: &[u8],
    ) -> Pending {
        let whole = self.reader.whole(line).ok();
        let hash = whole.as_ref().map_or(1, |whole| whole.facts.hash);
        let mut sent: BTreeMap<u16, [u8; 4]> = BTreeMap::new();
        for field in whole.map(|whole| whole.fields).unwrap_or_default() {
            if field.is_given {
                let number = locked(&self.names).number(&field.name);
                sent.insert(number, field.hash.max(1).to_le_bytes());
            }
        }
        let file = self.files.files.first().map_or(0, |(file, _)| *file);
        Pending {
            fields: sent
                .into_iter()
                .map(|(name, hash)| SentField { name, hash })
                .collect(),
            sent_date,
            source: u32::try_from(file).unwrap_or(u32::MAX),
            ..Pending::new(id.to_owned(), action, hash.to_le_bytes())
        }
    }

    fn gone_action(
        &self,
        pending: &Pending,
        state: &RecordState,
        reason: &'static str,
    ) -> PlannedAction {
        PlannedAction {
            object_type: self.files.object_type,
            object_id: pending.object_id.clone(),
            action: pending.action,
            fields: Vec::new(),
            reason,
            basis: self.basis(pending, Some(state)),
        }
    }

    /// The action of a record that is sent.
    pub(crate) fn planned_action(
        &self,
        pending: &Pending,
        known: Option<&RecordState>,
    ) -> PlannedAction {
        let names = locked(&self.names);
        let is_orphan = known
            .is_some_and(|known| known.hash == pending.hash && !known.missing_parents.is_empty());
        PlannedAction {
            object_type: self.files.object_type,
            object_id: pending.object_id.clone(),
            action: pending.action,
            fields: pending
                .changed
                .iter()
                .filter_map(|number| names.name(*number).map(str::to_owned))
                .collect(),
            reason: match pending.action {
                Action::Delete => "marked as deleted in the source",
                Action::Update if is_orphan => "what it refers to was not in Gong when it was sent",
                _ => "",
            },
            basis: self.basis(pending, known),
        }
    }

    fn basis(&self, pending: &Pending, known: Option<&RecordState>) -> Basis {
        Basis {
            hash: pending.hash,
            row: row_hash(&self.session.key, known),
        }
    }

    /// Whether a plan file does not name this action as it is now; then it is noted.
    pub(crate) fn is_skipped(&mut self, action: &PlannedAction) -> bool {
        let round = self.session.round.as_ref();
        let Some(agreed) = round.and_then(|round| round.agreed.as_ref()) else {
            return false;
        };
        let key = (action.object_type, action.object_id.clone());
        // A deletion's hash follows from its id alone.
        let is_agreed = agreed.actions.get(&key) == Some(&(action.action, action.basis));
        if !is_agreed {
            let is_planned = agreed.actions.contains_key(&key);
            let (object_type, object_id) = key;
            self.plan.round.skipped.push(Skipped {
                object_type,
                object_id,
                is_planned,
            });
        }
        !is_agreed
    }
}

/// Which other deletions that of a vanished record is sent with.
fn share_of(pending: &Pending, state: &RecordState) -> Share {
    let last = state.last_try.as_ref();
    let last = last.filter(|last| last.hash == pending.hash);
    last.map_or(Share::Any, Share::after)
}

/// A hash of what the ledger knows that Gong has of a record.
pub(crate) fn row_hash(key: &[u8; 16], known: Option<&RecordState>) -> u64 {
    let Some(known) = known else { return 0 };
    let row = format!(
        "{:?} {} {:?} {} {}",
        known.current,
        hexadecimal(&known.hash),
        known.sent_date,
        known.as_of,
        known.last_accepted
    );
    id_hash(key, &row)
}
