//! How often a sync that runs forever can read and send.

use std::time::Duration;

/// A day, over which calls are counted.
const DAY: u64 = 24 * 60 * 60;

/// The longest pause between two rounds: whatever the calls are, it is looked at again.
const LONGEST: Duration = Duration::from_hours(6);

/// How many calls of the day are left for everything else.
const RESERVE: u64 = 500;

/// The pace of a sync that runs forever: as often as it is asked, unless the calls of the day would
/// not last.
///
/// ```
/// use std::time::Duration;
///
/// use gong_crm::sync::Pace;
///
/// let mut pace = Pace::new(Duration::from_mins(5));
/// pace.add_round(30);
/// // 288 rounds a day of 30 calls each are within 10,000.
/// assert_eq!(pace.pause(Some(10_000)), Duration::from_mins(5));
/// // With half of them gone, the rounds get rarer.
/// assert!(pace.pause(Some(5_000)) > Duration::from_mins(9));
/// ```
#[derive(Debug, Clone)]
pub struct Pace {
    every: Duration,
    /// Calls of a round: an average that follows the last rounds.
    calls: f64,
}

impl Pace {
    /// The pace of a sync that was asked to run this often.
    pub fn new(every: Duration) -> Self {
        Self { every, calls: 0.0 }
    }

    /// Records the number of calls of a round.
    pub fn add_round(&mut self, calls: u64) {
        #[expect(clippy::cast_precision_loss, reason = "calls of a round are few")]
        let calls = calls as f64;
        self.calls = if self.calls == 0.0 {
            calls
        } else {
            self.calls.mul_add(0.75, calls * 0.25)
        };
    }

    /// The time from the start of a round to the start of the next, with this many calls left of
    /// the last 24 hours; `None` without a limit.
    pub fn pause(&self, calls_left: Option<u64>) -> Duration {
        let Some(left) = calls_left else {
            return self.every;
        };
        if self.calls <= 0.0 {
            return self.every;
        }
        let left = left.saturating_sub(RESERVE).max(1);
        #[expect(
            clippy::cast_precision_loss,
            reason = "calls of a day are some thousands"
        )]
        let affordable = DAY as f64 * self.calls / left as f64;
        let affordable = Duration::try_from_secs_f64(affordable).unwrap_or(LONGEST);
        self.every.max(affordable.min(LONGEST))
    }

    /// Whether rounds are rarer than asked.
    pub fn is_stretched(&self, calls_left: Option<u64>) -> bool {
        self.pause(calls_left) > self.every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_rounds_keep_the_pace_and_an_empty_day_stretches_it() {
        let every = Duration::from_mins(5);
        let mut pace = Pace::new(every);
        assert_eq!(pace.pause(Some(0)), every);
        pace.add_round(0);
        assert_eq!(pace.pause(Some(10)), every);
        pace.add_round(12);
        assert_eq!(pace.pause(None), every);
        assert_eq!(pace.pause(Some(0)), LONGEST);
        assert!(pace.is_stretched(Some(600)));
        // Rounds that are quiet again bring the pace back.
        for _ in 0..40 {
            pace.add_round(0);
        }
        assert_eq!(pace.pause(Some(5_000)), every);
    }
}
