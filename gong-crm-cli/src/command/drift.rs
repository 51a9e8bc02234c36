//! `gong-crm drift`: what Gong has, read back and compared with what was sent, or with files.

use gong_crm::drift::{
    Difference, DifferenceKind, DriftError, DriftOptions, DriftReport, FieldDifference, Handled,
};
use gong_crm::push::Options;

use crate::args::Global;
use crate::args::drift::Drift;
use crate::args::sync::Scope;
use crate::command::sync::{Reading, Sources, failed};
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::table::{count, counted};
use crate::output::{Output, html};

mod files;

pub(crate) async fn run(global: &Global, args: &Drift, output: Output) -> Result<Exit, CliError> {
    if !args.paths.is_empty() {
        return files::compare(global, &args.paths, args.object_type, args.max, output).await;
    }
    let mut options = DriftOptions::new();
    options.budget = args.budget;
    options.reserve = args.reserve;
    options.min_age = args.min_age;
    options.only = args.only.iter().copied().collect();
    options.repair = args.repair;
    let sources = if global.sim {
        None
    } else {
        Sources::read_if_any(global)?
    };
    if global.sim {
        options.push = options.push.simulator();
    }
    apply_waits(&mut options.push, args);
    if let Some(sources) = &sources {
        options.sources = Some(sources.options(global, &Scope::default(), Reading::Everything)?);
    }
    if let Some(sources) = &mut options.sources {
        apply_waits(&mut sources.push, args);
    }
    let connection = Connection::open(global).await?;
    let integration_id = connection.known_integration_id().await?;
    let report = connection
        .client
        .drift(integration_id, options)
        .await
        .map_err(failure)?;
    if output.is_json() {
        for difference in &report.differences {
            output.json(difference);
        }
    } else if output.is_html() {
        let left = connection.client.calls_left().await;
        output.page(&html::drift::drift(&report, what, notes(&report), left));
    } else {
        for difference in &report.differences {
            output.stdout(&line(difference));
        }
        summarize(&report, args.budget, output);
    }
    Ok(if !report.problems.is_empty() {
        Exit::Failed
    } else if report.is_equal() {
        Exit::Ok
    } else {
        Exit::Rejected
    })
}

/// How long repairs wait.
fn apply_waits(push: &mut Options, args: &Drift) {
    if let Some(wait) = args.wait {
        push.poll = push.poll.with_timeout(wait);
    }
    if let Some(interval) = args.poll_interval {
        push.poll.initial_interval = interval;
        push.poll.max_interval = push.poll.max_interval.max(interval);
    }
    push.account_delay = args.account_delay.unwrap_or(push.account_delay);
}

fn failure(error: DriftError) -> CliError {
    match error {
        DriftError::Request(error) => error.into(),
        DriftError::Ledger(error) => CliError::from_ledger(&error),
        DriftError::Sync(error) => failed(error),
        DriftError::Push(error) => CliError::from_push(error),
        other => CliError::new(Exit::Unexpected, other.to_string()),
    }
}

/// One record, in a sentence.
fn line(difference: &Difference) -> String {
    let (object_type, id) = (difference.object_type.to_string(), &difference.object_id);
    format!("{object_type:<7}  {id}   {}", what(difference))
}

/// What differs, and what was done about it.
fn what(difference: &Difference) -> String {
    let fields: Vec<String> = difference.fields.iter().map(field).collect();
    let fields = fields.join("; ");
    let what = match difference.kind {
        DifferenceKind::Missing => "was accepted and is not in Gong".to_owned(),
        DifferenceKind::NotDeleted => "was deleted and is still in Gong".to_owned(),
        DifferenceKind::Different => fields,
        DifferenceKind::Unconfirmed => {
            "Gong did not confirm it, and does not have it as it was sent".to_owned()
        }
        DifferenceKind::Confirmed => {
            "Gong did not confirm it, but it is in Gong as sent: resolved".to_owned()
        }
        DifferenceKind::OwnForm => format!("stored by Gong in its own form: {fields}"),
        _ => difference.kind.to_string(),
    };
    let handled = match difference.handled {
        Handled::SentAgain => "; sent again",
        Handled::SentBefore if difference.fields.iter().any(|of| of.is_extra) => {
            "; was sent again before, and Gong kept that: a field that is left out cannot be cleared for sure, \
             so clear it in Gong or send a value"
        }
        Handled::SentBefore => "; was sent again before, and is not sent until it changes",
        Handled::NotTaken => {
            "; was sent again before, but Gong shows another modifiedDate: it did not take it, or it was \
             changed since; not sent until it changes"
        }
        Handled::NotSent => "; could not be sent again",
        _ => "",
    };
    format!("{what}{handled}")
}

fn field(of: &FieldDifference) -> String {
    let FieldDifference { field, found, .. } = of;
    if found.is_null() {
        format!("{field}: Gong has no value")
    } else if of.is_extra {
        format!("{field}: Gong has {found}, and nothing was sent")
    } else {
        format!("{field}: Gong has {found}")
    }
}

/// What is worth knowing of the report as a whole.
fn notes(report: &DriftReport) -> Vec<String> {
    let undeclared = report.undeclared.iter().map(|(object_type, fields)| {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        format!(
            "{object_type}: Gong does not show fields that its schema does not have: {}",
            fields.join(", ")
        )
    });
    let declared_later = report.declared_later.iter().map(|(object_type, fields)| {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        format!(
            "{object_type}: Gong's schema has {} only since records with them were sent, and does not show \
             their values: a sync of a complete source sends the records again; let a source of changes \
             list them once",
            fields.join(", ")
        )
    });
    let notes = report.notes.iter().cloned();
    notes.chain(undeclared).chain(declared_later).collect()
}

fn summarize(report: &DriftReport, budget: u32, output: Output) {
    for problem in &report.problems {
        let (object_type, source) = (problem.object_type, &problem.source);
        let message = &problem.message;
        output.status(&format!(
            "{object_type} ({source}): {message}; none of its records were read back"
        ));
    }
    for note in notes(report) {
        output.status(&format!("note: {note}"));
    }
    let not_read = &report.not_read;
    for (number, one, several) in [
        (
            not_read.too_new,
            "was accepted too recently",
            "were accepted too recently",
        ),
        (
            not_read.changed_in_source,
            "has another version in its source, which the next sync sends",
            "have another version in their source, which the next sync sends",
        ),
        (
            not_read.under_way,
            "is in an upload without a verdict",
            "are in an upload without a verdict",
        ),
        (
            not_read.unknown_version,
            "is sent again by the next push or sync, because it is not known which version Gong has",
            "are sent again by the next push or sync, because it is not known which version Gong has",
        ),
        (
            not_read.unreadable_id,
            "has an id that Gong cannot be asked for",
            "have an id that Gong cannot be asked for",
        ),
        (
            not_read.unanswered,
            "Gong's response does not name",
            "Gong's response does not name",
        ),
    ] {
        if number > 0 {
            let why = if number == 1 { one } else { several };
            output.status(&format!(
                "not read back: {} that {why}",
                counted(number, "record")
            ));
        }
    }
    if not_read.waiting > 0 {
        let days = not_read.waiting.div_ceil(100 * u64::from(budget.max(1)));
        let since = not_read.oldest_waiting.map_or_else(
            || "some never were".to_owned(),
            |at| {
                format!(
                    "the last time on {} at the earliest",
                    at.strftime("%Y-%m-%d")
                )
            },
        );
        output.status(&format!(
            "{} wait for a later drift ({since}); with --budget {budget} that takes about {}",
            counted(not_read.waiting, "record"),
            counted(days, "day"),
        ));
    }
    output.status(&format!(
        "not compared: {} and {}, which Gong cannot show, and records that this ledger never sent",
        counted(not_read.users, "user"),
        counted(not_read.stages, "stage")
    ));
    if let Some(repair) = &report.repair {
        output.status(&format!(
            "sent again: {} accepted, {} not",
            counted(repair.accepted, "record"),
            count(repair.not_accepted)
        ));
    }
    let own = if report.in_own_form > 0 {
        format!(" ({} in Gong's own form)", count(report.in_own_form))
    } else {
        String::new()
    };
    output.status(&format!(
        "read back {} with {}: {} as sent{own}, {} not",
        counted(report.read, "record"),
        counted(report.calls, "call"),
        count(report.same),
        count(report.read.saturating_sub(report.same)),
    ));
}
