//! What becomes of older uploads of files that are pushed anew?

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::PushError;
use super::context::Context;
use super::delivery::Delivery;
use super::job::absolute;
use super::plan::PlannedFile;
use super::resume::in_order;
use super::run::Course;
use super::source::SourcePiece;
use super::spool::Spool;
use crate::ledger::{Job, JobState};
use gong_records::ObjectType;

/// Brings older uploads of the same files to their end: an older version that is still on its way
/// must not arrive after the newer one. Gives those of which nobody needs to be told any more.
pub(super) async fn supersede(
    context: &Context,
    courses: &[Course],
) -> Result<Vec<Job>, PushError> {
    let mut superseded = Vec::new();
    let open = context
        .journal
        .open_jobs()
        .await
        .map_err(PushError::Ledger)?;
    let spool = context.journal.spool();
    let known = Known::of(context, courses, &open);
    let older = open
        .iter()
        .filter(|job| known.is_older(job) || known.is_kin(job));
    for job in in_order(older.cloned().collect()) {
        let is_older = known.is_older(&job);
        // What was copied is sent if need be: nothing else holds it. A file has changed since: its
        // older uploads are asked about, waited for, or dropped. A file that is not pushed anew goes
        // on as it is.
        let piece = bytes(&job, &spool, is_older).await;
        if !is_older && piece.is_none() && job.state == JobState::Planned {
            continue;
        }
        let is_told = !is_older || known.is_told(&job);
        let file = Arc::new(PlannedFile {
            path: job.source_path.clone(),
            object_type: job.object_type,
            bytes: job.bytes,
        });
        let delivery = Delivery {
            file: &file,
            pieces: 1,
            job,
            content: piece.as_ref().map(|piece| &piece.content),
            fingerprint: None,
        };
        let delivered = context.deliver(delivery).await;
        if !is_told {
            superseded.push(delivered.job);
        }
    }
    Ok(superseded)
}

/// What is pushed anew, and what of it is in the ledger.
struct Known<'a> {
    context: &'a Context,
    paths: BTreeSet<(PathBuf, ObjectType)>,
    ids: BTreeSet<&'a str>,
    /// Copies of content that comes anew.
    copies: BTreeSet<PathBuf>,
    /// What names the files with which older uploads go wave by wave.
    kins: BTreeSet<String>,
}

impl<'a> Known<'a> {
    fn of(context: &'a Context, courses: &'a [Course], open: &[Job]) -> Self {
        let jobs = || courses.iter().flat_map(|course| &course.jobs);
        let files = courses.iter().map(|course| &course.source.file);
        let anew: BTreeSet<&str> = jobs().map(|job| job.content_hash.as_str()).collect();
        let is_anew = |job: &&Job| anew.contains(job.content_hash.as_str());
        let mut known = Self {
            context,
            paths: files
                .map(|file| (absolute(file), file.object_type))
                .collect(),
            ids: jobs().map(|job| job.client_request_id.as_str()).collect(),
            copies: open
                .iter()
                .filter(is_anew)
                .filter_map(|job| Some(job.content.as_ref()?.path.clone()))
                .collect(),
            kins: BTreeSet::new(),
        };
        let older = open.iter().filter(|job| known.is_older(job));
        known.kins = older.filter_map(kin).collect();
        known
    }

    fn is_older(&self, job: &Job) -> bool {
        job.integration_id == self.context.integration_id
            && self
                .paths
                .contains(&(job.source_path.clone(), job.object_type))
            && !self.ids.contains(job.client_request_id.as_str())
    }

    /// Whether it is an upload of another file for which older ones have to wait, or it for them.
    fn is_kin(&self, job: &Job) -> bool {
        job.integration_id == self.context.integration_id
            && !self.ids.contains(job.client_request_id.as_str())
            && kin(job).is_some_and(|kin| self.kins.contains(&kin))
    }

    /// Whether its verdict is still to be told. The same content anew makes for a verdict anew; what
    /// else was read from the standard input before has still to be told.
    fn is_told(&self, job: &Job) -> bool {
        let copy = job.content.as_ref().map(|content| &content.path);
        !job.source_path.is_absolute() && !copy.is_some_and(|path| self.copies.contains(path))
    }
}

fn kin(job: &Job) -> Option<String> {
    job.content.as_ref()?.kin.clone()
}

/// The bytes of a job: those that the ledger keeps a copy of, or also those of the file.
async fn bytes(job: &Job, spool: &Spool, copied_only: bool) -> Option<SourcePiece> {
    let content = job.content.as_ref()?;
    let path = if content.is_spooled {
        spool.path(&content.path)?
    } else if copied_only {
        return None;
    } else {
        Path::to_path_buf(&content.path)
    };
    let job = job.clone();
    let reading = tokio::task::spawn_blocking(move || SourcePiece::again(&path, &job));
    reading.await.ok().flatten()
}
