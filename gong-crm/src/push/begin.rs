//! The beginning of a push: from paths, or from records that were written, to a plan.

use std::sync::Arc;

use gong_records::io::discover::FilesError;
use tokio::sync::watch;

use super::event::Events;
use super::finish::carry_out_and_look;
use super::input::{Checked, InputFile, OpenFile, blocking, check, check_usable, open, open_input};
use super::planned::Plan;
use super::reads::Round;
use super::records::Written;
use super::report::{FileReport, RecordError, Report};
use super::run::canceled;
use super::session::{Context, Session};
use super::{Options, PushError};
use crate::client::Client;
use crate::ledger::Question;
use crate::{IntegrationId, Rule};

/// The records that a push is given.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) files: Vec<OpenFile>,
    /// The round that they belong to, if this is a sync.
    pub(super) round: Option<Round>,
    /// Reports of records that can't be sent.
    pub(super) left: Vec<FileReport>,
}

/// A push before anything of it is written or sent; none if it was canceled.
pub(super) type Prepared = Option<(Session, Plan)>;

/// The plan, or the report of a push that sends nothing.
pub(super) async fn sendable(prepared: Prepared) -> Result<(Session, Plan), Report> {
    let Some((session, plan)) = prepared else {
        return Err(Report::canceled_before_its_plan());
    };
    if !plan.is_invalid {
        return Ok((session, plan));
    }
    session.discard(&plan);
    session.end().await;
    let notes = plan.notes.clone();
    Err(Report::new(plan.invalid_files(), notes, false, None))
}

/// The plan of a push whose check found errors: it sends nothing.
fn invalid_plan(files: &[OpenFile], errors: Vec<Vec<RecordError>>) -> Plan {
    let files = files.iter().zip(errors).map(|(open, errors)| FileReport {
        records: open.records,
        held_back: OpenFile::distinct(&errors),
        errors,
        ..FileReport::new(open.file.path.clone(), open.file.object_type)
    });
    Plan {
        is_invalid: true,
        ..Plan::new(files.collect())
    }
}

/// Pushes records that were written to files, or else the files that the options name.
pub(super) async fn push(
    client: Client,
    integration_id: IntegrationId,
    written: Option<Written>,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Report, PushError> {
    let until = cancel.clone();
    let prepared = if let Some(written) = written {
        prepare_written(client, integration_id, written, options, events, until).await?
    } else {
        // All that earlier pushes left there was accepted meanwhile, or is not in its own folder.
        if let Err(FilesError::OnlyRejects { path }) = options.files() {
            let path = path.display();
            let note =
                format!("{path} contains only rejects files of earlier pushes: nothing to send");
            return Ok(Report::new(Vec::new(), vec![note], false, None));
        }
        prepare_files(client, integration_id, options, events, until, false).await?
    };
    match sendable(prepared).await {
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

/// Plans the push of records that were written to files.
async fn prepare_written(
    client: Client,
    integration_id: IntegrationId,
    written: Written,
    options: Options,
    events: Arc<Events>,
    cancel: watch::Receiver<bool>,
) -> Result<Prepared, PushError> {
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
    prepare(integration_id, cancel, beginning).await
}

/// Checks what a push is given, and plans it.
pub(super) async fn prepare(
    integration_id: IntegrationId,
    cancel: watch::Receiver<bool>,
    beginning: impl Future<Output = Result<(Context, Given), PushError>>,
) -> Result<Prepared, PushError> {
    // It holds everything that a plan needs, which is much for a stack.
    let preparing = Box::pin(async {
        let (mut context, given) = beginning.await?;
        let space = context.space(integration_id).await?;
        let facts = context.ledger.ledger().facts(space).await?;
        if facts.is(Question::IdsIgnoreCase, true) {
            // Which of two spellings is meant is open.
            context.options.check.deny(Rule::ObjectIdCase);
        }
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
        let mut plan = match checked {
            Checked::Invalid(errors) => invalid_plan(&session.files, errors),
            Checked::Sendable => {
                let mut plan = session.plan().await?;
                plan.leave(given.left);
                plan
            }
        };
        plan.round.unusable = unusable;
        Ok::<_, PushError>(Some((session, plan)))
    });
    tokio::select! {
        // First, since a plan may be ready at once.
        biased;
        () = canceled(cancel) => Ok(None),
        prepared = preparing => prepared,
    }
}
