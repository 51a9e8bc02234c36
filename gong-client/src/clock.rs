//! The clock, which is injected so that tests neither wait nor depend on the time of day.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The time of day, and waiting.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> jiff::Timestamp;

    /// Waits for this long.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// The time since some moment in the past. It never goes back, even if the time of day is set.
    fn monotonic(&self) -> Duration {
        Duration::try_from(self.now().as_duration()).unwrap_or_default()
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}
