//! The settings of a client and its ledger.

use std::sync::Arc;

use gong_client::raw::http;
use gong_client::retry::RetryLimits;
use gong_client::{Clock, Credentials, Error, RateLimit, SystemClock, Timeouts};

use super::{Client, LedgerCounter};
use crate::ledger::Ledger;

/// Builds a [`Client`]; only the credentials are required.
///
/// ```
/// use gong_crm::{Client, Credentials};
///
/// let client = Client::builder()
///     .base_url("https://us-12345.api.gong.io")
///     .credentials(Credentials::access_key("key", "secret"))
///     .build()?;
/// assert_eq!(client.base_url(), "https://us-12345.api.gong.io");
/// # Ok::<(), gong_crm::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder makes a client with `build`"]
pub struct ClientBuilder {
    api: gong_client::ClientBuilder,
    clock: Option<Arc<dyn Clock>>,
    ledger: Option<Ledger>,
}

impl ClientBuilder {
    /// A builder with the settings of the environment: `GONG_BASE_URL`, and `GONG_ACCESS_KEY` with
    /// `GONG_ACCESS_KEY_SECRET`, or `GONG_BEARER_TOKEN`. Empty variables count as not set; setters
    /// override the environment.
    pub fn from_env() -> Self {
        Self {
            api: gong_client::ClientBuilder::from_env(),
            ..Self::default()
        }
    }

    /// The company's base URL, with or without `/v2`; an administrator finds it at
    /// <https://app.gong.io/company/api-authentication>. Default: [`Client::DEFAULT_BASE_URL`].
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.with(|api| api.base_url(base_url))
    }

    /// The access key pair, a bearer token, or a provider of tokens.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.with(|api| api.credentials(credentials))
    }

    /// The beginning of the `User-Agent` header, before this crate's name.
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        self.with(|api| api.user_agent(user_agent))
    }

    /// Certificates in PEM that are trusted besides the system's, as a company's proxy needs that
    /// looks into TLS.
    pub fn root_certificates(self, pem: impl Into<String>) -> Self {
        self.with(|api| api.root_certificates(pem))
    }

    /// The proxy for calls over TLS, such as `http://proxy.acme.example:3128`. Default: the
    /// variables `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. Calls to loopback over http use no
    /// proxy.
    pub fn proxy(self, url: impl Into<String>) -> Self {
        self.with(|api| api.proxy(url))
    }

    /// An HTTP client of the app's own, as [`gong_client::ClientBuilder::http_client`] describes it.
    pub fn http_client(self, client: http::Client) -> Self {
        self.with(|api| api.http_client(client))
    }

    /// Timeouts of a call.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|api| api.timeouts(timeouts))
    }

    /// The clock; tests use their own.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The ledger; by default one in memory, which lasts as long as the client.
    pub fn ledger(mut self, ledger: Ledger) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// How many calls to make per second and per day; by default what Gong allows.
    pub fn rate_limit(self, limit: RateLimit) -> Self {
        self.with(|api| api.rate_limit(limit))
    }

    /// How often a call is retried after a transient failure, as [`retry`](crate::retry) says; by
    /// default [`RetryLimits::CALL`]. Uploads have their own limits, in
    /// [`push::Options`](crate::push::Options).
    pub fn retry_limits(self, limits: RetryLimits) -> Self {
        self.with(|api| api.retry_limits(limits))
    }

    /// Creates the client. No call is made.
    ///
    /// # Errors
    ///
    /// As [`gong_client::ClientBuilder::build`].
    pub fn build(self) -> Result<Client, Error> {
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let ledger = self.ledger.unwrap_or_else(Ledger::memory);
        let api = self
            .api
            .clock(Arc::clone(&clock))
            .call_counter(Arc::new(LedgerCounter(ledger.clone())))
            .build()?;
        Ok(Client { api, clock, ledger })
    }

    fn with(
        mut self,
        change: impl FnOnce(gong_client::ClientBuilder) -> gong_client::ClientBuilder,
    ) -> Self {
        self.api = change(self.api);
        self
    }
}
