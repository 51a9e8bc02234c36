//! `gong-crm sim`: a local Gong to develop against.

use std::collections::BTreeMap;

use gong_sim::{Builder, Processing, RateLimit, Simulator, StartError};

use crate::args::Sim;
use crate::exit::Exit;
use crate::error::CliError;
use crate::output::Output;

pub(crate) async fn run(sim: &Sim, output: &Output) -> Result<Exit, CliError> {
    let simulator = builder(sim)
        .start()
        .await
        .map_err(|error| failure(&error))?;
    let lines = simulator.environment();
    if output.is_json() {
        output.json(&lines.iter().cloned().collect::<BTreeMap<_, _>>());
    } else {
        for (name, value) in &lines {
            output.stdout(&format!("export {name}={value}"));
        }
    }
    let mut next = format!(
        "\nA local Gong is listening; {}/_sim/ shows what it holds, Ctrl-C stops it.\n\
         In another terminal, paste the lines above, then:",
        simulator.base_url()
    );
    if simulator.integrations().is_empty() {
        next += "\n  gong-crm integration register --name Acme --owner-email admin@acme.example";
    }
    next += "\n  gong-crm push examples/acme --settle 0";
    output.status(&next);
    // Ctrl-C is how it is meant to end, so it is no interruption here.
    drop(tokio::signal::ctrl_c().await);
    simulator.shutdown().await;
    Ok(Exit::Ok)
}

fn builder(sim: &Sim) -> Builder {
    let mut builder = Simulator::builder().port(sim.port);
    if let Some(path) = &sim.state {
        builder = builder.state_file(path);
    }
    if let Some(folder) = &sim.seed_from {
        builder = builder.seed_from_dir(folder);
    }
    if let (Some(key), Some(secret)) = (&sim.access_key, &sim.access_key_secret) {
        builder = builder.access_key(key, secret);
    }
    if sim.rate_limit {
        builder = builder.rate_limit(RateLimit::gong());
    }
    if let Some(duration) = sim.process_after {
        builder = builder.processing(Processing::After(duration));
    }
    if let Some(polls) = sim.process_polls {
        builder = builder.processing(Processing::Polls(polls));
    }
    if sim.process_never {
        builder = builder.processing(Processing::Never);
    }
    if let Some(lag) = sim.read_lag {
        builder = builder.read_lag(lag);
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
    builder
}

fn failure(error: &StartError) -> CliError {
    let failure = CliError::new(Exit::Usage, error.to_string());
    match error {
        StartError::Listen { .. } => {
            failure.with_hint("another program may use the port; leave --port out for a free one")
        }
        _ => failure,
    }
}
