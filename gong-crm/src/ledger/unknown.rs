//! Records of which it is not known which version Gong has, since the ledger was recovered or their
//! integration was deleted in Gong.

use std::collections::HashSet;

use super::record::{Current, Space};
use super::store::{Batch, Table};
use super::{Ledger, LedgerError};
use crate::ObjectType;

/// Records of one type whose version is not known.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct UnknownVersions {
    pub(crate) count: u64,
    /// One of them.
    pub(crate) first: String,
    /// Whether their integration was deleted in Gong; otherwise the ledger was recovered.
    pub(crate) were_deleted: bool,
}

impl Ledger {
    /// The records of a type, of no scope or this one, whose version is not known, and of which nothing
    /// else says so: a try that failed is reported anyway, and whoever forgot a record wanted that.
    /// Those of `sent` are not counted.
    ///
    /// Reading all records takes time, so what was once known of all is `settled`, and not read again.
    pub(crate) async fn unknown_versions(
        &self,
        space: Space,
        object_type: ObjectType,
        scope: u32,
        sent: &HashSet<&str>,
    ) -> Result<UnknownVersions, LedgerError> {
        let mut unknown = UnknownVersions::default();
        let key = settled_key(space, object_type);
        if self.meta(&key).await?.is_some() {
            return Ok(unknown);
        }
        self.each_head(space, object_type, |id, head| {
            let is_forgotten = head.last_accepted == 0;
            let is_of_scope = [0, scope].contains(&head.scope);
            let is_open = head.current == Current::Unknown && !head.is_tried && !is_forgotten;
            if is_open && is_of_scope && !sent.contains(id) {
                if unknown.count == 0 {
                    id.clone_into(&mut unknown.first);
                }
                unknown.count += 1;
            }
            true
        })
        .await?;
        unknown.were_deleted = self.meta(&deleted_key(space)).await?.is_some();
        Ok(unknown)
    }

    /// Notes that the versions of all records of a type are known, or that each is reported otherwise.
    pub(crate) async fn settle_versions(
        &self,
        space: Space,
        object_type: ObjectType,
    ) -> Result<(), LedgerError> {
        let key = settled_key(space, object_type);
        if self.meta(&key).await?.is_some() {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(Table::Meta, &key, b"true");
        self.commit(batch).await
    }

    /// Adds to a batch that versions of the records of an integration are not known any more, because the
    /// integration was deleted in Gong, or the ledger was recovered.
    pub(super) fn unsettle_versions(batch: &mut Batch, space: Space, was_deleted: bool) {
        if was_deleted {
            batch.put(Table::Meta, &deleted_key(space), b"true");
        } else {
            batch.delete(Table::Meta, &deleted_key(space));
        }
        for object_type in ObjectType::ALL {
            batch.delete(Table::Meta, &settled_key(space, object_type));
        }
    }
}

fn deleted_key(space: Space) -> Vec<u8> {
    format!("deleted in Gong {}", space.0).into_bytes()
}

fn settled_key(space: Space, object_type: ObjectType) -> Vec<u8> {
    format!("known {} {object_type}", space.0).into_bytes()
}
