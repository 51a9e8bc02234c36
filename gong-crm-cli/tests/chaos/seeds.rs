//! Random runs: kills, faults and a CRM that changes, one after another.

use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::catch_unwind;
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gong_crm::ledger::UploadState;
use gong_sim::{Effect, Operation, Processing};

use crate::crm::{SeededRng, Source};
use crate::faults::{fault_of, long_waits, passing};
use crate::harness::Harness;
use crate::kills::Moment;

/// The seeds of a plain test run; `GONG_CHAOS_SEEDS` sets others, as `0..2000`.
const SEEDS: Range<u64> = 0..160;

/// Runs one seed; returns the states in which kills left uploads.
fn run(seed: u64) -> BTreeSet<&'static str> {
    let mut met = BTreeSet::new();
    // Every source is killed at every moment in 40 seeds; the rest is chance.
    let source = Source::ALL[usize::try_from(seed).unwrap() % Source::ALL.len()];
    let moment = usize::try_from(seed).unwrap() / Source::ALL.len() % (Moment::ALL.len() + 1);
    let moment = Moment::ALL.get(moment).map(|moment| moment.of(source));
    let mut rng = SeededRng::new(seed);
    let name = format!("seed {seed} ({source:?}, {moment:?})");
    let mut harness = Harness::new(name, &mut rng, source);
    let mut note = |states: Vec<UploadState>| met.extend(states.iter().map(|state| state.as_str()));
    let disturb = |harness: &Harness, rng: &mut SeededRng| {
        let (passing, long_waits) = (passing(), long_waits());
        for _ in 0..rng.below(3) {
            let effect = match rng.below(8) {
                0 => rng.pick(&long_waits),
                1 => Effect::FailFile("General failure".to_owned()),
                _ => rng.pick(&passing),
            };
            let operation = rng.pick(&[Operation::UploadEntities, Operation::RequestStatus]);
            let fault = fault_of(operation, effect).nth(1 + rng.below(4));
            harness
                .simulator
                .add_fault(fault.times(1 + rng.below(3)))
                .unwrap();
        }
        let processing = [
            Processing::Immediate,
            Processing::Polls(1),
            Processing::Polls(3),
        ];
        harness.simulator.set_processing(rng.pick(&processing));
    };
    // In most runs something happens before the kill at the chosen moment.
    for version in 1..=rng.below(3) {
        disturb(&harness, &mut rng);
        let child = start_by_chance(&harness, &mut rng);
        note(kill_by_chance(&harness, child, &mut rng));
        harness.undisturb();
        if rng.below(3) == 0 {
            harness.change(&mut rng, version);
        }
    }
    if let Some(moment) = moment {
        let resumes = rng.below(4) == 0 && !harness.uploads().is_empty();
        note(moment.kill(&harness, resumes).unwrap_or_default());
    }
    if rng.below(2) == 0 {
        disturb(&harness, &mut rng);
        let child = start_by_chance(&harness, &mut rng);
        note(kill_by_chance(&harness, child, &mut rng));
    }
    harness.recover();
    met
}

fn start_by_chance(harness: &Harness, rng: &mut SeededRng) -> Child {
    match rng.below(3) {
        0 => harness.start_resume(&[]),
        _ => harness.start_push(&[]),
    }
}

/// Kills a command after so many calls and a moment.
pub(crate) fn kill_by_chance(
    harness: &Harness,
    mut child: Child,
    rng: &mut SeededRng,
) -> Vec<UploadState> {
    let until = harness.simulator.request_count() + rng.below(14);
    let moment = Duration::from_micros(rng.below(4_000));
    let started = Instant::now();
    while harness.simulator.request_count() < until
        && child.try_wait().unwrap().is_none()
        && started.elapsed() < Duration::from_secs(20)
    {
        std::thread::sleep(Duration::from_micros(50));
    }
    std::thread::sleep(moment);
    harness.kill(child)
}

/// Runs each seed of a range, or of the one that an environment variable names, and gives the range.
pub(crate) fn for_each_seed(
    variable: &str,
    seeds: Range<u64>,
    run: impl Fn(u64) + std::panic::RefUnwindSafe + Sync,
) -> Range<u64> {
    let asked = std::env::var(variable).ok();
    let seeds = asked.map_or(seeds, |asked| {
        let (first, end) = asked.split_once("..").unwrap();
        first.parse().unwrap()..end.parse().unwrap()
    });
    let next = AtomicU64::new(seeds.start);
    let failed = Mutex::new(Vec::new());
    // Most of a run is waiting for a disk.
    let threads = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if catch_unwind(|| run(seed)).is_err() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "these seeds failed, see above: {failed:?}; to repeat one: cargo xtask chaos --from SEED \
         --seeds 1"
    );
    seeds
}

#[test]
fn kills_and_faults_lose_and_undo_nothing() {
    let met = Mutex::new(BTreeSet::new());
    let seeds = for_each_seed("GONG_CHAOS_SEEDS", SEEDS, |seed| {
        let states = run(seed);
        met.lock().unwrap().extend(states);
    });
    let met = met.into_inner().unwrap();
    if seeds.end - seeds.start >= SEEDS.end {
        for state in [
            UploadState::Planned,
            UploadState::Sending,
            UploadState::Accepted,
            UploadState::Done,
        ] {
            assert!(
                met.contains(state.as_str()),
                "no kill left one {state}: {met:?}"
            );
        }
    }
}
