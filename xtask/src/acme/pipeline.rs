//! Which stages does a deal go through, and where does a deal stand?

use jiff::Timestamp;

use super::dice::Dice;
use super::time;

/// One stage of Acme's sales process.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) object_id: &'static str,
    pub(super) name: &'static str,
    pub(super) is_active: bool,
    /// The chance of winning a deal in this stage, in percent.
    probability: u32,
}

const fn stage(object_id: &'static str, name: &'static str, probability: u32) -> Stage {
    Stage {
        object_id,
        name,
        is_active: true,
        probability,
    }
}

/// The stages in the order in which Gong shows them.
pub(super) const STAGES: [Stage; 8] = [
    stage("qualification", "Qualification", 10),
    stage("discovery", "Discovery", 25),
    stage("site-survey", "Site survey", 40),
    // Given up in favor of paid pilots, but older deals are still in it.
    Stage {
        object_id: "proof-of-concept",
        name: "Proof of concept",
        is_active: false,
        probability: 50,
    },
    stage("proposal", "Proposal & pilot", 65),
    stage("negotiation", "Negotiation", 80),
    stage("closed-won", "Closed – won", 100),
    stage("closed-lost", "Closed – lost", 0),
];

const OPEN_STAGES: [&Stage; 5] = [&STAGES[0], &STAGES[1], &STAGES[2], &STAGES[4], &STAGES[5]];
const RETIRED_STAGE: &Stage = &STAGES[3];
const WON_STAGE: &Stage = &STAGES[6];
const LOST_STAGE: &Stage = &STAGES[7];

/// Where a deal stands, with everything that follows from it.
pub(super) struct Standing {
    pub(super) status: &'static str,
    pub(super) stage: &'static Stage,
    /// The chance of winning in percent, for an open deal.
    pub(super) win_probability: Option<f64>,
    pub(super) next_step: Option<&'static str>,
    pub(super) close_date: String,
}

const NEXT_STEPS: [&str; 9] = [
    "Send revised quote",
    "Walk line 3 with the shift leads",
    "Champion says \"before the summer shutdown\" – confirm dates",
    "Demo of the night-shift view for François & team",
    "Legal: terms & conditions, §7 liability",
    "ERP interface: ask for a test system",
    "Reference visit at a foundry < 100 km away",
    "見積書を送付",
    "First call: pains, people, budget\nSecond call: numbers",
];

/// The standing of a deal that last changed at `modified`, `late` if that is in the second half of
/// the CRM's deals: most of those are still open.
pub(super) fn standing(dice: &mut Dice, modified: Timestamp, late: bool) -> Standing {
    let open = dice.chance(if late { 70 } else { 15 });
    let won = dice.chance(55);
    let (status, stage) = match (open, won) {
        (true, _) if !late && dice.chance(30) => ("OPEN", RETIRED_STAGE),
        (true, _) => ("OPEN", *dice.pick(&OPEN_STAGES)),
        (false, true) => ("WON", WON_STAGE),
        (false, false) => ("LOST", LOST_STAGE),
    };
    // Sellers raise the stage's usual chance by steps of half a percent.
    let raise = f64::from(dice.small(15)) / 2.0;
    let close_date = if open {
        time::day_to_come(dice.between(5, 260))
    } else {
        let days = dice.below(4);
        time::day(time::days_before(modified, days, dice))
    };
    Standing {
        status,
        stage,
        win_probability: open.then(|| f64::from(stage.probability) + raise),
        next_step: (open && dice.chance(60)).then(|| *dice.pick(&NEXT_STEPS)),
        close_date,
    }
}
