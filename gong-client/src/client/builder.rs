//! The settings of a client.

use std::sync::Arc;

use gong_api_gen::{Authorization, Client as RawClient};

use super::{Client, Timeouts};
use crate::base_url;
use crate::clock::{Clock, SystemClock};
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind};
use crate::rate_limit::{CallCounter, MemoryCallCounter, RateLimit};
use crate::retry::RetryLimits;
use crate::tls;

/// Builds a [`Client`]; only the credentials are required.
///
/// ```
/// use std::time::Duration;
///
/// use gong_client::{Client, Credentials, Timeouts};
///
/// let mut timeouts = Timeouts::default();
/// timeouts.response = Duration::from_secs(20);
/// let client = Client::builder()
///     .base_url("https://us-12345.api.gong.io")
///     .credentials(Credentials::access_key("key", "secret"))
///     .timeouts(timeouts)
///     .proxy("http://proxy.acme.example:3128")
///     .build()?;
/// assert_eq!(client.base_url(), "https://us-12345.api.gong.io");
/// # Ok::<(), gong_client::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a builder makes a client with `build`"]
pub struct ClientBuilder {
    base_url: Option<String>,
    credentials: Option<Credentials>,
    user_agent: Option<String>,
    root_certificates: Option<String>,
    proxy: Option<String>,
    http_client: Option<reqwest::Client>,
    timeouts: Timeouts,
    clock: Option<Arc<dyn Clock>>,
    call_counter: Option<Arc<dyn CallCounter>>,
    rate_limit: RateLimit,
    retry_limits: Option<RetryLimits>,
}

impl ClientBuilder {
    /// A builder with the settings of the environment: `GONG_BASE_URL`, and `GONG_ACCESS_KEY` with
    /// `GONG_ACCESS_KEY_SECRET`, or `GONG_BEARER_TOKEN`. Empty variables count as not set; setters
    /// override the environment.
    ///
    /// ```no_run
    /// use gong_client::ClientBuilder;
    ///
    /// let client = ClientBuilder::from_env().build()?;
    /// # Ok::<(), gong_client::Error>(())
    /// ```
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let pair = variable("GONG_ACCESS_KEY").zip(variable("GONG_ACCESS_KEY_SECRET"));
        let credentials = match pair {
            Some((key, secret)) => Some(Credentials::access_key(key, secret)),
            None => variable("GONG_BEARER_TOKEN").map(Credentials::bearer_token),
        };
        Self {
            base_url: variable("GONG_BASE_URL"),
            credentials,
            ..Self::default()
        }
    }

    /// The company's base URL, with or without `/v2`; an administrator finds it at
    /// <https://app.gong.io/company/api-authentication>. Default: [`Client::DEFAULT_BASE_URL`].
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// The access key pair, a bearer token, or a provider of tokens.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The first part of the `User-Agent` header, before this crate's name.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Certificates in PEM that are trusted besides the system's, as a company's proxy needs that
    /// looks into TLS.
    pub fn root_certificates(mut self, pem: impl Into<String>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// The proxy for calls over TLS, such as `http://proxy.acme.example:3128`. Default: the
    /// variables `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. Calls to loopback over http use no
    /// proxy.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// An HTTP client of the app's own, with its TLS, proxy, timeouts and redirects, in place of the
    /// one that these settings describe. It should follow no redirects: a followed one loses the
    /// credentials and ends in a confusing 401. [`raw::http_builder`](crate::raw::http_builder) begins
    /// one that follows none and has its TLS set up; without a provider of cryptography, building one
    /// panics.
    ///
    /// `user_agent`, `root_certificates`, `proxy` and the timeout of connections have no effect then.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Timeouts of a call.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The clock; tests use their own.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Where calls are counted for the daily limit; by default in memory, for this client and its
    /// clones.
    pub fn call_counter(mut self, counter: Arc<dyn CallCounter>) -> Self {
        self.call_counter = Some(counter);
        self
    }

    /// The limits on calls per second and per day; by default Gong's limits.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = limit;
        self
    }

    /// The limits on retries of a call after a transient failure, see [`crate::retry`]; by default
    /// [`RetryLimits::CALL`].
    pub fn retry_limits(mut self, limits: RetryLimits) -> Self {
        self.retry_limits = Some(limits);
        self
    }

    /// Creates the client. No call is made.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the base URL is not a URL or is not `https` (loopback may be
    /// `http`), if there are no credentials or they contain characters that a header cannot
    /// contain, if a certificate or the proxy's URL cannot be read, or if `https` is used without a
    /// feature for TLS.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = self.base_url.as_deref().unwrap_or(Client::DEFAULT_BASE_URL);
        let base_url = base_url::normalize(base_url)?;
        let Some(credentials) = &self.credentials else {
            return Err(Error::new(
                ErrorKind::Configuration,
                "there are no credentials: set `credentials`, or GONG_ACCESS_KEY and \
                 GONG_ACCESS_KEY_SECRET for `from_env`",
            ));
        };
        let authorization = credentials.authorization()?;
        let http = match &self.http_client {
            Some(client) => client.clone(),
            None => self.http(&base_url)?,
        };
        Ok(Client {
            provider: credentials.token_provider(),
            raw: RawClient::new_with_client(&base_url, http, authorization),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            timeouts: self.timeouts,
            counter: self
                .call_counter
                .unwrap_or_else(|| Arc::new(MemoryCallCounter::new())),
            rate: self.rate_limit,
            retry: self.retry_limits.unwrap_or(RetryLimits::CALL),
        })
    }

    fn http(&self, base_url: &str) -> Result<reqwest::Client, Error> {
        let own = concat!("gong-crm/", env!("CARGO_PKG_VERSION"));
        let user_agent = self.user_agent.as_ref();
        let user_agent = user_agent.map_or_else(|| own.to_owned(), |name| format!("{name} {own}"));
        let invalid = |message, error: reqwest::Error| {
            Error::new(ErrorKind::Configuration, message).with_source(error.without_url())
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .connect_timeout(self.timeouts.connect)
            // A followed redirect would lose the credentials and end in a confusing 401.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(proxy) = &self.proxy {
            let proxy = reqwest::Proxy::https(proxy);
            builder =
                builder.proxy(proxy.map_err(|error| invalid("the proxy is not a URL", error))?);
        }
        tls::with_tls(builder, base_url, self.root_certificates.as_deref())?
            .build()
            .map_err(|error| invalid("the HTTP client cannot be built", error))
    }
}

impl Credentials {
    fn authorization(&self) -> Result<Authorization, Error> {
        match self.header() {
            Some(header) => Ok(Authorization::fixed(header?)),
            None => {
                let credentials = self.clone();
                Ok(Authorization::from_fn(move || {
                    let credentials = credentials.clone();
                    Box::pin(async move { credentials.current_header().await })
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_gives_the_base_url_and_credentials() {
        let pair = [
            ("GONG_BASE_URL", "https://us-1.api.gong.io"),
            ("GONG_ACCESS_KEY", "key"),
            ("GONG_ACCESS_KEY_SECRET", "secret"),
            ("GONG_BEARER_TOKEN", "token"),
        ];
        let with = |count: usize| {
            ClientBuilder::from_variables(|name| {
                let known = pair[..count].iter().find(|(known, _)| *known == name);
                known.map(|(_, value)| (*value).to_owned())
            })
        };
        let client = with(4);
        assert_eq!(format!("{:?}", client.credentials), "Some(AccessKey(..))");
        assert_eq!(
            client.build().unwrap().base_url(),
            "https://us-1.api.gong.io"
        );
        // A key without its secret is not a pair.
        let error = with(2).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error.to_string().contains("GONG_ACCESS_KEY_SECRET"),
            "{error}"
        );
        let empty = ClientBuilder::from_variables(|_| Some(String::new()));
        assert!(empty.build().is_err());
    }

    #[test]
    fn invalid_proxy_url_is_a_configuration_error() {
        let builder = Client::builder().credentials(Credentials::bearer_token("token"));
        let error = builder.proxy("http://[").build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("proxy"), "{error}");
    }
}
