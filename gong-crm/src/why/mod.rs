//! Why people see a record in Gong, or don't.
//!
//! Gong accepts records that it shows to nobody: a deal whose owner is not a Gong user, a contact without
//! account. [`Client::why`] looks at one record from all sides, and names what keeps it away.

use serde::Serialize;

use crate::client::Client;
use crate::ledger::LedgerError;
use crate::source::SourceError;
use crate::sync::{SyncError, SyncOptions};
use crate::{IntegrationId, ObjectType};
use gong_client::error::Error;

mod alike;
mod arrival;
mod look;
mod looker;
mod parents;
mod places;
mod reasons;
mod sources;
mod wording;

pub use places::{Place, PlaceView};

/// Where to look besides the ledger and Gong.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct WhyOptions {
    /// The sources of the records.
    pub sources: Option<SyncOptions>,
}

impl WhyOptions {
    /// Only the ledger and Gong.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with the sources of the records.
    #[must_use]
    pub fn sources(mut self, sources: SyncOptions) -> Self {
        self.sources = Some(sources);
        self
    }
}

/// Whether people see a record in Gong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Visible {
    /// Nothing keeps it away.
    Yes,
    /// Something keeps it away, from one place or from all.
    No,
    /// Nothing that is known keeps it away, and not everything could be looked at.
    Unknown,
}

impl Visible {
    /// The name in texts and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether people see a record in Gong, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The type of the record.
    pub object_type: ObjectType,
    /// Its id.
    pub object_id: String,
    /// Whether people see it.
    pub visible: Visible,
    /// Where people see records of this type, and whether they see this one there.
    pub places: Vec<PlaceView>,
    /// What keeps it away, or may; then what is worth knowing.
    pub reasons: Vec<Reason>,
    /// How many calls were made.
    pub calls: u64,
}

/// Something that keeps a record away from people, or is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reason {
    /// A name that does not change, such as `owner-not-in-gong`.
    pub rule: &'static str,
    /// The reason, in a sentence.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// How it is known.
    pub evidence: Evidence,
    /// Whether it keeps the record away by itself.
    pub effect: Effect,
    /// From where it keeps the record away, or may; empty for a note.
    pub places: Vec<Place>,
}

/// How a reason is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Evidence {
    /// It was seen: in Gong, in the ledger, or in the source.
    Seen,
    /// It was inferred from what was seen.
    Inferred,
}

/// The effect of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// It keeps the record away.
    Hides,
    /// It leaves open whether people see the record.
    LeavesOpen,
    /// People see the record, though not all of it or not everywhere.
    Note,
}

/// Why a record can't be explained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhyError {
    /// The record can't be read in Gong.
    #[error("{source}")]
    Request {
        /// Why not.
        source: Error,
        /// What ledger and sources know of it.
        known: Box<Explanation>,
    },
    /// The ledger can't be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A source can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The sources can't be compared.
    #[error(transparent)]
    Sync(#[from] SyncError),
}

impl Client {
    /// Says whether people see a record in Gong, and why people do not see it.
    ///
    /// It reads the ledger, every source once, the record and its account in Gong, and Gong's users; some
    /// three calls, and one more per 100 users.
    ///
    /// # Errors
    ///
    /// See [`WhyError`]. If Gong does not let us see its users, the schema or the account, such as
    /// without the scope `api:users:read`, that is not an error: it is one of the reasons.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// use gong_crm::push::{Options, Records};
    /// use gong_crm::why::{Visible, WhyOptions};
    /// use gong_crm::{Deal, ObjectType};
    /// # use gong_crm::{Client, Credentials};
    /// # let sim = gong_sim::Simulator::builder().start().await?;
    /// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
    /// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
    /// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
    /// let mut records = Records::new();
    /// let deal = Deal::builder().object_id("d-1").modified_date("2026-01-15T09:30:00Z").build()?;
    /// records.add(&deal)?;
    /// client.push_records(integration_id, records, Options::default().simulator()).await?;
    ///
    /// let why = client.why(integration_id, ObjectType::Deal, "d-1", WhyOptions::new()).await?;
    /// assert_eq!(why.visible, Visible::No);
    /// assert_eq!(why.reasons[0].rule, "account-missing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn why(
        &self,
        integration_id: IntegrationId,
        object_type: ObjectType,
        object_id: &str,
        options: WhyOptions,
    ) -> Result<Explanation, WhyError> {
        let began = self.clock.now();
        let before = self.ledger().calls_since(began).await?;
        let looking = look::look(self, integration_id, object_type, object_id, &options);
        let (seen, failure) = Box::pin(looking).await?;
        let mut reasons = reasons::reasons(&seen);
        reasons.sort_by_key(|reason| reason.effect);
        let places = places::places(object_type, &reasons);
        let has = |visible| places.iter().any(|place| place.visible == visible);
        let visible = if has(Visible::No) {
            Visible::No
        } else if has(Visible::Unknown) {
            Visible::Unknown
        } else {
            Visible::Yes
        };
        let calls = self.ledger().calls_since(began).await?;
        let explanation = Explanation {
            object_type,
            object_id: object_id.to_owned(),
            visible,
            places,
            reasons,
            calls: calls.saturating_sub(before),
        };
        match failure {
            Some(source) => Err(WhyError::Request {
                source,
                known: Box::new(explanation),
            }),
            None => Ok(explanation),
        }
    }
}
