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
mod faults;
mod history;
mod rules;
mod seeds;
mod stores;

/// The seeds of a plain test run.
const SEEDS: std::ops::Range<u64> = 0..100;

#[test]
fn any_history_ends_with_gong_up_to_date() {
    seeds::run_each("GONG_MODEL_SEEDS", SEEDS, history::run);
}
