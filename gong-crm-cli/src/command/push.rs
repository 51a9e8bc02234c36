//! `gong-crm push`: files to a verdict.

use gong_crm::ObjectType;
use gong_crm::push::{FileReport, FileStatus, Options, Report, Verdict, plan};
use gong_sim::Simulator;

use crate::arguments::{Global, Push};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Progress;
use crate::settings::Connection;
use crate::table::{self, Align, count, counted};

pub(crate) async fn run(global: &Global, push: &Push, output: &Output) -> Result<Exit, Failure> {
    // Mistakes on the command line are told before anything is asked of Gong.
    plan(&push.paths, push.object_type).map_err(|error| Failure::from_plan(&error))?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let mut options = Options::new(&push.paths);
    options.object_type = push.object_type;
    if global.sim {
        options = options.local();
    }
    options.patience = options.patience.with_total(push.wait);
    if let Some(settle) = push.settle {
        options.settle_time = settle;
    }
    let mut progress = Progress::new(*output, !global.no_progress);
    let outcome = connection
        .client
        .push(integration_id, &options, |event| progress.show(&event))
        .await;
    progress.end();
    let report = outcome?;
    if output.is_json() {
        output.json(&report);
    } else {
        print(&report, *output);
        if let Some(simulator) = &connection.simulator {
            output.talk(&holdings(simulator));
        }
    }
    if let Some(cause) = report.cause() {
        output.failure(&Failure::from_error(cause));
    }
    Ok(Exit::of_report(&report))
}

fn print(report: &Report, output: Output) {
    let columns = [
        ("type", Align::Left),
        ("file", Align::Left),
        ("records", Align::Right),
        ("taken", Align::Right),
        ("refused", Align::Right),
        ("status", Align::Left),
    ];
    let mut rows: Vec<Vec<String>> = report.files.iter().map(row).collect();
    rows.push(vec![
        "total".to_owned(),
        String::new(),
        count(report.records()),
        count(report.succeeded()),
        count(report.failed()),
        verdict(report.verdict).to_owned(),
    ]);
    for line in table::lines(&columns, &rows) {
        output.data(&line);
    }
    for file in &report.files {
        errors(file, output);
    }
}

fn row(file: &FileReport) -> Vec<String> {
    let status = match file.status {
        FileStatus::Done if !file.sent => "done before, nothing sent",
        FileStatus::Done => "done",
        FileStatus::Partial => "some refused",
        FileStatus::Failed => "failed",
        FileStatus::TimedOut => "not finished yet",
        FileStatus::Unknown => "outcome unknown",
        FileStatus::NotSent => "not sent",
        _ => "?",
    };
    vec![
        file.object_type.to_string(),
        file.path.display().to_string(),
        count(file.records),
        count(file.succeeded),
        count(file.failed),
        status.to_owned(),
    ]
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Partial => "some refused",
        Verdict::Failed => "failed",
        Verdict::TimedOut => "not finished yet",
        Verdict::Unknown => "outcome unknown",
        _ => "?",
    }
}

/// What Gong refused of a file, each line with its record.
fn errors(file: &FileReport, output: Output) {
    let path = file.path.display();
    if !file.errors.is_empty() {
        output.data("");
    }
    for error in &file.errors {
        let record = match &error.object_id {
            Some(object_id) => format!("objectId {object_id}: "),
            None => String::new(),
        };
        match error.line {
            0 => output.data(&format!("{path}: whole file: {}", error.description)),
            line => output.data(&format!("{path}:{line}: {record}{}", error.description)),
        }
    }
    if file.hidden_errors > 0 {
        output.data(&format!(
            "{path}: {} more refused; Gong lists no more than 20 of a file",
            count(file.hidden_errors)
        ));
    }
    if let (FileStatus::TimedOut | FileStatus::Unknown, Some(id)) =
        (file.status, &file.client_request_id)
    {
        output.talk(&format!("ask again: gong-crm status {id} --wait"));
    }
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
