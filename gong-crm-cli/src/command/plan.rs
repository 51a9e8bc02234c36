//! `gong-crm plan`: what a sync would do.

use crate::args::Global;
use crate::args::sync::Plan;
use crate::command::sync::{Reading, Sources, again, failed};
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, finding, html, sync_report};
use crate::sources::until_signal;

pub(crate) async fn run(global: &Global, args: &Plan, output: Output) -> Result<Exit, CliError> {
    let sources = Sources::read(global, &args.scope)?;
    let mut options = sources.options(global, &args.scope, Reading::SinceLastSync)?;
    if global.sim {
        options = options.simulator();
    }
    let connection = Connection::open(global).await?;
    let integration_id = connection.known_integration_id().await?;
    let planning = connection.client.plan(integration_id, options);
    let plan = until_signal(planning).await?.map_err(failed)?;
    for note in sources.take_notes() {
        output.status(&format!("note: {note}"));
    }
    if let Some(path) = &args.out {
        plan.write(path).map_err(failed)?;
    }
    let others = finding::first(&plan.findings, plan.errors, output);
    finding::others(others, "more error", output);
    if output.is_json() {
        output.json(&plan);
    } else if output.is_html() {
        let left = connection.client.calls_left().await;
        output.page(&html::plan::plan(&plan, left));
    } else {
        let left = connection.client.calls_left().await;
        sync_report::plan(&plan, left, &again(global, &args.scope), output);
    }
    // Nothing is sent by a plan, so that what the check found counts first.
    Ok(if plan.is_unusable() {
        Exit::CheckFailed
    } else if !plan.problems.is_empty() {
        Exit::Failed
    } else if plan.errors > 0 {
        Exit::CheckFailed
    } else if args.exit_code && plan.has_differences() {
        Exit::Changes
    } else {
        Exit::Ok
    })
}
