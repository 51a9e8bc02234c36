//! How many calls of the daily limit are left.

use jiff::Timestamp;

use crate::client::Client;
use crate::rate_limit::{CallCounter, CallCounterError, DAY, time_until_fewer};

/// How many calls of the daily limit are left, by the client's call counter.
///
/// Gong counts the calls of all of a company's tools together and does not return the number, so calls
/// of other tools are missing here. Gong does not document when its day begins, so the last 24 hours
/// count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Quota {
    /// How many calls are allowed per 24 hours.
    pub per_day: u64,
    /// How many were made in the last 24 hours, by all processes that share the counter.
    pub spent: u64,
    /// How many may still be made.
    pub left: u64,
    /// When the oldest call no longer counts, to the minute; `None` without calls.
    pub resets_at: Option<Timestamp>,
}

impl Client {
    /// How many calls of the daily limit are left; `None` without a limit. No call is made.
    ///
    /// # Errors
    ///
    /// [`CallCounterError`] when the counter cannot be read.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let sim = gong_sim::Simulator::start().await?;
    /// # let client = gong_client::Client::builder().base_url(sim.base_url())
    /// #     .credentials(gong_client::Credentials::access_key(sim.access_key(), sim.access_key_secret()))
    /// #     .build()?;
    /// client.integrations().await?;
    /// let quota = client.quota().await?.unwrap();
    /// assert_eq!((quota.spent, quota.left), (1, 9_999));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn quota(&self) -> Result<Option<Quota>, CallCounterError> {
        let Some(per_day) = self.rate.per_day() else {
            return Ok(None);
        };
        quota(per_day.into(), self.clock.now(), &*self.counter)
            .await
            .map(Some)
    }

    /// How many calls are left today; `None` without a limit, or if the counter cannot be read.
    pub async fn calls_left(&self) -> Option<u64> {
        self.rate.left_today(self.clock.now(), &*self.counter).await
    }
}

async fn quota(
    per_day: u64,
    now: Timestamp,
    counter: &dyn CallCounter,
) -> Result<Quota, CallCounterError> {
    let start = now.checked_sub(DAY).unwrap_or(now);
    let spent = counter.calls_since(start).await?;
    let mut resets_at = None;
    if spent > 0 {
        resets_at = Some(now + time_until_fewer(spent, start, counter).await?);
    }
    Ok(Quota {
        per_day,
        spent,
        left: per_day.saturating_sub(spent),
        resets_at,
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::rate_limit::MemoryCallCounter;

    #[tokio::test]
    async fn a_call_frees_its_place_a_day_later() {
        let counter = MemoryCallCounter::new();
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let fresh = quota(10, now, &counter).await.unwrap();
        assert_eq!((fresh.left, fresh.resets_at), (10, None));
        for hours in [30, 5, 5, 0] {
            counter
                .count_call(now - SignedDuration::from_hours(hours))
                .await
                .unwrap();
        }
        let found = quota(10, now, &counter).await.unwrap();
        assert_eq!((found.spent, found.left), (3, 7));
        let resets_at = found.resets_at.unwrap();
        assert_eq!(resets_at, now + SignedDuration::from_hours(19));
        assert_eq!(quota(2, now, &counter).await.unwrap().left, 0);
    }
}
