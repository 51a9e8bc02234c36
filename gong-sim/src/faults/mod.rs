//! Faults on demand: into which calls they are injected, and what goes wrong.

mod effect;
mod plan;
mod verdict;

pub use effect::{Effect, RetryAfter};
pub use plan::Fault;
pub(crate) use plan::FaultPlan;
pub use verdict::Verdict;
