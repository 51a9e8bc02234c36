//! The bodies of uploads in the spool: read, copied in part, checked and discarded.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use gong_records::io::lines::Lines;
use ring::digest::{Context, SHA256};

use super::lines::{each_line, place_of};
use super::session::Session;
use super::spool::Spool;
use crate::compare::{Reader, RecordId, Reference};
use crate::ledger::{Content, LedgerError, Pending, Upload, UploadState, hexadecimal};

impl Session {
    pub(super) fn has_body(&self, upload: &Upload) -> bool {
        let Some(body) = &upload.body else {
            return false;
        };
        let hashed = hash_of_file(&self.spool.path(body));
        hashed.is_ok_and(|hash| hash == upload.body_hash)
    }

    pub(super) fn discard_body(&self, upload: &Upload) {
        if let Some(body) = &upload.body {
            // The next start deletes files that remain.
            self.spool.discard(body);
        }
    }

    /// Copies lines of a body into another one.
    pub(super) fn copy_lines(
        &self,
        body: &str,
        places: &[usize],
        number: u64,
    ) -> io::Result<(String, String, u64)> {
        let generation = body.matches('.').count();
        let name = format!("upload-{number}.{generation}.ldjson");
        let name = if name == body {
            Spool::body_name(number)
        } else {
            name
        };
        let mut file = self.spool.create(&name)?;
        let mut wanted = places.iter().copied().peekable();
        each_line(&self.spool.path(body), |line| {
            let place = place_of(&line);
            if wanted.next_if_eq(&place).is_some() {
                file.write(line.bytes)?;
                file.write(b"\n")?;
            }
            Ok::<(), io::Error>(())
        })?;
        let (hash, bytes) = file.finish()?;
        Ok((name, hash, bytes))
    }

    /// An upload of some lines of the body of another, which was sent, under an id of its own.
    pub(super) fn copy_of(&self, of: &Upload, places: &[usize]) -> Result<Upload, LedgerError> {
        let number = self.ledger.next_number();
        let body = of.body.as_deref().unwrap_or_default();
        let copied = self.copy_lines(body, places, number);
        let (name, body_hash, bytes) =
            copied.map_err(|error| LedgerError::storage(self.spool.path(body), error))?;
        Ok(Upload {
            number,
            client_request_id: self.identity.request_id(number)?,
            state: UploadState::Planned,
            records: places.len() as u64,
            bytes,
            accepted: 0,
            rejected: 0,
            planned_at: self.now(),
            accepted_at: None,
            completed_at: None,
            not_found: 0,
            checked_until: None,
            was_tried: false,
            checked_at: None,
            status: None,
            body: Some(name),
            body_hash,
            has_own_id: false,
            ..of.clone()
        })
    }

    /// The contents of some records of an upload, read from its body.
    pub(super) fn contents(
        &self,
        upload: &Upload,
        pending: &[Pending],
        is_wanted: impl Fn(usize) -> bool,
    ) -> BTreeMap<usize, Content> {
        let mut contents = BTreeMap::new();
        let body = upload.body.as_ref();
        // Of most uploads, all records are accepted, and the body need not be read.
        let Some(body) = body.filter(|_| (0..pending.len()).any(&is_wanted)) else {
            return contents;
        };
        // Without the body, that they are not in Gong is known anyway.
        let read = each_line(&self.spool.path(body), |line| {
            let place = place_of(&line);
            if is_wanted(place)
                && let Some(pending) = pending.get(place)
            {
                contents.insert(place, self.content(upload, pending, line.bytes));
            }
            Ok::<(), io::Error>(())
        });
        drop(read);
        contents
    }

    pub(super) fn content(&self, upload: &Upload, pending: &Pending, line: &[u8]) -> Content {
        let source = upload.sources.get(pending.source as usize);
        let file = self
            .files
            .iter()
            .filter(|open| open.file.object_type == upload.object_type)
            .find(|open| source.is_some_and(|source| open.file.path.to_string_lossy() == **source));
        let origins = file.and_then(|file| file.origins.as_ref());
        if let Some((row, head)) = origins.and_then(|of| of.row(&pending.object_id)) {
            return Content {
                line: line.to_vec(),
                row: row.to_owned(),
                head: head.to_owned(),
                ..Content::default()
            };
        }
        let converted = file.and_then(|file| file.converted.as_ref());
        let row = converted.and_then(|rows| rows.row_text(pending.line, &pending.object_id));
        Content {
            line: line.to_vec(),
            row: row.unwrap_or_default(),
            head: converted
                .and_then(|rows| rows.head_text())
                .unwrap_or_default(),
            ..Content::default()
        }
    }
}

/// What the lines of a body refer to, one after another.
pub(super) struct BodyReferences {
    lines: Lines<Box<dyn Read + Send>>,
    reader: Reader<'static>,
}

impl BodyReferences {
    pub(super) fn open(body: &Path, reader: Reader<'static>) -> io::Result<Self> {
        let lines = Lines::open(body)?;
        Ok(Self { lines, reader })
    }

    /// What the next line refers to, and its place.
    fn next(&mut self) -> io::Result<Option<(usize, Vec<Reference<'_>>)>> {
        let Some(line) = self.lines.next_line()? else {
            return Ok(None);
        };
        let references = self.reader.references(line.bytes).unwrap_or_default();
        Ok(Some((place_of(&line), references)))
    }

    /// What the next lines refer to, at most so many; none at the end.
    pub(super) fn owned(&mut self, lines: usize) -> io::Result<Vec<(usize, Vec<RecordId>)>> {
        let mut owned = Vec::new();
        while owned.len() < lines
            && let Some((place, references)) = self.next()?
        {
            let references = references.into_iter().map(Reference::into_owned);
            owned.push((place, references.collect()));
        }
        Ok(owned)
    }

    /// The first record that a line refers to and that is one of these, and the place of the line.
    pub(super) fn find(
        &mut self,
        is_it: impl Fn(&Reference<'_>) -> bool,
    ) -> io::Result<Option<(usize, RecordId)>> {
        while let Some((place, references)) = self.next()? {
            if let Some(found) = references.into_iter().find(&is_it) {
                return Ok(Some((place, found.into_owned())));
            }
        }
        Ok(None)
    }
}

fn hash_of_file(path: &Path) -> io::Result<String> {
    let mut hasher = Context::new(&SHA256);
    each_line(path, |line| {
        hasher.update(line.bytes);
        hasher.update(b"\n");
        Ok::<(), io::Error>(())
    })?;
    Ok(hexadecimal(hasher.finish().as_ref()))
}
