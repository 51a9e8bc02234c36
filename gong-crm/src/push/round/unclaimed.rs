//! Records that no scope owns and that the source does not have, such as those that only a push sent:
//! they are deleted only if somebody confirms it.

use super::handed_over::NAMED;
use super::protect::Protections;
use crate::ObjectType;
use crate::ledger::{Action, Direction, LedgerError, Upload};
use crate::named::some_of;
use crate::push::ids::id_hash;
use crate::push::planned::{Plan, TypePlan};
use crate::push::reads::{Absent, Deletions, HoldReason, Round, TypeRead};
use crate::push::session::Session;
use crate::push::survey::Survey;

/// Holds the deletion of such records back, or only says that they stay. Gives those whose deletion
/// was confirmed.
pub(super) fn judge_unclaimed(
    round: &Round,
    read: &TypeRead,
    of_type: &mut TypePlan,
    plan: &mut Plan,
    protections: &Protections,
) -> Vec<Absent> {
    let object_type = of_type.object_type;
    let unclaimed = std::mem::take(&mut of_type.round.unclaimed);
    let is_confirmed = |absent: &Absent| round.is_confirmed(object_type, &absent.object_id);
    let (confirmed, left): (Vec<_>, Vec<_>) = unclaimed.into_iter().partition(is_confirmed);
    if left.is_empty() {
        return confirmed;
    }
    // The first complete read deletes nothing, and another scope may read them next.
    let is_held =
        !read.is_first && !of_type.round.has_other_owner && read.deletions != Deletions::Never;
    let until = if is_held {
        " until the deletion is confirmed"
    } else {
        ""
    };
    let (count, are, stay) = match left.len() {
        1 => ("1 record".to_owned(), "is", "it stays"),
        number => (format!("{number} records"), "are", "they stay"),
    };
    let ids = some_of(left.iter().map(|of| &of.object_id), NAMED);
    plan.notes.push(format!(
        "{object_type}: {count} that no sync owns {are} not in the source ({ids}); {stay} in Gong{until}"
    ));
    if is_held {
        for absent in left {
            let key = (object_type, absent.object_id);
            let warning = protections.get(&key);
            let warning = warning.and_then(|of| of.reason(round.delete_referenced));
            let reason = warning.unwrap_or_else(|| "not in the source; no sync owns it".to_owned());
            let reason = HoldReason::Limit(format!("{reason}; the deletion needs to be confirmed"));
            plan.round.hold(object_type, key.1, Action::Delete, reason);
        }
    }
    confirmed
}

impl Session {
    /// Whether another scope has a source that gives changes of a type: it owns nothing, and what no scope
    /// owns can be of it.
    pub(super) async fn has_changes_of_other(
        &self,
        round: &Round,
        object_type: ObjectType,
    ) -> Result<bool, LedgerError> {
        let ledger = self.ledger.ledger();
        for scope in ledger.live_scopes().await? {
            let definitions = ledger.definitions(self.space, scope).await?;
            if scope != round.scope && definitions.contains_key(&object_type) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes the records of earlier pushes without a verdict that a later complete read does not have: they
    /// are not sent again.
    pub(crate) async fn note_vanished(
        &self,
        of_type: &TypePlan,
        surveyed: &Survey,
        open: &[Upload],
    ) -> Result<(), LedgerError> {
        let object_type = of_type.object_type;
        let Some((_, read)) = self.read_of(object_type) else {
            return Ok(());
        };
        let is_usable = read.is_complete && of_type.round.counts.incomplete.is_none();
        if !is_usable || self.only(object_type).is_some() {
            return Ok(());
        }
        for upload in open {
            let is_of_push = upload.object_type == object_type
                && upload.space() == self.space
                && upload.scope == 0
                && upload.direction == Direction::Upsert;
            if !is_of_push || upload.as_of > read.as_of {
                continue;
            }
            for pending in self.ledger.manifest(upload.number).await? {
                let id = id_hash(&self.key, &pending.object_id);
                if surveyed.find(id).is_none() && !surveyed.present.contains(&id) {
                    self.vanished.add(object_type, &pending.object_id);
                }
            }
        }
        Ok(())
    }
}
