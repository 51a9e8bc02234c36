//! Fault injection: which calls get a fault, and its effect.

mod effect;
mod invalid;
mod plan;
mod verdict;

pub use effect::{Effect, RetryAfter};
pub use invalid::InvalidFault;
pub use plan::Fault;
pub(crate) use plan::FaultPlan;
pub use verdict::Verdict;
