//! Pauses that grow, each a little off.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

/// Pauses that grow up to a longest one, without end.
///
/// Each is a little longer than the rule says, so that clients that started together do not call
/// together; none is longer than the longest.
#[derive(Debug)]
pub struct Pauses {
    backoff: ExponentialBackoff,
    longest: Duration,
}

impl Pauses {
    pub(crate) fn new(first: Duration, longest: Duration, factor: f32) -> Self {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(first)
            .with_max_delay(longest)
            .with_factor(factor)
            .with_jitter()
            .without_max_times()
            .build();
        Self { backoff, longest }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        // The jitter comes on top of the longest pause, and can double it.
        self.backoff.next().map(|pause| pause.min(self.longest))
    }
}
