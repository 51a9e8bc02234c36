//! How a push is followed to its end and what is said of it; push and resume share it.

use gong_crm::push::{FileReport, FileStatus, Push, PushError, Report, Verdict};

use crate::args::Global;
use crate::exit::Exit;
use crate::error::CliError;
use crate::output::Output;
use crate::output::progress::Progress;
use crate::output::table::{Align, count};

/// Does the work, shows its steps, and prints the report. The first Ctrl-C stops it cleanly, the
/// second at once.
pub(crate) async fn follow(
    push: Push,
    global: &Global,
    output: Output,
    is_async: bool,
) -> Result<Exit, CliError> {
    let mut progress = Progress::new(output, !global.no_progress);
    let (mut handle, work) = push.start();
    let canceller = handle.canceller();
    let outcome = {
        let showing = async {
            while let Some(event) = handle.next_event().await {
                progress.show(&event);
            }
        };
        let mut both = Box::pin(async { tokio::join!(work, showing).0 });
        tokio::select! {
            outcome = &mut both => outcome,
            _ = tokio::signal::ctrl_c() => {
                output.status("stopping; once more to stop at once");
                canceller.cancel();
                tokio::select! {
                    outcome = &mut both => outcome,
                    _ = tokio::signal::ctrl_c() => {
                        resume_line(output, &[]);
                        return Ok(Exit::Interrupted);
                    }
                }
            }
        }
    };
    progress.end();
    let report = outcome.map_err(failure)?;
    if output.is_json() {
        output.json(&report);
    } else {
        print(&report, output);
    }
    if let Some(cause) = report.cause() {
        output.failure(&CliError::from_error(cause));
    }
    let unfinished: Vec<String> = report
        .unfinished()
        .iter()
        .map(ToString::to_string)
        .collect();
    if report.is_canceled || !unfinished.is_empty() {
        resume_line(output, &unfinished);
    }
    let is_accepted = |status| matches!(status, FileStatus::Accepted | FileStatus::Done);
    // What has to wait for an earlier upload of its file is left to resume.
    let accepted = |file: &FileReport| {
        is_accepted(file.status) && file.uploads.iter().all(|upload| is_accepted(upload.status))
    };
    Ok(match () {
        () if report.is_canceled => Exit::Interrupted,
        () if is_async && report.files.iter().all(accepted) => Exit::Ok,
        () => Exit::of_report(&report),
    })
}

/// The command that finishes what was begun.
fn resume_line(output: Output, ids: &[String]) {
    // One id is worth naming; with many, all of them is shorter.
    let ids = if let [only] = ids {
        format!(" {only}")
    } else {
        String::new()
    };
    output.status(&format!("\nto go on: gong-crm resume{ids}"));
}

fn failure(error: PushError) -> CliError {
    match error {
        PushError::Request(error) => error.into(),
        PushError::Plan(error) => CliError::from_plan(&error),
        PushError::Check(error) => crate::command::check::check_failure(&error),
        PushError::Ledger(error) => CliError::from_ledger(&error),
        other => CliError::new(Exit::Unexpected, other.to_string()),
    }
}

fn print(report: &Report, output: Output) {
    if report.files.is_empty() {
        output.status("nothing to do");
        return;
    }
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
    output.table(&columns, &rows);
    for file in &report.files {
        errors(file, output);
    }
}

fn row(file: &FileReport) -> Vec<String> {
    let status = match (file.status, file.done_at) {
        (FileStatus::Done, Some(at)) if !file.sent => {
            format!("already done on {}", at.strftime("%Y-%m-%d %H:%M:%SZ"))
        }
        (FileStatus::Done, _) if !file.sent => "already done, nothing sent".to_owned(),
        (FileStatus::Done, _) => "done".to_owned(),
        (FileStatus::Partial, _) => "some refused".to_owned(),
        (FileStatus::Failed, _) => "failed".to_owned(),
        (FileStatus::Invalid, _) => "invalid, nothing sent".to_owned(),
        (FileStatus::Accepted, _) => "accepted".to_owned(),
        (FileStatus::TimedOut, _) => "not finished yet".to_owned(),
        (FileStatus::Unknown, _) => "outcome unknown".to_owned(),
        (FileStatus::NotSent, _) => match &file.not_sent_because {
            Some(reason) => format!("not sent: {reason}"),
            None => "not sent".to_owned(),
        },
        _ => "?".to_owned(),
    };
    vec![
        file.object_type.to_string(),
        file.path.display().to_string(),
        count(file.records),
        count(file.succeeded),
        count(file.failed),
        status,
    ]
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Partial => "some refused",
        Verdict::Failed => "failed",
        Verdict::Invalid => "invalid, nothing sent",
        Verdict::TimedOut => "not finished yet",
        Verdict::Unknown => "outcome unknown",
        _ => "?",
    }
}

/// What Gong refused of a file, each line with its record.
fn errors(file: &FileReport, output: Output) {
    let path = file.path.display();
    if file.status == FileStatus::Invalid {
        // The check has told of them.
        return;
    }
    if !file.errors.is_empty() {
        output.stdout("");
    }
    for error in &file.errors {
        let record = match &error.object_id {
            Some(object_id) => format!("objectId {object_id}: "),
            None => String::new(),
        };
        match error.line {
            0 => output.stdout(&format!("{path}: whole upload: {}", error.description)),
            _ => output.stdout(&format!(
                "{path}:{}: {record}{}",
                error.source_line, error.description
            )),
        }
    }
    if file.hidden_errors > 0 {
        output.stdout(&format!(
            "{path}: {} more refused; Gong lists no more than 20 of an upload (--drain finds them)",
            count(file.hidden_errors)
        ));
    }
    if let Some(reason) = &file.search_stopped_because {
        output.status(&format!("{path}: the search for them stopped: {reason}"));
    }
    if let Some(rejects) = &file.rejects {
        let reasons = rejects.with_extension("txt");
        output.status(&format!(
            "refused records: {}, why: {}",
            rejects.display(),
            reasons.display()
        ));
    }
}
