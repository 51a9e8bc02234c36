//! The records of an upload that is to be written down, as the ledger keeps them.

use std::thread;

use super::store::{Batch, Table};
use super::upload::Pending;

/// Records per chunk.
pub(super) const CHUNK: usize = 2_048;

/// The records of a new upload, in the order of its lines.
///
/// They are encoded chunk by chunk: millions of records are planned before the first is sent, and a
/// record takes several times as much memory as its encoding.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    chunks: Vec<Vec<u8>>,
    last: Vec<Pending>,
    records: usize,
}

impl Manifest {
    pub(crate) fn push(&mut self, pending: Pending) {
        self.last.push(pending);
        self.records += 1;
        if self.last.len() == CHUNK {
            self.chunks.push(encoded(&self.last));
            self.last.clear();
        }
    }

    /// The number of records.
    pub(crate) fn len(&self) -> usize {
        self.records
    }

    /// The records, decoded chunk by chunk.
    pub(crate) fn records(&self) -> impl Iterator<Item = Pending> {
        let chunks = self.chunks.iter();
        // They were encoded here.
        let decoded = chunks.flat_map(|chunk| decode(chunk).unwrap_or_default());
        decoded.chain(self.last.iter().cloned())
    }

    /// Adds the records to a batch, as those of the upload with this number.
    pub(super) fn put(self, batch: &mut Batch, number: u64) {
        let last = Some(&self.last).filter(|last| !last.is_empty());
        let last = last.map(|last| encoded(last));
        for (place, chunk) in (0_u32..).zip(self.chunks.into_iter().chain(last)) {
            batch.put(Table::Manifests, &chunk_key(number, place), &chunk);
        }
    }
}

impl Extend<Pending> for Manifest {
    fn extend<I: IntoIterator<Item = Pending>>(&mut self, records: I) {
        for pending in records {
            self.push(pending);
        }
    }
}

impl FromIterator<Pending> for Manifest {
    fn from_iter<I: IntoIterator<Item = Pending>>(records: I) -> Self {
        let mut manifest = Self::default();
        manifest.extend(records);
        manifest
    }
}

/// About as long as the encoding of a record with 16 fields.
const USUAL_BYTES: usize = 160;

fn encoded(chunk: &[Pending]) -> Vec<u8> {
    // Only a map of unknown length can fail, and there is none.
    let room = Vec::with_capacity(chunk.len() * USUAL_BYTES);
    postcard::to_extend(chunk, room).unwrap_or_default()
}

/// The records of all chunks of an upload, if they can be read; a half of many on another thread.
pub(super) fn decode_all(chunks: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<Pending>> {
    let decode_some = |chunks: &[(Vec<u8>, Vec<u8>)]| {
        let mut pending = Vec::with_capacity(chunks.len() * CHUNK);
        for (_, chunk) in chunks {
            pending.extend(decode(chunk)?);
        }
        Some(pending)
    };
    if chunks.len() < 2 {
        return decode_some(chunks);
    }
    let (first, second) = chunks.split_at(chunks.len() / 2);
    thread::scope(|scope| {
        let second = scope.spawn(|| decode_some(second));
        let first = decode_some(first);
        let second = second.join();
        let mut pending = first?;
        pending.extend(second.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        Some(pending)
    })
}

/// The records of one chunk, if it can be read.
fn decode(chunk: &[u8]) -> Option<Vec<Pending>> {
    postcard::from_bytes(chunk).ok()
}

pub(super) fn chunk_key(number: u64, chunk: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key[8..].copy_from_slice(&chunk.to_be_bytes());
    key
}
