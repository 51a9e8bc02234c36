//! Reads the lines of the versions that are to be sent.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::path::Path;
use std::slice::Chunks;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::PushError;
use super::lines::EntryLines;
use super::planned::Chosen;
use super::survey::TypeFiles;
use crate::compare::{LineKey, Reader, RecordId, Reference};
use crate::ledger::{Action, LineHash, Names, Seconds, SentField};

/// A line that was read, with what must be known of it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) chosen: Chosen,
    /// The file's place among those of the type.
    pub(super) file: usize,
    pub(super) line: Vec<u8>,
    pub(super) object_id: String,
    pub(super) hash: u128,
    /// The hash of the line as it was given.
    pub(super) given_as: LineHash,
    pub(super) address: Option<u64>,
    pub(super) modified: Option<Seconds>,
    /// The fields that the line has, by their numbers.
    pub(super) sent: Vec<SentField>,
    pub(super) references: Vec<RecordId>,
}

/// Reads lines of the files of one type.
pub(super) struct ChosenLines<'a> {
    files: &'a TypeFiles<'a>,
    lines: EntryLines<'a>,
    reader: Reader<'a>,
    key: LineKey,
    names: Arc<Mutex<Names>>,
}

impl<'a> ChosenLines<'a> {
    pub(super) fn new(
        files: &'a TypeFiles<'a>,
        reader: Reader<'a>,
        key: LineKey,
        names: Arc<Mutex<Names>>,
    ) -> Self {
        Self {
            files,
            lines: EntryLines::new(files),
            reader,
            key,
            names,
        }
    }

    /// Reads groups of versions, as long as no other thread has taken the rest. Gives them by their number.
    pub(super) fn read_some(
        &mut self,
        groups: &Mutex<Enumerate<Chunks<'_, Chosen>>>,
    ) -> Result<BTreeMap<usize, Vec<Read>>, PushError> {
        let mut read = BTreeMap::new();
        loop {
            let next = locked(groups).next();
            let Some((number, group)) = next else {
                return Ok(read);
            };
            read.insert(number, self.read(group)?);
        }
    }

    /// Reads the lines of versions, which are in the order of their places.
    pub(super) fn read(&mut self, chunk: &[Chosen]) -> Result<Vec<Read>, PushError> {
        let mut read = Vec::with_capacity(chunk.len());
        for chosen in chunk {
            let (file, line) = self.lines.read(&chosen.entry)?;
            let line = line.to_vec();
            let whole = self
                .reader
                .whole(&line)
                .map_err(|_| changed_while_read(&self.files.files[file].1.file.path))?;
            let references = whole.references.into_iter();
            let references = references
                .filter(|_| chosen.action != Action::Delete)
                .map(Reference::into_owned)
                .collect();
            let given = whole.fields.iter().filter(|field| field.is_given);
            let mut names = locked(&self.names);
            let mut sent: Vec<SentField> = given
                .map(|field| {
                    let name = names.number(&field.name);
                    if field.is_null {
                        return SentField::null(name);
                    }
                    // 0 is the mark of a null.
                    let hash = field.hash.max(1).to_le_bytes();
                    SentField { name, hash }
                })
                .collect();
            drop(names);
            sent.sort_unstable_by_key(|field| field.name);
            let facts = whole.facts;
            read.push(Read {
                chosen: *chosen,
                file,
                object_id: facts.object_id.into_owned(),
                hash: facts.hash,
                given_as: self.key.hash(&line),
                address: facts.address,
                modified: facts.modified,
                sent,
                references,
                line,
            });
        }
        Ok(read)
    }
}

/// What threads share: names of fields, of which one is added whole or not at all, and lines that are to be
/// read. So a panic while it was locked is harmless.
pub(super) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn changed_while_read(path: &Path) -> PushError {
    let message = format!(
        "{} changed while it was read; push it again",
        path.display()
    );
    PushError::Request(gong_client::error::Error::new(
        gong_client::error::ErrorKind::File,
        message,
    ))
}
