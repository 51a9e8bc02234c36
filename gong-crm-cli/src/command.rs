//! One module per command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod integration;
pub(crate) mod json_schema;
pub(crate) mod ledger;
pub(crate) mod man;
pub(crate) mod meetings;
pub(crate) mod objects;
pub(crate) mod plan;
pub(crate) mod push;
pub(crate) mod rejects;
pub(crate) mod resume;
pub(crate) mod schema;
pub(crate) mod sim;
pub(crate) mod singer;
pub(crate) mod status;
pub(crate) mod sync;
mod sync_health;
pub(crate) mod trust;
pub(crate) mod uploads;
pub(crate) mod why;
