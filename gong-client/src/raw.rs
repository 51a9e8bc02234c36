//! The generated client, for what this crate does not offer; exempt from semantic versioning.
//!
//! ```
//! use gong_client::raw;
//!
//! // Its TLS needs a provider of cryptography; the client of this crate brings its own.
//! rustls::crypto::ring::default_provider().install_default().unwrap();
//! let header = raw::http::header::HeaderValue::from_static("Bearer a-token");
//! let client = raw::Client::new_with_client(
//!     "https://api.gong.io",
//!     raw::http::Client::new(),
//!     raw::Authorization::fixed(header),
//! );
//! # let _ = client;
//! ```

pub use gong_api_gen::*;

/// The HTTP library whose types the raw client uses.
pub use reqwest as http;

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
