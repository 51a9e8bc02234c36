//! The raw client of Gong's CRM and meetings API, generated from openapi.yaml.
//!
//! One method an operation, on [`Client`]; request and answer types in [`types`]. The front door is
//! the crate `gong-crm`: it adds credentials, typed records, streaming uploads and a verdict.
//!
//! Differences from openapi.yaml, each of them a limit of the generator: values are plain numbers
//! and text, checked by nobody; every property of an answer may be missing; enums in answers are
//! text, so that a new word of Gong's decodes; the answer to a deleted meeting is not read.
//!
//! ```
//! use gong_api_gen::Client;
//!
//! // Credentials go into the `reqwest::Client`, as default headers.
//! let client = Client::new_with_client("https://api.gong.io", reqwest::Client::new());
//! # let _ = client;
//! ```

#[expect(
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::unwrap_used,
    missing_docs,
    unused_qualifications,
    single_use_lifetimes,
    reason = "generated code, styled by its generator"
)]
#[rustfmt::skip]
mod generated;
mod hooks;

pub use generated::*;
pub use hooks::{Exchange, MAX_ANSWER_BYTES};
