//! Which job stands for an upload: one that the ledger knows, or a new one?

use super::context::Context;
use super::delivery::MAX_ATTEMPTS;
use super::journal::as_error;
use super::plan::PlannedFile;
use super::request_id::{Fingerprint, hexadecimal};
use super::source::SourcePiece;
use crate::error::{Error, ErrorKind};
use crate::id::ClientRequestId;
use crate::ledger::{Job, JobState};

/// The job of an upload: a new one, or the one that the ledger knows.
pub(super) async fn new_job(
    context: &Context,
    file: &PlannedFile,
    piece: &SourcePiece,
    number: u32,
) -> Result<Job, Error> {
    let integration_id = context.integration_id;
    let content_hash = hexadecimal(&piece.hash);
    let known = if let Some(id) = &context.options.request_id {
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
        let first = context.journal.first_not_failed(integration_id, ids).await;
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
