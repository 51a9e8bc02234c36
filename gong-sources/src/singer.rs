//! Singer taps: what they write becomes records in Gong.
//!
//! [`Target`] reads the messages of a tap, from a pipe or from a [`Tap`] that it runs, and sends
//! their records; states are passed on after Gong's verdict. [`TapSources`] makes a tap the source of a plan or a sync. A [`Mapping`](gong_crm::mapping::Mapping)
//! says by its keys `stream` and `join` which streams become which types; [`PRESETS`] has mappings
//! for the taps of well-known CRMs.

mod batch;
mod collector;
mod error;
mod input;
mod kept;
mod message;
mod numbers;
mod preset;
mod references;
mod running;
mod source;
mod streams;
mod tap;
mod target;
mod wanted;

pub use error::TargetError;
pub use preset::{PRESETS, Preset};
pub use source::{COMPLETE_EVERY, TapOptions, TapSources};
pub use tap::Tap;
pub use target::{FLUSH_AFTER, FLUSH_BYTES, Target, TargetEvent, TargetOptions, TargetReport};
