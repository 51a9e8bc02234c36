//! The last versions of vanished stages: a stage is deactivated with its whole line.

use std::collections::HashMap;

use crate::ObjectType;
use crate::ledger::{Current, Direction, LedgerError, Milliseconds, TryOutcome};
use crate::push::lines::{each_line, place_of};
use crate::push::session::Session;
use crate::push::spool::Spool;

impl Session {
    /// The last lines of stages that Gong may have, by id: accepted, with a verdict that does not
    /// say, or with none yet. Without any, the stage is not in it.
    pub(crate) async fn sent_stages(
        &self,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<u8>>, LedgerError> {
        let ledger = self.ledger.ledger();
        let accepted = ledger.stage_lines(self.space, ids).await?;
        let of_stages = ids.iter().map(String::as_str);
        let states = self.states(ObjectType::Stage, of_stages).await?;
        let keys = ids.iter().map(|id| self.space.key(ObjectType::Stage, id));
        let tried = ledger.contents(keys.collect()).await?;
        let mut lines = HashMap::new();
        for (((id, accepted), state), tried) in ids.iter().zip(accepted).zip(states).zip(tried) {
            let state = state.unwrap_or_default();
            let last = state.last_try.as_ref();
            let may_be_in_gong = state.current == Current::Unknown
                && last.is_some_and(|last| {
                    matches!(
                        last.outcome,
                        TryOutcome::Uncertain | TryOutcome::Unconfirmed | TryOutcome::NotAccepted
                    )
                });
            let is_kept = !tried.is_empty() && !is_deletion(&tried);
            let is_tried = is_kept && (may_be_in_gong || accepted.is_empty());
            let line = if is_tried { tried } else { accepted };
            if !line.is_empty() {
                lines.insert(id.clone(), line);
            }
        }
        self.add_stages_under_way(ids, &mut lines).await?;
        Ok(lines)
    }

    /// The lines of stages in uploads without a verdict.
    async fn add_stages_under_way(
        &self,
        ids: &[String],
        lines: &mut HashMap<String, Vec<u8>>,
    ) -> Result<(), LedgerError> {
        let mut last: HashMap<String, (Milliseconds, u16)> = HashMap::new();
        // A plan writes its own bodies elsewhere, and sees those of earlier rounds as a sync does.
        let Ok(spool) = self.ledger.ledger().spool_dir() else {
            return Ok(());
        };
        let spool = Spool::new(spool);
        for upload in self.ledger.open_uploads().await? {
            let is_sent = upload.state.may_be_in_gong();
            let is_of_stages = upload.object_type == ObjectType::Stage
                && upload.space() == self.space
                && upload.direction == Direction::Upsert;
            let Some(body) = upload.body.as_ref().filter(|_| is_sent && is_of_stages) else {
                continue;
            };
            let order = (upload.push, upload.step);
            let pending = self.ledger.manifest(upload.number).await?;
            // Without its body, what is known without it stays.
            let read = each_line(&spool.path(body), |line| {
                let place = place_of(&line);
                let id = pending.get(place).map(|pending| &pending.object_id);
                let id = id.filter(|id| ids.contains(*id));
                if let Some(id) = id.filter(|id| last.get(*id).is_none_or(|last| *last <= order)) {
                    last.insert(id.clone(), order);
                    lines.insert(id.clone(), line.bytes.to_vec());
                }
                Ok::<(), std::io::Error>(())
            });
            drop(read);
        }
        Ok(())
    }
}

/// A line that deletes a stage is not enough to deactivate it.
fn is_deletion(line: &[u8]) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_slice(line).ok();
    value.is_none_or(|value| value.get("isDeleted") == Some(&serde_json::Value::Bool(true)))
}

/// Whether a stage's line takes it out of use.
pub(super) fn is_retired(line: &[u8]) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_slice(line).ok();
    value.is_some_and(|value| value.get("isActive") == Some(&serde_json::Value::Bool(false)))
}
