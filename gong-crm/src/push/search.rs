//! Finds the records that Gong rejected and did not list.
//!
//! Gong lists at most 20 errors per upload. Records that its verdict leaves open are sent again in
//! halves: a half without errors is accepted, and for the others Gong lists 20 more errors.

use std::collections::VecDeque;

use gong_client::status::RequestState;

use super::ended::Outcome;
use super::event::Event;
use super::session::Session;
use super::transition::End;
use super::verdict::Judgement;
use crate::ledger::{LedgerError, NewUpload, Pending, Purpose, RecordOutcome, Upload};

/// How often the same content may fail as a whole before it is sent in halves.
const WHOLE_FAILURES_BEFORE_HALVES: u8 = 2;

/// The search among the records of one upload.
pub(super) struct Search<'a> {
    of: &'a Upload,
    pending: &'a [Pending],
    outcomes: &'a mut [Outcome],
    /// The parts that are sent next, as places of records.
    queue: VecDeque<Vec<usize>>,
    /// Uploads that the search has made.
    uploads: Vec<Upload>,
    /// Records whose upload failed as a whole although it had no other record.
    failed_alone: Vec<FailedAlone>,
    /// Whether Gong accepted others in the meantime.
    takes_others: bool,
}

struct FailedAlone {
    place: usize,
    upload: Upload,
    judgement: Judgement,
}

impl<'a> Search<'a> {
    pub(super) fn new(of: &'a Upload, pending: &'a [Pending], outcomes: &'a mut [Outcome]) -> Self {
        Self {
            of,
            pending,
            outcomes,
            queue: VecDeque::new(),
            uploads: Vec::new(),
            failed_alone: Vec::new(),
            takes_others: false,
        }
    }

    /// Those of some records that a verdict leaves open. If their upload failed as a whole, so are those
    /// that were rejected before: one of them may be good by now.
    fn open(&self, judgement: &Judgement, places: impl Iterator<Item = usize>) -> Vec<usize> {
        let is_open = |place: &usize| match self.outcomes[*place].outcome {
            RecordOutcome::Uncertain | RecordOutcome::NotAccepted => true,
            RecordOutcome::Rejected => judgement.rest == RecordOutcome::NotAccepted,
            RecordOutcome::Accepted => false,
        };
        places.filter(is_open).collect()
    }

    /// Decides in which parts the records are sent again that the verdict of some leaves open.
    fn queue_rest(&mut self, judgement: &Judgement, places: impl ExactSizeIterator<Item = usize>) {
        let records = places.len();
        let open = self.open(judgement, places);
        match judgement.rest {
            // A record that was sent alone has no more errors to list.
            RecordOutcome::Uncertain if judgement.has_unlisted && records > 1 => self.halve(open),
            RecordOutcome::Uncertain if !judgement.rejected.is_empty() => {
                self.queue.push_back(open);
            }
            RecordOutcome::NotAccepted => self.halve(open),
            // Counts that say nothing say no more when they are asked again.
            _ => {}
        }
    }

    fn halve(&mut self, mut places: Vec<usize>) {
        let second = places.split_off(places.len() / 2);
        let halves = [places, second].into_iter();
        self.queue.extend(halves.filter(|half| !half.is_empty()));
    }

    /// The records at some places, for an upload of their own.
    fn part(&self, places: &[usize]) -> Vec<Pending> {
        let part = places.iter().map(|place| Pending {
            is_known: true,
            ..self.pending[*place].clone()
        });
        part.collect()
    }
}

impl Session {
    /// Sends records again that a verdict leaves open, to learn which of them Gong rejects. Gives the
    /// uploads for that.
    pub(super) async fn search(
        &self,
        mut search: Search<'_>,
        judgement: &Judgement,
    ) -> Result<Vec<Upload>, LedgerError> {
        if judgement.rest != RecordOutcome::NotAccepted
            || self.is_sent_in_halves(&search, judgement).await?
        {
            search.queue_rest(judgement, 0..search.pending.len());
        }
        let searched = self.search_parts(&mut search).await;
        for mut found in std::mem::take(&mut search.failed_alone) {
            // If Gong accepts the others, only this record can be wrong. If it accepts nothing,
            // this says nothing about the record.
            if search.takes_others {
                let reason = std::mem::take(&mut found.judgement.reason);
                found.judgement.rejected.insert(0, reason);
                found.judgement.rest = RecordOutcome::Rejected;
                found.judgement.failed_whole = true;
            }
            self.write_part(&mut search, &[found.place], found.upload, &found.judgement)
                .await?;
        }
        searched.map(|()| search.uploads)
    }

    /// Whether the records of an upload that failed as a whole are sent in halves: they failed before.
    async fn is_sent_in_halves(
        &self,
        search: &Search<'_>,
        judgement: &Judgement,
    ) -> Result<bool, LedgerError> {
        if search.open(judgement, 0..search.pending.len()).len() < 2 {
            return Ok(false);
        }
        let upload = search.of;
        let first = search.pending.first();
        let first = first.map(|pending| pending.object_id.as_str());
        let ledger = self.ledger.ledger();
        let states = ledger
            .records(upload.space(), upload.object_type, first)
            .await?;
        let state = states.into_iter().flatten().next();
        let last = state.and_then(|state| state.last_try);
        let tries = last.map_or(0, |last| last.tries);
        Ok(tries >= WHOLE_FAILURES_BEFORE_HALVES || self.options.find_all_errors)
    }

    async fn search_parts(&self, search: &mut Search<'_>) -> Result<(), LedgerError> {
        while let Some(places) = search.queue.pop_front() {
            if self.fatal().is_some() || !self.may_search().await? {
                return Ok(());
            }
            self.events.emit(Event::Searching {
                client_request_id: search.of.client_request_id.clone(),
                records: places.len() as u64,
            });
            let mut upload = Upload {
                purpose: Purpose::ErrorSearch,
                step: 0,
                ..self.copy_of(search.of, &places)?
            };
            let part = search.part(&places);
            let new = [NewUpload {
                upload: upload.clone(),
                records: part.iter().cloned().collect(),
            }];
            self.ledger.begin(new, &mut []).await?;
            let (end, delivered) = self.deliver(&mut upload, false).await;
            self.count_search_calls(delivered.calls);
            if end == End::IdTaken {
                self.id_taken(&mut upload, &part, delivered.reason).await?;
            }
            let (End::Verdict, Some(status)) = (end, delivered.status) else {
                search.uploads.push(upload);
                return Ok(());
            };
            let judgement = self.judge(&status, part.len()).await?;
            if let [place] = places[..]
                && status.status == RequestState::Failed
                && judgement.rest != RecordOutcome::Accepted
                && judgement.rejected.is_empty()
            {
                search.failed_alone.push(FailedAlone {
                    place,
                    upload,
                    judgement,
                });
                continue;
            }
            search.takes_others |= judgement.rest != RecordOutcome::NotAccepted;
            self.write_part(search, &places, upload, &judgement).await?;
            search.queue_rest(&judgement, places.into_iter());
        }
        Ok(())
    }

    /// Writes the verdict on a part into the ledger, and into the outcomes.
    async fn write_part(
        &self,
        search: &mut Search<'_>,
        places: &[usize],
        mut upload: Upload,
        judgement: &Judgement,
    ) -> Result<(), LedgerError> {
        let part = search.part(places);
        let outcomes = self.write_verdict(&mut upload, &part, judgement).await?;
        self.discard_body(&upload);
        upload.body = None;
        search.uploads.push(upload);
        for (place, outcome) in places.iter().zip(outcomes) {
            search.outcomes[*place] = outcome;
        }
        Ok(())
    }
}
