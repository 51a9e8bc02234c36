//! The command as its users see it: stdout, stderr and exit code of the real binary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod config;
mod contract;
mod convert;
mod csv;
mod damaged;
mod deals;
mod doctor;
mod drift;
mod environment;
mod failures;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod folders;
mod generators;
mod guide;
mod help;
mod init;
mod integration;
mod invocation;
mod json_keys;
mod ledger;
mod left_open;
mod meetings;
mod messages;
mod objects;
mod output;
mod owners;
mod pages;
mod push;
mod reference;
mod resume;
mod same_verdict;
mod schema;
mod shared_file;
#[cfg(unix)]
mod signals;
mod sim;
mod singer;
mod sources;
mod sync;
mod sync_for_ever;
#[cfg(unix)]
mod tap;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod trust;
