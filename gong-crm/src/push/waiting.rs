//! Records that refer to new ones wait until the upload of those has its verdict: Gong drops them
//! without a word if the others are not there.

use std::collections::HashSet;
use std::io;

use super::lines::each_line;
use super::session::Session;
use crate::ObjectType;
use crate::compare::{HashKey, Reader};
use crate::ledger::{Action, Direction, Upload, UploadState};

impl Session {
    /// Notes the new records of uploads that are open and not part of this run.
    pub(super) async fn note_other_uploads(&self, known: &[Upload]) {
        let known: HashSet<u64> = known.iter().map(|upload| upload.number).collect();
        // For what can't be read, the push fails where it needs it.
        let open = self.ledger.open_uploads().await.unwrap_or_default();
        for upload in open.iter().filter(|upload| !known.contains(&upload.number)) {
            if upload.space() == self.space {
                self.note_under_way(upload).await;
            }
        }
    }

    /// Notes the new records of an upload that has no verdict, and gives them.
    pub(super) async fn note_under_way(&self, upload: &Upload) -> Vec<(ObjectType, String)> {
        let pending = self.ledger.manifest(upload.number).await;
        let new: Vec<(ObjectType, String)> = pending
            .unwrap_or_default()
            .into_iter()
            .filter(|pending| pending.action == Action::Create || pending.is_unsure)
            .map(|pending| (upload.object_type, pending.object_id))
            .collect();
        self.add_under_way(new.iter().cloned());
        new
    }

    /// Why an upload must not be sent yet, because it refers to records that are under way.
    pub(super) async fn parent_under_way(&self, upload: &Upload) -> Option<String> {
        let is_unsent = upload.state == UploadState::Planned;
        if !is_unsent || upload.direction == Direction::Delete || !self.has_under_way() {
            return None;
        }
        let body = self.spool.path(upload.body.as_deref()?);
        let key = self.ledger.ledger().identity().await.ok()?.key();
        let none = |_: &str| 0;
        let mut reader = Reader::new(HashKey::from_bytes(key), upload.object_type, &none);
        let mut found = None;
        let read = each_line(&body, |line| {
            let references = reader.references(line.bytes).unwrap_or_default();
            let parent = references
                .iter()
                .find(|parent| self.is_under_way(parent.object_type, &parent.object_id));
            if let Some(parent) = parent {
                found = Some(format!(
                    "not sent: it refers to {} {}, which is new, and whose upload has no verdict yet",
                    parent.object_type, parent.object_id
                ));
                return Err(io::Error::from(io::ErrorKind::Other));
            }
            Ok::<(), io::Error>(())
        });
        // It ends early where a parent was found.
        drop(read);
        found
    }
}
