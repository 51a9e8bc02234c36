//! Settings: from flags, the environment and a config file.

pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod settings;
pub(crate) mod sources;
