//! Receives the messages of a tap: records are written to disk, everything else is kept in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
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
    /// Whether any state came.
    has_state: bool,
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
            has_state: false,
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
            Message::State(state) => {
                self.state = Some(state.get().to_owned());
                self.has_state = true;
            }
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

    /// Whether none of the streams of the mapping's types came so far, but others did.
    pub(super) fn is_astray(&self) -> bool {
        let mut came = self.streams.keys();
        let has_mapped = came.any(|name| self.wanted.is_mapped(name));
        !has_mapped && (!self.streams.is_empty() || !self.ignored.is_empty())
    }

    /// Refuses a tap that wrote nothing, or only streams that no type is made of. A state alone is well:
    /// nothing has changed.
    pub(super) fn expect_streams(&self) -> Result<(), TargetError> {
        if self.is_empty() || self.is_astray() {
            return Err(self.without_streams());
        }
        Ok(())
    }

    /// The same for the end of a pipe, whose other streams may be meant for nobody: what is said of
    /// them is a note, and no state is passed on.
    pub(super) fn expect_streams_of_pipe(&self) -> Result<Option<String>, TargetError> {
        if self.is_empty() {
            return Err(self.without_streams());
        }
        Ok(self.is_astray().then(|| self.without_streams().to_string()))
    }

    fn is_empty(&self) -> bool {
        self.streams.is_empty() && self.ignored.is_empty() && !self.has_state
    }

    fn without_streams(&self) -> TargetError {
        let all: BTreeSet<&str> = self
            .wanted
            .types
            .values()
            .flatten()
            .map(String::as_str)
            .collect();
        TargetError::Missing {
            message: format!(
                "the tap wrote none of the mapping's streams ({}); {}",
                quoted(all),
                self.what_came()
            ),
            hint:
                "select the streams in the tap's catalog, or name them in the mapping as the tap \
                   calls them"
                    .to_owned(),
        }
    }

    /// The types of which a run that should bring everything brought no stream, with the reason why
    /// nothing is known of them. Those of `never` may be absent.
    pub(super) fn missing(&mut self, never: &BTreeSet<ObjectType>) -> BTreeMap<ObjectType, String> {
        let mut missing = BTreeMap::new();
        let mut notes = Vec::new();
        for (object_type, names) in &self.wanted.types {
            if never.contains(object_type) {
                continue;
            }
            let absent = names
                .iter()
                .filter(|name| !self.streams.contains_key(*name));
            let absent: Vec<&str> = absent.map(String::as_str).collect();
            if absent.is_empty() {
                continue;
            }
            let word = if absent.len() == 1 {
                "stream"
            } else {
                "streams"
            };
            if absent.len() == names.len() {
                let reason = format!(
                    "the tap did not write {word} {}; {}; select it in the tap's catalog, or remove \
                     [{object_type}] from the mapping",
                    quoted(absent),
                    self.what_came()
                );
                missing.insert(*object_type, reason);
            } else {
                notes.push(format!(
                    "the tap did not write {word} {} of {object_type}: no {object_type} is deleted \
                     because it is absent",
                    quoted(absent)
                ));
            }
        }
        for note in notes {
            self.note(note);
        }
        missing
    }

    /// Names the streams that came.
    fn what_came(&self) -> String {
        let came = self.streams.keys().chain(self.ignored.keys());
        let came: BTreeSet<&str> = came.map(String::as_str).collect();
        if came.is_empty() {
            "it wrote no stream at all".to_owned()
        } else {
            format!("it wrote {}", quoted(came))
        }
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

/// Names in quotes, with commas between them.
fn quoted<S: fmt::Debug>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("{name:?}")).collect();
    names.join(", ")
}

fn before_its_schema(name: &str) -> BadMessage {
    BadMessage::new(
        format!("a record of stream {name:?} comes before the stream's SCHEMA message"),
        "the tap does not follow the Singer specification; use another version of it",
    )
}
