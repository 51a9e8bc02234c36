//! What Gong does, and what goes wrong with its calls.

use std::time::Duration;

use fastrand::Rng;
use gong_sim::{Builder, Effect, Processing, RetryAfter, Simulator, Verdict};

use crate::faults;

/// Switches that change nothing of what can be brought about.
const FREE: &[&str] = &[
    "omitted-custom-fields-cleared",
    "omitted-standard-fields-cleared",
    "null-is-kept",
    "status-counts-successes",
    "good-lines-applied",
    "email-change-needs-deletion",
    "deletion-needs-object",
    "stage-deletion-deactivates",
    "deal-stage-must-exist",
    "unknown-request-is-400",
    "client-request-id-per-integration",
    "duplicate-object-id",
    "object-ids-ignore-case",
    "objects-hide-unknown-fields",
    "objects-show-defaults",
    "day-ends-at-midnight-utc",
];

/// What the Gong of a history does.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    switched: Vec<(&'static str, bool)>,
    /// Records that refer to accounts that Gong does not show yet are dropped without a word.
    pub(super) needs_parents: bool,
    /// Versions with older dates than Gong has are dropped without a word.
    pub(super) drops_older: bool,
}

impl Rules {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let mut switched = Vec::new();
        for name in FREE {
            if rng.u8(..4) == 0 {
                switched.push((*name, rng.bool()));
            }
        }
        let needs_parents = rng.u8(..4) == 0;
        if needs_parents {
            switched.push(("account-delay", true));
            switched.push(("deal-needs-known-account", true));
            switched.push(("contact-needs-known-account", true));
            switched.push(("deal-needs-known-owner", true));
        }
        let drops_older = rng.u8(..4) == 0;
        if drops_older {
            switched.push(("older-update-applied", false));
            switched.push(("older-update-filed", rng.bool()));
        }
        Self {
            switched,
            needs_parents,
            drops_older,
        }
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        self.switched.iter().any(|(of, on)| *of == name && *on)
    }

    pub(super) fn builder(&self, seed: u64) -> Builder {
        let builder = Simulator::builder().virtual_time().seed(seed);
        self.switched
            .iter()
            .fold(builder, |builder, (name, on)| builder.rule(*name, *on))
    }
}

/// Sets what goes wrong with the calls of a day. Gives whether it is fair.
pub(super) fn set(simulator: &Simulator, rng: &mut Rng) -> bool {
    simulator.clear_faults();
    let processing = faults::processing(rng);
    simulator.set_processing(processing);
    let mut is_fair = matches!(processing, Processing::Immediate);
    if rng.u8(..3) == 0 {
        is_fair = false;
        for _ in 0..rng.u8(1..4) {
            let fault = faults::of_uploads(upload_effect(rng), rng);
            simulator.add_fault(fault).unwrap();
        }
    }
    if rng.u8(..6) == 0 {
        is_fair = false;
        simulator.add_fault(faults::of_status(rng)).unwrap();
    }
    is_fair
}

/// Everything works.
pub(super) fn set_fair(simulator: &Simulator) {
    simulator.clear_faults();
    simulator.set_processing(Processing::Immediate);
}

fn upload_effect(rng: &mut Rng) -> Effect {
    match rng.u8(..15) {
        0 => Effect::ResetBeforeBody,
        1 => Effect::ResetAfterBody,
        2 | 3 => Effect::LoseAnswer,
        4 => Effect::TruncateBody,
        5 => Effect::Status([500, 502, 503, 504][rng.usize(..4)]),
        6 => Effect::Status([400, 401, 403, 408, 413][rng.usize(..5)]),
        7 => Effect::HtmlPage([200, 502][rng.usize(..2)]),
        8 => Effect::TooManyRequests(RetryAfter::Seconds(rng.u64(..20))),
        9 => Effect::TooManyRequests(RetryAfter::Seconds(86_400)),
        10 => Effect::FailFile("General failure".to_owned()),
        11 | 12 => Effect::LoseUpload,
        13 => Effect::UnknownFor(Duration::from_secs(rng.u64(1..300))),
        _ => Effect::Verdict(match rng.u8(..2) {
            0 => Verdict::new().set("totalSuccessCount", 0),
            _ => Verdict::new()
                .remove("totalSuccessCount")
                .remove("totalErrorCount"),
        }),
    }
}
