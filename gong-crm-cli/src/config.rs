//! Settings: from flags, the environment and a config file.

pub(crate) mod check;
pub(crate) mod credential_process;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod guard;
pub(crate) mod keys;
pub(crate) mod ledger_url;

pub(crate) mod open;
pub(crate) mod search;
pub(crate) mod setting;
pub(crate) mod settings;
pub(crate) mod singer;
pub(crate) mod sources;
pub(crate) mod trust_store;
