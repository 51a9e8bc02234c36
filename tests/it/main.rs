//! Do contract, client and local Gong say the same on the wire, and does a CRM arrive?

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod answers;
mod clock;
mod csv;
mod decoding;
mod documents;
mod exactly_once;
mod example_crm;
mod examples;
mod findings;
mod hostile;
mod house;
mod openapi;
mod order;
mod parity;
mod push;
mod resume;
mod retry;
mod schema;
mod schema_agreement;
mod silence;
mod supply_chain;
mod support;
mod users;
mod verdicts;
mod wait;
mod wire;
