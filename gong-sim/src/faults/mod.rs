//! Faults on demand: which calls they strike, and what goes wrong.

mod effect;
mod plan;

pub use effect::{Effect, RetryAfter};
pub use plan::Fault;
pub(crate) use plan::FaultPlan;
