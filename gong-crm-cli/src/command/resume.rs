//! `gong-crm resume`: uploads whose outcome is not known, brought to their end.

use gong_crm::ledger::{Upload, UploadState};
use gong_crm::operation::Operation;
use gong_crm::push::Options;

use crate::args::Global;
use crate::args::push::Resume;
use crate::command::push::apply_delivery_args;
use crate::config::settings::Settings;
use crate::connection::Connection;
use crate::dry_run::{self, Request};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::html::{Page, Tone};
use crate::output::{Output, push_report};

pub(crate) async fn run(
    global: &Global,
    resume: &Resume,
    output: &Output,
) -> Result<Exit, CliError> {
    let ledger = Settings::read(global)?.open_ledger().await?;
    let shown = |error| CliError::from_ledger(&error);
    for id in &resume.ids {
        if ledger.upload(id).await.map_err(shown)?.is_none() {
            let message = format!("the ledger has no upload {id}");
            return Err(CliError::new(Exit::Usage, message).with_hint(format!(
                "`gong-crm uploads` lists them; to ask Gong: gong-crm status {id}"
            )));
        }
    }
    let mut open = ledger.open_uploads().await.map_err(shown)?;
    if !resume.ids.is_empty() {
        open.retain(|upload| resume.ids.contains(&upload.client_request_id));
    }
    if open.is_empty() {
        if output.is_json() {
            output.json(&serde_json::json!({"verdict": "done", "files": [], "notes": []}));
        } else if output.is_html() {
            let meaning = "Nothing to do: every upload in the ledger is finished.";
            output.page(&Page::new("Resume").verdict("done", meaning, Tone::Good));
        } else {
            output.status("nothing to do: every upload in the ledger is finished");
        }
        return Ok(Exit::Ok);
    }
    if resume.dry_run {
        let requests: Vec<Request> = open.iter().map(first_request).collect();
        dry_run::show(&requests, global, *output)?;
        return Ok(Exit::Ok);
    }
    drop(ledger);
    let connection = Connection::open(global).await?;
    let mut options = Options::default();
    apply_delivery_args(&mut options, &resume.delivery, global);
    let work = connection
        .client
        .resume(resume.ids.iter().cloned(), options);
    push_report::follow(work, global, *output).await
}

/// The first request for an upload: the upload itself only if nothing of it can have arrived.
fn first_request(upload: &Upload) -> Request {
    let is_planned = upload.state == UploadState::Planned;
    let operation = if is_planned {
        Operation::UploadCrmData
    } else {
        Operation::GetRequestStatus
    };
    let request = Request::new(operation)
        .query("clientRequestId", &upload.client_request_id)
        .query("integrationId", &upload.integration_id);
    if is_planned {
        request
            .query("objectType", &upload.object_type)
            .part(&upload.sources.join(", "))
    } else {
        request
    }
}
