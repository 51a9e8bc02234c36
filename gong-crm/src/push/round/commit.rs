//! Writes down what a push or a sync knows besides uploads, before anything is sent.

use crate::ledger::{Conclusion, LedgerError, UploadState};
use crate::push::planned::Plan;
use crate::push::session::Session;

impl Session {
    /// Writes down which records Gong may lose, and, of a sync, who owns which records and which uploads
    /// of earlier rounds were planned again.
    pub(crate) async fn write_round(&self, plan: &mut Plan) -> Result<(), LedgerError> {
        let writes = std::mem::take(&mut plan.round.writes);
        let (ledger, now) = (self.ledger.ledger(), self.now());
        for (object_type, ids) in &writes.released {
            ledger.mark_absent(self.space, *object_type, ids).await?;
        }
        for doubted in &writes.doubted {
            ledger.doubt(self.space, doubted, self.push, now).await?;
        }
        let Some(round) = &self.round else {
            return Ok(());
        };
        for mut upload in writes.dropped {
            self.discard_body(&upload);
            upload.state = UploadState::Dropped;
            let nothing = Conclusion::default();
            self.ledger
                .conclude(&mut upload, &[], &nothing, now)
                .await?;
        }
        for (object_type, ids) in &writes.claims {
            ledger
                .claim(self.space, *object_type, round.scope, ids)
                .await?;
        }
        for (object_type, scope, ids) in &writes.handed {
            ledger.claim(self.space, *object_type, *scope, ids).await?;
        }
        for (object_type, claims) in &writes.refused {
            ledger
                .put_refused_claims(self.space, round.scope, *object_type, claims)
                .await?;
        }
        for (object_type, ids) in &writes.absent {
            ledger.count_absence(self.space, *object_type, ids).await?;
        }
        Ok(())
    }
}
