//! Kills, faults and full disks around the real command: nothing is lost, and nothing older is written
//! over something newer.
//!
//! The command is killed with SIGKILL in each state of its uploads, its calls meet every fault that the
//! simulator knows, and its ledger finds no room. After each, a quiet resume and a push must leave
//! every record in the simulator as it was pushed last, and the ledger must agree.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod crm;
mod faults;
mod harness;
mod kills;
mod ledger;
mod seeds;
mod syncs;
