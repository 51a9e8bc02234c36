//! What time it is for the simulated Gong: the computer's, or one that moves only when told to.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock that can be put forward, and that can be made to stand still otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// Where a standing clock stands; `None` while time flows.
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

    /// Puts the clock forward.
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

    pub(crate) fn stands(&self) -> bool {
        self.standing_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_told() {
        let mut clock = Clock::standing();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_hours(24));
        assert_eq!(clock.now().duration_since(before).as_secs(), 86_400);
    }

    #[test]
    fn an_absurd_step_stops_at_the_end_of_time() {
        let mut clock = Clock::flowing();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
