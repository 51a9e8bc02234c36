//! Writes the state file soon after a change, and at the end.

use std::io;
use std::time::{Duration, Instant};

use crate::shared::Shared;
use crate::store::file;

/// How long a change may wait until it is written.
const PAUSE: Duration = Duration::from_millis(500);

/// Writes the state file if there is one and something has changed.
pub(crate) fn save(shared: &Shared) -> io::Result<()> {
    let Some(state_file) = &shared.state_file else {
        return Ok(());
    };
    // Kept until the end, so that of two saves the later one writes the later state.
    let mut progress = state_file.progress();
    let (version, dump) = {
        let state = shared.state();
        if state.version == progress.saved_version {
            return Ok(());
        }
        let mut dump = Vec::new();
        state.write_dump(&mut dump)?;
        (state.version, dump)
    };
    let outcome = file::save(&dump, state_file.path());
    progress.error = outcome.as_ref().err().map(ToString::to_string);
    if outcome.is_ok() {
        progress.saved_version = version;
    }
    outcome
}

/// Keeps the state file up to date until the runtime ends.
pub(crate) async fn keep_saving(shared: std::sync::Arc<Shared>) {
    let mut pause = PAUSE;
    while shared.state_file.is_some() {
        tokio::time::sleep(pause).await;
        let begun = Instant::now();
        let saving = std::sync::Arc::clone(&shared);
        // A failure is kept for the page and for the end; the next change tries again.
        drop(tokio::task::spawn_blocking(move || save(&saving)).await);
        // A large state takes its time to write: most of the time is left for requests.
        pause = PAUSE.max(begun.elapsed() * 10);
    }
}
