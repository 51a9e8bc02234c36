//! Deletions that an earlier round held back, of sources whose reads do not say any more that the
//! records are gone.

use std::collections::BTreeMap;

use crate::ObjectType;
use crate::ledger::LedgerError;
use crate::push::ids::id_hash;
use crate::push::known_lines::KnownLines;
use crate::push::reads::Held;
use crate::push::session::Session;
use crate::push::survey::Survey;

impl Session {
    /// The deletions of a type that the last complete read of its source held back and that this
    /// read, which has changes alone, neither carries out nor makes needless. They stay held back
    /// until the user confirms them, or a complete read has the records again.
    pub(crate) async fn held_before(
        &self,
        object_type: ObjectType,
        surveyed: &Survey,
        known: Option<&KnownLines>,
    ) -> Result<Vec<Held>, LedgerError> {
        let Some((round, read)) = self.read_of(object_type) else {
            return Ok(Vec::new());
        };
        if !read.follows_complete() {
            return Ok(Vec::new());
        }
        let only = round.only.get(&object_type);
        let is_gone = |id: &str| {
            let hash = id_hash(&self.key, id);
            let is_known = known.is_some_and(|known| known.has_found(hash));
            let is_wanted = only.is_none_or(|only| only.contains(id));
            is_wanted
                && !is_known
                && surveyed.find(hash).is_none()
                && !surveyed.present.contains(&hash)
        };
        let of_type = round.held_before.iter();
        let of_type = of_type.filter(|held| held.object_type == object_type);
        let before: BTreeMap<&str, _> = of_type
            .map(|held| (held.object_id.as_str(), held))
            .filter(|(id, _)| is_gone(id))
            .collect();
        let ledger = self.ledger.ledger();
        let states = ledger.records(self.space, object_type, before.keys().copied());
        let mut held = Vec::new();
        for (before, state) in before.values().zip(states.await?) {
            let is_ours = state.is_some_and(|state| {
                !state.is_absent_from_gong() && [0, round.scope].contains(&state.scope)
            });
            if is_ours {
                held.push((*before).clone());
            }
        }
        Ok(held)
    }
}
