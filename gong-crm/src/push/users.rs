//! Business users, whose address changes only by way of a deletion.

use super::PushError;
use super::session::Session;
use crate::ObjectType;
use crate::ledger::{Current, RecordState, TryOutcome};

/// Whether Gong rejected a user of whom the ledger does not know which version Gong has, because of
/// the address: Gong has the user with another one.
pub(super) fn has_other_address(known: &RecordState) -> bool {
    let is_of_address = |reason: &str| {
        let reason = reason.to_lowercase();
        reason.contains("email") || reason.contains("delete")
    };
    let last = known.last_try.as_ref();
    matches!(known.current, Current::None | Current::Unknown)
        && last
            .is_some_and(|last| last.outcome == TryOutcome::Rejected && is_of_address(&last.reason))
}

impl Session {
    /// Names the users who were deleted so that they can come with another address, and who are not
    /// back yet.
    pub(super) async fn missing_users(
        &self,
        returning: &[String],
    ) -> Result<Option<String>, PushError> {
        let ids = returning.iter().map(String::as_str);
        let ledger = self.ledger.ledger();
        let states = ledger
            .records(self.space, ObjectType::BusinessUser, ids)
            .await?;
        let is_missing = |state: &Option<RecordState>| {
            let state = state.as_ref();
            state.is_some_and(|state| state.current == Current::Deleted)
        };
        let missing: Vec<&str> = returning
            .iter()
            .zip(states)
            .filter(|(_, state)| is_missing(state))
            .map(|(id, _)| id.as_str())
            .collect();
        if missing.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!(
            "users that were deleted to change their address and are not in Gong again yet: {}",
            missing.join(", ")
        )))
    }
}
