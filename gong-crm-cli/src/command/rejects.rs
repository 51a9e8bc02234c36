//! `gong-crm rejects`: the records whose newest version is not in Gong.

use std::io::Write as _;
use std::path::Path;

use gong_crm::ObjectType;
use gong_crm::io::atomic_file::{NewFile, Readers};
use gong_crm::ledger::{Ledger, RejectedRecord, TryOutcome, UploadState};

use crate::args::Global;
use crate::args::ledger::{RecordName, Rejects, RejectsAction};
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, count, counted, seconds};

pub(crate) async fn run(
    global: &Global,
    rejects: &Rejects,
    output: Output,
) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    let ledger = settings.open_ledger().await?;
    match &rejects.action {
        Some(RejectsAction::Waive(record)) => waive(&settings, &ledger, record, output).await,
        None => list(&settings, &ledger, rejects, output).await,
    }
}

async fn list(
    settings: &Settings,
    ledger: &Ledger,
    rejects: &Rejects,
    output: Output,
) -> Result<Exit, CliError> {
    let mut listed = Vec::new();
    for (base_url, integration_id) in settings.known_integrations(ledger).await? {
        let rejected = ledger
            .rejects(&base_url, integration_id)
            .await
            .map_err(|error| CliError::from_ledger(&error))?;
        listed.extend(rejected);
    }
    listed.retain(|record| {
        rejects
            .object_type
            .is_none_or(|only| only == record.object_type)
    });
    if let Some(path) = &rejects.out {
        return write(path, &listed, output);
    }
    if output.is_json() {
        for record in &listed {
            output.json(record);
        }
        return Ok(Exit::Ok);
    }
    if listed.is_empty() {
        output.status("no rejected or held-back records");
        note_unsent(ledger, output).await?;
        return Ok(Exit::Ok);
    }
    let columns = [
        ("type", Align::Left),
        ("id", Align::Left),
        ("outcome", Align::Left),
        ("tries", Align::Right),
        ("next try", Align::Left),
        ("from", Align::Left),
        ("reason", Align::Left),
    ];
    let row = |record: &RejectedRecord| {
        let line = record
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        vec![
            record.object_type.to_string(),
            record.object_id.clone(),
            record.outcome.as_str().to_owned(),
            count(record.tries.into()),
            record.next_try.map(seconds).unwrap_or_default(),
            format!("{}{line}", record.path),
            record.reason.clone(),
        ]
    };
    output.table(&columns, &listed.iter().map(row).collect::<Vec<_>>());
    output.status("");
    output.status("to fix them in a file: gong-crm rejects TYPE --out FILE");
    note_unsent(ledger, output).await?;
    Ok(Exit::Ok)
}

/// Says what waits besides: it was planned, and is in Gong only once it is sent.
async fn note_unsent(ledger: &Ledger, output: Output) -> Result<(), CliError> {
    let open = ledger.open_uploads().await;
    let open = open.map_err(|error| CliError::from_ledger(&error))?;
    let unsent = open.iter().filter(|of| of.state == UploadState::Planned);
    let records = unsent.clone().map(|upload| upload.records).sum();
    if records > 0 {
        let (records, uploads) = (counted(records, "record"), unsent.count() as u64);
        let uploads = counted(uploads, "upload");
        output.status(&format!(
            "not sent yet: {records} in {uploads}; see gong-crm uploads --unfinished"
        ));
    }
    Ok(())
}

/// Writes the rejected records to a file that only its owner can read: complete, or not at all.
fn write(path: &Path, rejected: &[RejectedRecord], output: Output) -> Result<Exit, CliError> {
    let mut types: Vec<ObjectType> = rejected.iter().map(|record| record.object_type).collect();
    types.dedup();
    if types.len() > 1 {
        let types: Vec<&str> = types
            .iter()
            .map(|object_type| object_type.as_str())
            .collect();
        let message = format!(
            "a record file holds one type, and there are {}",
            types.join(", ")
        );
        return Err(CliError::new(Exit::Usage, message)
            .with_hint("name one of them: gong-crm rejects TYPE --out FILE"));
    }
    let (kept, lost): (Vec<_>, Vec<_>) = rejected
        .iter()
        .partition(|record| !record.line_content().is_empty());
    let write = || -> std::io::Result<()> {
        let mut file = NewFile::create(path, Readers::Owner)?;
        for record in &kept {
            file.write_all(record.line_content().trim_ascii_end())?;
            file.write_all(b"\n")?;
        }
        file.commit()
    };
    write().map_err(|error| {
        let message = format!("{} could not be written: {error}", path.display());
        CliError::new(Exit::Unexpected, message)
    })?;
    for record in &lost {
        output.status(&format!(
            "{} {}: not written, its content is not kept",
            record.object_type, record.object_id
        ));
    }
    let written = kept.len() as u64;
    if output.is_json() {
        output.json(&serde_json::json!({"path": path.to_string_lossy(), "records": written}));
    } else {
        output.stdout(&format!(
            "{}: {}",
            path.display(),
            counted(written, "record")
        ));
    }
    Ok(Exit::Ok)
}

async fn waive(
    settings: &Settings,
    ledger: &Ledger,
    record: &RecordName,
    output: Output,
) -> Result<Exit, CliError> {
    let mut outcomes = Vec::new();
    for (base_url, integration_id) in settings.known_integrations(ledger).await? {
        let outcome = ledger
            .waive(
                &base_url,
                integration_id,
                record.object_type,
                &record.object_id,
            )
            .await
            .map_err(|error| CliError::from_ledger(&error))?;
        outcomes.extend(outcome);
    }
    let (object_type, object_id) = (record.object_type, &record.object_id);
    let is_open = |of: &&TryOutcome| matches!(of, TryOutcome::Uncertain | TryOutcome::NotAccepted);
    if let Some(open) = outcomes.iter().find(is_open) {
        let message = format!(
            "{object_type} {object_id} is not rejected but {}, and cannot be waived",
            open.as_str()
        );
        let hint = format!(
            "the next push or sync finds out what became of it; to forget it: gong-crm ledger forget \
             {object_type} {object_id}"
        );
        return Err(CliError::new(Exit::Usage, message).with_hint(hint));
    }
    if outcomes.is_empty() {
        let message = format!("{object_type} {object_id} is neither rejected nor held back");
        return Err(CliError::new(Exit::Usage, message)
            .with_hint("`gong-crm rejects` lists the records that can be waived"));
    }
    if output.is_json() {
        output.json(&serde_json::json!({
            "objectType": object_type, "objectId": object_id, "waived": true,
        }));
    } else {
        let text = if outcomes.contains(&TryOutcome::HeldBack) {
            "was held back, not rejected: what was kept of it is dropped, and it is sent when its source has \
             it and nothing holds it back"
        } else {
            "is not sent again until it changes"
        };
        output.stdout(&format!("{object_type} {object_id} {text}"));
    }
    Ok(Exit::Ok)
}
