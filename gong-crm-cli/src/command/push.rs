//! `gong-crm push`: records to a verdict.

use std::collections::{BTreeMap, BTreeSet};

use gong_crm::ObjectType;
use gong_crm::check::{self, Severity, check_paths};
use gong_crm::io::discover::FilesError;
use gong_crm::ledger::Ledger;
use gong_crm::operation::Operation;
use gong_crm::push::{
    CheckMode, FilePreview, Options, Preview, Rejects, Resend, UploadPreview, Wait,
};
use gong_crm::{Client, Credentials, IntegrationId};
use gong_sim::Simulator;

use crate::args::Global;
use crate::args::push::{Delivery, Push};
use crate::config::settings::Settings;
use crate::connection::{Connection, limits};
use crate::dry_run::{self, Request};
use crate::error::CliError;
use crate::exit::Exit;
use crate::mappings::{self, conversion, warn_skipped_csvs};
use crate::output::table::{Align, count, counted};
use crate::output::{Output, finding, push_report};
use crate::schema_file;
use crate::sources::SourceTables;

pub(crate) async fn run(global: &Global, push: &Push, output: &Output) -> Result<Exit, CliError> {
    // Usage errors are reported before any call.
    if let Some(sources) = SourceTables::instead_of_paths(global, &push.paths, &push.source.source)?
    {
        return push_sources(global, push, &sources, *output).await;
    }
    let options = options(global, push)?;
    match options.files() {
        Ok(_) => {}
        Err(error @ FilesError::OnlyRejects { .. }) => return Ok(nothing_to_push(&error, *output)),
        Err(error) => return Err(CliError::from_files(&error)),
    }
    if push.dry_run {
        return dry_run(global, push, options, *output).await;
    }
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let skipped = options.skipped_csvs();
    let work = connection.client.push(integration_id, options);
    let exit = push_report::follow(work, global, *output).await?;
    if let Some(simulator) = &connection.simulator {
        output.status("");
        output.status(&contents(simulator));
    }
    warn_skipped_csvs(&skipped, *output);
    Ok(exit)
}

/// Pushes the records of sources. Records that are not in them stay in Gong: only a sync deletes.
async fn push_sources(
    global: &Global,
    push: &Push,
    sources: &SourceTables,
    output: Output,
) -> Result<Exit, CliError> {
    if push.dry_run {
        return Err(CliError::new(Exit::Usage, "--dry-run is for files")
            .with_hint("gong-crm plan shows what is different, gong-crm check what is wrong"));
    }
    if !push.map.is_empty() {
        return Err(CliError::new(Exit::Usage, "--map is for files")
            .with_hint("set `map` in the source's table"));
    }
    let options = options_of(global, push, Options::default())?;
    let schema = options.check.options();
    let schema = schema.and_then(|check| check.entity_schema.clone());
    let records = sources.records(global, push.object_type, schema.as_ref(), output);
    let records = records.await?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let work = connection
        .client
        .push_records(integration_id, records, options);
    let exit = push_report::follow(work, global, output).await?;
    if let Some(simulator) = &connection.simulator {
        output.status("");
        output.status(&contents(simulator));
    }
    Ok(exit)
}

/// A directory with only rejects files: everything else in it is gone, so there is nothing to do.
fn nothing_to_push(error: &FilesError, output: Output) -> Exit {
    if output.is_json() {
        output.json(&serde_json::json!({
            "verdict": "done", "files": [], "notes": [error.to_string()],
        }));
    } else {
        output.status(&format!("nothing to push: {error}"));
    }
    Exit::Ok
}

fn options(global: &Global, push: &Push) -> Result<Options, CliError> {
    let (paths, types) = mappings::paths(global, &push.paths, push.object_type)?;
    let mut options = Options::new(&paths);
    options.types = types;
    options_of(global, push, options)
}

fn options_of(global: &Global, push: &Push, mut options: Options) -> Result<Options, CliError> {
    if global.sim {
        options = options.simulator();
    }
    apply_delivery_args(&mut options, &push.delivery, global);
    // A record is compared in the same way, whichever command sends it.
    options.ignore_fields = ignored_fields(global);
    options.object_type = push.object_type;
    options.request_id.clone_from(&push.request_id);
    options.history = push.history;
    options.touch = push.touch;
    options.keep_dates = push.keep_dates;
    options.resend = match &push.resend {
        None => Resend::None,
        Some(ids) if ids.iter().all(String::is_empty) => Resend::All,
        Some(ids) => Resend::Ids(ids.clone()),
    };
    let schema = push.schema.as_deref();
    let schema = schema
        .map(|path| schema_file::read(path, push.object_type))
        .transpose()?;
    options.converter = super::check::converter(conversion(
        global,
        &push.map,
        schema.as_ref(),
        &push.paths,
        push.object_type,
    )?);
    if push.no_check {
        return Ok(options.unchecked());
    }
    let mut check = check::Options::default();
    check.severities = super::check::severities(global, push.strict, &push.allow, &push.deny)?;
    check.object_type = push.object_type;
    check.types.clone_from(&options.types);
    check.entity_schema = schema;
    check.converter.clone_from(&options.converter);
    options.check = if push.skip_invalid {
        CheckMode::SkipInvalid(check)
    } else {
        CheckMode::Strict(check)
    };
    Ok(options)
}

/// The fields that the tables of the sources exclude from the comparison, by type.
pub(crate) fn ignored_fields(global: &Global) -> BTreeMap<ObjectType, BTreeSet<String>> {
    let Ok((_, tables)) = Settings::sources(global) else {
        return BTreeMap::new();
    };
    let sources = tables.types.into_iter();
    sources
        .map(|(of, table)| (of, table.ignore_fields))
        .collect()
}

/// Applies the arguments that push and resume share.
pub(crate) fn apply_delivery_args(options: &mut Options, delivery: &Delivery, global: &Global) {
    options.retry = limits(global, options.retry);
    options.poll = options.poll.with_timeout(delivery.wait);
    if let Some(interval) = delivery.poll_interval {
        options.poll.initial_interval = interval;
        options.poll.max_interval = options.poll.max_interval.max(interval);
    }
    options.account_delay = delivery.account_delay.unwrap_or(options.account_delay);
    options.ignore_dependencies = delivery.ignore_dependencies;
    let retry = &mut options.retry;
    retry.max_elapsed = delivery.retry_timeout.unwrap_or(retry.max_elapsed);
    retry.max_retry_after = delivery.max_retry_after.unwrap_or(retry.max_retry_after);
    retry.initial_backoff = delivery.retry_backoff.unwrap_or(retry.initial_backoff);
    retry.max_backoff = retry.max_backoff.max(retry.initial_backoff);
    if delivery.no_wait {
        options.wait = Wait::UntilSent;
    }
    options.search_calls = delivery.search_calls;
    options.find_all_errors = delivery.find_all_errors;
    options.rejects = match &delivery.rejects_dir {
        Some(directory) => Rejects::Directory(directory.clone()),
        None if delivery.no_rejects => Rejects::None,
        None => Rejects::Beside,
    };
}

/// Shows what a push would check and send, without a call.
async fn dry_run(
    global: &Global,
    push: &Push,
    options: Options,
    output: Output,
) -> Result<Exit, CliError> {
    let Some(check) = options.push_check() else {
        let message = "--dry-run needs the check";
        return Err(CliError::new(Exit::Usage, message).with_hint("leave --no-check out"));
    };
    let summary = check_paths(&options.paths, &check, &mut |found| {
        if found.severity == Severity::Error {
            for line in finding::text(&found) {
                output.status(&line);
            }
        }
    })
    .map_err(|error| CliError::from_check(&error))?;
    let skipped = options.skipped_csvs();
    let preview = if summary.is_clean() || push.skip_invalid {
        let preview = preview(global, options).await?;
        Some(preview).filter(|preview| !preview.is_invalid)
    } else {
        None
    };
    let uploads = preview.as_ref().map_or(&[][..], |preview| &preview.uploads);
    let requests = requests(global, push, uploads)?;
    let of_file = |file: &check::FileSummary| {
        let files = preview.as_ref().map_or(&[][..], |preview| &preview.files);
        files.iter().find(|of| of.path == *file.path)
    };
    if output.is_json() {
        let files: Vec<_> = summary
            .files
            .iter()
            .map(|file| {
                let of_file = of_file(file);
                serde_json::json!({
                    "path": file.path.to_string_lossy(), "objectType": file.object_type,
                    "bytes": file.bytes, "records": file.records,
                    "errors": file.errors, "warnings": file.warnings,
                    "new": of_file.map(|of| of.new), "changed": of_file.map(|of| of.changed),
                    "deleted": of_file.map(|of| of.deleted),
                    "unchanged": of_file.map(|of| of.unchanged),
                    "heldBack": of_file.map(|of| of.held_back),
                })
            })
            .collect();
        let requests = dry_run::json(&requests, global)?;
        output.json(&serde_json::json!({
            "dryRun": true, "files": files, "uploads": uploads, "requests": requests,
            "notes": preview.as_ref().map_or(&[][..], |preview| &preview.notes),
        }));
    } else {
        let columns = [
            ("type", Align::Left),
            ("file", Align::Left),
            ("records", Align::Right),
            ("+ new", Align::Right),
            ("~ changed", Align::Right),
            ("- deleted", Align::Right),
            ("= same", Align::Right),
            ("! held back", Align::Right),
            ("errors", Align::Right),
            ("warnings", Align::Right),
        ];
        let row = |file: &check::FileSummary| {
            let of_file = of_file(file);
            let of_plan = |number: fn(&FilePreview) -> u64| {
                of_file.map_or_else(String::new, |of| count(number(of)))
            };
            vec![
                file.object_type.to_string(),
                file.path.display().to_string(),
                count(file.records),
                of_plan(|of| of.new),
                of_plan(|of| of.changed),
                of_plan(|of| of.deleted),
                of_plan(|of| of.unchanged),
                of_plan(|of| of.held_back),
                count(file.errors),
                count(file.warnings),
            ]
        };
        output.table(&columns, &summary.files.iter().map(row).collect::<Vec<_>>());
        if let Some(preview) = &preview {
            let held = preview.files.iter().flat_map(|file| &file.errors);
            for error in held.clone().take(MAX_HELD) {
                let id = error.object_id.as_deref().unwrap_or("a record");
                output.status(&format!("{id}: {}", error.description));
            }
            let more = held.count().saturating_sub(MAX_HELD) as u64;
            if more > 0 {
                output.status(&format!("and {} more", count(more)));
            }
            for note in &preview.notes {
                output.status(&format!("note: {note}"));
            }
            output.stdout("");
            dry_run::print(&requests, global, output)?;
            let records = preview.uploads.iter().map(|upload| upload.records).sum();
            output.status(&format!(
                "dry run: {} in {} would be sent in this order; nothing was sent",
                counted(records, "record"),
                counted(preview.uploads.len() as u64, "upload"),
            ));
        } else {
            output.status("");
            output.status("dry run: with these errors nothing would be sent");
        }
    }
    warn_skipped_csvs(&skipped, output);
    Ok(if preview.is_some() {
        Exit::Ok
    } else {
        Exit::CheckFailed
    })
}

/// How many records that would be held back are named.
const MAX_HELD: usize = 20;

/// Compares the records with what Gong has, as far as the ledger knows; no call is made.
async fn preview(global: &Global, options: Options) -> Result<Preview, CliError> {
    let mut base_url = None;
    let mut known = None;
    if !global.sim {
        let settings = Settings::read(global)?;
        base_url = Some(settings.effective_base_url()?);
        // Without a ledger nothing was sent yet, and a dry run makes none.
        if settings.ledger_path()?.exists() {
            let ledger = settings.open_ledger().await?;
            match settings.known_integrations(&ledger).await?[..] {
                [] => {}
                [(_, only)] => known = Some((only, ledger)),
                [..] => {
                    let message = "the ledger knows several integrations";
                    return Err(CliError::new(Exit::Usage, message)
                        .with_hint("--integration-id names the one to compare with"));
                }
            }
        }
    }
    let (integration_id, ledger) =
        known.unwrap_or_else(|| (IntegrationId::from(0), Ledger::memory()));
    let mut client = Client::builder()
        .credentials(Credentials::bearer_token("unused"))
        .ledger(ledger);
    if let Some(base_url) = base_url {
        client = client.base_url(base_url);
    }
    let client = client.build()?;
    let preview = client.preview(integration_id, options).await;
    preview.map_err(CliError::from_push)
}

/// The requests of the uploads.
fn requests(
    global: &Global,
    push: &Push,
    uploads: &[UploadPreview],
) -> Result<Vec<Request>, CliError> {
    let named = if global.sim {
        None
    } else {
        Settings::read(global)?.integration_id.map(|id| id.value)
    };
    let integration_id = named.map_or("[the registered one]".to_owned(), |id| id.to_string());
    let request_id = push.request_id.as_ref();
    let request_id = request_id.map_or("[next id of the ledger]", |id| id.as_str());
    let request = |upload: &UploadPreview| {
        let paths = upload.paths.iter().map(|path| path.display().to_string());
        let paths: Vec<String> = paths.collect();
        let records = counted(upload.records, "record");
        Request::new(Operation::UploadCrmData)
            .query("clientRequestId", &request_id)
            .query("integrationId", &integration_id)
            .query("objectType", &upload.object_type)
            .part(&format!("{records} of {}", paths.join(", ")))
    };
    Ok(uploads.iter().map(request).collect())
}

/// How many records the simulator has after the push.
fn contents(simulator: &Simulator) -> String {
    let counts: Vec<String> = ObjectType::ALL
        .into_iter()
        .map(|object_type| (object_type, simulator.object_count(object_type.as_str())))
        .filter(|(_, objects)| *objects > 0)
        .map(|(object_type, objects)| {
            let name = object_type.as_str().to_lowercase().replace('_', " ");
            counted(objects as u64, &name)
        })
        .collect();
    let counts = if counts.is_empty() {
        "no records".to_owned()
    } else {
        counts.join(", ")
    };
    format!("the simulator now has {counts}")
}
