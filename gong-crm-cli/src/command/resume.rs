//! `gong-crm resume`: uploads whose outcome is not known, brought to their end, and records that a
//! verdict left open, sent again.

use std::collections::BTreeMap;

use gong_crm::ObjectType;
use gong_crm::ledger::{Ledger, LedgerError, RejectedRecord, Upload, UploadState};
use gong_crm::operation::Operation;
use gong_crm::push::{OpenUploads, Options};

use crate::args::Global;
use crate::args::push::Resume;
use crate::command::push::{apply_delivery_args, ignored_fields};
use crate::config::settings::Settings;
use crate::connection::Connection;
use crate::dry_run::{self, Request};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::html::{Page, Tone};
use crate::output::table::counted;
use crate::output::{Output, push_report};

pub(crate) async fn run(
    global: &Global,
    resume: &Resume,
    output: &Output,
) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    let ledger = settings.open_ledger().await?;
    let shown = |error| CliError::from_ledger(&error);
    for id in &resume.ids {
        if ledger.upload(id).await.map_err(shown)?.is_none() {
            let message = format!("the ledger has no upload {id}");
            return Err(CliError::new(Exit::Usage, message).with_hint(format!(
                "`gong-crm uploads` lists them; to ask Gong: gong-crm status {id}"
            )));
        }
    }
    let base_url = settings.effective_base_url()?;
    let open = OpenUploads::at(&ledger, &base_url, &resume.ids);
    let open = open.await.map_err(shown)?;
    let given_up = given_up(&ledger, &base_url).await.map_err(shown)?;
    let left_open = ledger.left_open(&base_url).await.map_err(shown)?;
    let waiting = ledger.waiting_for_parents(&base_url).await.map_err(shown)?;
    let is_wider = resume.delivery.find_all_errors || waiting > 0;
    if open.is_empty() && left_open.is_empty() && given_up.is_empty() && !is_wider {
        // An old or copied ledger does not know what is open.
        ledger.check_usable().await.map_err(shown)?;
        let rejected = match rejected(&settings, &ledger).await? {
            0 => None,
            rejected => Some(format!(
                "not in Gong as given: {}; see gong-crm rejects",
                counted(rejected, "record")
            )),
        };
        if output.is_json() {
            let notes: Vec<String> = rejected.into_iter().collect();
            output.json(&serde_json::json!({"verdict": "done", "files": [], "notes": notes}));
        } else if output.is_html() {
            let meaning = "Nothing to do: every upload in the ledger is finished.";
            output.page(&Page::new("Resume").verdict("done", meaning, Tone::Good));
        } else {
            output.status("nothing to do: every upload in the ledger is finished");
            if let Some(rejected) = rejected {
                output.status(&rejected);
            }
        }
        return Ok(Exit::Ok);
    }
    if resume.dry_run {
        let first = given_up.iter().chain(&open.resumable);
        let mut requests: Vec<Request> = first.map(first_request).collect();
        if resume.ids.is_empty() {
            requests.extend(requests_again(&left_open));
        }
        dry_run::show_with_notes(&requests, &open.notes(), global, *output)?;
        return Ok(Exit::of_verdict(open.verdict(), None));
    }
    drop(ledger);
    let connection = Connection::open(global).await?;
    let mut options = Options::default();
    apply_delivery_args(&mut options, &resume.delivery, global);
    options.ignore_fields = ignored_fields(global);
    let work = connection
        .client
        .resume(resume.ids.iter().cloned(), options);
    push_report::follow(work, global, *output).await
}

/// The uploads that were given up, and that the Gong at a base URL may still process.
async fn given_up(ledger: &Ledger, base_url: &str) -> Result<Vec<Upload>, LedgerError> {
    let mut here = Vec::new();
    for upload in ledger.given_up_uploads().await? {
        let of = ledger.base_url_of(&upload).await?;
        if of.is_none_or(|of| of == base_url) {
            here.push(upload);
        }
    }
    Ok(here)
}

/// How many records a resume does not send: they are rejected, unconfirmed or held back.
async fn rejected(settings: &Settings, ledger: &Ledger) -> Result<u64, CliError> {
    let mut rejected = 0;
    for (base_url, integration_id) in settings.known_integrations(ledger).await? {
        let of_integration = ledger.rejects(&base_url, integration_id).await;
        rejected += of_integration
            .map_err(|error| CliError::from_ledger(&error))?
            .len() as u64;
    }
    Ok(rejected)
}

/// The uploads of records that are sent again.
fn requests_again(records: &[RejectedRecord]) -> Vec<Request> {
    let mut by_type: BTreeMap<ObjectType, u64> = BTreeMap::new();
    for record in records {
        *by_type.entry(record.object_type).or_default() += 1;
    }
    let request = |(object_type, records): (ObjectType, u64)| {
        Request::new(Operation::UploadCrmData)
            .query("clientRequestId", &"[next id of the ledger]")
            .query("objectType", &object_type)
            .part(&format!("{} once more", counted(records, "record")))
    };
    by_type.into_iter().map(request).collect()
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
