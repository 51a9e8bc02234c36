//! `gong-crm history` and `gong-crm changes`: what was sent, record by record.

use gong_crm::ledger::{RecordHistory, RecordOutcome};
use jiff::{SignedDuration, Timestamp};

use crate::args::Global;
use crate::args::ledger::{Changes, History, Since};
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::table::{Align, seconds};
use crate::output::{Output, html};

/// Shows what was sent of one record; no call is made.
pub(crate) async fn history(
    global: &Global,
    history: &History,
    output: Output,
) -> Result<Exit, CliError> {
    let ledger = Settings::read(global)?.open_ledger().await?;
    let record = &history.record;
    let past = ledger
        .history(record.object_type, &record.object_id)
        .await
        .map_err(|error| CliError::from_ledger(&error))?;
    let title = format!("History of {} {}", record.object_type, record.object_id);
    let nothing = "the ledger has no upload of this record: it was never sent with it, or its uploads were pruned";
    print(&past, output, &title, nothing);
    Ok(Exit::Ok)
}

/// Lists what was sent since a time; no call is made.
pub(crate) async fn changes(
    global: &Global,
    changes: &Changes,
    output: Output,
) -> Result<Exit, CliError> {
    let since = match changes.since {
        Since::Time(time) => time,
        Since::Age(age) => before_now(age),
    };
    let ledger = Settings::read(global)?.open_ledger().await?;
    let past = ledger
        .changes(since)
        .await
        .map_err(|error| CliError::from_ledger(&error))?;
    let title = format!("What was sent to Gong since {}", seconds(since));
    print(&past, output, &title, "nothing was sent since then");
    Ok(Exit::Ok)
}

/// The time so long ago; the earliest one there is, if that is before it.
pub(super) fn before_now(age: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(age)
        .ok()
        .and_then(|age| Timestamp::now().checked_sub(age).ok())
        .unwrap_or(Timestamp::MIN)
}

fn print(past: &[RecordHistory], output: Output, title: &str, nothing: &str) {
    if output.is_json() {
        for entry in past {
            output.json(entry);
        }
        return;
    }
    if output.is_html() {
        output.page(&html::changes::changes(title, past));
        return;
    }
    if past.is_empty() {
        output.status(nothing);
        return;
    }
    let columns = [
        ("time", Align::Left),
        ("type", Align::Left),
        ("id", Align::Left),
        ("action", Align::Left),
        ("outcome", Align::Left),
        ("fields", Align::Left),
        ("upload", Align::Left),
        ("reason", Align::Left),
    ];
    let row = |entry: &RecordHistory| {
        vec![
            seconds(entry.at),
            entry.object_type.to_string(),
            entry.object_id.clone(),
            entry.action.as_str().to_owned(),
            entry
                .outcome
                .map_or("pending", RecordOutcome::as_str)
                .to_owned(),
            entry.fields.join(", "),
            entry.client_request_id.to_string(),
            entry.reason.clone().unwrap_or_default(),
        ]
    };
    output.table(&columns, &past.iter().map(row).collect::<Vec<_>>());
}
