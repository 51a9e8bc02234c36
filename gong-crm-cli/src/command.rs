//! One module a command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod doctor;
pub(crate) mod init;
pub(crate) mod integration;
pub(crate) mod json_schema;
pub(crate) mod man;
pub(crate) mod meetings;
pub(crate) mod objects;
pub(crate) mod push;
pub(crate) mod resume;
pub(crate) mod schema;
pub(crate) mod sim;
pub(crate) mod status;
