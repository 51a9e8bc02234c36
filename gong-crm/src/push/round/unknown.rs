//! Records of a recovered ledger that a source which gives changes did not name: nobody knows which
//! version Gong has of them.

use std::collections::HashSet;

use crate::ObjectType;
use crate::ledger::{Ledger, LedgerError, Space, UnknownVersions};
use crate::push::session::Session;

/// Where to look for them.
pub(super) struct Unknown {
    space: Space,
    scope: u32,
    /// The types whose sources give changes.
    types: Vec<ObjectType>,
}

impl Unknown {
    pub(super) fn of(session: &Session) -> Self {
        let reads = session.round.iter().flat_map(|round| &round.reads);
        let types = reads.filter(|(_, read)| read.gives_changes());
        Self {
            space: session.space,
            scope: session.round.as_ref().map_or(0, |round| round.scope),
            types: types.map(|(object_type, _)| *object_type).collect(),
        }
    }

    /// A note for each type that has some, without the records that are sent.
    pub(super) async fn notes(
        &self,
        ledger: &Ledger,
        sent: &HashSet<(ObjectType, String)>,
    ) -> Result<Vec<String>, LedgerError> {
        let mut notes = Vec::new();
        for object_type in &self.types {
            let of_type = sent.iter().filter(|(of, _)| of == object_type);
            let ids: HashSet<&str> = of_type.map(|(_, id)| id.as_str()).collect();
            let (space, scope) = (self.space, self.scope);
            let unknown = ledger.unknown_versions(space, *object_type, scope, &ids);
            let unknown = unknown.await?;
            if unknown.count > 0 {
                notes.push(note(*object_type, &unknown));
            }
        }
        Ok(notes)
    }

    /// The notes after a round. The types that have none are not looked at again until the ledger is
    /// recovered once more.
    pub(super) async fn settle(&self, ledger: &Ledger) -> Result<Vec<String>, LedgerError> {
        let under_way = ledger.records_under_way(self.space).await?;
        let notes = self.notes(ledger, &under_way).await?;
        if notes.is_empty() && under_way.is_empty() {
            for object_type in &self.types {
                ledger.settle_versions(self.space, *object_type).await?;
            }
        }
        Ok(notes)
    }
}

fn note(object_type: ObjectType, unknown: &UnknownVersions) -> String {
    let UnknownVersions {
        count,
        first,
        were_deleted,
    } = unknown;
    let since = if *were_deleted {
        "the integration was deleted in Gong"
    } else {
        "the ledger was recovered or imported"
    };
    let (records, them) = match count {
        1 => (format!("1 record ({first})"), "it"),
        count => (format!("{count} records (such as {first})"), "them"),
    };
    format!(
        "{object_type}: since {since}, it is not known which version of \
         {records} Gong has, and the source did not name {them}: let it list all records once, or push {them}"
    )
}
