//! The body of an upload while it is written: a file of the spool, with the records that it holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use ring::digest::{Context, SHA256};

use super::level::Level;
use super::plan::Share;
use super::session::Session;
use super::spool::Spool;
use super::{MAX_UPLOAD_RECORDS, PushError};
use crate::ObjectType;
use crate::ledger::{Action, Direction, Manifest, Milliseconds, Pending, hexadecimal};

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

/// The body of an upload, with its records.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) number: u64,
    pub(super) object_type: ObjectType,
    pub(super) group: Group,
    pub(super) name: String,
    pub(super) hash: String,
    pub(super) bytes: u64,
    pub(super) records: Manifest,
    /// The files of its records, by their place among all files of the push.
    pub(super) files: Vec<u32>,
    /// The ids of records that Gong did not have any more, and gets again.
    pub(super) restored: Vec<String>,
}

/// A body that is being written.
struct OpenBody {
    body: Body,
    file: BufWriter<File>,
    hasher: Context,
}

impl OpenBody {
    /// Adds a line and its record, whose source is a file of the push.
    fn push(&mut self, line: &[u8], mut pending: Pending) -> io::Result<()> {
        self.file.write_all(line)?;
        self.hasher.update(line);
        let body = &mut self.body;
        body.bytes += line.len() as u64;
        if pending.is_known && pending.action == Action::Create {
            body.restored.push(pending.object_id.clone());
        }
        // The records of a file mostly follow one another.
        let known = body.files.iter().rposition(|file| *file == pending.source);
        let place = known.unwrap_or_else(|| {
            body.files.push(pending.source);
            body.files.len() - 1
        });
        pending.source = u32::try_from(place).unwrap_or(u32::MAX);
        body.records.push(pending);
        Ok(())
    }

    fn finish(mut self) -> io::Result<Body> {
        self.file.flush()?;
        self.body.hash = hexadecimal(self.hasher.finish().as_ref());
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
        let has_room = self.open.get(&group).is_some_and(|open| {
            open.body.bytes + line.len() as u64 <= max_bytes
                && (open.body.records.len() as u64) < MAX_UPLOAD_RECORDS
        });
        if !has_room {
            if let Some(full) = self.open.remove(&group) {
                self.done.push(full.finish().map_err(PushError::Spool)?);
            }
            let number = self.session.ledger.next_number();
            let name = Spool::body_name(number);
            let file = self.session.spool.create(&name).map_err(PushError::Spool)?;
            let body = Body {
                number,
                object_type: self.object_type,
                group,
                name,
                hash: String::new(),
                bytes: 0,
                records: Manifest::default(),
                files: Vec::new(),
                restored: Vec::new(),
            };
            let open = OpenBody {
                body,
                file,
                hasher: Context::new(&SHA256),
            };
            self.open.insert(group, open);
        }
        let open = self.open.get_mut(&group);
        open.map_or(Ok(()), |open| open.push(line, pending))
            .map_err(PushError::Spool)
    }

    /// The bodies, in the order of their levels.
    pub(super) fn finish(mut self) -> Result<Vec<Body>, PushError> {
        for (_, open) in std::mem::take(&mut self.open) {
            self.done.push(open.finish().map_err(PushError::Spool)?);
        }
        self.done
            .sort_by_key(|body| (body.group.level, body.number));
        Ok(self.done)
    }
}
