//! What the records of a push refer to: who is held back because that is not in Gong, and what is
//! sent although nobody knows whether Gong has it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::PushError;
use super::reads::Round;
use super::survey::id_hash;
use crate::ObjectType;
use crate::ledger::{
    Current, Direction, LedgerError, LockedLedger, MissingParents, RecordState, Space, Upload,
};

/// The records that Gong will have got before those that refer to them: a push sends them, or an
/// earlier one did and has no verdict yet.
#[derive(Debug, Default)]
pub(super) struct Coming {
    /// The hashes of their ids, in order.
    ids: HashMap<ObjectType, Vec<u64>>,
}

impl Coming {
    /// Of the records that a push sends, by the hashes of their ids, and of uploads without a
    /// verdict.
    pub(super) async fn new(
        sent: impl IntoIterator<Item = (ObjectType, u64)>,
        open: &[Upload],
        ledger: &LockedLedger,
        space: Space,
        key: [u8; 16],
    ) -> Result<Self, LedgerError> {
        let mut coming = Self::default();
        for (object_type, id) in sent {
            coming.ids.entry(object_type).or_default().push(id);
        }
        for upload in open {
            if upload.space() != space || upload.direction == Direction::Delete {
                continue;
            }
            let pending = ledger.manifest(upload.number).await?;
            let ids = coming.ids.entry(upload.object_type).or_default();
            ids.extend(pending.iter().map(|of| id_hash(&key, &of.object_id)));
        }
        for ids in coming.ids.values_mut() {
            ids.sort_unstable();
        }
        Ok(coming)
    }

    pub(super) fn any(&self, object_type: ObjectType) -> bool {
        let ids = self.ids.get(&object_type);
        ids.is_some_and(|ids| !ids.is_empty())
    }

    fn has(&self, object_type: ObjectType, id: u64) -> bool {
        let ids = self.ids.get(&object_type);
        ids.is_some_and(|ids| ids.binary_search(&id).is_ok())
    }
}

/// What the ledger knows of a record that others refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    /// Gong accepted it.
    InGong,
    /// Gong may have it.
    Unsure,
    /// Gong does not have it.
    Absent,
    /// This ledger never sent it.
    NeverSent,
}

impl Parent {
    fn of(state: Option<&RecordState>) -> Self {
        match state.map(|state| state.current) {
            None => Self::NeverSent,
            Some(Current::Version) => Self::InGong,
            Some(Current::Unknown) => Self::Unsure,
            Some(Current::None | Current::Deleted) => Self::Absent,
        }
    }
}

/// The records that those of a push refer to.
#[derive(Debug)]
pub(super) struct Parents {
    pub(super) space: Space,
    key: [u8; 16],
    /// Without it, nothing is held back.
    holds_back: bool,
    coming: Coming,
    /// The records that the push sends although Gong did not have them any more.
    restored: HashSet<(ObjectType, String)>,
    /// The answers of the ledger.
    looked_up: HashMap<(ObjectType, String), Parent>,
    /// Types that have a source which this round did not read.
    unread: HashSet<ObjectType>,
    /// How many records of the first type refer to records of the second that this ledger never
    /// sent, and one of these.
    never_sent: BTreeMap<(ObjectType, ObjectType), (u64, String)>,
}

impl Parents {
    pub(super) fn new(space: Space, key: [u8; 16], holds_back: bool, coming: Coming) -> Self {
        Self {
            space,
            key,
            holds_back,
            coming,
            restored: HashSet::new(),
            looked_up: HashMap::new(),
            unread: HashSet::new(),
            never_sent: BTreeMap::new(),
        }
    }

    /// The same for a round that may not have read all sources.
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
        self.never_sent.iter().map(|((of, parent), (count, first))| {
            let unread = if self.unread.contains(parent) {
                format!(", and the source of {parent} was not read")
            } else {
                String::new()
            };
            match count {
                1 => format!(
                    "1 {of} record refers to {parent} {first}, which was never sent with this ledger\
                     {unread}: Gong may not show it. Once Gong has accepted {first}, the next push or \
                     sync of the record sends it again"
                ),
                _ => format!(
                    "{count} {of} records refer to {parent} records that were never sent with this \
                     ledger, such as {first}{unread}: Gong may not show them. Once Gong has accepted \
                     those, the next push or sync of the records sends them again"
                ),
            }
        })
    }

    /// Notes records of one type that the push sends although Gong did not have them any more.
    pub(super) fn note_restored(&mut self, object_type: ObjectType, ids: &[String]) {
        let ids = ids.iter().map(|id| (object_type, id.clone()));
        self.restored.extend(ids);
    }

    pub(super) async fn look_up(
        &mut self,
        ledger: &LockedLedger,
        references: impl IntoIterator<Item = &(ObjectType, String)>,
    ) -> Result<(), PushError> {
        let mut unknown: BTreeMap<ObjectType, HashSet<&str>> = BTreeMap::new();
        for reference in references {
            if !self.looked_up.contains_key(reference) {
                let (object_type, object_id) = reference;
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
                let parent = Parent::of(state.as_ref());
                self.looked_up.insert((object_type, id.to_owned()), parent);
            }
        }
        Ok(())
    }

    fn is_coming(&self, (object_type, id): &(ObjectType, String)) -> bool {
        self.coming.has(*object_type, id_hash(&self.key, id))
    }

    /// Why a record is held back that refers to these, if it is.
    pub(super) fn reason(&self, references: &[(ObjectType, String)]) -> Option<String> {
        if !self.holds_back {
            return None;
        }
        let missing = references.iter().find(|reference| {
            self.looked_up.get(reference) == Some(&Parent::Absent)
                && !self.restored.contains(*reference)
        });
        missing.map(|(object_type, object_id)| not_in_gong(*object_type, object_id))
    }

    /// The types of those that Gong may not have when a record that refers to them is sent.
    pub(super) fn missing(&self, references: &[(ObjectType, String)]) -> MissingParents {
        let mut missing = MissingParents::default();
        for reference in references {
            let known = self.looked_up.get(reference);
            if known.is_some_and(|known| *known != Parent::InGong) && !self.is_coming(reference) {
                missing.add(reference.0);
            }
        }
        missing
    }

    /// Notes those that this ledger never sent, of a record of a type that is sent.
    pub(super) fn note_never_sent(&mut self, of: ObjectType, references: &[(ObjectType, String)]) {
        for reference in references {
            let is_never_sent = self.looked_up.get(reference) == Some(&Parent::NeverSent);
            if is_never_sent && !self.is_coming(reference) {
                let (parent, id) = reference;
                let noted = self.never_sent.entry((of, *parent));
                noted.or_insert_with(|| (0, id.clone())).0 += 1;
            }
        }
    }

    /// Whether Gong has got what a record refers to, and did not have when it was sent.
    pub(super) fn have_come(
        &self,
        missing: MissingParents,
        references: &[(ObjectType, String)],
    ) -> bool {
        let mut has_come = false;
        for reference in references {
            let is_coming = self.is_coming(reference);
            match self.looked_up.get(reference) {
                // The record would be held back.
                Some(Parent::Absent) if !is_coming => return false,
                Some(Parent::InGong) => has_come |= missing.contains(reference.0),
                _ => has_come |= is_coming && missing.contains(reference.0),
            }
        }
        has_come
    }
}

/// Why a record is held back.
pub(super) fn not_in_gong(object_type: ObjectType, object_id: &str) -> String {
    format!("held back: it refers to {object_type} {object_id}, which is not in Gong")
}
