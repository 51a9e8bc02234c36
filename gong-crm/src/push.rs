//! Pushing a CRM: from files to a verdict about the data.
//!
//! [`Client::push`] makes a [`Push`]. It finds the entity files, sends type after type in the order
//! in which records refer to each other, waits for Gong to process each file, and reports what Gong
//! took and what it refused, each refused line with its record. [`Client::resume`] goes on with what
//! did not come to its end, and [`Client::jobs`] lists what is known.
//!
//! The id of an upload follows from the integration, the type and the content: pushing the same file
//! again sends nothing a second time. Only after Gong said that the upload failed is the same
//! content sent again, under the next id. Everything is written into the client's
//! [ledger](crate::ledger::Ledger) before it is sent; [`retry`](crate::retry) says what is done after which
//! failure.
//!
//! How files go follows from the files alone. Most go as they are. Blank lines are left out; what is
//! larger than Gong takes is cut at line ends; records that share an `objectId` go one after another,
//! whatever files they stand in, the oldest `modifiedDate` first, and of the same date that which was
//! named first; if an older one has to go again, so do the newer after it, under the next id; and
//! deletions go apart, after all other records of all files, in the reverse order of types.

use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

mod conclusion;
mod context;
mod csv;
mod cut;
mod delivery;
mod drain;
mod event;
mod job;
mod journal;
mod lines;
mod plan;
mod prepare;
#[cfg(test)]
mod properties;
mod rejects;
mod report;
mod request_id;
mod resume;
mod run;
mod source;
mod split;
mod spool;
mod supersede;
mod survey;
mod verdict;

pub use event::Event;
pub use plan::{PlanError, PlannedFile, plan};
pub use rejects::Rejects;
pub use report::{FileReport, FileStatus, RecordError, Report, UploadReport, Verdict};

use context::{Context, Events, Listener, Mode};
use journal::Journal;

use crate::client::Client;
use crate::ledger::{Job, LedgerError};
use gong_client::Error;
use gong_client::poll::PollPolicy;
use gong_client::retry::RetryLimits;
use gong_records::ObjectType;
use gong_records::check;
use gong_records::ids::{ClientRequestId, IntegrationId};
use gong_records::io::discover::{FRAMING_BYTES, MAX_BODY_BYTES};

/// How long Gong is given to store accounts before contacts and deals refer to them.
///
/// From Gong's documentation of March 2023; today's says nothing of it.
pub const SETTLE_TIME: Duration = Duration::from_mins(1);

/// The most bytes of records in one upload: what Gong takes, less what frames them.
pub const MAX_UPLOAD_BYTES: u64 = MAX_BODY_BYTES - FRAMING_BYTES;

/// How a push goes about it.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Files and folders, and `-` for the standard input.
    pub paths: Vec<PathBuf>,
    /// The type of all records; otherwise each file's name tells.
    pub object_type: Option<ObjectType>,
    /// What makes records of CSVs; without it, CSVs are refused. That of the check's options is of no
    /// importance here.
    pub conversion: Option<gong_records::mapping::Conversion>,
    /// How long to wait for each file to be processed.
    pub patience: PollPolicy,
    /// How long to wait after accounts, if records that refer to them follow.
    pub settle_time: Duration,
    /// How often and how long what fails is repeated.
    pub retry: RetryLimits,
    /// The id of the upload, instead of the one that follows from the content; for one file only.
    pub request_id: Option<ClientRequestId>,
    /// The most bytes of records in one upload; no more than [`MAX_UPLOAD_BYTES`].
    pub max_upload_bytes: u64,
    /// What to check before anything is sent; with errors, nothing is. Without it, what is wrong is
    /// for Gong to say.
    pub check: Option<check::Options>,
    /// Records with errors are left out, instead of nothing being sent.
    pub skip_invalid: bool,
    /// Records are sent even if something to which they refer did not go through.
    pub ignore_dependencies: bool,
    /// Records are sent again until every error is known, beyond the 20 that Gong lists.
    pub drain: bool,
    /// Where refused records are written.
    pub rejects: Rejects,
    /// Nobody waits for Gong to process anything: the push ends when Gong has every file.
    pub acceptance_only: bool,
    /// Whether to wait for another push with the same ledger, instead of failing.
    pub wait_for_ledger: bool,
}

impl Options {
    /// A push of these files and folders, with the settings for the real Gong. They are checked first.
    pub fn new(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            object_type: None,
            conversion: None,
            patience: PollPolicy::UPLOAD,
            settle_time: SETTLE_TIME,
            retry: RetryLimits::default(),
            request_id: None,
            max_upload_bytes: MAX_UPLOAD_BYTES,
            check: Some(check::Options::default()),
            skip_invalid: false,
            ignore_dependencies: false,
            drain: false,
            rejects: Rejects::None,
            acceptance_only: false,
            wait_for_ledger: true,
        }
    }

    /// The same without the check: what is wrong, Gong says.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.check = None;
        self
    }

    /// The settings for a local Gong, which takes no time to process and to settle.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.patience = PollPolicy::SIMULATOR;
        self.settle_time = Duration::ZERO;
        self.retry = RetryLimits::SIMULATOR;
        self
    }
}

/// Why a push came to no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The files can't be pushed as they are; nothing was sent.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The files could not be checked; nothing was sent.
    #[error(transparent)]
    Check(#[from] check::CheckError),
    /// The ledger can't be used; nothing was sent.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A call failed that everything else needs.
    #[error(transparent)]
    Request(#[from] Error),
}

/// A push to be: await it, or [`start`](Self::start) it to follow and to stop it.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_crm::push::{Options, Verdict};
/// # use gong_crm::{Client, Credentials};
/// # let sim = gong_sim::Simulator::builder().start().await?;
/// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
/// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
/// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("stages.ldjson"), r#"{"objectId":"s-1","name":"New","sortOrder":1,"isActive":true}"#)?;
/// let options = Options::new([folder.path()]).local();
/// let (mut handle, push) = client.push(integration_id, options).start();
/// let watching = async {
///     let mut steps = 0;
///     while handle.next_event().await.is_some() {
///         steps += 1;
///     }
///     steps
/// };
/// let (report, steps) = tokio::join!(push, watching);
/// assert_eq!(report?.verdict, Verdict::Done);
/// assert!(steps > 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is sent until the push is awaited or started"]
pub struct Push {
    client: Client,
    options: Options,
    task: Task,
    listener: Option<Listener>,
}

/// What is to be done.
#[derive(Debug, Clone)]
enum Task {
    Push(IntegrationId),
    /// All unfinished jobs if there are no ids.
    Resume(Vec<ClientRequestId>),
}

impl std::fmt::Debug for Push {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Push")
            .field("task", &self.task)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Push {
    /// Tells somebody of each step, in addition to the handle. It is called in the midst of things,
    /// so it should return soon.
    pub fn on_event(mut self, listener: impl FnMut(&Event) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Splits the push into a handle, which tells of its steps and stops it, and a future, which
    /// does the work when it is polled.
    ///
    /// # Errors
    ///
    /// The future fails as awaiting the push does: see [`PushError`]. What goes wrong with one file
    /// stands in the report and does not keep the others from being sent.
    pub fn start(
        mut self,
    ) -> (
        PushHandle,
        impl Future<Output = Result<Report, PushError>> + Send + 'static,
    ) {
        let (sender, events) = mpsc::unbounded_channel();
        let mut listener = self.listener.take();
        self.listener = Some(Box::new(move |event| {
            if let Some(listener) = &mut listener {
                listener(event);
            }
            // Nobody has to listen.
            drop(sender.send(event.clone()));
        }));
        let (cancel, canceled) = watch::channel(false);
        let handle = PushHandle {
            events,
            canceller: Canceller(Arc::new(cancel)),
        };
        (handle, self.carry_out(canceled))
    }

    async fn carry_out(self, mut cancel: run::Cancel) -> Result<Report, PushError> {
        let Self {
            client,
            options,
            task,
            listener,
        } = self;
        let events = Arc::new(Events::new(listener));
        let mut until = cancel.clone();
        let work = async {
            match task {
                // They hold everything that a push needs, which is much for a stack.
                Task::Push(integration_id) => {
                    Box::pin(push(client, integration_id, options, events, &mut cancel)).await
                }
                Task::Resume(ids) => {
                    Box::pin(resume(client, &ids, options, events, &mut cancel)).await
                }
            }
        };
        let mut work = pin!(work);
        // It stops by itself, with a report, unless a disk or a lock keeps it.
        tokio::select! {
            biased;
            done = &mut work => done,
            () = async {
                run::canceled(&mut until).await;
                tokio::time::sleep(STOPPING).await;
            } => Ok(Report::new(Vec::new(), true)),
        }
    }
}

/// How long a push that is to stop may take for the report of what it leaves behind.
const STOPPING: Duration = Duration::from_secs(5);

impl IntoFuture for Push {
    type Output = Result<Report, PushError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            // Held to the end, so that nothing seems canceled.
            let (_cancel, canceled) = watch::channel(false);
            self.carry_out(canceled).await
        })
    }
}

/// Follows a push, and stops it.
#[derive(Debug)]
pub struct PushHandle {
    events: mpsc::UnboundedReceiver<Event>,
    canceller: Canceller,
}

impl PushHandle {
    /// The next step; none when the push has ended.
    pub async fn next_event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Stops the push; see [`Canceller::cancel`].
    pub fn cancel(&self) {
        self.canceller.cancel();
    }

    /// Something that stops the push and can be given away.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }
}

/// Stops a push.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<watch::Sender<bool>>);

impl Canceller {
    /// Stops the push where it is: nothing more is sent, and the report says how far it came. What
    /// is not finished stands in the ledger and can be resumed.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

async fn push(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    events: Arc<Events>,
    cancel: &mut run::Cancel,
) -> Result<Report, PushError> {
    let files = options.files()?;
    if options.request_id.is_some() && files.len() != 1 {
        return Err(PlanError::OneIdForMany { files: files.len() }.into());
    }
    let preparing = prepared(client, integration_id, options, files, events);
    let prepared = tokio::select! {
        biased;
        prepared = preparing => prepared?,
        () = run::canceled(cancel) => return Ok(Report::new(Vec::new(), true)),
    };
    let (context, mut courses, failed) = match prepared {
        Prepared::Ready(context, courses, failed) => (context, courses, failed),
        Prepared::Invalid(journal, reports) => {
            journal.sweep().await;
            return Ok(Report::new(reports, false));
        }
    };
    let failed_types: Vec<ObjectType> = failed.iter().map(|report| report.object_type).collect();
    let is_canceled = run::run(&context, &mut courses, &failed_types, cancel.clone()).await;
    let mut reports = conclusion::reports(&context, courses, is_canceled).await;
    context.journal.sweep().await;
    reports.extend(failed);
    reports.sort_by_key(|report| report.object_type);
    Ok(Report::new(reports, is_canceled))
}

/// What there is to send, once everything is known.
enum Prepared {
    /// The files that can go, and the reports of those that can't.
    Ready(Box<Context>, Vec<run::Course>, Vec<FileReport>),
    /// The check found errors.
    Invalid(Journal, Vec<FileReport>),
}

async fn prepared(
    client: Client,
    integration_id: IntegrationId,
    options: Options,
    files: Vec<PlannedFile>,
    events: Arc<Events>,
) -> Result<Prepared, PushError> {
    let journal = Journal::open(&client, options.wait_for_ledger, &events).await?;
    journal.sweep().await;
    let mut opened = match prepare::open(files, &options, &journal.spool()).await {
        Ok(opened) => opened,
        Err(error) => {
            journal.sweep().await;
            return Err(error);
        }
    };
    let context = Context::new(client, integration_id, options, Mode::Push, journal, events);
    if let Some(reports) = prepare::checked(&context, &mut opened).await? {
        return Ok(Prepared::Invalid(context.journal, reports));
    }
    context.events.emit(Event::Planned {
        files: opened.iter().map(|one| Arc::clone(&one.file)).collect(),
    });
    let (courses, failed) = prepare::courses(&context, opened).await?;
    let superseded = supersede::supersede(&context, &courses).await?;
    prepare::write_down(&context, &courses, superseded).await?;
    prepare::estimate(&context, &courses).await?;
    Ok(Prepared::Ready(Box::new(context), courses, failed))
}

async fn resume(
    client: Client,
    ids: &[ClientRequestId],
    options: Options,
    events: Arc<Events>,
    cancel: &mut run::Cancel,
) -> Result<Report, PushError> {
    let journal = Journal::open(&client, options.wait_for_ledger, &events).await?;
    let jobs = journal.open_jobs().await?;
    let mut reports = Vec::new();
    let mut is_canceled = false;
    let mut groups = resume::groups(jobs, ids).into_iter().peekable();
    while let Some(first) = groups.next() {
        let (integration_id, older) = (first.integration_id, first.older);
        let mut together = vec![first];
        while let Some(group) =
            groups.next_if(|group| (group.integration_id, group.older) == (integration_id, older))
        {
            together.push(group);
        }
        let context = Context::new(
            client.clone(),
            integration_id,
            options.clone(),
            Mode::Resume,
            journal.clone(),
            Arc::clone(&events),
        );
        let (mut courses, mut orphaned) = (Vec::new(), Vec::new());
        for group in together {
            let (course, lost) = group.course(&context).await;
            courses.extend(course);
            orphaned.extend(lost);
        }
        context.events.emit(Event::Planned {
            files: courses
                .iter()
                .map(|course| Arc::clone(&course.source.file))
                .collect(),
        });
        reports.extend(resume::ask_about(&context, orphaned).await);
        let stopped = run::run(&context, &mut courses, &[], cancel.clone()).await;
        reports.extend(conclusion::reports(&context, courses, stopped).await);
        is_canceled |= stopped;
    }
    journal.sweep().await;
    Ok(Report::new(reports, is_canceled))
}

impl Client {
    /// Sends files and folders of records and waits for Gong's verdict on each.
    ///
    /// What goes wrong with one file stands in the report and does not keep the others from being
    /// sent, unless they refer to it or no call can succeed any more.
    ///
    /// # Errors
    ///
    /// Awaiting it fails with [`PushError::Plan`] when the files can't be pushed as they are, with
    /// [`PushError::Check`] when they can't be checked, and with [`PushError::Ledger`] when the
    /// ledger can't be used: nothing was sent then.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_crm::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_crm::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// # let integration_id = sim.register_integration("Acme CRM", "admin@acme.example").into();
    /// use gong_crm::push::{Options, Verdict};
    ///
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(
    ///     folder.path().join("stages.ldjson"),
    ///     "{\"objectId\":\"discovery\",\"name\":\"Discovery\"}\n{\"objectId\":\"won\"}\n",
    /// )?;
    /// let options = Options::new([folder.path()]).local();
    /// let report = client.push(integration_id, options.clone()).await?;
    /// assert_eq!(report.verdict, Verdict::Invalid);
    /// assert_eq!(report.files[0].errors[0].object_id.as_deref(), Some("won"));
    /// // Unchecked, Gong takes the good lines and says the same of the other.
    /// let report = client.push(integration_id, options.unchecked()).await?;
    /// assert_eq!(report.verdict, Verdict::Partial);
    /// assert_eq!(report.files[0].errors[0].object_id.as_deref(), Some("won"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&self, integration_id: IntegrationId, options: Options) -> Push {
        Push {
            client: self.clone(),
            options,
            task: Task::Push(integration_id),
            listener: None,
        }
    }

    /// Goes on with uploads that the ledger knows and that did not come to their end: all of them
    /// if no id is named.
    ///
    /// The options say how long to wait and what to do with refused records; their paths don't
    /// matter. What may have arrived is asked about first. What was planned and not sent is sent, cut
    /// as it was: from the copy that the ledger keeps of the standard input and of unpacked files,
    /// and from any other file if it still has that content. Of a file of which an id is named, all
    /// uploads go on.
    ///
    /// # Errors
    ///
    /// Awaiting it fails with [`PushError::Ledger`] when the ledger can't be used.
    pub fn resume(&self, ids: impl IntoIterator<Item = ClientRequestId>, options: Options) -> Push {
        Push {
            client: self.clone(),
            options,
            task: Task::Resume(ids.into_iter().collect()),
            listener: None,
        }
    }

    /// Every upload that the ledger knows, in the order in which they were planned.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] when the ledger can't be read.
    pub fn jobs(&self) -> Result<Vec<Job>, LedgerError> {
        self.ledger.jobs()
    }
}
