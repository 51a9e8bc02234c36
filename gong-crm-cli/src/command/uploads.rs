//! `gong-crm uploads`: what was sent, upload by upload.

use gong_crm::ledger::{Upload, UploadState};
use gong_crm::push::OpenUploads;
use serde_json::json;

use crate::args::Global;
use crate::args::ledger::Uploads;
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, count, seconds};

/// Lists uploads from the ledger; no call is made.
pub(crate) async fn run(
    global: &Global,
    uploads: &Uploads,
    output: Output,
) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    let ledger = settings.open_ledger().await?;
    let listed = if uploads.unfinished {
        ledger.open_uploads().await
    } else {
        ledger.uploads(uploads.limit).await
    };
    let listed = listed.map_err(|error| CliError::from_ledger(&error))?;
    if output.is_json() {
        for upload in &listed {
            output.json(&json(upload));
        }
        return Ok(Exit::Ok);
    }
    if listed.is_empty() {
        output.status(if uploads.unfinished {
            "no unfinished uploads"
        } else {
            "the ledger has no uploads: nothing was sent yet, or all were pruned"
        });
        return Ok(Exit::Ok);
    }
    let columns = [
        ("id", Align::Left),
        ("type", Align::Left),
        ("records", Align::Right),
        ("accepted", Align::Right),
        ("rejected", Align::Right),
        ("state", Align::Left),
        ("planned", Align::Left),
        ("from", Align::Left),
    ];
    let row = |upload: &Upload| {
        vec![
            upload.client_request_id.to_string(),
            upload.object_type.to_string(),
            count(upload.records),
            count(upload.accepted),
            count(upload.rejected),
            state(upload),
            seconds(upload.planned_at),
            upload.sources.join(", "),
        ]
    };
    output.table(&columns, &listed.iter().map(row).collect::<Vec<_>>());
    if listed.iter().any(|upload| upload.state.is_open()) {
        // A list needs no base URL: without one, the notes name those of the uploads.
        let base_url = settings.effective_base_url().unwrap_or_default();
        let open = OpenUploads::at(&ledger, &base_url, &[]);
        let open = open.await.map_err(|error| CliError::from_ledger(&error))?;
        output.status("");
        if !open.resumable.is_empty() {
            output.status("to finish open uploads: gong-crm resume");
        }
        for note in open.notes() {
            output.status(&format!("note: {note}"));
        }
    }
    Ok(Exit::Ok)
}

/// The state, and how long Gong may still process an upload that was given up.
fn state(upload: &Upload) -> String {
    let state = match upload.state {
        // Gong took the file, and has not said anything of its records.
        UploadState::Accepted => "no verdict yet",
        state => state.as_str(),
    };
    upload.checked_until().map_or_else(
        || state.to_owned(),
        |until| format!("{state}, checked until {}", until.strftime("%Y-%m-%d")),
    )
}

fn json(upload: &Upload) -> serde_json::Value {
    json!({
        "objectType": upload.object_type,
        "clientRequestId": upload.client_request_id,
        "integrationId": upload.integration_id,
        "direction": upload.direction,
        "purpose": upload.purpose,
        "state": upload.state,
        "records": upload.records,
        "bytes": upload.bytes,
        "accepted": upload.accepted,
        "rejected": upload.rejected,
        "sources": upload.sources,
        "plannedAt": upload.planned_at,
        "acceptedAt": upload.accepted_at,
        "completedAt": upload.completed_at,
        "checkedUntil": upload.checked_until(),
    })
}
