//! The bodies of uploads while they are written: files of the spool, with the records that they hold.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;

use super::level::Level;
use super::plan::Share;
use super::session::Session;
use super::spool::{BodyFile, Spool};
use super::store_plan::source_of;
use super::{MAX_UPLOAD_RECORDS, PushError};
use crate::ObjectType;
use crate::ledger::{Action, Direction, Manifest, Milliseconds, NewUpload, Pending, Upload};

/// What keeps records of one kind in one upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Group {
    pub(super) level: Level,
    /// Deletions of users that make an address free go before the users that take it.
    pub(super) direction: Direction,
    pub(super) share: Share,
    /// The as-of of records that were read earlier than this push began.
    pub(super) as_of: Option<Milliseconds>,
}

/// An upload whose body is written, with its records.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) new: NewUpload,
    /// The ids of records that Gong did not have any more, and gets again.
    pub(super) restored: Vec<String>,
}

/// A body that is being written.
struct OpenBody {
    body: Body,
    /// The files of its records, by their place among all files of the push.
    files: Vec<u32>,
    file: BodyFile,
}

impl OpenBody {
    fn begin(session: &Session, object_type: ObjectType, group: Group) -> Result<Self, PushError> {
        let number = session.ledger.next_number();
        let name = Spool::body_name(number);
        let file = session.spool.create(&name).map_err(PushError::Spool)?;
        let blank = session.blank_upload(object_type, number)?;
        let upload = Upload {
            direction: group.direction,
            order: Some(group.level.direction()),
            step: group.level.step(),
            as_of: group.as_of.unwrap_or(blank.as_of),
            body: Some(name),
            ..blank
        };
        let new = NewUpload {
            upload,
            records: Manifest::default(),
        };
        Ok(Self {
            body: Body {
                new,
                restored: Vec::new(),
            },
            files: Vec::new(),
            file,
        })
    }

    fn has_room(&self, line: &[u8], max_bytes: u64) -> bool {
        let records = self.body.new.records.len() as u64;
        self.file.bytes() + line.len() as u64 <= max_bytes && records < MAX_UPLOAD_RECORDS
    }

    /// Adds a line and its record, whose source is a file of the push.
    fn push(&mut self, line: &[u8], mut pending: Pending) -> io::Result<()> {
        self.file.write(line)?;
        if pending.is_known && pending.action == Action::Create {
            self.body.restored.push(pending.object_id.clone());
        }
        // The records of a file mostly follow one another.
        let known = self.files.iter().rposition(|file| *file == pending.source);
        let place = known.unwrap_or_else(|| {
            self.files.push(pending.source);
            self.files.len() - 1
        });
        pending.source = u32::try_from(place).unwrap_or(u32::MAX);
        self.body.new.records.push(pending);
        Ok(())
    }

    fn finish(mut self, session: &Session) -> Result<Body, PushError> {
        let NewUpload { upload, records } = &mut self.body.new;
        let files = self.files.iter();
        let files = files.map(|file| session.files.get(*file as usize));
        upload.sources = files
            .map(|file| file.map(source_of).unwrap_or_default())
            .collect();
        upload.records = records.len() as u64;
        (upload.body_hash, upload.bytes) = self.file.finish().map_err(PushError::Spool)?;
        Ok(self.body)
    }
}

/// Writes lines into the body of their kind, and begins another where one is full.
pub(super) struct BodyWriter<'a> {
    session: &'a Session,
    object_type: ObjectType,
    open: BTreeMap<Group, OpenBody>,
    done: Vec<Body>,
}

impl<'a> BodyWriter<'a> {
    pub(super) fn new(session: &'a Session, object_type: ObjectType) -> Self {
        Self {
            session,
            object_type,
            open: BTreeMap::new(),
            done: Vec::new(),
        }
    }

    /// Adds a line with its line feed, and the record that it holds.
    pub(super) fn push(
        &mut self,
        group: Group,
        line: &[u8],
        pending: Pending,
    ) -> Result<(), PushError> {
        let max_bytes = self.session.options.max_bytes();
        let begin = || OpenBody::begin(self.session, self.object_type, group);
        let open = match self.open.entry(group) {
            Entry::Vacant(entry) => entry.insert(begin()?),
            Entry::Occupied(entry) => {
                let open = entry.into_mut();
                if !open.has_room(line, max_bytes) {
                    let full = std::mem::replace(open, begin()?);
                    self.done.push(full.finish(self.session)?);
                }
                open
            }
        };
        open.push(line, pending).map_err(PushError::Spool)
    }

    /// The bodies, in the order of their levels.
    pub(super) fn finish(mut self) -> Result<Vec<Body>, PushError> {
        for open in self.open.into_values() {
            self.done.push(open.finish(self.session)?);
        }
        self.done.sort_by_key(|body| {
            let upload = &body.new.upload;
            (Level::of(upload), upload.number)
        });
        Ok(self.done)
    }
}
