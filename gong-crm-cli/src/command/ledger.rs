//! `gong-crm ledger`: the ledger moved, repaired and cleaned up.

use std::io::{BufReader, BufWriter};
use std::path::Path;

use gong_crm::io::atomic_file::{NewFile, Readers};
use gong_crm::ledger::{Ledger, LedgerError, RenamedScope};

use crate::args::Global;
use crate::args::ledger::{LedgerAction, LedgerArgs, RecordName};
use crate::command::history::before_now;
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::counted;

pub(crate) async fn run(
    global: &Global,
    ledger: &LedgerArgs,
    output: Output,
) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    let open = settings.open_ledger().await?;
    // These lock it themselves.
    match &ledger.action {
        LedgerAction::Import { file, as_is } => return import(&open, file, *as_is, output).await,
        LedgerAction::Recover => return recover(&open, output).await,
        _ => {}
    }
    // Another process must not push meanwhile.
    let _lock = open.try_lock().await.map_err(shown)?;
    match &ledger.action {
        LedgerAction::Import { .. } | LedgerAction::Recover => Ok(Exit::Ok),
        LedgerAction::Export { file } => export(&open, file, output).await,
        LedgerAction::Prune { before } => {
            let uploads = open.prune(before_now(*before)).await.map_err(shown)?;
            let uploads = uploads as u64;
            done(
                output,
                "uploads",
                uploads,
                &format!("{} deleted", counted(uploads, "upload")),
            );
            Ok(Exit::Ok)
        }
        LedgerAction::RenameScope { old, new, merge } => {
            rename(&open, (old, new), *merge, output).await
        }
        LedgerAction::Forget(record) => forget(&settings, &open, record, output).await,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn shown(error: LedgerError) -> CliError {
    CliError::from_ledger(&error)
}

fn done(output: Output, key: &str, number: u64, sentence: &str) {
    if output.is_json() {
        output.json(&serde_json::json!({key: number}));
    } else {
        output.stdout(sentence);
    }
}

async fn recover(ledger: &Ledger, output: Output) -> Result<Exit, CliError> {
    let recovered = ledger.recover().await.map_err(shown)?;
    if output.is_json() {
        output.json(&serde_json::json!({
            "records": recovered.records, "uploads": recovered.uploads,
        }));
        return Ok(Exit::Ok);
    }
    output.stdout(&format!(
        "{} to be sent again by the next push",
        counted(recovered.records, "record")
    ));
    note_changes(recovered.records, output);
    if recovered.uploads > 0 {
        output.status(&format!(
            "{} without a verdict abandoned: `gong-crm rejects` lists the records; push them again",
            counted(recovered.uploads, "upload")
        ));
    }
    Ok(Exit::Ok)
}

/// Says which records the next sync can't send again by itself.
fn note_changes(records: u64, output: Output) {
    if records > 0 && !output.is_json() {
        output.status(
            "note: sources without `complete = true` name only what changed: let them list all records \
             once; until then, a sync of them ends with code 9",
        );
    }
}

/// Writes the export beside its place and renames it: complete, or not there. Only its owner can
/// read it.
async fn export(ledger: &Ledger, path: &Path, output: Output) -> Result<Exit, CliError> {
    let unwritable = |error: std::io::Error| {
        let message = format!("{} could not be written: {error}", path.display());
        CliError::new(Exit::Unexpected, message).with_hint("the ledger is unchanged")
    };
    if path.symlink_metadata().is_ok() {
        let message = format!("{} exists", path.display());
        return Err(CliError::new(Exit::Usage, message).with_hint("name a new file"));
    }
    let mut file = NewFile::create(path, Readers::Owner).map_err(unwritable)?;
    let mut out = BufWriter::new(&mut file);
    ledger.export(&mut out).await.map_err(shown)?;
    drop(out);
    file.commit_new().map_err(unwritable)?;
    if output.is_json() {
        output.json(&serde_json::json!({"path": path.to_string_lossy()}));
    } else {
        output.stdout(&path.display().to_string());
        output.status("this ledger is sealed now: import the file on the other machine");
    }
    Ok(Exit::Ok)
}

async fn import(
    ledger: &Ledger,
    path: &Path,
    as_is: bool,
    output: Output,
) -> Result<Exit, CliError> {
    let records = if path.as_os_str() == "-" {
        ledger
            .import(&mut BufReader::new(std::io::stdin()), as_is)
            .await
    } else {
        let file = std::fs::File::open(path).map_err(|error| {
            CliError::new(
                Exit::Usage,
                format!("{} can't be read: {error}", path.display()),
            )
        })?;
        ledger.import(&mut BufReader::new(file), as_is).await
    };
    let records = records.map_err(|error| match error {
        // That is not the ledger, but what is imported.
        LedgerError::Storage { path: of, source } if of.as_os_str().is_empty() => {
            let message = format!("{} can't be imported: {source}", path.display());
            CliError::new(Exit::Usage, message)
                .with_hint("give a file that gong-crm ledger export wrote")
        }
        error => shown(error),
    })?;
    let next = if as_is {
        "imported as they are"
    } else {
        "imported, to be sent again by the next push"
    };
    done(
        output,
        "records",
        records,
        &format!("{} {next}", counted(records, "record")),
    );
    if !as_is {
        note_changes(records, output);
    }
    Ok(Exit::Ok)
}

async fn rename(
    ledger: &Ledger,
    (old, new): (&str, &str),
    merge: bool,
    output: Output,
) -> Result<Exit, CliError> {
    let renamed = if merge {
        ledger.merge_scopes(old, new).await
    } else {
        ledger.rename_scope(old, new).await
    };
    let message = match renamed.map_err(shown)? {
        RenamedScope::Renamed if output.is_json() => {
            output.json(&serde_json::json!({"old": old, "new": new}));
            return Ok(Exit::Ok);
        }
        RenamedScope::Renamed => {
            output.stdout(&format!("scope {old} is {new} now, with all its records"));
            return Ok(Exit::Ok);
        }
        RenamedScope::Taken(records) => {
            let (records, own) = (
                counted(records, "record"),
                if records == 1 { "belongs" } else { "belong" },
            );
            let message = format!("{records} {own} to scope {new}, which has synced already");
            let hint = format!(
                "if it is the same scope under its new name: gong-crm ledger rename-scope {old} {new} \
                 --merge"
            );
            return Err(CliError::new(Exit::Usage, message).with_hint(hint));
        }
        _ => format!("the ledger has no scope {old}"),
    };
    let scopes = ledger.scopes().await.map_err(shown)?;
    let hint = match scopes.join(", ") {
        none if none.is_empty() => "no sync has run with this ledger".to_owned(),
        known => format!("its scopes: {known}"),
    };
    Err(CliError::new(Exit::Usage, message).with_hint(hint))
}

async fn forget(
    settings: &Settings,
    ledger: &Ledger,
    record: &RecordName,
    output: Output,
) -> Result<Exit, CliError> {
    let (object_type, object_id) = (record.object_type, &record.object_id);
    let mut is_known = false;
    for (base_url, integration_id) in settings.known_integrations(ledger).await? {
        is_known |= ledger
            .forget(&base_url, integration_id, object_type, object_id)
            .await
            .map_err(shown)?;
    }
    if !is_known {
        let message = format!("the ledger has no {object_type} {object_id}");
        return Err(CliError::new(Exit::Usage, message));
    }
    if output.is_json() {
        output.json(&serde_json::json!({
            "objectType": object_type, "objectId": object_id, "forgotten": true,
        }));
    } else {
        output.stdout(&format!(
            "{object_type} {object_id} is forgotten: the next push or sync that names it sends it"
        ));
    }
    Ok(Exit::Ok)
}
