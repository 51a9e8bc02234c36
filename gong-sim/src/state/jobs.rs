//! The asynchronous requests: uploads and deletions, from their acceptance to their outcome.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::{Change, ObjectType};

/// How long accepted uploads take until they are processed.
///
/// As JSON, for `POST /_sim/settings`: `"immediate"`, `{"after": 1500}` (milliseconds),
/// `{"polls": 2}`, `"never"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Processing {
    /// They are processed before the first poll.
    Immediate,
    /// They are processed when this much of the simulator's time has passed.
    After(#[serde(with = "crate::milliseconds")] Duration),
    /// This many polls are answered `PENDING` (the first) or `IN_PROGRESS` (the others).
    Polls(u32),
    /// They are never processed.
    Never,
}

/// The states of an asynchronous request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// Waiting.
    Pending,
    /// Being processed.
    InProgress,
    /// Processed without an error.
    Done,
    /// Processed with errors.
    Failed,
}

impl JobStatus {
    /// The name on the wire.
    ///
    /// ```
    /// assert_eq!(gong_sim::JobStatus::InProgress.as_str(), "IN_PROGRESS");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What an asynchronous request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Objects of this type were uploaded.
    Upload(ObjectType),
    /// The integration is deleted.
    Deletion,
}

/// One line that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LineError {
    /// The line, counted from 1; 0 stands for the whole file.
    pub line: u32,
    /// Why.
    pub description: String,
    /// The beginning of the line, for people to see.
    pub text: String,
}

impl LineError {
    pub(crate) fn new(line: u32, description: String, bytes: &[u8]) -> Self {
        /// Enough to recognize a record by, little enough to keep a thousand of.
        const SHOWN: usize = 300;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned();
        Self {
            line,
            description,
            text,
        }
    }
}

/// An asynchronous request, as the inspecting methods show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// The integration it belongs to.
    pub integration_id: i64,
    /// The id that the client chose.
    pub client_request_id: String,
    /// Upload or deletion.
    pub kind: JobKind,
    /// Its state now.
    pub status: JobStatus,
    /// The first errors; at most 1,000 are kept, and the API lists 20 of them.
    pub errors: Vec<LineError>,
    /// How many lines were refused.
    pub total_error_count: u32,
    /// How many lines were good.
    pub total_success_count: u32,
    /// How many bytes the file had.
    pub file_size: u64,
    /// How often its status was asked for.
    pub polls: u32,
}

/// A change that waits for its upload to be processed.
#[derive(Debug)]
pub(crate) struct StagedChange {
    pub(crate) line: u32,
    pub(crate) change: Change,
}

/// The changes of one upload by `objectId`.
pub(crate) type Staged = BTreeMap<Box<str>, StagedChange>;

/// What reading the file of an upload came to.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) errors: Vec<LineError>,
    pub(crate) total_error_count: u32,
    pub(crate) total_success_count: u32,
    pub(crate) file_size: u64,
}

impl Outcome {
    /// More are counted and not kept.
    pub(crate) const ERRORS_KEPT: usize = 1_000;

    pub(crate) fn refuse(&mut self, line: u32, description: String, bytes: &[u8]) {
        self.total_error_count += 1;
        if self.errors.len() < Self::ERRORS_KEPT {
            self.errors.push(LineError::new(line, description, bytes));
        }
    }

    /// The whole file is refused: a single error for line 0.
    pub(crate) fn refuse_file(&mut self, description: &str) {
        self.errors = vec![LineError::new(0, description.to_owned(), b"")];
        self.total_error_count = 1;
        self.total_success_count = 0;
    }
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    pub(crate) polls: u32,
    pub(crate) finished_at: Option<Timestamp>,
}

/// One asynchronous request.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) kind: JobKind,
    pub(crate) accepted_at: Timestamp,
    pub(crate) processing: Processing,
    pub(crate) polls: u32,
    pub(crate) outcome: Outcome,
    finished_at: Option<Timestamp>,
    staged: Option<Staged>,
}

impl Job {
    pub(crate) fn new(
        kind: JobKind,
        accepted_at: Timestamp,
        processing: Processing,
        outcome: Outcome,
        staged: Staged,
    ) -> Self {
        Self {
            kind,
            accepted_at,
            processing,
            polls: 0,
            outcome,
            finished_at: None,
            staged: Some(staged),
        }
    }

    /// A job of an earlier run, as it was left.
    pub(crate) fn restored(
        kind: JobKind,
        accepted_at: Timestamp,
        processing: Processing,
        outcome: Outcome,
        progress: Progress,
        staged: Option<Staged>,
    ) -> Self {
        let Progress { polls, finished_at } = progress;
        Self {
            kind,
            accepted_at,
            processing,
            polls,
            outcome,
            finished_at,
            staged,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            polls: self.polls,
            finished_at: self.finished_at,
        }
    }

    /// The changes that are still to be made.
    pub(crate) fn staged(&self) -> Option<&Staged> {
        self.staged.as_ref()
    }

    pub(crate) fn staged_mut(&mut self) -> Option<&mut Staged> {
        self.staged.as_mut()
    }

    pub(crate) fn status(&self, now: Timestamp) -> JobStatus {
        if self.finished_at.is_some() {
            return if self.outcome.total_error_count == 0 {
                JobStatus::Done
            } else {
                JobStatus::Failed
            };
        }
        let started = match self.processing {
            Processing::Immediate => true,
            Processing::After(duration) => now >= later(self.accepted_at, duration / 2),
            Processing::Polls(_) | Processing::Never => self.polls > 1,
        };
        if started {
            JobStatus::InProgress
        } else {
            JobStatus::Pending
        }
    }

    /// When the processing is over, if that is known by now.
    fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.processing {
            Processing::Immediate => Some(self.accepted_at),
            Processing::After(duration) => {
                Some(later(self.accepted_at, duration)).filter(|due| *due <= now)
            }
            Processing::Polls(polls) => (self.polls > polls).then_some(now),
            Processing::Never => None,
        }
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

type JobKey = (i64, String);

/// A job whose changes are to be made now.
#[derive(Debug)]
pub(crate) struct DueJob {
    pub(crate) integration_id: i64,
    pub(crate) kind: JobKind,
    pub(crate) staged: Staged,
}

/// All asynchronous requests by integration and client request id.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    by_key: HashMap<JobKey, Job>,
    order: VecDeque<JobKey>,
    /// Those whose changes are still to be made, in the order of their acceptance.
    waiting: Vec<JobKey>,
}

impl Jobs {
    /// Beyond this many the oldest finished ones are forgotten, so that a simulator can run for
    /// days. How long Gong remembers is not documented.
    const REMEMBERED: usize = 100_000;

    pub(crate) fn get(&self, integration_id: i64, client_request_id: &str) -> Option<&Job> {
        self.by_key
            .get(&(integration_id, client_request_id.to_owned()))
    }

    pub(crate) fn get_mut(
        &mut self,
        integration_id: i64,
        client_request_id: &str,
    ) -> Option<&mut Job> {
        self.by_key
            .get_mut(&(integration_id, client_request_id.to_owned()))
    }

    /// Whether the id was used with this integration, or with any when `within` is `None`.
    pub(crate) fn is_used(&self, client_request_id: &str, within: Option<i64>) -> bool {
        match within {
            Some(integration_id) => self.get(integration_id, client_request_id).is_some(),
            None => self.order.iter().any(|(_, used)| used == client_request_id),
        }
    }

    pub(crate) fn add(&mut self, integration_id: i64, client_request_id: &str, job: Job) {
        let key = (integration_id, client_request_id.to_owned());
        if job.staged.is_some() {
            self.waiting.push(key.clone());
        }
        self.order.push_back(key.clone());
        self.by_key.insert(key, job);
        if self.order.len() > Self::REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
            self.waiting.retain(|key| *key != oldest);
        }
    }

    pub(crate) fn nothing_is_due(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Finishes what is due and hands over the changes that are to be made, which for uploads is
    /// `read_lag` after the finish.
    pub(crate) fn take_due(&mut self, now: Timestamp, read_lag: Duration) -> Vec<DueJob> {
        let mut due = Vec::new();
        let jobs = &mut self.by_key;
        self.waiting.retain(|key| {
            let Some(job) = jobs.get_mut(key) else {
                return false;
            };
            if job.finished_at.is_none() {
                job.finished_at = job.due_at(now);
            }
            let lag = if job.kind == JobKind::Deletion {
                Duration::ZERO
            } else {
                read_lag
            };
            let visible = job
                .finished_at
                .is_some_and(|finished| later(finished, lag) <= now);
            if visible && let Some(staged) = job.staged.take() {
                due.push(DueJob {
                    integration_id: key.0,
                    kind: job.kind,
                    staged,
                });
            }
            !visible
        });
        due
    }

    /// All of them, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (i64, &str, &Job)> {
        self.order
            .iter()
            .rev()
            .filter_map(|key| Some((key.0, &*key.1, self.by_key.get(key)?)))
    }

    /// All of them, oldest first.
    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = (i64, &str, &Job)> {
        self.order
            .iter()
            .filter_map(|key| Some((key.0, &*key.1, self.by_key.get(key)?)))
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn show(
        integration_id: i64,
        client_request_id: &str,
        job: &Job,
        now: Timestamp,
    ) -> Upload {
        Upload {
            integration_id,
            client_request_id: client_request_id.to_owned(),
            kind: job.kind,
            status: job.status(now),
            errors: job.outcome.errors.clone(),
            total_error_count: job.outcome.total_error_count,
            total_success_count: job.outcome.total_success_count,
            file_size: job.outcome.file_size,
            polls: job.polls,
        }
    }
}
