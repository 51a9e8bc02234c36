//! The simulator's switches, each way round.

use fastrand::Rng;
use gong_sim::{Builder, Simulator};

/// Switches that change nothing of what can be brought about.
const FREE: &[&str] = &[
    "omitted-custom-fields-cleared",
    "null-is-kept",
    "status-counts-successes",
    "good-lines-applied",
    "email-change-needs-deletion",
    "deletion-needs-object",
    "stage-deletion-deactivates",
    "unknown-request-is-400",
    "client-request-id-per-integration",
    "duplicate-object-id",
    "blank-line",
];

/// What a Gong of this history does.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    switched: Vec<(&'static str, bool)>,
    /// Versions with older dates than Gong has are dropped without a word.
    pub(crate) drops_older: bool,
    /// Records that refer to accounts that Gong does not show yet are dropped without a word.
    pub(crate) needs_parents: bool,
    /// Success counts are one short, so that nothing is ever certain.
    pub(crate) counts_short: bool,
}

impl Rules {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let mut switched = Vec::new();
        for name in FREE {
            if rng.u8(..4) == 0 {
                switched.push((*name, rng.bool()));
            }
        }
        let drops_older = rng.u8(..4) == 0;
        if drops_older {
            switched.push(("older-update-applied", false));
            switched.push(("older-update-filed", rng.bool()));
        }
        let needs_parents = rng.u8(..4) == 0;
        if needs_parents {
            switched.push(("account-delay", true));
            switched.push(("deal-needs-known-account", true));
            switched.push(("contact-needs-known-account", true));
        }
        let counts_short = rng.u8(..16) == 0;
        if counts_short {
            switched.push(("success-count-is-short", true));
        }
        Self {
            switched,
            drops_older,
            needs_parents,
            counts_short,
        }
    }

    pub(crate) fn builder(&self, seed: u64) -> Builder {
        let builder = Simulator::builder().virtual_time().seed(seed);
        self.switched
            .iter()
            .fold(builder, |builder, (name, on)| builder.rule(*name, *on))
    }
}
