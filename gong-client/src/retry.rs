//! Which failed calls are retried.
//!
//! An idempotent call, such as reading a status, can always be retried. An upload can be sent again
//! under the same id, which Gong accepts once; if its response was lost, the status of that id is
//! checked first, because Gong may have it. [`TABLE`] is what the code follows:
//!
//! | result | idempotent call | upload |
//! |---|---|---|
//! | no connection | retry after a pause | retry after a pause |
//! | the connection broke, or no response in time | retry after a pause | check its status first |
//! | 429 | retry after the time that Gong names | retry after the time that Gong names |
//! | 408, 425, 5xx | retry after a pause | check its status first |
//! | 2xx with an unreadable body | retry after a pause | check its status first |
//! | 409 | give up | Gong has it: check its status |
//! | 401, 403 | give up | give up |
//! | 3xx | give up | give up |
//! | any other 4xx | give up | give up |
//! | the file is unreadable or has changed | give up | give up |
//! | the settings are invalid | give up | give up |
//!
//! Every other call follows the same table. Sending the complete list of custom fields and
//! replacing a meeting are idempotent. Registering an integration or creating a meeting is not: it
//! is retried only if Gong certainly did not process it; otherwise, without a status to check, the
//! call fails.
//!
//! After a 401, a [`TokenProvider`](crate::TokenProvider) that has another token gets one more call.
//!
//! Pauses double from one second to thirty, with jitter so that clients that failed at the same time
//! do not retry at the same time. Both limits hold, the number of attempts and the total time; a
//! `Retry-After` longer than [`RetryLimits::max_retry_after`] ends the attempts. It is
//! read as seconds or as an HTTP date; without a valid one, the usual pause applies.

use std::future::Future;
use std::time::Duration;

use crate::backoff::Pauses;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind};

/// What to do after a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAction {
    /// Retry after a pause.
    Retry,
    /// Retry after the time that Gong names.
    RetryAfter,
    /// Check the status of the same id before anything is sent.
    CheckStatusThenRetry,
    /// Gong accepted the id before: check its status.
    ResolveConflict,
    /// Give up with the error.
    GiveUp,
}

impl RetryAction {
    /// The action in words, as in this module's table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry after a pause",
            Self::RetryAfter => "retry after the time that Gong names",
            Self::CheckStatusThenRetry => "check its status first",
            Self::ResolveConflict => "Gong has it: check its status",
            Self::GiveUp => "give up",
        }
    }
}

/// A row of the table.
#[derive(Debug)]
#[non_exhaustive]
pub struct Row {
    /// The result of the call.
    pub when: &'static str,
    /// The action after an idempotent call.
    pub idempotent: RetryAction,
    /// The action after an upload.
    pub upload: RetryAction,
    matches: fn(&Error) -> bool,
}

/// The action after each failure; the first row that matches counts.
pub const TABLE: &[Row] = &[
    Row {
        when: "no connection",
        idempotent: RetryAction::Retry,
        upload: RetryAction::Retry,
        // Idempotent calls always match this row, and both rows have the same action for them.
        matches: |error| no_answer(error) && !error.is_outcome_unknown(),
    },
    Row {
        when: "the connection broke, or no response in time",
        idempotent: RetryAction::Retry,
        upload: RetryAction::CheckStatusThenRetry,
        matches: no_answer,
    },
    Row {
        when: "429",
        idempotent: RetryAction::RetryAfter,
        upload: RetryAction::RetryAfter,
        matches: |error| error.kind() == ErrorKind::RateLimited,
    },
    Row {
        when: "408, 425, 5xx",
        idempotent: RetryAction::Retry,
        upload: RetryAction::CheckStatusThenRetry,
        matches: |error| error.kind() == ErrorKind::Unavailable,
    },
    Row {
        when: "2xx with an unreadable body",
        idempotent: RetryAction::Retry,
        upload: RetryAction::CheckStatusThenRetry,
        matches: |error| error.kind() == ErrorKind::UnexpectedResponse,
    },
    Row {
        when: "409",
        idempotent: RetryAction::GiveUp,
        upload: RetryAction::ResolveConflict,
        matches: |error| error.kind() == ErrorKind::Conflict,
    },
    Row {
        when: "401, 403",
        idempotent: RetryAction::GiveUp,
        upload: RetryAction::GiveUp,
        matches: |error| {
            matches!(
                error.kind(),
                ErrorKind::Unauthorized | ErrorKind::MissingScope | ErrorKind::Forbidden
            )
        },
    },
    Row {
        when: "3xx",
        idempotent: RetryAction::GiveUp,
        upload: RetryAction::GiveUp,
        matches: |error| error.kind() == ErrorKind::Redirected,
    },
    Row {
        when: "any other 4xx",
        idempotent: RetryAction::GiveUp,
        upload: RetryAction::GiveUp,
        matches: |error| {
            matches!(
                error.kind(),
                ErrorKind::InvalidRequest | ErrorKind::NotFound
            )
        },
    },
    Row {
        when: "the file is unreadable or has changed",
        idempotent: RetryAction::GiveUp,
        upload: RetryAction::GiveUp,
        matches: |error| error.kind() == ErrorKind::File,
    },
    Row {
        when: "the settings are invalid",
        idempotent: RetryAction::GiveUp,
        upload: RetryAction::GiveUp,
        matches: |error| error.kind() == ErrorKind::Configuration,
    },
];

fn no_answer(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout)
}

fn row(error: &Error) -> Option<&'static Row> {
    TABLE.iter().find(|row| (row.matches)(error))
}

/// What to do after a failed idempotent call.
pub fn for_idempotent(error: &Error) -> RetryAction {
    row(error).map_or(RetryAction::GiveUp, |row| row.idempotent)
}

/// What to do after a failed upload.
pub fn for_upload(error: &Error) -> RetryAction {
    row(error).map_or(RetryAction::GiveUp, |row| row.upload)
}

/// What to do after a failed call that is not idempotent and has no status to check: retry only if
/// Gong certainly did not process it.
pub fn for_non_idempotent(error: &Error) -> RetryAction {
    match for_upload(error) {
        RetryAction::CheckStatusThenRetry | RetryAction::ResolveConflict => RetryAction::GiveUp,
        action => action,
    }
}

/// Makes a call until it succeeds, until `action` gives up, or until a limit is reached.
///
/// Both limits hold: the number of attempts, and the time since the first one.
///
/// # Errors
///
/// The error of the last attempt.
pub async fn drive<T, F>(
    limits: &RetryLimits,
    clock: &dyn Clock,
    action: impl Fn(&Error) -> RetryAction,
    mut call: impl FnMut() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut attempts = Attempts::start(limits, clock);
    loop {
        let error = match call().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if action(&error) == RetryAction::GiveUp {
            return Err(error);
        }
        attempts.wait_after(error).await?;
    }
}

/// The attempts at one call, and the pauses between them: for callers whose next attempt is not the
/// same call, such as one that checks a status first. Other callers use [`drive`].
#[derive(Debug)]
pub struct Attempts<'a> {
    limits: RetryLimits,
    clock: &'a dyn Clock,
    started: Duration,
    failed: u32,
    pauses: Pauses,
}

impl<'a> Attempts<'a> {
    /// The first attempt starts now.
    pub fn start(limits: &RetryLimits, clock: &'a dyn Clock) -> Self {
        Self {
            limits: *limits,
            clock,
            started: clock.monotonic(),
            failed: 0,
            pauses: limits.pauses(),
        }
    }

    /// Waits for as long as the limits and the error's `Retry-After` say.
    ///
    /// # Errors
    ///
    /// The same error at once if no further attempt is allowed: the attempts are used up, the pause
    /// is longer than [`RetryLimits::max_retry_after`], or it would end after
    /// [`RetryLimits::max_elapsed`].
    pub async fn wait_after(&mut self, error: Error) -> Result<(), Error> {
        match self.next_pause(error.retry_after()) {
            Some(pause) => {
                tracing::info!(
                    gong.operation = error.operation().map(crate::operation::Operation::id),
                    attempt = self.failed,
                    wait_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    kind = ?error.kind(),
                    "retrying"
                );
                self.clock.sleep(pause).await;
                Ok(())
            }
            None => Err(error),
        }
    }

    /// How long to wait before the next attempt, at least as long as Gong asked; `None` if no
    /// further attempt is allowed.
    pub fn next_pause(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        self.failed += 1;
        let pause = self.pauses.next().unwrap_or_default();
        let pause = pause.max(retry_after.unwrap_or_default());
        let elapsed = self.clock.monotonic().saturating_sub(self.started);
        let is_over = self.failed >= self.limits.max_attempts
            || pause > self.limits.max_retry_after
            || elapsed.saturating_add(pause) > self.limits.max_elapsed;
        (!is_over).then_some(pause)
    }
}

/// How often and for how long a failed call is retried.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RetryLimits {
    /// The most attempts of one call; 5 by default.
    pub max_attempts: u32,
    /// How long after the first attempt another may start; an hour by default.
    pub max_elapsed: Duration,
    /// The longest `Retry-After` to wait for; 20 minutes by default, the longest that was observed.
    pub max_retry_after: Duration,
    /// The first pause; one second by default.
    pub initial_backoff: Duration,
    /// The longest pause without a `Retry-After`; 30 seconds by default.
    pub max_backoff: Duration,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            max_elapsed: Duration::from_hours(1),
            max_retry_after: Duration::from_mins(20),
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(30),
        }
    }
}

impl RetryLimits {
    /// For every call except uploads: four attempts within a minute, because a person may be
    /// waiting.
    pub const CALL: Self = Self {
        max_attempts: 4,
        max_elapsed: Duration::from_mins(1),
        max_retry_after: Duration::from_secs(30),
        initial_backoff: Duration::from_millis(250),
        max_backoff: Duration::from_secs(5),
    };

    /// No retries.
    pub const NONE: Self = Self {
        max_attempts: 1,
        ..Self::CALL
    };

    /// For the simulator, which recovers at once.
    pub const SIMULATOR: Self = Self {
        max_attempts: 5,
        max_elapsed: Duration::from_mins(1),
        max_retry_after: Duration::from_secs(5),
        initial_backoff: Duration::from_millis(2),
        max_backoff: Duration::from_millis(50),
    };

    /// The endless sequence of pauses.
    pub fn pauses(&self) -> Pauses {
        Pauses::new(self.initial_backoff, self.max_backoff, 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Inner;

    #[test]
    fn documentation_has_the_table() {
        let source = include_str!("retry.rs");
        for row in TABLE {
            let (when, question, upload) = (row.when, row.idempotent.as_str(), row.upload.as_str());
            let line = format!("//! | {when} | {question} | {upload} |\n");
            assert!(source.contains(&line), "missing: {line}");
        }
    }

    #[test]
    fn every_kind_of_error_has_a_row() {
        let error = |kind, outcome_unknown| {
            Error::from_inner(Inner {
                kind: Some(kind),
                outcome_unknown,
                ..Inner::default()
            })
        };
        let of_upload = [
            (ErrorKind::Transport, false, RetryAction::Retry),
            (
                ErrorKind::Transport,
                true,
                RetryAction::CheckStatusThenRetry,
            ),
            (ErrorKind::Timeout, true, RetryAction::CheckStatusThenRetry),
            (ErrorKind::RateLimited, false, RetryAction::RetryAfter),
            (
                ErrorKind::Unavailable,
                true,
                RetryAction::CheckStatusThenRetry,
            ),
            (
                ErrorKind::UnexpectedResponse,
                false,
                RetryAction::CheckStatusThenRetry,
            ),
            (ErrorKind::Conflict, false, RetryAction::ResolveConflict),
            (ErrorKind::Unauthorized, false, RetryAction::GiveUp),
            (ErrorKind::MissingScope, false, RetryAction::GiveUp),
            (ErrorKind::Forbidden, false, RetryAction::GiveUp),
            (ErrorKind::Redirected, false, RetryAction::GiveUp),
            (ErrorKind::InvalidRequest, false, RetryAction::GiveUp),
            (ErrorKind::NotFound, false, RetryAction::GiveUp),
            (ErrorKind::File, false, RetryAction::GiveUp),
            (ErrorKind::Configuration, false, RetryAction::GiveUp),
        ];
        for (kind, outcome_unknown, action) in of_upload {
            let error = error(kind, outcome_unknown);
            assert_eq!(for_upload(&error), action, "{kind:?}");
            assert!(row(&error).is_some(), "{kind:?}");
        }
    }
}
