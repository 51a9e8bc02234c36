//! What programs that are run for their records are not told.

use std::ffi::OsString;

/// The beginnings of the names of variables that hold Gong's credentials and settings: our own, and those
/// that a Singer runner sets.
const OWN: [&str; 2] = ["GONG_", "TARGET_GONG_CRM_"];

/// The variables of this process that no program gets.
pub(crate) fn own_variables() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        OWN.iter().any(|own| name.starts_with(own))
    })
}
