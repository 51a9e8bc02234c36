//! From an upload's verdict to its records: what is written into the ledger and into the report.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use gong_client::error::Error;
use gong_client::status::RequestStatus;

use super::event::Event;
use super::lines::each_line;
use super::report::{RecordError, Status};
use super::session::Session;
use super::spool::Spool;
use super::transition::End;
use super::verdict::{Judgement, Rest, judge};
use super::bodies::not_in_gong;
use crate::compare::{HashKey, Reader};
use crate::ledger::{
    Action, Conclusion, Content, Current, Direction, LedgerError, NewUpload, Pending, Purpose,
    RecordOutcome, Upload, UploadState, hexadecimal,
};
use crate::{ObjectId, ObjectType};

/// How often the same content may fail as a whole before it is sent in halves.
const WHOLE_FAILURES_BEFORE_HALVES: u8 = 2;

/// What became of an upload.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) upload: Upload,
    pub(super) status: Status,
    pub(super) reason: String,
    pub(super) cause: Option<Arc<Error>>,
    /// What became of its records, by the place of the source in the upload.
    pub(super) counts: BTreeMap<u32, Counts>,
    pub(super) errors: Vec<(u32, RecordError)>,
    /// Uploads that were made to find out which of its records Gong rejects.
    pub(super) searches: Vec<Upload>,
}

/// Records of one file in one upload.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) records: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) held_back: u64,
    pub(super) uncertain: u64,
}

/// What became of a record: the outcome, Gong's reason, and the upload and line that say so.
#[derive(Debug, Clone)]
struct Outcome {
    outcome: RecordOutcome,
    reason: String,
    upload: u64,
    line: usize,
}

impl Session {
    /// Sends an upload, waits for its verdict, and writes down what became of its records.
    pub(super) async fn bring_to_end(&self, mut upload: Upload, may_be_stale: bool) -> Ended {
        match self.try_to_end(&mut upload, may_be_stale).await {
            Ok(ended) => ended,
            Err(error) => {
                self.note_ledger(&error);
                let status = if upload.state == UploadState::Planned {
                    Status::NotSent
                } else {
                    Status::Unknown
                };
                unfinished(upload, status, error.to_string(), None, &[])
            }
        }
    }

    async fn try_to_end(
        &self,
        upload: &mut Upload,
        may_be_stale: bool,
    ) -> Result<Ended, LedgerError> {
        let mut pending = self.ledger.manifest(upload.number).await?;
        let mut held = Vec::new();
        if upload.purpose != Purpose::Legacy && upload.state == UploadState::Planned {
            if may_be_stale && !self.has_body(upload) {
                let reason = "its content is lost: push its records again".to_owned();
                return self.give_up(upload, &pending, reason).await;
            }
            held = self.thin_out(upload, &mut pending, may_be_stale).await?;
            if pending.is_empty() {
                upload.state = UploadState::Dropped;
                let nothing = Conclusion::default();
                self.ledger.conclude(upload, &[], &nothing, self.now()).await?;
                self.discard_body(upload);
                let mut ended = unfinished(upload.clone(), Status::Partial, String::new(), None, &[]);
                ended.add_held(&held);
                return Ok(ended);
            }
        }
        let delivered = self.deliver(upload).await;
        let mut ended = match delivered.end {
            End::Verdict => {
                let status = delivered.status.unwrap_or_else(empty_status);
                self.conclude(upload, &pending, &status).await?
            }
            End::Lost => {
                let reason = format!("{}; its records are sent again", delivered.reason);
                self.give_up(upload, &pending, reason).await?
            }
            End::IdTaken => self.id_taken(upload, &pending).await?,
            End::NotSent => {
                self.note_missing_of(upload, &pending);
                let (reason, cause) = (delivered.reason, delivered.cause);
                unfinished(upload.clone(), Status::NotSent, reason, cause, &pending)
            }
            End::NotFinished => {
                let (reason, cause) = (delivered.reason, delivered.cause);
                unfinished(upload.clone(), Status::TimedOut, reason, cause, &pending)
            }
            End::Unknown => {
                let (reason, cause) = (delivered.reason, delivered.cause);
                unfinished(upload.clone(), Status::Unknown, reason, cause, &pending)
            }
        };
        ended.add_held(&held);
        self.report(&ended);
        Ok(ended)
    }

    fn report(&self, ended: &Ended) {
        let client_request_id = ended.upload.client_request_id.clone();
        self.events.emit(if ended.upload.state.is_open() {
            Event::Stopped {
                client_request_id,
                reason: ended.reason.clone(),
            }
        } else {
            let sum = |count: fn(&Counts) -> u64| ended.counts.values().map(count).sum();
            Event::Finished {
                client_request_id,
                object_type: ended.upload.object_type,
                records: sum(|counts| counts.records),
                accepted: sum(|counts| counts.accepted),
                rejected: sum(|counts| counts.rejected),
            }
        });
    }

    fn has_body(&self, upload: &Upload) -> bool {
        let Some(body) = &upload.body else {
            return false;
        };
        let hashed = hash_of_file(&self.spool.path(body));
        hashed.is_ok_and(|hash| hash == upload.body_hash)
    }

    fn discard_body(&self, upload: &Upload) {
        if let Some(body) = &upload.body {
            // What stays is swept at the next start.
            drop(std::fs::remove_file(self.spool.path(body)));
        }
    }

    /// Notes the records that Gong does not have because this upload did not come to it.
    fn note_missing_of(&self, upload: &Upload, pending: &[Pending]) {
        for pending in pending.iter().filter(|pending| pending.action == Action::Create) {
            self.note_missing(upload.object_type, &pending.object_id);
        }
    }

    /// Takes out of an upload that was not sent yet what must not be sent any more: records that
    /// refer to one that Gong does not have, and versions that were overtaken meanwhile.
    async fn thin_out(
        &self,
        upload: &mut Upload,
        pending: &mut Vec<Pending>,
        may_be_stale: bool,
    ) -> Result<Vec<(Pending, String)>, LedgerError> {
        let missing = if self.options.ignore_dependencies || upload.direction == Direction::Delete {
            std::collections::HashSet::new()
        } else {
            self.missing()
        };
        let overtaken = if may_be_stale {
            self.overtaken(upload, pending).await?
        } else {
            BTreeSet::new()
        };
        if missing.is_empty() && overtaken.is_empty() {
            return Ok(Vec::new());
        }
        let Some(body) = upload.body.clone() else {
            return Ok(Vec::new());
        };
        let identity = self.ledger.ledger().identity().await?.key();
        let none = |_: &str| 0;
        let mut reader = Reader::new(HashKey::from_bytes(identity), upload.object_type, &none);
        let mut held: Vec<(usize, String, Vec<u8>)> = Vec::new();
        let read = each_line(&self.spool.path(&body), |line| {
            let place = usize::try_from(line.number - 1).unwrap_or(usize::MAX);
            if overtaken.contains(&place) {
                return Ok(());
            }
            let references = reader.references(line.bytes).unwrap_or_default();
            let blocked = references.iter().find(|reference| {
                missing.contains(&(reference.object_type, reference.object_id.to_string()))
            });
            if let Some(reference) = blocked {
                let reason = not_in_gong(reference.object_type, &reference.object_id);
                held.push((place, reason, line.bytes.to_vec()));
            }
            Ok::<(), std::io::Error>(())
        });
        read.map_err(|error| LedgerError::storage(self.spool.path(&body), error))?;
        if held.is_empty() && overtaken.is_empty() {
            return Ok(Vec::new());
        }
        let removed: BTreeSet<usize> = held
            .iter()
            .map(|(place, ..)| *place)
            .chain(overtaken)
            .collect();
        let places: Vec<usize> = (0..pending.len())
            .filter(|place| !removed.contains(place))
            .collect();
        let written = self.copy_lines(&body, &places, upload.number);
        let (name, hash, bytes) =
            written.map_err(|error| LedgerError::storage(self.spool.path(&body), error))?;
        let with_content: Vec<(Pending, String, Content)> = held
            .iter()
            .map(|(place, reason, line)| {
                let pending = pending[*place].clone();
                let content = self.content(upload, &pending, line);
                (pending, reason.clone(), content)
            })
            .collect();
        let kept: Vec<Pending> = places.iter().map(|place| pending[*place].clone()).collect();
        upload.records = kept.len() as u64;
        (upload.bytes, upload.body_hash) = (bytes, hash);
        let old = std::mem::replace(&mut upload.body, Some(name));
        self.ledger.hold_back(upload, &with_content, self.now()).await?;
        self.ledger.replace_manifest(upload, &kept).await?;
        if let Some(old) = old {
            drop(std::fs::remove_file(self.spool.path(&old)));
        }
        for (pending, ..) in &with_content {
            if pending.action == Action::Create {
                self.note_missing(upload.object_type, &pending.object_id);
            }
        }
        *pending = kept;
        Ok(with_content
            .into_iter()
            .map(|(pending, reason, _)| (pending, reason))
            .collect())
    }

    /// The places of records of which Gong holds a version from a later read.
    async fn overtaken(
        &self,
        upload: &Upload,
        pending: &[Pending],
    ) -> Result<BTreeSet<usize>, LedgerError> {
        let ids = pending.iter().map(|pending| pending.object_id.as_str());
        let ids: Vec<&str> = ids.collect();
        let states = self
            .ledger
            .ledger()
            .records(self.space, upload.object_type, ids)
            .await?;
        let later = self.later_in_flight(upload).await?;
        let is_overtaken = |pending: &Pending, state: Option<&crate::ledger::RecordState>| {
            let by_ledger = state.is_some_and(|state| {
                matches!(state.current, Current::Version | Current::Deleted)
                    && state.as_of > upload.as_of
                    && pending.sent_date.is_none_or(|date| {
                        state.sent_date.is_none_or(|sent| date <= sent)
                    })
            });
            by_ledger || later.contains(&pending.object_id)
        };
        Ok(pending
            .iter()
            .zip(&states)
            .enumerate()
            .filter(|(_, (pending, state))| is_overtaken(pending, state.as_ref()))
            .map(|(place, _)| place)
            .collect())
    }

    /// The ids in later uploads of the same type that may be in Gong already.
    async fn later_in_flight(&self, upload: &Upload) -> Result<BTreeSet<String>, LedgerError> {
        let mut ids = BTreeSet::new();
        for other in self.ledger.open_uploads().await? {
            let is_later = other.number != upload.number
                && other.object_type == upload.object_type
                && other.space == upload.space
                && other.as_of > upload.as_of;
            if is_later {
                let pending = self.ledger.manifest(other.number).await?;
                ids.extend(pending.into_iter().map(|pending| pending.object_id));
            }
        }
        Ok(ids)
    }

    /// Copies lines of a body into another one.
    fn copy_lines(
        &self,
        body: &str,
        places: &[usize],
        number: u64,
    ) -> std::io::Result<(String, String, u64)> {
        use std::io::Write as _;

        use sha2::Digest as _;
        let generation = body.matches('.').count();
        let name = format!("upload-{number}.{generation}.ldjson");
        let name = if name == body {
            Spool::body_name(number)
        } else {
            name
        };
        let mut file = self.spool.create(&name)?;
        let mut hasher = sha2::Sha256::new();
        let mut bytes = 0;
        let mut wanted = places.iter().copied().peekable();
        each_line(&self.spool.path(body), |line| {
            let place = usize::try_from(line.number - 1).unwrap_or(usize::MAX);
            if wanted.next_if_eq(&place).is_some() {
                file.write_all(line.bytes)?;
                hasher.update(line.bytes);
                bytes += line.bytes.len() as u64;
            }
            Ok::<(), std::io::Error>(())
        })?;
        file.flush()?;
        Ok((name, hexadecimal(&hasher.finalize()), bytes))
    }

    /// Writes down that an upload will never have a verdict: its records are sent again.
    async fn give_up(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        reason: String,
    ) -> Result<Ended, LedgerError> {
        let may_be_in_gong = upload.state != UploadState::Planned;
        upload.state = if may_be_in_gong {
            UploadState::Lost
        } else {
            UploadState::Dropped
        };
        let conclusion = Conclusion {
            rest: Some(RecordOutcome::NotTaken),
            reason: reason.clone(),
            contents: self.contents(upload, pending, |_| true),
            may_be_in_gong,
            ..Conclusion::default()
        };
        self.ledger.conclude(upload, pending, &conclusion, self.now()).await?;
        self.discard_body(upload);
        Ok(unfinished(upload.clone(), Status::NotSent, reason, None, pending))
    }

    /// Gong knows an id that this ledger has never sent.
    async fn id_taken(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
    ) -> Result<Ended, LedgerError> {
        let id = upload.client_request_id.clone();
        upload.state = UploadState::Failed;
        let (reason, status) = if upload.has_own_id {
            let reason = format!("{id} was used for other content: choose another --request-id");
            (reason, Status::NotSent)
        } else {
            let reason = format!(
                "another copy of this ledger has been at work: Gong knows the id {id}, and this \
                 ledger never sent it. Use the newest copy, or run `gong-crm ledger recover`"
            );
            self.stop(reason.clone(), None);
            (reason, Status::Unknown)
        };
        let conclusion = Conclusion {
            rest: Some(RecordOutcome::NotTaken),
            reason: reason.clone(),
            contents: self.contents(upload, pending, |_| true),
            ..Conclusion::default()
        };
        self.ledger.conclude(upload, pending, &conclusion, self.now()).await?;
        self.discard_body(upload);
        self.note_missing_of(upload, pending);
        Ok(unfinished(upload.clone(), status, reason, None, pending))
    }

    /// The contents of some records of an upload, read from its body.
    fn contents(
        &self,
        upload: &Upload,
        pending: &[Pending],
        is_wanted: impl Fn(usize) -> bool,
    ) -> BTreeMap<usize, Content> {
        let mut contents = BTreeMap::new();
        let Some(body) = &upload.body else {
            return contents;
        };
        // Without the body, that they are not in Gong is known all the same.
        let read = each_line(&self.spool.path(body), |line| {
            let place = usize::try_from(line.number - 1).unwrap_or(usize::MAX);
            if is_wanted(place)
                && let Some(pending) = pending.get(place)
            {
                contents.insert(place, self.content(upload, pending, line.bytes));
            }
            Ok::<(), std::io::Error>(())
        });
        drop(read);
        contents
    }

    fn content(&self, upload: &Upload, pending: &Pending, line: &[u8]) -> Content {
        let source = upload.sources.get(pending.source as usize);
        let file = self.files.iter().find(|open| {
            source.is_some_and(|source| open.file.path.to_string_lossy() == **source)
        });
        let converted = file.and_then(|file| file.converted.as_ref());
        let row = converted.and_then(|rows| rows.row_text(pending.line));
        Content {
            line: line.to_vec(),
            row: row.unwrap_or_default(),
            head: converted.and_then(|rows| rows.head_text()).unwrap_or_default(),
        }
    }

    /// Writes a verdict down, and searches for the records that Gong rejected and did not list.
    async fn conclude(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        status: &RequestStatus,
    ) -> Result<Ended, LedgerError> {
        let judgement = judge(status, pending.len());
        let mut outcomes = self.write_verdict(upload, pending, &judgement).await?;
        let mut searches = Vec::new();
        let queue = self.search_queue(upload, pending, &judgement, &outcomes).await?;
        if !queue.is_empty() {
            let body = upload.body.clone().unwrap_or_default();
            self.search(upload, &body, pending, queue, &mut outcomes, &mut searches)
                .await?;
        }
        self.discard_body(upload);
        upload.body = None;
        for (pending, outcome) in pending.iter().zip(&outcomes) {
            let is_missing = matches!(
                outcome.outcome,
                RecordOutcome::Rejected | RecordOutcome::NotTaken
            );
            if is_missing && pending.action == Action::Create {
                self.note_missing(upload.object_type, &pending.object_id);
            }
        }
        Ok(self.ended(upload, pending, &judgement, &outcomes, searches))
    }

    /// Writes the verdict of one upload into the ledger.
    async fn write_verdict(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        judgement: &Judgement,
    ) -> Result<Vec<Outcome>, LedgerError> {
        let rest = match judgement.rest {
            Rest::Accepted => RecordOutcome::Accepted,
            Rest::Rejected => RecordOutcome::Rejected,
            Rest::Uncertain => RecordOutcome::Uncertain,
            Rest::NotTaken => RecordOutcome::NotTaken,
        };
        let mut exceptions: BTreeMap<usize, (RecordOutcome, String)> = judgement
            .rejected
            .iter()
            .map(|(place, reason)| (*place, (RecordOutcome::Rejected, reason.clone())))
            .collect();
        if upload.direction == Direction::Delete {
            self.read_deletions_back(upload, pending, &mut exceptions).await;
        }
        upload.state = match judgement.rest {
            Rest::NotTaken => UploadState::Failed,
            _ => UploadState::Done,
        };
        let is_stage = upload.object_type == ObjectType::Stage;
        let is_kept = |place: usize| {
            is_stage
                || exceptions
                    .get(&place)
                    .map_or(rest, |(outcome, _)| *outcome)
                    != RecordOutcome::Accepted
        };
        let all_accepted = rest == RecordOutcome::Accepted && exceptions.is_empty() && !is_stage;
        let contents = if all_accepted {
            BTreeMap::new()
        } else {
            self.contents(upload, pending, is_kept)
        };
        let conclusion = Conclusion {
            rest: Some(rest),
            exceptions,
            reason: judgement.reason.clone(),
            contents,
            may_be_in_gong: false,
        };
        // The body is kept until it is searched.
        let body = upload.body.clone();
        self.ledger.conclude(upload, pending, &conclusion, self.now()).await?;
        upload.body = body;
        Ok((0..pending.len())
            .map(|place| {
                let (outcome, reason) = conclusion.outcome(place);
                Outcome {
                    outcome,
                    reason: reason.to_owned(),
                    upload: upload.number,
                    line: place + 1,
                }
            })
            .collect())
    }

    /// A deletion that Gong rejected may be one of a record that is not there: then it is done.
    async fn read_deletions_back(
        &self,
        upload: &Upload,
        pending: &[Pending],
        exceptions: &mut BTreeMap<usize, (RecordOutcome, String)>,
    ) {
        if !upload.object_type.has_entity_schema() || exceptions.is_empty() {
            return;
        }
        let places: Vec<usize> = exceptions.keys().copied().collect();
        for chunk in places.chunks(gong_client::objects::MAX_OBJECTS) {
            let ids = chunk
                .iter()
                .map(|place| pending[*place].object_id.parse::<ObjectId>());
            // An id that Gong does not allow can't be read back.
            let Ok(ids) = ids.collect::<Result<Vec<_>, _>>() else {
                continue;
            };
            let read = self
                .client
                .api()
                .objects(self.integration_id, upload.object_type, &ids)
                .await;
            let Ok(objects) = read else { return };
            for place in chunk {
                let object = objects.get(pending[*place].object_id.as_str());
                if object.is_some_and(Option::is_none) {
                    exceptions.insert(*place, (RecordOutcome::Accepted, String::new()));
                }
            }
        }
    }

    /// The parts in which an upload's records are sent again, to learn which of them Gong rejects.
    async fn search_queue(
        &self,
        upload: &Upload,
        pending: &[Pending],
        judgement: &Judgement,
        outcomes: &[Outcome],
    ) -> Result<VecDeque<Vec<usize>>, LedgerError> {
        let open: Vec<usize> = (0..outcomes.len())
            .filter(|place| {
                matches!(
                    outcomes[*place].outcome,
                    RecordOutcome::Uncertain | RecordOutcome::NotTaken
                )
            })
            .collect();
        let mut queue = VecDeque::new();
        match judgement.rest {
            Rest::Uncertain if judgement.has_unlisted => halves(open, &mut queue),
            Rest::Uncertain if !judgement.rejected.is_empty() => queue.push_back(open),
            Rest::NotTaken if open.len() > 1 => {
                let first = pending.first().map(|pending| pending.object_id.as_str());
                let states = self
                    .ledger
                    .ledger()
                    .records(upload.space(), upload.object_type, first)
                    .await?;
                let tries = states
                    .into_iter()
                    .flatten()
                    .next()
                    .and_then(|state| state.last_try)
                    .map_or(0, |last| last.tries);
                if tries >= WHOLE_FAILURES_BEFORE_HALVES || self.options.find_all_errors {
                    halves(open, &mut queue);
                }
            }
            _ => {}
        }
        Ok(queue)
    }

    async fn search(
        &self,
        of: &Upload,
        body: &str,
        pending: &[Pending],
        mut queue: VecDeque<Vec<usize>>,
        outcomes: &mut [Outcome],
        searches: &mut Vec<Upload>,
    ) -> Result<(), LedgerError> {
        while let Some(places) = queue.pop_front() {
            if self.fatal().is_some() || !self.may_search().await? {
                return Ok(());
            }
            self.events.emit(Event::Searching {
                client_request_id: of.client_request_id.clone(),
                records: places.len() as u64,
            });
            let number = self.ledger.next_number();
            let copied = self.copy_lines(body, &places, number);
            let (name, body_hash, bytes) =
                copied.map_err(|error| LedgerError::storage(self.spool.path(body), error))?;
            let identity = self.ledger.ledger().identity().await?;
            let mut upload = Upload {
                number,
                client_request_id: identity.request_id(of.object_type, number)?,
                purpose: Purpose::ErrorSearch,
                state: UploadState::Planned,
                records: places.len() as u64,
                bytes,
                accepted: 0,
                rejected: 0,
                planned_at: self.now(),
                accepted_at: None,
                completed_at: None,
                not_found: 0,
                status: None,
                body: Some(name),
                body_hash,
                has_own_id: false,
                order: of.order,
                step: 0,
                ..of.clone()
            };
            let part: Vec<Pending> = places
                .iter()
                .map(|place| Pending {
                    is_known: true,
                    ..pending[*place].clone()
                })
                .collect();
            let new = [NewUpload {
                upload: upload.clone(),
                pending: part.clone(),
            }];
            self.ledger.begin(&new, &mut []).await?;
            let delivered = self.deliver(&mut upload).await;
            self.count_search_calls(delivered.calls);
            let (End::Verdict, Some(status)) = (delivered.end, delivered.status) else {
                searches.push(upload);
                return Ok(());
            };
            let mut judgement = judge(&status, part.len());
            if part.len() == 1 && judgement.rest != Rest::Accepted && judgement.rejected.is_empty() {
                // Alone it can only be this record.
                let reason = std::mem::take(&mut judgement.reason);
                judgement.rejected.insert(0, reason);
                judgement.rest = Rest::Rejected;
            }
            let found = self.write_verdict(&mut upload, &part, &judgement).await?;
            self.discard_body(&upload);
            upload.body = None;
            searches.push(upload);
            let mut open = Vec::new();
            for (place, outcome) in places.iter().zip(found) {
                if matches!(
                    outcome.outcome,
                    RecordOutcome::Uncertain | RecordOutcome::NotTaken
                ) {
                    open.push(*place);
                }
                outcomes[*place] = outcome;
            }
            match judgement.rest {
                Rest::Uncertain if judgement.has_unlisted => halves(open, &mut queue),
                Rest::Uncertain if !judgement.rejected.is_empty() => queue.push_back(open),
                Rest::NotTaken => halves(open, &mut queue),
                // Counts that say nothing say no more when they are asked again.
                _ => {}
            }
        }
        Ok(())
    }

    fn ended(
        &self,
        upload: &Upload,
        pending: &[Pending],
        judgement: &Judgement,
        outcomes: &[Outcome],
        searches: Vec<Upload>,
    ) -> Ended {
        let mut counts: BTreeMap<u32, Counts> = BTreeMap::new();
        let mut errors = Vec::new();
        let (mut taken, mut open) = (0_u64, 0_u64);
        for (pending, outcome) in pending.iter().zip(outcomes) {
            if pending.is_replacement() && outcome.outcome == RecordOutcome::Accepted {
                taken += 1;
                continue;
            }
            let of_file = counts.entry(pending.source).or_default();
            of_file.records += 1;
            match outcome.outcome {
                RecordOutcome::Accepted => {
                    of_file.accepted += 1;
                    taken += 1;
                    continue;
                }
                RecordOutcome::Rejected => {
                    of_file.rejected += 1;
                    taken += 1;
                }
                RecordOutcome::Uncertain => {
                    of_file.uncertain += 1;
                    open += 1;
                }
                RecordOutcome::NotTaken => {}
            }
            let by = searches.iter().find(|search| search.number == outcome.upload);
            let error = RecordError {
                client_request_id: Some(by.unwrap_or(upload).client_request_id.clone()),
                line: outcome.line as u64,
                source_line: self.source_line(upload, pending),
                object_id: Some(pending.object_id.clone()),
                description: outcome.reason.clone(),
            };
            if outcome.outcome != RecordOutcome::NotTaken {
                errors.push((pending.source, error));
            }
        }
        let rejected: u64 = counts.values().map(|counts| counts.rejected).sum();
        let status = match judgement.rest {
            _ if open > 0 => Status::Unknown,
            Rest::NotTaken if taken < pending.len() as u64 => Status::Failed,
            _ if rejected > 0 => Status::Partial,
            _ => Status::Done,
        };
        let reason = match status {
            Status::Failed | Status::Unknown => judgement.reason.clone(),
            _ => String::new(),
        };
        Ended {
            upload: upload.clone(),
            status,
            reason,
            cause: None,
            counts,
            errors,
            searches,
        }
    }

    fn source_line(&self, upload: &Upload, pending: &Pending) -> u64 {
        let source = upload.sources.get(pending.source as usize);
        let file = self.files.iter().find(|open| {
            source.is_some_and(|source| open.file.path.to_string_lossy() == **source)
        });
        file.map_or(pending.line, |file| file.source_line(pending.line))
    }
}

/// Cuts places into two halves.
fn halves(mut places: Vec<usize>, queue: &mut VecDeque<Vec<usize>>) {
    if places.len() < 2 {
        queue.extend((!places.is_empty()).then_some(places));
        return;
    }
    let second = places.split_off(places.len() / 2);
    queue.push_back(places);
    queue.push_back(second);
}

fn empty_status() -> RequestStatus {
    RequestStatus::new(gong_client::status::RequestState::Done)
}

/// An upload without a verdict: all of its records are open.
pub(super) fn unfinished(
    upload: Upload,
    status: Status,
    reason: String,
    cause: Option<Arc<Error>>,
    pending: &[Pending],
) -> Ended {
    let mut counts: BTreeMap<u32, Counts> = BTreeMap::new();
    for pending in pending.iter().filter(|pending| !pending.is_replacement()) {
        counts.entry(pending.source).or_default().records += 1;
    }
    Ended {
        upload,
        status,
        reason,
        cause,
        counts,
        errors: Vec::new(),
        searches: Vec::new(),
    }
}

impl Ended {
    fn add_held(&mut self, held: &[(Pending, String)]) {
        for (pending, reason) in held {
            let counts = self.counts.entry(pending.source).or_default();
            counts.held_back += 1;
            self.errors.push((
                pending.source,
                RecordError {
                    client_request_id: None,
                    line: 0,
                    source_line: pending.line,
                    object_id: Some(pending.object_id.clone()),
                    description: reason.clone(),
                },
            ));
        }
    }
}

fn hash_of_file(path: &std::path::Path) -> std::io::Result<String> {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    each_line(path, |line| {
        hasher.update(line.bytes);
        Ok::<(), std::io::Error>(())
    })?;
    Ok(hexadecimal(&hasher.finalize()))
}
