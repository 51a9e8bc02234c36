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

/// The seeds of a plain test run.
const SEEDS: std::ops::Range<u64> = 0..60;

#[test]
fn gong_matches_the_crm_after_a_quiet_round() {
    crate::seeds::run_each("GONG_SYNC_SEEDS", SEEDS, history::run);
}
