//! Exponential backoff with jitter.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

/// An endless sequence of pauses that grow exponentially up to a maximum.
///
/// Each has some jitter, so that clients that started at the same time do not call at the same time.
/// None is longer than the maximum.
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
