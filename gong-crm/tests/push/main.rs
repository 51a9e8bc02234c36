//! Pushes against the simulator: what Gong has afterwards, and what the report says.

#![expect(
    clippy::unwrap_used,
    clippy::unused_self,
    clippy::unused_async,
    clippy::format_collect,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod arrival;
mod cancel;
mod clock;
mod csv;
mod faults;
mod fields;
mod ids;
mod in_gong;
mod late;
mod ledgers;
mod left_open;
mod odd_verdicts;
mod rejects;
mod resume;
mod reverts;
mod scale;
mod searches;
mod spellings;
mod superseded;
mod support;
mod together;
mod two_gongs;
mod unwritten;
mod users;
mod verdicts;
mod versions;
