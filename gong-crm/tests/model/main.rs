//! Random histories of pushes under faults end with Gong up to date, or with a report that names
//! what is not.
//!
//! A plain test run takes some hundred seeds; `cargo xtask chaos` takes thousands. A failure names its
//! seed: `GONG_MODEL_SEEDS=17..18 cargo test -p gong-crm --features sqlite --test model`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod clock;
mod crm;
mod history;
mod rules;
mod stores;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seeds of a plain test run.
const SEEDS: Range<u64> = 0..100;

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("GONG_MODEL_SEEDS") else {
        return SEEDS;
    };
    let (from, to) = text.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn any_history_ends_with_gong_up_to_date() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    let run = || runtime.block_on(history::run(seed));
                    if catch_unwind(AssertUnwindSafe(run)).is_err() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort_unstable();
    assert!(failed.is_empty(), "seeds that failed: {failed:?}");
}
