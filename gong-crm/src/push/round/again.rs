//! Records that are sent again, because what they refer to comes after them, and notes about those for
//! which it has not come.

use crate::ObjectType;
use crate::ledger::{Action, Upload};
use crate::push::PushError;
use crate::push::plan::Share;
use crate::push::planned::{Chosen, Plan};
use crate::push::prepare::{TypePlan, upserted};
use crate::push::session::Session;
use crate::push::survey::TypeFiles;

impl Session {
    /// Sends unchanged records of the type at this place again, if what they refer to comes after them:
    /// what this push sends of the types before it. What a limit holds back does not come.
    pub(super) async fn send_orphans_of(
        &self,
        types: &mut [TypePlan],
        place: usize,
        open: &[Upload],
        plan: &mut Plan,
        key: [u8; 16],
    ) -> Result<(), PushError> {
        let (earlier, of_type) = types.split_at_mut(place);
        match of_type.first_mut() {
            Some(of_type) => {
                let sent = upserted(earlier);
                self.send_orphans(of_type, sent, open, plan, key).await
            }
            None => Ok(()),
        }
    }

    async fn send_orphans(
        &self,
        of_type: &mut TypePlan,
        sent: impl IntoIterator<Item = (ObjectType, u64)>,
        open: &[Upload],
        plan: &mut Plan,
        key: [u8; 16],
    ) -> Result<(), PushError> {
        let orphans = std::mem::take(&mut of_type.orphans);
        let files = TypeFiles::new(of_type.object_type, &self.files);
        let left = &mut of_type.without_parents;
        let again = self.orphans_with_parents(orphans, left, &files, sent, open, key);
        for entry in again.await? {
            let (place, _) = files.locate(entry.place);
            let report = &mut plan.files[files.files[place].0];
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
        let notes = self.notes_without_parents(&of_type.without_parents, &files, key);
        plan.notes.extend(notes.await?);
        Ok(())
    }
}
