//! A Singer target: messages in, states out once their records have Gong's verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gong_crm::io::work_folder::WorkFolder;
use gong_crm::mapping::Mapping;
use gong_crm::push::Verdict;
use gong_crm::schema::EntitySchema;
use gong_crm::sync::{Deletions, SyncOptions, SyncReport};
use gong_crm::{Client, IntegrationId, ObjectType};
use jiff::Timestamp;

use super::batch::{Batch, Recipe};
use super::collector::Collector;
use super::error::TargetError;
use super::input::Lines;
use super::kept::{Kept, private_directory};
use super::references::defer;
use super::streams::Stream;
use super::tap::{GivenState, Tap};
use super::wanted::Wanted;

/// After this time, the received records are sent, even if the tap is still writing.
pub const FLUSH_AFTER: Duration = Duration::from_mins(5);

/// When the received records reach this many bytes, they are sent, even if the tap is still
/// writing.
pub const FLUSH_BYTES: u64 = 500_000_000;

/// The options of a target.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TargetOptions {
    /// Which streams become which types, and how.
    pub mapping: Mapping,
    /// The text of the mapping: when it changes, records that vanish with the change are not
    /// deleted before the user confirms it.
    pub definition: String,
    /// Types whose records the tap never writes completely, or not at all. Of every other type of the
    /// mapping, a tap that is run without a state must write a stream.
    pub never_complete: BTreeSet<ObjectType>,
    /// How records are checked, sent, awaited and deleted; it must have no sources.
    pub sync: SyncOptions,
    /// What happens to vanished records, if it differs from the defaults of a sync.
    pub deletions: BTreeMap<ObjectType, Deletions>,
    /// The declared custom fields, whose types the mapping need not repeat.
    pub entity_schema: Option<EntitySchema>,
    /// Where streams are kept that records are looked up in, from one run to the next. Without it,
    /// every run has to bring them whole.
    pub directory: Option<PathBuf>,
    /// After this time, the received records are sent, even if the tap is still writing.
    pub flush_after: Duration,
    /// When the received records reach this many bytes, they are sent, even if the tap is still
    /// writing.
    pub flush_bytes: u64,
}

impl TargetOptions {
    /// By this mapping, under the name by which `sync` owns records.
    pub fn new(mapping: Mapping, sync: SyncOptions) -> Self {
        Self {
            mapping,
            definition: String::new(),
            never_complete: BTreeSet::new(),
            sync,
            deletions: BTreeMap::new(),
            entity_schema: None,
            directory: None,
            flush_after: FLUSH_AFTER,
            flush_bytes: FLUSH_BYTES,
        }
    }
}

/// The result of a run.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "a run that ended is not a run that succeeded: look at the verdict"]
pub struct TargetReport {
    /// The worst verdict of all that was sent. [`Partial`](Verdict::Partial) means that some records
    /// are rejected or held back; their content is in the ledger.
    pub verdict: Verdict,
    /// How often something was sent or compared.
    pub flushes: usize,
    /// How many states were written.
    pub states: usize,
    /// Whether the last state of the tap was not written, because not all is well with what came before
    /// it.
    pub is_state_withheld: bool,
    /// The number of received records.
    pub records: u64,
    /// The number of accepted records.
    pub accepted: u64,
    /// How many Gong had already.
    pub unchanged: u64,
    /// How many are rejected or held back.
    pub rejected: u64,
    /// Whether a tap that was run from here failed; `None` if none was.
    pub tap_failed: Option<String>,
    /// A failure that stopped everything: credentials, quota, no connection.
    pub cause: Option<std::sync::Arc<gong_crm::Error>>,
}

/// The events of a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum TargetEvent<'a> {
    /// Something that is worth knowing, once per run.
    Note(&'a str),
    /// Uploads of an earlier run are finished first.
    Resuming(usize),
    /// The records received so far were sent; this is the result.
    Sent(&'a SyncReport),
    /// The number of records that wait because they refer to records that have not arrived yet.
    Waiting(u64),
}

/// A Singer target.
///
/// It reads the messages of a tap and makes Gong hold their records. A state is passed on once every
/// record before it, of all streams, has Gong's verdict: accepted, or rejected and kept in the ledger.
/// The ledger is written first. If an outcome is unknown, no state is passed on, and the next run
/// begins where the tap was before.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_crm::mapping::Mapping;
/// use gong_crm::sync::SyncOptions;
/// use gong_sources::singer::{Target, TargetOptions};
/// # use gong_crm::{Client, Credentials};
/// # let sim = gong_sim::Simulator::builder().start().await?;
/// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
/// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
/// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
/// let mapping = Mapping::from_toml(
///     "[ACCOUNT]\nstream = 'companies'\n[ACCOUNT.fields]\nobjectId = 'id'\nmodifiedDate = 'at'\nname = 'name'",
/// )?;
/// let tap = br#"{"type":"SCHEMA","stream":"companies","key_properties":["id"],"schema":{"properties":{"id":{}}}}
/// {"type":"RECORD","stream":"companies","record":{"id":7.0,"at":"2026-01-15T09:30:00Z","name":"Borealis"}}
/// {"type":"STATE","value":{"bookmarks":{"companies":{"at":"2026-01-15"}}}}
/// "#;
/// let options = TargetOptions::new(mapping, SyncOptions::new("acme").simulator());
/// let mut states = Vec::new();
/// let target = Target::new(client, integration_id, options)?;
/// let report = target
///     .run(&tap[..], |state| Ok(states.push(state.to_owned())), |_| {})
///     .await?;
/// assert_eq!(report.accepted, 1);
/// assert_eq!(states, [r#"{"bookmarks":{"companies":{"at":"2026-01-15"}}}"#]);
/// assert!(sim.object("ACCOUNT", "7").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Target {
    client: Client,
    integration_id: IntegrationId,
    options: TargetOptions,
    recipe: Recipe,
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Target")
            .field("integration_id", &self.integration_id)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// A target for an integration.
    ///
    /// # Errors
    ///
    /// [`TargetError::Settings`] when the mapping names no streams.
    pub fn new(
        client: Client,
        integration_id: IntegrationId,
        options: TargetOptions,
    ) -> Result<Self, TargetError> {
        let recipe = Recipe {
            wanted: Wanted::of(&options.mapping)?,
            mapping: options.mapping.clone(),
            entity_schema: options.entity_schema.clone(),
            definition: options.definition.clone(),
        };
        Ok(Self {
            client,
            integration_id,
            options,
            recipe,
        })
    }

    /// Reads the messages of a tap to their end. `on_state` passes a state on; `on_event` hears of
    /// what happens.
    ///
    /// The end of the input does not show that a tap finished, so nothing is deleted because it is
    /// absent, unless the tap says with `ACTIVATE_VERSION` that a stream is complete.
    ///
    /// # Errors
    ///
    /// See [`TargetError`].
    pub async fn run(
        self,
        input: impl io::Read + Send + 'static,
        on_state: impl FnMut(&str) -> io::Result<()>,
        on_event: impl FnMut(TargetEvent<'_>),
    ) -> Result<TargetReport, TargetError> {
        let mut run = Run::begin(self, on_state, on_event)?;
        if run.resume().await? && run.read(Lines::read(input)).await? {
            if let Some(note) = run.collector.expect_streams_of_pipe()? {
                (run.on_event)(TargetEvent::Note(&note));
            }
            run.flush(Some(&BTreeSet::new())).await?;
        }
        Ok(run.end())
    }

    /// Runs a tap and reads its messages. A tap that ends well and was given no state of a stream wrote
    /// all of its records: those that vanished are deleted, within limits.
    ///
    /// # Errors
    ///
    /// See [`TargetError`].
    pub async fn run_tap(
        mut self,
        tap: &Tap,
        on_state: impl FnMut(&str) -> io::Result<()>,
        on_event: impl FnMut(TargetEvent<'_>),
    ) -> Result<TargetReport, TargetError> {
        self.recipe.definition = format!("{}\n{}", tap.definition(), self.recipe.definition);
        let given = tap.given_state();
        let mut run = Run::begin(self, on_state, on_event)?;
        if !run.resume().await? {
            return Ok(run.end());
        }
        run.given = Some(given);
        let (mut running, output) = tap.start()?;
        let is_read = run.read(Lines::read(output)).await?;
        if !is_read {
            // Nothing more can be sent; it is stopped.
            drop(running);
            return Ok(run.end());
        }
        let status = running.wait().await.map_err(TargetError::Input)?;
        let names: BTreeSet<String> = run.collector.streams.keys().cloned().collect();
        let whole = if status.success() {
            run.collector.expect_streams()?;
            run.note_missing();
            run.whole_streams(&names)
        } else {
            run.report.tap_failed = Some(format!("the tap failed with {status}"));
            BTreeSet::new()
        };
        run.flush(Some(&whole)).await?;
        if run.report.tap_failed.is_some() || run.is_missing {
            run.worsen(Verdict::Failed);
        }
        Ok(run.end())
    }
}

/// A target at work.
struct Run<S, E> {
    target: Target,
    collector: Collector,
    kept: Kept,
    as_of: Timestamp,
    /// The state that the tap was given, if it runs here.
    given: Option<GivenState>,
    /// Whether a stream did not come that had to.
    is_missing: bool,
    began: Instant,
    on_state: S,
    on_event: E,
    report: TargetReport,
    /// Deleted with the run.
    work: WorkFolder,
}

impl<S, E> Run<S, E>
where
    S: FnMut(&str) -> io::Result<()>,
    E: FnMut(TargetEvent<'_>),
{
    fn begin(target: Target, on_state: S, on_event: E) -> Result<Self, TargetError> {
        let directory = target.options.directory.clone();
        let work = match &directory {
            Some(directory) => {
                private_directory(directory).and_then(|()| WorkFolder::create_in(directory, "run-"))
            }
            None => WorkFolder::create_in(&tempfile::env::temp_dir(), "gong-crm-singer-"),
        };
        let work = work.map_err(TargetError::Disk)?;
        let kept = Kept::open(directory, work.path()).map_err(TargetError::Disk)?;
        let collector = Collector::new(work.path().to_path_buf(), target.recipe.wanted.clone());
        Ok(Self {
            target,
            collector,
            kept,
            as_of: Timestamp::now(),
            given: None,
            is_missing: false,
            began: Instant::now(),
            on_state,
            on_event,
            report: TargetReport {
                verdict: Verdict::Done,
                flushes: 0,
                states: 0,
                is_state_withheld: false,
                records: 0,
                accepted: 0,
                unchanged: 0,
                rejected: 0,
                tap_failed: None,
                cause: None,
            },
            work,
        })
    }

    /// Finishes uploads of earlier runs; returns whether the run may go on.
    async fn resume(&mut self) -> Result<bool, TargetError> {
        let client = &self.target.client;
        let open = client.ledger().open_uploads().await?;
        if open.is_empty() {
            return Ok(true);
        }
        (self.on_event)(TargetEvent::Resuming(open.len()));
        let report = client
            .resume([], self.target.options.sync.push.clone())
            .await?;
        if report.verdict != Verdict::Done {
            let reasons = report
                .files
                .iter()
                .filter_map(|file| file.reason.as_deref());
            let reason = reasons.collect::<Vec<_>>().join("; ");
            let note = format!("uploads of an earlier run: {}: {reason}", report.verdict);
            (self.on_event)(TargetEvent::Note(note.trim_end_matches(": ")));
        }
        if report.verdict == Verdict::Canceled || report.cause.is_some() {
            self.worsen(report.verdict);
            self.report.cause = report.cause;
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads lines until the end; returns whether it reached the end.
    async fn read(&mut self, mut lines: Lines) -> Result<bool, TargetError> {
        loop {
            let due = self
                .target
                .options
                .flush_after
                .saturating_sub(self.began.elapsed());
            let next = tokio::select! {
                biased;
                next = lines.next() => next,
                () = tokio::time::sleep(due), if self.collector.unsent() > 0 => Some(Ok(Vec::new())),
            };
            let Some(some) = next else { return Ok(true) };
            for line in some.map_err(TargetError::Input)? {
                self.collector.take(&line, &self.kept)?;
            }
            for note in std::mem::take(&mut self.collector.notes) {
                (self.on_event)(TargetEvent::Note(&note));
            }
            let is_full = self.collector.bytes >= self.target.options.flush_bytes;
            let is_due = self.began.elapsed() >= self.target.options.flush_after;
            if (is_full || is_due) && !self.flush(None).await? {
                return Ok(false);
            }
        }
    }

    /// Reports types without a stream, if the tap was given no state: it should have written all.
    fn note_missing(&mut self) {
        if !self.given.as_ref().is_some_and(GivenState::is_none) {
            return;
        }
        let missing = self.collector.missing(&self.target.options.never_complete);
        self.is_missing = !missing.is_empty();
        for note in std::mem::take(&mut self.collector.notes) {
            (self.on_event)(TargetEvent::Note(&note));
        }
        for (object_type, reason) in missing {
            let note = format!("{object_type}: source missing: {reason}");
            (self.on_event)(TargetEvent::Note(&note));
        }
    }

    /// The streams whose records the tap wrote completely, if it succeeded.
    fn whole_streams(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let Some(given) = &self.given else {
            return BTreeSet::new();
        };
        let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let whole = names
            .iter()
            .filter(|name| given.lets_all_through(name, &known));
        whole.cloned().collect()
    }

    /// Whether all rows of a stream may be needed at the end, for a complete read.
    fn may_be_complete(&self, name: &str) -> bool {
        let Some(stream) = self.collector.streams.get(name) else {
            return false;
        };
        let last = self.kept.facts.versions.get(name);
        let has_new_version = stream.versions.iter().any(|version| Some(version) != last);
        let names = self.collector.streams.keys().cloned().collect();
        has_new_version || self.whole_streams(&names).contains(name)
    }

    /// Sends the received records. `whole` names the streams that are complete, at the end of the
    /// input. Returns whether the run can continue.
    async fn flush(&mut self, whole: Option<&BTreeSet<String>>) -> Result<bool, TargetError> {
        self.began = Instant::now();
        let complete = match whole {
            Some(whole) => {
                let never = &self.target.options.never_complete;
                self.collector.complete(never, |name| whole.contains(name))
            }
            None => BTreeSet::new(),
        };
        let mut batch = Batch::make(
            &mut self.collector.streams,
            &self.target.recipe,
            &mut self.kept,
            self.work.path(),
            self.as_of,
            &complete,
        )
        .map_err(TargetError::Disk)?;
        let mut deferred = BTreeMap::new();
        if whole.is_none() && !batch.types.is_empty() {
            let (client, integration_id) = (&self.target.client, self.target.integration_id);
            deferred = defer(
                &mut batch,
                &self.target.recipe.wanted,
                client,
                integration_id,
            )
            .await?;
        }
        if !batch.types.is_empty() && !self.send(batch, &complete).await? {
            return Ok(false);
        }
        self.was_sent(deferred)?;
        self.pass_state_on(whole.is_some())
    }

    /// Notes that the received rows were sent, except for those that wait.
    fn was_sent(
        &mut self,
        mut deferred: BTreeMap<String, BTreeSet<u64>>,
    ) -> Result<(), TargetError> {
        let names: Vec<String> = self.collector.streams.keys().cloned().collect();
        let mut waiting = 0;
        for name in names {
            let keeps_all = self.may_be_complete(&name);
            let rows = deferred.remove(&name).unwrap_or_default();
            waiting += rows.len() as u64;
            if let Some(stream) = self.collector.streams.get_mut(&name) {
                stream
                    .was_sent(rows, keeps_all)
                    .map_err(TargetError::Disk)?;
            }
        }
        self.collector.bytes = 0;
        if waiting > 0 {
            (self.on_event)(TargetEvent::Waiting(waiting));
        }
        Ok(())
    }

    /// Runs a sync over a batch; returns whether every record of it has its verdict.
    async fn send(
        &mut self,
        batch: Batch,
        complete: &BTreeSet<ObjectType>,
    ) -> Result<bool, TargetError> {
        let options = &self.target.options;
        let mut sync = options.sync.clone();
        for (object_type, source) in &batch.types {
            let source = std::sync::Arc::new(source.clone());
            sync = match options.deletions.get(object_type) {
                Some(deletions) => sync.source_with(*object_type, source, *deletions),
                None => sync.source(*object_type, source),
            };
        }
        let client = &self.target.client;
        let report = client.sync(self.target.integration_id, sync).await?;
        let are_all_complete = batch.types.keys().all(|known| complete.contains(known));
        drop(batch);
        (self.on_event)(TargetEvent::Sent(&report));
        let files = &report.files;
        self.report.flushes += 1;
        self.report.records += files.iter().map(|file| file.records).sum::<u64>();
        self.report.accepted += files.iter().map(|file| file.accepted).sum::<u64>();
        self.report.unchanged += files.iter().map(|file| file.unchanged).sum::<u64>();
        self.report.rejected += files
            .iter()
            .map(|file| file.rejected + file.unconfirmed + file.held_back)
            .sum::<u64>();
        self.worsen(verdict_of(&report));
        let have_verdicts = all_have_verdicts(&report, are_all_complete);
        if report.cause.is_some() {
            self.report.cause = report.cause;
        }
        Ok(have_verdicts)
    }

    fn worsen(&mut self, verdict: Verdict) {
        if severity(verdict) > severity(self.report.verdict) {
            self.report.verdict = verdict;
        }
    }

    /// Passes the last state on, if every record before it has its verdict.
    fn pass_state_on(&mut self, is_end: bool) -> Result<bool, TargetError> {
        if self.collector.streams.values().any(Stream::has_deferred) {
            return Ok(true);
        }
        // With the state, the tap would not bring again what is missing.
        if self.is_missing || self.collector.is_astray() {
            return Ok(true);
        }
        if is_end {
            for (name, stream) in &self.collector.streams {
                if let Some(version) = stream.activated.as_ref().or(stream.versions.last()) {
                    let versions = &mut self.kept.facts.versions;
                    versions.insert(name.clone(), version.clone());
                }
            }
        }
        self.kept.commit().map_err(TargetError::Disk)?;
        if let Some(state) = self.collector.state.take() {
            (self.on_state)(&state).map_err(TargetError::State)?;
            self.report.states += 1;
        }
        Ok(true)
    }

    fn end(mut self) -> TargetReport {
        self.report.is_state_withheld = self.collector.state.is_some();
        self.report
    }
}

/// Whether every record of a sync has its verdict, so that its tap need not bring it again.
pub(super) fn all_have_verdicts(report: &SyncReport, are_all_complete: bool) -> bool {
    match verdict_of(report) {
        Verdict::Done | Verdict::Partial => report.plan.problems.is_empty(),
        // Vanished records are found again by the next complete read; what a limit holds back of
        // other reads would be lost with the state.
        Verdict::HeldBack => are_all_complete && report.plan.problems.is_empty(),
        _ => false,
    }
}

/// The verdict of what was sent. Records that are all invalid are held back like a few, if they are
/// in the ledger.
fn verdict_of(report: &SyncReport) -> Verdict {
    match report.verdict {
        Verdict::Invalid if report.plan.problems.is_empty() && !report.plan.types.is_empty() => {
            Verdict::Partial
        }
        verdict => verdict,
    }
}

/// Which verdict counts for a run, as in exit codes.
fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Done => 0,
        Verdict::Partial => 1,
        Verdict::HeldBack => 2,
        Verdict::Invalid => 3,
        Verdict::Failed => 4,
        Verdict::TimedOut => 5,
        Verdict::Unknown => 6,
        _ => 7,
    }
}
