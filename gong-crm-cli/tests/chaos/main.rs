//! Is nothing lost and nothing applied twice, whatever happens to the real command in between?
//!
//! The command is killed with SIGKILL in each state of its uploads, its calls are struck by every
//! fault that the local Gong knows, and its ledger finds no room. After each, the local Gong has to
//! hold every record as the last push meant it, each upload once, and the ledger has to agree.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod crm;
mod faults;
mod kills;
mod ledger;
mod life;
mod seeds;
