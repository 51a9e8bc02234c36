//! `gong-crm doctor --probe`: tries what Gong does not document, with two records that are removed.

use std::io::IsTerminal as _;

use gong_crm::probe::{CALLS, Fact, ProbeError, ProbeOptions, ProbeReport};

use crate::args::Global;
use crate::args::doctor::Doctor;
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, counted};

pub(super) async fn run(global: &Global, args: &Doctor, output: Output) -> Result<Exit, CliError> {
    let mut options = ProbeOptions::new();
    if global.sim {
        options = options.simulator();
    }
    if let Some(delay) = args.account_delay {
        options.account_delay = delay;
    }
    if let Some(wait) = args.visible_within {
        options.visible_within = wait;
    }
    if !global.sim && !args.yes && !asked(output)? {
        output.status("nothing was sent");
        return Ok(Exit::Interrupted);
    }
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let report = connection
        .client
        .probe(integration_id, options)
        .await
        .map_err(failure)?;
    if output.is_json() {
        output.json(&report);
    } else {
        print(&report, output);
    }
    Ok(if report.left.is_empty() {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

/// Whether the person at the terminal agrees.
fn asked(output: Output) -> Result<bool, CliError> {
    output.message(&format!(
        "The probe sends one account and one contact to Gong, whose ids begin with \
         gong-crm-probe-, changes the contact several times, and deletes both. It takes about \
         {CALLS} calls and some minutes."
    ));
    if !std::io::stdin().is_terminal() {
        let message = "the probe needs confirmation";
        return Err(CliError::new(Exit::Usage, message).with_hint("give it with --yes"));
    }
    output.message("Probe this Gong? [y/N]");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn failure(error: ProbeError) -> CliError {
    match error {
        ProbeError::Request(error) => error.into(),
        ProbeError::Ledger(error) => CliError::from_ledger(&error),
        other => CliError::new(Exit::Failed, other.to_string())
            .with_hint("what the probe sent is removed by the next gong-crm doctor --probe"),
    }
}

/// The text of an answer.
pub(super) fn word(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    }
}

fn print(report: &ProbeReport, output: Output) {
    let columns = [
        ("answer", Align::Left),
        ("what Gong does", Align::Left),
        ("so", Align::Left),
    ];
    let row = |fact: &Fact| {
        vec![
            word(fact.answer).to_owned(),
            fact.message.clone(),
            fact.rule.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = report.facts.iter().map(row).collect();
    output.table(&columns, &rows);
    for (object_type, id) in &report.left {
        output.status(&format!(
            "{object_type} {id} is still in Gong: the next gong-crm doctor --probe removes it"
        ));
    }
    output.status(&format!(
        "stored in the ledger; push and sync use it ({})",
        counted(report.calls, "call")
    ));
}
