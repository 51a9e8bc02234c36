//! Reads each source once, for all that is looked up in it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_records::io::lines::Lines;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::ObjectType;
use crate::source::{Read, ReadFuture, Sink, Source, SourceError, SourceFile};
use crate::sync::SyncOptions;

/// Whether a source holds a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InSource {
    /// The type has no source.
    NoSource,
    Yes,
    /// It is there, and marked as deleted.
    Deleted,
    No,
    /// The source cannot be read: a clause that says so.
    Unreadable(String),
}

/// The sources of a sync, each of which was read once.
#[derive(Debug, Default)]
pub(super) struct ReadSources {
    /// The same sync, with sources that give what was read.
    options: Option<SyncOptions>,
    types: BTreeMap<ObjectType, Arc<AlreadyRead>>,
}

/// What a source gave.
#[derive(Debug)]
struct AlreadyRead {
    name: String,
    definition: String,
    /// Otherwise a clause that says what is wrong.
    read: Result<(Read, Vec<SourceFile>), String>,
}

impl Source for AlreadyRead {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn definition(&self) -> String {
        self.definition.clone()
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(async move {
            let (read, files) = self.read.as_ref().map_err(|clause| {
                // The plan names the source.
                SourceError::failed(clause.clone())
            })?;
            sink.replay(files);
            Ok(read.clone())
        })
    }
}

impl ReadSources {
    /// Reads them all. What is wrong with one does not keep the others from being read.
    pub(super) async fn read(options: &SyncOptions, now: Timestamp) -> Self {
        let mut replayed = options.clone();
        replayed.only.clear();
        let mut types = BTreeMap::new();
        for object_type in options.source_types() {
            let Some(source) = options.source_of(object_type) else {
                continue;
            };
            let mut sink = Sink::new(object_type, source.name().into(), None, now);
            let read = source.read(&mut sink).await;
            let read = read.and_then(|read| Ok((read, sink.finish()?)));
            let already = Arc::new(AlreadyRead {
                name: source.name(),
                definition: source.definition(),
                read: read.map_err(|error| clause(&error)),
            });
            let as_source: Arc<dyn Source> = Arc::<AlreadyRead>::clone(&already);
            replayed.replace_source(object_type, as_source);
            types.insert(object_type, already);
        }
        Self {
            options: Some(replayed),
            types,
        }
    }

    /// A sync of what was read, if there are sources.
    pub(super) fn options(&self) -> Option<&SyncOptions> {
        self.options.as_ref()
    }

    /// The record in its source, the last one if there are several.
    pub(super) async fn record(
        &self,
        object_type: ObjectType,
        object_id: &str,
    ) -> (InSource, Option<Map<String, Value>>) {
        let lines = match self.lines_with(object_type, object_id).await {
            Ok(Some(lines)) => lines,
            Ok(None) => return (InSource::NoSource, None),
            Err(clause) => return (InSource::Unreadable(clause), None),
        };
        let mut lines = lines.into_iter().rev();
        match lines.find(|line| text(line, "objectId") == Some(object_id)) {
            Some(line) if is_deleted(&line) => (InSource::Deleted, Some(line)),
            Some(line) => (InSource::Yes, Some(line)),
            None => (InSource::No, None),
        }
    }

    /// The records of a type that contain a text, in any case. `None` if the type has no source.
    pub(super) async fn lines_with(
        &self,
        object_type: ObjectType,
        text: &str,
    ) -> Result<Option<Vec<Map<String, Value>>>, String> {
        let Some(of_type) = self.types.get(&object_type) else {
            return Ok(None);
        };
        let (_, files) = of_type.read.as_ref().map_err(Clone::clone)?;
        let paths: Vec<PathBuf> = files.iter().map(|file| file.lines.clone()).collect();
        let text = text.to_ascii_lowercase();
        let searching = tokio::task::spawn_blocking(move || {
            let mut found = Vec::new();
            for path in &paths {
                search(path, &text, &mut found)?;
            }
            Ok::<_, io::Error>(found)
        });
        let found = searching.await.map_err(io::Error::other).flatten();
        found.map(Some).map_err(|error| clause(&error.into()))
    }
}

/// What is wrong with a source, as it follows on "its source".
fn clause(error: &SourceError) -> String {
    match error {
        SourceError::Missing(what) => format!("is missing: {what}"),
        SourceError::NotReady(what) => format!("is not ready: {what}"),
        SourceError::Failed(cause) => format!("cannot be read: {cause}"),
    }
}

fn search(path: &Path, text: &str, found: &mut Vec<Map<String, Value>>) -> io::Result<()> {
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next_line()? {
        let lower = line.bytes.to_ascii_lowercase();
        if memchr::memmem::find(&lower, text.as_bytes()).is_some()
            && let Ok(record) = serde_json::from_slice(line.bytes)
        {
            found.push(record);
        }
    }
    Ok(())
}

/// Whether a record is marked as deleted.
pub(super) fn is_deleted(record: &Map<String, Value>) -> bool {
    record.get("isDeleted") == Some(&Value::Bool(true))
}

/// A field's text, without space around it; none if it is empty or not a text.
pub(super) fn text<'r>(record: &'r Map<String, Value>, field: &str) -> Option<&'r str> {
    let text = record.get(field)?.as_str()?.trim();
    Some(text).filter(|text| !text.is_empty())
}
