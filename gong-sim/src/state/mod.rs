//! What the simulated Gong holds: integrations with their objects, jobs, meetings, switches.

mod dump;
pub(crate) mod file;
mod integration;
mod jobs;
mod meetings;
mod objects;
mod schema;
mod seed;

pub use dump::DumpError;
pub use integration::Integration;
pub(crate) use integration::IntegrationData;
pub(crate) use jobs::{Job, Jobs, Outcome, Staged, StagedChange};
pub use jobs::{JobKind, JobStatus, LineError, Processing, Upload};
pub use meetings::GongUser;
pub(crate) use meetings::{Meeting, Meetings};
pub(crate) use schema::{FieldType, SchemaField};
pub use seed::SeedError;

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;
use crate::faults::{Effect, FaultPlan};
use crate::limits::{RateLimit, RateMeter};
use crate::operations::Operation;
use crate::rules::RuleSet;
use crate::server::BODY_LIMIT;

/// Everything that changes while the simulator runs. One lock guards it.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) rules: RuleSet,
    pub(crate) random: fastrand::Rng,
    pub(crate) integrations: Vec<IntegrationData>,
    pub(crate) jobs: Jobs,
    pub(crate) meetings: Meetings,
    pub(crate) processing: Processing,
    pub(crate) deletion: Option<Processing>,
    pub(crate) read_lag: Duration,
    pub(crate) body_limit: u64,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) meter: RateMeter,
    pub(crate) faults: FaultPlan,
    /// Moves with each change of what the state file keeps.
    pub(crate) version: u64,
}

impl State {
    /// An empty company; `seed` makes ids and probabilities repeatable.
    pub(crate) fn new(seed: u64, clock: Clock, rules: RuleSet) -> Self {
        Self {
            clock,
            rules,
            random: fastrand::Rng::with_seed(seed),
            integrations: Vec::new(),
            jobs: Jobs::default(),
            meetings: Meetings::default(),
            processing: Processing::Immediate,
            deletion: None,
            read_lag: Duration::ZERO,
            body_limit: BODY_LIMIT,
            rate_limit: None,
            meter: RateMeter::default(),
            faults: FaultPlan::default(),
            version: 0,
        }
    }

    /// Forgets integrations, objects, jobs and meetings; settings, users and the clock stay.
    pub(crate) fn forget_data(&mut self) {
        self.integrations.clear();
        self.jobs = Jobs::default();
        self.meetings.forget_meetings();
        self.meter = RateMeter::default();
        self.changed();
    }

    pub(crate) fn changed(&mut self) {
        self.version += 1;
    }

    /// Puts the clock forward, and lets happen what is due by then.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.changed();
        self.settle();
    }

    pub(crate) fn add_user(&mut self, user: GongUser) {
        self.meetings.add_user(user);
        self.changed();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id of 19 digits, as Gong's are: always beyond 2^53, where a client that keeps it in a
    /// floating point number loses its last digits.
    pub(crate) fn new_wide_id(&mut self) -> i64 {
        self.random.i64(1_000_000_000_000_000_001..=i64::MAX)
    }

    /// A request id that looks like Gong's: 19 digits and small letters.
    pub(crate) fn new_request_id(&mut self) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut id = String::with_capacity(19);
        id.push('4');
        while id.len() < 19 {
            id.push(char::from(DIGITS[self.random.usize(..DIGITS.len())]));
        }
        id
    }

    pub(crate) fn integration(&self, id: i64) -> Option<&IntegrationData> {
        self.integrations
            .iter()
            .find(|integration| integration.id == id)
    }

    pub(crate) fn integration_mut(&mut self, id: i64) -> Option<&mut IntegrationData> {
        self.integrations
            .iter_mut()
            .find(|integration| integration.id == id)
    }

    /// The integration that the inspecting methods speak of: the newest.
    pub(crate) fn current(&self) -> Option<&IntegrationData> {
        self.integrations.last()
    }

    /// Registers an integration and gives its id.
    pub(crate) fn register(&mut self, name: &str, owner_email: &str) -> i64 {
        let id = self.new_wide_id();
        self.integrations
            .push(IntegrationData::new(id, name, owner_email));
        self.changed();
        id
    }

    /// The fault that strikes this call, if one does.
    pub(crate) fn strike(&mut self, operation: Operation) -> Option<Effect> {
        self.faults.strike(operation, &mut self.random)
    }

    /// Lets happen what is due by now: finished uploads appear, finished deletions take place.
    pub(crate) fn settle(&mut self) {
        if self.jobs.nothing_is_due() {
            return;
        }
        let now = self.now();
        for due in self.jobs.take_due(now, self.read_lag) {
            self.changed();
            match due.kind {
                JobKind::Deletion => {
                    self.integrations
                        .retain(|integration| integration.id != due.integration_id);
                }
                JobKind::Upload(object_type) => {
                    let rules = self.rules;
                    if let Some(integration) = self.integration_mut(due.integration_id) {
                        integration.apply(object_type, due.staged, rules);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lose_digits_in_a_floating_point_number() {
        let mut state = State::new(7, Clock::standing(), RuleSet::standard());
        for _ in 0..100 {
            assert_eq!(state.new_wide_id().to_string().len(), 19);
        }
    }

    #[test]
    fn request_ids_look_like_the_documented_one() {
        let mut state = State::new(7, Clock::standing(), RuleSet::standard());
        let id = state.new_request_id();
        assert_eq!(id.len(), "4al018gzaztcr8nbukw".len());
        assert!(
            id.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        );
        assert_ne!(id, state.new_request_id());
    }
}
