//! How does one upload come to its end, whatever becomes of an answer?
//!
//! Its id is sent again, never replaced, while Gong may have it. Each step stands in the ledger
//! before the next is taken: what a killed process leaves there, [`Context::deliver`] goes on with.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::event::Event;
use super::journal::as_error;
use super::plan::PlannedFile;
use super::request_id::Fingerprint;
use super::verdict::{status_as_json, status_from_json};
use crate::ledger::{Job, JobState};
use gong_client::poll::PollError;
use gong_client::retry::{RetryAction, for_idempotent, for_upload};
use gong_client::upload::{Content, Upload};
use gong_client::{Error, ErrorKind};
use gong_client::{RequestState, RequestStatus};

/// How many times over Gong may have called the same content failed.
pub(super) const MAX_ATTEMPTS: u32 = 1000;

/// How often Gong must not know an id until it is taken for not arrived.
const NOT_KNOWN: u32 = 3;

/// An upload to be brought to its end.
#[derive(Debug)]
pub(super) struct Delivery<'a> {
    pub(super) file: &'a Arc<PlannedFile>,
    pub(super) pieces: u32,
    pub(super) job: Job,
    /// The bytes, if they are still to be had.
    pub(super) content: Option<&'a Content>,
    /// What the ids of the content are made of; none if the id is the user's own.
    pub(super) fingerprint: Option<Fingerprint>,
}

/// What became of an upload.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) job: Job,
    pub(super) ending: Ending,
    /// Whether this push sent it.
    pub(super) sent: bool,
}

/// How an upload ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// Gong has finished with it.
    Finished(RequestStatus),
    /// Gong has it; nobody waits.
    Accepted,
    /// Gong has it, and had not finished in time.
    TimedOut,
    /// Whether Gong has it, or what became of it, is not known.
    Unknown(Arc<Error>),
    /// Gong does not have it.
    Refused(Arc<Error>),
    /// It was not sent.
    NotSent(String),
}

/// How an upload ended of which the ledger knows the end.
pub(super) fn finished_before(job: &Job) -> Option<Ending> {
    let state = match job.state {
        JobState::Done => RequestState::Done,
        JobState::Failed => RequestState::Failed,
        _ => return None,
    };
    let answer = job.answer.as_deref().unwrap_or_default();
    Some(Ending::Finished(status_from_json(answer, state)))
}

/// What Gong says of an id.
enum Asked {
    Known(RequestStatus),
    NotKnown,
    Unanswered(Error),
}

impl Context {
    /// Brings an upload to its end, from wherever the ledger says that it is.
    pub(super) async fn deliver(&self, delivery: Delivery<'_>) -> Delivered {
        let gate = self.gate(&delivery.job.client_request_id);
        let mut was_delivered = gate.lock().await;
        let job = if *was_delivered {
            // By another file with the same content; otherwise nothing has changed since the plan.
            match self.as_delivered(&delivery.job).await {
                Ok(job) => job,
                Err(error) => {
                    return Delivered {
                        job: delivery.job,
                        ending: Ending::Refused(Arc::new(error)),
                        sent: false,
                    };
                }
            }
        } else {
            delivery.job.clone()
        };
        *was_delivered = true;
        let mut step = Step {
            context: self,
            delivery,
            is_open: matches!(job.state, JobState::Sending | JobState::Unknown),
            job,
            sent: false,
        };
        let ending = step.run().await;
        Delivered {
            job: step.job,
            ending,
            sent: step.sent,
        }
    }

    /// The job as an earlier delivery left it, in the place of this one.
    async fn as_delivered(&self, job: &Job) -> Result<Job, Error> {
        let id = &job.client_request_id;
        let known = self.journal.job(self.integration_id, id).await;
        Ok(known.map_err(as_error)?.map_or_else(
            || job.clone(),
            |known| Job {
                source_path: job.source_path.clone(),
                piece: job.piece,
                content: job.content.clone(),
                ..known
            },
        ))
    }
}

struct Step<'a> {
    context: &'a Context,
    delivery: Delivery<'a>,
    job: Job,
    /// Whether bytes have left of which it is not known whether Gong has them.
    is_open: bool,
    sent: bool,
}

impl Step<'_> {
    async fn run(&mut self) -> Ending {
        if let Some(ending) = finished_before(&self.job) {
            return ending;
        }
        match self.job.state {
            JobState::Sending | JobState::Unknown => match self.ask().await {
                Asked::Known(status) => self.accepted(Some(status)).await,
                Asked::NotKnown => self.send().await,
                Asked::Unanswered(error) => self.unknown(error).await,
            },
            JobState::Accepted | JobState::Processing => self.accepted(None).await,
            JobState::Done | JobState::Failed | JobState::Planned => self.send().await,
        }
    }

    /// Sends the content until Gong has it, or until it is clear that it won't.
    async fn send(&mut self) -> Ending {
        let Some(content) = self.delivery.content else {
            return self.lost_content().await;
        };
        let clock = &self.context.client.clock;
        let limits = self.context.options.retry;
        let started = clock.monotonic();
        let mut pauses = limits.pauses();
        let mut tries = 0;
        loop {
            // One upload at a time; the line is closed never, and lives as long as the push.
            let line = self.context.line.acquire().await;
            if let Some(reason) = self.context.hopeless() {
                return self.not_sent(reason.to_owned()).await;
            }
            if let Err(error) = self.record(JobState::Sending).await {
                // What is not written down is not sent.
                return Ending::Refused(Arc::new(as_error(error)));
            }
            tries += 1;
            let sent = self.send_once(content).await;
            drop(line);
            let Err(error) = sent else {
                self.sent = true;
                return self.accepted(None).await;
            };
            let mut pause = pauses.next().unwrap_or_default();
            match for_upload(&error) {
                RetryAction::Retry => {}
                RetryAction::RetryAfter => {
                    let wait = error.retry_after().unwrap_or_default();
                    if wait > limits.max_retry_after {
                        return self.give_up(error).await;
                    }
                    pause = pause.max(wait);
                }
                RetryAction::CheckStatusThenRetry => {
                    self.is_open = true;
                    match self.ask().await {
                        Asked::Known(status) => {
                            self.sent = true;
                            return self.accepted(Some(status)).await;
                        }
                        // Gong would know it by now.
                        Asked::NotKnown => {}
                        Asked::Unanswered(_) => return self.unknown(error).await,
                    }
                }
                RetryAction::ResolveConflict => match self.taken_before(error).await {
                    Before::Ended(ending) => return ending,
                    Before::NextAttempt => {
                        tries = 0;
                        continue;
                    }
                },
                RetryAction::GiveUp => return self.give_up(error).await,
            }
            let waited = clock.monotonic().saturating_sub(started);
            if tries >= limits.max_attempts || waited.saturating_add(pause) > limits.max_elapsed {
                return self.give_up(error).await;
            }
            self.pause(&error, pause).await;
        }
    }

    async fn send_once(&mut self, content: &Content) -> Result<(), Error> {
        let context = self.context;
        let upload = Upload::new(
            self.job.integration_id,
            self.job.object_type,
            self.job.client_request_id.clone(),
            content.path.clone(),
        );
        context.events.emit(Event::Sending {
            file: Arc::clone(self.delivery.file),
            client_request_id: self.job.client_request_id.clone(),
            piece: self.job.piece,
            pieces: self.delivery.pieces,
        });
        let file = self.delivery.file;
        let on_progress = |bytes| {
            context.events.emit(Event::Sent {
                file: Arc::clone(file),
                bytes,
            });
        };
        // Thousands of files may wait, and one at a time is sent.
        Box::pin(context.client.send(&upload, content, on_progress)).await
    }

    /// After a 409: Gong took the id before, from this push, an earlier one, or elsewhere.
    async fn taken_before(&mut self, error: Error) -> Before {
        match self.ask().await {
            Asked::Known(status) => {
                let failed = status.status == RequestState::Failed;
                if failed && !self.is_open && self.context.mode == super::context::Mode::Push {
                    // Not by this upload: an earlier one of the same content, of which this ledger
                    // does not know.
                    if self.next_attempt(&status).await {
                        return Before::NextAttempt;
                    }
                }
                self.sent = self.is_open;
                Before::Ended(self.accepted(Some(status)).await)
            }
            // It took the id, so it will know of it.
            Asked::NotKnown => Before::Ended(self.accepted(None).await),
            Asked::Unanswered(_) => {
                self.is_open = true;
                Before::Ended(self.unknown(error.with_outcome_unknown()).await)
            }
        }
    }

    /// Notes that the id failed and goes on with the next of the same content.
    async fn next_attempt(&mut self, status: &RequestStatus) -> bool {
        let Some(fingerprint) = &self.delivery.fingerprint else {
            return false;
        };
        let attempt = self.job.attempt + 1;
        if attempt > MAX_ATTEMPTS {
            return false;
        }
        let id = fingerprint.attempt(attempt);
        // The next attempt is the one to be reported.
        let content = self.job.content.take();
        self.finished(status).await;
        let now = self.context.client.clock.now();
        self.job = Job {
            client_request_id: id,
            attempt,
            state: JobState::Planned,
            planned_at: now,
            updated_at: now,
            finished_at: None,
            answer: None,
            content,
            ..self.job.clone()
        };
        true
    }

    /// Asks what Gong knows of the id, until it answers.
    async fn ask(&mut self) -> Asked {
        let context = self.context;
        let limits = context.options.retry;
        let mut pauses = limits.pauses();
        let (mut not_known, mut failures) = (0, 0);
        loop {
            let id = &self.job.client_request_id;
            let asked = context
                .client
                .request_status_once(self.job.integration_id, id)
                .await;
            let error = match asked {
                Ok(status) => {
                    self.polled(&status);
                    return Asked::Known(status);
                }
                Err(error) => error,
            };
            let mut pause = pauses.next().unwrap_or_default();
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::InvalidRequest
            ) {
                not_known += 1;
                if not_known >= NOT_KNOWN {
                    return Asked::NotKnown;
                }
                context.client.clock.sleep(pause).await;
                continue;
            }
            failures += 1;
            pause = pause.max(error.retry_after().unwrap_or_default());
            let gives_up = for_idempotent(&error) == RetryAction::GiveUp;
            if gives_up || failures >= limits.max_attempts || pause > limits.max_retry_after {
                return Asked::Unanswered(error);
            }
            self.pause(&error, pause).await;
        }
    }

    /// Gong has it: waits for the end.
    async fn accepted(&mut self, status: Option<RequestStatus>) -> Ending {
        let context = self.context;
        if self.job.state != JobState::Processing {
            // If this can't be written, the ledger says `sending`, and the status is asked again.
            drop(self.record(JobState::Accepted).await);
        }
        context.events.emit(Event::Accepted {
            file: Arc::clone(self.delivery.file),
            sent_now: self.sent,
        });
        if let Some(status) = &status
            && status.status.is_final()
        {
            self.finished(status).await;
            return Ending::Finished(status.clone());
        }
        if context.options.acceptance_only {
            return Ending::Accepted;
        }
        if self.sent && status.is_none() {
            let patience = context.options.patience;
            // Gong has hardly begun: a question now would be one of the day's calls for nothing.
            context
                .client
                .clock
                .sleep(patience.initial_interval.min(patience.timeout))
                .await;
        }
        match self.wait().await {
            Ok(status) => {
                self.finished(&status).await;
                Ending::Finished(status)
            }
            Err(PollError::TimedOut { .. }) => Ending::TimedOut,
            Err(PollError::Request(error)) => {
                let not_known = matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::InvalidRequest
                );
                if not_known {
                    self.job.answer = Some(error.to_string());
                    drop(self.record(JobState::Unknown).await);
                }
                Ending::Unknown(Arc::new(error))
            }
        }
    }

    async fn wait(&mut self) -> Result<RequestStatus, PollError> {
        let context = self.context;
        let (id, integration_id) = (self.job.client_request_id.clone(), self.job.integration_id);
        let file = Arc::clone(self.delivery.file);
        let polled = tokio::sync::Notify::new();
        let waiting =
            context
                .client
                .wait(integration_id, &id, context.options.patience, |status| {
                    context.events.emit(Event::Polled {
                        file: Arc::clone(&file),
                        status: status.clone(),
                    });
                    if !status.status.is_final() {
                        polled.notify_one();
                    }
                });
        let mut waiting = std::pin::pin!(waiting);
        loop {
            tokio::select! {
                biased;
                ended = &mut waiting => return ended,
                () = polled.notified(), if self.job.state != JobState::Processing => {
                    // The last state but one stands otherwise, which means the same to a resume.
                    drop(self.record(JobState::Processing).await);
                    self.job.state = JobState::Processing;
                }
            }
        }
    }

    /// Writes down how Gong finished.
    async fn finished(&mut self, status: &RequestStatus) {
        let state = match status.status {
            RequestState::Failed => JobState::Failed,
            _ => JobState::Done,
        };
        self.job.answer = Some(status_as_json(status));
        self.job.finished_at = Some(self.context.client.clock.now());
        // If this can't be written, the next push asks Gong and learns the same.
        if let Err(error) = self.record(state).await {
            self.context.note_ledger(&error);
        }
    }

    /// The tries are used up.
    async fn give_up(&mut self, error: Error) -> Ending {
        // Before anything is awaited, so that the next in line is stopped.
        self.context.note(&error);
        if self.is_open {
            return self.unknown(error.with_outcome_unknown()).await;
        }
        self.job.answer = Some(error.to_string());
        // A request that Gong calls wrong stays wrong; all else may be mended and resumed.
        let state = match error.kind() {
            ErrorKind::InvalidRequest | ErrorKind::NotFound => JobState::Failed,
            _ => JobState::Planned,
        };
        drop(self.record(state).await);
        Ending::Refused(Arc::new(error))
    }

    /// Nothing more is sent, for a reason that lies elsewhere.
    async fn not_sent(&mut self, reason: String) -> Ending {
        if self.is_open {
            let error = Error::new(ErrorKind::Transport, reason).with_outcome_unknown();
            return self.unknown(error).await;
        }
        if self.job.state == JobState::Sending {
            drop(self.record(JobState::Planned).await);
        }
        Ending::NotSent(reason)
    }

    async fn unknown(&mut self, error: Error) -> Ending {
        self.context.note(&error);
        self.job.answer = Some(error.to_string());
        drop(self.record(JobState::Unknown).await);
        Ending::Unknown(Arc::new(error))
    }

    /// The bytes would have to be sent, and are gone.
    async fn lost_content(&mut self) -> Ending {
        let path = self.job.source_path.display();
        let reason = format!(
            "{path} is not what it was when the upload was planned, and Gong has nothing of it: push \
             it again"
        );
        if self.job.state == JobState::Planned {
            drop(self.context.journal.forget(&self.job).await);
            // It is no longer open, as the report would have it.
            self.job.state = JobState::Failed;
        } else {
            self.job.answer = Some(reason.clone());
            drop(self.record(JobState::Failed).await);
        }
        Ending::NotSent(reason)
    }

    async fn record(&mut self, state: JobState) -> Result<(), crate::ledger::LedgerError> {
        let mut job = self.job.clone();
        job.state = state;
        job.updated_at = self.context.client.clock.now();
        self.context.journal.record(vec![job.clone()]).await?;
        self.job = job;
        Ok(())
    }

    fn polled(&self, status: &RequestStatus) {
        self.context.events.emit(Event::Polled {
            file: Arc::clone(self.delivery.file),
            status: status.clone(),
        });
    }

    async fn pause(&self, error: &Error, pause: Duration) {
        self.context.events.emit(Event::Retrying {
            path: self.delivery.file.path.clone(),
            error: error.to_string(),
            pause,
        });
        self.context.client.clock.sleep(pause).await;
    }
}

/// What follows from a 409.
enum Before {
    Ended(Ending),
    NextAttempt,
}
