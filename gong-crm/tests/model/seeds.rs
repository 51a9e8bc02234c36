//! Runs the histories of many seeds, and names those that failed.

use std::future::Future;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seeds that an environment variable names, as in `17..18`.
fn named(variable: &str) -> Option<Range<u64>> {
    let text = std::env::var(variable).ok()?;
    let (from, to) = text.split_once("..").unwrap();
    Some(from.parse().unwrap()..to.parse().unwrap())
}

/// Runs the history of each seed that the variable names, or else of the usual ones.
pub(crate) fn run_each<F: Future<Output = ()>>(
    variable: &str,
    usual: Range<u64>,
    run: impl Fn(u64) -> F + Sync,
) {
    let seeds = named(variable).unwrap_or(usual);
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
                    let run = || runtime.block_on(run(seed));
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
