//! The command `gong-crm`: arguments, rendering and exit codes; no logic of its own.

use std::process::ExitCode;

use clap::Parser as _;

mod arguments;
mod command;
mod exit;
mod failure;
mod output;
mod progress;
mod settings;
mod table;

use arguments::{Arguments, Command};
use exit::Exit;
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.global.output);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(Exit::Unexpected, format!("no threads to run on: {error}"));
            return output.failure(&failure).into();
        }
    };
    runtime
        .block_on(async {
            tokio::select! {
                outcome = run(&arguments, &output) => match outcome {
                    Ok(exit) => exit,
                    Err(failure) => output.failure(&failure),
                },
                _ = tokio::signal::ctrl_c() => {
                    output.talk("interrupted; run the same command again: what Gong has already taken is not sent twice");
                    Exit::Interrupted
                }
            }
        })
        .into()
}

async fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Push(push) => command::push::run(global, push, output).await,
        Command::Status(status) => command::status::run(global, status, output).await,
        Command::Integration(integration) => {
            command::integration::run(global, integration, output).await
        }
        Command::Sim(sim) => command::sim::run(global, sim, output).await,
    }
}
