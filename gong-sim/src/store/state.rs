//! Everything that changes while the simulator runs.

use std::time::Duration;

use jiff::Timestamp;

use super::integration::IntegrationData;
use super::judge::{Conditions, judge, new_accounts};
use super::meetings::{GongUser, Meetings};
use super::uploads::{UploadKey, UploadKind, Uploads};
use crate::credentials::Credentials;
use crate::faults::{Effect, Fault, FaultPlan};
use crate::limits::{BODY_LIMIT, RateLimit, RateLimiter};
use crate::object_type::ObjectType;
use crate::operation::Operation;
use crate::rules::{RuleId, RuleSet, UnknownRule};
use crate::time::{Clock, Processing, later};

/// The time until records can refer to a new account, as documented in 2023.
pub(crate) const ACCOUNT_DELAY: Duration = Duration::from_mins(1);

/// How long a client may pause in the middle of a body.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How many bytes of request bodies, and of uploaded files, are kept.
pub(crate) const KEPT_BODY_BYTES: usize = 16_000_000;

/// Everything that changes while the simulator runs. One lock guards it.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) rules: RuleSet,
    pub(crate) credentials: Credentials,
    pub(crate) random: fastrand::Rng,
    /// What `random` was seeded with last.
    pub(crate) seed: u64,
    pub(crate) integrations: Vec<IntegrationData>,
    pub(crate) uploads: Uploads,
    pub(crate) meetings: Meetings,
    pub(crate) processing: Processing,
    pub(crate) deletion: Option<Processing>,
    pub(crate) read_lag: Duration,
    pub(crate) account_delay: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) body_limit: u64,
    pub(crate) kept_body_bytes: usize,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) rate_limiter: RateLimiter,
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
            credentials: Credentials::default(),
            random: fastrand::Rng::with_seed(seed),
            seed,
            integrations: Vec::new(),
            uploads: Uploads::default(),
            meetings: Meetings::default(),
            processing: Processing::Immediate,
            deletion: None,
            read_lag: Duration::ZERO,
            account_delay: ACCOUNT_DELAY,
            read_timeout: READ_TIMEOUT,
            body_limit: BODY_LIMIT,
            kept_body_bytes: KEPT_BODY_BYTES,
            rate_limit: None,
            rate_limiter: RateLimiter::default(),
            faults: FaultPlan::default(),
            version: 0,
        }
    }

    /// Forgets integrations, objects, uploads and meetings; settings, users and the clock stay.
    pub(crate) fn forget_data(&mut self) {
        self.integrations.clear();
        self.uploads = Uploads::default();
        self.meetings.forget_meetings();
        self.rate_limiter = RateLimiter::default();
        self.changed();
    }

    /// Makes ids and probabilities repeatable from now on.
    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
        self.random.seed(seed);
    }

    pub(crate) fn changed(&mut self) {
        self.version += 1;
    }

    /// Advances the clock, and does what is due by then.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.changed();
        self.process_due();
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

    /// The integration that the inspecting methods show: the newest.
    pub(crate) fn current(&self) -> Option<&IntegrationData> {
        self.integrations.last()
    }

    /// Registers an integration and returns its id.
    pub(crate) fn register(&mut self, name: &str, owner_email: &str) -> i64 {
        let id = self.new_wide_id();
        self.register_as(id, name, owner_email);
        id
    }

    /// Registers an integration under this id.
    pub(crate) fn register_as(&mut self, id: i64, name: &str, owner_email: &str) {
        self.integrations
            .push(IntegrationData::new(id, name, owner_email));
        self.changed();
    }

    /// The fault that is injected into this call, if there is one.
    pub(crate) fn inject(&mut self, operation: Operation) -> Option<Effect> {
        let now = self.now();
        self.faults.inject(operation, now, &mut self.random)
    }

    pub(crate) fn add_fault(&mut self, fault: Fault) {
        let now = self.now();
        self.faults.add(fault, now);
    }

    /// Turns one rule on or off.
    pub(crate) fn switch_rule(&mut self, name: &str, on: bool) -> Result<(), UnknownRule> {
        let mut rules = self.rules;
        rules.set(name, on)?;
        self.set_rules(rules);
        Ok(())
    }

    /// Switches rules, and files objects under other keys if the rules say so.
    pub(crate) fn set_rules(&mut self, rules: RuleSet) {
        let rule = RuleId::ObjectIdsIgnoreCase;
        let is_rekeyed = self.rules.is_on(rule) != rules.is_on(rule);
        self.rules = rules;
        if is_rekeyed {
            for integration in &mut self.integrations {
                integration.rekey(rules);
            }
            self.changed();
        }
    }

    /// Processes everything that is due: uploads, shown objects, deletions.
    pub(crate) fn process_due(&mut self) {
        if self.uploads.nothing_is_due() {
            return;
        }
        let now = self.now();
        for key in self.uploads.waiting() {
            let Some(upload) = self.uploads.by_key(&key) else {
                self.uploads.forget_waiting(&key);
                continue;
            };
            if upload.finished_at().is_none() {
                let Some(due) = upload.due_at(now) else {
                    continue;
                };
                self.finish(&key, due);
            }
            self.make_visible(&key, now);
        }
    }

    /// Processes an upload: its verdict is known from now on.
    fn finish(&mut self, key: &UploadKey, at: Timestamp) {
        let Some(upload) = self.uploads.by_key(key) else {
            return;
        };
        let kind = upload.kind;
        let (mut outcome, mut staged) = upload.take_unjudged();
        let conditions = Conditions {
            rules: self.rules,
            account_delay: self.account_delay,
            at,
        };
        if let UploadKind::Records(object_type) = kind
            && let Some(integration) = self
                .integrations
                .iter_mut()
                .find(|integration| integration.id == key.0)
        {
            let unseen = self.uploads.unseen(key.0);
            let judgment = judge(integration, &unseen, object_type, &staged, conditions);
            judgment.carry_out(&mut outcome, &mut staged, self.rules);
            if object_type == ObjectType::Account && self.rules.is_on(RuleId::AccountDelay) {
                let new = new_accounts(integration, &unseen, &staged, conditions);
                let known = &mut integration.new_accounts;
                known.retain(|_, came_at| later(*came_at, self.account_delay) > at);
                known.extend(new.into_iter().map(|account| (account, at)));
            }
        }
        self.changed();
        if let Some(upload) = self.uploads.by_key(key) {
            upload.finish(at, outcome, staged);
        }
    }

    /// Makes the changes of a processed upload, once anybody may see them.
    fn make_visible(&mut self, key: &UploadKey, now: Timestamp) {
        let (rules, read_lag) = (self.rules, self.read_lag);
        let Some(upload) = self.uploads.by_key(key) else {
            return;
        };
        let kind = upload.kind;
        let lag = match kind {
            UploadKind::Records(_) => read_lag,
            UploadKind::IntegrationDeletion => Duration::ZERO,
        };
        let Some(staged) = upload.take_visible(lag, now) else {
            return;
        };
        self.uploads.forget_waiting(key);
        self.changed();
        match kind {
            UploadKind::IntegrationDeletion => {
                self.integrations
                    .retain(|integration| integration.id != key.0);
            }
            UploadKind::Records(object_type) => {
                if let Some(integration) = self.integration_mut(key.0) {
                    integration.apply(object_type, staged, rules);
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
    fn request_ids_resemble_the_documented_one() {
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
