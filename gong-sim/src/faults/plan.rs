//! Which calls get a fault: all calls of an operation, the nth ones, or random ones.

use std::time::Duration;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::effect::Effect;
use crate::operation::Operation;
use crate::time::{later, milliseconds};

/// One fault: its effect, and the calls that get it.
///
/// Calls are counted from the time when the fault is set. As JSON, for `POST /_sim/faults`:
/// `{"operation": "POST /v2/crm/entities", "nth": [1], "effect": "lose-answer"}`.
///
/// ```
/// use gong_sim::{Effect, Fault, Operation};
///
/// // The first two status polls are answered 503.
/// let fault = Fault::new(Effect::Status(503)).on(Operation::RequestStatus).times(2);
/// # assert_eq!(
/// #     serde_json::to_value(&fault).unwrap(),
/// #     serde_json::json!({"operation": "GET /v2/crm/request-status", "times": 2, "effect": {"status": 503}}),
/// # );
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<Operation>,
    #[serde(
        default,
        deserialize_with = "some_calls",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(super) nth: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u64>,
    /// Milliseconds of the simulator's clock, from the moment the fault is set.
    #[serde(
        default,
        with = "milliseconds::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) lasts: Option<Duration>,
    pub(super) effect: Effect,
}

/// The calls of a fault; an empty list would read as none and mean all.
fn some_calls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let calls = Vec::deserialize(deserializer)?;
    if calls.is_empty() {
        return Err(D::Error::custom(
            "`nth` is empty; leave it out for all calls",
        ));
    }
    Ok(calls)
}

impl Fault {
    /// A fault of every call of every operation on which the effect has one: a lost upload is a fault of
    /// uploads.
    pub fn new(effect: Effect) -> Self {
        Self {
            operation: None,
            nth: Vec::new(),
            probability: None,
            times: None,
            lasts: None,
            effect,
        }
    }

    /// The same for calls of one operation only; only they are counted.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// The same for the nth call only, counted from 1. Can be called again for more calls.
    #[must_use]
    pub fn nth(mut self, call: u64) -> Self {
        self.nth.push(call);
        self
    }

    /// The same by chance, up to 1, which is always. The simulator's seed makes it repeatable.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// The same, at most this many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// The same for this long only, by the simulator's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use gong_sim::{Effect, Fault, Operation};
    ///
    /// // For ten minutes nobody learns the status of anything.
    /// let fault = Fault::new(Effect::Status(500))
    ///     .on(Operation::RequestStatus)
    ///     .lasting(Duration::from_mins(10));
    /// # drop(fault);
    /// ```
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasts = Some(time);
        self
    }
}

#[derive(Debug)]
struct ActiveFault {
    fault: Fault,
    set_at: Timestamp,
    calls: u64,
    injections: u64,
}

/// The faults that are set, with their counts.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan(Vec<ActiveFault>);

impl FaultPlan {
    pub(crate) fn add(&mut self, fault: Fault, now: Timestamp) {
        self.0.push(ActiveFault {
            fault,
            set_at: now,
            calls: 0,
            injections: 0,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Each fault with how often it was injected.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Fault, u64)> {
        self.0
            .iter()
            .map(|active| (&active.fault, active.injections))
    }

    /// Counts a call, and returns the effect of the first fault that is injected into it.
    pub(crate) fn inject(
        &mut self,
        operation: Operation,
        now: Timestamp,
        random: &mut fastrand::Rng,
    ) -> Option<Effect> {
        let mut effect = None;
        for active in &mut self.0 {
            let fault = &active.fault;
            let is_possible = fault
                .effect
                .operations()
                .is_none_or(|possible| possible.contains(&operation));
            if !is_possible || fault.operation.is_some_and(|wanted| wanted != operation) {
                continue;
            }
            active.calls += 1;
            let is_chosen = (fault.nth.is_empty() || fault.nth.contains(&active.calls))
                && fault.times.is_none_or(|times| active.injections < times)
                && fault
                    .lasts
                    .is_none_or(|time| now < later(active.set_at, time))
                && fault
                    .probability
                    .is_none_or(|probability| random.f64() < probability);
            if is_chosen && effect.is_none() {
                active.injections += 1;
                effect = Some(fault.effect.clone());
            }
        }
        effect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injected(fault: Fault, calls: usize) -> Vec<usize> {
        let mut plan = FaultPlan::default();
        let now = Timestamp::UNIX_EPOCH;
        plan.add(fault, now);
        let mut random = fastrand::Rng::with_seed(7);
        (1..=calls)
            .filter(|_| {
                plan.inject(Operation::RequestStatus, now, &mut random)
                    .is_some()
            })
            .collect()
    }

    #[test]
    fn fault_is_injected_by_number_count_and_operation() {
        let fault = || Fault::new(Effect::Gzip);
        assert_eq!(injected(fault(), 3), [1, 2, 3]);
        assert_eq!(injected(fault().nth(2).nth(4), 5), [2, 4]);
        assert_eq!(injected(fault().times(2), 5), [1, 2]);
        assert_eq!(injected(fault().on(Operation::UploadEntities), 5), [0; 0]);
        assert_eq!(injected(Fault::new(Effect::LoseUpload), 5), [0; 0]);
    }

    #[test]
    fn fault_ends_after_its_time() {
        let mut plan = FaultPlan::default();
        let start = Timestamp::UNIX_EPOCH;
        plan.add(
            Fault::new(Effect::Gzip).lasting(Duration::from_mins(1)),
            start,
        );
        let mut random = fastrand::Rng::with_seed(7);
        for (seconds, is_injected) in [(0, true), (59, true), (60, false)] {
            let now = later(start, Duration::from_secs(seconds));
            let effect = plan.inject(Operation::RequestStatus, now, &mut random);
            assert_eq!(effect.is_some(), is_injected, "after {seconds} s");
        }
    }

    #[test]
    fn probability_repeats_with_the_seed() {
        let fault = || Fault::new(Effect::Gzip).with_probability(0.3);
        let first = injected(fault(), 1_000);
        assert_eq!(first, injected(fault(), 1_000));
        assert!(
            (200..400).contains(&first.len()),
            "{} of 1,000",
            first.len()
        );
    }
}
