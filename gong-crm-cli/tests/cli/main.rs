//! The command as its users see it: stdout, stderr and exit code of the real binary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod failures;
mod help;
mod invocation;
mod push;
mod sim;
