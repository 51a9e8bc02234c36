//! `gong-crm sync`: makes Gong equal to the sources of gong-crm.toml, once or forever.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use gong_crm::check;
use gong_crm::io::atomic_file::{self, Readers};
use gong_crm::push::{CheckMode, Rejects, Resend};
use gong_crm::sync::{Deletions, Only, SyncError, SyncOptions, SyncReport, metrics};
use gong_crm::{IntegrationId, ObjectType};
use gong_sources::singer::TapSources;

use crate::args::Global;
use crate::args::sync::{Scope, Sync};
use crate::command::push::apply_delivery_args;
use crate::command::sync_health;
use crate::config::settings::Settings;
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::progress::Progress;
use crate::output::{Output, again, html, sync_report};
use crate::schema_file;
use crate::signal::{Signals, stopping};
use crate::sources::SourceTables;
use crate::taps::Extent;

mod every;
mod question;

use question::Question;

/// The sources of a sync.
pub(crate) struct Sources {
    tables: SourceTables,
    /// The tap of all types without a table, once the options were made.
    tap: OnceLock<TapSources>,
}

/// What is read of a tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Everything,
    SinceLastSync,
}

impl Sources {
    pub(crate) fn read(global: &Global, args: &Scope) -> Result<Self, CliError> {
        let tables = SourceTables::read(global, &args.source.source)?;
        if !tables.has_any() {
            return Err(CliError::new(Exit::Usage, "no source is named").with_hint(
                "add to gong-crm.toml, for each type:\n[sources.ACCOUNT]\nfiles = \
                 \"exports/accounts.ldjson\"\ncomplete = true",
            ));
        }
        Ok(Self::of(tables))
    }

    fn of(tables: SourceTables) -> Self {
        let tap = OnceLock::new();
        Self { tables, tap }
    }

    /// The sources, if there is a config file that names any.
    pub(crate) fn read_if_any(global: &Global) -> Result<Option<Self>, CliError> {
        if !Settings::has_file(global)? {
            return Ok(None);
        }
        let tables = SourceTables::read(global, &[])?;
        Ok(tables.has_any().then(|| Self::of(tables)))
    }

    pub(crate) fn scope(&self, args: &Scope) -> String {
        let named = args.scope.clone();
        let named = named.or_else(|| self.tables.sync().scope.clone());
        named.unwrap_or_else(|| "default".to_owned())
    }

    /// How a sync of these sources goes about it.
    pub(crate) fn options(
        &self,
        global: &Global,
        args: &Scope,
        reading: Reading,
    ) -> Result<SyncOptions, CliError> {
        let sync = self.tables.sync();
        let mut options = SyncOptions::new(self.scope(args));
        options.max_deletions = args
            .max_deletions
            .or(sync.max_deletions)
            .unwrap_or_default();
        options.max_changes = args.max_changes.or(sync.max_changes).unwrap_or_default();
        options.delete_after = args.delete_after.or(sync.delete_after).unwrap_or(1);
        options.delete_referenced = args.delete_referenced || sync.delete_referenced;
        options
            .confirm_deletions
            .clone_from(&args.confirm_deletions);
        options.only = args.only.iter().cloned().collect();
        options.strict = args.strict;
        let schema = args.schema.as_deref();
        let schema = schema
            .map(|path| schema_file::read(path, None))
            .transpose()?;
        let mut check = check::Options::default();
        check.severities = super::check::severities(global, false, &args.allow, &args.deny)?;
        check.entity_schema.clone_from(&schema);
        options.push.check = CheckMode::SkipInvalid(check);
        for (object_type, table) in self.tables.by_type() {
            let source = self.tables.open(global, *object_type, schema.as_ref())?;
            options
                .push
                .ignore_fields
                .insert(*object_type, table.ignore_fields.clone());
            let deletions = table.deletions.unwrap_or(match object_type {
                ObjectType::BusinessUser => Deletions::Ask,
                _ => Deletions::WithinLimits,
            });
            options = options.source_with(*object_type, source, deletions);
        }
        let scope = self.scope(args);
        let extent = match reading {
            Reading::Everything => Extent::Everything,
            Reading::SinceLastSync => Extent::SinceLastSync(&scope),
        };
        if let Some(tap) = self.tables.tap(global, extent, schema.as_ref())? {
            let has_own = |object_type| self.tables.by_type().contains_key(&object_type);
            for (object_type, source) in tap.sources(|known| !has_own(known)) {
                options = options.source(object_type, source);
            }
            self.tap.get_or_init(|| tap);
        }
        Ok(options)
    }

    /// What is worth knowing of the runs of a tap, each once.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        self.tap.get().map_or_else(Vec::new, TapSources::take_notes)
    }
}

pub(crate) async fn run(global: &Global, args: &Sync, output: Output) -> Result<Exit, CliError> {
    let sources = Sources::read(global, &args.scope)?;
    let scope = sources.scope(&args.scope);
    if args.pause || args.continue_ {
        let again = again(global, &args.scope);
        return pause(global, &scope, args.pause, &again, output).await;
    }
    if args.health {
        return sync_health::run(global, &scope, output).await;
    }
    let mut options = sources.options(global, &args.scope, Reading::SinceLastSync)?;
    if global.sim {
        options = options.simulator();
    }
    apply_delivery_args(&mut options.push, &args.delivery, global);
    options.push.rejects = Rejects::None;
    if args.resend {
        options.push.resend = Resend::All;
    }
    options.plan_file.clone_from(&args.plan);
    let connection = Connection::open(global).await?;
    let integration_id = connection.known_integration_id().await?;
    let mut round = Round {
        connection,
        integration_id,
        options,
        metrics: args.metrics.clone(),
        output,
        shows_progress: !global.no_progress,
        signals: Signals::new(),
        is_one_of_many: false,
        tap: sources.tap.get().cloned(),
        again: again(global, &args.scope),
    };
    let every = match args.every {
        None => None,
        Some(every) => Some(every.or(sources.tables.sync().every).ok_or_else(|| {
            CliError::new(Exit::Usage, "--every needs a time")
                .with_hint("give one, such as --every 5m, or set `every` in [sync]")
        })?),
    };
    match every {
        Some(every) => round.for_ever(every).await,
        None => round.once(args.yes).await,
    }
}

/// The command of a sync of the same sources.
pub(crate) fn again(global: &Global, args: &Scope) -> String {
    let mut words = vec!["sync"];
    if let Some(scope) = &args.scope {
        words.extend(["--scope", scope]);
    }
    for source in &args.source.source {
        words.extend(["--source", source]);
    }
    again::command(global, &words)
}

async fn pause(
    global: &Global,
    scope: &str,
    is_paused: bool,
    again: &str,
    output: Output,
) -> Result<Exit, CliError> {
    if scope.trim().is_empty() {
        return Err(failed(SyncError::NoScope));
    }
    let ledger = Settings::read(global)?.open_ledger().await?;
    ledger
        .set_paused(scope, is_paused)
        .await
        .map_err(|error| CliError::from_ledger(&error))?;
    if is_paused {
        output.status(&format!(
            "paused: a running sync pauses after its round; {again} --continue resumes it"
        ));
    } else {
        output.status("the next round begins as usual");
    }
    Ok(Exit::Ok)
}

/// One sync, or one round of many.
struct Round {
    connection: Connection,
    integration_id: IntegrationId,
    options: SyncOptions,
    metrics: Option<PathBuf>,
    output: Output,
    shows_progress: bool,
    signals: Signals,
    /// Whether it has only a line of output.
    is_one_of_many: bool,
    /// The tap that records are read from, if they are.
    tap: Option<TapSources>,
    /// The command of this sync.
    again: String,
}

impl Round {
    async fn once(&mut self, is_agreed: bool) -> Result<Exit, CliError> {
        let asks = !is_agreed && self.is_first().await? && is_terminal();
        let (report, signal) = self.run(asks).await?;
        let Some(report) = report else {
            return Ok(signal.unwrap_or(Exit::Interrupted));
        };
        if report.is_declined {
            self.output.status("nothing was sent");
            return Ok(Exit::Interrupted);
        }
        if self.output.is_json() {
            self.output.json(&report);
        } else if self.output.is_html() {
            let left = self.connection.client.calls_left().await;
            self.output.page(&html::plan::sync(&report, left));
        } else {
            let left = self.connection.client.calls_left().await;
            sync_report::results(&report, left, &self.again, self.output);
        }
        let exit = Exit::of_sync(&report);
        if let Err(error) = self.write_metrics(&report).await {
            if exit == Exit::Ok {
                return Err(error);
            }
            self.output.error(&error);
        }
        if exit.is_signal() {
            let resume = format!("to resume: {}", self.again);
            self.output.status(&resume);
        }
        if let Some(cause) = &report.cause {
            let mut error = CliError::from_error(cause);
            error.exit = exit;
            self.output.error(&error);
        }
        Ok(match signal {
            Some(signal) if exit.is_signal() => signal,
            _ => exit,
        })
    }

    /// Whether no sync of this scope ever sent something to this Gong.
    async fn is_first(&self) -> Result<bool, CliError> {
        let client = &self.connection.client;
        let (base_url, scope) = (client.base_url(), &self.options.scope);
        let ledger = client.ledger();
        let has_synced = ledger
            .has_synced(base_url, self.integration_id, scope)
            .await;
        has_synced
            .map(|has_synced| !has_synced)
            .map_err(|error| CliError::from_ledger(&error))
    }

    /// Runs one round; returns its report and the signal that stopped it. The first signal stops it
    /// cleanly, the second at once.
    async fn run(&mut self, asks: bool) -> Result<(Option<SyncReport>, Option<Exit>), CliError> {
        let output = self.output;
        let mut progress = Progress::new(output, self.shows_progress);
        if self.is_one_of_many {
            progress = progress.quiet();
        }
        let client = &self.connection.client;
        let mut sync = client.sync(self.integration_id, self.options.clone());
        let question = Question::new();
        if asks {
            let (question, again) = (question.clone(), self.again.clone());
            sync = sync.approve(move |plan| question.ask(plan, &again, output));
        }
        let (mut handle, work) = sync.start();
        let work = async {
            if !asks {
                return work.await;
            }
            // It blocks while it asks, and the signals need this task.
            let ended = tokio::spawn(work).await;
            ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
        };
        let cancel = handle.cancel_handle();
        let mut stopped_by = None;
        let outcome = {
            let showing = async {
                while let Some(event) = handle.next_event().await {
                    question.answered().await;
                    progress.show(&event);
                }
            };
            let mut both = Box::pin(async { tokio::join!(work, showing).0 });
            tokio::select! {
                outcome = &mut both => outcome,
                exit = self.signals.next() => {
                    if question.stop() {
                        output.status("nothing was sent");
                        return Ok((None, Some(exit)));
                    }
                    output.status(stopping(exit));
                    stopped_by = Some(exit);
                    cancel.cancel();
                    tokio::select! {
                        outcome = &mut both => outcome,
                        exit = self.signals.next() => return Ok((None, Some(exit))),
                    }
                }
            }
        };
        progress.end();
        match outcome {
            Ok(report) => {
                // Without it, the tap gives once more what is in Gong by now.
                if let Err(error) = self.keep_state(&report).await {
                    output.error(&error);
                }
                Ok((Some(report), stopped_by))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Lets the next run of the tap go on where this one ended, if all that it brought has its verdict.
    async fn keep_state(&self, report: &SyncReport) -> Result<(), CliError> {
        let Some(tap) = &self.tap else { return Ok(()) };
        for note in tap.take_notes() {
            self.output.status(&format!("note: {note}"));
        }
        // A plan file may leave out some of it, and single records leave out the others.
        let mut only = self.options.only.values();
        let is_part = only.any(|only| matches!(only, Only::Ids(_)));
        if is_part || self.options.plan_file.is_some() {
            return Ok(());
        }
        let kept = tap.keep_state(report).await;
        kept.map(drop)
            .map_err(|error| CliError::new(Exit::Unexpected, error.to_string()))
    }

    async fn write_metrics(&self, report: &SyncReport) -> Result<(), CliError> {
        let Some(path) = &self.metrics else {
            return Ok(());
        };
        let client = &self.connection.client;
        let text = metrics(client, self.integration_id, &self.options.scope, report)
            .await
            .map_err(failed)?;
        let unwritable = |error: std::io::Error| {
            let path = path.display();
            CliError::new(
                Exit::Unexpected,
                format!("{path} can't be written: {error}"),
            )
        };
        // The collector runs as another user, and the numbers are not secret.
        atomic_file::write(path, text.as_bytes(), Readers::Everyone).map_err(unwritable)
    }
}

fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Why a sync or plan failed.
pub(crate) fn failed(error: SyncError) -> CliError {
    match error {
        SyncError::Push(error) => CliError::from_push(error),
        SyncError::Ledger(error) => CliError::from_ledger(&error),
        SyncError::NoSources
        | SyncError::NoScope
        | SyncError::Malformed { .. }
        | SyncError::Unreadable { .. } => CliError::new(Exit::Usage, error.to_string()),
        SyncError::NoSourceOf { object_type } => CliError::new(Exit::Usage, error.to_string())
            .with_hint(format!(
                "--only {object_type} needs [sources.{object_type}] in gong-crm.toml"
            )),
        SyncError::OtherPlan { .. } => CliError::new(Exit::Usage, error.to_string())
            .with_hint("gong-crm plan --out FILE writes a new one"),
        SyncError::PlanOutdated { .. } => CliError::new(Exit::Failed, error.to_string())
            .with_hint("without --strict, all actions that are still possible are done"),
        other => CliError::new(Exit::Unexpected, other.to_string()),
    }
}
