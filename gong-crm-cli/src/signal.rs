//! The signals that stop the command: Ctrl-C, and on Unix SIGTERM and SIGHUP.

use crate::exit::Exit;

/// Said when a signal came, which is this one.
pub(crate) fn stopping(signal: Exit) -> &'static str {
    if signal == Exit::Interrupted {
        "stopping … press Ctrl-C again to quit immediately"
    } else {
        "stopping …"
    }
}

/// Waits for signals; while it exists, they do not kill the process.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Kept, so that a signal between two waits is not lost.
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        // Under nohup the command has to outlive its terminal; a handler would undo that.
        let hang_up = (!is_hang_up_ignored()).then(|| signal(SignalKind::hangup()).ok());
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hang_up: hang_up.flatten(),
        }
    }

    /// Waits for the next signal; returns the exit code that says which one it was.
    pub(crate) async fn next(&mut self) -> Exit {
        tokio::select! {
            () = received(&mut self.interrupt) => Exit::Interrupted,
            () = received(&mut self.terminate) => Exit::Terminated,
            () = received(&mut self.hang_up) => Exit::HungUp,
        }
    }
}

/// Has a write over the user's limit on file sizes fail, instead of killing the process without a word.
/// Call it once, in the runtime.
#[cfg(unix)]
pub(crate) fn survive_file_limit() {
    use tokio::signal::unix::{SignalKind, signal};
    let number = rustix::process::Signal::XFSZ.as_raw();
    // The handler stays when this is dropped. Without it, everything else works as well.
    drop(signal(SignalKind::from_raw(number)));
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(crate) fn survive_file_limit() {}

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> Self {
        Self {}
    }

    /// Waits for the next signal; returns the exit code that says which one it was.
    pub(crate) async fn next(&mut self) -> Exit {
        interrupt().await;
        Exit::Interrupted
    }
}

#[cfg(not(unix))]
async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => match signal.recv().await {
            Some(()) => {}
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP was ignored when the command started. Only Linux shows this without unsafe code.
#[cfg(unix)]
fn is_hang_up_ignored() -> bool {
    const SIGHUP: u64 = 1;
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let mut lines = status.lines();
        let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & SIGHUP != 0)
    })
}
