//! Runs the uploads of a plan: each in its turn, and each to its end.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use tracing::Instrument as _;

use super::ended::{Ended, unfinished};
use super::execute::execute;
use super::graph::{Work, graph};
use super::level::Level;
use super::planned::Planned;
use super::report::Status;
use super::session::Session;
use super::waiting::NewRecords;
use super::{Wait, trace};
use crate::ObjectType;
use crate::ledger::{Direction, Milliseconds, Pending, Upload, UploadState};

/// Becomes ready when the push is canceled.
pub(super) async fn canceled(mut cancel: watch::Receiver<bool>) {
    if cancel.wait_for(|is_canceled| *is_canceled).await.is_err() {
        // Nobody can cancel any more.
        std::future::pending::<()>().await;
    }
}

/// The uploads of a push that ended without a verdict.
#[derive(Debug, Default)]
struct Unresolved(Mutex<Vec<Open>>);

#[derive(Debug)]
struct Open {
    object_type: ObjectType,
    /// Its push, and its step in it.
    version: (Milliseconds, u16),
    /// Whether deletions wait for it.
    keeps_deletions: bool,
}

impl Unresolved {
    fn add(&self, open: Open) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(open);
    }

    /// Why an upload must not be sent yet, if that is so.
    fn reason_against(&self, upload: &Upload, level: Level) -> Option<&'static str> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_deletion = level.direction() == Direction::Delete;
        if is_deletion && all.iter().any(|open| open.keeps_deletions) {
            return Some("not sent: deletions are sent after every earlier upload has its verdict");
        }
        let version = (upload.push, upload.step);
        let has_earlier_version =
            |open: &Open| open.object_type == upload.object_type && open.version < version;
        let is_planned = upload.state == UploadState::Planned;
        let waits = is_planned && upload.step > 0 && all.iter().any(has_earlier_version);
        waits.then_some("not sent: an earlier version of its records has no verdict yet")
    }
}

impl Session {
    /// Runs uploads in the order of their levels. Gives the result of each, and whether the push
    /// was canceled.
    pub(super) async fn run(
        &self,
        mut uploads: Vec<Planned>,
        cancel: watch::Receiver<bool>,
    ) -> (Vec<Ended>, bool) {
        uploads.sort_by_key(|planned| {
            let upload = &planned.upload;
            (
                !planned.is_older,
                upload.push,
                planned.level(),
                upload.number,
            )
        });
        let known: Vec<Upload> = uploads
            .iter()
            .map(|planned| planned.upload.clone())
            .collect();
        // Without them, nothing is sent: it could refer to what is not in Gong yet.
        let new_records = match self.note_open_uploads(&uploads).await {
            Ok(new_records) => new_records,
            Err(error) => {
                self.note_ledger(&error);
                NewRecords::new()
            }
        };
        let (steps, places) = graph(uploads);
        let unresolved = Unresolved::default();
        let run = |work| {
            let (unresolved, new_records) = (&unresolved, &new_records);
            async move {
                match work {
                    Work::Barrier => None,
                    Work::AccountDelay => {
                        self.wait_for_accounts().await;
                        None
                    }
                    Work::Upload(planned) => {
                        Some(self.run_upload(*planned, unresolved, new_records).await)
                    }
                }
            }
        };
        let mut results = execute(steps, run, canceled(cancel.clone())).await;
        // A push that is stopped after its last step is not canceled.
        let is_canceled = results.iter().any(Option::is_none);
        let mut all = Vec::with_capacity(known.len());
        for (upload, place) in known.into_iter().zip(places) {
            let ended = results.get_mut(place).and_then(Option::take).flatten();
            all.push(match ended {
                Some(ended) => ended,
                None => self.interrupted(upload).await,
            });
        }
        (all, is_canceled)
    }

    /// Brings an upload to its end, unless one before it has none.
    async fn run_upload(
        &self,
        planned: Planned,
        unresolved: &Unresolved,
        new_records: &NewRecords,
    ) -> Ended {
        let level = planned.level();
        let Planned { upload, is_older } = planned;
        let open = Open {
            object_type: upload.object_type,
            version: (upload.push, upload.step),
            keeps_deletions: level.direction() == Direction::Upsert,
        };
        let mut reason = unresolved.reason_against(&upload, level).map(str::to_owned);
        if reason.is_none() {
            reason = self.parent_under_way(&upload).unwrap_or_else(|error| {
                self.note_ledger(&error);
                Some(format!("not sent: {error}"))
            });
        }
        let ended = match reason {
            Some(reason) => self.not_yet(upload, reason).await,
            None => {
                let span = trace::upload(&upload);
                let work = Box::pin(self.bring_to_end(upload, is_older));
                let ended = work.instrument(span.clone()).await;
                trace::record_upload(&span, &ended);
                ended
            }
        };
        if !ended.is_open() {
            for record in new_records.get(&ended.number).into_iter().flatten() {
                self.under_way.remove(record);
            }
            return ended;
        }
        if let Err(error) = self.note_under_way(&ended.upload).await {
            self.note_ledger(&error);
        }
        let is_waited_for =
            ended.status != Status::TimedOut || self.options.wait == Wait::UntilDone;
        unresolved.add(Open {
            keeps_deletions: open.keeps_deletions && is_waited_for,
            ..open
        });
        ended
    }

    /// An upload that waits, because an earlier one has no verdict.
    async fn not_yet(&self, upload: Upload, reason: String) -> Ended {
        let pending = self.pending_of(&upload).await;
        unfinished(upload, Status::NotSent, reason, &pending)
    }

    /// An upload that the push was canceled before or in.
    async fn interrupted(&self, upload: Upload) -> Ended {
        let known = self.ledger.ledger().upload_numbered(upload.number).await;
        let upload = known.ok().flatten().unwrap_or(upload);
        let (status, reason) = match upload.state {
            UploadState::Planned => (Status::NotSent, "not sent: the push was stopped"),
            UploadState::Sending | UploadState::Accepted => {
                (Status::Canceled, "the push was stopped before its verdict")
            }
            UploadState::Dropped | UploadState::Lost => {
                return Ended::without_records(upload, Status::Done);
            }
            UploadState::Done | UploadState::Failed => return Ended::concluded(upload),
        };
        let pending = self.pending_of(&upload).await;
        unfinished(upload, status, reason.to_owned(), &pending)
    }

    pub(super) async fn pending_of(&self, upload: &Upload) -> Vec<Pending> {
        // For the report only, which has the upload also without its records.
        self.ledger
            .manifest(upload.number)
            .await
            .unwrap_or_default()
    }
}
