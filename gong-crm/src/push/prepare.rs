//! From files to a plan: what differs from what Gong has, in which uploads, in which order.
//!
//! Nothing is sent here. Files are read twice, for the survey and for the lines that differ.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::PushError;
use super::decided::Decided;
use super::event::Event;
use super::input::{OpenFile, blocking};
use super::invalid::invalid_records;
use super::known_lines::KnownLines;
use super::lines::GivenLines;
use super::notes::note_dates;
use super::parents::{Coming, Parents};
use super::planned::{Plan, TypePlan, upserted};
use super::report::{FileReport, RecordError};
use super::session::Session;
use super::survey::{Survey, TypeFiles, survey};
use crate::ObjectType;
use crate::compare::{HashKey, LineKey, RecordId};
use crate::ledger::{Action, Current, Direction, Head, LedgerError, Purpose, Upload, UploadState};

/// From this size of a type's files on, all records of the type are read from the ledger, so that most
/// lines need no reading.
const LARGE: u64 = 16 * 1024 * 1024;

/// About as short as a line can be, in bytes.
const SHORTEST_LINE: u64 = 64;

/// So many records of the ledger take little memory, however small the files are.
const FEW: u64 = 10_000;

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
        // A push does not send what earlier ones left unsent, and what they delete is there until then.
        let is_before = |of: &&Upload| {
            let is_unsent = of.state == UploadState::Planned;
            self.round.is_some() || !(is_unsent && of.direction == Direction::Delete)
        };
        let before = open.iter().filter(is_before);
        let coming = Coming::new(self, &wanted, upserted(&types), before).await?;
        self.follow_older(open, &followed, &types, &mut plan);
        let mut parents = Parents::new(self, coming);
        parents.note_held(held_records(&plan));
        for of_type in types {
            let bodies = self.write_bodies(of_type, &mut parents, &mut plan).await?;
            for body in bodies {
                parents.note_restored(body.new.upload.object_type, &body.restored);
                plan.writes.new.push(body.new);
            }
        }
        plan.notes.extend(parents.notes());
        self.note_spellings(&mut plan).await?;
        self.plan_unsent(&mut plan).await?;
        self.note_skipped(&mut plan).await?;
        note_dates(&mut plan);
        self.take_own_id(&mut plan).await?;
        Ok(plan)
    }

    /// Notes the records that the check found invalid, so that their rejects are kept.
    async fn note_invalid(&self, plan: &mut Plan) -> Result<(), PushError> {
        let (files, key) = (Arc::clone(&self.files), self.key);
        let types = ObjectType::ALL.into_iter();
        let read_once: BTreeSet<ObjectType> = types.filter(|of| self.is_read_once(*of)).collect();
        let reading = move || invalid_records(&files, key, |of| read_once.contains(&of));
        for (object_type, held) in blocking(reading).await?? {
            plan.keep_held(object_type, held);
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
        let key_of_lines = LineKey::new(
            HashKey::from_bytes(self.key),
            &generations,
            &self.options.ignored(object_type),
        );
        let known = self.known_lines(object_type, key_of_lines, open, &may_have_come);
        let surveying = self.survey(object_type, &generations, known.await?);
        let (mut surveyed, mut known) = surveying.await?;
        let of_known = known.as_ref();
        if of_known.is_some_and(|known| {
            known.have_versions_in(surveyed.entries.iter().map(|entry| entry.id))
        }) {
            // All versions of a record must be compared with each other.
            (surveyed, known) = self.survey(object_type, &generations, None).await?;
        }
        let files = TypeFiles::new(object_type, &self.files);
        let known = known.as_ref();
        let is_named =
            |id| surveyed.find(id).is_some() || known.is_some_and(|known| known.has_found(id));
        // A round looks once a day.
        if self.round.is_none() {
            plan.names_late |= self.are_in_late_upload(object_type, is_named).await?;
        }
        let open_records = self.open_records(object_type, open).await?;
        let mut decided = Decided::new(
            self,
            &files,
            &surveyed,
            known,
            &open_records,
            may_have_come,
            plan,
        );
        decided.given = Some(GivenLines::new(&files, key_of_lines));
        let decided = decided.decide().await?;
        let overtaken = self.overtaken_by(&surveyed, object_type, open).await?;
        plan.writes.overtaken.extend(overtaken);
        let mut of_type = TypePlan {
            is_first: self.is_first(object_type).await?,
            earlier: open_records.before(&decided.chosen),
            generations,
            names,
            ..decided
        };
        let held = self.held_before(object_type, &surveyed, known).await?;
        plan.round.held.extend(held);
        self.judge_read(&mut of_type, &surveyed);
        self.note_vanished(&of_type, &surveyed, open).await?;
        of_type.addresses = surveyed.addresses;
        Ok(of_type)
    }

    /// Reads the files of one type.
    async fn survey(
        &self,
        object_type: ObjectType,
        generations: &HashMap<String, u32>,
        mut known: Option<KnownLines>,
    ) -> Result<(Survey, Option<KnownLines>), PushError> {
        let (files, generations) = (Arc::clone(&self.files), generations.clone());
        let (ignored, key) = (self.options.ignored(object_type), self.key);
        let surveying = blocking(move || {
            let files = TypeFiles::new(object_type, &files);
            let generation = |name: &str| generations.get(name).copied().unwrap_or_default();
            let surveyed = survey(&files, key, &generation, &ignored, known.as_mut());
            surveyed.map(|surveyed| (surveyed, known))
        });
        surveying.await?
    }

    /// The lines of the records that can only be unchanged if the same line comes again. `None` if
    /// few records are compared, or if also unchanged ones must be looked at.
    async fn known_lines(
        &self,
        object_type: ObjectType,
        key_of_lines: LineKey,
        open: &[Upload],
        may_have_come: &BTreeSet<ObjectType>,
    ) -> Result<Option<KnownLines>, LedgerError> {
        let of_type = self.files.iter();
        let of_type = of_type.filter(|open| open.file.object_type == object_type);
        let bytes = of_type.map(|open| open.bytes).sum::<u64>();
        let must_look = self.options.looks_at_unchanged()
            || self.only(object_type).is_some()
            || open.iter().any(|upload| upload.object_type == object_type);
        // Of users and stages more is compared, and they are few.
        let are_few = matches!(object_type, ObjectType::BusinessUser | ObjectType::Stage);
        if must_look || are_few || !(bytes > LARGE || self.is_complete(object_type)) {
            return Ok(None);
        }
        let mut known = KnownLines::new(self.key, key_of_lines);
        // A small file would not be worth the memory for all records of a large ledger.
        let most = bytes / SHORTEST_LINE + FEW;
        let mut are_too_many = false;
        let owner = self.read_of(object_type);
        let owner = owner.map(|(round, read)| (round.scope, read.owns()));
        let ledger = self.ledger.ledger();
        let visit = |object_id: &str, head: &Head| {
            let mut missing = head.missing_parents.types();
            let is_owned = match owner {
                Some((scope, true)) => head.scope == scope && head.absent == 0,
                // A source of changes leaves the records of another scope alone.
                Some((scope, false)) => head.scope == scope || head.scope == 0,
                None => true,
            };
            let can_change = head.is_tried
                || head.leaves_default
                || !is_owned
                || missing.any(|object_type| may_have_come.contains(&object_type));
            match head.current {
                Current::Version if !can_change => {
                    let missing = head.missing_parents;
                    known.add(object_id, head.line, missing, head.last_accepted);
                }
                Current::None | Current::Deleted if !head.is_tried => {}
                _ => known.note_other(),
            }
            are_too_many = known.len() > most;
            !are_too_many
        };
        ledger.each_head(self.space, object_type, visit).await?;
        // Without a table of lines to look into, two threads can read a file.
        if are_too_many || known.len() == 0 {
            return Ok(None);
        }
        known.finish();
        Ok(Some(known))
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
            let may_be_in_gong = upload.state.may_be_in_gong();
            if upload.waits_for_sync() {
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
                plan.older.push(upload);
            }
        }
    }
}

/// The records of the input that are not sent: a limit or a finding holds them back.
fn held_records(plan: &Plan) -> impl Iterator<Item = RecordId> {
    let changes = plan.round.held.iter();
    let changes = changes.filter(|held| held.action != Action::Delete);
    let changes = changes.map(|held| (held.object_type, held.object_id.clone()));
    let invalid = plan.writes.held.iter().flat_map(|(object_type, held)| {
        let ids = held.iter().map(|(pending, ..)| pending.object_id.clone());
        ids.map(|id| (*object_type, id))
    });
    changes.chain(invalid)
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
