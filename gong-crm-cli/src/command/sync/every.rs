//! `gong-crm sync --every`: repeats rounds until a signal arrives.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gong_crm::sync::Pace;

use super::Round;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::dashboard::Dashboard;

/// How long a round that is one of many waits for a verdict: the next one asks again.
const WAIT_OF_A_ROUND: Duration = Duration::from_secs(20);

/// How often a paused sync looks whether it may go on.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often a terminal shows the time until the next round.
const SHOW_EVERY: Duration = Duration::from_secs(1);

impl Round {
    /// Runs rounds until a signal arrives.
    pub(super) async fn for_ever(&mut self, every: Duration) -> Result<Exit, CliError> {
        let wait = self.options.push.poll.timeout.min(WAIT_OF_A_ROUND);
        self.options.push.poll = self.options.push.poll.with_timeout(wait);
        self.is_one_of_many = true;
        let mut dashboard = Dashboard::new(self.output, &self.options.scope, self.shows_progress);
        // One line per round is enough, unless a person watches.
        self.shows_progress &= std::io::stderr().is_terminal();
        let clock = Arc::clone(self.connection.client.clock());
        let mut pace = Pace::new(every);
        let mut was_stretched = false;
        let mut last_list = None;
        let mut last_notes = Vec::new();
        let mut has_metrics = false;
        loop {
            match self.wait_while_paused().await {
                Ok(Some(signal)) => return Ok(signal),
                Ok(None) => {}
                // The round finds out whether that ends it.
                Err(error) => drop(self.output.error(&error)),
            }
            let began = clock.monotonic();
            self.say_next_round(Duration::ZERO).await;
            let ended = self.run(false).await;
            let left = self.connection.client.calls_left().await;
            match ended {
                Ok((Some(report), None)) => {
                    dashboard.round(&report, left);
                    let list = report.plan.held_deletions.clone();
                    if let Some(list) = list.as_ref().filter(|_| list != last_list) {
                        let list = list.display();
                        let confirm = format!("{} --confirm-deletions {list}", self.again);
                        self.output.status(&format!(
                            "held-back deletions: {list}; to delete them: {confirm}"
                        ));
                    }
                    last_list = list;
                    // What every round says is said once, until it changes.
                    let notes = &report.plan.notes;
                    for note in notes.iter().filter(|note| !last_notes.contains(*note)) {
                        self.output.status(&format!("note: {note}"));
                    }
                    last_notes.clone_from(notes);
                    match self.write_metrics(&report).await {
                        // A path that never worked is a mistake in the command.
                        Err(error) if !has_metrics => return Err(error),
                        Err(error) => drop(self.output.error(&error)),
                        Ok(()) => has_metrics = true,
                    }
                    pace.add_round(report.calls);
                    let exit = Exit::of_sync(&report);
                    if let (Exit::Credentials, Some(cause)) = (exit, &report.cause) {
                        // No later round can succeed with them either.
                        return Err(CliError::from_error(cause));
                    }
                }
                Ok((_, signal)) => return Ok(signal.unwrap_or(Exit::Interrupted)),
                // A ledger that is not the right one stays so until somebody puts another one there.
                Err(error)
                    if matches!(
                        error.exit,
                        Exit::Usage | Exit::Credentials | Exit::OutcomeUnknown
                    ) =>
                {
                    return Err(error);
                }
                Err(error) => {
                    self.output.error(&error);
                }
            }
            // A list is confirmed only once; records in it that vanish again later are not deleted
            // by it.
            self.options.confirm_deletions = None;
            let pause = pace.pause(left);
            if pace.is_stretched(left) != was_stretched {
                was_stretched = !was_stretched;
                let seconds = pause.as_secs();
                let why = if was_stretched {
                    "so that the day's calls last"
                } else {
                    "as asked"
                };
                self.output
                    .status(&format!("rounds begin every {seconds} s now, {why}"));
            }
            let next = began.saturating_add(pause);
            let rest = next.saturating_sub(clock.monotonic());
            self.say_next_round(rest).await;
            if let Some(signal) = self.wait_until(next, &mut dashboard).await {
                return Ok(signal);
            }
        }
    }

    /// Waits for the next round; returns a signal that arrived before.
    async fn wait_until(&mut self, next: Duration, dashboard: &mut Dashboard) -> Option<Exit> {
        let clock = Arc::clone(self.connection.client.clock());
        let mut signal = None;
        while signal.is_none() {
            let left = next.saturating_sub(clock.monotonic());
            if left.is_zero() {
                break;
            }
            dashboard.waiting(left);
            let step = if dashboard.counts_down() {
                left.min(SHOW_EVERY)
            } else {
                left
            };
            tokio::select! {
                () = clock.sleep(step) => {}
                exit = self.signals.next() => signal = Some(exit),
            }
        }
        dashboard.hide();
        signal
    }

    /// Says for `sync --health` when the next round begins. If that cannot be written, as on a full
    /// disk, the round says it, and the next one may succeed.
    async fn say_next_round(&self, rest: Duration) {
        let client = &self.connection.client;
        let now = SystemTime::from(client.clock().now());
        let scope = &self.options.scope;
        let said = client.ledger().set_next_round(scope, now + rest).await;
        if let Err(error) = said {
            self.output.error(&CliError::from_ledger(&error));
        }
    }

    async fn wait_while_paused(&mut self) -> Result<Option<Exit>, CliError> {
        let clock = Arc::clone(self.connection.client.clock());
        let mut is_said = false;
        loop {
            let ledger = self.connection.client.ledger();
            let is_paused = ledger
                .is_paused(&self.options.scope)
                .await
                .map_err(|error| CliError::from_ledger(&error))?;
            if !is_paused {
                return Ok(None);
            }
            if !is_said {
                let paused = format!("paused; {} --continue resumes it", self.again);
                self.output.status(&paused);
                is_said = true;
            }
            tokio::select! {
                () = clock.sleep(LOOK_EVERY) => {}
                signal = self.signals.next() => return Ok(Some(signal)),
            }
        }
    }
}
