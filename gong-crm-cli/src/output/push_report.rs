//! Follows a push or a resume until it finishes, and prints its report.

use std::cell::Cell;

use gong_crm::push::{Event, FileReport, Push, Report, Status, Verdict};

use crate::args::Global;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::progress::Progress;
use crate::output::table::{Align, count};
use crate::output::{Output, again, html, records};
use crate::signal::{Signals, stopping};

/// Does the work, shows its progress, and prints the report. The first signal stops it cleanly, the
/// second at once.
pub(crate) async fn follow(push: Push, global: &Global, output: Output) -> Result<Exit, CliError> {
    let mut progress = Progress::new(output, !global.no_progress);
    let mut signals = Signals::new();
    let (mut handle, work) = push.start();
    let cancel = handle.cancel_handle();
    let mut stopped_by = None;
    let is_begun = Cell::new(false);
    let outcome = {
        let showing = async {
            while let Some(event) = handle.next_event().await {
                is_begun.set(is_begun.get() || begins(&event));
                progress.show(&event);
            }
        };
        let mut both = Box::pin(async { tokio::join!(work, showing).0 });
        tokio::select! {
            outcome = &mut both => outcome,
            exit = signals.next() => {
                output.status(stopping(exit));
                stopped_by = Some(exit);
                cancel.cancel();
                tokio::select! {
                    outcome = &mut both => outcome,
                    exit = signals.next() => {
                        if is_begun.get() {
                            output.status("");
                            resume_line(global, output, "", &[]);
                        } else {
                            output.status(NOTHING_SENT);
                        }
                        return Ok(exit);
                    }
                }
            }
        }
    };
    progress.end();
    let report = match outcome {
        Ok(report) => report,
        Err(error) => {
            let error = CliError::from_push(error);
            if let Some(exit) = stopped_by {
                output.error(&error);
                return Ok(exit);
            }
            return Err(error);
        }
    };
    if output.is_json() {
        output.json(&report);
    } else if output.is_html() {
        output.page(&html::push::push(&report));
    } else {
        print(&report, output);
    }
    let exit = Exit::of_report(&report);
    if let Some(cause) = &report.cause {
        let mut error = CliError::from_error(cause);
        error.exit = exit;
        output.error(&error);
    }
    let unfinished: Vec<String> = report
        .unfinished()
        .iter()
        .map(ToString::to_string)
        .collect();
    if report.is_unplanned() {
        output.status(NOTHING_SENT);
    } else if report.waits_for_search() {
        output.status("");
        resume_line(global, output, "tomorrow", &[]);
        resume_line(global, output, "now", &["--find-all-errors"]);
    } else if exit.is_signal() || !unfinished.is_empty() {
        // One id is worth naming; for many, a resume of all is shorter.
        let only = match &unfinished[..] {
            [only] => &[only.as_str()][..],
            _ => &[],
        };
        output.status("");
        resume_line(global, output, "", only);
    }
    Ok(match stopped_by {
        Some(signal) if exit.is_signal() => signal,
        _ => exit,
    })
}

/// Said of a push that was stopped before it planned anything.
const NOTHING_SENT: &str = "nothing was sent; run the command again";

/// Whether a step comes after the plan is in the ledger.
fn begins(event: &Event) -> bool {
    !matches!(
        event,
        Event::Waiting { .. }
            | Event::Reading { .. }
            | Event::Comparing { .. }
            | Event::Checked { .. }
    )
}

/// Prints the command that finishes what was begun, with the options that it needs again.
fn resume_line(global: &Global, output: Output, when: &str, words: &[&str]) {
    let space = if when.is_empty() { "" } else { " " };
    let command = again::command(global, &[&["resume"], words].concat());
    output.status(&format!("to resume{space}{when}: {command}"));
}

fn print(report: &Report, output: Output) {
    if report.is_unplanned() {
        return;
    }
    if report.files.is_empty() {
        if report.verdict == Verdict::Done {
            output.status("nothing to do");
        }
        notes(report, output);
        return;
    }
    let columns = [
        ("type", Align::Left),
        ("file", Align::Left),
        ("records", Align::Right),
        ("unchanged", Align::Right),
        ("accepted", Align::Right),
        ("rejected", Align::Right),
        ("status", Align::Left),
    ];
    let mut rows: Vec<Vec<String>> = report.files.iter().map(row).collect();
    rows.push(vec![
        "total".to_owned(),
        String::new(),
        count(report.records()),
        count(report.unchanged()),
        count(report.accepted()),
        count(report.rejected()),
        report.verdict.to_string(),
    ]);
    output.table(&columns, &rows);
    let cause = report.cause.as_ref().map(ToString::to_string);
    for file in &report.files {
        errors(file, cause.as_deref(), output);
    }
    if !report.notes.is_empty() {
        output.status("");
    }
    notes(report, output);
}

fn notes(report: &Report, output: Output) {
    for note in &report.notes {
        output.status(&format!("note: {note}"));
    }
}

fn row(file: &FileReport) -> Vec<String> {
    let older = if file.superseded == 1 {
        "older version"
    } else {
        "older versions"
    };
    let mut parts = vec![match file.status {
        Status::Partial if file.rejected > 0 => "some rejected".to_owned(),
        Status::Partial if file.held_back == 0 && file.unconfirmed > 0 => {
            format!("{} unconfirmed", count(file.unconfirmed))
        }
        Status::Partial => format!("{} held back", count(file.held_back)),
        // Nothing was sent now, so nothing failed.
        Status::Failed if file.uploads.is_empty() && file.rejected > 0 => {
            "rejected before".to_owned()
        }
        Status::Invalid => "invalid, nothing sent".to_owned(),
        Status::NotSent => "not sent".to_owned(),
        Status::TimedOut => "not finished".to_owned(),
        Status::Unknown => "outcome unknown".to_owned(),
        other => other.to_string(),
    }];
    for (number, what) in [
        (file.held_back, "held back"),
        (file.uncertain, "uncertain"),
        (file.unconfirmed, "unconfirmed"),
        (file.superseded, older),
        (file.waived, "waived"),
    ] {
        let part = format!("{} {what}", count(number));
        let is_said = parts.contains(&part) || file.status == Status::Invalid;
        if number > 0 && !is_said {
            parts.push(part);
        }
    }
    vec![
        file.object_type.to_string(),
        file.path.display().to_string(),
        count(file.records),
        count(file.unchanged),
        count(file.accepted),
        count(file.rejected),
        parts.join(", "),
    ]
}

/// The records of a file that are not in Gong, and why.
fn errors(file: &FileReport, cause: Option<&str>, output: Output) {
    let path = file.path.display();
    if file.status == Status::Invalid {
        // The check has shown them.
        return;
    }
    if !file.errors.is_empty() {
        output.stdout("");
    }
    records::records(file, &file.errors.iter().collect::<Vec<_>>(), output);
    // The common cause is printed once, at the end.
    if let Some(reason) = file
        .reason
        .as_deref()
        .filter(|reason| Some(*reason) != cause)
    {
        output.status(&format!("{path}: {reason}"));
    }
    if let Some(rejects) = &file.rejects {
        output.status(&format!(
            "rejected records: {}, reasons: {}",
            rejects.display(),
            rejects.with_extension("txt").display()
        ));
    }
}
