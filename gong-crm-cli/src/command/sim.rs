//! `gong-crm sim`: a Gong simulator to develop against.

use std::collections::BTreeMap;

use gong_sim::{Builder, Processing, Simulator, StartError};

use crate::args::Global;
use crate::args::sim::{Sim, bearer_tokens};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::signal::Signals;

pub(crate) async fn run(sim: &Sim, global: &Global, output: &Output) -> Result<Exit, CliError> {
    let mut signals = Signals::new();
    let simulator = builder(sim, global)?
        .start()
        .await
        .map_err(|error| failure(&error))?;
    let mut lines = simulator.environment();
    if let Some(token) = simulator.admin_token() {
        lines.push(("GONG_SIM_TOKEN", token.to_owned()));
    }
    if output.is_json() {
        output.json(&lines.iter().cloned().collect::<BTreeMap<_, _>>());
    } else {
        for (name, value) in &lines {
            output.stdout(&format!("export {name}={value}"));
        }
    }
    let mut next = format!(
        "\nA Gong simulator is listening on {}; Ctrl-C stops it.\n",
        simulator.base_url()
    );
    if let Some(url) = simulator.admin_url() {
        next += &format!("What it has: {url}\n");
    }
    next += "In another terminal, paste the lines above, then:";
    if simulator.integrations().is_empty() {
        next += "\n  gong-crm integration register --name Acme --owner-email admin@acme.example";
    }
    next += "\n  gong-crm push examples/acme --account-delay 0";
    next.split('\n').for_each(|line| output.status(line));
    // A signal is how it is meant to end, so it is not an interruption here.
    signals.next().await;
    let saved = simulator.save_state();
    simulator.shutdown().await;
    match (saved, &sim.state) {
        (Err(error), Some(path)) => {
            let message = format!("can't write the state file {}: {error}", path.display());
            Err(CliError::new(Exit::Unexpected, message)
                .with_hint("what changed since the last write is lost"))
        }
        _ => Ok(Exit::Ok),
    }
}

fn builder(sim: &Sim, global: &Global) -> Result<Builder, CliError> {
    let mut builder = Simulator::builder().host(sim.host).port(sim.port);
    for name in &sim.allow_host {
        builder = builder.allow_host(name);
    }
    if sim.no_admin {
        builder = builder.without_admin();
    }
    if let Some(token) = &sim.admin_token {
        builder = builder.admin_token(token);
    }
    if let (Some(key), Some(secret)) = (&sim.access_key, &sim.access_key_secret) {
        builder = builder.access_key(key, secret);
    }
    let mut tokens = sim.bearer_token.clone();
    if let Some(path) = &sim.bearer_tokens {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = format!("can't read {}: {error}", path.display());
            CliError::new(Exit::Usage, message)
        })?;
        tokens.extend(bearer_tokens(&text));
    }
    for token in tokens {
        builder = builder.bearer_token(token.token, token.scopes);
    }
    if let Some(path) = &sim.state {
        builder = builder.state_file(path);
    }
    if let Some(folder) = &sim.seed_from {
        builder = builder.seed_from_dir(folder);
    }
    if let Some(id) = global.integration_id {
        builder = builder.integration(id.get(), "Acme CRM", "admin@acme.example");
    }
    Ok(behavior(builder, sim))
}

/// The settings that say how it behaves.
fn behavior(mut builder: Builder, sim: &Sim) -> Builder {
    if let Some(limit) = sim.rate_limit {
        builder = builder.rate_limit(limit);
    }
    if let Some(wanted) = processing(sim.process_after, sim.process_polls, sim.process_never) {
        builder = builder.processing(wanted);
    }
    if let Some(wanted) = processing(sim.delete_after, sim.delete_polls, sim.delete_never) {
        builder = builder.deletion(wanted);
    }
    if let Some(lag) = sim.read_lag {
        builder = builder.read_lag(lag);
    }
    if let Some(delay) = sim.account_delay {
        builder = builder.account_delay(delay);
    }
    if let Some(timeout) = sim.read_timeout {
        builder = builder.read_timeout(timeout);
    }
    if let Some(bytes) = sim.body_limit {
        builder = builder.body_limit(bytes);
    }
    if let Some(kept) = sim.keep_requests {
        builder = builder.keep_requests(kept);
    }
    if let Some(bytes) = sim.keep_bodies {
        builder = builder.keep_bodies(bytes);
    }
    if let Some(seed) = sim.seed {
        builder = builder.seed(seed);
    }
    if sim.virtual_time {
        builder = builder.virtual_time();
    }
    if sim.strict {
        builder = builder.strict();
    }
    if sim.lenient {
        builder = builder.lenient();
    }
    for (name, on) in &sim.rule {
        builder = builder.rule(name, *on);
    }
    for user in &sim.user {
        builder = builder.user(user.clone());
    }
    for fault in &sim.fault {
        builder = builder.fault(fault.clone());
    }
    builder
}

fn processing(
    after: Option<std::time::Duration>,
    polls: Option<u32>,
    never: bool,
) -> Option<Processing> {
    after
        .map(Processing::After)
        .or(polls.map(Processing::Polls))
        .or(never.then_some(Processing::Never))
}

fn failure(error: &StartError) -> CliError {
    let failure = CliError::new(Exit::Usage, error.to_string());
    match error {
        StartError::UnwritableStateFile { source, .. } => {
            CliError::new(Exit::Unexpected, format!("{error}: {source}"))
                .with_hint("--state names a file in a folder that exists and that you can write to")
        }
        StartError::Listen { .. } => {
            failure.with_hint("another program may use the port; leave --port out for a free one")
        }
        _ => failure,
    }
}
