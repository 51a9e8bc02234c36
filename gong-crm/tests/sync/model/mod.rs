//! A CRM that lives for some days: records come, change and go, sources fail, syncs are killed.
//!
//! After a quiet round, Gong has the same records as the CRM, except for those that the report
//! names.
//!
//! A plain test run takes some seeds; `cargo xtask chaos` takes thousands. A failure names its seed:
//! `GONG_SYNC_SEEDS=17..18 cargo test -p gong-crm --test sync model`. Two uploads are sent at a time, and
//! which of them meets a fault depends on the load of the machine: a seed may fail in one run of several.

mod company;
mod equal;
mod export;
mod history;
mod weather;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seeds of a plain test run.
const SEEDS: Range<u64> = 0..60;

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("GONG_SYNC_SEEDS") else {
        return SEEDS;
    };
    let (from, to) = text.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn gong_matches_the_crm_after_a_quiet_round() {
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
