//! The simulator as a client sees it: over HTTP, with a client of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a failed step of a test is a failed test"
)]

mod access;
mod entities;
mod integrations;
mod schema;
mod support;
