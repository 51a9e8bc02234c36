//! Business users, whose address changes only by way of a deletion.

use super::PushError;
use super::ended::Ended;
use super::session::Session;
use crate::ObjectType;
use crate::ledger::{Action, Current, RecordState, TryOutcome};

/// Whether Gong rejected a user of whom the ledger does not know which version Gong has, because of
/// the address: Gong has the user with another one.
pub(super) fn has_other_address(known: &RecordState) -> bool {
    let last = known.last_try.as_ref();
    matches!(known.current, Current::None | Current::Unknown)
        && last.is_some_and(|last| {
            last.outcome == TryOutcome::Rejected && is_of_address(&last.reason, last.tries)
        })
}

/// Whether a rejection can mean that Gong has the user with another address. Gong documents no words
/// for that: the first rejection must name the field or a deletion, and a later one of the same
/// content the address or the user in any way.
fn is_of_address(reason: &str, tries: u8) -> bool {
    let words: String = reason.to_lowercase();
    let letters: String = words.chars().filter(|of| of.is_alphanumeric()).collect();
    // The documented error of a line without an address: a deletion does not help.
    if letters.contains("ismissing") || letters.contains("mandatory") {
        return false;
    }
    let names = |list: &[&str]| list.iter().any(|word| letters.contains(word));
    names(&["email", "delet"])
        || tries > 1 && (words.contains('@') || names(&["mail", "address", "user", "exist"]))
}

impl Session {
    /// Names the users who were deleted so that they can come with another address, and who are not
    /// back yet.
    pub(super) async fn missing_users(
        &self,
        mut returning: Vec<String>,
        ended: &[Ended],
    ) -> Result<Option<String>, PushError> {
        let open = ended.iter().filter(|ended| ended.is_open());
        for ended in open.filter(|ended| ended.upload.object_type == ObjectType::BusinessUser) {
            // Also those that an earlier push planned.
            let pending = self.pending_of(&ended.upload).await.into_iter();
            let created = pending.filter(|pending| pending.action == Action::Create);
            returning.extend(created.map(|pending| pending.object_id));
        }
        returning.sort_unstable();
        returning.dedup();
        let ids = returning.iter().map(String::as_str);
        let states = self.states(ObjectType::BusinessUser, ids).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejection_is_of_the_address_in_any_words() {
        let table = [
            (
                "Field [emailAddress] of an existing user cannot change",
                1,
                true,
            ),
            ("The E-Mail Address of a user is immutable", 1, true),
            ("e_mail changed", 1, true),
            ("Delete the user first", 1, true),
            ("A user with this id already exists", 1, false),
            ("A user with this id already exists", 2, true),
            ("ada@acme.example differs", 1, false),
            ("ada@acme.example differs", 2, true),
            ("Cannot change the address", 3, true),
            (
                "Mandatory field [emailAddress] is missing or empty",
                5,
                false,
            ),
            ("internal error", 5, false),
        ];
        for (reason, tries, is_of) in table {
            assert_eq!(is_of_address(reason, tries), is_of, "{reason}, {tries}");
        }
    }
}
