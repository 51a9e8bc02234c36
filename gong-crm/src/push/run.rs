//! Runs the uploads of a plan: each in its turn, and each to its end.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use tracing::Instrument as _;

use super::ended::{Ended, unfinished, unsent};
use super::execute::execute;
use super::graph::{Work, graph};
use super::level::Level;
use super::planned::Planned;
use super::report::Status;
use super::session::Session;
use super::waiting::NewRecords;
use super::{Wait, trace};
use crate::ledger::{Direction, Milliseconds, Pending, Upload, UploadState};
use crate::{ClientRequestId, ObjectType};

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
    id: ClientRequestId,
    object_type: ObjectType,
    /// Its push, and its step in it.
    version: (Milliseconds, u16),
    /// Whether deletions wait for it.
    keeps_deletions: bool,
    records: HashSet<String>,
}

impl Unresolved {
    fn add(&self, open: Open) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(open);
    }

    /// Takes an upload out, because it is tried once more.
    fn remove(&self, upload: &Upload) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|open| open.id != upload.client_request_id);
    }

    /// Why an upload with these records must not be sent yet, if that is so.
    fn reason_against(&self, upload: &Upload, level: Level, records: &[Pending]) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if level.direction() == Direction::Delete {
            let before = all.iter().find(|open| open.keeps_deletions)?;
            return Some(format!(
                "deletions are sent after every earlier upload has its verdict, and {} has none",
                before.id
            ));
        }
        let version = (upload.push, upload.step);
        let mut earlier = all
            .iter()
            .filter(|open| open.object_type == upload.object_type && open.version < version);
        earlier.find_map(|open| {
            let mut records = records.iter().map(|pending| &pending.object_id);
            let id = records.find(|id| open.records.contains(*id))?;
            Some(format!(
                "{} has an earlier version of {id}, and no verdict yet",
                open.id
            ))
        })
    }
}

impl Session {
    /// Runs uploads in the order of their levels. Gives the result of each, and whether the push
    /// was canceled.
    pub(super) async fn run(
        &self,
        uploads: Vec<Planned>,
        cancel: watch::Receiver<bool>,
    ) -> (Vec<Ended>, bool) {
        let unresolved = Unresolved::default();
        let (mut all, mut is_canceled) = self.run_once(uploads, &unresolved, &cancel).await;
        let mut has_verdicts = all.iter().any(|ended| !ended.is_open());
        // Pushes are finished one after another, and one of them can wait for what a later one brings.
        while has_verdicts && !is_canceled && self.fatal().is_none() {
            let waiting = all.iter().enumerate();
            let waiting: Vec<usize> = waiting
                .filter(|(_, ended)| ended.waits)
                .map(|(place, _)| place)
                .collect();
            if waiting.is_empty() {
                break;
            }
            let mut again = Vec::with_capacity(waiting.len());
            for place in &waiting {
                let upload = all[*place].upload.clone();
                unresolved.remove(&upload);
                self.forget_under_way(&upload).await;
                again.push(Planned::older(upload));
            }
            let ended;
            (ended, is_canceled) = self.run_once(again, &unresolved, &cancel).await;
            has_verdicts = ended.iter().any(|ended| !ended.is_open());
            let mut by_number: HashMap<u64, Ended> = ended
                .into_iter()
                .map(|ended| (ended.number, ended))
                .collect();
            for place in waiting {
                let number = all[place].number;
                if let Some(ended) = by_number.remove(&all[place].upload.number) {
                    all[place] = Ended { number, ..ended };
                }
            }
        }
        (all, is_canceled)
    }

    /// The same, each upload once. Those that wait for others are not sent.
    async fn run_once(
        &self,
        mut uploads: Vec<Planned>,
        unresolved: &Unresolved,
        cancel: &watch::Receiver<bool>,
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
        let run = |work| {
            let new_records = &new_records;
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
        let ended = match self.reason_against(&upload, level, unresolved).await {
            Some(reason) => {
                let pending = self.pending_of(&upload).await;
                unsent(upload, &reason, &pending)
            }
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
        // Those of older ones were noted before.
        if !is_older && let Err(error) = self.note_under_way(&ended.upload).await {
            self.note_ledger(&error);
        }
        let is_waited_for =
            ended.status != Status::TimedOut || self.options.wait == Wait::UntilDone;
        let records = self.pending_of(&ended.upload).await.into_iter();
        unresolved.add(Open {
            id: ended.upload.client_request_id.clone(),
            object_type: ended.upload.object_type,
            version: (ended.upload.push, ended.upload.step),
            keeps_deletions: level.direction() == Direction::Upsert && is_waited_for,
            records: records.map(|pending| pending.object_id).collect(),
        });
        ended
    }

    /// Why an upload must not be sent yet, if that is so.
    async fn reason_against(
        &self,
        upload: &Upload,
        level: Level,
        unresolved: &Unresolved,
    ) -> Option<String> {
        let has_earlier_versions = upload.step > 0 && upload.state == UploadState::Planned;
        let records = if has_earlier_versions {
            self.pending_of(upload).await
        } else {
            Vec::new()
        };
        if let Some(reason) = unresolved.reason_against(upload, level, &records) {
            return Some(reason);
        }
        self.parent_under_way(upload).await.unwrap_or_else(|error| {
            self.note_ledger(&error);
            Some(error.to_string())
        })
    }

    /// An upload that the push was canceled before or in.
    async fn interrupted(&self, upload: Upload) -> Ended {
        let known = self.ledger.ledger().upload_numbered(upload.number).await;
        let upload = known.ok().flatten().unwrap_or(upload);
        let (status, reason) = match upload.state {
            UploadState::Planned => (Status::NotSent, "not sent: stopped before its turn"),
            UploadState::Sending | UploadState::Accepted => {
                (Status::Canceled, "stopped before its verdict")
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
