//! The beginning of a push: from paths, or from records that were written, to a plan.

use std::sync::Arc;

use gong_records::io::discover::FilesError;
use tokio::sync::watch;

use super::event::Events;
use super::finish::{carry_out_and_look, invalid};
use super::input::{Checked, InputFile, OpenFile, blocking, check, check_usable, open, open_input};
use super::planned::Plan;
use super::reads::Round;
use super::records::Written;
use super::report::{FileReport, RecordError, Report};
use super::run::canceled;
use super::session::{Context, Session};
use super::{Options, PushError};
use crate::IntegrationId;
use crate::client::Client;

/// The records that a push is given.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) files: Vec<OpenFile>,
    /// The round that they belong to, if this is a sync.
    pub(super) round: Option<Round>,
    /// Reports of records that can't be sent.
    pub(super) left: Vec<FileReport>,
}

/// A push before anything of it is written or sent.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it is taken apart at once"
)]
pub(super) enum Prepared {
    Canceled,
    Plan(Session, Plan),
    Invalid(Session, Vec<Vec<RecordError>>),
}

impl Prepared {
    /// The plan, or the report of a push that sends nothing.
    pub(super) async fn plan(self) -> Result<(Session, Plan), Report> {
        let (session, report) = match self {
            Self::Canceled => return Err(Report::canceled_before_its_plan()),
            Self::Plan(session, plan) if !plan.is_invalid => return Ok((session, plan)),
            Self::Plan(session, plan) => {
                session.discard(&plan);
                let notes = plan.notes.clone();
                let report = Report::new(plan.invalid_files(), notes, false, None);
                (session, report)
            }
            Self::Invalid(session, errors) => {
                let report = invalid(&session, errors);
                (session, report)
            }
        };
        session.end().await;
        Err(report)
    }
}

/// Pushes the files that the options name.
pub(super) async fn push(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    // All that earlier pushes left there was accepted meanwhile, or is not in its own folder.
    if let Err(FilesError::OnlyRejects { path }) = options.files() {
        let path = path.display();
        let note = format!("{path} contains only rejects files of earlier pushes: nothing to send");
        return Ok(Report::new(Vec::new(), vec![note], false, None));
    }
    let until = cancel.clone();
    let preparing = prepare_files(client, integration_id, options, events, until, false);
    match preparing.await?.plan().await {
        Ok((session, plan)) => carry_out_and_look(session, plan, cancel).await,
        Err(report) => Ok(report),
    }
}

/// Finds files, and plans their push. A dry one only looks.
pub(super) async fn prepare_files(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
    is_dry: bool,
) -> Result<Prepared, PushError> {
    let (input, named): (Vec<_>, Vec<_>) = options
        .files()?
        .into_iter()
        .partition(InputFile::is_standard_input);
    let beginning = async {
        let of_input = options.clone();
        // Whoever writes it may take hours, and other commands need the ledger meanwhile.
        let mut files = blocking(move || open_input(input, &of_input)).await??;
        let context = Context::begin(client, options, events, is_dry).await?;
        let (options, spool) = (context.options.clone(), context.spool.clone());
        files.extend(blocking(move || open(named, &options, &spool)).await??);
        let given = Given {
            files,
            ..Given::default()
        };
        Ok((context, given))
    };
    prepare(integration_id, cancel, beginning).await
}

/// Pushes records that were written to files.
pub(super) async fn push_written(
    client: Client,
    integration_id: IntegrationId,
    written: Written,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let beginning = async {
        let files = written.into_iter();
        let files = files.map(|(object_type, file)| OpenFile::of_source(object_type, file));
        let given = Given {
            files: files.collect::<Result<_, _>>()?,
            ..Given::default()
        };
        let context = Context::begin(client, options, events, false).await?;
        Ok((context, given))
    };
    let prepared = prepare(integration_id, cancel.clone(), beginning).await?;
    match prepared.plan().await {
        Ok((session, plan)) => carry_out_and_look(session, plan, cancel).await,
        Err(report) => Ok(report),
    }
}

/// Checks what a push is given, and plans it.
pub(super) async fn prepare(
    integration_id: IntegrationId,
    cancel: watch::Receiver<bool>,
    beginning: impl Future<Output = Result<(Context, Given), PushError>>,
) -> Result<Prepared, PushError> {
    // It holds everything that a plan needs, which is much for a stack.
    let preparing = Box::pin(async {
        let (context, given) = beginning.await?;
        let (mut files, mut round) = (given.files, given.round);
        files.sort_by_key(|open| open.file.object_type);
        let (options, events) = (context.options.clone(), Arc::clone(&context.events));
        let is_round = round.is_some();
        let checking = blocking(move || {
            let mut unusable = Vec::new();
            let checked = if is_round {
                check_usable(&mut files, options, &events, &mut unusable)
            } else {
                check(&mut files, &options, &events)
            };
            checked.map(|checked| (checked, files, unusable))
        });
        let (checked, files, unusable) = checking.await??;
        if let Some(round) = &mut round {
            for (object_type, _) in &unusable {
                round.reads.remove(object_type);
            }
        }
        let mut session = Session::new(context, integration_id, files).await?;
        session.round = round;
        if let Checked::Invalid(errors) = checked {
            return Ok::<_, PushError>(Prepared::Invalid(session, errors));
        }
        let mut plan = session.plan().await?;
        plan.round.unusable = unusable;
        plan.leave(given.left);
        Ok(Prepared::Plan(session, plan))
    });
    tokio::select! {
        // First, since a plan may be ready at once.
        biased;
        () = canceled(cancel) => Ok(Prepared::Canceled),
        prepared = preparing => prepared,
    }
}
