//! How a push follows what a probe found out about this Gong.

use gong_client::status::{RequestState, RequestStatus};

use super::session::Session;
use super::verdict::{Judgement, Rest, judge};
use crate::ledger::{Clearing, Facts, LedgerError, Question};

/// How fields that a record had and has no more are cleared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clears {
    pub(super) custom: Clearing,
    pub(super) standard: Clearing,
}

impl Default for Clears {
    fn default() -> Self {
        Self::of(&Facts::default())
    }
}

impl Clears {
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            custom: Clearing::of_custom(facts),
            standard: Clearing::of_standard(facts),
        }
    }
}

impl Session {
    /// The known facts about this Gong.
    pub(super) async fn facts(&self) -> Result<Facts, LedgerError> {
        self.ledger.ledger().facts(self.space).await
    }

    /// Reads the verdict of an upload of so many records, as this Gong means it.
    pub(super) async fn judge(
        &self,
        status: &RequestStatus,
        records: usize,
    ) -> Result<Judgement, LedgerError> {
        let taken = self.facts().await?.answer(Question::GoodLinesTaken);
        Ok(judge_as_known(status, records, taken))
    }
}

/// Reads a verdict, using what is known about the good lines of an upload with errors.
fn judge_as_known(
    status: &RequestStatus,
    records: usize,
    good_lines_taken: Option<bool>,
) -> Judgement {
    let mut judgement = judge(status, records);
    let names_lines = status
        .errors
        .iter()
        .all(|error| (1..=records as u64).contains(&error.line));
    let is_partial = status.status == RequestState::Failed
        && !judgement.has_unlisted
        && !judgement.rejected.is_empty()
        && judgement.rejected.len() < records
        && names_lines;
    if !is_partial {
        return judgement;
    }
    match (good_lines_taken, judgement.rest) {
        (Some(true), Rest::Uncertain) if status.total_success_count.is_none() => {
            judgement.rest = Rest::Accepted;
            judgement.reason.clear();
        }
        (Some(false), Rest::Accepted) => {
            judgement.rest = Rest::Uncertain;
            "this Gong rejects all records of an upload with errors"
                .clone_into(&mut judgement.reason);
        }
        _ => {}
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_lines_count_as_the_probe_says() {
        let status = |successes: Option<u64>| -> RequestStatus {
            serde_json::from_value(serde_json::json!({
                "status": "FAILED", "requestId": null, "totalErrorCount": 1,
                "totalSuccessCount": successes,
                "errors": [{"line": 2, "description": "bad"}],
            }))
            .unwrap()
        };
        for (taken, successes, rest) in [
            (None, None, Rest::Uncertain),
            (None, Some(2), Rest::Accepted),
            (Some(true), None, Rest::Accepted),
            (Some(true), Some(0), Rest::Uncertain),
            (Some(false), Some(2), Rest::Uncertain),
            (Some(false), None, Rest::Uncertain),
        ] {
            let judgement = judge_as_known(&status(successes), 3, taken);
            assert_eq!(judgement.rest, rest, "{taken:?} {successes:?}");
        }
    }
}
