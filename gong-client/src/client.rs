//! The client: connection, settings, and how a call is made.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gong_api_gen::{Client as RawClient, Exchange, ResponseValue};

use crate::clock::Clock;
use crate::credentials::TokenProvider;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::rate_limit::{CallCounter, RateLimit};
use crate::response::{self, ErrorBody};
use crate::retry::{self, RetryAction, RetryLimits, for_idempotent, for_non_idempotent};

mod builder;

pub use builder::ClientBuilder;

/// A client of one company's Gong. It is cheap to clone, and clones share connections.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use gong_client::{Client, Credentials};
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
    pub(crate) raw: RawClient,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) timeouts: Timeouts,
    pub(crate) counter: Arc<dyn CallCounter>,
    pub(crate) rate: RateLimit,
    pub(crate) retry: RetryLimits,
    pub(crate) provider: Option<Arc<dyn TokenProvider>>,
}

/// Timeouts of a call. There is no timeout for a whole upload, because a slow connection can need any
/// time.
///
/// ```
/// use std::time::Duration;
///
/// use gong_client::Timeouts;
///
/// let mut timeouts = Timeouts::default();
/// timeouts.write_stall = Duration::from_secs(60);
/// assert_eq!(timeouts.connect, Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Timeouts {
    /// For the connection to be established; 10 seconds by default.
    pub connect: Duration,
    /// For the response, once the request is sent; 60 seconds by default.
    pub response: Duration,
    /// For an upload to make progress while bytes remain; 30 seconds by default.
    pub write_stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            response: Duration::from_mins(1),
            write_stall: Duration::from_secs(30),
        }
    }
}

impl Client {
    /// The base URL that Gong's documentation uses; most companies have their own.
    pub const DEFAULT_BASE_URL: &'static str = "https://api.gong.io";

    /// Starts building a client; `build` creates it.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The base URL of all calls.
    ///
    /// ```
    /// use gong_client::{Client, Credentials};
    ///
    /// let client = Client::builder()
    ///     .base_url("https://us-12345.api.gong.io/v2/")
    ///     .credentials(Credentials::bearer_token("token"))
    ///     .build()?;
    /// assert_eq!(client.base_url(), "https://us-12345.api.gong.io");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn base_url(&self) -> &str {
        use gong_api_gen::ClientInfo as _;
        self.raw.baseurl()
    }

    /// The clock of this client.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Makes an idempotent call, with retries.
    pub(crate) async fn call_idempotent<T, E, F>(
        &self,
        operation: Operation,
        call: impl FnMut() -> F,
    ) -> Result<T, Error>
    where
        T: serde::de::DeserializeOwned,
        E: ErrorBody,
        F: Future<Output = Result<ResponseValue<T>, gong_api_gen::Error<E>>>,
    {
        self.call_with_retry(operation, for_idempotent, call).await
    }

    /// Makes a call that is not idempotent; it is retried only if Gong certainly did not process
    /// it.
    pub(crate) async fn call_once<T, E, F>(
        &self,
        operation: Operation,
        call: impl FnMut() -> F,
    ) -> Result<T, Error>
    where
        T: serde::de::DeserializeOwned,
        E: ErrorBody,
        F: Future<Output = Result<ResponseValue<T>, gong_api_gen::Error<E>>>,
    {
        self.call_with_retry(operation, for_non_idempotent, call)
            .await
    }

    async fn call_with_retry<T, E, F>(
        &self,
        operation: Operation,
        after: fn(&Error) -> RetryAction,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Error>
    where
        T: serde::de::DeserializeOwned,
        E: ErrorBody,
        F: Future<Output = Result<ResponseValue<T>, gong_api_gen::Error<E>>>,
    {
        let is_renewed = AtomicBool::new(false);
        let action = |error: &Error| {
            if !is_renewed.load(Ordering::Relaxed) && self.has_new_token(error) {
                is_renewed.store(true, Ordering::Relaxed);
                return RetryAction::Retry;
            }
            after(error)
        };
        retry::drive(&self.retry, &*self.clock, action, || {
            self.call(operation, call())
        })
        .await
    }

    /// Whether the call failed because of its token, and the provider has another one now.
    pub(crate) fn has_new_token(&self, error: &Error) -> bool {
        let is_rejected = error.kind() == ErrorKind::Unauthorized && error.status() == Some(401);
        let provider = self.provider.as_ref().filter(|_| is_rejected);
        provider.is_some_and(|provider| provider.rejected())
    }

    /// Makes one call of the raw client and turns every failure into an [`Error`].
    pub(crate) async fn call<T, E>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<ResponseValue<T>, gong_api_gen::Error<E>>>,
    ) -> Result<T, Error>
    where
        T: serde::de::DeserializeOwned,
        E: ErrorBody,
    {
        self.rate.spend(&*self.clock, &*self.counter).await?;
        let exchange = Exchange::default();
        // The timeout includes reading the body, which may arrive very slowly and never end.
        let answered = async {
            let answer = exchange.observe(call).await;
            response::read(operation, &exchange, answer).await
        };
        // On the heap, because a push of thousands of files has as many of these futures.
        tokio::time::timeout(self.timeouts.response, Box::pin(answered))
            .await
            .unwrap_or_else(|_| Err(response::timed_out(operation, self.timeouts.response)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("base_url", &self.base_url())
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
