#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(fuzzing)]
pub mod fuzzing;
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
pub use hooks::{Authorization, Exchange, HeaderFuture, MAX_ANSWER_BYTES};
