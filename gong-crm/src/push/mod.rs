//! Pushes records, from files or from memory, and waits for the verdict on each of them.
//!
//! [`Client::push`] makes a [`Push`]. It compares every record with the version that Gong has, as
//! the client's [ledger](crate::ledger) knows it, sends only what differs, waits for Gong's verdict on
//! each upload, and reports what Gong accepted and rejected, record by record.
//! [`Client::resume`] continues with uploads whose verdict is not known yet.
//!
//! The way of a push, in the order of its modules:
//!
//! 1. `begin` locks the ledger; `input` finds the files, unpacks and converts them, and has them checked.
//! 2. `prepare` makes the plan. `survey` reads each file once: where each record is, and the hash it is
//!    compared by. `plan` decides for each record: unchanged, sent, held back. It is pure. `bodies`
//!    writes what is sent into files of the spool.
//! 3. `store_plan` writes the uploads into the ledger. Nothing has been sent so far.
//! 4. `run` runs the uploads in the order in which records refer to each other.
//! 5. `deliver` brings one upload to its end, as the table in `transition` says.
//! 6. `verdict` reads Gong's response, and `outcome` writes what it means for each record into the ledger.
//! 7. `finish` makes the report: `report` and `rejects` say the results.

use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use gong_client::error::Error;
use gong_records::check::CheckError;
use gong_records::io::discover::FilesError;
use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use crate::client::Client;
use crate::ledger::LedgerError;
use crate::{ClientRequestId, IntegrationId};

mod accounts;
mod alternating;
mod begin;
mod bodies;
mod body;
mod chosen_lines;
mod decided;
mod deliver;
mod ended;
mod event;
mod execute;
mod finish;
mod graph;
mod ids;
mod input;
mod invalid;
mod kept;
mod known_lines;
pub(crate) mod late;
mod level;
mod lines;
mod not_sent;
mod notes;
mod open_records;
mod open_uploads;
mod options;
mod origins;
mod orphans;
mod outcome;
mod parents;
mod plan;
mod planned;
mod prepare;
mod preview;
mod read_back;
pub(crate) mod reads;
mod records;
mod rejects;
mod report;
mod resume;
pub(crate) mod round;
mod run;
mod search;
mod session;
mod spellings;
mod spool;
mod store_plan;
mod stored;
mod survey;
mod thin;
mod trace;
mod transition;
mod users;
mod verdict;
mod waiting;
mod waived;
mod without_parents;

pub use event::Event;
pub use input::InputFile;
pub use open_uploads::OpenUploads;
pub use options::{
    ACCOUNT_DELAY, CheckMode, MAX_UPLOAD_BYTES, MAX_UPLOAD_RECORDS, Options, Rejects, Resend, Wait,
};
pub use preview::{FilePreview, Preview, UploadPreview};
pub use records::Records;
pub use report::{Done, FileReport, NotDone, RecordError, Report, Status, UploadReport, Verdict};

pub(crate) use event::{Events, Listener};

/// How many events wait for a reader; while it does not read, later ones are dropped.
const WAITING_EVENTS: usize = 1_024;

/// The time that a canceled push has for the report about unfinished uploads.
const STOPPING: Duration = Duration::from_secs(5);

/// Why a push has no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The files can't be found; nothing was sent.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A `clientRequestId` was chosen, and there is more than one upload; nothing was sent.
    #[error("--request-id works with one upload only; the records make {uploads}")]
    OneIdForMany {
        /// How many uploads there are.
        uploads: usize,
    },
    /// The chosen `clientRequestId` was used for other records; nothing was sent.
    #[error("{id} was used for other content: choose another --request-id")]
    IdUsed {
        /// The id.
        id: ClientRequestId,
    },
    /// The files could not be checked; nothing was sent.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The ledger can't be used; nothing was sent.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The bodies of the uploads can't be written beside the ledger; nothing was sent.
    #[error("the spool beside the ledger cannot be written: {0}")]
    Spool(#[source] std::io::Error),
    /// A file can't be read, or a call failed that everything else needs.
    #[error(transparent)]
    Request(#[from] Error),
}

/// A push that is about to begin: await it, or [`start`](Self::start) it to follow and to stop it.
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
/// let options = Options::new([folder.path()]).simulator();
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

/// The task of a push.
#[derive(Debug)]
enum Task {
    Files(IntegrationId),
    Records(IntegrationId, std::io::Result<records::Written>),
    /// These uploads, or all uploads without a verdict if there are no ids.
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
    /// Calls a function at each step, in addition to the handle. It is called while the push waits
    /// for it, so it should return soon.
    pub fn on_event(mut self, listener: impl FnMut(&Event) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Splits the push into a handle, which receives its steps and stops it, and a future, which
    /// does the work when it is polled. The future can be spawned.
    ///
    /// # Errors
    ///
    /// The future fails in the same way as awaiting the push: see [`PushError`]. Errors of single
    /// uploads are in the report and do not stop the others.
    pub fn start(
        mut self,
    ) -> (
        PushHandle,
        impl Future<Output = Result<Report, PushError>> + Send + 'static,
    ) {
        let (handle, canceled) = PushHandle::follow(&mut self.listener);
        (handle, self.carry_out(canceled))
    }

    async fn carry_out(self, cancel: watch::Receiver<bool>) -> Result<Report, PushError> {
        let span = match &self.task {
            Task::Files(integration_id) => trace::push("files", Some(*integration_id)),
            Task::Records(integration_id, _) => trace::push("records", Some(*integration_id)),
            Task::Resume(_) => trace::push("resume", None),
        };
        let result = self.work(cancel).instrument(span.clone()).await;
        trace::record(&span, &result);
        result
    }

    async fn work(self, cancel: watch::Receiver<bool>) -> Result<Report, PushError> {
        let Self {
            client,
            options,
            task,
            listener,
        } = self;
        let events = Arc::new(Events::new(listener));
        let until = cancel.clone();
        let clock = Arc::clone(&client.clock);
        // They hold everything that a push needs, which is much for a stack.
        let mut work = pin!(async {
            match task {
                Task::Files(id) => {
                    Box::pin(begin::push(client, id, None, options, events, cancel)).await
                }
                Task::Records(id, written) => {
                    let written = Some(written.map_err(PushError::Spool)?);
                    Box::pin(begin::push(client, id, written, options, events, cancel)).await
                }
                Task::Resume(ids) => {
                    Box::pin(resume::resume(client, ids, options, events, cancel)).await
                }
            }
        });
        // It stops by itself, with a report, unless a disk or a lock keeps it.
        tokio::select! {
            biased;
            done = &mut work => done,
            () = async {
                run::canceled(until).await;
                clock.sleep(STOPPING).await;
            } => Ok(Report::canceled()),
        }
    }
}

impl IntoFuture for Push {
    type Output = Result<Report, PushError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            // Kept until the end, so that the push does not look canceled.
            let (_cancel, canceled) = watch::channel(false);
            self.carry_out(canceled).await
        })
    }
}

/// Follows a push, and stops it.
#[derive(Debug)]
pub struct PushHandle {
    events: mpsc::Receiver<Event>,
    cancel: CancelHandle,
}

impl PushHandle {
    /// A handle that receives what the listener does, and stops whoever watches the other end.
    pub(crate) fn follow(listener: &mut Option<Listener>) -> (Self, watch::Receiver<bool>) {
        let (sender, events) = mpsc::channel(WAITING_EVENTS);
        let mut before = listener.take();
        *listener = Some(Box::new(move |event| {
            if let Some(before) = &mut before {
                before(event);
            }
            // The receiver does not have to read, and a slow one blocks nothing.
            drop(sender.try_send(event.clone()));
        }));
        let (cancel, canceled) = watch::channel(false);
        let cancel = CancelHandle(Arc::new(cancel));
        (Self { events, cancel }, canceled)
    }

    /// The next step; `None` when the push has ended.
    pub async fn next_event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Stops the push; see [`CancelHandle::cancel`].
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Something that stops the push and can be given away.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.cancel.clone()
    }
}

/// Stops a push.
#[derive(Debug, Clone)]
pub struct CancelHandle(Arc<watch::Sender<bool>>);

impl CancelHandle {
    /// Stops the push: nothing more is sent, and the report has the results so far. Unfinished
    /// uploads are in the ledger and can be resumed.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

impl Client {
    /// Sends the records of files that are not in Gong yet, and waits for the verdict.
    ///
    /// # Errors
    ///
    /// See [`PushError`]. A report is not a success: check its [`Verdict`].
    pub fn push(&self, integration_id: IntegrationId, options: Options) -> Push {
        Push {
            client: self.clone(),
            options,
            task: Task::Files(integration_id),
            listener: None,
        }
    }

    /// Finishes uploads without a verdict: those with these ids, or all of them if there are none.
    /// Gong is asked for the status of everything that may have arrived before it is sent again.
    /// Records with a newer version are not sent.
    ///
    /// Records that a verdict left uncertain, and those of uploads that failed as a whole, are sent
    /// again from the copy that the ledger keeps. Rejected records are not:
    /// [`Ledger::rejects`](crate::ledger::Ledger::rejects) lists them.
    ///
    /// Uploads to the Gong at another base URL are left out, and those that a sync planned and did not
    /// send: the report's notes name them, and its verdict is not [`Verdict::Done`]. [`OpenUploads`] lists
    /// them before.
    ///
    /// # Errors
    ///
    /// See [`PushError`].
    pub fn resume(&self, ids: impl IntoIterator<Item = ClientRequestId>, options: Options) -> Push {
        Push {
            client: self.clone(),
            options,
            task: Task::Resume(ids.into_iter().collect()),
            listener: None,
        }
    }
}
