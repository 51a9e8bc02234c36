//! Keeping Gong equal to sources: what differs is sent, and what vanished is deleted, within limits.
//!
//! [`Client::sync`] reads every [`Source`](crate::source::Source), compares its records with their
//! versions in Gong, sends the differences, and deletes records that are missing from a complete
//! read. [`Client::plan`] shows the same and changes nothing.
//!
//! A record is deleted only if an earlier complete read of the same scope had it: records of other
//! tools are never deleted. Deletions above a limit are held back until the user confirms them; new
//! and changed records are still sent.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

use crate::IntegrationId;
use crate::client::Client;
use crate::push::{Event, Events, Listener, PushHandle};

mod confirmed;
mod error;
mod held;
mod look;
mod metrics;
mod options;
mod pace;
mod plan;
mod plan_file;
mod reading;
mod report;
mod run;

pub use crate::push::reads::{Deletions, Limit};
pub use error::SyncError;
pub use held::HeldDeletion;
pub use metrics::metrics;
pub use options::{Only, SyncOptions};
pub use pace::Pace;
pub use plan::{PlanAction, PlannedChange, SourceProblem, SyncPlan, TypeSummary};
pub use report::{NotEqual, SyncReport};

/// Decides whether a plan is carried out.
type Approve = Box<dyn FnOnce(&SyncPlan) -> bool + Send>;

/// A sync that is about to begin: await it, or [`start`](Self::start) it to follow and to stop it.
#[must_use = "nothing is read or sent until the sync is awaited or started"]
pub struct Sync {
    client: Client,
    integration_id: IntegrationId,
    options: SyncOptions,
    listener: Option<Listener>,
    approve: Option<Approve>,
}

impl std::fmt::Debug for Sync {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Sync")
            .field("integration_id", &self.integration_id)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Sync {
    /// Calls a function at each step, in addition to the handle.
    pub fn on_event(mut self, listener: impl FnMut(&Event) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Calls a function with the plan before anything is written or sent. If it returns `false`,
    /// the sync ends there.
    pub fn approve(mut self, approve: impl FnOnce(&SyncPlan) -> bool + Send + 'static) -> Self {
        self.approve = Some(Box::new(approve));
        self
    }

    /// Splits the sync into a handle, which receives its steps and stops it, and a future, which
    /// does the work when it is polled. The future can be spawned.
    ///
    /// # Errors
    ///
    /// The future fails as awaiting the sync does: see [`SyncError`].
    pub fn start(
        mut self,
    ) -> (
        PushHandle,
        impl Future<Output = Result<SyncReport, SyncError>> + Send + 'static,
    ) {
        let (handle, canceled) = PushHandle::follow(&mut self.listener);
        (handle, self.carry_out(canceled))
    }

    async fn carry_out(self, cancel: watch::Receiver<bool>) -> Result<SyncReport, SyncError> {
        let events = Arc::new(Events::new(self.listener));
        let (client, options) = (self.client, self.options);
        let span = info_span!(
            "gong.sync",
            gong.integration_id = %self.integration_id,
            scope = options.scope,
            new = Empty,
            changed = Empty,
            deleted = Empty,
            held_back = Empty,
            verdict = Empty,
            calls = Empty,
        );
        let work = Box::pin(run::sync(
            client,
            self.integration_id,
            options,
            events,
            cancel,
            self.approve,
        ));
        let result = work.instrument(span.clone()).await;
        if let Ok(report) = &result {
            record(&span, &report.plan);
            span.record("calls", report.calls);
        }
        let verdict = result.as_ref().map(|report| report.verdict.as_str());
        span.record("verdict", verdict.unwrap_or("error"));
        result
    }
}

/// Records the numbers of a plan in its span.
fn record(span: &Span, plan: &SyncPlan) {
    let sum = |of: fn(&TypeSummary) -> u64| plan.types.iter().map(of).sum::<u64>();
    span.record("new", sum(|of| of.new));
    span.record("changed", sum(|of| of.changed));
    span.record("deleted", sum(|of| of.deleted));
    span.record("held_back", sum(|of| of.held_back));
}

impl IntoFuture for Sync {
    type Output = Result<SyncReport, SyncError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            // Kept until the end, so that the sync does not look canceled.
            let (_cancel, canceled) = watch::channel(false);
            self.carry_out(canceled).await
        })
    }
}

impl Client {
    /// Makes Gong equal to sources.
    ///
    /// # Errors
    ///
    /// See [`SyncError`]. A report is not a success: check its verdict.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use std::sync::Arc;
    ///
    /// use gong_crm::ObjectType;
    /// use gong_crm::source::FilesSource;
    /// use gong_crm::sync::SyncOptions;
    /// # use gong_crm::{Client, Credentials};
    /// # let sim = gong_sim::Simulator::builder().start().await?;
    /// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.ldjson");
    /// # let line = |id: u32| format!("{{\"objectId\":\"a-{id}\",\"modifiedDate\":\"2026-01-15T09:30:00Z\"}}\n");
    /// # std::fs::write(&path, (1..=9).map(line).collect::<String>())?;
    /// let accounts = Arc::new(FilesSource::new(&path).complete(true));
    /// let options = SyncOptions::new("acme").source(ObjectType::Account, accounts).simulator();
    /// let report = client.sync(integration_id, options.clone()).await?.into_result()?;
    /// assert_eq!(report.plan.types[0].new, 9);
    ///
    /// # std::fs::write(&path, (1..=8).map(line).collect::<String>())?;
    /// // A record vanished from the export.
    /// let plan = client.plan(integration_id, options.clone()).await?;
    /// assert_eq!(plan.types[0].deleted, 1);
    /// client.sync(integration_id, options).await?.into_result()?;
    /// assert!(sim.object("ACCOUNT", "a-9").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sync(&self, integration_id: IntegrationId, options: SyncOptions) -> Sync {
        Sync {
            client: self.clone(),
            integration_id,
            options,
            listener: None,
            approve: None,
        }
    }

    /// Shows what a sync would do. Sources are read; nothing is sent, and no call is made. The list of
    /// deletions that are held back is written, as a sync does. The ledger is read as it is, also while
    /// another push uses it.
    ///
    /// # Errors
    ///
    /// See [`SyncError`].
    pub async fn plan(
        &self,
        integration_id: IntegrationId,
        options: SyncOptions,
    ) -> Result<SyncPlan, SyncError> {
        let checked = Arc::new(Mutex::new((0, Vec::new())));
        let found = Arc::clone(&checked);
        let events = Events::new(Some(Box::new(move |event| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            if let Event::Checked {
                findings, errors, ..
            } = event
            {
                found.0 += errors;
                found.1.extend_from_slice(findings);
            }
        })));
        let (_cancel, canceled) = watch::channel(false);
        let span = info_span!(
            "gong.plan",
            gong.integration_id = %integration_id,
            scope = options.scope,
            new = Empty,
            changed = Empty,
            deleted = Empty,
            held_back = Empty,
            uploads = Empty,
        );
        let work = Box::pin(run::plan(
            self.clone(),
            integration_id,
            options,
            Arc::new(events),
            canceled,
        ));
        let mut plan = work.instrument(span.clone()).await?;
        record(&span, &plan);
        span.record("uploads", plan.uploads);
        let found = std::mem::take(&mut *checked.lock().unwrap_or_else(PoisonError::into_inner));
        (plan.errors, plan.findings) = found;
        Ok(plan)
    }
}
