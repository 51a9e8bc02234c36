//! What is reported of each file when the push has ended, or was stopped?

use std::collections::BTreeSet;
use std::sync::Arc;

use super::context::Context;
use super::delivery::{Delivered, Ending, finished_before};
use super::report::{FileReport, FileStatus};
use super::run::Course;
use super::source::SourcePiece;
use super::verdict::{PieceOutcome, name_records, summarize};
use crate::ledger::{Job, JobState};
use gong_client::{Error, ErrorKind};

/// The reports of all files, with the names of refused records, and the rejects written.
pub(super) async fn reports(
    context: &Context,
    courses: Vec<Course>,
    is_canceled: bool,
) -> Vec<FileReport> {
    let mut reports = Vec::new();
    for course in courses {
        let mut report = brief(&course);
        let Course {
            source,
            jobs,
            outcomes,
            left_out,
        } = course;
        let mut outcomes = outcomes;
        let first = jobs.first().cloned();
        let ended: BTreeSet<u32> = outcomes
            .iter()
            .map(|outcome| outcome.upload.piece)
            .collect();
        // What was stopped on its way stands in the ledger as far as it came.
        for (piece, job) in source.pieces.iter().zip(jobs) {
            if !ended.contains(&job.piece) {
                outcomes.push(stopped(context, job, piece).await);
            }
        }
        summarize(&mut report, outcomes);
        report.failed += left_out.len() as u64;
        if !left_out.is_empty() && report.status == FileStatus::Done {
            report.status = FileStatus::Partial;
        }
        let rejects = context.options.rejects.clone();
        let finishing = tokio::task::spawn_blocking(move || {
            let named = name_records(source.path(), &mut report.errors);
            let mut reasons = left_out;
            for error in report.errors.iter().filter(|error| error.source_line > 0) {
                reasons
                    .entry(error.source_line)
                    .or_default()
                    .push(error.description.clone());
            }
            let written = rejects.write(&source, &reasons);
            for error in &mut report.errors {
                error.source_line = source.named_line(error.source_line);
            }
            match named.and(written) {
                Ok(path) => {
                    report.rejects = path;
                    (report, true)
                }
                Err(error) => {
                    let path = source.file.path.display();
                    let message = format!("the refused records of {path} can't be written");
                    let error = Error::new(ErrorKind::File, message).with_source(error);
                    (report.with_cause(Arc::new(error)), false)
                }
            }
        });
        // It fails only when the runtime shuts down.
        let Ok((report, is_written)) = finishing.await else {
            continue;
        };
        // What could not be written, or was stopped before all was known, a resumed push tells.
        let is_known = report.hidden_errors == 0 || !is_canceled;
        if let Some(first) = first.filter(|_| is_written && is_known) {
            // If this can't be noted, it is told once more.
            drop(context.journal.reported_all(&first).await);
        }
        reports.push(report);
    }
    reports
}

async fn stopped(context: &Context, job: Job, piece: &SourcePiece) -> PieceOutcome {
    let known = context
        .journal
        .job(job.integration_id, &job.client_request_id)
        .await;
    let job = known.ok().flatten().unwrap_or(job);
    let ending = match (finished_before(&job), job.state) {
        (Some(ending), _) => ending,
        (None, JobState::Accepted | JobState::Processing) => Ending::TimedOut,
        (None, JobState::Sending | JobState::Unknown) => {
            let message = format!(
                "the push was stopped while {} was sent",
                job.client_request_id
            );
            let error = Error::new(ErrorKind::Transport, message).with_outcome_unknown();
            Ending::Unknown(Arc::new(
                error.with_client_request_id(&job.client_request_id),
            ))
        }
        (None, _) => Ending::NotSent("the push was stopped before".to_owned()),
    };
    let sent = job.state != JobState::Planned;
    PieceOutcome::of(Delivered { job, ending, sent }, &piece.piece.lines)
}

/// A file's report before anything is known of its uploads.
pub(super) fn brief(course: &Course) -> FileReport {
    let file = &course.source.file;
    let mut report = FileReport::new(file.path.clone(), file.object_type, FileStatus::NotSent);
    report.records = course.source.records;
    report
}
