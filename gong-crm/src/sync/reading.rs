//! Reads the sources of a sync.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gong_records::io::dated::is_older_by_name;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};

use super::options::TypeSource;
use super::plan::SourceProblem;
use crate::ObjectType;
use crate::ledger::{LastRead, hexadecimal};
use crate::push::reads::TypeRead;
use crate::push::{Event, Events};
use crate::source::{Completeness, Read, Sink, SourceFile};

/// By how much the clocks of two computers may differ without a note.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// The reads of all sources.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) types: BTreeMap<ObjectType, TypeRead>,
    pub(super) files: Vec<(ObjectType, SourceFile)>,
    pub(super) problems: Vec<SourceProblem>,
    pub(super) notes: Vec<String>,
    /// Whether deletions are confirmed, so that complete reads are needed.
    pub(super) need_everything: bool,
}

impl Reads {
    /// Reads one source. Its errors do not stop the others from being read. `last` is the last complete
    /// read of it, `defined` its definition when it gave changes last.
    #[expect(clippy::too_many_arguments, reason = "all that is known of a source")]
    pub(super) async fn read(
        &mut self,
        object_type: ObjectType,
        of_type: &TypeSource,
        last: Option<&LastRead>,
        defined: Option<&String>,
        directory: &std::path::Path,
        now: Timestamp,
        events: &Events,
    ) {
        let name = of_type.source.name();
        events.emit(Event::Reading {
            object_type,
            source: name.clone(),
        });
        let mut problem = |message: String| {
            self.problems.push(SourceProblem {
                object_type,
                source: name.clone(),
                message,
                is_finding: false,
            });
        };
        let mut sink = Sink::new(
            object_type,
            name.clone().into(),
            Some(directory.to_path_buf()),
            now,
        )
        .needing_everything(self.need_everything);
        let read = match of_type.source.read(&mut sink).await {
            Ok(read) => read,
            Err(error) => return problem(error.to_string()),
        };
        let notes = sink.take_notes().into_iter();
        self.notes
            .extend(notes.map(|note| format!("{object_type}: {note}")));
        let files = match sink.finish() {
            Ok(files) => files,
            Err(error) => return problem(format!("source cannot be copied: {error}")),
        };
        if let Some(reason) = last.and_then(|last| older_by_name(&read, last)) {
            return problem(reason);
        }
        let is_same = last.is_some_and(|last| last.stamp.is_some() && last.stamp == read.stamp);
        let mut as_of = read.as_of.min(now).as_millisecond();
        if let Some(last) = last.filter(|_| is_same) {
            // A file from the future does not get newer while it is not written.
            as_of = as_of.min(last.as_of);
        }
        let ahead = read.as_of.duration_since(now);
        if ahead > CLOCKS_DIFFER {
            let minutes = ahead.as_mins();
            self.notes.push(format!(
                "{object_type}: {name} was modified {minutes} minutes in the future: check the clocks. It \
                 counts as from now, and may be older than what was pushed meanwhile"
            ));
        }
        let incomplete = match &read.completeness {
            Completeness::Complete => last.and_then(|last| not_all(&read, as_of, last)),
            Completeness::Incomplete(reason) => Some(reason.clone()),
            Completeness::Changes => None,
        };
        if let Some(reason) = &incomplete {
            problem(format!("not a complete read: {reason}; nothing is deleted"));
        }
        let definition = digest(&SHA256, of_type.source.definition().as_bytes());
        let definition = hexadecimal(definition.as_ref());
        let is_of_changes = read.completeness == Completeness::Changes && !read.alternates;
        let before = last.map(|last| &last.definition);
        let before = if is_of_changes {
            defined.or(before)
        } else {
            before
        };
        self.types.insert(
            object_type,
            TypeRead {
                as_of,
                is_complete: read.completeness == Completeness::Complete && incomplete.is_none(),
                is_cut: incomplete.is_some(),
                is_new: !is_same,
                is_first: last.is_none(),
                alternates: read.alternates,
                deletions: of_type.deletions,
                ended_with_line: last
                    .filter(|last| last.ends_with_line)
                    .map(|last| last.records),
                is_redefined: before.is_some_and(|before| *before != definition),
                last: LastRead {
                    at: now,
                    as_of,
                    definition,
                    stamp: read.stamp,
                    parts: read.parts,
                    marker: read.marker,
                    records: 0,
                    ends_with_line: false,
                },
            },
        );
        let files = files.into_iter().map(|file| (object_type, file));
        self.files.extend(files);
    }
}

/// Why the only file of a read is older than that of the last one, whatever its time says.
fn older_by_name(read: &Read, last: &LastRead) -> Option<String> {
    // Each line is a path, a size and a time.
    let path = |stamp: &Option<String>| {
        let line = stamp.as_deref()?.strip_suffix('\n')?;
        let path = line.rsplitn(3, ' ').nth(2)?;
        (!line.contains('\n')).then(|| PathBuf::from(path))
    };
    let (file, before) = (path(&read.stamp)?, path(&last.stamp)?);
    is_older_by_name(&file, &before).then(|| {
        format!(
            "{} is older by its name than {}, which was read last; nothing of it is sent",
            file.display(),
            before.display()
        )
    })
}

/// Why a read that claims to be complete is missing parts of the last one.
fn not_all(read: &Read, as_of: i64, last: &LastRead) -> Option<String> {
    if as_of < last.as_of {
        let before = Timestamp::from_millisecond(last.as_of).unwrap_or_default();
        return Some(format!(
            "it is older than the last one, which is from {before}"
        ));
    }
    if last.marker.is_some() && read.marker.is_none() {
        let message = "the file that marks complete parts, such as _SUCCESS or a manifest, is missing or older than one of \
             the parts: write it after them";
        return Some(message.to_owned());
    }
    if read.parts >= last.parts || read.marker > last.marker {
        return None;
    }
    // A marker says that all parts were written, not that all of them are still there.
    let marker = match read.marker {
        Some(_) => {
            ", and the file that marks complete parts is that of the last read: write it again after the parts"
        }
        None => {
            ": if the export has fewer parts from now on, write a file _SUCCESS or a manifest beside them after \
             each export"
        }
    };
    let (parts, before) = (read.parts, last.parts);
    Some(format!("{parts} of {before} parts are there{marker}"))
}
