//! What the records of a push refer to: who is held back because that is not in Gong, and what is
//! sent although nobody knows whether Gong has it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::ids::id_hash;
use super::session::Session;
use crate::ObjectType;
use crate::compare::RecordId;
use crate::ledger::{
    Current, Direction, LedgerError, Milliseconds, MissingParents, REFERS, RecordState, Upload,
    UploadState,
};

/// The records that Gong will have got before those that refer to them: a push sends them, or an
/// earlier one did and has no verdict yet. And those that an earlier push deletes, without a verdict.
#[derive(Debug, Default)]
pub(super) struct Coming {
    /// The hashes of their ids, in order.
    ids: HashMap<ObjectType, Vec<u64>>,
    /// The hashes of the ids of those in uploads without a verdict.
    under_way: HashSet<(ObjectType, u64)>,
    /// The hashes of the ids of records that are being deleted.
    deleting: HashSet<(ObjectType, u64)>,
}

impl Coming {
    /// Of the records that a push sends, by the hashes of their ids, and of uploads without a verdict
    /// that come before; only of types that others refer to.
    pub(super) async fn new(
        session: &Session,
        wanted: &BTreeSet<ObjectType>,
        sent: impl IntoIterator<Item = (ObjectType, u64)>,
        open: impl IntoIterator<Item = &Upload>,
    ) -> Result<Self, LedgerError> {
        let mut coming = Self::default();
        for (object_type, id) in sent {
            if wanted.contains(&object_type) {
                coming.ids.entry(object_type).or_default().push(id);
            }
        }
        // Of several uploads with a record, the last one of the last push decides.
        let mut under_way: HashMap<(ObjectType, u64), ((Milliseconds, u16), bool)> = HashMap::new();
        for upload in open {
            let is_deletion = upload.direction == Direction::Delete;
            // What is missing in a complete read may be back in the next one.
            let is_undecided =
                is_deletion && upload.state == UploadState::Planned && upload.scope != 0;
            let is_wanted = wanted.contains(&upload.object_type);
            if upload.space() != session.space || is_undecided || !is_wanted {
                continue;
            }
            let order = (upload.push, upload.step);
            for pending in session.ledger.manifest(upload.number).await? {
                let id = id_hash(&session.key, &pending.object_id);
                let id = (upload.object_type, id);
                let known = under_way.entry(id).or_insert((order, is_deletion));
                if known.0 <= order {
                    *known = (order, is_deletion);
                }
            }
        }
        for ((object_type, id), (_, is_deletion)) in under_way {
            if is_deletion {
                coming.deleting.insert((object_type, id));
            } else {
                coming.under_way.insert((object_type, id));
            }
        }
        for ids in coming.ids.values_mut() {
            ids.sort_unstable();
        }
        Ok(coming)
    }

    pub(super) fn any(&self, object_type: ObjectType) -> bool {
        let ids = self.ids.get(&object_type);
        let mut under_way = self.under_way.iter();
        ids.is_some_and(|ids| !ids.is_empty()) || under_way.any(|(of, _)| *of == object_type)
    }

    fn has(&self, object_type: ObjectType, id: u64) -> bool {
        let ids = self.ids.get(&object_type);
        let is_sent = ids.is_some_and(|ids| ids.binary_search(&id).is_ok());
        is_sent || self.is_under_way(object_type, id)
    }

    /// Whether an upload without a verdict has a record: those that refer to it wait for that.
    fn is_under_way(&self, object_type: ObjectType, id: u64) -> bool {
        self.under_way.contains(&(object_type, id))
    }

    /// Whether a record is being deleted, and does not come back.
    fn is_deleting(&self, object_type: ObjectType, id: u64) -> bool {
        self.deleting.contains(&(object_type, id)) && !self.has(object_type, id)
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

/// Why Gong may not have a record that others refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// This ledger never sent it.
    NeverSent,
    /// No verdict says that Gong has it.
    Unconfirmed,
}

/// Records of one type that refer to records of another which Gong may not have.
#[derive(Debug)]
struct Doubted {
    count: u64,
    /// One of the others.
    first: String,
}

/// The records that those of a push refer to.
#[derive(Debug)]
pub(super) struct Parents {
    key: [u8; 16],
    /// Without it, nothing is held back.
    holds_back: bool,
    coming: Coming,
    /// The records that the push sends although Gong did not have them any more.
    restored: HashSet<RecordId>,
    /// The records of the input that the push does not send: they are held back or left out.
    held: HashSet<RecordId>,
    /// The answers of the ledger.
    looked_up: HashMap<RecordId, Parent>,
    /// Types that have a source which this round did not read.
    unread: HashSet<ObjectType>,
    /// Records of the first type that refer to records of the second which Gong may not have.
    doubted: BTreeMap<(ObjectType, ObjectType, Doubt), Doubted>,
}

impl Parents {
    pub(super) fn new(session: &Session, coming: Coming) -> Self {
        // A round may not have read all sources.
        let sources = session.round.iter().flat_map(|round| {
            let is_unread = |object_type: &&ObjectType| !round.reads.contains_key(*object_type);
            round.sources.iter().filter(is_unread)
        });
        Self {
            key: session.key,
            holds_back: !session.options.ignore_dependencies,
            coming,
            restored: HashSet::new(),
            held: HashSet::new(),
            looked_up: HashMap::new(),
            unread: sources.copied().collect(),
            doubted: BTreeMap::new(),
        }
    }

    /// What is sent although Gong may not have a record that it refers to: that is a finding, since
    /// another ledger may have sent it, and holds nothing back.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        self.doubted.iter().map(|((of, parent, doubt), doubted)| {
            let Doubted { count, first } = doubted;
            let (is_one, are_many) = match doubt {
                Doubt::NeverSent => (
                    "was never sent with this ledger",
                    "were never sent with this ledger",
                ),
                Doubt::Unconfirmed => (
                    "is not confirmed to be in Gong",
                    "are not confirmed to be in Gong",
                ),
            };
            let unread = if *doubt == Doubt::NeverSent && self.unread.contains(parent) {
                format!(", and the source of {parent} was not read")
            } else {
                String::new()
            };
            match count {
                1 => format!(
                    "1 {of} record refers to {parent} {first}, which {is_one}{unread}: Gong may not \
                     show it. Once Gong has accepted {first}, the next push or sync of the record \
                     sends it again"
                ),
                _ => format!(
                    "{count} {of} records refer to {parent} records that {are_many}, such as \
                     {first}{unread}: Gong may not show them. Once Gong has accepted those, the next \
                     push or sync of the records sends them again"
                ),
            }
        })
    }

    /// Notes what a push found out about records that it sent: those that Gong does not have, and
    /// those that it may not have.
    pub(super) fn note_found(&mut self, missing: HashSet<RecordId>, unsure: HashSet<RecordId>) {
        let unsure = unsure.into_iter().map(|of| (of, Parent::Unsure));
        let missing = missing.into_iter().map(|of| (of, Parent::Absent));
        self.looked_up.extend(unsure.chain(missing));
    }

    /// Notes records of one type that the push sends although Gong did not have them any more.
    pub(super) fn note_restored(&mut self, object_type: ObjectType, ids: &[String]) {
        let ids = ids.iter().map(|id| (object_type, id.clone()));
        self.restored.extend(ids);
    }

    /// Notes records of the input that the push does not send.
    pub(super) fn note_held(&mut self, held: impl IntoIterator<Item = RecordId>) {
        self.held.extend(held);
    }

    pub(super) async fn look_up(
        &mut self,
        session: &Session,
        references: impl IntoIterator<Item = &RecordId>,
    ) -> Result<(), LedgerError> {
        let mut unknown: BTreeMap<ObjectType, HashSet<&str>> = BTreeMap::new();
        for reference in references {
            if !self.looked_up.contains_key(reference) {
                let (object_type, object_id) = reference;
                unknown.entry(*object_type).or_default().insert(object_id);
            }
        }
        for (object_type, ids) in unknown {
            let ids: Vec<&str> = ids.into_iter().collect();
            let states = session.states(object_type, ids.iter().copied()).await?;
            let ledger = session.ledger.ledger();
            let gone = ledger
                .found_missing(session.space, object_type, &ids, &states)
                .await?;
            for ((id, state), is_gone) in ids.into_iter().zip(states).zip(gone) {
                let parent = match Parent::of(state.as_ref()) {
                    Parent::InGong if is_gone => Parent::Unsure,
                    parent => parent,
                };
                self.looked_up.insert((object_type, id.to_owned()), parent);
            }
        }
        Ok(())
    }

    fn is_coming(&self, reference: &RecordId) -> bool {
        let (object_type, id) = reference;
        self.coming.has(*object_type, id_hash(&self.key, id)) && !self.held.contains(reference)
    }

    fn is_being_deleted(&self, (object_type, id): &RecordId) -> bool {
        self.coming
            .is_deleting(*object_type, id_hash(&self.key, id))
    }

    /// Why a record is held back that refers to these, if it is.
    pub(super) fn reason(&self, references: &[RecordId]) -> Option<String> {
        if !self.holds_back {
            return None;
        }
        references.iter().find_map(|reference| {
            let (object_type, object_id) = reference;
            match self.looked_up.get(reference)? {
                Parent::Absent => {
                    let id = id_hash(&self.key, object_id);
                    let is_back = self.restored.contains(reference)
                        || self.coming.is_under_way(*object_type, id);
                    (!is_back).then(|| not_in_gong(*object_type, object_id))
                }
                Parent::NeverSent if self.held.contains(reference) => Some(format!(
                    "{REFERS}{object_type} {object_id}, which is not sent now"
                )),
                Parent::InGong | Parent::Unsure if self.is_being_deleted(reference) => Some(
                    format!("{REFERS}{object_type} {object_id}, which is being deleted"),
                ),
                _ => None,
            }
        })
    }

    /// The types of those that Gong may not have when a record that refers to them is sent.
    /// What comes is among them, unless the record waits for it.
    pub(super) fn missing(&self, references: &[RecordId], waits: bool) -> MissingParents {
        let mut missing = MissingParents::default();
        for reference in references {
            let is_missing = match self.looked_up.get(reference) {
                None => false,
                Some(Parent::InGong) => self.is_being_deleted(reference),
                Some(_) => !(waits && self.is_coming(reference)),
            };
            if is_missing {
                missing.add(reference.0);
            }
        }
        missing
    }

    /// Notes those that Gong may not have, of a record of a type that is sent.
    pub(super) fn note_doubts(&mut self, of: ObjectType, references: &[RecordId]) {
        for reference in references {
            let doubt = match self.looked_up.get(reference) {
                Some(Parent::NeverSent) => Doubt::NeverSent,
                Some(Parent::Unsure) => Doubt::Unconfirmed,
                _ => continue,
            };
            if !self.is_coming(reference) {
                let (parent, id) = reference;
                let doubted = self.doubted.entry((of, *parent, doubt));
                let doubted = doubted.or_insert_with(|| Doubted {
                    count: 0,
                    first: id.clone(),
                });
                doubted.count += 1;
            }
        }
    }

    /// Of what a record refers to, the first record of a type that is not known to be in Gong.
    pub(super) fn first_missing<'a>(
        &self,
        of: ObjectType,
        references: &'a [RecordId],
    ) -> Option<&'a str> {
        let mut of_type = references
            .iter()
            .filter(|(object_type, _)| *object_type == of);
        let first = of_type.clone().next();
        let missing = of_type.find(|of| self.looked_up.get(of) != Some(&Parent::InGong));
        missing.or(first).map(|(_, id)| id.as_str())
    }

    /// Whether Gong has got what a record refers to, and did not have when it was sent.
    pub(super) fn have_come(&self, missing: MissingParents, references: &[RecordId]) -> bool {
        let mut has_come = false;
        for reference in references {
            let is_coming = self.is_coming(reference);
            match self.looked_up.get(reference) {
                // The record would be held back.
                Some(Parent::Absent) if !is_coming => return false,
                Some(_) if self.is_being_deleted(reference) => return false,
                Some(Parent::InGong) => has_come |= missing.contains(reference.0),
                _ => has_come |= is_coming && missing.contains(reference.0),
            }
        }
        has_come
    }
}

/// Why a record is held back.
pub(super) fn not_in_gong(object_type: ObjectType, object_id: &str) -> String {
    format!("{REFERS}{object_type} {object_id}, which is not in Gong, as far as this ledger knows")
}

/// How the reasons begin of valid records that are not sent yet. Others are not valid themselves.
pub(super) const HELD_BACK: &str = "held back: ";
