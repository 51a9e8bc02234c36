//! The simulator as a client sees it, over HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "a failed step of a test is a failed test"
)]

mod access;
mod admin_api;
mod body_limits;
mod browser;
mod entities;
mod faults;
mod guard;
mod independence;
mod integrations;
mod meetings;
mod pages;
mod persistence;
mod rules;
mod schema;
mod support;
mod unknowns;
mod users;
mod verdicts;
