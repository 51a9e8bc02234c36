//! Syncs against the simulator: what Gong holds afterwards, and what plan and report say.

mod deletions;
mod plans;
mod rounds;
mod sources;
mod support;
