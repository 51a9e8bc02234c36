//! The bodies of uploads: the lines that are sent, in files of the spool, and what each contains.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::thread;

use jiff::Timestamp;

use super::PushError;
use super::body::{Body, BodyWriter, Group};
use super::chosen_lines::{ChosenLines, Read, changed_while_read, locked};
use super::level::Level;
use super::parents::{HELD_BACK, Parents};
use super::plan::Share;
use super::planned::{Chosen, Earlier, Plan, TypePlan};
use super::session::Session;
use super::survey::{NO_DATE, TypeFiles};
use super::users::has_other_address;
use crate::ObjectType;
use crate::compare::{Edits, HashKey, LineKey, Reader, deletion_line, sent_form};
use crate::ledger::{
    Action, Clearing, Content, Current, Direction, Facts, LineHash, Names, Pending, Question,
    RecordState, Seconds, SentField,
};

/// How many lines a thread reads at once.
pub(super) const CHUNK: usize = 1_024;

/// How many threads read lines, one of them once it has added those before.
const READERS: usize = 3;

/// How many chunks are read while those before are added.
const GROUP: usize = 16;

/// How many steps a version takes: before a user with another address, the one with the address before
/// is deleted.
pub(super) fn stride(object_type: ObjectType) -> u16 {
    if object_type == ObjectType::BusinessUser {
        2
    } else {
        1
    }
}

/// How fields that a record had and has no more are cleared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clears {
    pub(super) custom: Clearing,
    pub(super) standard: Clearing,
}

impl Clears {
    fn of(facts: &Facts) -> Self {
        Self {
            custom: Clearing::of_custom(facts),
            standard: Clearing::of_standard(facts),
        }
    }
}

/// The fields that a version does not have and that Gong was sent before.
#[derive(Debug, Default)]
struct Absent {
    /// Those that are sent as `null`.
    nulls: Vec<String>,
    /// Those that are sent with their default.
    defaults: Vec<String>,
    /// Those that are left out although they have a default, as Gong was sent them last.
    left: Vec<SentField>,
}

/// How many records do not have a field any more that could not be cleared for sure.
#[derive(Debug, Default)]
pub(super) struct NotCleared {
    /// Those of which Gong accepted a version with it.
    pub(super) accepted: u64,
    /// Those that only have it in an earlier version of the same push, which Gong may reject.
    pub(super) sent: u64,
}

/// Writes the bodies of the records of one type, and what else follows from their lines into the plan.
pub(super) struct Bodies<'a> {
    pub(super) session: &'a Session,
    pub(super) files: &'a TypeFiles<'a>,
    pub(super) plan: &'a mut Plan,
    pub(super) writer: BodyWriter<'a>,
    /// Reads what is not in the files.
    pub(super) reader: Reader<'a>,
    /// The room for the line that is written next.
    line: Vec<u8>,
    pub(super) names: Arc<Mutex<Names>>,
    pub(super) now: Timestamp,
    /// Whether Gong takes older versions, or they are sent anyway.
    pub(super) keeps_dates: bool,
    /// Whether Gong takes older versions.
    takes_older: bool,
    pub(super) clears: Clears,
    /// Until when Gong may have been sent dates that the ledger does not know.
    unknown_dates_until: Option<Seconds>,
    /// Whether the ledger knows no record of the type, so that Gong may have any of them from an
    /// earlier ledger.
    is_first: bool,
    /// The declared custom fields, for records of which it is not known what Gong was sent.
    declared: Vec<String>,
    /// The addresses of business users that come.
    pub(super) addresses: &'a HashSet<u64>,
    earlier: Earlier,
    /// How many records go to a Gong that may have custom fields of them which a recovered ledger does
    /// not know.
    pub(super) unknown_bases: u64,
    /// Of how many records a field of Gong's own could not be cleared for sure, by name.
    pub(super) not_cleared: BTreeMap<String, NotCleared>,
}

impl Session {
    /// Writes the bodies of one type, and returns them.
    pub(super) async fn write_bodies(
        &self,
        mut of_type: TypePlan,
        parents: &mut Parents,
        plan: &mut Plan,
    ) -> Result<Vec<Body>, PushError> {
        if of_type.chosen.is_empty() && of_type.gone.is_empty() {
            return Ok(Vec::new());
        }
        let object_type = of_type.object_type;
        let files = TypeFiles::new(object_type, &self.files);
        let generations = std::mem::take(&mut of_type.generations);
        let generation = move |name: &str| generations.get(name).copied().unwrap_or_default();
        let ignored = self.options.ignored(object_type);
        let schema = self.options.check.options();
        let schema = schema.and_then(|check| check.entity_schema.as_ref());
        let reader = || {
            let key = HashKey::from_bytes(self.key);
            let reader = Reader::ignoring(key, object_type, &generation, &ignored);
            match schema {
                Some(schema) => reader.with_schema(schema),
                None => reader,
            }
        };
        let fields = schema.and_then(|schema| schema.fields(object_type));
        let declared = fields.into_iter().flatten();
        let declared: Vec<String> = declared.map(|field| field.unique_name.clone()).collect();
        let mut names = of_type.names;
        // Numbered here, so that the numbers do not depend on which thread is faster.
        for name in &declared {
            names.number(name);
        }
        let given_as = LineKey::new(
            HashKey::from_bytes(self.key),
            &names.generations(),
            &ignored,
        );
        let names = Arc::new(Mutex::new(names));
        let lines = std::array::from_fn(|_| {
            ChosenLines::new(&files, reader(), given_as, Arc::clone(&names))
        });
        let facts = self.facts().await?;
        let takes_older = facts.is(Question::OlderDatesTaken, true);
        let mut bodies = Bodies {
            session: self,
            files: &files,
            plan,
            writer: BodyWriter::new(self, object_type),
            reader: reader(),
            line: Vec::new(),
            names,
            now: self.now(),
            keeps_dates: self.options.keep_dates || takes_older,
            takes_older,
            clears: Clears::of(&facts),
            unknown_dates_until: self.ledger.ledger().unknown_dates_until().await?,
            is_first: of_type.is_first,
            declared,
            addresses: &of_type.addresses,
            earlier: of_type.earlier,
            unknown_bases: 0,
            not_cleared: BTreeMap::new(),
        };
        bodies.write(of_type.chosen, lines, parents).await?;
        bodies.write_gone(of_type.gone).await?;
        let notes = bodies.notes();
        bodies.plan.notes.extend(notes);
        bodies.finish()
    }
}

impl<'a> Bodies<'a> {
    /// Writes all chosen versions, in the order of their places. While lines are added, other threads
    /// read the next ones.
    async fn write(
        &mut self,
        mut chosen: Vec<Chosen>,
        mut lines: [ChosenLines<'a>; READERS],
        parents: &mut Parents,
    ) -> Result<(), PushError> {
        chosen.sort_unstable_by_key(|chosen| chosen.entry.place);
        self.note_earlier_versions(&chosen, &mut lines[0])?;
        let mut groups = chosen.chunks(CHUNK * GROUP);
        let mut read: BTreeMap<usize, Vec<Read>> = BTreeMap::new();
        loop {
            let group = groups.next().unwrap_or_default();
            if group.is_empty() && read.is_empty() {
                return Ok(());
            }
            let all = || read.values().flatten();
            let known = all().filter(|read| read.chosen.is_known);
            let known: Vec<&str> = known.map(|read| read.object_id.as_str()).collect();
            let states = self.session.states(self.files.object_type, known).await?;
            let references = all().flat_map(|read| &read.references);
            parents.look_up(self.session, references).await?;
            let mut states = states.into_iter();
            let chunks = Mutex::new(group.chunks(CHUNK).enumerate());
            read = thread::scope(|scope| {
                let [own, others @ ..] = &mut lines;
                let others = others.each_mut();
                let others = others.map(|lines| scope.spawn(|| lines.read_some(&chunks)));
                for mut read in read.into_values().flatten() {
                    let is_known = read.chosen.is_known;
                    let known = is_known.then(|| states.next().flatten()).flatten();
                    self.add(&mut read, known.as_ref(), parents)?;
                }
                let mut next = own.read_some(&chunks)?;
                for other in others {
                    let read = other.join();
                    next.append(&mut read.unwrap_or_else(|panic| resume_unwind(panic))?);
                }
                Ok::<_, PushError>(next)
            })?;
            // Other tasks of the runtime go on while a large push is planned.
            tokio::task::yield_now().await;
        }
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
        let stride = stride(self.files.object_type);
        for chunk in followed.chunks(CHUNK) {
            for read in lines.read(chunk)? {
                let id = read.chosen.entry.id;
                let next = read.chosen.step.saturating_add(stride);
                self.earlier.addresses.insert((id, next), read.address);
                let earlier = self.earlier.fields.entry(id).or_default();
                earlier.extend(read.sent.iter().map(|field| SentField::null(field.name)));
            }
        }
        Ok(())
    }

    /// Adds a version to the body of its kind, unless something holds it back.
    fn add(
        &mut self,
        read: &mut Read,
        known: Option<&RecordState>,
        parents: &mut Parents,
    ) -> Result<(), PushError> {
        let object_type = self.files.object_type;
        let (file, open) = self.files.files[read.file];
        let chosen = read.chosen;
        let is_deletion = chosen.action == Action::Delete;
        let mut fields = std::mem::take(&mut read.sent);
        let mut absent = Absent::default();
        if !is_deletion {
            // A line that a person pushes never gets a value that nobody wrote.
            let fills_defaults = self.session.round.is_some() || open.converted.is_some();
            absent = self.absent(&chosen, &fields, known, fills_defaults);
            let mut names = locked(&self.names);
            let nulls = absent.nulls.iter();
            fields.extend(nulls.map(|name| SentField::null(names.number(name))));
            fields.extend(&absent.left);
            fields.sort_unstable_by_key(|field| field.name);
        }
        let changed = match known {
            Some(known) if !is_deletion => difference(&known.fields, &fields),
            _ => Vec::new(),
        };
        let frees_address = self.frees_address(read, known);
        let sent = self.last_sent_date(known, chosen.step);
        let sent = sent.max(chosen.date_under_way);
        // The date of the deletion before the new address.
        let deleted = (frees_address && !is_deletion).then(|| {
            let earlier = read.modified.map(|modified| modified.saturating_sub(1));
            let later = sent.map(|sent| sent.saturating_add(1));
            later.or(earlier).unwrap_or(self.now.as_second())
        });
        let date = self.date(read.modified, deleted.max(sent));
        let mut pending = Pending {
            object_id: std::mem::take(&mut read.object_id),
            action: chosen.action,
            hash: read.hash.to_le_bytes(),
            given_as: read.given_as,
            fields,
            changed,
            sent_date: date.or(read.modified),
            address: read.address,
            source: u32::try_from(file).unwrap_or(u32::MAX),
            line: open.source_line(u64::from(chosen.entry.line)),
            is_known: chosen.is_known,
            is_unsure: known.is_some_and(|known| known.current == Current::Unknown),
            missing_parents: parents.missing(&read.references, true),
            leaves_default: !absent.left.is_empty(),
        };
        let date_text = date.and_then(text_of);
        let edits = Edits {
            nulls: &absent.nulls.iter().map(String::as_str).collect::<Vec<_>>(),
            defaults: &absent
                .defaults
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
            modified: date_text.as_deref(),
        };
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        sent_form(object_type, &read.line, &edits, &mut line)
            .map_err(|_| changed_while_read(&open.file.path))?;
        let is_sync = self.session.round.is_some();
        let action = is_sync.then(|| self.planned_action(&pending, known));
        let is_skipped = action.as_ref().is_some_and(|of| self.is_skipped(of));
        let reason = if is_skipped {
            Some(format!(
                "{HELD_BACK}the plan file does not name this change"
            ))
        } else {
            parents.reason(&read.references)
        };
        if let Some(reason) = reason {
            parents.note_held([(object_type, pending.object_id.clone())]);
            self.line = line;
            // As it was given: a date that was raised must not decide which version is the newest.
            let content = Content {
                line: std::mem::take(&mut read.line),
                ..Content::default()
            };
            let held = (pending, reason, content);
            if !is_skipped {
                self.plan.hold_back(file, object_type, held);
            } else if self.session.is_read_once(object_type) {
                self.plan.keep_held(object_type, held);
            }
            return Ok(());
        }
        if !chosen.is_followed {
            parents.note_doubts(object_type, &read.references);
        }
        let is_user = object_type == ObjectType::BusinessUser;
        let was_deleted = known.is_some_and(|known| known.current == Current::Deleted);
        if is_user && !is_deletion && (was_deleted || deleted.is_some()) {
            let returning = &mut self.plan.round.returning_users;
            returning.push(pending.object_id.clone());
        }
        let group = self.group_of(&chosen, read.file, frees_address);
        if let Some(deleted) = deleted {
            self.add_deletion_before(&pending, deleted, chosen.step, group)?;
            pending.action = Action::Create;
        }
        self.writer.push(group, &line, pending)?;
        self.line = line;
        self.plan.round.actions.extend(action);
        Ok(())
    }

    /// The versions that a version is sent with.
    fn group_of(&self, chosen: &Chosen, file: usize, frees_address: bool) -> Group {
        let object_type = self.files.object_type;
        let is_deletion = chosen.action == Action::Delete;
        // The deletions that make an address free come first of all, and users that are created again
        // at once are sent with the upserts.
        let is_late = is_deletion && !frees_address && !chosen.is_followed;
        let is_new_user = object_type == ObjectType::BusinessUser && !is_deletion;
        let direction = |is_deletion| {
            if is_deletion {
                Direction::Delete
            } else {
                Direction::Upsert
            }
        };
        let step = chosen.step.saturating_add(u16::from(is_new_user));
        Group {
            level: Level::new(object_type, direction(is_late), step),
            direction: direction(is_deletion),
            share: chosen.share,
            as_of: self.files.as_of(file, &chosen.entry),
        }
    }

    /// The fields that a version does not have and that Gong was sent before.
    fn absent(
        &mut self,
        chosen: &Chosen,
        sent: &[SentField],
        known: Option<&RecordState>,
        fills_defaults: bool,
    ) -> Absent {
        let mut of_version = Absent::default();
        let format = self.files.object_type.line_format();
        let before = known.map_or(&[][..], |known| known.fields.as_slice());
        let earlier = self.earlier.fields.get(&chosen.entry.id);
        let earlier = earlier.filter(|_| chosen.step > 0);
        let earlier = earlier.map_or(&[][..], Vec::as_slice);
        let absent: BTreeMap<u16, &SentField> = before
            .iter()
            .chain(earlier)
            .filter(|field| !has(sent, field.name))
            .map(|field| (field.name, field))
            .collect();
        let mut names = locked(&self.names);
        for (number, field) in absent {
            let Some(name) = names.name(number) else {
                continue;
            };
            let own = format.field(name);
            let clearing = match own {
                None => self.clears.custom,
                Some(own) if own.default.is_some() && fills_defaults => {
                    of_version.defaults.push(name.to_owned());
                    continue;
                }
                Some(_) if name == "isDeleted" || name == "modifiedDate" => continue,
                Some(_) => self.clears.standard,
            };
            let is_unsure = clearing == Clearing::Unsure && own.is_some();
            if !chosen.is_followed && (clearing == Clearing::Impossible || is_unsure) {
                let count = self.not_cleared.entry(name.to_owned()).or_default();
                let was_accepted = has(before, number);
                count.accepted += u64::from(was_accepted);
                count.sent += u64::from(!was_accepted);
            }
            if clearing == Clearing::Null || own.is_none() && clearing != Clearing::LeaveOut {
                of_version.nulls.push(name.to_owned());
            } else if clearing != Clearing::LeaveOut && own.is_some_and(|own| own.default.is_some())
            {
                of_version.left.push(*field);
            }
        }
        let is_unknown = known.map_or(self.is_first, |known| known.current == Current::Unknown);
        if is_unknown && self.unknown_dates_until.is_some() {
            self.unknown_bases += 1;
            // Another copy of the ledger may have sent any of them.
            let fields = format.fields.iter().filter(|_| fills_defaults);
            let fields = fields.filter(|field| field.default.is_some());
            for name in fields.map(|field| field.name) {
                let is_own = name == "isDeleted" || name == "modifiedDate";
                let is_added = of_version.defaults.iter().any(|added| added == name);
                if !is_own && !is_added && !has(sent, names.number(name)) {
                    of_version.defaults.push(name.to_owned());
                }
            }
        }
        if is_unknown && self.clears.custom != Clearing::LeaveOut {
            for name in &self.declared {
                if !has(sent, names.number(name)) && !of_version.nulls.contains(name) {
                    of_version.nulls.push(name.clone());
                }
            }
        }
        of_version
    }

    /// Whether a version makes an address free that another user gets, or the same one after it: then
    /// the user is deleted first.
    fn frees_address(&self, read: &Read, known: Option<&RecordState>) -> bool {
        if self.files.object_type != ObjectType::BusinessUser {
            return false;
        }
        let is_deletion = read.chosen.action == Action::Delete;
        let version = (read.chosen.entry.id, read.chosen.step);
        let before = match self.earlier.addresses.get(&version) {
            Some(before) => *before,
            None => known.and_then(|known| known.address),
        };
        // Gong may have the user with another address than the ledger knows.
        let is_unsure = known.is_some_and(|known| {
            before.is_none() && known.current == Current::Unknown || has_other_address(known)
        });
        let is_given_away = before.is_some_and(|before| {
            if is_deletion {
                self.addresses.contains(&before)
            } else {
                read.address != Some(before)
            }
        });
        is_unsure && !is_deletion || is_given_away
    }

    /// A user whose address changes is deleted first: Gong requires a separate request for that.
    fn add_deletion_before(
        &mut self,
        pending: &Pending,
        date: Seconds,
        step: u16,
        group: Group,
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
            ..group
        };
        self.writer.push(group, &line, deletion)
    }

    /// The last date that Gong can have been sent of a record before the version of a step.
    pub(super) fn last_sent_date(&self, known: Option<&RecordState>, step: u16) -> Option<Seconds> {
        let sent = known.and_then(|known| known.sent_date);
        let is_certain = known.is_some_and(|known| known.current.is_certain());
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
        if self.keeps_dates || modified > latest {
            self.plan.dates.kept += u64::from(modified <= latest && !self.takes_older);
            return None;
        }
        let next = self.next_date(latest);
        self.plan.dates.raised += u64::from(next > latest);
        Some(next)
    }

    /// The date after one that Gong was sent; that one again if there is none after it.
    pub(super) fn next_date(&mut self, latest: Seconds) -> Seconds {
        self.plan.dates.last += u64::from(latest >= LAST.0);
        let next = latest.saturating_add(1);
        text_of(next).map_or(LAST.0, |_| next)
    }

    /// The bodies that are complete. The names of fields, with those that were new, go into the plan.
    pub(super) fn finish(self) -> Result<Vec<Body>, PushError> {
        let names = std::mem::take(&mut *locked(&self.names));
        self.plan.writes.names.push(names);
        self.writer.finish()
    }
}

/// The last date-time that Gong accepts.
const LAST: (Seconds, &str) = (253_402_300_799, "9999-12-31T23:59:59Z");

/// A date-time as Gong accepts it; none beyond the year 9999.
pub(super) fn text_of(seconds: Seconds) -> Option<String> {
    if seconds == LAST.0 {
        return Some(LAST.1.to_owned());
    }
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
    let hashes = |fields: &[SentField]| -> BTreeSet<(u16, [u8; 4])> {
        let fields = fields.iter();
        fields.map(|field| (field.name, field.hash)).collect()
    };
    let (before, after) = (hashes(before), hashes(after));
    let differing = before.symmetric_difference(&after);
    let mut changed: Vec<u16> = differing.map(|(name, _)| *name).collect();
    changed.dedup();
    changed
}
