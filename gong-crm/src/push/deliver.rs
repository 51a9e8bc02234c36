//! Delivers one upload: sends it, polls its status, waits for the verdict.
//!
//! [`transition`](super::transition) decides what to do after each event; each step is in the
//! ledger before the next starts.

use std::sync::Arc;
use std::time::Duration;

use gong_client::error::{Error, ErrorKind};
use gong_client::retry::{Attempts, RetryAction, for_idempotent, for_upload};
use gong_client::status::RequestStatus;
use jiff::SignedDuration;

use super::Wait;
use super::event::Event as Progress;
use super::session::Session;
use super::transition::{End, Event, Next, State, next};
use crate::ledger::{Upload, UploadState};

/// How often Gong must not know an id before it counts as not arrived.
pub(super) const NOT_FOUND_BEFORE_RESEND: u32 = 3;

/// How often, and for how long, Gong must not know an id that it took before it counts as lost.
const NOT_FOUND_BEFORE_LOST: u32 = 3;
const LOST_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// An upload without a verdict after this time counts as lost.
const DEADLINE: SignedDuration = SignedDuration::from_hours(6);

/// How often a response that is not Gong's, such as a page of a proxy, counts as temporary.
const STRANGE_ANSWERS: u32 = 4;

/// What is known of an upload that was delivered.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// Gong's last status.
    pub(super) status: Option<RequestStatus>,
    /// Why there is no verdict.
    pub(super) reason: String,
    pub(super) cause: Option<Arc<Error>>,
    /// How many calls were made.
    pub(super) calls: u32,
}

/// An upload on its way.
struct Delivery<'s> {
    session: &'s Session,
    upload: &'s mut Upload,
    /// Whether an earlier push planned it.
    is_older: bool,
    state: State,
    known: Delivered,
    sending: Attempts<'s>,
    /// Why it is not known whether the last try arrived.
    unclear: Option<Arc<Error>>,
    /// When Gong accepted it, if it did so in this push.
    accepted: Option<Duration>,
}

impl Session {
    /// Delivers an upload, from any state in the ledger. Gives how it ended for this push.
    pub(super) async fn deliver(&self, upload: &mut Upload, is_older: bool) -> (End, Delivered) {
        let clock = &*self.client.clock;
        let mut delivery = Delivery {
            session: self,
            state: State {
                stage: upload.state,
                may_have_arrived: upload.state != UploadState::Planned,
            },
            upload,
            is_older,
            known: Delivered::default(),
            sending: Attempts::start(&self.options.retry, clock),
            unclear: None,
            accepted: None,
        };
        let mut event = Event::Begin;
        let end = loop {
            let (state, action) = next(delivery.state, event);
            delivery.state = state;
            let saved = match action {
                // `send` writes the state when it actually sends.
                Next::Send => Ok(()),
                // Written with what became of each record, in one transaction.
                Next::End(End::Verdict) => {
                    delivery.note_state();
                    Ok(())
                }
                _ => delivery.save().await,
            };
            if let Err(error) = saved {
                self.note_ledger(&error);
                delivery.known.reason = error.to_string();
                break if state.may_have_arrived {
                    End::Unknown
                } else {
                    End::NotSent
                };
            }
            event = match action {
                Next::Send => delivery.send().await,
                Next::AskWhetherItArrived => delivery.ask().await,
                Next::AwaitVerdict => delivery.await_verdict().await,
                Next::End(end) => break end,
            };
        };
        (end, delivery.known)
    }
}

impl Delivery<'_> {
    /// Writes the state down, if it is another than the ledger knows.
    async fn save(&mut self) -> Result<(), crate::ledger::LedgerError> {
        if self.note_state() {
            self.session.ledger.save(self.upload).await?;
        }
        Ok(())
    }

    /// Gives the upload its state; whether it is another than before.
    fn note_state(&mut self) -> bool {
        let stage = self.state.stage;
        let status = self.known.status.as_ref();
        let status = status.and_then(|status| serde_json::to_string(status).ok());
        let is_saved = self.upload.state == stage && self.upload.status == status;
        if is_saved {
            return false;
        }
        if stage == UploadState::Accepted && self.upload.accepted_at.is_none() {
            self.upload.accepted_at = Some(self.session.now());
            self.accepted = Some(self.session.client.clock.monotonic());
        }
        self.upload.state = stage;
        self.upload.status = status.or_else(|| self.upload.status.take());
        true
    }

    fn failed(&mut self, error: Error) -> Arc<Error> {
        let error = Arc::new(error);
        self.known.reason = error.to_string();
        self.known.cause = Some(Arc::clone(&error));
        error
    }

    /// Sends the body once.
    async fn send(&mut self) -> Event {
        let session = self.session;
        // What an earlier process planned can have lost its body, or have it cut by a crash.
        let has_body = if self.is_older {
            session.has_body(self.upload)
        } else {
            self.upload.body.is_some()
        };
        if !has_body {
            "its content is lost: push its records again".clone_into(&mut self.known.reason);
            return Event::StatusLost;
        }
        if let Some(error) = self.unclear.take()
            && self.pause_before_retry(&error).await.is_none()
        {
            return Event::SendGivenUp;
        }
        // The permits are never closed, and live as long as the push.
        let ready = session.ready_permit.acquire().await;
        if self.is_stopped() {
            return Event::SendRefused;
        }
        self.state.stage = UploadState::Sending;
        if let Err(error) = self.save().await {
            session.note_ledger(&error);
            self.known.reason = error.to_string();
            self.state.stage = UploadState::Planned;
            return Event::SendRefused;
        }
        let turn = session.send_permit.acquire().await;
        // Meanwhile, the one before it may have ended the push.
        if self.is_stopped() {
            return Event::SendRefused;
        }
        self.known.calls += 1;
        // Gong may take its time to answer, and needs nothing of the next upload for that.
        let sent = self.send_once((ready, turn)).await;
        let Err(error) = sent else {
            session.events.emit(Progress::Accepted {
                client_request_id: self.upload.client_request_id.clone(),
            });
            self.known.reason.clear();
            self.known.cause = None;
            return Event::SendAccepted;
        };
        let action = for_upload(&error);
        let error = self.failed(error);
        let event = match action {
            RetryAction::Retry | RetryAction::RetryAfter => Event::SendFailed,
            RetryAction::CheckStatusThenRetry => {
                // Its status is requested at once; the pause is before it is sent again.
                self.unclear = Some(error);
                return Event::SendUnclear;
            }
            RetryAction::ResolveConflict => {
                let is_other = self.upload.was_tried && !self.upload.has_own_id;
                if is_other && !self.state.may_have_arrived {
                    "an earlier try ended with an error, and now Gong knows its id: that try may have \
                     arrived"
                        .clone_into(&mut self.known.reason);
                    return Event::StatusLost;
                }
                return Event::SendConflict;
            }
            RetryAction::GiveUp => {
                self.upload.was_tried = true;
                session.note(&error);
                if is_not_found(&error) {
                    // Perhaps the integration is gone: then no record is as it was.
                    let due = session.ledger.ledger().make_look_due(session.space).await;
                    if let Err(error) = due {
                        session.note_ledger(&error);
                    }
                }
                return Event::SendRefused;
            }
        };
        self.upload.was_tried = true;
        // Nothing was sent yet: while it waits, there is no need to ask Gong about its id.
        if !self.state.may_have_arrived {
            self.state.stage = UploadState::Planned;
            if let Err(error) = self.save().await {
                session.note_ledger(&error);
            }
        }
        match self.pause_before_retry(&error).await {
            Some(()) => event,
            None => Event::SendGivenUp,
        }
    }

    /// Whether nothing more is sent, and why.
    fn is_stopped(&mut self) -> bool {
        let Some(fatal) = self.session.fatal() else {
            return false;
        };
        self.known.reason.clone_from(&fatal.reason);
        self.known.cause.clone_from(&fatal.error);
        true
    }

    /// Waits before the upload is sent again; `None` if it is not.
    async fn pause_before_retry(&mut self, error: &Arc<Error>) -> Option<()> {
        let clock = &*self.session.client.clock;
        let Some(pause) = self.sending.next_pause(error.retry_after()) else {
            self.session.note(error);
            return None;
        };
        self.session.events.emit(Progress::Retrying {
            client_request_id: self.upload.client_request_id.clone(),
            error: error.to_string(),
            pause,
        });
        clock.sleep(pause).await;
        Some(())
    }

    /// Sends the body. What it holds is dropped as soon as all of it is sent.
    async fn send_once<T: Send>(&mut self, held_while_sending: T) -> Result<(), Error> {
        let session = self.session;
        let body = self.upload.body.as_deref().unwrap_or_default();
        let upload = gong_client::Upload::new(
            self.upload.integration_id,
            self.upload.object_type,
            self.upload.client_request_id.clone(),
            session.spool.path(body),
        );
        session.events.emit(Progress::Sending {
            client_request_id: self.upload.client_request_id.clone(),
            object_type: self.upload.object_type,
            records: self.upload.records,
            bytes: self.upload.bytes,
        });
        let id = &self.upload.client_request_id;
        let (mut held, length) = (Some(held_while_sending), self.upload.bytes);
        let on_progress = |bytes| {
            if bytes >= length {
                held = None;
            }
            session.events.emit(Progress::Sent {
                client_request_id: id.clone(),
                bytes,
            });
        };
        Box::pin(session.client.api().upload(&upload, on_progress)).await
    }

    async fn status_once(&mut self) -> Result<RequestStatus, Error> {
        self.known.calls += 1;
        let client = self.session.client.api();
        let status = client
            .request_status_once(self.upload.integration_id, &self.upload.client_request_id)
            .await?;
        self.session.events.emit(Progress::Polled {
            client_request_id: self.upload.client_request_id.clone(),
            status: status.clone(),
        });
        Ok(status)
    }

    fn learn(&mut self, status: RequestStatus) -> Event {
        let is_final = status.status.is_final();
        self.known.status = Some(status);
        self.known.reason.clear();
        self.known.cause = None;
        if is_final {
            Event::StatusFinal
        } else {
            Event::StatusOpen
        }
    }

    /// Asks whether Gong has it, until it is clear.
    async fn ask(&mut self) -> Event {
        let clock = &*self.session.client.clock;
        let mut attempts = Attempts::start(&self.session.options.retry, clock);
        // Gong answers that it does not know the id: that call is not one that failed, so it is asked
        // again also where failed calls are not repeated.
        let mut answered = self.session.options.retry.pauses();
        let mut not_found = 0;
        loop {
            let error = match self.status_once().await {
                Ok(status) => return self.learn(status),
                Err(error) => error,
            };
            let retry_after = error.retry_after();
            if is_not_found(&error) {
                not_found += 1;
                if not_found >= NOT_FOUND_BEFORE_RESEND {
                    return Event::StatusNotFound;
                }
                clock.sleep(answered.next().unwrap_or_default()).await;
                continue;
            }
            let is_final = for_idempotent(&error) == RetryAction::GiveUp;
            let error = self.failed(error);
            let pause = attempts.next_pause(retry_after).filter(|_| !is_final);
            let Some(pause) = pause else {
                self.session.note(&error);
                return Event::StatusUnanswered;
            };
            clock.sleep(pause).await;
        }
    }

    /// Asks for the verdict until Gong has finished, or the time is up. Without waiting, it asks once
    /// about an upload of an earlier push: what comes after it waits for that verdict.
    async fn await_verdict(&mut self) -> Event {
        let mut policy = self.session.options.poll;
        if self.session.options.wait == Wait::UntilSent {
            if !self.is_older {
                "not waited for".clone_into(&mut self.known.reason);
                return Event::WaitGivenUp;
            }
            policy.timeout = Duration::ZERO;
        }
        let clock = &*self.session.client.clock;
        let started = clock.monotonic();
        let (mut strange, mut asked) = (0, 0_u32);
        // Gong processes in the background: what it accepted just now is hardly finished.
        let first = policy.pauses().next().filter(|_| self.accepted.is_some());
        if let Some(first) = first.filter(|first| *first <= policy.timeout) {
            clock.sleep(first).await;
        }
        for pause in policy.pauses() {
            let mut pause = pause;
            asked += 1;
            match self.status_once().await {
                Ok(status) if status.status.is_final() => return self.learn(status),
                Ok(status) => {
                    self.learn(status);
                }
                Err(error) if is_not_found(&error) => {
                    self.upload.not_found += 1;
                    self.failed(error);
                    let is_unknown = self.upload.not_found >= NOT_FOUND_BEFORE_LOST;
                    if is_unknown && self.age() >= LOST_AFTER {
                        return Event::StatusLost;
                    }
                    if let Err(error) = self.session.ledger.save(self.upload).await {
                        self.session.note_ledger(&error);
                    }
                }
                Err(error) => {
                    let gives_up = for_idempotent(&error) == RetryAction::GiveUp;
                    let retry_after = error.retry_after().unwrap_or_default();
                    strange += u32::from(error.kind() == ErrorKind::UnexpectedResponse);
                    let is_too_long = retry_after > self.session.options.retry.max_retry_after;
                    let error = self.failed(error);
                    if gives_up || is_too_long || strange > STRANGE_ANSWERS {
                        self.session.note(&error);
                        return Event::StatusUnanswered;
                    }
                    pause = pause.max(retry_after);
                }
            }
            if self.age() >= DEADLINE {
                let word = self.unknown_word();
                let word = word.map(|word| format!("; its last status is {word}"));
                let word = word.unwrap_or_default();
                self.known.reason = format!("Gong gave no verdict within 6 hours{word}");
                return Event::StatusLost;
            }
            let waited = clock.monotonic().saturating_sub(started);
            if waited.saturating_add(pause) > policy.timeout {
                if self.known.reason.is_empty() {
                    self.known.reason = self.unknown_word().map_or_else(
                        || still_processing(waited, asked),
                        |word| format!("Gong says that its status is {word}, which is not one of its words for that"),
                    );
                }
                return Event::WaitGivenUp;
            }
            clock.sleep(pause).await;
        }
        Event::WaitGivenUp
    }

    /// How long Gong has had it. What this push waits for is measured, so that a clock that is set
    /// meanwhile changes nothing.
    fn age(&self) -> SignedDuration {
        if let Some(since) = self.accepted {
            let age = self.session.client.clock.monotonic().saturating_sub(since);
            return SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        }
        let since = self.upload.accepted_at.unwrap_or(self.upload.planned_at);
        self.session.now().duration_since(since)
    }

    /// The word of Gong's last status, if it is none that we know.
    fn unknown_word(&self) -> Option<String> {
        self.known.status.as_ref()?.status.unknown_word()
    }
}

fn still_processing(waited: Duration, asked: u32) -> String {
    let seconds = waited.as_secs();
    let plural = if asked == 1 { "check" } else { "checks" };
    format!("Gong is still processing it after {seconds} s ({asked} status {plural})")
}

/// Whether Gong says that it does not know an id.
pub(super) fn is_not_found(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::InvalidRequest
    )
}
