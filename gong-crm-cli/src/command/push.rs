//! `gong-crm push`: files to a verdict.

use gong_crm::ObjectType;
use gong_crm::check::{self, Severity, check_paths};
use gong_crm::operation::Operation;
use gong_crm::push::{Options, PlannedFile, Rejects};
use gong_sim::Simulator;

use crate::arguments::{Global, Push, Waiting};
use crate::command::check::check_failure;
use crate::connection::{Connection, limits};
use crate::csvs::{conversion, tell_passed_over};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::finding;
use crate::output::Output;
use crate::request::{self, Request};
use crate::schema_file;
use crate::settings::Settings;
use crate::table::{Align, count, counted};
use crate::verdict;

pub(crate) async fn run(global: &Global, push: &Push, output: &Output) -> Result<Exit, Failure> {
    // Mistakes on the command line are told before anything is asked of Gong.
    let options = options(global, push)?;
    let files = options
        .files()
        .map_err(|error| Failure::from_plan(&error))?;
    if push.dry_run {
        return dry_run(global, push, &options, &files, *output);
    }
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let passed_over = options.passed_over();
    let work = connection.client.push(integration_id, options);
    let exit = verdict::follow(work, global, *output, push.waiting.is_async).await?;
    if let Some(simulator) = &connection.simulator {
        output.talk(&holdings(simulator));
    }
    tell_passed_over(&passed_over, *output);
    Ok(exit)
}

fn options(global: &Global, push: &Push) -> Result<Options, Failure> {
    let mut options = Options::new(&push.paths);
    if global.sim {
        options = options.local();
    }
    wait_as_told(&mut options, &push.waiting, global);
    options.object_type = push.object_type;
    options.request_id.clone_from(&push.request_id);
    options.skip_invalid = push.skip_invalid;
    let schema = push.schema.as_deref();
    let schema = schema
        .map(|path| schema_file::read(path, push.object_type))
        .transpose()?;
    options.conversion = conversion(global, &push.map, schema.as_ref())?;
    if push.no_check {
        return Ok(options.unchecked());
    }
    let mut check = check::Options::default();
    check.severities.strict = push.strict;
    check.object_type = push.object_type;
    check.entity_schema = schema;
    check.converter = super::check::converter(options.conversion.clone());
    options.check = Some(check);
    Ok(options)
}

/// The part of the options that resume has as well.
pub(crate) fn wait_as_told(options: &mut Options, waiting: &Waiting, global: &Global) {
    options.retry = limits(global, options.retry);
    options.patience = options.patience.with_timeout(waiting.wait);
    if let Some(pause) = waiting.poll {
        options.patience.initial_interval = pause;
        options.patience.max_interval = options.patience.max_interval.max(pause);
    }
    options.settle_time = waiting.settle.unwrap_or(options.settle_time);
    options.ignore_dependencies = waiting.ignore_dependencies;
    let retry = &mut options.retry;
    retry.max_elapsed = waiting.retry_for.unwrap_or(retry.max_elapsed);
    retry.max_retry_after = waiting.max_retry_after.unwrap_or(retry.max_retry_after);
    retry.initial_backoff = waiting.retry_pause.unwrap_or(retry.initial_backoff);
    retry.max_backoff = retry.max_backoff.max(retry.initial_backoff);
    options.acceptance_only = waiting.is_async;
    options.drain = waiting.drain;
    options.rejects = match &waiting.rejects {
        Some(folder) => Rejects::Folder(folder.clone()),
        None if waiting.no_rejects => Rejects::None,
        None => Rejects::Beside,
    };
}

/// What a push would do, without a call: the files in their order, and what the check says.
fn dry_run(
    global: &Global,
    push: &Push,
    options: &Options,
    planned: &[PlannedFile],
    output: Output,
) -> Result<Exit, Failure> {
    let Some(check) = &options.check else {
        let message = "a dry run does nothing but check";
        return Err(Failure::new(Exit::Usage, message).with_hint("leave out --no-check"));
    };
    let summary = check_paths(&push.paths, check, &mut |found| {
        if found.severity == Severity::Error {
            for line in finding::text(&found) {
                output.talk(&line);
            }
        }
    })
    .map_err(|error| check_failure(&error))?;
    let sendable = summary.is_clean() || push.skip_invalid;
    let planned = if sendable { planned } else { &[] };
    let requests = requests(global, push, planned)?;
    if output.is_json() {
        let files: Vec<_> = summary
            .files
            .iter()
            .map(|file| {
                serde_json::json!({
                    "path": &*file.path, "objectType": file.object_type, "bytes": file.bytes,
                    "records": file.records, "errors": file.errors, "warnings": file.warnings,
                })
            })
            .collect();
        let requests = request::json(&requests, global)?;
        output.json(&serde_json::json!({"dryRun": true, "files": files, "requests": requests}));
    } else {
        let columns = [
            ("type", Align::Left),
            ("file", Align::Left),
            ("records", Align::Right),
            ("bytes", Align::Right),
            ("errors", Align::Right),
            ("warnings", Align::Right),
        ];
        let row = |file: &check::FileSummary| {
            vec![
                file.object_type.to_string(),
                file.path.display().to_string(),
                count(file.records),
                count(file.bytes),
                count(file.errors),
                count(file.warnings),
            ]
        };
        output.table(&columns, &summary.files.iter().map(row).collect::<Vec<_>>());
        if sendable {
            output.data("");
            request::print(&requests, global, output)?;
            let files = counted(planned.len() as u64, "file");
            output.talk(&format!(
                "a dry run: {files} would go in this order; nothing was sent"
            ));
        } else {
            output.talk("\na dry run: with these errors nothing would be sent");
        }
    }
    tell_passed_over(&options.passed_over(), output);
    Ok(if sendable {
        Exit::Ok
    } else {
        Exit::CheckFailed
    })
}

/// What would be sent, before anything is split or left out.
fn requests(
    global: &Global,
    push: &Push,
    planned: &[PlannedFile],
) -> Result<Vec<Request>, Failure> {
    let named = if global.sim {
        None
    } else {
        Settings::read(global)?.integration_id.map(|id| id.value)
    };
    let integration_id = named.map_or("[the registered one]".to_owned(), |id| id.to_string());
    let request_id = push.request_id.as_ref();
    let request_id = request_id.map_or("[follows from the content]", |id| id.as_str());
    let request = |file: &PlannedFile| {
        Request::new(Operation::UploadCrmData)
            .query("clientRequestId", &request_id)
            .query("integrationId", &integration_id)
            .query("objectType", &file.object_type)
            .file(&file.path)
    };
    Ok(planned.iter().map(request).collect())
}

/// What a local Gong holds after the push.
fn holdings(simulator: &Simulator) -> String {
    let held: Vec<String> = ObjectType::ALL
        .into_iter()
        .map(|object_type| (object_type, simulator.object_count(object_type.as_str())))
        .filter(|(_, objects)| *objects > 0)
        .map(|(object_type, objects)| {
            counted(
                objects as u64,
                &object_type.as_str().to_lowercase().replace('_', " "),
            )
        })
        .collect();
    let held = if held.is_empty() {
        "nothing".to_owned()
    } else {
        held.join(", ")
    };
    format!("\nthe local Gong now holds {held}")
}
