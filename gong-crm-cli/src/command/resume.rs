//! `gong-crm resume` and `gong-crm jobs`: what the ledger knows, and finishing it.

use gong_crm::ledger::{Job, JobState};
use gong_crm::operation::Operation;
use gong_crm::push::Options;

use crate::arguments::{Global, Jobs, Resume};
use crate::command::push::wait_as_told;
use crate::connection::Connection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::{self, Request};
use crate::settings::Settings;
use crate::table::{Align, count};
use crate::verdict;

/// Finishes what was begun.
pub(crate) async fn resume(
    global: &Global,
    resume: &Resume,
    output: &Output,
) -> Result<Exit, Failure> {
    let known = jobs_of(global)?;
    for id in &resume.ids {
        if !known.iter().any(|job| job.client_request_id == *id) {
            return Err(
                Failure::new(Exit::Usage, format!("the ledger has no upload {id}")).with_hint(
                    "gong-crm jobs lists them; Gong itself may know it: gong-crm status ID",
                ),
            );
        }
    }
    if !known
        .iter()
        .any(|job| job.is_unfinished() || job.is_unreported())
    {
        output.talk("nothing to do: every upload that the ledger knows has come to its end");
        return Ok(Exit::Ok);
    }
    if resume.dry_run {
        let chosen = known.iter().filter(|job| {
            let named = resume.ids.is_empty() || resume.ids.contains(&job.client_request_id);
            named && job.is_unfinished()
        });
        let requests: Vec<Request> = chosen.map(first_request).collect();
        request::show(&requests, global, *output)?;
        return Ok(Exit::Ok);
    }
    let connection = Connection::open(global).await?;
    let mut options = Options::new(Vec::<std::path::PathBuf>::new());
    wait_as_told(&mut options, &resume.waiting, global);
    let work = connection
        .client
        .resume(resume.ids.iter().cloned(), options);
    verdict::follow(work, global, *output, resume.waiting.is_async).await
}

/// What is sent first to finish an upload: the upload itself only if nothing of it has left.
fn first_request(job: &Job) -> Request {
    let is_planned = job.state == JobState::Planned;
    let operation = if is_planned {
        Operation::UploadCrmData
    } else {
        Operation::GetRequestStatus
    };
    let request = Request::new(operation)
        .query("clientRequestId", &job.client_request_id)
        .query("integrationId", &job.integration_id);
    if is_planned {
        request
            .query("objectType", &job.object_type)
            .file(&job.source_path)
    } else {
        request
    }
}

/// Lists what the ledger knows; no call is made.
pub(crate) fn jobs(global: &Global, jobs: &Jobs, output: Output) -> Result<Exit, Failure> {
    let mut listed = jobs_of(global)?;
    if jobs.unfinished {
        listed.retain(Job::is_unfinished);
    }
    if output.is_json() {
        for job in &mut listed {
            // Where its bytes lie is between the ledger and a push.
            job.content = None;
            output.json(job);
        }
        return Ok(Exit::Ok);
    }
    if listed.is_empty() {
        output.talk("the ledger knows of no such upload");
        return Ok(Exit::Ok);
    }
    let columns = [
        ("id", Align::Left),
        ("type", Align::Left),
        ("records", Align::Right),
        ("state", Align::Left),
        ("changed", Align::Left),
        ("file", Align::Left),
    ];
    let row = |job: &Job| {
        vec![
            job.client_request_id.to_string(),
            job.object_type.to_string(),
            count(job.records),
            job.state.to_string(),
            job.updated_at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            job.source_path.display().to_string(),
        ]
    };
    output.table(&columns, &listed.iter().map(row).collect::<Vec<_>>());
    if listed.iter().any(Job::is_unfinished) {
        output.talk("\nto finish what is open: gong-crm resume");
    }
    Ok(Exit::Ok)
}

fn jobs_of(global: &Global) -> Result<Vec<Job>, Failure> {
    use gong_crm::ledger::Ledger as _;
    Settings::read(global)?
        .open_ledger()?
        .jobs()
        .map_err(|error| Failure::from_ledger(&error))
}
