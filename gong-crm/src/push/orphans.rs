//! Records that were sent before the records that they refer to: once Gong has accepted these, they
//! are sent again, since Gong may have dropped them.

use std::collections::BTreeSet;

use super::PushError;
use super::bodies::CHUNK;
use super::lines::EntryLines;
use super::parents::{Coming, Parents};
use super::plan::Share;
use super::planned::{Chosen, Plan, TypePlan, upserted};
use super::session::Session;
use super::survey::TypeFiles;
use super::without_parents::{Orphan, WithoutParents};
use crate::ObjectType;
use crate::ledger::{Action, LedgerError, Upload};

impl Session {
    /// The types that records of these types can refer to.
    pub(super) fn referred_types(
        &self,
        types: impl IntoIterator<Item = ObjectType>,
    ) -> BTreeSet<ObjectType> {
        let mut referred = BTreeSet::new();
        for object_type in types {
            referred.extend(self.reader(object_type).referred_types());
        }
        referred
    }

    /// The types that records of this type refer to and of which Gong has records, or may get some
    /// with this push: what is missing of the others has not come.
    pub(super) async fn types_that_may_have_come(
        &self,
        object_type: ObjectType,
        open: &[Upload],
    ) -> Result<BTreeSet<ObjectType>, LedgerError> {
        let mut types = BTreeSet::new();
        for of in self.referred_types([object_type]) {
            let is_given = self.files.iter().any(|open| open.file.object_type == of);
            let is_under_way = open.iter().any(|upload| upload.object_type == of);
            if is_given || is_under_way || !self.is_first(of).await? {
                types.insert(of);
            }
        }
        Ok(types)
    }

    /// Whether the ledger knows no record of a type: it is new, or an earlier one was lost.
    pub(super) async fn is_first(&self, object_type: ObjectType) -> Result<bool, LedgerError> {
        let ledger = self.ledger.ledger();
        let first = ledger.page_of_records(self.space, object_type, None, 1);
        Ok(first.await?.is_empty())
    }

    /// Sends unchanged records of the type at this place again, if what they refer to comes after them:
    /// what this push sends of the types before it. What a limit holds back does not come.
    pub(super) async fn send_orphans_of(
        &self,
        types: &mut [TypePlan],
        place: usize,
        open: &[Upload],
        plan: &mut Plan,
    ) -> Result<(), PushError> {
        let (earlier, of_type) = types.split_at_mut(place);
        let Some(of_type) = of_type.first_mut() else {
            return Ok(());
        };
        let orphans = std::mem::take(&mut of_type.orphans);
        let files = TypeFiles::new(of_type.object_type, &self.files);
        let left = &mut of_type.without_parents;
        let again = self.orphans_with_parents(orphans, left, &files, upserted(earlier), open);
        for Orphan {
            entry,
            is_in_flight,
            ..
        } in again.await?
        {
            let (place, _) = files.locate(entry.place);
            let (file, open) = files.files[place];
            if is_in_flight {
                // It can't be sent again before that upload has its verdict.
                let line = open.source_line(u64::from(entry.line));
                let mut in_flight = plan.in_flight.iter_mut();
                let of_line = in_flight.find(|of| of.file == file && of.line == line);
                if let Some(of_line) = of_line {
                    of_line.parents_come = true;
                }
                continue;
            }
            let report = &mut plan.files[file];
            report.unchanged = report.unchanged.saturating_sub(1);
            of_type.chosen.push(Chosen {
                entry,
                action: Action::Update,
                step: 0,
                is_followed: false,
                share: Share::Any,
                is_known: true,
                date_under_way: None,
            });
        }
        let notes = self.notes_without_parents(&of_type.without_parents, &files);
        plan.notes.extend(notes.await?);
        Ok(())
    }

    /// Among records of a type that are not sent, finds those that refer to a record that Gong did not have
    /// when they were sent, and has now or gets with this push. Adds the others to those that are left.
    ///
    /// Only records that were sent without knowing whether Gong has what they refer to are read
    /// again, and only if it may have come: usually none.
    async fn orphans_with_parents(
        &self,
        mut orphans: Vec<Orphan>,
        left: &mut WithoutParents,
        files: &TypeFiles<'_>,
        sent: impl IntoIterator<Item = (ObjectType, u64)>,
        open: &[Upload],
    ) -> Result<Vec<Orphan>, PushError> {
        if orphans.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = self.referred_types([files.object_type]);
        let coming = Coming::new(self, &wanted, sent, open).await?;
        let mut present = BTreeSet::new();
        let missing = orphans.iter().flat_map(|orphan| orphan.missing.types());
        for object_type in missing.collect::<BTreeSet<ObjectType>>() {
            if coming.any(object_type) || !self.is_first(object_type).await? {
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
        let mut parents = Parents::new(self, coming);
        let mut reader = self.reader(files.object_type);
        let mut lines = EntryLines::new(files);
        let mut again = Vec::new();
        for chunk in orphans.chunks(CHUNK) {
            let mut references = Vec::with_capacity(chunk.len());
            for orphan in chunk {
                let (_, line) = lines.read(&orphan.entry)?;
                references.push(reader.referred(line));
            }
            let all = references.iter().flatten();
            parents.look_up(self, all).await?;
            for (orphan, references) in chunk.iter().zip(&references) {
                if parents.have_come(orphan.missing, references) {
                    again.push(*orphan);
                } else {
                    left.add(orphan);
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(again)
    }
}
