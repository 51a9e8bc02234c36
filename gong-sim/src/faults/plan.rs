//! Which calls are struck: all of an operation, the nth ones, or some by chance.

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use crate::operations::Operation;

/// One fault: what goes wrong, and with which calls.
///
/// Calls are counted from the moment the fault is set. As JSON, for `POST /_sim/faults`:
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
    operation: Option<Operation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    nth: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    effect: Effect,
}

impl Fault {
    /// A fault that strikes every call of every operation.
    pub fn new(effect: Effect) -> Self {
        Self {
            operation: None,
            nth: Vec::new(),
            probability: None,
            times: None,
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

    /// The same by chance: 0 is never, 1 is always. The simulator's seed makes it repeatable.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// The same at most this many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    calls: u64,
    strikes: u64,
}

/// The faults that are set, with their counts.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan(Vec<Armed>);

impl FaultPlan {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(Armed {
            fault,
            calls: 0,
            strikes: 0,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Each fault with the number of its strikes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Fault, u64)> {
        self.0.iter().map(|armed| (&armed.fault, armed.strikes))
    }

    /// Counts a call, and gives the effect of the first fault that strikes it.
    pub(crate) fn strike(
        &mut self,
        operation: Operation,
        random: &mut fastrand::Rng,
    ) -> Option<Effect> {
        let mut effect = None;
        for armed in &mut self.0 {
            let fault = &armed.fault;
            if fault.operation.is_some_and(|wanted| wanted != operation) {
                continue;
            }
            armed.calls += 1;
            let is_chosen = (fault.nth.is_empty() || fault.nth.contains(&armed.calls))
                && fault.times.is_none_or(|times| armed.strikes < times)
                && fault
                    .probability
                    .is_none_or(|probability| random.f64() < probability);
            if is_chosen && effect.is_none() {
                armed.strikes += 1;
                effect = Some(fault.effect.clone());
            }
        }
        effect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(fault: Fault, calls: usize) -> Vec<usize> {
        let mut plan = FaultPlan::default();
        plan.add(fault);
        let mut random = fastrand::Rng::with_seed(7);
        (1..=calls)
            .filter(|_| plan.strike(Operation::RequestStatus, &mut random).is_some())
            .collect()
    }

    #[test]
    fn calls_are_chosen_by_number_count_and_operation() {
        let fault = || Fault::new(Effect::Gzip);
        assert_eq!(strikes(fault(), 3), [1, 2, 3]);
        assert_eq!(strikes(fault().nth(2).nth(4), 5), [2, 4]);
        assert_eq!(strikes(fault().times(2), 5), [1, 2]);
        assert_eq!(strikes(fault().on(Operation::UploadEntities), 5), [0; 0]);
    }

    #[test]
    fn chance_repeats_with_its_seed() {
        let fault = || Fault::new(Effect::Gzip).with_probability(0.3);
        let first = strikes(fault(), 1_000);
        assert_eq!(first, strikes(fault(), 1_000));
        assert!(
            (200..400).contains(&first.len()),
            "{} of 1,000",
            first.len()
        );
        assert!(strikes(fault().with_probability(0.0), 100).is_empty());
    }
}
