//! The generated client, for what this crate does not offer; exempt from semantic versioning.
//!
//! ```
//! use gong_client::raw;
//!
//! let header = raw::http::header::HeaderValue::from_static("Bearer a-token");
//! let client = raw::Client::new_with_client(
//!     "https://api.gong.io",
//!     raw::http_builder()?.build()?,
//!     raw::Authorization::fixed(header),
//! );
//! # let _ = client;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use gong_api_gen::*;

/// The HTTP library whose types the raw client uses.
pub use reqwest as http;

/// The beginning of an HTTP client of the app's own, for
/// [`ClientBuilder::http_client`](crate::ClientBuilder::http_client) and for the raw client: TLS as this
/// crate sets it up, and no redirects.
///
/// `http::Client::builder().build()` alone panics unless the app has installed a provider of
/// cryptography for the whole process; this builder brings its own.
///
/// # Errors
///
/// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when TLS can't be set up, or no feature
/// for TLS is on.
///
/// ```
/// use std::time::Duration;
///
/// use gong_client::{Client, Credentials, raw};
///
/// let http = raw::http_builder()?.pool_idle_timeout(Duration::from_secs(5)).build()?;
/// let client = Client::builder()
///     .base_url("https://us-12345.api.gong.io")
///     .credentials(Credentials::access_key("key", "secret"))
///     .http_client(http)
///     .build()?;
/// # let _ = client;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_builder() -> Result<http::ClientBuilder, crate::Error> {
    let builder = http::Client::builder().redirect(http::redirect::Policy::none());
    crate::tls::secured(builder, None)
}

impl crate::Client {
    /// The underlying generated client, with the same connections and credentials, for operations
    /// that this one does not offer. Its calls are not retried and do not count towards the rate
    /// limit.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # use gong_client::{Client, Credentials};
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let (base_url, key, secret) = (sim.base_url(), sim.access_key(), sim.access_key_secret());
    /// let client = Client::builder()
    ///     .base_url(base_url)
    ///     .credentials(Credentials::access_key(key, secret))
    ///     .build()?;
    /// let response = client.raw().list_generic_crm_integration().await?;
    /// assert_eq!(response.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn raw(&self) -> &Client {
        &self.raw
    }
}
