//! One module a command.

pub(crate) mod check;
pub(crate) mod integration;
pub(crate) mod push;
pub(crate) mod resume;
pub(crate) mod sim;
pub(crate) mod status;
