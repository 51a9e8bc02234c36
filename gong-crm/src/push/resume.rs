//! What is left to do of the pushes that did not come to their end?

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::context::Context;
use super::delivery::Delivery;
use super::plan::PlannedFile;
use super::rejects::Reasons;
use super::report::{FileReport, FileStatus};
use super::run::Course;
use super::source::{Readable, Source, SourcePiece, turn_of};
use super::split::LineMap;
use super::spool::Spool;
use super::verdict::{PieceOutcome, summarize};
use crate::ledger::Job;
use gong_records::ObjectType;
use gong_records::ids::{ClientRequestId, IntegrationId};

/// The open jobs of one file.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) integration_id: IntegrationId,
    /// How many older versions of the file are open too. They go first: of two versions, the one
    /// that arrives last stays in Gong.
    pub(super) older: usize,
    source_path: PathBuf,
    object_type: ObjectType,
    jobs: Vec<Job>,
}

/// Sorts jobs, the oldest first, by file: older versions of files before newer ones, and in the order
/// in which types go. Of files of which an id is named, and of those that share records with them, all
/// goes on: their uploads wait for each other.
pub(super) fn groups(jobs: Vec<Job>, ids: &[ClientRequestId]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for job in jobs {
        let place = groups
            .iter()
            .position(|group| group.jobs[0].is_of_file_of(&job));
        match place {
            Some(place) => groups[place].jobs.push(job),
            None => groups.push(Group {
                integration_id: job.integration_id,
                older: groups
                    .iter()
                    .filter(|group| group.is_version_of_file_of(&job))
                    .count(),
                source_path: job.source_path.clone(),
                object_type: job.object_type,
                jobs: vec![job],
            }),
        }
    }
    let is_named = |group: &Group| {
        let mut of_group = group.jobs.iter().map(|job| &job.client_request_id);
        of_group.any(|id| ids.contains(id))
    };
    let named: BTreeSet<String> = groups
        .iter()
        .filter(|group| is_named(group))
        .filter_map(Group::kin)
        .collect();
    groups.retain(|group| {
        ids.is_empty() || is_named(group) || group.kin().is_some_and(|kin| named.contains(&kin))
    });
    groups.sort_by_key(|group| (group.integration_id, group.older, group.object_type));
    groups
}

/// Sorts jobs as they would be resumed, one after another.
pub(super) fn in_order(jobs: Vec<Job>) -> Vec<Job> {
    let groups = groups(jobs, &[]).into_iter();
    let mut jobs: Vec<(usize, Job)> = groups
        .flat_map(|group| group.jobs.into_iter().map(move |job| (group.older, job)))
        .collect();
    jobs.sort_by_key(|(older, job)| {
        let turn = job.content.as_ref().map(turn_of);
        (*older, turn.map(|turn| turn.rank(job.object_type)))
    });
    jobs.into_iter().map(|(_, job)| job).collect()
}

impl Group {
    fn kin(&self) -> Option<String> {
        self.jobs[0].content.as_ref()?.kin.clone()
    }

    /// Whether the group is of the same file as the job, in another version perhaps.
    fn is_version_of_file_of(&self, job: &Job) -> bool {
        self.integration_id == job.integration_id
            && self.object_type == job.object_type
            && self.source_path == job.source_path
    }

    /// Finds the bytes of the jobs again, if they still are what they were; the rest of the jobs can
    /// only be asked about.
    pub(super) async fn course(self, context: &Context) -> (Option<Course>, Vec<Job>) {
        let spool = context.journal.spool();
        let asked_for = self.jobs.clone();
        let finding = tokio::task::spawn_blocking(move || self.found(&spool));
        finding.await.unwrap_or((None, asked_for))
    }

    fn found(self, spool: &Spool) -> (Option<Course>, Vec<Job>) {
        // The search for bad records goes on when the upload has ended that it belongs to.
        let (mut of_drain, mut jobs): (Vec<Job>, Vec<Job>) = self
            .jobs
            .into_iter()
            .partition(|job| job.content.as_ref().is_some_and(|of| of.is_of_drain));
        if jobs.is_empty() {
            return (None, of_drain);
        }
        jobs.sort_by_key(|job| job.piece);
        let first = jobs[0].content.as_ref();
        let Some((content, readable)) =
            first.and_then(|content| Some((content, Readable::again(content, spool)?)))
        else {
            jobs.append(&mut of_drain);
            return (None, jobs);
        };
        let file = PlannedFile {
            bytes: std::fs::metadata(readable.path()).map_or(0, |data| data.len()),
            path: self.source_path,
            object_type: self.object_type,
        };
        let mut source = Source::again(Arc::new(file), readable, content);
        let mut left_out = Reasons::new();
        let mut kept = Vec::new();
        // A search whose bytes are gone ends with what it belongs to.
        let mut orphaned: Vec<Job> = of_drain
            .into_iter()
            .filter(|job| SourcePiece::again(source.path(), job).is_none())
            .collect();
        for job in jobs {
            let Some(piece) = SourcePiece::again(source.path(), &job) else {
                orphaned.push(job);
                continue;
            };
            if let Some(content) = &job.content {
                left_out.extend(content.left_out.clone());
            }
            source.pieces.push(piece);
            kept.push(job);
        }
        if kept.is_empty() {
            return (None, orphaned);
        }
        let course = Course {
            source: Arc::new(source),
            jobs: kept,
            outcomes: Vec::new(),
            left_out,
        };
        (Some(course), orphaned)
    }
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
        context.journal.reported(&delivered.job).await;
        let content = delivered.job.content.as_ref();
        if content.is_some_and(|content| content.is_of_drain) {
            // Its records are those of the upload that it searched.
            continue;
        }
        summarize(
            &mut report,
            vec![PieceOutcome::of(delivered, &LineMap::identity())],
        );
        reports.push(report);
    }
    reports
}
