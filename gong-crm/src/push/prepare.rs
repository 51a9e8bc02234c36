//! From files to a plan: what differs from what Gong has, in which uploads, in which order.
//!
//! Nothing is sent here. Files are read twice, for the survey and for the lines that differ.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::PushError;
use super::body::Body;
use super::decided::{Decided, OpenRecords, name_errors};
use super::event::Event;
use super::ids::id_hash;
use super::input::{OpenFile, blocking};
use super::invalid::invalid_records;
use super::known_lines::KnownLines;
use super::level::Level;
use super::notes::note_dates;
use super::parents::{Coming, Parents};
use super::plan::InFlight;
use super::planned::{Plan, Planned, TypePlan, upserted};
use super::reads::Gone;
use super::report::{FileReport, RecordError};
use super::session::Session;
use super::survey::{Survey, TypeFiles, survey};
use crate::ObjectType;
use crate::compare::{HashKey, LineKey};
use crate::ledger::{
    Action, Current, Direction, Head, LedgerError, Names, NewUpload, Pending, Purpose, Upload,
    UploadState, low_64,
};

/// From this size of a type's files on, all records of the type are read from the ledger, so that most
/// lines need no reading.
const LARGE: u64 = 4 * 1024 * 1024;

impl Session {
    /// Plans a push of the session's files.
    pub(super) async fn plan(&self) -> Result<Plan, PushError> {
        let mut plan = Plan::new(self.files.iter().map(first_report).collect());
        let mut open = self.ledger.open_uploads().await?;
        self.drop_planned(&mut open, &mut plan);
        let mut types = Vec::new();
        for object_type in ObjectType::ALL {
            let is_named = |file: &OpenFile| file.file.object_type == object_type;
            if self.files.iter().any(is_named) {
                types.push(self.plan_type(object_type, &open, &mut plan).await?);
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
        self.decide_deletions(&mut types, &open, &mut plan).await?;
        self.note_invalid(&mut plan).await?;
        let wanted = self.referred_types(types.iter().map(|of_type| of_type.object_type));
        let coming = Coming::new(self, &wanted, upserted(&types), &open).await?;
        self.follow_older(open, &followed, &types, &mut plan);
        let mut parents = Parents::new(self, coming);
        parents.note_held(held_records(&plan));
        for of_type in types {
            let bodies = self.write_bodies(of_type, &mut parents, &mut plan).await?;
            for body in bodies {
                parents.note_restored(body.object_type, &body.restored);
                let new = self.new_upload(body).await?;
                plan.uploads.push(Planned {
                    level: Level::of(&new.upload),
                    upload: new.upload.clone(),
                    is_older: false,
                });
                plan.writes.new.push(new);
            }
        }
        plan.notes.extend(parents.notes());
        self.note_skipped(&mut plan).await?;
        note_dates(&mut plan);
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
            let is_named = |id: &str| surveyed.find(id_hash(&self.key, id)).is_some();
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
    async fn note_invalid(&self, plan: &mut Plan) -> Result<(), PushError> {
        let (files, key) = (Arc::clone(&self.files), self.key);
        for (object_type, held) in blocking(move || invalid_records(&files, key)).await?? {
            plan.writes.held.entry(object_type).or_default().push(held);
        }
        Ok(())
    }

    async fn plan_type(
        &self,
        object_type: ObjectType,
        open: &[Upload],
        plan: &mut Plan,
    ) -> Result<TypePlan, PushError> {
        self.events.emit(Event::Comparing { object_type });
        let names = self.ledger.ledger().names(self.space, object_type).await?;
        let generations = names.generations();
        let may_have_come = self.types_that_may_have_come(object_type, open).await?;
        let known = self.known_lines(object_type, &names, open, &may_have_come);
        let mut known = known.await?;
        let surveying = self.survey(object_type, &generations, &mut known);
        let mut surveyed = surveying.await?;
        let of_known = known.as_ref();
        if of_known.is_some_and(|known| {
            known.have_versions_in(surveyed.entries.iter().map(|entry| entry.id))
        }) {
            // All versions of a record must be compared with each other.
            known = None;
            let surveying = self.survey(object_type, &generations, &mut known);
            surveyed = surveying.await?;
        }
        let files = TypeFiles::new(object_type, &self.files);
        let may_search = self.may_search().await?;
        let known = known.as_ref();
        let mut decided = Decided::new(self, &files, &surveyed, known, plan, may_search);
        decided.may_have_come = may_have_come;
        for (parent, since, id) in known.iter().flat_map(|known| known.without_parents()) {
            decided.without_parents.add_known(parent, since, id);
        }
        let in_flight = self.open_records(object_type, open).await?;
        match &surveyed.ids {
            // Only a scan finds records that are not there any more.
            Some(ids) if !self.is_complete(object_type) => {
                decided.probe(ids, &in_flight).await?;
            }
            _ => decided.scan(&in_flight).await?,
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
        name_errors(&files, &unnamed, self.key, plan)?;
        let overtaken = self.overtaken_by(&surveyed, object_type, open).await?;
        plan.writes.overtaken.extend(overtaken);
        let mut of_type = TypePlan {
            object_type,
            is_first: self.is_first(object_type).await?,
            earlier: in_flight.before(&chosen),
            chosen,
            orphans,
            without_parents,
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
        generations: &HashMap<String, u32>,
        known: &mut Option<KnownLines>,
    ) -> Result<Survey, PushError> {
        let (files, generations) = (Arc::clone(&self.files), generations.clone());
        let (ignored, key) = (self.options.ignored(object_type), self.key);
        let mut lines = known.take();
        let surveying = blocking(move || {
            let files = TypeFiles::new(object_type, &files);
            let generation = |name: &str| generations.get(name).copied().unwrap_or_default();
            let surveyed = survey(&files, key, &generation, &ignored, lines.as_mut());
            surveyed.map(|surveyed| (surveyed, lines))
        });
        let (surveyed, lines) = surveying.await??;
        *known = lines;
        Ok(surveyed)
    }

    /// The lines of the records that can only be unchanged if the same line comes again. `None` if
    /// few records are compared, or if also unchanged ones must be looked at.
    async fn known_lines(
        &self,
        object_type: ObjectType,
        names: &Names,
        open: &[Upload],
        may_have_come: &BTreeSet<ObjectType>,
    ) -> Result<Option<KnownLines>, LedgerError> {
        let of_type = self.files.iter();
        let of_type = of_type.filter(|open| open.file.object_type == object_type);
        let is_large = of_type.map(|open| open.bytes).sum::<u64>() > LARGE;
        let must_look = self.options.looks_at_unchanged()
            || self.only(object_type).is_some()
            || open.iter().any(|upload| upload.object_type == object_type);
        // Of users and stages more is compared, and they are few.
        let are_few = matches!(object_type, ObjectType::BusinessUser | ObjectType::Stage);
        if must_look || are_few || !(is_large || self.is_complete(object_type)) {
            return Ok(None);
        }
        let ignored = self.options.ignored(object_type);
        let key_of_lines = LineKey::new(
            HashKey::from_bytes(self.key),
            &names.generations(),
            &ignored,
        );
        let mut known = KnownLines::new(self.key, key_of_lines);
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
                let id = id_hash(&self.key, &pending.object_id);
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

    async fn new_upload(&self, body: Body) -> Result<NewUpload, PushError> {
        let blank = self.blank_upload(body.object_type, body.number).await?;
        let (group, records) = (body.group, body.records);
        let files = body.files.iter();
        let sources = files.map(|file| self.files.get(*file as usize).map(source_of));
        let upload = Upload {
            direction: group.direction,
            order: Some(group.level.direction()),
            step: group.level.step(),
            records: records.len() as u64,
            bytes: body.bytes,
            as_of: group.as_of.unwrap_or(blank.as_of),
            sources: sources.map(Option::unwrap_or_default).collect(),
            body: Some(body.name),
            body_hash: body.hash,
            ..blank
        };
        Ok(NewUpload { upload, records })
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
        let errors = skipped.reasons.iter().map(|reason| {
            RecordError::unsent(source_line, skipped.object_id.clone(), reason.clone())
        });
        report.errors.extend(errors);
    }
    report
}
