//! Receives the messages of a tap: records are written to disk, everything else is kept in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use gong_crm::ObjectType;

use super::error::TargetError;
use super::kept::Kept;
use super::message::{BadMessage, Message, Schema};
use super::streams::Stream;
use super::wanted::Wanted;

/// The messages of a tap so far.
#[derive(Debug)]
pub(super) struct Collector {
    directory: PathBuf,
    wanted: Wanted,
    pub(super) streams: BTreeMap<String, Stream>,
    /// Streams that no type uses.
    ignored: BTreeMap<String, Option<Schema>>,
    /// The last state, as the tap wrote it.
    pub(super) state: Option<String>,
    pub(super) bytes: u64,
    /// Notes, each once.
    pub(super) notes: Vec<String>,
    line_number: u64,
    line: Vec<u8>,
}

impl Collector {
    /// Collects in a directory.
    pub(super) fn new(directory: PathBuf, wanted: Wanted) -> Self {
        Self {
            directory,
            wanted,
            streams: BTreeMap::new(),
            ignored: BTreeMap::new(),
            state: None,
            bytes: 0,
            notes: Vec::new(),
            line_number: 0,
            line: Vec::new(),
        }
    }

    /// Takes a line in.
    pub(super) fn take(&mut self, line: &str, kept: &Kept) -> Result<(), TargetError> {
        self.line_number += 1;
        let line = line.trim();
        if line.is_empty() {
            return Ok(());
        }
        let number = self.line_number;
        let located = |bad: BadMessage| TargetError::Message {
            line: number,
            message: bad.message,
            hint: bad.hint,
        };
        match Message::parse(line).map_err(located)? {
            Message::Schema(schema) => self.schema(schema).map_err(located)?,
            Message::Record {
                stream,
                record,
                version,
            } => {
                let Some(known) = self.streams.get_mut(stream.as_ref()) else {
                    return self.foreign_record(&stream, record).map_err(located);
                };
                let added = known.add(record, version, &mut self.line);
                self.bytes += added.map_err(located)?.map_err(TargetError::Disk)?;
            }
            Message::State(state) => self.state = Some(state.get().to_owned()),
            Message::ActivateVersion { stream, version } => {
                self.activate(&stream, version, kept);
            }
            Message::Batch { stream } => {
                return Err(located(BadMessage::new(
                    format!(
                        "the tap writes stream {stream:?} as BATCH messages, which are not supported"
                    ),
                    "remove batch_config from the tap's settings, so that it writes RECORD messages",
                )));
            }
            Message::Other(kind) => {
                self.note(format!("messages of type {kind:?} are ignored"));
            }
        }
        Ok(())
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn schema(&mut self, schema: Schema) -> Result<(), BadMessage> {
        let name = schema.stream.clone();
        let is_wanted = self.wanted.is_mapped(&name) || self.wanted.is_reference(&name);
        if !is_wanted {
            if matches!(self.ignored.get(&name), Some(None)) {
                return Err(before_its_schema(&name));
            }
            self.note(format!(
                "stream {name:?} is ignored: the mapping does not use it"
            ));
            self.ignored.insert(name, Some(schema));
            return Ok(());
        }
        match self.streams.get_mut(&name) {
            Some(known) if known.schema.key != schema.key => Err(BadMessage::new(
                format!(
                    "the key of stream {name:?} changes from {:?} to {:?} within a run",
                    known.schema.key, schema.key
                ),
                "run the tap once for each of them",
            )),
            Some(known) => {
                known.schema = schema;
                Ok(())
            }
            None => {
                let dates = self.wanted.dates(&name);
                let stream = Stream::new(schema, dates, &self.directory);
                self.streams.insert(name, stream);
                Ok(())
            }
        }
    }

    /// A record of a stream that is not used, or not known yet.
    fn foreign_record(
        &mut self,
        name: &str,
        record: &serde_json::value::RawValue,
    ) -> Result<(), BadMessage> {
        if self.wanted.is_mapped(name) || self.wanted.is_reference(name) {
            return Err(before_its_schema(name));
        }
        match self.ignored.get(name) {
            Some(Some(schema)) => {
                let fields = serde_json::from_str(record.get()).unwrap_or_default();
                match schema.missing(&fields) {
                    None => Ok(()),
                    Some(reason) => Err(BadMessage::new(
                        format!("a record of stream {name:?} {reason}"),
                        "the tap does not follow its own schema; use another version of it",
                    )),
                }
            }
            Some(None) => Ok(()),
            None => {
                // Some taps call a stream otherwise in its records than in its schema.
                self.note(format!(
                    "stream {name:?} is ignored: it has no schema, and the mapping does not use it"
                ));
                self.ignored.insert(name.to_owned(), None);
                Ok(())
            }
        }
    }

    /// All records of a stream that don't have this version are gone: if it is not the version of the
    /// last run, and records of it were seen.
    fn activate(&mut self, name: &str, version: String, kept: &Kept) {
        let is_old = kept.facts.versions.get(name) == Some(&version);
        let Some(stream) = self.streams.get_mut(name) else {
            return;
        };
        if is_old || !stream.versions.contains(&version) {
            return;
        }
        if stream.versions.len() > 1 {
            self.note(format!(
                "stream {name:?} has several versions; nothing is deleted because of it"
            ));
            return;
        }
        stream.activated = Some(version);
    }

    /// The number of unsent rows of streams that are used.
    pub(super) fn unsent(&self) -> u64 {
        let mapped = self
            .streams
            .iter()
            .filter(|(name, _)| self.wanted.is_mapped(name));
        mapped.map(|(_, stream)| stream.unsent()).sum()
    }

    /// The types all of whose streams hold all records.
    pub(super) fn complete(
        &self,
        never: &BTreeSet<ObjectType>,
        is_whole: impl Fn(&str) -> bool,
    ) -> BTreeSet<ObjectType> {
        let is_complete = |name: &String| {
            let stream = self.streams.get(name);
            stream.is_some_and(|stream| stream.activated.is_some() || is_whole(name))
        };
        let types = self.wanted.types.iter();
        types
            .filter(|(object_type, names)| {
                !never.contains(object_type) && names.iter().all(is_complete)
            })
            .map(|(object_type, _)| *object_type)
            .collect()
    }
}

fn before_its_schema(name: &str) -> BadMessage {
    BadMessage::new(
        format!("a record of stream {name:?} comes before the stream's SCHEMA message"),
        "the tap does not follow the Singer specification; use another version of it",
    )
}
