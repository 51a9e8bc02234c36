//! The limits of calls per second and per day.

use std::collections::VecDeque;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// The maximum size of one request, as documented: 200 MB.
pub(crate) const BODY_LIMIT: u64 = 200_000_000;

/// How many calls all integrations of a company may make together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct RateLimit {
    /// Calls within any one second.
    pub per_second: u32,
    /// Calls within a day.
    pub per_day: u32,
}

impl RateLimit {
    /// Gong's own limits: 3 calls per second and 10,000 per day.
    ///
    /// ```
    /// assert_eq!(gong_sim::RateLimit::gong().per_second, 3);
    /// ```
    pub const fn gong() -> Self {
        Self {
            per_second: 3,
            per_day: 10_000,
        }
    }

    /// Other limits. A limit of 0 answers 429 to everything.
    pub const fn new(per_second: u32, per_day: u32) -> Self {
        Self {
            per_second,
            per_day,
        }
    }
}

/// The calls that count against the limits.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    last_second: VecDeque<Timestamp>,
    last_day: VecDeque<Timestamp>,
}

impl RateLimiter {
    /// Counts one call, or says how many seconds to wait. Rejected calls do not count.
    pub(crate) fn count(
        &mut self,
        limit: RateLimit,
        now: Timestamp,
        day_ends_at_midnight: bool,
    ) -> Result<(), u64> {
        let second_ago = earlier(now, SignedDuration::from_secs(1));
        while self
            .last_second
            .front()
            .is_some_and(|call| *call <= second_ago)
        {
            self.last_second.pop_front();
        }
        let (midnight, day_ago) = (midnight(now), earlier(now, SignedDuration::from_hours(24)));
        let is_over = |call: Timestamp| {
            if day_ends_at_midnight {
                call < midnight
            } else {
                call <= day_ago
            }
        };
        while self.last_day.front().is_some_and(|call| is_over(*call)) {
            self.last_day.pop_front();
        }
        if self.last_day.len() >= limit.per_day as usize {
            let reopens = if day_ends_at_midnight {
                midnight.saturating_add(24.hours())
            } else {
                self.last_day
                    .front()
                    .copied()
                    .unwrap_or(now)
                    .saturating_add(24.hours())
            };
            return Err(seconds_until(reopens.unwrap_or(Timestamp::MAX), now));
        }
        if self.last_second.len() >= limit.per_second as usize {
            let reopens = self
                .last_second
                .front()
                .copied()
                .unwrap_or(now)
                .saturating_add(1.seconds());
            return Err(seconds_until(reopens.unwrap_or(Timestamp::MAX), now));
        }
        self.last_second.push_back(now);
        self.last_day.push_back(now);
        Ok(())
    }
}

fn earlier(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

fn midnight(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC)
        .start_of_day()
        .map_or(now, |start| start.timestamp())
}

/// Whole seconds, rounded up: a client that waits that long is let through.
fn seconds_until(then: Timestamp, now: Timestamp) -> u64 {
    let wait = then.duration_since(now);
    u64::try_from(wait.as_millis().max(1))
        .unwrap_or(u64::MAX)
        .div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        // 2024-01-01T22:00:00Z, two hours before midnight.
        Timestamp::from_millisecond(1_704_146_400_000 + millisecond).unwrap()
    }

    #[test]
    fn fourth_call_within_a_second_waits_one_second() {
        let mut rate_limiter = RateLimiter::default();
        for call in 0..3 {
            assert_eq!(
                rate_limiter.count(RateLimit::gong(), at(call * 100), true),
                Ok(())
            );
        }
        assert_eq!(rate_limiter.count(RateLimit::gong(), at(300), true), Err(1));
        assert_eq!(
            rate_limiter.count(RateLimit::gong(), at(1_000), true),
            Ok(())
        );
        assert_eq!(
            rate_limiter.count(RateLimit::gong(), at(1_001), true),
            Err(1)
        );
    }

    #[test]
    fn exhausted_day_waits_for_midnight_or_the_oldest_call() {
        let limit = RateLimit::new(1_000, 2);
        for (midnight, wait) in [(true, 7_199), (false, 86_399)] {
            let mut rate_limiter = RateLimiter::default();
            assert_eq!(rate_limiter.count(limit, at(0), midnight), Ok(()));
            assert_eq!(rate_limiter.count(limit, at(500), midnight), Ok(()));
            assert_eq!(rate_limiter.count(limit, at(1_000), midnight), Err(wait));
            assert_eq!(
                rate_limiter.count(limit, at(1_000 + wait_millis(wait)), midnight),
                Ok(())
            );
        }
    }

    fn wait_millis(seconds: u64) -> i64 {
        i64::try_from(seconds).unwrap() * 1_000
    }
}
