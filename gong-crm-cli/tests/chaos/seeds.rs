//! Whole lives by chance: kills, faults and a CRM that changes, one after another.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gong_crm::ledger::JobState;
use gong_sim::{Effect, Fault, Operation, Processing};

use crate::crm::{Dice, Way};
use crate::faults::{long_waits, passing};
use crate::kills::Moment;
use crate::life::Life;

/// How many lives a plain test run has; `GONG_CHAOS_SEEDS` asks for others, as `0..2000`.
const SEEDS: std::ops::Range<u64> = 0..160;

/// Lives once; gives the states in which kills left uploads.
fn live(seed: u64) -> BTreeSet<&'static str> {
    let mut met = BTreeSet::new();
    // Every way is killed at every moment in 40 lives; the rest is chance.
    let way = Way::ALL[usize::try_from(seed).unwrap() % Way::ALL.len()];
    let moment = usize::try_from(seed).unwrap() / Way::ALL.len() % (Moment::ALL.len() + 1);
    let moment = Moment::ALL.get(moment).map(|moment| moment.of(way));
    let mut dice = Dice::new(seed);
    let name = format!("seed {seed} ({way:?}, {moment:?})");
    let mut life = Life::new(name, &mut dice, way);
    let mut note = |states: Vec<JobState>| met.extend(states.iter().map(|state| state.as_str()));
    let disturb = |life: &Life, dice: &mut Dice| {
        let (passing, long_waits) = (passing(), long_waits());
        for _ in 0..dice.below(3) {
            let effect = match dice.below(8) {
                0 => dice.pick(&long_waits),
                1 => Effect::FailFile("General failure".to_owned()),
                _ => dice.pick(&passing),
            };
            let operation = dice.pick(&[Operation::UploadEntities, Operation::RequestStatus]);
            let fault = Fault::new(effect).on(operation).nth(1 + dice.below(4));
            life.simulator.add_fault(fault.times(1 + dice.below(3)));
        }
        let processing = [
            Processing::Immediate,
            Processing::Polls(1),
            Processing::Polls(3),
        ];
        life.simulator.set_processing(dice.pick(&processing));
    };
    // In every second life, something happens before the kill that is aimed at.
    for version in 1..=dice.below(3) {
        disturb(&life, &mut dice);
        note(kill_by_chance(&life, &mut dice));
        life.undisturb();
        // What is packed or read from the standard input is finished before the next; of a file, the
        // last version counts.
        if dice.below(3) == 0 {
            life.change(&mut dice, version);
        }
    }
    if let Some(moment) = moment {
        let resumes = dice.below(4) == 0 && !life.jobs().is_empty();
        note(moment.kill(&life, resumes).unwrap_or_default());
    }
    if dice.below(2) == 0 {
        disturb(&life, &mut dice);
        note(kill_by_chance(&life, &mut dice));
    }
    life.heal();
    met
}

/// Starts a command and kills it after so many calls and a moment.
fn kill_by_chance(life: &Life, dice: &mut Dice) -> Vec<JobState> {
    let mut child = match dice.below(3) {
        0 => life.start_resume(&[]),
        _ => life.start_push(&[]),
    };
    let until = life.simulator.request_count() + dice.below(14);
    let moment = Duration::from_micros(dice.below(4_000));
    let started = Instant::now();
    while life.simulator.request_count() < until
        && child.try_wait().unwrap().is_none()
        && started.elapsed() < Duration::from_secs(20)
    {
        std::thread::sleep(Duration::from_micros(50));
    }
    std::thread::sleep(moment);
    life.kill(child)
}

#[test]
fn a_life_of_kills_and_faults_ends_with_every_record_applied_once() {
    let asked = std::env::var("GONG_CHAOS_SEEDS").ok();
    let seeds = asked.map_or(SEEDS, |asked| {
        let (first, end) = asked.split_once("..").unwrap();
        first.parse().unwrap()..end.parse().unwrap()
    });
    let next = AtomicU64::new(seeds.start);
    let (met, failed) = (Mutex::new(BTreeSet::new()), Mutex::new(Vec::new()));
    // Most of a life is waiting for a disk.
    let threads = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| live(seed))) {
                        Ok(states) => met.lock().unwrap().extend(states),
                        Err(_) => failed.lock().unwrap().push(seed),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "these went wrong, see above: {failed:?}; to see one again: cargo xtask chaos --from SEED \
         --seeds 1"
    );
    let met = met.into_inner().unwrap();
    if seeds.end - seeds.start >= SEEDS.end {
        for state in JobState::ALL {
            // Unknown is what a push ends with by itself, when nobody answers.
            let is_met = met.contains(state.as_str()) || state == JobState::Unknown;
            assert!(is_met, "no kill met {state}: {met:?}");
        }
    }
}
