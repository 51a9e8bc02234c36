//! `gong-crm singer`: a Singer target, and `gong-crm presets`: its mappings.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use gong_crm::check;
use gong_crm::io::atomic_file::{self, Readers};
use gong_crm::push::{CheckMode, Rejects};
use gong_crm::sync::SyncOptions;
use gong_sources::singer::{
    PRESETS, Preset, Tap, Target, TargetError, TargetEvent, TargetOptions, TargetReport,
};
use serde_json::json;

use crate::args::Global;
use crate::args::singer::{About, Presets, PresetsAction, Singer};
use crate::command::check::severities;
use crate::command::push::apply_delivery_args;
use crate::command::sync::failed;
use crate::config::keys::Keys;
use crate::config::settings::Settings;
use crate::config::singer::{self, SingerSettings};
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, counted};
use crate::schema_file;
use crate::taps::{self, Mapped};

pub(crate) async fn run(global: &Global, args: &Singer, output: Output) -> Result<Exit, CliError> {
    if args.about {
        about(args.format, output);
        return Ok(Exit::Ok);
    }
    let mut global = global.clone();
    let config = global.config.take_if(|path| singer::is_json(path));
    let settings = SingerSettings::read(config.as_deref())?;
    for name in &settings.unknown {
        output.message(&format!("note: the setting {name} is unknown and ignored"));
    }
    global.base_url = global.base_url.or_else(|| settings.base_url.clone());
    global.integration_id = global.integration_id.or(settings.integration_id);
    global.ledger = global.ledger.or_else(|| settings.ledger.clone());
    let (mapped, scope) = mapped(args, &settings)?;
    if let Some(note) = &mapped.note {
        output.message(&format!("note: {note}"));
    }
    let (connection, directory) = connect(&global, &settings, &scope).await?;
    let integration_id = connection.known_integration_id().await?;
    let mut options = options(&global, args, &settings, mapped, scope)?;
    options.directory = directory;
    let target =
        Target::new(connection.client.clone(), integration_id, options).map_err(of_target)?;
    let state = args.state.clone().or_else(|| settings.state.clone());
    let on_state = |text: &str| {
        if let Some(path) = &state {
            // The next run of the tap reads it, whoever runs that.
            atomic_file::write(path, format!("{text}\n").as_bytes(), Readers::Owner)?;
        }
        output.state(text)
    };
    let on_event = |event: TargetEvent<'_>| show(&event, output);
    let tap = args.tap.as_ref().or(settings.tap.as_ref());
    let report = match (tap, &args.input) {
        (Some(command), _) => {
            let tap = Tap::parse(command).map_err(of_target)?;
            let mut tap = tap.on_message(move |line| output.message(line));
            if let Some(path) = &state {
                tap = tap.with_state(path);
            }
            target.run_tap(&tap, on_state, on_event).await
        }
        (None, Some(path)) => {
            let file = File::open(path).map_err(|error| {
                let path = path.display();
                CliError::new(Exit::Usage, format!("{path} can't be read: {error}"))
            })?;
            target.run(file, on_state, on_event).await
        }
        (None, None) => target.run(io::stdin(), on_state, on_event).await,
    };
    let report = report.map_err(of_target)?;
    let fails = args.fail_on_rejected || settings.fail_on_rejected.unwrap_or_default();
    Ok(conclude(&report, fails, output))
}

/// The mapping, and the scope that it is used in.
fn mapped(args: &Singer, settings: &SingerSettings) -> Result<(Mapped, String), CliError> {
    let scope = args.scope.clone().or_else(|| settings.scope.clone());
    let (preset, path) = match (&args.preset, &args.mapping) {
        (None, None) => (settings.preset.as_ref(), settings.mapping.as_ref()),
        named => (named.0.as_ref(), named.1.as_ref()),
    };
    match (preset, path) {
        (Some(_), Some(_)) => Err(CliError::new(
            Exit::Usage,
            "both a preset and a mapping are set",
        )
        .with_hint("to change a preset: gong-crm presets show NAME > my.toml, and set mapping")),
        (None, None) => Err(
            CliError::new(Exit::Usage, "neither a preset nor a mapping is set").with_hint(
                "gong-crm presets list names the presets; with another tap: --mapping FILE",
            ),
        ),
        (Some(name), None) => {
            let currency = args.currency.as_deref().or(settings.currency.as_deref());
            let scope = scope.unwrap_or_else(|| name.clone());
            Ok((Mapped::of_preset(name, currency)?, scope))
        }
        (None, Some(path)) => {
            let scope = scope.unwrap_or_else(|| "singer".to_owned());
            Ok((Mapped::of_file(path)?, scope))
        }
    }
}

/// Connects, and says where streams are kept from one run to the next.
async fn connect(
    global: &Global,
    settings: &SingerSettings,
    scope: &str,
) -> Result<(Connection, Option<PathBuf>), CliError> {
    if global.sim {
        return Ok((Connection::open(global).await?, None));
    }
    let mut all = Settings::read(global)?;
    all.take_keys(Keys::of_singer(settings));
    let directory = taps::directory(&all, scope)?;
    let connection = Connection::with(&all, global).await?;
    Ok((connection, directory))
}

fn options(
    global: &Global,
    args: &Singer,
    settings: &SingerSettings,
    mapped: Mapped,
    scope: String,
) -> Result<TargetOptions, CliError> {
    let mut sync = SyncOptions::new(scope);
    if global.sim {
        sync = sync.simulator();
    }
    apply_delivery_args(&mut sync.push, &args.delivery, global);
    if let Some(wait) = settings.wait {
        sync.push.poll = sync.push.poll.with_timeout(wait);
    }
    if let Some(interval) = settings
        .poll_interval
        .filter(|_| args.delivery.poll_interval.is_none())
    {
        sync.push.poll.initial_interval = interval;
        sync.push.poll.max_interval = sync.push.poll.max_interval.max(interval);
    }
    let delay = args.delivery.account_delay.or(settings.account_delay);
    sync.push.account_delay = delay.unwrap_or(sync.push.account_delay);
    sync.push.rejects = Rejects::None;
    sync.max_deletions = args
        .max_deletions
        .or(settings.max_deletions)
        .unwrap_or_default();
    sync.confirm_deletions.clone_from(&args.confirm_deletions);
    let schema = args.schema.as_ref().or(settings.schema.as_ref());
    let schema = schema
        .map(|path| schema_file::read(path, None))
        .transpose()?;
    let mut check = check::Options::default();
    check.severities = severities(global, false, &[], &[])?;
    check.entity_schema.clone_from(&schema);
    sync.push.check = CheckMode::SkipInvalid(check);
    let mut options = TargetOptions::new(mapped.mapping, sync);
    options.definition = mapped.definition;
    options.entity_schema = schema;
    if let Some(preset) = mapped.preset {
        options.never_complete = preset.incomplete_types();
    }
    let after = args.flush_after.or(settings.flush_after);
    options.flush_after = after.unwrap_or(options.flush_after);
    options.flush_bytes = settings.flush_bytes.unwrap_or(options.flush_bytes);
    Ok(options)
}

fn show(event: &TargetEvent<'_>, output: Output) {
    match event {
        TargetEvent::Note(note) => output.message(&format!("note: {note}")),
        TargetEvent::Resuming(count) => {
            let uploads = counted(*count as u64, "upload");
            output.message(&format!("finishing {uploads} of an earlier run first"));
        }
        TargetEvent::Waiting(count) => output.message(&format!(
            "{} not sent yet: records that they refer to have not arrived",
            counted(*count, "record")
        )),
        TargetEvent::Sent(report) => {
            for problem in &report.plan.problems {
                output.message(&format!("{}: {}", problem.object_type, problem.message));
            }
            for file in &report.files {
                let mut line = format!(
                    "{}: {}, {} accepted, {} unchanged",
                    file.path.display(),
                    counted(file.records, "record"),
                    file.accepted,
                    file.unchanged
                );
                let not = file.rejected + file.unconfirmed + file.held_back;
                if not > 0 {
                    line += &format!(", {not} rejected or held back");
                }
                if let Some(reason) = &file.reason {
                    line += &format!(" ({reason})");
                }
                output.message(&line);
            }
            // What the plan says of the first upload, its push may say again.
            let notes = report.plan.notes.iter().chain(&report.notes);
            let mut said = BTreeSet::new();
            for note in notes.filter(|note| said.insert(*note)) {
                output.message(&format!("note: {note}"));
            }
            if let Some(list) = &report.plan.held_deletions {
                const NAMED: usize = 5;
                let held = report.plan.held_back_deletions();
                for of in held.iter().take(NAMED) {
                    let (object_type, id) = (of.object_type, &of.object_id);
                    output.message(&format!("{object_type} {id} is not deleted: {}", of.reason));
                }
                if let Some(more @ 1..) = held.len().checked_sub(NAMED) {
                    output.message(&format!("and {more} more are not deleted"));
                }
                let list = list.display();
                output.message(&format!(
                    "held-back deletions: {list}; to delete them, run again with --confirm-deletions {list}"
                ));
            }
        }
        _ => {}
    }
}

/// Says how the run ended. Rejected records are in the ledger, so that they do not fail the run,
/// unless that is asked for: the tap would bring the same forever.
fn conclude(report: &TargetReport, fails_on_rejected: bool, output: Output) -> Exit {
    if let Some(reason) = &report.tap_failed {
        output.message(&format!("{reason}; the records before that were sent"));
    }
    if report.rejected > 0 {
        output.message(&format!(
            "{} not in Gong as they are; gong-crm rejects shows them",
            counted(report.rejected, "record")
        ));
    }
    if report.states == 0 && report.is_state_withheld {
        output.message("no state was emitted: the next run starts where this one started");
    }
    let exit = Exit::of_verdict(report.verdict, report.cause.as_deref());
    if let Some(cause) = &report.cause {
        let mut error = CliError::from_error(cause);
        error.exit = exit;
        output.error(&error);
    }
    match exit {
        Exit::Rejected if !fails_on_rejected => Exit::Ok,
        exit => exit,
    }
}

fn of_target(error: TargetError) -> CliError {
    let exit = match error {
        TargetError::Sync(error) => return failed(error),
        TargetError::Resume(error) => return CliError::from_push(error),
        TargetError::Ledger(error) => return CliError::from_ledger(&error),
        TargetError::Settings { .. } | TargetError::Message { .. } | TargetError::Tap { .. } => {
            Exit::Usage
        }
        TargetError::Missing { .. } => Exit::Failed,
        TargetError::Input(ref error) if error.kind() == io::ErrorKind::InvalidData => Exit::Usage,
        _ => Exit::Unexpected,
    };
    let shown = CliError::new(exit, error.to_string());
    match error.hint() {
        Some(hint) => shown.with_hint(hint),
        None => shown,
    }
}

fn about(format: About, output: Output) {
    match format {
        About::Json => output.json(&singer::about()),
        About::Text => {
            output.stdout(concat!("target-gong-crm ", env!("CARGO_PKG_VERSION")));
            let rows: Vec<Vec<String>> = singer::keys()
                .map(|(name, about)| vec![name.to_owned(), about.to_owned()])
                .collect();
            output.table(&[("setting", Align::Left), ("meaning", Align::Left)], &rows);
        }
        About::Markdown => {
            output.stdout("# target-gong-crm");
            output.stdout("");
            output.stdout("| setting | meaning |");
            output.stdout("|---|---|");
            for (name, about) in singer::keys() {
                output.stdout(&format!("| `{name}` | {about} |"));
            }
        }
    }
}

pub(crate) fn presets(presets: &Presets, output: Output) -> Result<Exit, CliError> {
    match &presets.action {
        PresetsAction::List => {
            if output.is_json() {
                for preset in PRESETS {
                    output.json(&of_preset(preset));
                }
                return Ok(Exit::Ok);
            }
            let row = |preset: &Preset| {
                vec![
                    preset.name.to_owned(),
                    preset.crm.to_owned(),
                    format!("{} {}", preset.tap, preset.version),
                    preset.deletions.to_owned(),
                ]
            };
            let columns = [
                ("preset", Align::Left),
                ("CRM", Align::Left),
                ("tried with", Align::Left),
                ("deletions that are seen", Align::Left),
            ];
            output.table(&columns, &PRESETS.iter().map(row).collect::<Vec<_>>());
        }
        PresetsAction::Show { name } => {
            let preset = taps::preset_named(name)?;
            if output.is_json() {
                output.json(&of_preset(preset));
            } else {
                output.document(&preset.commented());
            }
        }
    }
    Ok(Exit::Ok)
}

fn of_preset(preset: &Preset) -> serde_json::Value {
    json!({
        "name": preset.name,
        "crm": preset.crm,
        "tap": preset.tap,
        "version": preset.version,
        "deletions": preset.deletions,
        "limits": preset.limits,
        "neverComplete": preset.never_complete,
        "needsCurrency": preset.needs_currency(),
        "mapping": preset.text,
    })
}
