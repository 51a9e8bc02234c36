//! What is left to do of the pushes that did not come to their end?

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::context::Context;
use super::delivery::Delivery;
use super::plan::PlannedFile;
use super::rejects::Reasons;
use super::report::{FileReport, FileStatus};
use super::request_id::{Fingerprint, hexadecimal};
use super::run::Course;
use super::source::{Readable, Source};
use super::split::LineMap;
use super::verdict::{PieceOutcome, summarize};
use crate::entity::ObjectType;
use crate::id::IntegrationId;
use crate::ledger::Job;

/// The unfinished jobs of one file.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) integration_id: IntegrationId,
    source_path: PathBuf,
    object_type: ObjectType,
    jobs: Vec<Job>,
}

/// Sorts jobs by file, in the order in which types go.
pub(super) fn groups(jobs: Vec<Job>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for job in jobs {
        let place = groups.iter().position(|group| {
            group.integration_id == job.integration_id
                && group.source_path == job.source_path
                && group.object_type == job.object_type
        });
        match place {
            Some(place) => groups[place].jobs.push(job),
            None => groups.push(Group {
                integration_id: job.integration_id,
                source_path: job.source_path.clone(),
                object_type: job.object_type,
                jobs: vec![job],
            }),
        }
    }
    groups.sort_by_key(|group| (group.integration_id, group.object_type));
    groups
}

impl Group {
    fn file(&self) -> PlannedFile {
        PlannedFile {
            bytes: std::fs::metadata(&self.source_path).map_or(0, |data| data.len()),
            path: self.source_path.clone(),
            object_type: self.object_type,
        }
    }

    /// Finds the content of the jobs again, if the file still is what it was; the rest of the jobs
    /// can only be asked about.
    pub(super) async fn course(self, context: &Context) -> (Option<Course>, Vec<Job>) {
        let file = Arc::new(self.file());
        let orphaned = self.jobs;
        if file.is_standard_input() {
            return (None, orphaned);
        }
        let most_bytes = context.options.most_bytes();
        let preparing = tokio::task::spawn_blocking(move || {
            let readable = Readable::of(&file)?;
            Source::prepare(file, readable, most_bytes, &BTreeSet::new())
        });
        let Ok(Ok(mut source)) = preparing.await else {
            return (None, orphaned);
        };
        let mut orphaned = orphaned;
        let mut jobs = Vec::new();
        let mut kept = Vec::new();
        for (number, piece) in (1..).zip(source.pieces) {
            let hash = hexadecimal(&piece.hash);
            let place = orphaned.iter().position(|job| job.content_hash == hash);
            let job = match place {
                Some(place) => Some(Job {
                    piece: number,
                    ..orphaned.remove(place)
                }),
                // Another upload of the file that has ended, so that the report is of the whole.
                None => last_attempt(context, source.file.object_type, &piece.hash, number).await,
            };
            if let Some(job) = job {
                jobs.push(job);
                kept.push(piece);
            }
        }
        source.pieces = kept;
        if jobs.is_empty() {
            return (None, orphaned);
        }
        let course = Course {
            source: Arc::new(source),
            jobs,
            outcomes: Vec::new(),
            left_out: Reasons::new(),
        };
        (Some(course), orphaned)
    }
}

async fn last_attempt(
    context: &Context,
    object_type: ObjectType,
    hash: &[u8; 32],
    number: u32,
) -> Option<Job> {
    let fingerprint = Fingerprint::new(context.integration_id, object_type, hash);
    let mut last = None;
    for attempt in 1.. {
        let id = fingerprint.attempt(attempt);
        match context.journal.job(context.integration_id, &id).await {
            Ok(Some(job)) => {
                last = Some(Job {
                    piece: number,
                    ..job
                });
            }
            Ok(None) | Err(_) => break,
        }
    }
    last
}

/// Finds out what became of uploads whose content is gone.
pub(super) async fn ask_about(context: &Context, orphaned: Vec<Job>) -> Vec<FileReport> {
    let mut reports = Vec::new();
    for job in orphaned {
        let file = Arc::new(PlannedFile {
            path: job.source_path.clone(),
            object_type: job.object_type,
            bytes: 0,
        });
        let mut report = FileReport::new(file.path.clone(), file.object_type, FileStatus::NotSent);
        report.records = job.records;
        let delivered = context
            .deliver(Delivery {
                file: &file,
                pieces: 1,
                job,
                content: None,
                fingerprint: None,
            })
            .await;
        summarize(
            &mut report,
            vec![PieceOutcome::of(delivered, &LineMap::identity())],
        );
        reports.push(report);
    }
    reports
}
