//! The client that people use: calls to Gong, and the ledger.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use gong_client::rate_limit::{BoxFuture, CallCounter, CallCounterError};
use gong_client::{Clock, Quota};

pub use gong_client::{Timeouts, Token, TokenProvider};
use jiff::Timestamp;

use crate::ledger::{Ledger, LedgerError};

mod builder;
mod versions;

pub use builder::ClientBuilder;

/// The way to one company's Gong; cheap to clone, all clones share connections.
///
/// It has the calls of [`gong_client::Client`] and a [`Ledger`], with which [`push`](Self::push)
/// knows what was sent.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_crm::{Client, Credentials};
///
/// # let sim = gong_sim::Simulator::builder().start().await?;
/// # let (base_url, key, secret) = (sim.base_url(), sim.access_key(), sim.access_key_secret());
/// let client = Client::builder()
///     .base_url(base_url)
///     .credentials(Credentials::access_key(key, secret))
///     .build()?;
/// assert!(client.integrations().await?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    api: gong_client::Client,
    pub(crate) clock: Arc<dyn Clock>,
    ledger: Ledger,
}

impl Client {
    /// The base URL in Gong's documentation; most companies have their own.
    pub const DEFAULT_BASE_URL: &'static str = gong_client::Client::DEFAULT_BASE_URL;

    /// Starts a client; `build` makes it.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The ledger, which stores what was sent to Gong and the version of each record in Gong.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The client beneath, which has no ledger.
    pub fn api(&self) -> &gong_client::Client {
        &self.api
    }

    /// The clock of this client.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The remaining calls of the day; `None` without a limit. No call is made.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the ledger can't be read.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_crm::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_crm::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// client.integrations().await?;
    /// let quota = client.quota().await?.unwrap();
    /// assert_eq!((quota.spent, quota.left), (1, 9_999));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn quota(&self) -> Result<Option<Quota>, LedgerError> {
        self.api
            .quota()
            .await
            .map_err(|error| match error.into_cause().downcast::<LedgerError>() {
                Ok(error) => *error,
                Err(cause) => LedgerError::storage("", cause),
            })
    }
}

/// The calls of the client beneath.
impl Deref for Client {
    type Target = gong_client::Client;

    fn deref(&self) -> &Self::Target {
        &self.api
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.api.fmt(formatter)
    }
}

/// Counts calls in the ledger.
#[derive(Debug)]
struct LedgerCounter(Ledger);

impl CallCounter for LedgerCounter {
    fn count_call(&self, at: Timestamp) -> BoxFuture<'_, Result<(), CallCounterError>> {
        Box::pin(async move { self.0.count_call(at).await.map_err(CallCounterError::new) })
    }

    fn calls_since(&self, since: Timestamp) -> BoxFuture<'_, Result<u64, CallCounterError>> {
        Box::pin(async move {
            self.0
                .calls_since(since)
                .await
                .map_err(CallCounterError::new)
        })
    }

    fn reserve_call(
        &self,
        now: Timestamp,
        per_second: u32,
    ) -> BoxFuture<'_, Result<Option<Duration>, CallCounterError>> {
        Box::pin(async move {
            let wait = self.0.reserve_call(now, per_second).await;
            wait.map(Some).map_err(CallCounterError::new)
        })
    }
}
