//! Records that were sent before the records that they refer to: once Gong has accepted these, they
//! are sent again, since Gong may have dropped them.

use std::collections::{BTreeSet, HashMap};

use super::PushError;
use super::bodies::CHUNK;
use super::input::unreadable;
use super::parents::{Coming, Parents};
use super::planned::Orphan;
use super::session::Session;
use super::survey::{Entry, LineAt, TypeFiles};
use super::without_parents::WithoutParents;
use crate::ObjectType;
use crate::compare::{HashKey, Reader};
use crate::ledger::{LedgerError, Upload};

/// Values are not compared.
fn no_generation(_: &str) -> u32 {
    0
}

impl Session {
    /// A reader of what the lines of a type refer to.
    pub(super) fn reference_reader(
        &self,
        object_type: ObjectType,
        key: [u8; 16],
    ) -> Reader<'static> {
        let reader = Reader::new(HashKey::from_bytes(key), object_type, &no_generation);
        let check = self.options.check.options();
        match check.and_then(|check| check.entity_schema.as_ref()) {
            Some(schema) => reader.with_schema(schema),
            None => reader,
        }
    }

    /// The types that records of these types can refer to.
    pub(super) fn referred_types(
        &self,
        types: impl IntoIterator<Item = ObjectType>,
        key: [u8; 16],
    ) -> BTreeSet<ObjectType> {
        let mut referred = BTreeSet::new();
        for object_type in types {
            referred.extend(self.reference_reader(object_type, key).referred_types());
        }
        referred
    }

    /// The types that records of this type refer to and of which Gong has records, or may get some
    /// with this push: what is missing of the others has not come.
    pub(super) async fn types_that_may_have_come(
        &self,
        object_type: ObjectType,
        open: &[Upload],
        key: [u8; 16],
    ) -> Result<BTreeSet<ObjectType>, LedgerError> {
        let mut types = BTreeSet::new();
        for of in self.referred_types([object_type], key) {
            let is_given = self.files.iter().any(|open| open.file.object_type == of);
            let is_under_way = open.iter().any(|upload| upload.object_type == of);
            let ledger = self.ledger.ledger();
            let first = ledger.page_of_records(self.space, of, None, 1);
            if is_given || is_under_way || !first.await?.is_empty() {
                types.insert(of);
            }
        }
        Ok(types)
    }

    /// Among unchanged records of a type, finds those that refer to a record that Gong did not have
    /// when they were sent, and has now or gets with this push. Adds the others to those that are left.
    ///
    /// Only records that were sent without knowing whether Gong has what they refer to are read
    /// again, and only if it may have come: usually none.
    pub(in crate::push) async fn orphans_with_parents(
        &self,
        mut orphans: Vec<Orphan>,
        left: &mut WithoutParents,
        files: &TypeFiles<'_>,
        sent: impl IntoIterator<Item = (ObjectType, u64)>,
        open: &[Upload],
        key: [u8; 16],
    ) -> Result<Vec<Entry>, PushError> {
        if orphans.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = self.referred_types([files.object_type], key);
        let coming = Coming::new(&wanted, sent, open, &self.ledger, self.space, key).await?;
        let mut present = BTreeSet::new();
        let missing = orphans.iter().flat_map(|orphan| orphan.missing.types());
        for object_type in missing.collect::<BTreeSet<ObjectType>>() {
            let ledger = self.ledger.ledger();
            let first = ledger.page_of_records(self.space, object_type, None, 1);
            if coming.any(object_type) || !first.await?.is_empty() {
                present.insert(object_type);
            }
        }
        orphans.retain(|orphan| {
            let may_have_come = orphan.missing.types().any(|of| present.contains(&of));
            if !may_have_come {
                left.add(orphan);
            }
            may_have_come
        });
        orphans.sort_unstable_by_key(|orphan| orphan.entry.place);
        let mut parents = Parents::new(self.space, key, false, coming);
        let mut reader = self.reference_reader(files.object_type, key);
        let mut again = Vec::new();
        let mut readers: HashMap<usize, LineAt> = HashMap::new();
        for chunk in orphans.chunks(CHUNK) {
            let mut references: Vec<Vec<(ObjectType, String)>> = Vec::with_capacity(chunk.len());
            for orphan in chunk {
                let (file, offset) = files.locate(orphan.entry.place);
                let open = files.files[file].1;
                let failed = |error| unreadable(&open.file.path, error);
                let lines = match readers.entry(file) {
                    std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::hash_map::Entry::Vacant(entry) => {
                        entry.insert(LineAt::open(&open.lines).map_err(failed)?)
                    }
                };
                let line = lines.read(offset, orphan.entry.length()).map_err(failed)?;
                let of_line = reader.references(line).unwrap_or_default().into_iter();
                let of_line = of_line
                    .map(|reference| (reference.object_type, reference.object_id.into_owned()));
                references.push(of_line.collect());
            }
            let all = references.iter().flatten();
            parents.look_up(&self.ledger, all).await?;
            for (orphan, references) in chunk.iter().zip(&references) {
                if parents.have_come(orphan.missing, references) {
                    again.push(orphan.entry);
                } else {
                    left.add(orphan);
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(again)
    }
}
