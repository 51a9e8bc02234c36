//! The simulator as a client sees it: over HTTP, with a client of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a failed step of a test is a failed test"
)]

mod access;
mod browser;
mod doors;
mod entities;
mod faults;
mod independence;
mod integrations;
mod limits_of_size;
mod meetings;
mod pages;
mod persistence;
mod rules;
mod schema;
mod support;
mod unknowns;
mod users;
mod verdicts;
