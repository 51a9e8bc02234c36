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
