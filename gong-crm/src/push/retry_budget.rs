//! How often and how long one request is repeated: both limits hold at once.

use std::fmt;
use std::time::Duration;

use gong_client::clock::Clock;
use gong_client::retry::RetryLimits;

/// What is left of the tries and the time for one request.
pub(super) struct RetryBudget {
    limits: RetryLimits,
    started: Duration,
    attempts: u32,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RetryBudget")
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl RetryBudget {
    pub(super) fn new(limits: RetryLimits, clock: &dyn Clock) -> Self {
        Self {
            limits,
            started: clock.monotonic(),
            attempts: 1,
            pauses: Box::new(limits.pauses()),
        }
    }

    /// How long to wait before the request is repeated; `None` if it is not.
    pub(super) fn next_pause(
        &mut self,
        clock: &dyn Clock,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let pause = self.pauses.next().unwrap_or_default();
        let pause = pause.max(retry_after.unwrap_or_default());
        let spent = clock.monotonic().saturating_sub(self.started);
        let is_over = self.attempts >= self.limits.max_attempts
            || pause > self.limits.max_retry_after
            || spent.saturating_add(pause) > self.limits.max_elapsed;
        self.attempts += 1;
        (!is_over).then_some(pause)
    }
}
