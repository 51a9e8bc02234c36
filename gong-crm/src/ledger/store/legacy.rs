//! Open uploads of ledgers that an earlier version of this crate wrote (formats 1 and 2).
//!
//! [`SqliteStore::open`](super::SqliteStore::open) converts such a file to the current format,
//! after copying it to a file with the suffix `.format-1.bak` or `.format-2.bak`. It keeps the
//! number of calls per minute and the open uploads. The latter stay in [`Table::Meta`] until they
//! are removed, so that none is lost if the process is killed right after the conversion: Gong may
//! have received an upload in state `sending`, and a later one of the same type must wait for its
//! verdict.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Batch, Store, Table};
use crate::ledger::LedgerError;

/// The prefix of the keys in [`Table::Meta`]; the number of the upload follows in 8 bytes, big
/// endian.
const PREFIX: &[u8] = b"legacy-upload/";

/// The first key after all that begin with [`PREFIX`].
const END: &[u8] = b"legacy-upload0";

/// An upload without a verdict, as a ledger of format 1 or 2 describes it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LegacyUpload {
    /// Its position in the order in which uploads were planned.
    pub number: u64,
    /// The id under which Gong keeps the upload.
    pub client_request_id: String,
    /// The integration it belongs to.
    pub integration_id: i64,
    /// The type of its records, such as `ACCOUNT`.
    pub object_type: String,
    /// The file of the records; `-` is standard input.
    pub source_path: PathBuf,
    /// Which upload of that file it is, from 1.
    pub part: u32,
    /// The SHA-256 of the bytes that are sent, in hexadecimal digits.
    pub content_hash: String,
    /// The number of bytes that are sent.
    pub bytes: u64,
    /// The number of records that are sent.
    pub records: u64,
    /// How often this content was given an id.
    pub attempt: u32,
    /// `planned`, `sending`, `accepted`, `processing` or `unknown`: only one that is `planned` has
    /// certainly not reached Gong.
    pub state: String,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When the state changed last.
    pub updated_at: Timestamp,
    /// Gong's last response as JSON, or an error message.
    pub answer: Option<String>,
    /// Where its bytes are, as the JSON document that formats 1 and 2 used.
    pub content: Option<String>,
}

impl LegacyUpload {
    /// Deletes the upload from the store when `batch` is committed: in the transaction that writes
    /// its result.
    ///
    /// ```
    /// use gong_crm::ledger::store::{Batch, MemoryStore, Store, legacy};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), gong_crm::ledger::LedgerError> {
    /// let store = MemoryStore::new();
    /// let mut batch = Batch::new();
    /// for upload in legacy::uploads(&store).await? {
    ///     upload.remove(&mut batch);
    /// }
    /// store.commit(batch).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove(&self, batch: &mut Batch) {
        batch.delete(Table::Meta, &key(self.number));
    }

    /// The key and the value under which it is kept.
    #[cfg(feature = "sqlite")]
    pub(super) fn to_entry(&self) -> serde_json::Result<(Vec<u8>, Vec<u8>)> {
        Ok((key(self.number), serde_json::to_vec(self)?))
    }
}

/// The open uploads that a ledger of format 1 or 2 left, in the order in which they were planned.
///
/// # Errors
///
/// [`LedgerError::Storage`] when they can't be read.
pub async fn uploads(store: &dyn Store) -> Result<Vec<LegacyUpload>, LedgerError> {
    let entries = store
        .scan(Table::Meta, PREFIX.to_vec(), Some(END.to_vec()), usize::MAX)
        .await?;
    entries
        .iter()
        .map(|(_, value)| {
            serde_json::from_slice(value)
                .map_err(|error| LedgerError::storage("(open uploads of an earlier format)", error))
        })
        .collect()
}

fn key(number: u64) -> Vec<u8> {
    let mut key = PREFIX.to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}
