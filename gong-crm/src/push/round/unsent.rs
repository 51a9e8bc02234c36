//! Uploads that earlier rounds and pushes planned and did not send: this round sends them, so its plan
//! names their records.

use crate::ledger::{LedgerError, UploadState};
use crate::push::planned::Plan;
use crate::push::reads::{Basis, PlannedAction};
use crate::push::session::Session;

const REASON: &str = "an earlier push or sync did not send it";

impl Session {
    /// Adds their actions to the plan of a round.
    pub(crate) async fn plan_unsent(&self, plan: &mut Plan) -> Result<(), LedgerError> {
        if self.round.is_none() {
            return Ok(());
        }
        let older = plan.older.iter();
        for upload in older.filter(|upload| upload.state == UploadState::Planned) {
            let mut overtaken = plan.writes.overtaken.iter();
            let kept = overtaken.find(|(of, ..)| of.number == upload.number);
            let is_overtaken =
                |place: usize| kept.is_some_and(|(_, _, kept)| kept.binary_search(&place).is_err());
            let pending = self.ledger.manifest(upload.number).await?;
            let before = plan.round.actions.len();
            for (place, pending) in pending.into_iter().enumerate() {
                let is_gone = self
                    .vanished
                    .contains(upload.object_type, &pending.object_id);
                if is_overtaken(place) || is_gone || pending.is_replacement() {
                    continue;
                }
                plan.round.actions.push(PlannedAction {
                    object_type: upload.object_type,
                    object_id: pending.object_id,
                    action: pending.action,
                    fields: Vec::new(),
                    reason: REASON,
                    basis: Basis {
                        hash: pending.hash,
                        row: 0,
                    },
                });
            }
            plan.round.unsent += usize::from(plan.round.actions.len() > before);
        }
        Ok(())
    }
}
