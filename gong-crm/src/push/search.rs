//! Finds the records that Gong rejected and did not list.
//!
//! Gong lists at most 20 errors per upload. Records that its verdict leaves open are sent again in
//! halves: a half without errors is accepted, and for the others Gong lists 20 more errors.

use std::collections::VecDeque;

use super::ended::Outcome;
use super::event::Event;
use super::session::Session;
use super::transition::End;
use super::verdict::{Judgement, Rest};
use crate::ledger::{LedgerError, NewUpload, Pending, Purpose, RecordOutcome, Upload};

/// How often the same content may fail as a whole before it is sent in halves.
const WHOLE_FAILURES_BEFORE_HALVES: u8 = 2;

impl Session {
    /// The parts in which an upload's records are sent again, to learn which of them Gong rejects.
    pub(super) async fn search_queue(
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
                    RecordOutcome::Uncertain | RecordOutcome::NotAccepted
                )
            })
            .collect();
        let mut queue = VecDeque::new();
        match judgement.rest {
            // A record that was sent alone has no more errors to list.
            Rest::Uncertain if judgement.has_unlisted && pending.len() > 1 => {
                halves(open, &mut queue);
            }
            Rest::Uncertain if !judgement.rejected.is_empty() => queue.push_back(open),
            Rest::NotAccepted if open.len() > 1 => {
                let first = pending.first().map(|pending| pending.object_id.as_str());
                let ledger = self.ledger.ledger();
                let states = ledger
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

    pub(super) async fn search(
        &self,
        of: &Upload,
        body: &str,
        pending: &[Pending],
        queue: VecDeque<Vec<usize>>,
        outcomes: &mut [Outcome],
        searches: &mut Vec<Upload>,
    ) -> Result<(), LedgerError> {
        let mut alone = Alone::default();
        let searched = self
            .search_parts(of, body, pending, queue, outcomes, searches, &mut alone)
            .await;
        for mut found in alone.failed {
            // If Gong accepts the others, only this record can be wrong. If it accepts nothing,
            // this says nothing about the record.
            if alone.takes_others {
                let reason = std::mem::take(&mut found.judgement.reason);
                found.judgement.rejected.insert(0, reason);
                found.judgement.rest = Rest::Rejected;
                found.judgement.failed_whole = true;
            }
            let part = [Pending {
                is_known: true,
                ..pending[found.place].clone()
            }];
            let written = self
                .write_verdict(&mut found.upload, &part, &found.judgement)
                .await?;
            self.discard_body(&found.upload);
            found.upload.body = None;
            if let Some(outcome) = written.into_iter().next() {
                outcomes[found.place] = outcome;
            }
            searches.push(found.upload);
        }
        searched
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "it is a part of `search`, which goes on after every end of it"
    )]
    async fn search_parts(
        &self,
        of: &Upload,
        body: &str,
        pending: &[Pending],
        mut queue: VecDeque<Vec<usize>>,
        outcomes: &mut [Outcome],
        searches: &mut Vec<Upload>,
        alone: &mut Alone,
    ) -> Result<(), LedgerError> {
        while let Some(places) = queue.pop_front() {
            if self.fatal().is_some() || !self.may_search().await? {
                return Ok(());
            }
            self.events.emit(Event::Searching {
                client_request_id: of.client_request_id.clone(),
                records: places.len() as u64,
            });
            let mut upload = Upload {
                purpose: Purpose::ErrorSearch,
                step: 0,
                ..self.copy_of(of, body, &places).await?
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
                records: part.iter().cloned().collect(),
            }];
            self.ledger.begin(new, &mut []).await?;
            let delivered = self.deliver(&mut upload, false).await;
            self.count_search_calls(delivered.calls);
            if delivered.end == End::IdTaken {
                self.id_taken(&mut upload, &part).await?;
            }
            let (End::Verdict, Some(status)) = (delivered.end, delivered.status) else {
                searches.push(upload);
                return Ok(());
            };
            let judgement = self.judge(&status, part.len()).await?;
            if let [place] = places[..]
                && status.status == gong_client::status::RequestState::Failed
                && judgement.rest != Rest::Accepted
                && judgement.rejected.is_empty()
            {
                alone.failed.push(FailedAlone {
                    place,
                    upload,
                    judgement,
                });
                continue;
            }
            alone.takes_others |= judgement.rest != Rest::NotAccepted;
            let found = self.write_verdict(&mut upload, &part, &judgement).await?;
            self.discard_body(&upload);
            upload.body = None;
            searches.push(upload);
            let mut open = Vec::new();
            for (place, outcome) in places.iter().zip(found) {
                if matches!(
                    outcome.outcome,
                    RecordOutcome::Uncertain | RecordOutcome::NotAccepted
                ) {
                    open.push(*place);
                }
                outcomes[*place] = outcome;
            }
            match judgement.rest {
                Rest::Uncertain if judgement.has_unlisted && places.len() > 1 => {
                    halves(open, &mut queue);
                }
                Rest::Uncertain if !judgement.rejected.is_empty() => queue.push_back(open),
                Rest::NotAccepted => halves(open, &mut queue),
                // Counts that say nothing say no more when they are asked again.
                _ => {}
            }
        }
        Ok(())
    }
}

/// Records whose upload failed as a whole although it had no other record.
#[derive(Default)]
struct Alone {
    failed: Vec<FailedAlone>,
    /// Whether Gong accepted others in the meantime.
    takes_others: bool,
}

struct FailedAlone {
    place: usize,
    upload: Upload,
    judgement: Judgement,
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
