//! From files to a plan: what differs from what Gong has, in which uploads, in which order.
//!
//! Nothing is sent here. Files are read twice, for the survey and for the lines that differ.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use gong_client::error::{Error, ErrorKind};

use super::PushError;
use super::bodies::{Bodies, HeldBack};
use super::body::Body;
use super::decided::{Decided, OpenRecords, name_errors};
use super::event::Event;
use super::facts::Clears;
use super::input::OpenFile;
use super::invalid::invalid_records;
use super::known_lines::KnownLines;
use super::level::Level;
use super::notes::note_dates;
use super::parents::{Coming, Parents};
use super::plan::InFlight;
use super::planned::{Chosen, Orphan, Plan, Planned, Writes};
use super::reads::{Gone, RoundPlan, RoundType};
use super::report::{FileReport, RecordError};
use super::session::Session;
use super::survey::{Survey, TypeFiles, id_hash, survey};
use super::without_parents::WithoutParents;
use crate::ObjectType;
use crate::compare::{HashKey, LineKey};
use crate::ledger::{
    Action, Content, Current, Direction, Head, LedgerError, Names, NewUpload, Pending, Purpose,
    Question, SentField, Upload, UploadState, low_64,
};

/// From this size of a type's files on, all records of the type are read from the ledger, so that most
/// lines need no reading.
const LARGE: u64 = 4 * 1024 * 1024;

/// The decisions about the records of one type.
#[derive(Debug)]
pub(super) struct TypePlan {
    pub(super) object_type: ObjectType,
    pub(super) chosen: Vec<Chosen>,
    /// Unchanged records that were sent without what they refer to.
    pub(super) orphans: Vec<Orphan>,
    /// Those for which it has not come.
    pub(super) without_parents: WithoutParents,
    /// How many versions the files hold.
    pub(super) records: u64,
    /// Whether the files hold no record at all.
    pub(super) is_empty: bool,
    /// Whether the ledger knows no record of the type: it is new, or an earlier one was lost.
    is_first: bool,
    /// What a sync looks at besides.
    pub(super) round: RoundType,
    /// Vanished records that are deleted.
    pub(super) gone: Gone,
    /// The fields of versions that are under way, by the hash of the id.
    under_way: HashMap<u64, Vec<SentField>>,
    /// The addresses of users before a version that follows another, by the hash of the id and the
    /// step of the version.
    addresses_before: HashMap<(u64, u16), Option<u64>>,
    addresses: HashSet<u64>,
    generations: HashMap<String, u32>,
    names: Names,
}

impl Session {
    /// Plans a push of the session's files.
    pub(super) async fn plan(&self) -> Result<Plan, PushError> {
        let key = self.ledger.ledger().identity().await?.key();
        let mut plan = Plan {
            uploads: Vec::new(),
            files: self.files.iter().map(first_report).collect(),
            in_flight: Vec::new(),
            notes: Vec::new(),
            is_invalid: false,
            holds_dependents: false,
            writes: Writes::default(),
            round: RoundPlan::default(),
        };
        let mut open = self.ledger.open_uploads().await?;
        self.drop_planned(&mut open, &mut plan);
        let mut types = Vec::new();
        for object_type in ObjectType::ALL {
            let is_named = |file: &OpenFile| file.file.object_type == object_type;
            if self.files.iter().any(is_named) {
                let of_type = self.plan_type(object_type, key, &open, &mut plan);
                let of_type = of_type.await?;
                types.push(of_type);
            }
        }
        if plan.is_invalid
            && !self.options.check.skips_invalid()
            && self.options.check.options().is_some()
        {
            return Ok(plan);
        }
        plan.is_invalid = false;
        let followed: HashSet<u64> = plan.in_flight.iter().map(|record| record.upload).collect();
        self.decide_deletions(&mut types, &open, &mut plan, key)
            .await?;
        self.note_invalid(key, &mut plan).await?;
        let wanted = self.referred_types(types.iter().map(|of_type| of_type.object_type), key);
        let sent = upserted(&types);
        let coming = Coming::new(&wanted, sent, &open, &self.ledger, self.space, key).await?;
        self.follow_older(open, &followed, &types, &mut plan);
        let holds_back = !self.options.ignore_dependencies;
        let parents = Parents::new(self.space, key, holds_back, coming);
        let mut parents = parents.in_round(self.round.as_ref());
        parents.note_held(held_records(&plan));
        let mut raised = (0, 0);
        for of_type in types {
            let (bodies, held, names) = self
                .write_bodies(of_type, key, &mut parents, &mut plan, &mut raised)
                .await?;
            for body in &bodies {
                parents.note_restored(body.object_type, &body.restored);
            }
            plan.writes.names.extend(names);
            self.note_held_back(held, &mut plan);
            for body in bodies {
                let (upload, level) = self.new_upload(body).await?;
                plan.uploads.push(Planned {
                    upload: upload.upload.clone(),
                    level,
                    is_older: false,
                });
                plan.writes.new.push(upload);
            }
        }
        plan.notes.extend(parents.notes());
        self.note_skipped(&mut plan).await?;
        note_dates(raised, &mut plan);
        self.take_own_id(&mut plan).await?;
        Ok(plan)
    }

    /// Writes a plan into the ledger. Nothing may be sent before this returns.
    pub(super) async fn write_down(&self, plan: &mut Plan) -> Result<(), LedgerError> {
        self.write_round(plan).await?;
        let mut writes = std::mem::take(&mut plan.writes);
        self.ledger
            .clear_last_tries(self.space, &writes.settled)
            .await?;
        let sources: Vec<String> = self.files.iter().map(source_of).collect();
        for (object_type, held) in &writes.held {
            let mut upload = self.blank_upload(*object_type, 0).await?;
            upload.sources.clone_from(&sources);
            self.ledger.hold_back(&upload, held, self.now()).await?;
        }
        self.ledger.begin(writes.new, &mut writes.names).await?;
        for (mut upload, pending, kept) in writes.overtaken {
            self.keep_only(&mut upload, &pending, &kept).await?;
        }
        Ok(())
    }

    /// Finds the records of unsent uploads for which this push has later versions.
    async fn overtaken_by(
        &self,
        surveyed: &Survey,
        object_type: ObjectType,
        key: [u8; 16],
        open: &[Upload],
    ) -> Result<Vec<(Upload, Vec<Pending>, Vec<usize>)>, LedgerError> {
        let mut overtaken = Vec::new();
        for upload in open {
            let is_unsent = upload.state == UploadState::Planned
                && upload.object_type == object_type
                && upload.space() == self.space
                && upload.purpose != Purpose::Legacy;
            if !is_unsent {
                continue;
            }
            let pending = self.ledger.manifest(upload.number).await?;
            let is_named = |id: &str| {
                let id = id_hash(&key, id);
                surveyed
                    .entries
                    .binary_search_by_key(&id, |entry| entry.id)
                    .is_ok()
            };
            let kept: Vec<usize> = (0..pending.len())
                .filter(|place| !is_named(&pending[*place].object_id))
                .collect();
            if kept.len() < pending.len() {
                overtaken.push((upload.clone(), pending, kept));
            }
        }
        Ok(overtaken)
    }

    /// Notes the records that the check found invalid, so that their rejects are kept.
    async fn note_invalid(&self, key: [u8; 16], plan: &mut Plan) -> Result<(), PushError> {
        let files = Arc::clone(&self.files);
        let reading = tokio::task::spawn_blocking(move || invalid_records(&files, key));
        let invalid = reading.await.map_err(|error| interrupted(&error))??;
        for (object_type, pending, reason, content) in invalid {
            let held = plan.writes.held.entry(object_type).or_default();
            held.push((pending, reason, content));
        }
        Ok(())
    }

    async fn plan_type(
        &self,
        object_type: ObjectType,
        key: [u8; 16],
        open: &[Upload],
        plan: &mut Plan,
    ) -> Result<TypePlan, PushError> {
        self.events.emit(Event::Comparing { object_type });
        let names = self.ledger.ledger().names(self.space, object_type).await?;
        let generations = names.generations();
        let may_have_come = self
            .types_that_may_have_come(object_type, open, key)
            .await?;
        let mut known = self
            .known_lines(object_type, key, &names, open, &may_have_come)
            .await?;
        let mut surveyed = self
            .survey(object_type, key, &generations, &mut known)
            .await?;
        if known
            .as_ref()
            .is_some_and(|known| known.have_versions_in(&surveyed.entries))
        {
            // All versions of a record must be compared with each other.
            known = None;
            surveyed = self
                .survey(object_type, key, &generations, &mut known)
                .await?;
        }
        let files = TypeFiles::new(object_type, &self.files);
        let may_search = self.may_search().await?;
        let known = known.as_ref();
        let mut decided = Decided::new(self, &files, &surveyed, known, plan, &key, may_search);
        decided.may_have_come = may_have_come;
        if let Some(known) = known {
            decided.without_parents = known.without_parents();
        }
        let in_flight = self.open_records(object_type, key, open).await?;
        match &surveyed.ids {
            // Only a scan finds records that are not there any more.
            Some(ids) if !self.is_complete(object_type) => {
                decided.probe(ids, key, &in_flight).await?;
            }
            _ => decided.scan(key, &in_flight).await?,
        }
        decided.absent_in_flight(&in_flight);
        decided.rest(&in_flight);
        let Decided {
            chosen,
            orphans,
            without_parents,
            settled,
            round,
            unnamed,
            alternating,
            waived,
            lines,
            ..
        } = decided;
        if !lines.is_empty() {
            plan.round.writes.lines.push((object_type, lines));
        }
        plan.writes.settled.extend(settled);
        plan.notes.extend(alternating.note(object_type));
        plan.notes.extend(waived.note(object_type));
        name_errors(&files, &unnamed, key, plan)?;
        let overtaken = self.overtaken_by(&surveyed, object_type, key, open).await?;
        plan.writes.overtaken.extend(overtaken);
        let mut under_way = in_flight.fields;
        let later: HashSet<u64> = chosen
            .iter()
            .filter(|chosen| chosen.step > 0)
            .map(|chosen| chosen.entry.id)
            .collect();
        under_way.retain(|id, _| later.contains(id));
        let addresses_before = chosen
            .iter()
            .filter(|chosen| chosen.date_under_way.is_some() || chosen.step > 0)
            .filter_map(|chosen| {
                let id = chosen.entry.id;
                let (of, _) = in_flight.by_id.get(&id)?;
                let is_next = chosen.step == of.step.saturating_add(1);
                let address = in_flight.addresses.get(&id).copied().flatten();
                is_next.then_some(((id, chosen.step), address))
            })
            .collect();
        let ledger = self.ledger.ledger();
        let first = ledger
            .page_of_records(self.space, object_type, None, 1)
            .await?;
        let mut of_type = TypePlan {
            object_type,
            is_first: first.is_empty(),
            chosen,
            orphans,
            without_parents,
            under_way,
            addresses_before,
            records: surveyed.records.iter().sum(),
            is_empty: false,
            round,
            gone: Gone::new(),
            addresses: HashSet::new(),
            generations,
            names,
        };
        self.judge_read(&mut of_type, &surveyed);
        of_type.addresses = surveyed.addresses;
        Ok(of_type)
    }

    /// Reads the files of one type.
    async fn survey(
        &self,
        object_type: ObjectType,
        key: [u8; 16],
        generations: &HashMap<String, u32>,
        known: &mut Option<KnownLines>,
    ) -> Result<Survey, PushError> {
        let (files, generations) = (Arc::clone(&self.files), generations.clone());
        let ignored = self.options.ignored(object_type);
        let mut lines = known.take();
        let surveying = tokio::task::spawn_blocking(move || {
            let files = TypeFiles::new(object_type, &files);
            let generation = |name: &str| generations.get(name).copied().unwrap_or_default();
            let surveyed = survey(&files, key, &generation, &ignored, lines.as_mut());
            surveyed.map(|surveyed| (surveyed, lines))
        });
        let (surveyed, lines) = surveying.await.map_err(|error| interrupted(&error))??;
        *known = lines;
        Ok(surveyed)
    }

    /// The lines of the records that can only be unchanged if the same line comes again. `None` if
    /// few records are compared, or if also unchanged ones must be looked at.
    async fn known_lines(
        &self,
        object_type: ObjectType,
        key: [u8; 16],
        names: &Names,
        open: &[Upload],
        may_have_come: &BTreeSet<ObjectType>,
    ) -> Result<Option<KnownLines>, LedgerError> {
        let of_type = self.files.iter();
        let of_type = of_type.filter(|open| open.file.object_type == object_type);
        let is_large = of_type.map(|open| open.bytes).sum::<u64>() > LARGE;
        let must_look = self.options.looks_at_unchanged()
            || self.only(object_type, &key).is_some()
            || open.iter().any(|upload| upload.object_type == object_type);
        // Of users and stages more is compared, and they are few.
        let are_few = matches!(object_type, ObjectType::BusinessUser | ObjectType::Stage);
        if must_look || are_few || !(is_large || self.is_complete(object_type)) {
            return Ok(None);
        }
        let ignored = self.options.ignored(object_type);
        let key_of_lines = LineKey::new(HashKey::from_bytes(key), &names.generations(), &ignored);
        let mut known = KnownLines::new(key, key_of_lines);
        let owner = self.read_of(object_type);
        let owner = owner.filter(|(_, read)| read.owns());
        let owner = owner.map(|(round, _)| round.scope);
        let ledger = self.ledger.ledger();
        let visit = |object_id: &str, head: &Head| {
            let mut missing = head.missing_parents.types();
            let is_owned = owner.is_none_or(|owner| head.scope == owner && head.absent == 0);
            let can_change = head.is_tried
                || !is_owned
                || missing.any(|object_type| may_have_come.contains(&object_type));
            match head.current {
                Current::Version if !can_change => {
                    known.add(object_id, head.line);
                    if !head.missing_parents.is_empty() {
                        known.note_waiting(object_id, head.missing_parents, head.last_accepted);
                    }
                }
                Current::None | Current::Deleted if !head.is_tried => {}
                _ => known.note_other(),
            }
        };
        ledger.each_head(self.space, object_type, visit).await?;
        known.finish();
        Ok(Some(known))
    }

    /// The records of uploads that may be in Gong without a verdict.
    async fn open_records(
        &self,
        object_type: ObjectType,
        key: [u8; 16],
        open: &[Upload],
    ) -> Result<OpenRecords, LedgerError> {
        let mut records = OpenRecords::default();
        for upload in open {
            let may_be_in_gong =
                matches!(upload.state, UploadState::Sending | UploadState::Accepted);
            if upload.object_type != object_type || upload.space() != self.space || !may_be_in_gong
            {
                continue;
            }
            for pending in self.ledger.manifest(upload.number).await? {
                let in_flight = InFlight {
                    upload: upload.number,
                    push: upload.push,
                    source: pending.source,
                    hash: low_64(&pending.hash),
                    step: upload.step,
                    as_of: upload.as_of,
                    date: pending.sent_date,
                    is_deletion: upload.direction == Direction::Delete,
                    scope: upload.scope,
                    missing: pending.missing_parents,
                };
                let id = id_hash(&key, &pending.object_id);
                let fields = records.fields.entry(id).or_default();
                fields.extend(pending.fields);
                // Later pushes and steps have later versions; the numbers do not show this.
                let order = |of: &InFlight| (of.push, of.step);
                let known = records.by_id.get(&id);
                if known.is_none_or(|(known, _)| order(known) <= order(&in_flight)) {
                    records.addresses.insert(id, pending.address);
                    records.by_id.insert(id, (in_flight, pending.object_id));
                }
            }
        }
        Ok(records)
    }

    /// Older uploads that must have their verdict first: they have versions of records of this
    /// push, or were made by a version of this tool that did not know records.
    fn follow_older(
        &self,
        open: Vec<Upload>,
        followed: &HashSet<u64>,
        types: &[TypePlan],
        plan: &mut Plan,
    ) {
        let under_way: HashSet<ObjectType> = types
            .iter()
            .filter(|of_type| {
                let mut chosen = of_type.chosen.iter();
                chosen.any(|chosen| chosen.date_under_way.is_some() || chosen.step > 0)
            })
            .map(|of_type| of_type.object_type)
            .collect();
        let named: HashSet<ObjectType> = types.iter().map(|of_type| of_type.object_type).collect();
        for upload in open {
            let may_be_in_gong =
                matches!(upload.state, UploadState::Sending | UploadState::Accepted);
            if upload.state == UploadState::Planned && upload.scope != 0 {
                continue;
            }
            let is_needed = self.round.is_some()
                || followed.contains(&upload.number)
                || under_way.contains(&upload.object_type)
                || (upload.purpose == Purpose::Legacy && named.contains(&upload.object_type));
            let is_here = upload.space() == self.space || upload.purpose == Purpose::Legacy;
            // A sync also sends what earlier rounds planned and did not send.
            let may_go = may_be_in_gong || self.round.is_some();
            if is_here && may_go && is_needed {
                let level = Level::of(&upload);
                plan.uploads.push(Planned {
                    upload,
                    level,
                    is_older: true,
                });
            }
        }
    }

    async fn write_bodies(
        &self,
        of_type: TypePlan,
        key: [u8; 16],
        parents: &mut Parents,
        plan: &mut Plan,
        raised: &mut (u64, u64),
    ) -> Result<(Vec<Body>, Vec<HeldBack>, Option<Names>), PushError> {
        if of_type.chosen.is_empty() && of_type.gone.is_empty() {
            return Ok((Vec::new(), Vec::new(), None));
        }
        let files = TypeFiles::new(of_type.object_type, &self.files);
        let generations = of_type.generations;
        let generation = move |name: &str| generations.get(name).copied().unwrap_or_default();
        let ignored = self.options.ignored(of_type.object_type);
        let (mut bodies, lines) = Bodies::begin(
            &files,
            &self.spool,
            &self.ledger,
            &self.options,
            key,
            &generation,
            &ignored,
            of_type.names,
            &of_type.addresses,
            self.now(),
        );
        bodies.is_first = of_type.is_first;
        bodies.under_way = of_type.under_way;
        bodies.addresses_before = of_type.addresses_before;
        let facts = self.facts().await?;
        bodies.limits.keep_dates |= facts.is(Question::OlderDatesTaken, true);
        bodies.clears = Clears::of(&facts);
        bodies.of_round(self);
        bodies.unknown_dates_until = self.ledger.ledger().unknown_dates_until().await?;
        bodies.write(of_type.chosen, lines, parents).await?;
        let stages = if of_type.object_type == ObjectType::Stage {
            let gone = of_type.gone.iter().map(|gone| gone.object_id.clone());
            self.sent_stages(&gone.collect::<Vec<_>>()).await?
        } else {
            HashMap::new()
        };
        bodies
            .write_gone(of_type.gone, &stages, &mut plan.round.held)
            .await?;
        bodies.give_round(&mut plan.round);
        raised.0 += bodies.raised_dates;
        raised.1 += bodies.last_dates;
        plan.notes.extend(bodies.notes());
        let held = std::mem::take(&mut bodies.held_back);
        let (bodies, names) = bodies.finish()?;
        Ok((bodies, held, Some(names)))
    }

    fn note_held_back(&self, held: Vec<HeldBack>, plan: &mut Plan) {
        plan.holds_dependents |= !held.is_empty();
        for record in held {
            let object_type = self.files[record.file].file.object_type;
            let report = &mut plan.files[record.file];
            report.held_back += 1;
            report.errors.push(RecordError {
                client_request_id: None,
                line: 0,
                source_line: record.pending.line,
                object_id: Some(record.pending.object_id.clone()),
                description: record.reason.clone(),
            });
            let content = Content {
                line: record.line,
                ..Content::default()
            };
            let held = plan.writes.held.entry(object_type).or_default();
            held.push((record.pending, record.reason, content));
        }
    }

    async fn blank_upload(
        &self,
        object_type: ObjectType,
        number: u64,
    ) -> Result<Upload, LedgerError> {
        let identity = self.ledger.ledger().identity().await?;
        let now = self.now();
        Ok(Upload {
            number,
            client_request_id: identity.request_id(object_type, number)?,
            integration_id: self.integration_id,
            object_type,
            direction: Direction::Upsert,
            purpose: Purpose::Records,
            state: UploadState::Planned,
            records: 0,
            bytes: 0,
            accepted: 0,
            rejected: 0,
            sources: Vec::new(),
            planned_at: now,
            accepted_at: None,
            completed_at: None,
            not_found: 0,
            status: None,
            space: self.space.0,
            as_of: self
                .read_of(object_type)
                .map_or(self.as_of, |(_, read)| read.as_of),
            push: self.as_of,
            body: None,
            body_hash: String::new(),
            has_own_id: false,
            order: None,
            step: 0,
            scope: self.owner(object_type),
        })
    }

    async fn new_upload(&self, body: Body) -> Result<(NewUpload, Level), PushError> {
        let mut upload = self.blank_upload(body.object_type, body.number).await?;
        let files = body.files.iter();
        let sources = files.map(|file| self.files.get(*file as usize).map(source_of));
        upload.direction = body.direction;
        upload.order = Some(body.level.direction());
        upload.step = body.level.step();
        upload.records = body.records.len() as u64;
        upload.bytes = body.bytes;
        upload.as_of = body.as_of.unwrap_or(upload.as_of);
        upload.sources = sources.map(Option::unwrap_or_default).collect();
        upload.body = Some(body.name);
        upload.body_hash = body.hash;
        let records = body.records;
        Ok((NewUpload { upload, records }, body.level))
    }

    /// Returns the only upload the id that the user chose.
    async fn take_own_id(&self, plan: &mut Plan) -> Result<(), PushError> {
        let Some(id) = &self.options.request_id else {
            return Ok(());
        };
        let [only] = plan.writes.new.as_mut_slice() else {
            return match plan.writes.new.len() {
                0 => Ok(()),
                uploads => Err(PushError::OneIdForMany { uploads }),
            };
        };
        let earlier = self.ledger.ledger().upload(id).await?;
        if let Some(earlier) = earlier
            && earlier.body_hash != only.upload.body_hash
        {
            return Err(PushError::IdUsed { id: id.clone() });
        }
        only.upload.client_request_id = id.clone();
        only.upload.has_own_id = true;
        for planned in &mut plan.uploads {
            if planned.upload.number == only.upload.number {
                planned.upload = only.upload.clone();
            }
        }
        Ok(())
    }
}

/// The records that are sent and not deleted, by the hashes of their ids.
pub(super) fn upserted(types: &[TypePlan]) -> impl Iterator<Item = (ObjectType, u64)> {
    types.iter().flat_map(|of_type| {
        let chosen = of_type.chosen.iter();
        let upserted = chosen.filter(|chosen| chosen.action != Action::Delete);
        upserted.map(|chosen| (of_type.object_type, chosen.entry.id))
    })
}

/// The records of the input that are not sent: a limit or a finding holds them back.
fn held_records(plan: &Plan) -> impl Iterator<Item = (ObjectType, String)> {
    let changes = plan.round.held.iter();
    let changes = changes.filter(|held| held.action != Action::Delete);
    let changes = changes.map(|held| (held.object_type, held.object_id.clone()));
    let invalid = plan.writes.held.iter().flat_map(|(object_type, held)| {
        let ids = held.iter().map(|(pending, ..)| pending.object_id.clone());
        ids.map(|id| (*object_type, id))
    });
    changes.chain(invalid)
}

fn source_of(file: &OpenFile) -> String {
    file.file.path.to_string_lossy().into_owned()
}

fn first_report(open: &OpenFile) -> FileReport {
    let mut report = FileReport::new(open.file.path.clone(), open.file.object_type);
    report.held_back = open.skipped_records();
    for (line, skipped) in &open.skipped {
        let source_line = open.source_line(*line);
        report
            .errors
            .extend(skipped.reasons.iter().map(|reason| RecordError {
                client_request_id: None,
                line: 0,
                source_line,
                object_id: skipped.object_id.clone(),
                description: reason.clone(),
            }));
    }
    report
}

pub(super) fn interrupted(error: &tokio::task::JoinError) -> PushError {
    PushError::Request(Error::new(
        ErrorKind::File,
        format!("reading was interrupted: {error}"),
    ))
}
