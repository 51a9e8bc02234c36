//! Finds the records that matter in the sources.

use std::io;
use std::path::Path;

use gong_records::io::lines::Lines;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::ObjectType;
use crate::source::{Sink, SourceError};
use crate::sync::SyncOptions;

/// The lines of a type's source that contain a text, as records. `None` if the type has no source.
pub(super) async fn lines_with(
    sources: &SyncOptions,
    object_type: ObjectType,
    text: &str,
    now: Timestamp,
) -> Result<Option<Vec<Map<String, Value>>>, SourceError> {
    let Some(source) = sources.source_of(object_type) else {
        return Ok(None);
    };
    let mut sink = Sink::new(object_type, source.name().into(), None, now);
    source.read(&mut sink).await?;
    let files = sink.finish()?;
    let text = text.to_lowercase();
    let searching = tokio::task::spawn_blocking(move || {
        let mut found = Vec::new();
        for file in &files {
            search(&file.lines, &text, &mut found)?;
        }
        Ok::<_, io::Error>(found)
    });
    let found = searching.await.map_err(SourceError::failed)??;
    Ok(Some(found))
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

/// A field's text, without space around it; none if it is empty or no text.
pub(super) fn text<'r>(record: &'r Map<String, Value>, field: &str) -> Option<&'r str> {
    let text = record.get(field)?.as_str()?.trim();
    Some(text).filter(|text| !text.is_empty())
}
