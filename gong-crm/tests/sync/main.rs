//! Syncs against the simulator: what Gong has afterwards, and what plan and report say.

#![expect(
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::print_stderr,
    reason = "a test fails by panicking, and its texts are short"
)]

mod changes;
#[path = "../model/clock.rs"]
mod clock;
mod confirmed;
mod damaged;
mod defaults;
mod deletions;
mod drift;
mod drift_fields;
#[path = "../model/faults.rs"]
mod faults;
mod findings;
mod flagged;
mod held_parents;
mod integration;
mod late;
mod marked_twins;
mod model;
mod newest_version;
mod parents;
mod plans;
mod probe;
mod recovered;
mod refused;
mod rounds;
mod same_lines;
mod schema;
mod scopes;
#[path = "../model/seeds.rs"]
mod seeds;
mod sources;
#[path = "../model/stores.rs"]
mod stores;
mod support;
mod twins;
mod visible;
mod waiting;
mod why;
mod why_arrival;
mod why_parents;
