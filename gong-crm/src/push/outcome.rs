//! Writes an upload's verdict and the results of its records into the ledger and the report.

use std::collections::{BTreeMap, BTreeSet};

use gong_client::status::{RequestState, RequestStatus};

use super::deliver::{NOT_FOUND_BEFORE_RESEND, is_not_found};
use super::ended::{Ended, OfSource, Outcome, unfinished, unsent};
use super::event::Event;
use super::report::Status;
use super::search::Search;
use super::session::Session;
use super::transition::End;
use super::verdict::{Judgement, judge_as_known};
use crate::ObjectType;
use crate::ledger::{
    Action, Conclusion, Direction, LedgerError, MissingParents, NewUpload, Pending, Purpose,
    Question, RecordOutcome, Upload, UploadState,
};

/// How often Gong is asked at most whether it knows an id that it refused.
const MAX_QUESTIONS: usize = 8;

impl Session {
    /// Sends an upload, waits for its verdict, and writes down the results of its records.
    pub(super) async fn bring_to_end(&self, mut upload: Upload, may_be_stale: bool) -> Ended {
        let number = upload.number;
        let mut pending = Vec::new();
        match self
            .try_to_end(&mut upload, &mut pending, may_be_stale)
            .await
        {
            Ok(ended) => Ended { number, ..ended },
            Err(error) => {
                self.note_ledger(&error);
                let status = if upload.state == UploadState::Planned {
                    Status::NotSent
                } else {
                    Status::Unknown
                };
                if pending.is_empty() {
                    pending = self.pending_of(&upload).await;
                }
                unfinished(upload, status, error.to_string(), &pending)
            }
        }
    }

    /// The records of an upload.
    async fn records_of(
        &self,
        upload: &Upload,
        may_be_stale: bool,
    ) -> Result<Vec<Pending>, LedgerError> {
        let mut records = self.ledger.manifest(upload.number).await?;
        if may_be_stale {
            // The ledger can have learned of them since it was planned.
            for pending in &mut records {
                pending.is_known = true;
            }
        }
        Ok(records)
    }

    /// The same; `pending` is filled with the upload's records, so that they are counted also where
    /// the ledger fails later.
    async fn try_to_end(
        &self,
        upload: &mut Upload,
        pending: &mut Vec<Pending>,
        may_be_stale: bool,
    ) -> Result<Ended, LedgerError> {
        let mut held = Vec::new();
        if upload.purpose != Purpose::Legacy && upload.state == UploadState::Planned {
            if may_be_stale && !self.has_body(upload) {
                *pending = self.records_of(upload, may_be_stale).await?;
                let reason = "its content is lost: push its records again".to_owned();
                return self.give_up(upload, pending, reason).await;
            }
            if may_be_stale || self.must_look_at_parents(upload) {
                *pending = self.records_of(upload, may_be_stale).await?;
                held = self.thin_out(upload, pending, may_be_stale).await?;
                if pending.is_empty() {
                    let mut ended = Ended::without_records(upload.clone(), Status::Partial);
                    ended.add_held(&held);
                    return Ok(ended);
                }
                pending.clear();
            }
        }
        let (end, delivered) = self.deliver(upload, may_be_stale).await;
        // Many uploads can wait for their verdict at the same time: their records are read when it
        // is there.
        *pending = self.records_of(upload, may_be_stale).await?;
        let mut ended = match end {
            End::Verdict => {
                let status = delivered.status;
                let status = status.unwrap_or_else(|| RequestStatus::new(RequestState::Done));
                self.conclude(upload, pending, &status).await?
            }
            End::Lost => {
                let again = self.replacement(upload, pending)?;
                let reason = format!("{}; its records are sent again", delivered.reason);
                let lost = self.give_up(upload, pending, reason).await?;
                match again {
                    Some(again) => return Box::pin(self.send_again(again, pending)).await,
                    None => lost,
                }
            }
            End::IdTaken => self.id_taken(upload, pending, delivered.reason).await?,
            End::NotSent | End::NotFinished | End::Unknown => {
                let status = match end {
                    End::NotSent => Status::NotSent,
                    End::NotFinished => Status::TimedOut,
                    _ => Status::Unknown,
                };
                if end == End::NotSent {
                    self.note_missing_of(upload, pending);
                }
                Ended {
                    cause: delivered.cause,
                    ..unfinished(upload.clone(), status, delivered.reason, pending)
                }
            }
        };
        ended.add_held(&held);
        self.report(&ended);
        Ok(ended)
    }

    /// An upload with the content of one that is lost, if its body is still there.
    fn replacement(
        &self,
        lost: &Upload,
        pending: &[Pending],
    ) -> Result<Option<Upload>, LedgerError> {
        if pending.is_empty() || !self.has_body(lost) {
            return Ok(None);
        }
        let places: Vec<usize> = (0..pending.len()).collect();
        Ok(Some(self.copy_of(lost, &places)?))
    }

    async fn send_again(
        &self,
        mut upload: Upload,
        pending: &mut Vec<Pending>,
    ) -> Result<Ended, LedgerError> {
        let known = pending.iter().map(|pending| Pending {
            is_known: true,
            ..pending.clone()
        });
        let new = [NewUpload {
            upload: upload.clone(),
            records: known.collect(),
        }];
        self.ledger.begin(new, &mut []).await?;
        // What its records refer to may have been lost, too.
        if let Some(reason) = self.parent_under_way(&upload).await? {
            return Ok(unsent(upload, &reason, pending));
        }
        // Meanwhile other versions may have come.
        self.try_to_end(&mut upload, pending, true).await
    }

    fn report(&self, ended: &Ended) {
        let client_request_id = ended.upload.client_request_id.clone();
        self.events.emit(if ended.upload.state.is_open() {
            Event::Stopped {
                client_request_id,
                reason: ended.reason.clone(),
            }
        } else {
            let sum = |count: fn(&OfSource) -> u64| ended.sources.values().map(count).sum();
            Event::Finished {
                client_request_id,
                object_type: ended.upload.object_type,
                records: sum(|of| of.records),
                accepted: sum(|of| of.accepted),
                rejected: sum(|of| of.rejected),
            }
        });
    }

    /// Notes the records that Gong does not have because this upload did not come to it.
    pub(super) fn note_missing_of(&self, upload: &Upload, pending: &[Pending]) {
        let pending = pending.iter();
        for pending in pending.filter(|pending| pending.action == Action::Create) {
            self.missing.add(upload.object_type, &pending.object_id);
        }
    }

    /// Writes down that an upload will never have a verdict: its records are sent again.
    pub(super) async fn give_up(
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
            reason: reason.clone(),
            may_be_in_gong,
            may_come_late: may_be_in_gong,
            ..Conclusion::default()
        };
        self.end_unjudged(upload, pending, conclusion).await?;
        if may_be_in_gong {
            let unsure = pending.iter().filter(|pending| pending.may_be_first());
            for pending in unsure {
                self.unsure.add(upload.object_type, &pending.object_id);
            }
        } else {
            self.note_missing_of(upload, pending);
        }
        let status = Status::NotSent;
        Ok(unfinished(upload.clone(), status, reason, pending))
    }

    /// Writes down that an upload ends without a verdict: none of its records was accepted by it.
    async fn end_unjudged(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        conclusion: Conclusion,
    ) -> Result<(), LedgerError> {
        let conclusion = Conclusion {
            rest: Some(RecordOutcome::NotAccepted),
            contents: self.contents(upload, pending, |_| true),
            ..conclusion
        };
        self.ledger
            .conclude(upload, pending, &conclusion, self.now())
            .await?;
        self.discard_body(upload);
        Ok(())
    }

    /// Whether Gong has an upload with this id. A refused id alone proves nothing: whatever is between
    /// us and Gong can refuse it too.
    ///
    /// The answer is needed now: the next push has another id, which proves nothing.
    async fn knows(&self, upload: &Upload) -> bool {
        let client = self.client.api();
        let id = &upload.client_request_id;
        let mut pauses = self.options.retry.pauses();
        let mut not_found = 0;
        for _ in 0..MAX_QUESTIONS {
            match client.request_status_once(upload.integration_id, id).await {
                Ok(_) => return true,
                Err(error) => not_found += u32::from(is_not_found(&error)),
            }
            if not_found >= NOT_FOUND_BEFORE_RESEND {
                return false;
            }
            let pause = pauses.next().unwrap_or_default();
            self.client.clock.sleep(pause).await;
        }
        false
    }

    /// Gong refuses an id that this ledger has never sent, and says why.
    pub(super) async fn id_taken(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        refusal: String,
    ) -> Result<Ended, LedgerError> {
        let id = upload.client_request_id.clone();
        upload.state = UploadState::Failed;
        let proves_copy = !upload.has_own_id && self.knows(upload).await;
        let (reason, status) = if upload.has_own_id {
            let reason = format!("{id} was used for other content: choose another --request-id");
            (reason, Status::NotSent)
        } else if proves_copy {
            let reason = LedgerError::Copied { id }.to_string();
            self.stop(reason.clone(), None);
            (reason, Status::Unknown)
        } else {
            (format!("not sent: {refusal}"), Status::NotSent)
        };
        let conclusion = Conclusion {
            reason: reason.clone(),
            proves_copy,
            ..Conclusion::default()
        };
        self.end_unjudged(upload, pending, conclusion).await?;
        self.note_missing_of(upload, pending);
        Ok(unfinished(upload.clone(), status, reason, pending))
    }

    /// Writes a verdict down, and searches for the records that Gong rejected and did not list.
    async fn conclude(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        status: &RequestStatus,
    ) -> Result<Ended, LedgerError> {
        let judgement = self.judge(status, pending.len()).await?;
        let mut outcomes = self.write_verdict(upload, pending, &judgement).await?;
        let search = Search::new(upload, pending, &mut outcomes);
        let searches = Box::pin(self.search(search, &judgement)).await?;
        self.discard_body(upload);
        upload.body = None;
        for (pending, outcome) in pending.iter().zip(&outcomes) {
            let (of_type, id) = (upload.object_type, pending.object_id.as_str());
            match outcome.outcome {
                RecordOutcome::Accepted => self.unsure.forget(of_type, id),
                RecordOutcome::Rejected | RecordOutcome::NotAccepted
                    if pending.action == Action::Create =>
                {
                    self.missing.add(of_type, id);
                }
                _ if pending.may_be_first() => self.unsure.add(of_type, id),
                _ => {}
            }
        }
        self.note_absent(upload, pending, &outcomes).await?;
        let mut ended = Ended::of_verdict(upload, pending, &judgement.reason, &outcomes, searches);
        ended.waits_for_search = judgement.has_unlisted && !self.may_search().await?;
        Ok(ended)
    }

    /// The types of which an upload's records wait for some, and nothing but the ledger can send these
    /// records again once Gong has what they refer to. What is of types that never come is not awaited.
    async fn awaited_types(
        &self,
        upload: &Upload,
        pending: &[Pending],
    ) -> Result<BTreeSet<ObjectType>, LedgerError> {
        let is_given_again = self.round.is_some() && !self.is_read_once(upload.object_type);
        let mut missing = pending.iter().map(|pending| pending.missing_parents);
        if is_given_again || missing.all(MissingParents::is_empty) {
            return Ok(BTreeSet::new());
        }
        if self.round.is_none() && upload.scope == 0 {
            // Who pushes decides what comes; a resume sends what this push could not find out.
            let unsure = self.unsure.all().into_iter();
            return Ok(unsure.map(|(object_type, _)| object_type).collect());
        }
        let open = self.ledger.open_uploads().await?;
        let types = self.types_that_may_have_come(upload.object_type, &open);
        let mut types = types.await?;
        types.extend(self.round.iter().flat_map(|round| &round.sources));
        Ok(types)
    }

    /// Reads the verdict of an upload of so many records, as this Gong means it.
    pub(super) async fn judge(
        &self,
        status: &RequestStatus,
        records: usize,
    ) -> Result<Judgement, LedgerError> {
        let taken = self.facts().await?.answer(Question::GoodLinesTaken);
        Ok(judge_as_known(status, records, taken))
    }

    /// Writes the verdict of one upload into the ledger.
    pub(super) async fn write_verdict(
        &self,
        upload: &mut Upload,
        pending: &[Pending],
        judgement: &Judgement,
    ) -> Result<Vec<Outcome>, LedgerError> {
        let rest = judgement.rest;
        let mut exceptions: BTreeMap<usize, (RecordOutcome, String)> = judgement
            .rejected
            .iter()
            .map(|(place, reason)| (*place, (RecordOutcome::Rejected, reason.clone())))
            .collect();
        let is_final = self.facts().await?.is(Question::AbsentDeletionTaken, true);
        if upload.direction == Direction::Delete && !is_final {
            self.read_deletions_back(upload, pending, &mut exceptions)
                .await;
        }
        upload.state = match rest {
            RecordOutcome::NotAccepted => UploadState::Failed,
            _ => UploadState::Done,
        };
        let is_stage = upload.object_type == ObjectType::Stage;
        let awaited = self.awaited_types(upload, pending).await?;
        let waits = |pending: &Pending| {
            let mut missing = pending.missing_parents.types();
            missing.any(|of| awaited.contains(&of))
        };
        let is_kept = |place: usize| {
            is_stage
                || pending.get(place).is_some_and(waits)
                || exceptions.get(&place).map_or(rest, |(outcome, _)| *outcome)
                    != RecordOutcome::Accepted
        };
        let contents = self.contents(upload, pending, is_kept);
        let conclusion = Conclusion {
            rest: Some(rest),
            exceptions,
            reason: judgement.reason.clone(),
            contents,
            may_be_in_gong: judgement.may_be_in_gong,
            needs_search: judgement.has_unlisted && pending.len() > 1,
            failed_whole: judgement.failed_whole,
            ..Conclusion::default()
        };
        // The body is kept until it is searched.
        let body = upload.body.clone();
        let decided = self
            .ledger
            .conclude(upload, pending, &conclusion, self.now())
            .await?;
        upload.body = body;
        Ok((0..pending.len())
            .map(|place| {
                let (outcome, reason) = conclusion.outcome(place);
                let is_rejected = decided.rejected.contains(&place);
                Outcome {
                    outcome: if is_rejected {
                        RecordOutcome::Rejected
                    } else {
                        outcome
                    },
                    reason: reason.to_owned(),
                    upload: upload.number,
                    line: place + 1,
                    is_unconfirmed: decided.unconfirmed.contains(&place),
                }
            })
            .collect())
    }
}
