//! `gong-crm sync --health`: whether a running sync is alive, for a container or a monitor.

use std::time::{Duration, SystemTime};

use crate::args::Global;
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

/// How late a round can be: a round reads its sources first, and large ones take a while.
const LATE: Duration = Duration::from_mins(30);

pub(crate) async fn run(global: &Global, scope: &str, output: Output) -> Result<Exit, CliError> {
    let ledger = Settings::read(global)?.open_ledger().await?;
    let unreadable = |error| CliError::from_ledger(&error);
    if ledger.is_paused(scope).await.map_err(unreadable)? {
        output.status("paused");
        return Ok(Exit::Ok);
    }
    let Some(due) = ledger.next_round(scope).await.map_err(unreadable)? else {
        let message = format!("no sync --every of the scope {scope} has run with this ledger");
        return Err(CliError::new(Exit::Unexpected, message));
    };
    match SystemTime::now().duration_since(due) {
        Ok(late) if late > LATE => {
            let minutes = late.as_secs() / 60;
            let message = format!("the next round was due {minutes} minutes ago");
            Err(CliError::new(Exit::Unexpected, message).with_hint("start gong-crm sync again"))
        }
        Ok(late) => {
            // A long round, or a sync that was stopped a moment ago: the ledger cannot tell.
            let minutes = late.as_secs() / 60;
            output.status(&format!(
                "the next round was due {minutes} min ago, and may be running"
            ));
            Ok(Exit::Ok)
        }
        Err(early) => {
            let seconds = early.duration().as_secs();
            output.status(&format!("the next round begins in {seconds} s"));
            Ok(Exit::Ok)
        }
    }
}
