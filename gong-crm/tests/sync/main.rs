//! Syncs against the simulator: what Gong holds afterwards, and what plan and report say.

mod deletions;
mod model;
mod plans;
mod rounds;
mod sources;
mod support;
