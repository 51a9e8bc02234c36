//! Syncs against the simulator: what Gong holds afterwards, and what plan and report say.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    reason = "a test fails by panicking, and its texts are short"
)]

mod deletions;
mod drift;
mod model;
mod plans;
mod rounds;
mod sources;
mod support;
