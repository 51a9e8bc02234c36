//! Deletions that somebody confirmed and that no round has carried out yet.
//!
//! They are kept in the ledger, so that whichever sync of the scope comes next carries them out: also
//! one that runs for ever, in another process.

use std::collections::{BTreeSet, HashSet};

use super::record::Space;
use super::store::Table;
use super::{Ledger, LedgerError};
use crate::ObjectType;

/// Types and ids, as they are stored.
type Stored = BTreeSet<(String, String)>;

impl Ledger {
    /// Adds deletions that somebody confirmed.
    pub(crate) async fn add_confirmed_deletions(
        &self,
        space: Space,
        scope: u32,
        deletions: &HashSet<(ObjectType, String)>,
    ) -> Result<(), LedgerError> {
        let added: Stored = deletions
            .iter()
            .map(|(object_type, id)| (object_type.to_string(), id.clone()))
            .collect();
        self.update_confirmed(space, scope, move |stored| stored.extend(added.clone()))
            .await
    }

    /// The deletions that somebody confirmed.
    pub(crate) async fn confirmed_deletions(
        &self,
        space: Space,
        scope: u32,
    ) -> Result<HashSet<(ObjectType, String)>, LedgerError> {
        let stored: Stored = self
            .meta_json(&key(space, scope))
            .await?
            .unwrap_or_default();
        Ok(stored
            .into_iter()
            .filter_map(|(object_type, id)| Some((object_type.parse().ok()?, id)))
            .collect())
    }

    /// Forgets what was confirmed of these types, but for what is still open: a round has carried it
    /// out, or the records are back.
    pub(crate) async fn drop_confirmed_deletions(
        &self,
        space: Space,
        scope: u32,
        types: &[ObjectType],
        open: &HashSet<(ObjectType, String)>,
    ) -> Result<(), LedgerError> {
        if self.meta(&key(space, scope)).await?.is_none() {
            return Ok(());
        }
        let types: Vec<String> = types.iter().map(ObjectType::to_string).collect();
        let open: Stored = open
            .iter()
            .map(|(object_type, id)| (object_type.to_string(), id.clone()))
            .collect();
        self.update_confirmed(space, scope, move |stored| {
            stored.retain(|of| !types.contains(&of.0) || open.contains(of));
        })
        .await
    }

    async fn update_confirmed(
        &self,
        space: Space,
        scope: u32,
        change: impl Fn(&mut Stored) + Send + Sync,
    ) -> Result<(), LedgerError> {
        let update = Box::new(move |old: Option<&[u8]>| {
            let mut stored: Stored = old
                .and_then(|bytes| serde_json::from_slice(bytes).ok())
                .unwrap_or_default();
            change(&mut stored);
            serde_json::to_vec(&stored).ok()
        });
        self.store()
            .update(Table::Meta, key(space, scope), update)
            .await?;
        Ok(())
    }
}

fn key(space: Space, scope: u32) -> Vec<u8> {
    format!("confirmed {} {scope}", space.0).into_bytes()
}
