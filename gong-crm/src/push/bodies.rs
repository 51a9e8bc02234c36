//! The bodies of uploads: the lines that are sent, in files of the spool, and what each contains.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::thread;

use jiff::Timestamp;

use super::body::{Body, BodyWriter, Group};
use super::chosen_lines::{ChosenLines, Read, changed_while_read, locked};
use super::facts::Clears;
use super::level::Level;
use super::parents::Parents;
use super::plan::Share;
use super::planned::Chosen;
use super::reads::BodiesRound;
use super::spool::Spool;
use super::survey::{NO_DATE, TypeFiles};
use super::users::has_other_address;
use super::{Options, PushError};
use crate::ObjectType;
use crate::compare::{Edits, HashKey, LineKey, Reader, deletion_line, sent_form};
use crate::ledger::{
    Action, Clearing, Current, Direction, LineHash, LockedLedger, Milliseconds, Names, Pending,
    RecordState, Seconds, SentField,
};

/// How many lines are read at once.
pub(super) const CHUNK: usize = 2_048;

/// How many steps a version takes: before a user with another address, the one with the address before
/// is deleted.
pub(super) fn stride(object_type: ObjectType) -> u16 {
    if object_type == ObjectType::BusinessUser {
        2
    } else {
        1
    }
}

/// A record that is held back, because one that it refers to is not in Gong.
#[derive(Debug)]
pub(super) struct HeldBack {
    pub(super) pending: Pending,
    pub(super) reason: String,
    pub(super) line: Vec<u8>,
    /// The file's place in the push.
    pub(super) file: usize,
}

/// Writes the bodies of the records of one type.
pub(super) struct Bodies<'a> {
    pub(super) files: &'a TypeFiles<'a>,
    pub(super) writer: BodyWriter,
    pub(super) ledger: LockedLedger,
    pub(super) limits: Limits,
    /// Reads what is not in the files.
    pub(super) reader: Reader<'a>,
    pub(super) names: Arc<Mutex<Names>>,
    /// The additions of a sync.
    pub(super) round: BodiesRound,
    /// Until when Gong may have been sent dates that the ledger does not know.
    pub(super) unknown_dates_until: Option<Seconds>,
    /// Whether the ledger knows no record of the type, so that Gong may have any of them from an
    /// earlier ledger.
    pub(super) is_first: bool,
    /// The declared custom fields, for records of which it is not known what Gong was sent.
    declared: Vec<String>,
    pub(super) addresses: &'a HashSet<u64>,
    /// The fields of versions that Gong will have been sent before, by the hash of the id.
    pub(super) under_way: HashMap<u64, Vec<SentField>>,
    /// The addresses of users before a version that follows another, by the hash of the id and the
    /// step of the version.
    pub(super) addresses_before: HashMap<(u64, u16), Option<u64>>,
    pub(super) held_back: Vec<HeldBack>,
    pub(super) clears: Clears,
    /// How many dates were raised, because Gong was sent a later one.
    pub(super) raised_dates: u64,
    /// The number of dates that could not be raised, because there is no later one.
    pub(super) last_dates: u64,
    /// How many records go to a Gong that may have custom fields of them which a recovered ledger does
    /// not know.
    pub(super) unknown_bases: u64,
    /// How often a field of Gong's own could not be cleared for sure, by name.
    pub(super) not_cleared: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) keep_dates: bool,
    pub(super) now: Timestamp,
}

impl<'a> Bodies<'a> {
    #[expect(clippy::too_many_arguments, reason = "each is needed for every line")]
    pub(super) fn begin(
        files: &'a TypeFiles<'a>,
        spool: &Spool,
        ledger: &LockedLedger,
        options: &Options,
        key: [u8; 16],
        generations: &'a (dyn Fn(&str) -> u32 + Sync),
        ignored: &'a BTreeSet<String>,
        mut names: Names,
        addresses: &'a HashSet<u64>,
        now: Timestamp,
    ) -> (Self, ChosenLines<'a>) {
        let schema = options
            .check
            .options()
            .and_then(|check| check.entity_schema.as_ref());
        let reader = || {
            let key = HashKey::from_bytes(key);
            let reader = Reader::ignoring(key, files.object_type, generations, ignored);
            match schema {
                Some(schema) => reader.with_schema(schema),
                None => reader,
            }
        };
        let fields = schema.and_then(|schema| schema.fields(files.object_type));
        let declared = fields.into_iter().flatten();
        let declared: Vec<String> = declared.map(|field| field.unique_name.clone()).collect();
        // Numbered here, so that the numbers do not depend on which thread is faster.
        for name in &declared {
            names.number(name);
        }
        let given_as = LineKey::new(HashKey::from_bytes(key), &names.generations(), ignored);
        let names = Arc::new(Mutex::new(names));
        let lines = ChosenLines::new(files, reader(), given_as, Arc::clone(&names));
        let bodies = Self {
            files,
            writer: BodyWriter::new(files.object_type, spool, ledger, options.max_bytes()),
            ledger: ledger.clone(),
            limits: Limits {
                keep_dates: options.keep_dates,
                now,
            },
            reader: reader(),
            names,
            declared,
            is_first: false,
            unknown_dates_until: None,
            round: BodiesRound::new(key),
            addresses,
            under_way: HashMap::new(),
            addresses_before: HashMap::new(),
            held_back: Vec::new(),
            clears: Clears::default(),
            raised_dates: 0,
            last_dates: 0,
            unknown_bases: 0,
            not_cleared: BTreeMap::new(),
        };
        (bodies, lines)
    }

    /// Writes all chosen versions, in the order of their places. While a chunk of lines is added,
    /// another thread reads the next one.
    pub(super) async fn write(
        &mut self,
        mut chosen: Vec<Chosen>,
        mut lines: ChosenLines<'a>,
        parents: &mut Parents,
    ) -> Result<(), PushError> {
        chosen.sort_unstable_by_key(|chosen| chosen.entry.place);
        self.note_earlier_versions(&chosen, &mut lines)?;
        let mut chunks = chosen.chunks(CHUNK);
        let mut next = chunks.next().map(|first| lines.read(first)).transpose()?;
        while let Some(read) = next {
            let known: Vec<&str> = read
                .iter()
                .filter(|read| read.chosen.is_known)
                .map(|read| read.object_id.as_str())
                .collect();
            let states = self
                .ledger
                .ledger()
                .records(parents.space, self.files.object_type, known)
                .await?;
            let references = read.iter().flat_map(|read| &read.references);
            parents.look_up(&self.ledger, references).await?;
            let mut states = states.into_iter();
            next = thread::scope(|scope| {
                let lines = &mut lines;
                let ahead = chunks
                    .next()
                    .map(|chunk| scope.spawn(move || lines.read(chunk)));
                for mut read in read {
                    let known = if read.chosen.is_known {
                        states.next().flatten()
                    } else {
                        None
                    };
                    self.add(&mut read, known.as_ref(), parents)?;
                }
                let ahead = ahead.map(|ahead| {
                    let read = ahead.join();
                    read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                });
                ahead.transpose()
            })?;
            // Other tasks of the runtime go on while a large push is planned.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Notes the fields of versions that are followed by another, which has to clear them.
    fn note_earlier_versions(
        &mut self,
        chosen: &[Chosen],
        lines: &mut ChosenLines<'_>,
    ) -> Result<(), PushError> {
        let followed: Vec<Chosen> = chosen
            .iter()
            .filter(|chosen| chosen.is_followed)
            .copied()
            .collect();
        for chunk in followed.chunks(CHUNK) {
            for read in lines.read(chunk)? {
                let id = read.chosen.entry.id;
                let next = read
                    .chosen
                    .step
                    .saturating_add(stride(self.files.object_type));
                self.addresses_before.insert((id, next), read.address);
                let earlier = self.under_way.entry(id).or_default();
                earlier.extend(read.sent.iter().map(|field| SentField {
                    hash: SentField::NULL_SENT,
                    ..*field
                }));
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        read: &mut Read,
        known: Option<&RecordState>,
        parents: &mut Parents,
    ) -> Result<(), PushError> {
        let path = &self.files.files[read.file].1.file.path;
        let changed = || changed_while_read(path);
        let (hash, address, modified) = (read.hash, read.address, read.modified);
        let is_deletion = read.chosen.action == Action::Delete;
        let mut sent = std::mem::take(&mut read.sent);
        let mut nulls = Vec::new();
        let mut defaults = Vec::new();
        // A line that a person pushes never gets a value that nobody wrote.
        let fills_defaults =
            self.round.is_sync || self.files.files[read.file].1.converted.is_some();
        if !is_deletion {
            let format = self.files.object_type.line_format();
            let before = known
                .map(|known| known.fields.as_slice())
                .unwrap_or_default();
            let earlier = self
                .under_way
                .get(&read.chosen.entry.id)
                .filter(|_| read.chosen.step > 0);
            let earlier = earlier.map(Vec::as_slice).unwrap_or_default();
            let mut known_names = locked(&self.names);
            let names: BTreeSet<u16> = before
                .iter()
                .chain(earlier)
                .map(|field| field.name)
                .filter(|name| !has(&sent, *name))
                .collect();
            for number in names {
                let Some(name) = known_names.name(number) else {
                    continue;
                };
                match format.field(name) {
                    None => match self.clears.custom {
                        Clearing::LeaveOut => {}
                        Clearing::Null | Clearing::Unsure => nulls.push(name.to_owned()),
                        Clearing::Impossible => {
                            nulls.push(name.to_owned());
                            *self.not_cleared.entry(name.to_owned()).or_default() += 1;
                        }
                    },
                    Some(own) if own.default.is_some() && fills_defaults => {
                        defaults.push(name.to_owned());
                    }
                    Some(_) if name == "isDeleted" || name == "modifiedDate" => {}
                    Some(_) => match self.clears.standard {
                        Clearing::LeaveOut => {}
                        Clearing::Null => nulls.push(name.to_owned()),
                        Clearing::Unsure | Clearing::Impossible => {
                            *self.not_cleared.entry(name.to_owned()).or_default() += 1;
                        }
                    },
                }
            }
            let is_unknown = match known {
                Some(known) => known.current == Current::Unknown,
                None => self.is_first,
            };
            if is_unknown && self.unknown_dates_until.is_some() {
                self.unknown_bases += 1;
            }
            if is_unknown && self.clears.custom != Clearing::LeaveOut {
                for name in &self.declared {
                    let is_given = has(&sent, known_names.number(name));
                    if !is_given && !nulls.contains(name) {
                        nulls.push(name.clone());
                    }
                }
            }
            sent.extend(nulls.iter().map(|name| SentField {
                name: known_names.number(name),
                hash: SentField::NULL_SENT,
            }));
            sent.sort_unstable_by_key(|field| field.name);
        }
        let fields = sent;
        let changed_fields = match known {
            Some(known) if !is_deletion => difference(&known.fields, &fields),
            _ => Vec::new(),
        };
        let version = (read.chosen.entry.id, read.chosen.step);
        let before = match self.addresses_before.get(&version) {
            Some(before) => *before,
            None => known.and_then(|known| known.address),
        };
        let is_user = self.files.object_type == ObjectType::BusinessUser;
        // Gong may have the user with another address than the ledger knows.
        let is_unsure = is_user
            && !is_deletion
            && known.is_some_and(|known| {
                before.is_none() && known.current == Current::Unknown || has_other_address(known)
            });
        let frees_address = is_unsure
            || is_user
                && before.is_some_and(|before| {
                    if is_deletion {
                        self.addresses.contains(&before)
                    } else {
                        address != Some(before)
                    }
                });
        let sent = self.last_sent_date(known, read.chosen.step);
        let sent = sent.max(read.chosen.date_under_way);
        // The date of the deletion before the new address.
        let deleted = (frees_address && !is_deletion).then(|| {
            let earlier = modified.map(|modified| modified.saturating_sub(1));
            let later = sent.map(|sent| sent.saturating_add(1));
            later.or(earlier).unwrap_or(self.limits.now.as_second())
        });
        let date = self.date(modified, deleted.max(sent));
        let mut pending = Pending {
            object_id: read.object_id.clone(),
            action: read.chosen.action,
            hash: hash.to_le_bytes(),
            given_as: read.given_as,
            fields,
            changed: changed_fields,
            sent_date: date.or(modified),
            address,
            source: u32::try_from(self.files.files[read.file].0).unwrap_or(u32::MAX),
            line: self.files.files[read.file]
                .1
                .source_line(u64::from(read.chosen.entry.line)),
            is_known: read.chosen.is_known,
            is_unsure: known.is_some_and(|known| known.current == Current::Unknown),
            missing_parents: parents.missing(&read.references),
        };
        let nulls: Vec<&str> = nulls.iter().map(String::as_str).collect();
        let defaults: Vec<&str> = defaults.iter().map(String::as_str).collect();
        let date_text = date.and_then(text_of);
        let edits = Edits {
            nulls: &nulls,
            defaults: &defaults,
            modified: date_text.as_deref(),
        };
        let mut line = Vec::with_capacity(read.line.len() + 32);
        sent_form(self.files.object_type, &read.line, &edits, &mut line).map_err(|_| changed())?;
        let is_sync = self.round.is_sync;
        let action = is_sync.then(|| self.planned_action(&pending, known));
        let of_type = self.files.object_type;
        if action.as_ref().is_some_and(|of| self.is_skipped(of)) {
            parents.note_held([(of_type, read.object_id.clone())]);
            return Ok(());
        }
        if let Some(reason) = parents.reason(&read.references) {
            parents.note_held([(of_type, read.object_id.clone())]);
            self.held_back.push(HeldBack {
                pending,
                reason,
                line,
                file: self.files.files[read.file].0,
            });
            return Ok(());
        }
        if !read.chosen.is_followed {
            parents.note_doubts(self.files.object_type, &read.references);
        }
        let was_deleted = known.is_some_and(|known| known.current == Current::Deleted);
        if is_user && !is_deletion && (was_deleted || deleted.is_some()) {
            self.round.returning_users.push(read.object_id.clone());
        }
        if let Some(deleted) = deleted {
            let as_of = self.files.as_of(read.file, &read.chosen.entry);
            self.add_deletion_before(&pending, deleted, read.chosen.step, as_of)?;
            pending.action = Action::Create;
        }
        let direction = if is_deletion {
            Direction::Delete
        } else {
            Direction::Upsert
        };
        let step = read.chosen.step;
        let (order, step) = match is_deletion {
            // The deletions that make an address free come first of all.
            true if frees_address => (Direction::Upsert, step),
            false if is_user => (Direction::Upsert, step.saturating_add(1)),
            // Users that are created again at once are sent with the upserts.
            true if read.chosen.is_followed => (Direction::Upsert, step),
            _ => (direction, step),
        };
        let group = Group {
            level: Level::new(self.files.object_type, order, step),
            direction,
            share: read.chosen.share,
            as_of: self.files.as_of(read.file, &read.chosen.entry),
        };
        self.writer.push(group, &line, pending)?;
        self.round.actions.extend(action);
        Ok(())
    }

    /// A user whose address changes is deleted first: Gong requires a separate request for that.
    fn add_deletion_before(
        &mut self,
        pending: &Pending,
        date: Seconds,
        step: u16,
        as_of: Option<Milliseconds>,
    ) -> Result<(), PushError> {
        let Some(text) = text_of(date) else {
            return Ok(());
        };
        let mut line = Vec::new();
        deletion_line(&pending.object_id, &text, &mut line);
        let deletion = Pending {
            action: Action::Delete,
            hash: [0; 16],
            given_as: LineHash::default(),
            fields: Vec::new(),
            changed: Vec::new(),
            sent_date: Some(date),
            address: None,
            ..pending.clone()
        };
        let group = Group {
            level: Level::new(self.files.object_type, Direction::Upsert, step),
            direction: Direction::Delete,
            share: Share::Any,
            as_of,
        };
        self.writer.push(group, &line, deletion)
    }

    /// The last date that Gong can have been sent of a record before the version of a step.
    pub(super) fn last_sent_date(&self, known: Option<&RecordState>, step: u16) -> Option<Seconds> {
        let sent = known.and_then(|known| known.sent_date);
        let is_certain =
            known.is_some_and(|known| matches!(known.current, Current::Version | Current::Deleted));
        if is_certain {
            sent
        } else {
            let unknown = self.unknown_dates_until;
            sent.max(unknown.map(|until| until.saturating_add(i64::from(step))))
        }
    }

    /// The date to send instead of the given one, if Gong was sent the same or a later one with
    /// other content: it may ignore older versions.
    fn date(&mut self, modified: Option<Seconds>, latest: Option<Seconds>) -> Option<Seconds> {
        let modified = modified.filter(|modified| *modified != NO_DATE)?;
        let latest = latest?;
        if self.limits.keep_dates || modified > latest {
            return None;
        }
        let raised = latest.saturating_add(1);
        if text_of(raised).is_none() {
            self.last_dates += 1;
            return None;
        }
        self.raised_dates += 1;
        Some(raised)
    }

    /// The bodies that are complete, and the names of fields with those that were new.
    pub(super) fn finish(self) -> Result<(Vec<Body>, Names), PushError> {
        let names = std::mem::take(&mut *locked(&self.names));
        Ok((self.writer.finish()?, names))
    }
}

/// A date-time as Gong accepts it; none beyond the year 9999.
pub(super) fn text_of(seconds: Seconds) -> Option<String> {
    Timestamp::from_second(seconds)
        .ok()
        .map(|moment| moment.to_string())
        .filter(|text| text.starts_with(|first: char| first.is_ascii_digit()) && text.len() == 20)
}

/// Whether a field is among these, which are in the order of their numbers.
fn has(fields: &[SentField], name: u16) -> bool {
    let place = fields.binary_search_by_key(&name, |field| field.name);
    place.is_ok()
}

/// The numbers of the fields that differ.
fn difference(before: &[SentField], after: &[SentField]) -> Vec<u16> {
    let before: BTreeMap<u16, [u8; 4]> = before
        .iter()
        .map(|field| (field.name, field.hash))
        .collect();
    let mut changed: Vec<u16> = after
        .iter()
        .filter(|field| before.get(&field.name) != Some(&field.hash))
        .map(|field| field.name)
        .collect();
    let kept: HashSet<u16> = after.iter().map(|field| field.name).collect();
    changed.extend(before.keys().filter(|name| !kept.contains(name)));
    changed.sort_unstable();
    changed
}
