//! Whether one particular version of a record is in Gong.

use std::fmt;

use gong_records::record::Record;
use serde::Serialize;

use super::record::{Current, LastTry, RecordState};
use super::{Ledger, LedgerError};
use crate::IntegrationId;
use crate::compare::{HashKey, Reader};

/// Whether Gong has this version of a record, as far as the ledger knows.
///
/// Of a deletion, [`Yes`](Self::Yes) means that Gong accepted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum InGong {
    /// Gong accepted this version, and nothing was sent after it.
    Yes,
    /// Gong has another version of the record.
    OtherVersion,
    /// Gong has no version of the record.
    No,
    /// An upload with the record has no verdict yet, or its verdict was lost.
    Unknown,
}

impl InGong {
    /// The word in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::OtherVersion => "other-version",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// Whether Gong has this version.
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

impl fmt::Display for InGong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What the ledger knows of one version of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionState {
    /// Whether Gong has it.
    pub in_gong: InGong,
    /// The last try to send exactly this version, if it was not accepted.
    pub last_try: Option<LastTry>,
}

impl VersionState {
    fn new(hash: [u8; 16], is_deletion: bool, state: Option<RecordState>, is_open: bool) -> Self {
        let state = state.unwrap_or_default();
        let in_gong = match state.current {
            _ if is_open => InGong::Unknown,
            Current::Unknown => InGong::Unknown,
            Current::Deleted if is_deletion => InGong::Yes,
            Current::None | Current::Deleted => InGong::No,
            Current::Version if state.hash == hash => InGong::Yes,
            Current::Version => InGong::OtherVersion,
        };
        let last_try = state.last_try.filter(|last| last.hash == hash);
        Self { in_gong, last_try }
    }
}

impl Ledger {
    /// Whether these versions of records are in Gong, in the order of the records.
    ///
    /// Two versions are equal as for a push: neither `modifiedDate` nor the order of the fields
    /// counts. A field that a push was told to ignore counts here.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    pub async fn versions<'r, R: Record + 'r>(
        &self,
        base_url: &str,
        integration_id: IntegrationId,
        records: impl IntoIterator<Item = &'r R>,
    ) -> Result<Vec<VersionState>, LedgerError> {
        let space = self.space(base_url, integration_id).await?;
        let key = HashKey::from_bytes(self.identity().await?.key());
        let generations = self.names(space, R::OBJECT_TYPE).await?.generations();
        // Nothing of a reader is held across an await: it is not `Send`.
        let versions = {
            let generation = |name: &str| generations.get(name).copied().unwrap_or_default();
            let mut reader = Reader::new(key, R::OBJECT_TYPE, &generation);
            let mut versions = Vec::new();
            let mut line = Vec::new();
            for record in records {
                line.clear();
                record.write_line(&mut line);
                let facts = reader
                    .read(&line)
                    .map_err(|error| LedgerError::storage("", error))?;
                let hash = facts.hash.to_le_bytes();
                versions.push((facts.object_id.into_owned(), hash, facts.is_deleted));
            }
            versions
        };
        let ids = versions.iter().map(|(id, ..)| id.as_str());
        // What is under way is read first: an upload that gets its verdict in between is then taken
        // for one without, never for an accepted version that it replaced.
        let open = self.records_sent(space).await?;
        let states = self
            .records(space, R::OBJECT_TYPE, ids.collect::<Vec<_>>())
            .await?;
        let known = versions.into_iter().zip(states);
        Ok(known
            .map(|((id, hash, is_deletion), state)| {
                let is_open = open.contains(&(R::OBJECT_TYPE, id));
                VersionState::new(hash, is_deletion, state, is_open)
            })
            .collect())
    }
}
