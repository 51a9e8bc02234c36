//! Keys that must not repeat: ids in a file, email addresses of users, versions in a run.

pub(super) mod confirm;
pub(super) mod emails;
pub(super) mod log;
pub(super) mod versions;

/// A line without carriage return and byte order mark.
pub(in crate::check) fn without_ends(line: &str) -> &str {
    let line = line.strip_suffix('\r').unwrap_or(line);
    line.strip_prefix('\u{feff}').unwrap_or(line)
}
