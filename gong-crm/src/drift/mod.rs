//! Reads records back from Gong and compares them with what was sent.
//!
//! [`Client::drift`] reads records back, a hundred per call and within a budget, and compares each
//! with the version that Gong accepted last, as the [ledger](crate::ledger) knows it. It starts
//! with the records that were read back longest ago, so that over time every record is read.
//! Differences are reported, and with [`DriftOptions::repair`] the records are sent once more. If
//! Gong then returns the same values again, it stores them in its own form: this is reported once,
//! and the record is left alone.
//!
//! [`files`] compares files with Gong, value by value.
//!
//! Gong has no call that lists records, and none that reads business users or stages. So drift
//! cannot find records that this ledger never sent, and cannot compare users and stages.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use gong_client::error::Error;
use gong_client::objects::MAX_OBJECTS;
use jiff::SignedDuration;

use crate::client::Client;
use crate::ledger::{LedgerError, SpentOn};
use crate::push::{self, PushError};
use crate::sync::{SyncError, SyncOptions};
use crate::{IntegrationId, ObjectType};

mod choose;
pub mod files;
mod forms;
mod judge;
mod read;
mod repair;
mod report;

pub use report::{
    Difference, DifferenceKind, DriftReport, FieldDifference, Handled, NotRead, Repair,
};

use choose::{Choice, Exclusions};

/// How many calls of a day drift leaves for everything else.
pub const RESERVE: u64 = 1_000;

/// The options of a drift.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DriftOptions {
    /// How many calls may be spent on reading back within 24 hours, over all drifts of the ledger.
    pub budget: u32,
    /// How many calls of the day's limit are left for everything else.
    pub reserve: u64,
    /// How long ago a version must have been accepted before it is judged: Gong may not show it yet.
    pub min_age: Duration,
    /// The only types that are read back; all if there are none.
    pub only: BTreeSet<ObjectType>,
    /// The sources of the records. A record whose version in its source differs from the sent one
    /// is skipped, and repairs send records from their source.
    pub sources: Option<SyncOptions>,
    /// Send records that differ once more.
    pub repair: bool,
    /// How deletions are sent once more and awaited if there are no sources; the options of the sources
    /// say how records are.
    pub push: push::Options,
}

impl Default for DriftOptions {
    fn default() -> Self {
        Self {
            budget: 500,
            reserve: RESERVE,
            min_age: Duration::from_hours(1),
            only: BTreeSet::new(),
            sources: None,
            repair: false,
            push: push::Options::default(),
        }
    }
}

impl DriftOptions {
    /// The settings for the real Gong, without sources: the ledger says what Gong should have.
    pub fn new() -> Self {
        Self::default()
    }

    /// The options for a simulator, which shows accepted records at once.
    #[must_use]
    pub fn simulator(mut self) -> Self {
        self.min_age = Duration::ZERO;
        self.sources = self.sources.map(SyncOptions::simulator);
        self.push = self.push.simulator();
        self
    }

    /// The same with the sources of the records.
    #[must_use]
    pub fn sources(mut self, sources: SyncOptions) -> Self {
        self.sources = Some(sources);
        self
    }

    /// The same, and also sends records that differ once more.
    #[must_use]
    pub fn repair(mut self) -> Self {
        self.repair = true;
        self
    }

    fn includes(&self, object_type: ObjectType) -> bool {
        self.only.is_empty() || self.only.contains(&object_type)
    }
}

/// Why a drift has no report. The records that were read back before are in the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriftError {
    /// A call failed.
    #[error(transparent)]
    Request(#[from] Error),
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The sources could not be compared, or records could not be sent from them.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// Deletions could not be sent again.
    #[error(transparent)]
    Push(#[from] PushError),
}

impl Client {
    /// Reads records back from Gong, within a budget of calls, and compares them with what was
    /// sent.
    ///
    /// Values are compared as in a push: dates as points in time, numbers by value, `domains` as a
    /// set. Gong never shows custom fields that are not in its entity schema, so they are skipped.
    /// Records that Gong did not confirm are read back first, then those that omitted one of Gong's
    /// own fields, then those that differed before.
    ///
    /// # Errors
    ///
    /// See [`DriftError`]. A report is not a success: see [`DriftReport::is_equal`].
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::Account;
    /// use gong_crm::drift::{DifferenceKind, DriftOptions};
    /// use gong_crm::push::{Options, Records};
    /// # use gong_crm::{Client, Credentials};
    /// # let sim = gong_sim::Simulator::builder().start().await?;
    /// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// let mut records = Records::new();
    /// let account = Account::builder()
    ///     .object_id("acc-1")
    ///     .modified_date("2026-01-15T09:30:00Z")
    ///     .name("Analytical Engines")
    ///     .build()?;
    /// records.add(&account)?;
    /// client.push_records(integration_id, records, Options::default().simulator()).await?.into_result()?;
    ///
    /// let options = DriftOptions::new().simulator();
    /// let report = client.drift(integration_id, options.clone()).await?;
    /// assert!(report.is_equal() && report.same == 1);
    ///
    /// // Somebody else deletes the account.
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let other = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// let mut records = Records::new();
    /// records.add(&Account::deletion("acc-1", "2026-01-15T09:30:01Z")?)?;
    /// other.push_records(integration_id, records, Options::default().simulator()).await?.into_result()?;
    /// let report = client.drift(integration_id, options).await?;
    /// assert_eq!(report.differences[0].kind, DifferenceKind::Missing);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn drift(
        &self,
        integration_id: IntegrationId,
        options: DriftOptions,
    ) -> Result<DriftReport, DriftError> {
        Box::pin(drift(self, integration_id, options)).await
    }
}

async fn drift(
    client: &Client,
    integration_id: IntegrationId,
    options: DriftOptions,
) -> Result<DriftReport, DriftError> {
    let mut report = DriftReport::default();
    let allowed = allowed_calls(client, &options, &mut report).await?;
    let space = client
        .ledger()
        .space(client.base_url(), integration_id)
        .await?;
    let exclusions = Exclusions {
        under_way: client.ledger().records_under_way(space).await?,
        changed: changed_in_sources(client, integration_id, &options, &mut report).await?,
        unread: report.unread_sources(),
    };
    // One of them is for the entity schema.
    let reads = usize::try_from(allowed.saturating_sub(1)).unwrap_or(usize::MAX);
    let choice = choose::choose(
        client,
        space,
        &options,
        &exclusions,
        reads.saturating_mul(MAX_OBJECTS),
        &mut report,
    )
    .await?;
    let Choice { chosen, .. } = choice;
    if !chosen.is_empty() {
        read::read_back(client, integration_id, space, chosen, reads, &mut report).await?;
    }
    if options.repair {
        repair::repair(client, integration_id, space, &options, &mut report).await?;
    }
    repair::note_not_kept(client, space, &report).await?;
    report.sort();
    Ok(report)
}

/// How many calls may be made now.
async fn allowed_calls(
    client: &Client,
    options: &DriftOptions,
    report: &mut DriftReport,
) -> Result<u64, DriftError> {
    let day = client
        .clock
        .now()
        .checked_sub(SignedDuration::from_hours(24));
    let spent = client
        .ledger()
        .spent_since(SpentOn::ReadBacks, day.unwrap_or_default())
        .await?;
    let of_budget = u64::from(options.budget.saturating_sub(spent));
    if of_budget < 2 {
        report.notes.push(format!(
            "the budget of {} calls within 24 hours is used up; the remaining records are read back later",
            options.budget
        ));
        return Ok(0);
    }
    let Some(quota) = client.quota().await? else {
        return Ok(of_budget);
    };
    let beyond_reserve = quota.left.saturating_sub(options.reserve);
    if beyond_reserve < 2 {
        report.notes.push(format!(
            "{} calls of the day are left, and {} are reserved for everything else: nothing is read back",
            quota.left, options.reserve
        ));
        return Ok(0);
    }
    Ok(of_budget.min(beyond_reserve))
}

/// The records that a sync would send, delete or hold back: their version in Gong differs from that
/// in the source, and the next sync corrects it.
async fn changed_in_sources(
    client: &Client,
    integration_id: IntegrationId,
    options: &DriftOptions,
    report: &mut DriftReport,
) -> Result<HashSet<(ObjectType, String)>, DriftError> {
    let Some(sources) = &options.sources else {
        return Ok(HashSet::new());
    };
    let plan = client.plan(integration_id, sources.clone()).await?;
    report.problems.clone_from(&plan.problems);
    let changes = plan.changes.into_iter();
    Ok(changes
        .filter_map(|change| Some((change.object_type, change.object_id?)))
        .collect())
}
