//! The simulator's clock, the speed of its processing, and how durations are written in JSON.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A clock that can be advanced, and that can be stopped.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// The time of a standing clock; `None` while time flows.
    standing_at: Option<Timestamp>,
    ahead: SignedDuration,
}

impl Clock {
    /// The computer's time.
    pub(crate) fn flowing() -> Self {
        Self {
            standing_at: None,
            ahead: SignedDuration::ZERO,
        }
    }

    /// A time that only [`advance`](Self::advance) moves.
    pub(crate) fn standing() -> Self {
        // A fixed start makes runs with the same seed alike, to the byte.
        Self {
            standing_at: Timestamp::from_second(1_767_225_600).ok(),
            ahead: SignedDuration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let base = self.standing_at.unwrap_or_else(Timestamp::now);
        base.saturating_add(self.ahead).unwrap_or(Timestamp::MAX)
    }

    /// Advances the clock.
    pub(crate) fn advance(&mut self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.ahead = self.ahead.saturating_add(by);
    }

    /// How far it was put forward.
    pub(crate) fn ahead(&self) -> SignedDuration {
        self.ahead
    }

    pub(crate) fn set_ahead(&mut self, ahead: SignedDuration) {
        self.ahead = ahead;
    }

    /// Stops the clock, or starts it again.
    pub(crate) fn set_standing(&mut self, stands: bool) {
        match (stands, self.standing_at) {
            (true, None) => self.standing_at = Some(Timestamp::now()),
            (false, Some(standing_at)) => {
                // It continues from where it stopped.
                let behind = standing_at.duration_since(Timestamp::now());
                self.ahead = self.ahead.saturating_add(behind);
                self.standing_at = None;
            }
            _ => {}
        }
    }

    pub(crate) fn stands(&self) -> bool {
        self.standing_at.is_some()
    }
}

/// The processing time of accepted uploads.
///
/// As JSON, for `POST /_sim/settings`: `"immediate"`, `{"after": 1500}` (milliseconds),
/// `{"polls": 2}`, `"never"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Processing {
    /// They are processed before the first poll.
    Immediate,
    /// They are processed after this much of the simulator's time.
    After(#[serde(with = "milliseconds")] Duration),
    /// This many polls return `PENDING` (the first) or `IN_PROGRESS` (the others).
    Polls(u32),
    /// They are never processed.
    Never,
}

/// The time that much later; the end of time at most.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Durations in JSON: whole milliseconds.
pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Whole milliseconds, at most `u64::MAX`.
    pub(crate) fn of(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(of(*duration))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }

    /// A duration that may be absent.
    pub(crate) mod optional {
        use std::time::Duration;

        use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

        #[expect(clippy::ref_option, reason = "serde hands the field over like this")]
        pub(crate) fn serialize<S: Serializer>(
            duration: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            duration.map(super::of).serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            Option::<u64>::deserialize(deserializer)
                .map(|milliseconds| milliseconds.map(Duration::from_millis))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_clock_moves_only_by_advance() {
        let mut clock = Clock::standing();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_hours(24));
        assert_eq!(clock.now().duration_since(before).as_secs(), 86_400);
    }

    #[test]
    fn oversized_step_stops_at_the_end_of_time() {
        let mut clock = Clock::flowing();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
