//! Singer taps, as recorded and as made up, against a simulator.
#![expect(clippy::unwrap_used, reason = "tests fail by panics")]

mod place;
mod presets;
mod run;
