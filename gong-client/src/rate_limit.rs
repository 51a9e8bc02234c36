//! How many calls a client makes per second and per day.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Inner};

const SECOND: Duration = Duration::from_secs(1);
pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A future that a trait's method returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Counts calls for the daily limit, across clients and, if the counter is stored on disk, across
/// processes.
pub trait CallCounter: fmt::Debug + Send + Sync {
    /// Counts one call.
    fn count_call(&self, at: Timestamp) -> BoxFuture<'_, Result<(), CallCounterError>>;

    /// Reserves one call, at most `per_second` in any second for all clients that share the
    /// counter, and returns how long to wait for it. `None` if the counter cannot do that: then
    /// each client counts its own calls.
    fn reserve_call(
        &self,
        now: Timestamp,
        per_second: u32,
    ) -> BoxFuture<'_, Result<Option<Duration>, CallCounterError>> {
        let _ = (now, per_second);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// The number of calls since then; calls of one minute may be missing or counted too often.
    fn calls_since(&self, since: Timestamp) -> BoxFuture<'_, Result<u64, CallCounterError>>;
}

/// A call counter that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("calls cannot be counted: {0}")]
pub struct CallCounterError(#[source] Box<dyn StdError + Send + Sync>);

impl CallCounterError {
    /// The error with this cause.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }

    /// The cause.
    pub fn into_cause(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }
}

/// Counts calls in memory, as long as the process lives.
#[derive(Debug, Default)]
pub struct MemoryCallCounter(
    /// Calls per minute since 1970.
    Mutex<BTreeMap<i64, u64>>,
);

impl MemoryCallCounter {
    /// A counter without calls.
    pub fn new() -> Self {
        Self::default()
    }
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl CallCounter for MemoryCallCounter {
    fn count_call(&self, at: Timestamp) -> BoxFuture<'_, Result<(), CallCounterError>> {
        const KEPT_MINUTES: i64 = 48 * 60;
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = minute(at);
        *calls.entry(now).or_default() += 1;
        while let Some(first) = calls.first_entry()
            && *first.key() < now - KEPT_MINUTES
        {
            first.remove();
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn calls_since(&self, since: Timestamp) -> BoxFuture<'_, Result<u64, CallCounterError>> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = calls.range(minute(since)..).map(|(_, calls)| calls).sum();
        Box::pin(std::future::ready(Ok(calls)))
    }
}

/// Limits of the calls per second and per day.
///
/// Gong allows a company 3 calls per second and 10,000 per day, for all integrations and tools
/// together, and more on request. It does not document when its day begins, so the last 24 hours count.
/// Clones of a client share the limits, and every call counts, status checks too. With a call counter
/// on disk, such as a ledger file, the daily limit holds across processes.
///
/// ```
/// use gong_client::RateLimit;
///
/// // Half of what Gong allows, because another tool needs the rest.
/// let limit = RateLimit::new(Some(1), Some(5_000));
/// ```
#[derive(Debug, Clone)]
pub struct RateLimit {
    per_second: Option<u32>,
    per_day: Option<u32>,
    /// When the last calls were due, as many as one second allows. A token bucket would allow nearly
    /// twice as many in the second after a pause.
    due: Arc<Mutex<VecDeque<Duration>>>,
}

impl RateLimit {
    /// The most calls in any second and in any 24 hours; `None` means no limit.
    ///
    /// ```
    /// use gong_client::RateLimit;
    ///
    /// // Half of what Gong allows: another integration needs the rest.
    /// let limit = RateLimit::new(Some(1), Some(5_000));
    /// # let _ = limit;
    /// ```
    pub fn new(per_second: Option<u32>, per_day: Option<u32>) -> Self {
        Self {
            per_second,
            per_day,
            due: Arc::default(),
        }
    }

    /// Gong's limits: 3 calls per second, 10,000 per day.
    pub fn gong() -> Self {
        Self::new(Some(3), Some(10_000))
    }

    /// No limits, for the simulator.
    pub fn unlimited() -> Self {
        Self::new(None, None)
    }

    /// Reserves the next call, and returns how long to wait before it.
    fn take(&self, now: Duration) -> Duration {
        let Some(most) = self.per_second else {
            return Duration::ZERO;
        };
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let at = if due.len() < most.max(1) as usize {
            now
        } else {
            let oldest = due.pop_front().unwrap_or_default();
            now.max(oldest + SECOND)
        };
        due.push_back(at);
        at.saturating_sub(now)
    }

    /// The daily limit.
    pub(crate) fn per_day(&self) -> Option<u32> {
        self.per_day
    }

    /// How many calls are left today; `None` without a limit, or if the counter fails.
    pub(crate) async fn left_today(
        &self,
        now: Timestamp,
        counter: &dyn CallCounter,
    ) -> Option<u64> {
        let most = u64::from(self.per_day?);
        let spent = counter.calls_since(now.checked_sub(DAY).ok()?).await.ok()?;
        Some(most.saturating_sub(spent))
    }

    /// Waits until a call is allowed, and counts it.
    pub(crate) async fn spend(
        &self,
        clock: &dyn Clock,
        counter: &dyn CallCounter,
    ) -> Result<(), Error> {
        if let Some(per_day) = self.per_day {
            self.spend_of_day(per_day, clock.now(), counter).await?;
        }
        let wait = match self.per_second {
            Some(per_second) => self.reserve(per_second, clock, counter).await,
            None => Duration::ZERO,
        };
        if !wait.is_zero() {
            clock.sleep(wait).await;
        }
        Ok(())
    }

    /// How long to wait for a call, according to the counter that processes share or to this
    /// client's own.
    async fn reserve(
        &self,
        per_second: u32,
        clock: &dyn Clock,
        counter: &dyn CallCounter,
    ) -> Duration {
        match counter.reserve_call(clock.now(), per_second).await {
            Ok(Some(wait)) => wait,
            // A counter that can't be written must not fail the call: Gong counts too.
            Ok(None) | Err(_) => self.take(clock.monotonic()),
        }
    }

    async fn spend_of_day(
        &self,
        per_day: u32,
        now: Timestamp,
        counter: &dyn CallCounter,
    ) -> Result<(), Error> {
        if self.left_today(now, counter).await == Some(0) {
            let start = now.checked_sub(DAY).unwrap_or(now);
            let wait = time_until_fewer(per_day.into(), start, counter).await;
            // The minute in which the call was made must be over.
            let wait = wait.unwrap_or(DAY) + SignedDuration::from_mins(1);
            let calls = if per_day == 1 { "call" } else { "calls" };
            let until = now.checked_add(wait).unwrap_or(now);
            let until = until.strftime("%Y-%m-%d %H:%MZ");
            return Err(Error::from_inner(Inner {
                kind: Some(ErrorKind::RateLimited),
                message: format!(
                    "the limit of {per_day} {calls} per 24 hours is reached until {until}"
                ),
                retry_after: Duration::try_from(wait).ok(),
                ..Inner::default()
            }));
        }
        // A call is not failed because it could not be counted: Gong counts too.
        drop(counter.count_call(now).await);
        Ok(())
    }
}

/// How long until fewer than so many calls are counted, of those since a day ago, to the minute.
pub(crate) async fn time_until_fewer(
    calls: u64,
    start: Timestamp,
    counter: &dyn CallCounter,
) -> Result<SignedDuration, CallCounterError> {
    // Binary search for the last minute since which so many calls were made.
    let (mut all, mut fewer) = (0, DAY.as_mins() + 1);
    while fewer - all > 1 {
        let middle = i64::midpoint(all, fewer);
        let since = start + SignedDuration::from_mins(middle);
        if counter.calls_since(since).await? >= calls {
            all = middle;
        } else {
            fewer = middle;
        }
    }
    Ok(SignedDuration::from_mins(all))
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::gong()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_calls_than_allowed() {
        let limit = RateLimit::new(Some(3), None);
        let mut now = Duration::from_secs(100);
        let mut made = Vec::new();
        for call in 0..40 {
            // Bursts after pauses.
            now += Duration::from_millis(if call % 7 == 0 { 1_500 } else { 10 });
            now += limit.take(now);
            made.push(now);
        }
        for window in made.windows(4) {
            assert!(window[3] >= window[0] + SECOND, "{window:?}");
        }
    }

    #[tokio::test]
    async fn clones_share_a_limit_and_the_counter_keeps_the_day() {
        let limit = RateLimit::new(Some(1), Some(2));
        let clone = limit.clone();
        assert_eq!(limit.take(Duration::ZERO), Duration::ZERO);
        assert_eq!(clone.take(Duration::ZERO), SECOND);

        let counter = MemoryCallCounter::new();
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1_000);
        limit.spend_of_day(2, now, &counter).await.unwrap();
        clone.spend_of_day(2, now, &counter).await.unwrap();
        let error = limit.spend_of_day(2, now, &counter).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        let tomorrow = now + SignedDuration::from_hours(25);
        limit.spend_of_day(2, tomorrow, &counter).await.unwrap();
    }

    #[tokio::test]
    async fn spent_day_says_when_a_call_is_free_again() {
        let counter = MemoryCallCounter::new();
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        for minutes in [90, 30] {
            let at = now - SignedDuration::from_mins(minutes);
            counter.count_call(at).await.unwrap();
        }
        for (per_day, until) in [
            (1, "1 call per 24 hours is reached until 2026-03-02 11:31Z"),
            (2, "until 2026-03-02 10:31Z"),
        ] {
            let limit = RateLimit::new(None, Some(per_day));
            let spent = limit.spend_of_day(per_day, now, &counter).await;
            let error = spent.unwrap_err();
            assert!(error.to_string().contains(until), "{error}");
        }
    }
}
