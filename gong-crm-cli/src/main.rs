//! The command `gong-crm`: arguments, rendering and exit codes; no logic of its own.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

mod arguments;
mod command;
mod config_file;
mod connection;
mod exit;
mod failure;
mod finding;
mod mappings;
mod moment;
mod output;
mod progress;
mod request;
mod schema_file;
mod settings;
mod table;
mod verdict;

use arguments::{Arguments, Command, Format, Global};
use exit::Exit;
use failure::Failure;
use output::Output;

/// How long an interrupted command waits for what is being written at that moment. What is read, from
/// the standard input perhaps, may never end.
const LAST_WRITES: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misunderstood(&error).into(),
    };
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
    let ended = runtime.block_on(async {
        match &arguments.command {
            // These know what to do with Ctrl-C.
            Command::Push(_) | Command::Resume(_) | Command::Sim(_) => {
                run(&arguments, &output).await
            }
            _ => tokio::select! {
                outcome = run(&arguments, &output) => outcome,
                _ = tokio::signal::ctrl_c() => {
                    output.talk("interrupted");
                    Ok(Exit::Interrupted)
                }
            },
        }
    });
    if let Ok(Exit::Interrupted) = ended {
        runtime.shutdown_timeout(LAST_WRITES);
    }
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => output.failure(&failure).into(),
    }
}

/// Help, the version, or what is wrong with the command line; as JSON when that was asked for.
fn misunderstood(error: &clap::Error) -> Exit {
    let words: Vec<String> = std::env::args().collect();
    let json = words
        .iter()
        .any(|word| ["-ojson", "--output=json", "-o=json"].contains(&word.as_str()))
        || words
            .windows(2)
            .any(|pair| ["-o", "--output"].contains(&pair[0].as_str()) && pair[1] == "json");
    if json && error.use_stderr() {
        let text = error.to_string();
        // The first paragraph says what is wrong; usage and tips follow.
        let message = text.split("\n\n").next().unwrap_or(&text);
        let message = message.trim_start_matches("error: ").trim();
        let failure =
            Failure::new(Exit::Usage, message).with_hint("gong-crm help says what can be said");
        return Output::new(Format::Json).failure(&failure);
    }
    // A broken pipe is no error.
    drop(error.print());
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Ok
    }
}

/// The local Gong takes no settings; clap does not see a conflict across a command's name.
fn not_of_sim(global: &Global) -> Result<(), Failure> {
    let said = [
        ("--base-url", global.base_url.is_some()),
        ("--ledger", global.ledger.is_some()),
        ("--config", global.config.is_some()),
        ("--profile", global.profile.is_some()),
    ];
    match said.iter().find(|(_, is_said)| global.sim && *is_said) {
        Some((name, _)) => {
            let message = format!("{name} has no meaning for a local Gong");
            Err(Failure::new(Exit::Usage, message).with_hint(format!("say either --sim or {name}")))
        }
        None => Ok(()),
    }
}

async fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let global = &arguments.global;
    let check = matches!(arguments.command, Command::Check(_));
    if !check && matches!(global.output, Format::Github | Format::Sarif) {
        let message = "only check prints for GitHub and as SARIF";
        return Err(Failure::new(Exit::Usage, message).with_hint("use -o text or -o json"));
    }
    not_of_sim(global)?;
    match &arguments.command {
        Command::Check(check) => command::check::run(global, check, *output),
        Command::Convert(convert) => command::convert::run(global, convert, *output),
        Command::Init(init) => command::init::run(init, *output),
        Command::Push(push) => command::push::run(global, push, output).await,
        Command::Status(status) => command::status::run(global, status, output).await,
        Command::Integration(integration) => {
            command::integration::run(global, integration, output).await
        }
        Command::Resume(resume) => command::resume::resume(global, resume, output).await,
        Command::Jobs(jobs) => command::resume::jobs(global, jobs, *output),
        Command::Schema(schema) => command::schema::run(global, schema, output).await,
        Command::Objects(objects) => command::objects::run(global, objects, output).await,
        Command::Meetings(meetings) => command::meetings::run(global, meetings, output).await,
        Command::Doctor(_) => command::doctor::run(global, output).await,
        Command::Sim(sim) => command::sim::run(sim, global, output).await,
        Command::JsonSchema(wanted) => Ok(command::json_schema::run(wanted, *output)),
        Command::Completions(wanted) => Ok(command::completions::run(wanted, *output)),
        Command::Man(wanted) => command::man::run(wanted, *output),
    }
}
