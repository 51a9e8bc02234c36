//! Prevents a crash from leaving secrets behind.

use crate::output::Output;

/// Prevents core dumps, which contain credentials and records.
#[cfg(unix)]
pub(crate) fn harden() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Core);
    // One byte: too little for a file, and it also keeps Linux from piping the dump to a program.
    let maximum = limit.maximum;
    let current = Some(maximum.unwrap_or(1).min(1));
    // Where it is forbidden, everything else works as well.
    let _ = setrlimit(Resource::Core, Rlimit { current, maximum });
}

/// Other systems write no such files by default.
#[cfg(not(unix))]
pub(crate) fn harden() {}

/// Has a panic say where it was, on the way of all output.
pub(crate) fn report_panics(output: Output) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(
            || "an unknown place".to_owned(),
            |place| format!("{}:{}", place.file(), place.line()),
        );
        output.panicked(&place);
    }));
}
