//! Records that are held back, because a record that they refer to is not in Gong.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::PushError;
use super::reads::Round;
use crate::ObjectType;
use crate::ledger::{LockedLedger, Space};

/// Records that others refer to and that Gong does not have.
#[derive(Debug)]
pub(super) struct BlockedParents {
    pub(super) space: Space,
    /// Without it, nothing is held back.
    pub(super) is_on: bool,
    /// The records that the push sends although Gong did not have them.
    coming: HashSet<(ObjectType, String)>,
    /// The answers of the ledger; true if Gong does not have the record.
    looked_up: HashMap<(ObjectType, String), bool>,
    /// Types that have a source which this round did not read.
    unread: HashSet<ObjectType>,
    /// How many records of these types others refer to, and this ledger never sent.
    never_sent: BTreeMap<ObjectType, u64>,
}

impl BlockedParents {
    pub(super) fn new(space: Space, is_on: bool) -> Self {
        Self {
            space,
            is_on,
            coming: HashSet::new(),
            looked_up: HashMap::new(),
            unread: HashSet::new(),
            never_sent: BTreeMap::new(),
        }
    }

    /// The same for a round that did not read all sources.
    #[must_use]
    pub(super) fn in_round(mut self, round: Option<&Round>) -> Self {
        let sources = round.into_iter().flat_map(|round| {
            let is_unread = |object_type: &&ObjectType| !round.reads.contains_key(*object_type);
            round.sources.iter().filter(is_unread)
        });
        self.unread = sources.copied().collect();
        self
    }

    /// What is sent although a record that it refers to is not: that is a finding, since another
    /// ledger may have sent it, and holds nothing back.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.never_sent.iter().map(|(object_type, number)| {
            let (records, were) = match number {
                1 => ("record", "was"),
                _ => ("records", "were"),
            };
            format!(
                "{number} {object_type} {records} that others refer to {were} never sent with this ledger, \
                 and the source of {object_type} was not read: Gong may never show what refers to them"
            )
        })
    }

    /// Notes records of one type that the push sends although Gong did not have them.
    pub(super) fn note(&mut self, object_type: ObjectType, ids: &[String]) {
        let ids = ids.iter().map(|id| (object_type, id.clone()));
        self.coming.extend(ids);
    }

    pub(super) async fn look_up(
        &mut self,
        ledger: &LockedLedger,
        references: &[&(ObjectType, String)],
    ) -> Result<(), PushError> {
        if !self.is_on {
            return Ok(());
        }
        let mut unknown: BTreeMap<ObjectType, HashSet<&str>> = BTreeMap::new();
        for (object_type, object_id) in references {
            let key = (*object_type, object_id.clone());
            if !self.looked_up.contains_key(&key) {
                unknown.entry(*object_type).or_default().insert(object_id);
            }
        }
        for (object_type, ids) in unknown {
            let ids: Vec<&str> = ids.into_iter().collect();
            let states = ledger
                .ledger()
                .records(self.space, object_type, ids.iter().copied())
                .await?;
            for (id, state) in ids.into_iter().zip(states) {
                if state.is_none() && self.unread.contains(&object_type) {
                    *self.never_sent.entry(object_type).or_default() += 1;
                }
                let is_absent = state.is_some_and(|state| state.is_absent_from_gong());
                self.looked_up
                    .insert((object_type, id.to_owned()), is_absent);
            }
        }
        Ok(())
    }

    pub(super) fn reason(&self, references: &[(ObjectType, String)]) -> Option<String> {
        let missing = references.iter().find(|reference| {
            self.looked_up.get(reference) == Some(&true) && !self.coming.contains(*reference)
        });
        missing.map(|(object_type, object_id)| not_in_gong(*object_type, object_id))
    }
}

/// Why a record is held back.
pub(super) fn not_in_gong(object_type: ObjectType, object_id: &str) -> String {
    format!("held back: it refers to {object_type} {object_id}, which is not in Gong")
}
