//! The command `gong-crm`: arguments, output and exit codes; the logic is in the libraries.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

mod args;
mod command;
mod config;
mod connection;
mod dry_run;
mod error;
mod exit;
mod mappings;
mod output;
mod process;
mod schema_file;
mod shell;
mod signal;
mod sources;
mod taps;
mod temporary;

use args::{Arguments, Command, Format, Global};
use error::CliError;
use exit::Exit;
use output::Output;
use signal::Signals;

/// How long an interrupted command waits for writes that are under way. A read, such as of standard
/// input, may never end.
const LAST_WRITES: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    process::harden();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return end(Output::new(Format::Text), Ok(usage_error(&error))),
    };
    let output = Output::new(arguments.global.output);
    process::report_panics(output);
    // It lives longer than every thread that may still write.
    let _temporary = temporary::folder(&arguments.command);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("could not start worker threads: {error}");
            return end(output, Err(CliError::new(Exit::Unexpected, message)));
        }
    };
    let ended = runtime.block_on(async {
        signal::survive_file_limit();
        match &arguments.command {
            // These stop in their own way.
            Command::Push(_) | Command::Resume(_) | Command::Sync(_) | Command::Sim(_) => {
                run(&arguments, &output).await
            }
            _ => {
                let mut signals = Signals::new();
                tokio::select! {
                    outcome = run(&arguments, &output) => outcome,
                    exit = signals.next() => {
                        output.status("interrupted");
                        if let Some(next) = after_signal(&arguments.command) {
                            output.status(next);
                        }
                        Ok(exit)
                    }
                }
            }
        }
    });
    if ended.as_ref().is_ok_and(|exit| exit.is_signal()) {
        runtime.shutdown_timeout(LAST_WRITES);
    }
    end(output, ended)
}

/// What to do after a signal stopped a command, if it matters.
fn after_signal(command: &Command) -> Option<&'static str> {
    match command {
        Command::Schema(schema) => command::schema::after_signal(schema),
        _ => None,
    }
}

/// Shows the error, if there is one, and returns the exit code. If results could not be written,
/// that is an error too, regardless of the outcome.
fn end(output: Output, ended: Result<Exit, CliError>) -> ExitCode {
    let exit = match ended {
        Ok(exit) => exit,
        Err(error) => output.error(&error),
    };
    match output::finish() {
        Ok(()) => exit.into(),
        Err(error) if exit.is_signal() => {
            output.error(&error);
            exit.into()
        }
        Err(error) => output.error(&error).into(),
    }
}

/// Prints help, the version, or what is wrong with the command line; as JSON if that was asked for.
fn usage_error(error: &clap::Error) -> Exit {
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let is_json = words
        .iter()
        .any(|word| ["-ojson", "--output=json", "-o=json"].contains(&word.as_str()))
        || words
            .windows(2)
            .any(|pair| ["-o", "--output"].contains(&pair[0].as_str()) && pair[1] == "json");
    if is_json && error.use_stderr() {
        let text = error.to_string();
        // The first paragraph says what is wrong; usage and tips follow.
        let message = text.split("\n\n").next().unwrap_or(&text);
        let message = message.trim_start_matches("error: ").trim();
        let error = CliError::new(Exit::Usage, message)
            .with_hint("run `gong-crm help` for the available commands");
        return Output::new(Format::Json).error(&error);
    }
    // Clap quotes arguments as they are, and a name of a file can be one.
    let escaped = Arguments::try_parse_from(words.iter().map(|word| output::escape::line(word)));
    let shown = match &escaped {
        Err(escaped) if error.use_stderr() => escaped,
        _ => error,
    };
    if let Err(unwritable) = shown.print() {
        Output::unwritable(&unwritable);
    }
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Ok
    }
}

/// The simulator takes no host, ledger or profile; clap does not see a conflict with a global flag.
/// A config file counts for its sources and mappings.
fn reject_with_sim(global: &Global, command: &Command) -> Result<(), CliError> {
    if !global.sim {
        return Ok(());
    }
    let given = [
        ("--base-url", global.base_url.is_some()),
        ("--ledger", global.ledger.is_some()),
        ("--profile", global.profile.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(_, is_given)| *is_given) {
        let message = format!("{name} cannot be used with --sim");
        return Err(CliError::new(Exit::Usage, message).with_hint("use one of them"));
    }
    let name = match command {
        Command::Resume(_) => "resume",
        Command::Uploads(_) => "uploads",
        Command::Rejects(_) => "rejects",
        Command::History(_) => "history",
        Command::Changes(_) => "changes",
        Command::Ledger(_) => "ledger",
        _ => return Ok(()),
    };
    let message =
        format!("{name} cannot be used with --sim: nothing is kept from one run to the next");
    Err(CliError::new(Exit::Usage, message)
        .with_hint("run a simulator that keeps its state: gong-crm sim --state FILE"))
}

/// Whether a command's results can be a page. A sync that runs forever would write one page after
/// the other.
fn has_page(command: &Command) -> bool {
    match command {
        Command::Push(push) => !push.dry_run,
        Command::Sync(sync) => sync.every.is_none(),
        Command::Resume(resume) => !resume.dry_run,
        Command::Drift(drift) => drift.paths.is_empty(),
        Command::Check(check) => check.explain.is_none(),
        Command::Plan(_) | Command::Changes(_) | Command::History(_) | Command::Why(_) => true,
        _ => false,
    }
}

/// Why there is no page.
fn without_page(command: &Command) -> &'static str {
    match command {
        Command::Push(_) => {
            "push --dry-run has no -o html; the push itself has, and gong-crm plan -o html shows what a \
             sync would send"
        }
        Command::Sync(_) => {
            "sync --every has no -o html, since each round would be a page; one sync has"
        }
        Command::Resume(_) => "resume --dry-run has no -o html",
        Command::Drift(_) => "drift with files has no -o html; drift of the ledger has",
        Command::Check(_) => "check --explain has no -o html",
        _ => {
            "this command has no -o html; check, push, plan, sync, resume, drift, changes, history \
             and why have"
        }
    }
}

fn is_explained(command: &Command) -> bool {
    matches!(command, Command::Check(check) if check.explain.is_some())
}

async fn run(arguments: &Arguments, output: &Output) -> Result<Exit, CliError> {
    let global = &arguments.global;
    let is_check = matches!(arguments.command, Command::Check(_));
    if !is_check && matches!(global.output, Format::Github | Format::Sarif) {
        let message = "only `check` supports -o github and -o sarif";
        return Err(CliError::new(Exit::Usage, message).with_hint("use -o text or -o json"));
    }
    if global.output == Format::Html && !has_page(&arguments.command) {
        return Err(CliError::new(Exit::Usage, without_page(&arguments.command))
            .with_hint("use -o text or -o json"));
    }
    if is_check && global.output == Format::Json && is_explained(&arguments.command) {
        let message = "--explain prints a text; -o json is for what the check finds";
        return Err(CliError::new(Exit::Usage, message).with_hint("leave out -o json"));
    }
    reject_with_sim(global, &arguments.command)?;
    match &arguments.command {
        Command::Init(init) => command::init::run(init, *output),
        Command::Check(check) => command::check::run(global, check, *output).await,
        Command::Convert(convert) => command::convert::run(global, convert, *output),
        Command::Push(push) => command::push::run(global, push, output).await,
        Command::Plan(plan) => command::plan::run(global, plan, *output).await,
        Command::Sync(sync) => command::sync::run(global, sync, *output).await,
        Command::Singer(singer) => command::singer::run(global, singer, *output).await,
        Command::Presets(presets) => command::singer::presets(presets, *output),
        Command::Resume(resume) => command::resume::run(global, resume, output).await,
        Command::Uploads(uploads) => command::uploads::run(global, uploads, *output).await,
        Command::Rejects(rejects) => command::rejects::run(global, rejects, *output).await,
        Command::History(history) => command::history::history(global, history, *output).await,
        Command::Changes(changes) => command::history::changes(global, changes, *output).await,
        Command::Ledger(ledger) => command::ledger::run(global, ledger, *output).await,
        Command::Status(status) => command::status::run(global, status, output).await,
        Command::Integration(integration) => {
            command::integration::run(global, integration, output).await
        }
        Command::Schema(schema) => command::schema::run(global, schema, output).await,
        Command::Objects(objects) => command::objects::run(global, objects, output).await,
        Command::Meetings(meetings) => command::meetings::run(global, meetings, output).await,
        Command::Drift(drift) => command::drift::run(global, drift, *output).await,
        Command::Why(why) => command::why::run(global, why, *output).await,
        Command::Doctor(doctor) => command::doctor::run(global, doctor, output).await,
        Command::Trust(trust) => command::trust::run(global, trust, *output),
        Command::Sim(sim) => command::sim::run(sim, global, output).await,
        Command::JsonSchema(wanted) => Ok(command::json_schema::run(wanted, *output)),
        Command::Completions(wanted) => Ok(command::completions::run(wanted, *output)),
        Command::Man(wanted) => command::man::run(wanted, *output),
    }
}
