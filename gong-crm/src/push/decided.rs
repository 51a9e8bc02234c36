//! Decides about the records of one type: it looks each up in the ledger, and [`plan`](super::plan)
//! decides what to do with it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::alternating::Alternating;
use super::bodies::stride;
use super::ids::id_hash;
use super::known_lines::KnownLines;
use super::lines::{EntryLines, GivenLines, id_reader};
use super::not_sent::{count_of, ignored_note, reason_against};
use super::open_records::{OpenRecord, OpenRecords};
use super::plan::{Decision, InFlight, Rules, decide};
use super::planned::{Chosen, InFlightRecord, Plan, TypePlan};
use super::report::RecordError;
use super::session::Session;
use super::survey::{Entry, NO_DATE, Survey, TypeFiles};
use super::waived::Waived;
use super::without_parents::Orphan;
use super::{PushError, Resend};
use crate::ObjectType;
use crate::ledger::{
    Current, GivenAgain, LedgerError, Milliseconds, Question, RecordState, Seconds, Space,
};

/// How many records of the ledger are read at once.
const PAGE: usize = 4_096;

/// Of how many records a push writes down that they are given otherwise: the next ones do the others.
const GIVEN_PER_PUSH: usize = 100_000;

/// The dates of the versions that will have been sent before a version.
#[derive(Debug, Clone, Copy)]
struct Before {
    latest: Option<Seconds>,
    /// Whether another version is being sent or is sent before it.
    is_any: bool,
}

impl Before {
    /// The state after a version, whose date is raised if it is not later.
    fn and_then(self, version: &Entry, stride: u16) -> Self {
        let raised = self
            .latest
            .map(|latest| latest.saturating_add(i64::from(stride)));
        let given = Some(version.modified).filter(|modified| *modified != NO_DATE);
        Self {
            latest: given.max(raised.filter(|_| given <= raised)),
            is_any: true,
        }
    }
}

fn is_sent(decision: &Decision) -> bool {
    matches!(decision, Decision::Send { .. })
}

/// Decides about the records of one type, group by group.
pub(super) struct Decided<'a> {
    session: &'a Session,
    files: &'a TypeFiles<'a>,
    surveyed: &'a Survey,
    known: Option<&'a KnownLines>,
    open: &'a OpenRecords,
    plan: &'a mut Plan,
    rules: Rules,
    of_type: TypePlan,
    alternating: Alternating,
    waived: Waived,
    /// How many versions were compared and are unchanged.
    unchanged: u64,
    /// Unchanged records that are given otherwise than before.
    given_again: BTreeMap<String, GivenAgain>,
    /// Reads how a record is given, where it matters.
    pub(super) given: Option<GivenLines<'a>>,
    /// The types of which a missing record may have come.
    may_have_come: BTreeSet<ObjectType>,
    /// Stages of another scope that it took out of use.
    retired: HashSet<String>,
    /// The hashes of the ids of the only records that are looked at.
    only: Option<HashSet<u64>>,
    /// Errors of records that the ledger does not know: the place of the file, and of the error in
    /// its report.
    unnamed: Vec<(usize, usize, Entry)>,
    /// Whether the group that begins at an entry was decided about.
    visited: Vec<bool>,
    decisions: Vec<Decision>,
}

impl<'a> Decided<'a> {
    pub(super) fn new(
        session: &'a Session,
        files: &'a TypeFiles<'a>,
        surveyed: &'a Survey,
        known: Option<&'a KnownLines>,
        open: &'a OpenRecords,
        may_have_come: BTreeSet<ObjectType>,
        plan: &'a mut Plan,
    ) -> Self {
        for ((file, open), facts) in files.files.iter().zip(&surveyed.files) {
            let report = &mut plan.files[*file];
            report.records = facts.records.max(open.records);
            report.held_back += facts.invalid.len() as u64;
            report.unchanged += facts.unchanged;
            report.superseded += facts.repeated;
            report.errors.extend(facts.invalid.iter().cloned());
            plan.is_invalid |= !facts.invalid.is_empty();
        }
        let mut of_type = TypePlan::new(files.object_type, surveyed.records());
        let owner = session.read_of(files.object_type);
        if owner.is_some_and(|(round, read)| read.owns() && round.scope != 0) {
            of_type.round.counts.tracked += known.map_or(0, KnownLines::found);
        }
        for (parent, count, since, id) in known.iter().flat_map(|known| known.without_parents()) {
            of_type.without_parents.add_known(parent, count, since, id);
        }
        Self {
            session,
            files,
            surveyed,
            known,
            open,
            plan,
            rules: Rules {
                as_of: session.as_of_type(files.object_type),
                now: session.now().as_second(),
                history: session.options.history,
                keeps_dates: session.options.keep_dates,
                touch: session.options.touch,
                resend: false,
                backs_off: session.round.is_some(),
                may_search: false,
                finds_all: session.options.find_all_errors,
                says_defaults: false,
            },
            of_type,
            alternating: Alternating::default(),
            waived: Waived::default(),
            unchanged: 0,
            given_again: BTreeMap::new(),
            given: None,
            may_have_come,
            retired: HashSet::new(),
            only: session.only(files.object_type),
            unnamed: Vec::new(),
            visited: vec![false; surveyed.entries.len()],
            decisions: Vec::new(),
        }
    }

    /// Decides about all records of the type.
    pub(super) async fn decide(mut self) -> Result<TypePlan, PushError> {
        self.rules.may_search = self.session.may_search().await?;
        let facts = self.session.facts().await?;
        self.rules.keeps_dates |= facts.is(Question::OlderDatesTaken, true);
        if self.files.object_type == ObjectType::Stage {
            self.retired = self.session.retired_stages().await?;
        }
        match &self.surveyed.ids {
            // Only a scan finds records that are not there any more.
            Some(ids) if !self.session.is_complete(self.files.object_type) => {
                self.probe(ids).await?;
            }
            _ => self.scan().await?,
        }
        self.absent_in_flight();
        self.rest();
        self.name_errors()?;
        let object_type = self.files.object_type;
        if !self.given_again.is_empty() {
            let given = &mut self.plan.writes.given;
            given.push((object_type, self.given_again));
        }
        let newer = self.of_type.round.counts.newer;
        // A sync counts them itself.
        if self.session.round.is_none() && newer > 0 {
            let note = format!("{object_type}: newer in Gong than this push: {newer}");
            self.plan.notes.push(note);
        }
        if self.session.round.is_none() {
            let ignored = self.session.options.ignored(object_type);
            self.plan
                .notes
                .extend(ignored_note(object_type, &ignored, self.unchanged));
        }
        self.plan.notes.extend(self.alternating.note(object_type));
        self.plan.notes.extend(self.waived.note(object_type));
        Ok(self.of_type)
    }

    /// Looks the records up one by one: for small pushes.
    async fn probe(&mut self, ids: &[String]) -> Result<(), LedgerError> {
        for chunk in ids.chunks(PAGE) {
            let of_chunk = chunk.iter().map(String::as_str);
            let states = self.session.states(self.files.object_type, of_chunk);
            for (id, state) in chunk.iter().zip(states.await?) {
                if let Some(state) = state {
                    let hash = id_hash(&self.session.key, id);
                    self.visit(id, hash, self.surveyed.find(hash), &state);
                }
            }
        }
        Ok(())
    }

    /// Reads all records of the type: for large pushes.
    async fn scan(&mut self) -> Result<(), LedgerError> {
        let key = self.session.key;
        let ledger = self.session.ledger.ledger();
        let mut after = None;
        let are_all = self.known.is_some_and(KnownLines::are_all);
        if are_all && self.surveyed.entries.is_empty() {
            return Ok(());
        }
        loop {
            let page = ledger
                .page_of_records(self.session.space, self.files.object_type, after, PAGE)
                .await?;
            let ids = page
                .iter()
                .map(|(record_key, state)| Some((Space::object_id(record_key)?, state)));
            let ids: Vec<_> = ids.flatten().collect();
            let hashes: Vec<u64> = ids.iter().map(|(id, _)| id_hash(&key, id)).collect();
            let found = self.surveyed.find_all(&hashes);
            for (((id, state), hash), start) in ids.iter().zip(hashes).zip(found) {
                self.visit(id, hash, start, state);
            }
            if page.len() < PAGE {
                return Ok(());
            }
            after = page.last().map(|(key, _)| key.clone());
        }
    }

    /// Looks at a record of the ledger, whose first version in the source is at `start`, if it is there.
    fn visit(&mut self, id: &str, hash: u64, start: Option<usize>, state: &RecordState) {
        if let Some(start) = start {
            if !self.visited[start] {
                self.group(start, Some((id, state)));
            }
        } else if self.known.is_some_and(|known| known.has_found(hash)) {
            // It is unchanged, and counted.
        } else if let Some((round, read)) = self.session.read_of(self.files.object_type) {
            let under_way = self.open.get(hash).map(|of| &of.version);
            let is_held_back = self.surveyed.present.contains(&hash);
            let found = &mut self.of_type.round;
            found.visit_absent(round, read, id, state, under_way, is_held_back);
        }
    }

    /// Looks at records whose first version is under way, and that vanished from the source.
    fn absent_in_flight(&mut self) {
        let Some((round, read)) = self.session.read_of(self.files.object_type) else {
            return;
        };
        for (hash, of) in self.open.iter() {
            let is_there =
                self.surveyed.find(hash).is_some() || self.surveyed.present.contains(&hash);
            if !is_there {
                let found = &mut self.of_type.round;
                found.visit_first_in_flight(round, read, &of.object_id, &of.version);
            }
        }
    }

    /// Decides about the records that the ledger does not know.
    fn rest(&mut self) {
        let mut start = 0;
        while let Some(first) = self.surveyed.entries.get(start) {
            let length = self.length_of_group(start, first.id);
            if !self.visited[start] {
                self.group(start, None);
            }
            start += length;
        }
    }

    fn length_of_group(&self, start: usize, id: u64) -> usize {
        self.surveyed.entries[start..]
            .iter()
            .take_while(|entry| entry.id == id)
            .count()
    }

    fn group(&mut self, start: usize, known: Option<(&str, &RecordState)>) {
        let entries = &self.surveyed.entries;
        let id = entries[start].id;
        let length = self.length_of_group(start, id);
        self.visited[start] = true;
        let versions = &entries[start..start + length];
        let is_foreign = match (self.session.read_of(self.files.object_type), known) {
            (Some((round, read)), Some((id, state))) => {
                let is_deletion = versions[length - 1].is_deletion();
                let is_retired = self.retired.contains(id);
                let of_round = &mut self.of_type.round;
                of_round.visit_present(round, read, id, state, is_retired, is_deletion)
            }
            _ => false,
        };
        if self.only.as_ref().is_some_and(|only| !only.contains(&id)) {
            self.leave_out(versions);
            return;
        }
        let under_way = self.open.get(id);
        let resend = match (&self.session.options.resend, known) {
            (Resend::None, _) => false,
            (Resend::All, _) => true,
            (resend, Some((id, _))) => resend.includes(id),
            (_, None) => false,
        };
        let state = known.map(|(_, state)| state);
        let flying = under_way.map(|of| of.version);
        let newest = &versions[versions.len() - 1];
        let rules = Rules {
            resend,
            as_of: self.as_of(newest),
            says_defaults: self.says_defaults(newest, state, flying.as_ref()),
            ..self.rules
        };
        let mut decisions = std::mem::take(&mut self.decisions);
        decide(versions, state, flying, rules, &mut decisions);
        if is_foreign {
            self.leave_to_owner(&mut decisions);
        } else {
            self.note_missing_parents(versions, &decisions, state, flying.as_ref());
        }
        let last_sent = decisions.iter().rposition(is_sent);
        let mut before = Before {
            latest: state
                .and_then(|state| state.sent_date)
                .max(flying.and_then(|flying| flying.date)),
            is_any: under_way.is_some(),
        };
        let stride = stride(self.files.object_type);
        for (place, (version, decision)) in versions.iter().zip(&decisions).enumerate() {
            let is_followed = last_sent.is_some_and(|last| place < last);
            self.apply(version, *decision, is_followed, known, under_way, before);
            if is_sent(decision) {
                before = before.and_then(version, stride);
            }
        }
        self.decisions = decisions;
    }

    /// Sends nothing of a record that another scope owns.
    fn leave_to_owner(&mut self, decisions: &mut [Decision]) {
        for decision in decisions {
            match decision {
                Decision::Send { .. } => *decision = Decision::Foreign,
                Decision::Unchanged | Decision::NewerInGong => {
                    self.of_type.round.counts.foreign_unchanged += 1;
                }
                _ => {}
            }
        }
    }

    /// Whether a version is sent with the defaults that the version in Gong left out: a sync and a
    /// mapping add them. A person's own line is sent as it is, so another one than before may have them.
    fn says_defaults(
        &mut self,
        version: &Entry,
        state: Option<&RecordState>,
        flying: Option<&InFlight>,
    ) -> bool {
        let (leaves_default, given_as) = match (flying, state) {
            (Some(flying), _) => (flying.leaves_default, flying.given_as),
            (None, Some(state)) => (state.leaves_default, state.line),
            (None, None) => return false,
        };
        if !leaves_default {
            return false;
        }
        let (place, _) = self.files.locate(version.place);
        let is_filled =
            self.session.round.is_some() || self.files.files[place].1.converted.is_some();
        let given = self.given.as_mut();
        is_filled || given.and_then(|given| given.hash(version)) != Some(given_as)
    }

    /// Notes a record that is not sent now, and was sent without what it refers to.
    fn note_missing_parents(
        &mut self,
        versions: &[Entry],
        decisions: &[Decision],
        state: Option<&RecordState>,
        flying: Option<&InFlight>,
    ) {
        let is_kept = |of: &Decision| matches!(of, Decision::Unchanged | Decision::InFlight { .. });
        let Some(place) = decisions.iter().rposition(is_kept) else {
            return;
        };
        let in_gong = || state.map(|state| (state.missing_parents, state.last_accepted));
        let sent = match flying {
            Some(flying) => Some((flying.missing, flying.push / 1_000)),
            None => in_gong(),
        };
        let Some((missing, since)) = sent.filter(|(missing, _)| !missing.is_empty()) else {
            return;
        };
        if decisions.iter().any(is_sent) {
            return;
        }
        let orphan = Orphan {
            entry: versions[place],
            missing,
            is_in_flight: decisions[place] != Decision::Unchanged,
            since,
        };
        let mut types = missing.types();
        let may_have_come = types.any(|of| self.may_have_come.contains(&of));
        if may_have_come {
            self.of_type.orphans.push(orphan);
        } else {
            self.of_type.without_parents.add(&orphan);
        }
    }

    /// The as-of of a version: now, because a person says so by pushing it. Records that were
    /// rejected once and are pushed again are as old as their date: in the meantime, Gong may have
    /// accepted newer versions. Records that are resumed are as old as they were.
    fn as_of(&self, version: &Entry) -> Milliseconds {
        let (place, _) = self.files.locate(version.place);
        let open = self.files.files[place].1;
        if open.is_rejects && version.modified != NO_DATE {
            Milliseconds::MIN
        } else {
            let kept = open.as_of(u64::from(version.line));
            kept.unwrap_or(self.rules.as_of)
        }
    }

    /// Takes records out of the plan that are not among the only ones.
    fn leave_out(&mut self, versions: &[Entry]) {
        for version in versions {
            let (place, _) = self.files.locate(version.place);
            let report = &mut self.plan.files[self.files.files[place].0];
            report.records = report.records.saturating_sub(1);
        }
    }

    /// Does what was decided about a version: counts it in the report of its file, says why it is not
    /// sent, and puts it into the plan.
    fn apply(
        &mut self,
        version: &Entry,
        decision: Decision,
        is_followed: bool,
        known: Option<(&str, &RecordState)>,
        under_way: Option<&OpenRecord>,
        before: Before,
    ) {
        let (place, _) = self.files.locate(version.place);
        let (file, open) = self.files.files[place];
        let line = open.source_line(u64::from(version.line));
        let report = &mut self.plan.files[file];
        if let Some(count) = count_of(decision, open.is_rejects, report) {
            *count += 1;
        }
        let last_try = known.and_then(|(_, state)| state.last_try.as_ref());
        let record = (self.files.object_type, known.map_or("", |(id, _)| id));
        let is_given_again = !self.session.is_read_once(self.files.object_type);
        let reason = reason_against(decision, open.is_rejects, record, is_given_again, last_try);
        if let Some(reason) = reason {
            if known.is_none() {
                self.unnamed.push((file, report.errors.len(), *version));
            }
            let id = known.map(|(id, _)| id.to_owned());
            report.errors.push(RecordError::unsent(line, id, reason));
        }
        match decision {
            Decision::Unchanged => {
                self.unchanged += 1;
                self.note_unchanged(version, known);
            }
            Decision::NewerInGong if !open.is_rejects => {
                let counts = &mut self.of_type.round.counts;
                let in_gong = known.map(|(_, state)| state.current == Current::Deleted);
                let is_deleted =
                    under_way.map_or(in_gong, |of| Some(of.version.is_deletion)) == Some(true);
                match known {
                    Some((id, _)) if is_deleted => counts.deleted_later.push(id.to_owned()),
                    _ => counts.newer += 1,
                }
            }
            Decision::Waived => self.waived.add(known.map_or("", |(id, _)| id)),
            Decision::SearchWaits => report.waits_for_search = true,
            Decision::NotAccepted => {
                if let Some(last) = last_try {
                    let next = jiff::Timestamp::from_second(last.next).unwrap_or_default();
                    let reason = &last.reason;
                    report.reason.get_or_insert_with(|| {
                        format!(
                            "not sent: its last upload failed as a whole ({reason}); next try {next}"
                        )
                    });
                }
            }
            Decision::Contradictory => self.plan.is_invalid = true,
            Decision::InFlight { upload } => {
                let object_id = under_way.map(|of| of.object_id.clone()).unwrap_or_default();
                self.plan.in_flight.push(InFlightRecord {
                    file,
                    object_type: self.files.object_type,
                    object_id,
                    hash: version.hash,
                    line,
                    upload,
                    parents_come: false,
                    source: under_way.map_or(0, |of| of.version.source),
                });
            }
            Decision::Send {
                action,
                step,
                share,
            } => {
                if let Some((id, state)) = known
                    && state.alternates_with(version.hash, self.rules.now)
                {
                    self.alternating.add(id);
                }
                // After the version that is under way.
                let first = under_way.map_or(0, |of| of.version.step.saturating_add(1));
                let steps = step.saturating_mul(stride(self.files.object_type));
                let step = first.saturating_add(steps);
                self.of_type.chosen.push(Chosen {
                    entry: *version,
                    action,
                    step,
                    is_followed,
                    share,
                    // An earlier version will be in the ledger by then.
                    is_known: known.is_some() || step > 0,
                    date_under_way: before.latest.filter(|_| before.is_any),
                });
            }
            Decision::NewerInGong
            | Decision::Foreign
            | Decision::Superseded
            | Decision::Rejected
            | Decision::Unconfirmed => {}
        }
    }

    /// Notes what the ledger can learn of a record from a version that Gong has.
    fn note_unchanged(&mut self, version: &Entry, known: Option<(&str, &RecordState)>) {
        let Some((id, state)) = known else { return };
        if state.last_try.is_some() {
            // The version in Gong was given again, so the rejected version is obsolete.
            let settled = &mut self.plan.writes.settled;
            settled.push((self.files.object_type, id.to_owned()));
        }
        self.note_given(id, state, version);
    }

    /// Notes how an unchanged record is given, if that is not as before.
    fn note_given(&mut self, id: &str, state: &RecordState, version: &Entry) {
        let is_later = version.modified != NO_DATE && state.last_date() < Some(version.modified);
        let line = self.known.and_then(|known| known.other_line(version.id));
        let given = GivenAgain {
            line: line.filter(|_| !state.may_be_ignored()),
            later: Some(version.modified).filter(|_| is_later),
            as_of: self.as_of(version),
        };
        let is_other = given.line.is_some() || is_later;
        if is_other && self.given_again.len() < GIVEN_PER_PUSH {
            self.given_again.insert(id.to_owned(), given);
        }
    }

    /// Gives the errors of records that the ledger does not know the ids of these records.
    fn name_errors(&mut self) -> Result<(), PushError> {
        let mut reader = id_reader(self.session.key, self.files.object_type);
        let mut lines = EntryLines::new(self.files);
        for (file, error, version) in &self.unnamed {
            let (_, line) = lines.read(version)?;
            let errors = &mut self.plan.files[*file].errors;
            if let (Ok(facts), Some(error)) = (reader.read(line), errors.get_mut(*error)) {
                error.object_id = Some(facts.object_id.into_owned());
            }
        }
        Ok(())
    }
}
