//! Pushes against the simulator: what Gong holds afterwards, and what the report says.

mod reverts;
mod support;
