//! Which job stands for an upload: one that the ledger knows, or a new one?

use super::context::Context;
use super::delivery::MAX_ATTEMPTS;
use super::journal::as_error;
use super::plan::PlannedFile;
use super::request_id::{Fingerprint, hexadecimal};
use super::source::{Source, SourcePiece};
use crate::ledger::{Job, JobState};
use gong_client::{Error, ErrorKind};
use gong_records::ids::ClientRequestId;

/// What an upload is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It brings records to Gong.
    Records,
    /// The same again, though it was done: what has to come before it comes again.
    RecordsAgain,
    /// It finds out which records of an earlier upload Gong refuses.
    Drain,
}

/// The job of an upload: a new one, or the one that the ledger knows.
pub(super) async fn new_job(
    context: &Context,
    source: &Source,
    piece: &SourcePiece,
    number: u32,
    purpose: Purpose,
) -> Result<Job, Error> {
    let file = &*source.file;
    let integration_id = context.integration_id;
    let content_hash = hexadecimal(&piece.hash);
    let mut content = source.content_of(&piece.piece);
    content.drain = context.options.drain;
    content.is_of_drain = purpose == Purpose::Drain;
    // An id of the user's own is for the records; what is sent besides has to have its own.
    let own_id = context.options.request_id.as_ref();
    let own_id = own_id.filter(|_| purpose != Purpose::Drain);
    let known = if let Some(id) = own_id {
        let known = context
            .journal
            .job(integration_id, id)
            .await
            .map_err(as_error)?;
        let attempt = known.as_ref().map_or(1, |job| job.attempt);
        (attempt, id.clone(), known)
    } else {
        let fingerprint = Fingerprint::new(integration_id, file.object_type, &piece.hash);
        let ids = (1..=MAX_ATTEMPTS).map(move |attempt| (attempt, fingerprint.attempt(attempt)));
        let is_settled: fn(&Job) -> bool = match purpose {
            Purpose::Records => |job| job.state == JobState::Failed,
            Purpose::RecordsAgain => |job| !job.is_unfinished(),
            // Before the end of the search, an upload of it that failed is one that told.
            Purpose::Drain => |job| job.state == JobState::Failed && !job.is_unreported(),
        };
        let first = context
            .journal
            .last_attempt(integration_id, ids, is_settled);
        let first = first.await;
        first.map_err(as_error)?.ok_or_else(|| exhausted(file))?
    };
    let (attempt, client_request_id, known) = known;
    if let Some(job) = known {
        if job.content_hash != content_hash {
            return Err(used_otherwise(&client_request_id, &job));
        }
        return Ok(Job {
            source_path: absolute(file),
            piece: number,
            content: Some(content),
            ..job
        });
    }
    let now = context.client.clock.now();
    Ok(Job {
        client_request_id,
        integration_id,
        object_type: file.object_type,
        source_path: absolute(file),
        piece: number,
        content_hash,
        bytes: piece.piece.bytes,
        records: piece.piece.records,
        attempt,
        state: JobState::Planned,
        planned_at: now,
        updated_at: now,
        finished_at: None,
        answer: None,
        content: Some(content),
    })
}

/// The path under which a later process finds the file.
pub(super) fn absolute(file: &PlannedFile) -> std::path::PathBuf {
    if file.is_standard_input() {
        return file.path.clone();
    }
    std::path::absolute(&file.path).unwrap_or_else(|_| file.path.clone())
}

fn exhausted(file: &PlannedFile) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "{} failed {MAX_ATTEMPTS} times as it is: mend it first",
            file.path.display()
        ),
    )
}

fn used_otherwise(id: &ClientRequestId, job: &Job) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "the id {id} was used for other content ({}, {}): Gong takes an id once, so choose \
             another",
            job.source_path.display(),
            job.state
        ),
    )
}
