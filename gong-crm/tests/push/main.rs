//! Pushes against the simulator: what Gong holds afterwards, and what the report says.

mod rejects;
mod reverts;
mod support;
mod verdicts;
