//! The asynchronous requests: uploads and deletions, from their acceptance to their outcome.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::faults::Verdict;
use crate::object_type::ObjectType;
use crate::time::{Processing, later};
use crate::validate::Change;

/// The states of an asynchronous request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadStatus {
    /// Waiting.
    Pending,
    /// Being processed.
    InProgress,
    /// Processed without an error.
    Done,
    /// Processed with errors.
    Failed,
}

impl UploadStatus {
    /// The name on the wire.
    ///
    /// ```
    /// assert_eq!(gong_sim::UploadStatus::InProgress.as_str(), "IN_PROGRESS");
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

impl fmt::Display for UploadStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The kind of an asynchronous request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadKind {
    /// Objects of this type were uploaded.
    Records(ObjectType),
    /// The integration is deleted.
    IntegrationDeletion,
}

/// One line that was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LineError {
    /// The line, counted from 1; 0 means the whole file.
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
    pub kind: UploadKind,
    /// Its state now.
    pub status: UploadStatus,
    /// The first errors; at most 1,000 are kept, and the API lists 20 of them.
    pub errors: Vec<LineError>,
    /// How many lines were rejected.
    pub total_error_count: u32,
    /// How many lines were good.
    pub total_success_count: u32,
    /// How many bytes the file had.
    pub file_size: u64,
    /// How often its status was asked for.
    pub polls: u32,
    /// When it was accepted, by the simulator's clock.
    pub accepted_at: SystemTime,
    pub(crate) file: Option<Bytes>,
}

impl Upload {
    /// The uploaded file; `None` for a deletion, and for a file that is no longer kept (see
    /// [`Builder::keep_bodies`](crate::Builder::keep_bodies)).
    pub fn file(&self) -> Option<&[u8]> {
        self.file.as_deref()
    }

    /// The uploaded file as text.
    ///
    /// ```
    /// let sim = gong_sim::Simulator::builder().start_blocking()?;
    /// for upload in sim.upload_history() {
    ///     println!("{} {:?}", upload.client_request_id, upload.file_text());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn file_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.file().map(String::from_utf8_lossy)
    }
}

/// A change that waits for its upload to be processed.
#[derive(Debug)]
pub(crate) struct StagedChange {
    pub(crate) line: u32,
    pub(crate) change: Change,
}

/// The changes of one upload by `objectId`.
pub(crate) type Staged = BTreeMap<Box<str>, StagedChange>;

/// The changes of processed uploads that are not visible yet, newest first.
#[derive(Debug, Default)]
pub(crate) struct Unseen<'uploads>(pub(crate) Vec<(ObjectType, &'uploads Staged)>);

/// The result of reading the file of an upload.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) errors: Vec<LineError>,
    pub(crate) total_error_count: u32,
    pub(crate) total_success_count: u32,
    /// How many good records changed something; counted while `success-counts-changes` is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) changed_count: Option<u32>,
    pub(crate) file_size: u64,
}

impl Outcome {
    /// More are counted and not kept.
    pub(crate) const ERRORS_KEPT: usize = 1_000;

    pub(crate) fn reject(&mut self, line: u32, description: String, bytes: &[u8]) {
        self.total_error_count += 1;
        if self.errors.len() < Self::ERRORS_KEPT {
            self.errors.push(LineError::new(line, description, bytes));
        }
    }

    /// The whole file is rejected: a single error for line 0.
    pub(crate) fn reject_file(&mut self, description: &str) {
        self.errors = vec![LineError::new(0, description.to_owned(), b"")];
        self.total_error_count = 1;
        self.total_success_count = 0;
        self.changed_count = None;
    }
}

/// The progress of an upload.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    pub(crate) polls: u32,
    pub(crate) finished_at: Option<Timestamp>,
}

/// One asynchronous request.
#[derive(Debug)]
pub(crate) struct StoredUpload {
    pub(crate) kind: UploadKind,
    pub(crate) accepted_at: Timestamp,
    pub(crate) processing: Processing,
    pub(crate) polls: u32,
    pub(crate) outcome: Outcome,
    /// Until then its status is unknown, by a fault.
    pub(crate) unknown_until: Option<Timestamp>,
    /// The status after processing, if a fault set it.
    pub(crate) verdict: Option<Verdict>,
    file: Option<Bytes>,
    finished_at: Option<Timestamp>,
    staged: Option<Staged>,
}

impl StoredUpload {
    pub(crate) fn new(
        kind: UploadKind,
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
            unknown_until: None,
            verdict: None,
            file: None,
            finished_at: None,
            staged: Some(staged),
        }
    }

    /// An upload of an earlier run, as it was left.
    pub(crate) fn restored(
        kind: UploadKind,
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
            unknown_until: None,
            verdict: None,
            file: None,
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

    pub(crate) fn status(&self, now: Timestamp) -> UploadStatus {
        if self.finished_at.is_some() {
            return if self.outcome.total_error_count == 0 {
                UploadStatus::Done
            } else {
                UploadStatus::Failed
            };
        }
        let started = match self.processing {
            Processing::Immediate => true,
            Processing::After(duration) => now >= later(self.accepted_at, duration / 2),
            Processing::Polls(_) | Processing::Never => self.polls > 1,
        };
        if started {
            UploadStatus::InProgress
        } else {
            UploadStatus::Pending
        }
    }

    /// When the processing was over, if it is.
    pub(crate) fn finished_at(&self) -> Option<Timestamp> {
        self.finished_at
    }

    /// Takes the outcome and the changes out to judge them.
    pub(crate) fn take_unjudged(&mut self) -> (Outcome, Staged) {
        let staged = self.staged.as_mut().map(std::mem::take);
        (
            std::mem::take(&mut self.outcome),
            staged.unwrap_or_default(),
        )
    }

    /// The processing is over, with this outcome.
    pub(crate) fn finish(&mut self, at: Timestamp, outcome: Outcome, staged: Staged) {
        self.finished_at = Some(at);
        self.outcome = outcome;
        self.staged = Some(staged);
    }

    /// The changes to make now, from `lag` after the finish on.
    pub(crate) fn take_visible(&mut self, lag: Duration, now: Timestamp) -> Option<Staged> {
        let is_visible = self
            .finished_at
            .is_some_and(|finished| later(finished, lag) <= now);
        if is_visible { self.staged.take() } else { None }
    }

    /// Whether its status is unknown by a fault.
    pub(crate) fn is_unknown(&self, now: Timestamp) -> bool {
        self.unknown_until.is_some_and(|until| now < until)
    }

    /// When the processing is over, if that is known by now.
    pub(crate) fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.processing {
            Processing::Immediate => Some(self.accepted_at).filter(|due| *due <= now),
            Processing::After(duration) => {
                Some(later(self.accepted_at, duration)).filter(|due| *due <= now)
            }
            Processing::Polls(polls) => (self.polls > polls).then_some(now),
            Processing::Never => None,
        }
    }
}

/// Integration and client request id.
pub(crate) type UploadKey = (i64, String);

/// All asynchronous requests by integration and client request id.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    by_key: HashMap<UploadKey, StoredUpload>,
    order: VecDeque<UploadKey>,
    /// Those whose changes are still to be made, in the order of their acceptance.
    waiting: Vec<UploadKey>,
    /// Those whose file is kept, oldest first, and how many bytes these are.
    with_file: VecDeque<UploadKey>,
    file_bytes: usize,
}

impl Uploads {
    /// Beyond this many the oldest finished ones are forgotten, so that a simulator can run for
    /// days. How long Gong remembers is not documented.
    const REMEMBERED: usize = 100_000;

    pub(crate) fn get(
        &self,
        integration_id: i64,
        client_request_id: &str,
    ) -> Option<&StoredUpload> {
        self.by_key
            .get(&(integration_id, client_request_id.to_owned()))
    }

    pub(crate) fn get_mut(
        &mut self,
        integration_id: i64,
        client_request_id: &str,
    ) -> Option<&mut StoredUpload> {
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

    pub(crate) fn add(
        &mut self,
        integration_id: i64,
        client_request_id: &str,
        upload: StoredUpload,
    ) {
        let key = (integration_id, client_request_id.to_owned());
        if upload.staged.is_some() {
            self.waiting.push(key.clone());
        }
        self.order.push_back(key.clone());
        self.by_key.insert(key, upload);
        if self.order.len() > Self::REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            let forgotten = self.by_key.remove(&oldest);
            let file = forgotten.and_then(|upload| upload.file);
            self.file_bytes -= file.map_or(0, |file| file.len());
            self.waiting.retain(|key| *key != oldest);
        }
    }

    pub(crate) fn nothing_is_due(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The keys of those whose changes are still to be made, in the order of their acceptance.
    pub(crate) fn waiting(&self) -> Vec<UploadKey> {
        self.waiting.clone()
    }

    /// The changes of processed uploads to an integration that are not visible yet, newest first.
    pub(crate) fn unseen(&self, integration_id: i64) -> Unseen<'_> {
        let staged = self.waiting.iter().rev().filter_map(|key| {
            let upload = self.by_key.get(key).filter(|_| key.0 == integration_id)?;
            let UploadKind::Records(object_type) = upload.kind else {
                return None;
            };
            upload.finished_at?;
            Some((object_type, upload.staged.as_ref()?))
        });
        Unseen(staged.collect())
    }

    pub(crate) fn by_key(&mut self, key: &UploadKey) -> Option<&mut StoredUpload> {
        self.by_key.get_mut(key)
    }

    /// No change of this one is to be made any more.
    pub(crate) fn forget_waiting(&mut self, key: &UploadKey) {
        self.waiting.retain(|waiting| waiting != key);
    }

    /// Keeps the file of an upload, and no more than `limit` bytes of all files together.
    pub(crate) fn keep_file(
        &mut self,
        integration_id: i64,
        client_request_id: &str,
        file: Bytes,
        limit: usize,
    ) {
        if file.len() > limit {
            return;
        }
        let key = (integration_id, client_request_id.to_owned());
        self.file_bytes += file.len();
        if let Some(upload) = self.by_key.get_mut(&key) {
            upload.file = Some(file);
        }
        self.with_file.push_back(key);
        while self.file_bytes > limit
            && let Some(oldest) = self.with_file.pop_front()
        {
            if let Some(upload) = self.by_key.get_mut(&oldest) {
                self.file_bytes -= upload.file.take().map_or(0, |file| file.len());
            }
        }
    }

    /// All of them, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (i64, &str, &StoredUpload)> {
        self.order
            .iter()
            .rev()
            .filter_map(|key| Some((key.0, &*key.1, self.by_key.get(key)?)))
    }

    /// All of them, oldest first.
    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = (i64, &str, &StoredUpload)> {
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
        upload: &StoredUpload,
        now: Timestamp,
    ) -> Upload {
        Upload {
            integration_id,
            client_request_id: client_request_id.to_owned(),
            kind: upload.kind,
            status: upload.status(now),
            errors: upload.outcome.errors.clone(),
            total_error_count: upload.outcome.total_error_count,
            total_success_count: upload.outcome.total_success_count,
            file_size: upload.outcome.file_size,
            polls: upload.polls,
            accepted_at: upload.accepted_at.into(),
            file: upload.file.clone(),
        }
    }
}
